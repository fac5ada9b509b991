//! A picture of the measured relations.

use parable_domain::AttrSet;
use parable_draw::{Link, network};

use crate::model::MstModel;

impl MstModel {
    /// Draws the columns on a circle and a line for each measured relation as an SVG image. A line
    /// is thicker the further its two columns are from independence in the model. Shows released
    /// facts only.
    pub(crate) fn draw(&self) -> String {
        let attrs = self.publication().domain.attrs();
        let names: Vec<&str> = attrs.iter().map(|own| &*own.name).collect();
        let pairs = self.measured_pairs().into_iter();
        let links: Vec<Link> = pairs
            .map(|(a, b)| Link {
                ends: (a as usize, b as usize),
                strength: self.dependence(a, b),
            })
            .collect();
        network("measured relations between columns", &names, &links)
    }

    /// Pairs of columns that were counted together, each once.
    fn measured_pairs(&self) -> Vec<(u32, u32)> {
        let mut pairs = Vec::new();
        for marginal in &self.publication().marginals {
            let attrs = marginal.attrs.as_slice();
            for (index, &a) in attrs.iter().enumerate() {
                pairs.extend(attrs[index + 1..].iter().map(|&b| (a, b)));
            }
        }
        pairs.sort_unstable();
        pairs.dedup();
        pairs
    }

    /// Total variation distance of a pair in the model from independence.
    fn dependence(&self, a: u32, b: u32) -> f64 {
        let field = self.estimated().field();
        let shares = |attrs: &[u32]| -> Vec<f64> {
            let counts = field
                .marginal(&AttrSet::new(attrs.iter().copied()))
                .unwrap_or_default();
            counts.iter().map(|count| count / field.total()).collect()
        };
        let (first, second, pair) = (shares(&[a]), shares(&[b]), shares(&[a, b]));
        let product = first.iter().flat_map(|p| second.iter().map(move |q| p * q));
        0.5 * pair
            .iter()
            .zip(product)
            .map(|(pair, product)| (pair - product).abs())
            .sum::<f64>()
    }
}
