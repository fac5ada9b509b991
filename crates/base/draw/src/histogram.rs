//! The histogram of a numeric column in two tables, laid over each other.

use crate::axis::{Scale, day};
use crate::drawing::{drawing, label, line, rect};
use crate::markup::Markup;
use crate::{Drawing, Shares, number};

/// A numeric column in both tables.
#[derive(Clone, Debug)]
pub struct Histogram<'a> {
    /// The name of the column, for the description.
    pub name: &'a str,
    /// The bins, ascending.
    pub bins: Vec<HistogramBin>,
    /// Shares of rows without a value, drawn as a bar of their own.
    pub missing: Shares,
    /// What the numbers of the axis are.
    pub axis: HistogramAxis,
}

/// A bin with its share of all rows.
#[derive(Clone, Copy, Debug)]
pub struct HistogramBin {
    /// Lower edge.
    pub low: f64,
    /// Upper edge.
    pub high: f64,
    /// Share of all rows, missing values included.
    pub share: Shares,
}

/// How the numbers of a histogram are written on its axis.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum HistogramAxis {
    /// As numbers.
    #[default]
    Numbers,
    /// As dates: days after 1970-01-01.
    Days,
    /// As dates: seconds after 1970-01-01.
    Seconds,
}

const WIDTH: f64 = 300.0;
const HEIGHT: f64 = 150.0;
const LEFT: f64 = 34.0;
const RIGHT: f64 = 6.0;
const TOP: f64 = 8.0;
const BASE: f64 = 128.0;
const MISSING_WIDTH: f64 = 26.0;
const MISSING_GAP: f64 = 24.0;

/// Draws the bins: what both tables share in grey, what only one of them has in its colour. Heights
/// are shares of **all** rows, so the bars of one table, missing values included, add up to 100 %.
#[must_use]
pub fn histogram(histogram: &Histogram<'_>) -> Drawing {
    let missing = histogram.missing;
    let has_missing = missing.most() > 0.0;
    let right = if has_missing {
        WIDTH - RIGHT - MISSING_WIDTH - MISSING_GAP
    } else {
        WIDTH - RIGHT
    };
    let shares = histogram.bins.iter().map(|bin| bin.share);
    let tallest = shares.chain([missing]).map(Shares::most);
    let tallest = tallest.fold(0.0, f64::max);
    let low = histogram.bins.first().map_or(0.0, |bin| bin.low);
    let high = histogram.bins.last().map_or(1.0, |bin| bin.high);
    let x = Scale::new((low, high), (LEFT, right));
    let y = Scale::new((0.0, tallest.max(1e-9) * 1.02), (BASE, TOP));

    let description = format!("Histogram of {} in both tables", histogram.name);
    drawing("chart hist", (WIDTH, HEIGHT), &description, |m| {
        for (at, _) in y.ticks(3) {
            line(m, "grid", (LEFT, y.at(at)), (WIDTH - RIGHT, y.at(at)));
            percent(m, at, y.at(at), tallest);
        }
        for bin in &histogram.bins {
            let (from, to) = (x.at(bin.low) + 0.5, x.at(bin.high) - 0.5);
            bar(m, (from, (to - from).max(0.8)), bin.share, &y);
        }
        if has_missing {
            let from = WIDTH - RIGHT - MISSING_WIDTH;
            bar(m, (from, MISSING_WIDTH), missing, &y);
            let middle = from + MISSING_WIDTH / 2.0 - 3.0;
            label(m, "tick m", (middle, HEIGHT - 8.0), "missing");
        }
        line(m, "axis", (LEFT, BASE), (right, BASE));
        for (at, text) in texts(histogram.axis, &x, (low, high)) {
            line(m, "axis", (x.at(at), BASE), (x.at(at), BASE + 3.0));
            // Texts near an end are pulled inside: none is cut off or runs into the bar of missing
            // values.
            let anchor = if x.at(at) < LEFT + 12.0 {
                "tick s"
            } else if x.at(at) > right - 8.0 {
                "tick e"
            } else {
                "tick m"
            };
            label(m, anchor, (x.at(at), HEIGHT - 8.0), text);
        }
    })
}

/// The text of a share on the vertical axis at height `y`, with a decimal for low bars.
pub(crate) fn percent(m: &mut Markup, share: f64, y: f64, tallest: f64) {
    let text = format!(
        "{}%",
        number::fixed(share * 100.0, usize::from(tallest < 0.03))
    );
    label(m, "tick e", (LEFT - 4.0, y + 3.5), text);
}

/// A pair of bars at `(x, width)`: grey up to the lower of the two, then the colour of the higher.
pub(crate) fn bar(m: &mut Markup, (x, width): (f64, f64), share: Shares, y: &Scale) {
    let (both, top) = (y.at(share.least()), y.at(share.most()));
    rect(m, "both", (x, both), (width, BASE - both));
    rect(m, share.class_of_more(), (x, top), (width, both - top));
}

fn texts(axis: HistogramAxis, x: &Scale, (low, high): (f64, f64)) -> Vec<(f64, String)> {
    match axis {
        HistogramAxis::Numbers => x.ticks(5),
        HistogramAxis::Days => vec![(low, day(low)), (high, day(high))],
        HistogramAxis::Seconds => vec![(low, day(low / 86_400.0)), (high, day(high / 86_400.0))],
    }
}
