//! Outcomes by subgroup, worst first.

use parable_draw::markup::Markup;
use parable_draw::number;
use parable_metrics::{Evaluation, SubgroupTable};

use super::{remark, section};
use crate::table::{self, Figures, Words};

/// Subgroups listed openly; the rest is folded.
const OPEN: usize = 15;

/// All subgroups, worst first.
pub(crate) fn subgroups(m: &mut Markup, prefix: &str, evaluation: &Evaluation) {
    let mut lines: Vec<Line<'_>> = evaluation.subgroups.iter().flat_map(Line::of).collect();
    if lines.is_empty() {
        return;
    }
    lines.sort_by(|a, b| b.size().total_cmp(&a.size()));
    let lead = "Means and shares of outcomes in each subgroup of the synthetic table, starting with the groups it represents worst.";
    section(m, &format!("{prefix}subgroups"), "Subgroups", lead, |m| {
        listing(m, &lines[..lines.len().min(OPEN)]);
        if lines.len() > OPEN {
            m.node("details", &[], |m| {
                m.leaf(
                    "summary",
                    &[],
                    format_args!(
                        "{} more subgroups, all closer than these",
                        lines.len() - OPEN
                    ),
                );
                listing(m, &lines[OPEN..]);
            });
        }
        remark(
            m,
            "Sorted by the difference: means in standard deviations of the real outcome, shares as they are. Small subgroups differ by chance.",
        );
    });
}

struct Line<'a> {
    table: &'a SubgroupTable,
    row: &'a parable_metrics::SubgroupRow,
}

impl<'a> Line<'a> {
    fn of(table: &'a SubgroupTable) -> impl Iterator<Item = Self> {
        table.rows.iter().map(move |row| Self { table, row })
    }

    fn size(&self) -> f64 {
        let difference = match self.table.level {
            Some(_) => self.row.difference,
            None => self.row.difference_in_sd.or(self.row.difference),
        };
        // Subgroups absent from one table come first.
        difference.map_or(f64::INFINITY, f64::abs)
    }
}

fn listing(m: &mut Markup, lines: &[Line<'_>]) {
    let heads = [
        ("Subgroup", Words),
        ("Outcome", Words),
        ("Real", Figures),
        ("Synthetic", Figures),
        ("Difference", Figures),
        ("in SD", Figures),
        ("Rows, real / synthetic", Figures),
    ];
    table::table(m, "Outcomes by subgroup, worst first", &heads, |m| {
        for line in lines {
            table::row(m, |m| {
                table::head(m, format_args!("{} = {}", line.table.by, line.row.subgroup));
                let form: fn(f64) -> String = match &line.table.level {
                    Some(level) => {
                        table::words(m, format_args!("{} = {level}", line.table.outcome));
                        number::share
                    }
                    None => {
                        table::words(m, &line.table.outcome);
                        number::plain
                    }
                };
                table::figures(m, number::or_none(line.row.value.real, form));
                table::figures(m, number::or_none(line.row.value.synthetic, form));
                table::figures(m, number::or_none(line.row.difference, form));
                table::figures(
                    m,
                    number::or_none(line.row.difference_in_sd, |sd| number::fixed(sd, 2)),
                );
                table::figures(
                    m,
                    format_args!(
                        "{} / {}",
                        number::count(line.row.rows.real),
                        number::count(line.row.rows.synthetic)
                    ),
                );
            });
        }
    });
}
