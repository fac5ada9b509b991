//! Values that few people have.

use parable_draw::markup::Markup;
use parable_draw::number;
use parable_metrics::{CellSection, Evaluation, LeftInKind};

use super::remark;
use crate::table::{self, Figures, Words};

/// Columns listed for each check.
const LISTED: usize = 15;

/// Rare levels, extreme values, and columns that should not be there.
pub(crate) fn cells(m: &mut Markup, evaluation: &Evaluation) {
    let section = &evaluation.privacy.cells;
    if section.rare_levels.is_empty() && section.extremes.is_empty() && section.left_in.is_empty() {
        return;
    }
    m.leaf("h3", &[], "Values that may identify a person");
    left_in(m, section);
    rare(m, section);
    extremes(m, section);
}

fn left_in(m: &mut Markup, section: &CellSection) {
    if section.left_in.is_empty() {
        remark(
            m,
            "The synthetic table has no column of row ids, names, free text or exact dates.",
        );
        return;
    }
    let heads = [
        ("Column", Words),
        ("Holds", Words),
        ("Distinct values", Figures),
        ("also in the real table", Figures),
    ];
    table::table(
        m,
        "Columns that need a good reason to be included",
        &heads,
        |m| {
            for left in &section.left_in {
                table::row(m, |m| {
                    table::head(m, &left.column);
                    table::words(
                        m,
                        match left.kind {
                            LeftInKind::RowId => "row ids",
                            LeftInKind::FreeText => "free text",
                            LeftInKind::Date => "exact dates",
                            LeftInKind::DateTime => "exact dates and times",
                            LeftInKind::LooksLikeNames => "values that occur once, such as names",
                            _ => "other",
                        },
                    );
                    table::figures(m, number::count(left.values));
                    table::figures(m, number::count(left.equal_real));
                });
            }
        },
    );
}

fn rare(m: &mut Markup, section: &CellSection) {
    let mut rows: Vec<_> = section.rare_levels.iter().collect();
    if rows.is_empty() {
        return;
    }
    rows.sort_by_key(|row| std::cmp::Reverse(row.reproduced));
    let heads = [
        ("Column", Words),
        ("Rare levels", Figures),
        ("in the synthetic table", Figures),
        ("in the holdout", Figures),
        ("Synthetic rows", Figures),
    ];
    let caption = format!("Levels of fewer than {} people", section.min_cell);
    table::table(m, &caption, &heads, |m| {
        for row in rows.iter().take(LISTED) {
            table::row(m, |m| {
                table::head(m, &row.column);
                table::figures(m, number::count(row.levels));
                table::figures(m, number::count(row.reproduced));
                let held = row
                    .in_holdout
                    .map_or_else(|| number::NONE.to_owned(), number::count);
                table::figures(m, held);
                table::figures(m, number::count(row.synthetic_rows));
            });
        }
    });
}

fn extremes(m: &mut Markup, section: &CellSection) {
    let mut rows: Vec<_> = section
        .extremes
        .iter()
        .filter(|row| row.outside > 0)
        .collect();
    if rows.is_empty() {
        return;
    }
    rows.sort_by_key(|row| std::cmp::Reverse(row.equal));
    let heads = [
        ("Column", Words),
        ("Extreme synthetic values", Figures),
        ("equal to a real value", Figures),
        ("Extreme holdout values", Figures),
        ("equal to a real value", Figures),
    ];
    table::table(
        m,
        "Values beyond the 1 % and 99 % quantiles of the real table",
        &heads,
        |m| {
            for row in rows.iter().take(LISTED) {
                table::row(m, |m| {
                    table::head(m, &row.column);
                    table::figures(m, number::count(row.outside));
                    table::figures(m, number::count(row.equal));
                    for held in [row.holdout_outside, row.holdout_equal] {
                        table::figures(
                            m,
                            held.map_or_else(|| number::NONE.to_owned(), number::count),
                        );
                    }
                });
            }
        },
    );
    remark(
        m,
        "On coarse scales many people share an extreme value; the holdout shows how often that happens by chance.",
    );
}
