//! Bars for levels, lying down so that their names can be read.

use parable_metrics::Sides;

use super::axis::Scale;
use super::{drawing, label, line, rect};
use crate::markup::{Markup, shortened};

const WIDTH: f64 = 316.0;
// Room for the widest names of so many characters: capitals take 8 pixels each.
const LEFT: f64 = 128.0;
const RIGHT: f64 = 46.0;
const ROW: f64 = 15.0;
const BAR: f64 = 10.0;
const NAME_CHARACTERS: usize = 16;

/// One bar: a name and its share of all rows in both tables.
#[derive(Clone, Debug)]
pub(crate) struct Bar {
    pub(crate) name: String,
    pub(crate) share: Sides<f64>,
    /// Whether this stands for missing values or for what is not listed; set apart from the levels.
    pub(crate) apart: bool,
}

/// Draws the bars in their order: what both tables share in grey, what only one of them has in its colour, and the synthetic share in figures of this `form`.
pub(crate) fn level_bars(m: &mut Markup, name: &str, bars: &[Bar], form: fn(f64) -> String) {
    let gap = 5.0;
    let first_apart = bars.iter().position(|bar| bar.apart);
    let height = bars.len() as f64 * ROW + 8.0 + if first_apart.is_some() { gap } else { 0.0 };
    let tallest = bars
        .iter()
        .map(|bar| bar.share.real.max(bar.share.synthetic))
        .fold(1e-9, f64::max);
    let x = Scale::new((0.0, tallest), (LEFT, WIDTH - RIGHT));
    let description = format!("Shares of the levels of {name} in both tables");
    drawing(m, "chart bars", (WIDTH, height), &description, |m| {
        for (index, bar) in bars.iter().enumerate() {
            let shift = if first_apart.is_some_and(|first| index >= first) {
                gap
            } else {
                0.0
            };
            let y = 4.0 + index as f64 * ROW + shift;
            let both = x.at(bar.share.real.min(bar.share.synthetic));
            let end = x.at(bar.share.real.max(bar.share.synthetic));
            let class = if bar.apart { "name apart e" } else { "name e" };
            m.node("g", &[], |m| {
                m.leaf(
                    "title",
                    &[],
                    format_args!(
                        "{}: real {}, synthetic {}",
                        bar.name,
                        form(bar.share.real),
                        form(bar.share.synthetic)
                    ),
                );
                label(
                    m,
                    class,
                    LEFT - 6.0,
                    y + 9.0,
                    shortened(&bar.name, NAME_CHARACTERS),
                );
                rect(m, "both", LEFT, y, both - LEFT, BAR);
                let class = if bar.share.real > bar.share.synthetic {
                    "real"
                } else {
                    "syn"
                };
                rect(m, class, both, y, end - both, BAR);
                label(m, "tick s", end + 4.0, y + 9.0, form(bar.share.synthetic));
            });
        }
        line(m, "axis", (LEFT, 1.0), (LEFT, height - 2.0));
    });
}
