//! The histogram of a numeric column in both tables, laid over each other.

use parable_metrics::{ColumnDetail, Sides};

use super::axis::Scale;
use super::{drawing, label, line, rect};
use crate::markup::Markup;
use crate::number;

const WIDTH: f64 = 300.0;
const HEIGHT: f64 = 150.0;
const LEFT: f64 = 34.0;
const RIGHT: f64 = 6.0;
const TOP: f64 = 8.0;
const BASE: f64 = 128.0;
const MISSING_WIDTH: f64 = 26.0;
const MISSING_GAP: f64 = 24.0;

/// Draws the bins of a numeric column: what both tables share in grey, what only one of them has in its colour. Heights are shares of **all**
/// rows, and missing values have a bar of their own, so the bars of one table add up to 100 %.
pub(crate) fn histogram(m: &mut Markup, column: &ColumnDetail, rows: Sides<u64>) {
    let missing = Sides {
        real: column.missing_share.real.unwrap_or(0.0),
        synthetic: column.missing_share.synthetic.unwrap_or(0.0),
    };
    let has_missing = missing.real > 0.0 || missing.synthetic > 0.0;
    let right = if has_missing {
        WIDTH - RIGHT - MISSING_WIDTH - MISSING_GAP
    } else {
        WIDTH - RIGHT
    };
    let shares: Vec<Sides<f64>> = column
        .cells
        .iter()
        .map(|cell| Sides {
            real: share(cell.rows.real, rows.real),
            synthetic: share(cell.rows.synthetic, rows.synthetic),
        })
        .collect();
    let tallest = shares
        .iter()
        .chain([&missing])
        .map(|side| side.real.max(side.synthetic))
        .fold(0.0, f64::max);
    let low = column
        .cells
        .first()
        .and_then(|cell| cell.low)
        .unwrap_or(0.0);
    let high = column
        .cells
        .last()
        .and_then(|cell| cell.high)
        .unwrap_or(1.0);
    let x = Scale::new((low, high), (LEFT, right));
    let y = Scale::new((0.0, tallest.max(1e-9) * 1.02), (BASE, TOP));

    let description = format!("Histogram of {} in both tables", column.name);
    drawing(m, "chart hist", (WIDTH, HEIGHT), &description, |m| {
        for (at, _) in y.ticks(3) {
            line(m, "grid", (LEFT, y.at(at)), (WIDTH - RIGHT, y.at(at)));
            let decimals = usize::from(tallest < 0.03);
            label(
                m,
                "tick e",
                LEFT - 4.0,
                y.at(at) + 3.5,
                format_args!("{}%", number::fixed(at * 100.0, decimals)),
            );
        }
        for (cell, side) in column.cells.iter().zip(&shares) {
            let (Some(low), Some(high)) = (cell.low, cell.high) else {
                continue;
            };
            let (from, to) = (x.at(low) + 0.5, x.at(high) - 0.5);
            bar(m, from, (to - from).max(0.8), side, &y);
        }
        if has_missing {
            let from = WIDTH - RIGHT - MISSING_WIDTH;
            bar(m, from, MISSING_WIDTH, &missing, &y);
            label(
                m,
                "tick m",
                from + MISSING_WIDTH / 2.0 - 3.0,
                HEIGHT - 8.0,
                "missing",
            );
        }
        line(m, "axis", (LEFT, BASE), (right, BASE));
        for (at, text) in axis_texts(&column.kind, &x, low, high) {
            line(m, "axis", (x.at(at), BASE), (x.at(at), BASE + 3.0));
            // Texts near an end are pulled inside, so that none is cut off or runs into the bar of missing values.
            let anchor = if x.at(at) < LEFT + 12.0 {
                "tick s"
            } else if x.at(at) > right - 8.0 {
                "tick e"
            } else {
                "tick m"
            };
            label(m, anchor, x.at(at), HEIGHT - 8.0, text);
        }
    });
}

/// One pair of bars: grey up to the lower of the two, then the colour of the higher one.
fn bar(m: &mut Markup, x: f64, width: f64, side: &Sides<f64>, y: &Scale) {
    let both = y.at(side.real.min(side.synthetic));
    let top = y.at(side.real.max(side.synthetic));
    rect(m, "both", x, both, width, BASE - both);
    let class = if side.real > side.synthetic {
        "real"
    } else {
        "syn"
    };
    rect(m, class, x, top, width, both - top);
}

fn share(rows: u64, of: u64) -> f64 {
    if of == 0 {
        0.0
    } else {
        rows as f64 / of as f64
    }
}

fn axis_texts(kind: &str, x: &Scale, low: f64, high: f64) -> Vec<(f64, String)> {
    match kind {
        "date" => vec![(low, day(low)), (high, day(high))],
        "date_time" => vec![(low, day(low / 86_400.0)), (high, day(high / 86_400.0))],
        _ => x.ticks(5),
    }
}

/// The day that lies so many days after 1970-01-01, as `2026-11-21`.
///
/// Counts days of the proleptic Gregorian calendar from 1 March of year 0, in cycles of 400 years.
pub(crate) fn day(days: f64) -> String {
    let days = days.clamp(-1e9, 1e9).floor() as i64 + 719_468;
    let cycle = days.div_euclid(146_097);
    let in_cycle = days.rem_euclid(146_097);
    let year = (in_cycle - in_cycle / 1_460 + in_cycle / 36_524 - in_cycle / 146_096) / 365;
    let in_year = in_cycle - (365 * year + year / 4 - year / 100);
    let month = (5 * in_year + 2) / 153;
    let day = in_year - (153 * month + 2) / 5 + 1;
    let (month, carry) = if month < 10 {
        (month + 3, 0)
    } else {
        (month - 9, 1)
    };
    format!("{:04}-{month:02}-{day:02}", year + cycle * 400 + carry)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_have_their_names() {
        for (days, name) in [
            (0.0, "1970-01-01"),
            (-1.0, "1969-12-31"),
            (11_016.0, "2000-02-29"),
            (20_778.5, "2026-11-21"),
        ] {
            assert_eq!(day(days), name);
        }
    }
}
