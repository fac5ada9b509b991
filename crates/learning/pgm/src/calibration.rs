//! Message passing: from potentials of cliques to their marginals.

use parable_domain::{AttrSet, Domain};

use crate::alignment::Alignment;
use crate::exponential::exp;
use crate::{JunctionTree, ModelError, Tables};

/// A junction tree with the alignments of its separators, ready for message passing.
#[derive(Clone, Debug)]
pub(crate) struct Layout {
    pub(crate) tree: JunctionTree,
    pub(crate) levels: Vec<Vec<u32>>,
    pub(crate) cells: Vec<usize>,
    /// The separator of each clique within the clique.
    pub(crate) up: Vec<Alignment>,
    /// The separator of each clique within its parent.
    pub(crate) down: Vec<Alignment>,
}

impl Layout {
    /// Callers have checked the size of the tree.
    pub(crate) fn new(domain: &Domain, tree: JunctionTree) -> Result<Self, ModelError> {
        let levels: Vec<Vec<u32>> = tree
            .cliques()
            .iter()
            .map(|clique| domain.levels(clique))
            .collect::<Result<_, _>>()?;
        let up = (0..tree.len())
            .map(|c| Alignment::new(&tree.cliques()[c], &levels[c], tree.separator(c)))
            .collect();
        let down = (0..tree.len())
            .map(|c| {
                let parent = tree.parent(c).unwrap_or(c);
                Alignment::new(&tree.cliques()[parent], &levels[parent], tree.separator(c))
            })
            .collect();
        let cells = levels
            .iter()
            .map(|levels| levels.iter().map(|&l| l as usize).product())
            .collect();
        Ok(Self {
            tree,
            levels,
            cells,
            up,
            down,
        })
    }

    /// The alignment of a set within a clique.
    pub(crate) fn within(&self, clique: usize, attrs: &AttrSet) -> Alignment {
        Alignment::new(&self.tree.cliques()[clique], &self.levels[clique], attrs)
    }

    /// Replaces log potentials by the marginal probabilities of each clique; gives the logarithm of
    /// the sum over all combinations.
    ///
    /// Two passes, leaves to root and back, as in Shafer and Shenoy (1990). On the way up each row
    /// of a clique that belongs to one cell of the separator is scaled by its own largest value, so
    /// that nothing underflows; what stays is the conditional table given the separator, which on
    /// the way down is multiplied by the marginal of the separator. Nothing is ever divided by a
    /// message of 0: a row without any possible combination stays 0.
    pub(crate) fn calibrate(&self, tables: &mut [Vec<f64>]) -> f64 {
        let count = self.tree.len();
        let mut messages: Tables = vec![Vec::new(); count];
        let mut sums: Tables = vec![Vec::new(); count];
        for clique in (0..count).rev() {
            let up = &self.up[clique];
            let mut tops = vec![f64::NEG_INFINITY; up.small_len()];
            up.max_into(&tables[clique], &mut tops);
            up.broadcast(&mut tables[clique], &tops, |cell, top| {
                // A row of minus infinities stays one: subtracting 0 keeps it so.
                *cell -= if top == f64::NEG_INFINITY { 0.0 } else { top };
            });
            for cell in &mut tables[clique] {
                *cell = exp(*cell);
            }
            let sum = up.sums(&tables[clique]);
            let message: Vec<f64> = tops
                .iter()
                .zip(&sum)
                .map(|(&top, &sum)| {
                    if sum > 0.0 {
                        top + sum.ln()
                    } else {
                        f64::NEG_INFINITY
                    }
                })
                .collect();
            if let Some(parent) = self.tree.parent(clique) {
                self.down[clique].broadcast(&mut tables[parent], &message, |cell, value| {
                    *cell += value;
                });
            }
            messages[clique] = message;
            sums[clique] = sum;
        }
        for clique in 0..count {
            let marginal = match self.tree.parent(clique) {
                Some(parent) => self.down[clique].sums(&tables[parent]),
                None => vec![1.0],
            };
            let scale: Vec<f64> = marginal
                .iter()
                .zip(&sums[clique])
                .map(|(&marginal, &sum)| if sum > 0.0 { marginal / sum } else { 0.0 })
                .collect();
            self.up[clique].broadcast(&mut tables[clique], &scale, |cell, scale| *cell *= scale);
        }
        messages.first().map_or(0.0, |root| root[0])
    }
}
