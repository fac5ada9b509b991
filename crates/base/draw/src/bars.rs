//! Horizontal bars for levels, so that their names can be read.

use crate::axis::Scale;
use crate::drawing::{drawing, label, line, rect};
use crate::markup::shortened;
use crate::{Drawing, Shares};

const WIDTH: f64 = 316.0;
// Room for the widest names of so many characters: capitals take 8 pixels each.
const LEFT: f64 = 128.0;
const RIGHT: f64 = 46.0;
const ROW: f64 = 15.0;
const THICKNESS: f64 = 10.0;
const NAME_CHARACTERS: usize = 16;
const GAP: f64 = 5.0;

/// A name and its share of all rows in both tables.
#[derive(Clone, Debug)]
pub struct Bar {
    name: String,
    share: Shares,
    apart: bool,
}

impl Bar {
    /// Creates the bar of a level.
    pub fn new(name: impl Into<String>, share: Shares) -> Self {
        Self {
            name: name.into(),
            share,
            apart: false,
        }
    }

    /// Sets the bar apart from the levels: for missing values, or for what is not listed.
    #[must_use]
    pub fn apart(mut self) -> Self {
        self.apart = true;
        self
    }
}

/// Draws the bars in their order: what both tables share in grey, what only one of them has in its
/// colour, and the synthetic share as a number written by `form`.
#[must_use]
pub fn bars(name: &str, bars: &[Bar], form: fn(f64) -> String) -> Drawing {
    let first_apart = bars.iter().position(|bar| bar.apart);
    let gap = |index: usize| match first_apart {
        Some(first) if index >= first => GAP,
        _ => 0.0,
    };
    let height = bars.len() as f64 * ROW + 8.0 + gap(bars.len());
    let tallest = bars.iter().map(|bar| bar.share.most()).fold(1e-9, f64::max);
    let x = Scale::new((0.0, tallest), (LEFT, WIDTH - RIGHT));
    let description = format!("Shares of the levels of {name} in both tables");
    drawing("chart bars", (WIDTH, height), &description, |m| {
        for (index, bar) in bars.iter().enumerate() {
            let y = 4.0 + index as f64 * ROW + gap(index);
            let (both, end) = (x.at(bar.share.least()), x.at(bar.share.most()));
            let class = if bar.apart { "name apart e" } else { "name e" };
            m.node("g", &[], |m| {
                let title = format!(
                    "{}: real {}, synthetic {}",
                    bar.name,
                    form(bar.share.real),
                    form(bar.share.synthetic)
                );
                m.leaf("title", &[], title);
                let short = shortened(&bar.name, NAME_CHARACTERS);
                label(m, class, (LEFT - 6.0, y + 9.0), short);
                rect(m, "both", (LEFT, y), (both - LEFT, THICKNESS));
                let more = bar.share.class_of_more();
                rect(m, more, (both, y), (end - both, THICKNESS));
                let share = form(bar.share.synthetic);
                label(m, "tick s", (end + 4.0, y + 9.0), share);
            });
        }
        line(m, "axis", (LEFT, 1.0), (LEFT, height - 2.0));
    })
}
