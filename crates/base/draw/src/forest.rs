//! Estimates with their intervals, one row per question, real above synthetic.

use crate::axis::Scale;
use crate::drawing::{drawing, label, line, mark};
use crate::markup::shortened;
use crate::{Drawing, Series};

/// One estimate in a row.
#[derive(Clone, Copy, Debug)]
pub struct Mark {
    /// Whose estimate it is.
    pub series: Series,
    /// The estimate.
    pub value: f64,
    /// Lower and upper limit, where there is an interval.
    pub interval: Option<(f64, f64)>,
}

/// One row: its name, and its estimates from top to bottom.
#[derive(Clone, Debug)]
pub struct ForestRow {
    /// The name at its start.
    pub name: String,
    /// The estimates.
    pub marks: Vec<Mark>,
}

const PLOT: f64 = 430.0;
const RIGHT: f64 = 16.0;
const TOP: f64 = 10.0;
const NAME_CHARACTERS: usize = 28;

/// Draws the rows on one axis that always includes zero. Marks beyond `reach` on either side are
/// drawn at the end of the axis.
#[must_use]
pub fn forest(description: &str, axis: &str, rows: &[ForestRow], reach: f64) -> Drawing {
    let numbers = rows.iter().flat_map(|row| &row.marks).flat_map(|mark| {
        let (low, high) = mark.interval.unwrap_or((mark.value, mark.value));
        [mark.value, low, high]
    });
    let (low, high) = numbers
        .filter(|number| number.is_finite())
        .fold((0.0_f64, 0.0_f64), |(low, high), number| {
            (low.min(number), high.max(number))
        });
    let (low, high) = (low.max(-reach), high.min(reach));
    let margin = (high - low).max(0.02) * 0.05;
    let longest = rows
        .iter()
        .map(|row| row.name.chars().count().min(NAME_CHARACTERS))
        .max()
        .unwrap_or(0);
    let left = longest as f64 * 6.6 + 18.0;
    let width = left + PLOT;
    let x = Scale::new((low - margin, high + margin), (left, width - RIGHT));
    let heights: Vec<f64> = rows
        .iter()
        .map(|row| {
            if row.marks.iter().any(|mark| mark.interval.is_some()) {
                row.marks.len().max(1) as f64 * 12.0 + 12.0
            } else {
                20.0
            }
        })
        .collect();
    let base = TOP + heights.iter().sum::<f64>();
    drawing("chart forest", (width, base + 38.0), description, |m| {
        for (at, text) in x.ticks(8) {
            line(m, "grid", (x.at(at), TOP), (x.at(at), base));
            label(m, "tick m", (x.at(at), base + 14.0), text);
        }
        line(m, "zero", (x.at(0.0), TOP - 4.0), (x.at(0.0), base + 2.0));
        let middle = (left + width - RIGHT) / 2.0;
        label(m, "tick m", (middle, base + 31.0), axis);
        let mut top = TOP;
        for (row, height) in rows.iter().zip(&heights) {
            label(
                m,
                "name e",
                (left - 12.0, top + height / 2.0 + 4.0),
                shortened(&row.name, NAME_CHARACTERS),
            );
            let stacked = row.marks.iter().any(|mark| mark.interval.is_some());
            for (index, one) in row.marks.iter().enumerate() {
                let y = if stacked {
                    top + 12.0 + index as f64 * 12.0
                } else {
                    top + height / 2.0
                };
                if let Some((low, high)) = one.interval {
                    let class = format!("whisker {}", one.series.class());
                    line(m, &class, (x.at(low), y), (x.at(high), y));
                }
                mark(m, one.series, (x.at(one.value), y));
            }
            top += height;
            line(m, "grid", (0.0, top), (width, top));
        }
    })
}
