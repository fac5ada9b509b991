//! Columns as terms of a linear model, both tables stacked.

use parable_table::Role;

use crate::data::design::{Design, indicator};
use crate::data::frame::{Data, Frame, FrameColumn};
use parable_linalg::quantile;

/// Most levels of a cluster column that takes part.
const MOST_CLUSTERS: usize = 50;
/// Most levels of any other column that takes part.
const MOST_LEVELS: usize = 100;

/// Terms of a linear model, real rows first: the intercept, then terms of mean 0 and standard
/// deviation 1.
#[derive(Debug)]
pub(super) struct Terms {
    pub(super) real: usize,
    pub(super) synthetic: usize,
    pub(super) names: Vec<String>,
    pub(super) design: Design,
    /// Which source column each term after the intercept comes from: products are taken across
    /// sources only.
    sources: Vec<usize>,
}

impl Terms {
    /// One term per number (missing replaced by the real median) with an indicator for missing, one
    /// indicator per level but the first. Constant terms are left out.
    pub(super) fn main_effects(frame: &Frame, use_column: impl Fn(&str) -> bool) -> Self {
        let mut design = Self {
            real: frame.rows.real,
            synthetic: frame.rows.synthetic,
            names: Vec::new(),
            design: Design::new(frame.rows.real + frame.rows.synthetic),
            sources: Vec::new(),
        };
        design.design.push_intercept("");
        for column in frame.comparable().filter(|column| use_column(&column.name)) {
            let most = match column.role {
                Role::ClusterId => MOST_CLUSTERS,
                _ => MOST_LEVELS,
            };
            if column
                .codes()
                .is_none_or(|(labels, _)| labels.len() <= most)
            {
                design.add(column);
            }
        }
        design
    }

    pub(super) fn rows(&self) -> usize {
        self.design.rows()
    }

    fn add(&mut self, column: &FrameColumn) {
        let source = self.names.len();
        let before = self.design.width();
        match &column.data {
            Data::Numbers(numbers) => {
                let mut sorted: Vec<f64> = numbers
                    .real
                    .iter()
                    .copied()
                    .filter(|x| !x.is_nan())
                    .collect();
                sorted.sort_unstable_by(f64::total_cmp);
                let median = match sorted.is_empty() {
                    true => 0.0,
                    false => quantile(&sorted, 0.5),
                };
                let stacked = || numbers.real.iter().chain(&numbers.synthetic);
                let fill = |&x: &f64| if x.is_nan() { median } else { x };
                self.push(stacked().map(fill).collect(), source);
                self.push(stacked().map(|x| indicator(x.is_nan())).collect(), source);
            }
            Data::Codes { labels, codes } => {
                let stacked: Vec<u32> =
                    codes.real.iter().chain(&codes.synthetic).copied().collect();
                let seen = crate::data::frame::seen(&stacked, labels.len());
                let levels = (0..seen.len() as u32).filter(|&code| seen[code as usize]);
                for level in levels.skip(1) {
                    let column = stacked.iter().map(|&code| indicator(code == level));
                    self.push(column.collect(), source);
                }
            }
        }
        if self.design.width() > before {
            self.names.push(column.name.clone());
        }
    }

    /// Adds a term after standardising it, unless it is constant.
    fn push(&mut self, mut values: Vec<f64>, source: usize) {
        if values.windows(2).all(|pair| pair[0] == pair[1]) {
            return;
        }
        let n = values.len() as f64;
        let mean = values.iter().sum::<f64>() / n;
        let squares: f64 = values.iter().map(|x| (x - mean) * (x - mean)).sum();
        let sd = (squares / n).sqrt();
        for value in &mut values {
            *value = (*value - mean) / sd;
        }
        self.design.push("", values);
        self.sources.push(source);
    }

    /// Coefficients of the model with products, the intercept included.
    pub(super) fn count_with_products(&self) -> usize {
        let pairs = self.pairs().count();
        self.design.width() + pairs
    }

    fn pairs(&self) -> impl Iterator<Item = (usize, usize)> + '_ {
        let terms = self.design.width();
        (1..terms).flat_map(move |i| {
            (i + 1..terms)
                .filter(move |&j| self.sources[i - 1] != self.sources[j - 1])
                .map(move |j| (i, j))
        })
    }

    /// The same with all products of two terms of different columns.
    pub(super) fn with_products(mut self) -> Self {
        for (i, j) in self.pairs().collect::<Vec<_>>() {
            let product = self.design.column(i).iter().zip(self.design.column(j));
            let product: Vec<f64> = product.map(|(a, b)| a * b).collect();
            self.push(product, usize::MAX);
        }
        self
    }
}
