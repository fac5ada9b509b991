//! Declared rules and how often rows break them.

use parable_draw::markup::Markup;
use parable_draw::number;
use parable_metrics::Evaluation;

use super::{remark, section};
use crate::table::{self, Figures, Words};

/// Each rule with the rows that break it in both tables.
pub(crate) fn rules(m: &mut Markup, prefix: &str, evaluation: &Evaluation) {
    let rules = &evaluation.rules;
    let lead = "Conditions that the schema declares for every row.";
    section(m, &format!("{prefix}rules"), "Rules", lead, |m| {
        if rules.rules.is_empty() {
            remark(m, "The schema declares no rule.");
            return;
        }
        let heads = [
            ("Rule", Words),
            ("Violations, real", Figures),
            ("synthetic", Figures),
            ("Share, real", Figures),
            ("synthetic", Figures),
        ];
        table::table(m, "Rule checks", &heads, |m| {
            let mut rows: Vec<_> = rules.rules.iter().collect();
            rows.sort_by_key(|row| std::cmp::Reverse(row.rows.synthetic));
            for row in rows {
                table::row(m, |m| {
                    table::head(m, &row.rule);
                    table::figures(m, number::count(row.rows.real));
                    table::figures(m, number::count(row.rows.synthetic));
                    table::figures(m, number::or_none(row.share.real, number::share));
                    table::figures(m, number::or_none(row.share.synthetic, number::share));
                });
            }
        });
        remark(
            m,
            format_args!(
                "Rows that break any rule: {} real, {} synthetic.",
                number::or_none(rules.rows_breaking_any.real, number::share),
                number::or_none(rules.rows_breaking_any.synthetic, number::share)
            ),
        );
    });
}
