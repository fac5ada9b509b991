//! The fitted model: marginals of the cliques of a junction tree.

use parable_domain::{AttrId, AttrSet, Domain};

use crate::alignment::Alignment;
use crate::calibration::Layout;
use crate::{Factor, JunctionTree, ModelError, Tables};

/// A distribution over the combinations of a domain that factors along a junction tree, and a
/// number of rows.
///
/// Kept as the marginal probabilities of the cliques, which agree with each other on what they
/// share. Marginals of any attributes, conditional distributions and rows all come from these.
#[derive(Clone, Debug)]
pub struct MarkovField {
    domain: Domain,
    total: f64,
    pub(crate) layout: Layout,
    pub(crate) beliefs: Tables,
}

impl MarkovField {
    /// The distribution proportional to the product of these functions; attributes in none of them
    /// are uniform.
    ///
    /// # Errors
    /// [`ModelError::TooLarge`] above `max_cells` cells in all cliques; [`ModelError::Impossible`]
    /// if the product is 0 everywhere.
    pub fn from_factors(
        domain: &Domain,
        factors: &[Factor],
        total: f64,
        max_cells: u64,
    ) -> Result<Self, ModelError> {
        let sets: Vec<AttrSet> = factors.iter().map(|f| f.attrs().clone()).collect();
        let tree = JunctionTree::build_within(domain, &sets, max_cells)?;
        let layout = Layout::new(domain, tree)?;
        let potentials = layout.potentials(factors);
        Self::calibrated(domain.clone(), total, layout, potentials)
    }

    /// A model from the marginal probabilities of the cliques of a tree, as
    /// [`MarkovField::cliques`] gives them: the same model to the last bit.
    ///
    /// # Errors
    /// Tables that do not fit the tree, hold a negative number or a NaN, do not sum to 1, or
    /// disagree on what cliques share by more than 1e-6.
    pub fn from_cliques(
        domain: &Domain,
        tree: JunctionTree,
        probabilities: Tables,
        total: f64,
    ) -> Result<Self, ModelError> {
        let layout = Layout::new(domain, tree)?;
        if layout.cells.len() != probabilities.len() {
            return Err(ModelError::CellCount {
                attrs: AttrSet::empty(),
                expected: layout.cells.len() as u128,
                found: probabilities.len(),
            });
        }
        for (clique, table) in probabilities.iter().enumerate() {
            let attrs = &layout.tree.cliques()[clique];
            if table.len() != layout.cells[clique] {
                return Err(ModelError::CellCount {
                    attrs: attrs.clone(),
                    expected: layout.cells[clique] as u128,
                    found: table.len(),
                });
            }
            let bad = |what, cell| ModelError::BadMeasurement {
                attrs: attrs.clone(),
                what,
                cell,
            };
            if let Some(cell) = table.iter().position(|p| !(*p >= 0.0 && p.is_finite())) {
                return Err(bad(
                    "a probability that is no finite number from 0 on",
                    cell,
                ));
            }
            let own = layout.up[clique].sums(table);
            let shared = match layout.tree.parent(clique) {
                Some(parent) => layout
                    .within(parent, layout.tree.separator(clique))
                    .sums(&probabilities[parent]),
                None => vec![1.0],
            };
            if let Some(cell) = (0..own.len()).find(|&i| (own[i] - shared[i]).abs() > 1e-6) {
                return Err(bad(
                    "probabilities that disagree with those of the clique above",
                    cell,
                ));
            }
        }
        Ok(Self::from_beliefs(
            domain.clone(),
            total,
            layout,
            probabilities,
        ))
    }

    pub(crate) fn calibrated(
        domain: Domain,
        total: f64,
        layout: Layout,
        mut tables: Tables,
    ) -> Result<Self, ModelError> {
        if layout.calibrate(&mut tables) == f64::NEG_INFINITY {
            return Err(ModelError::Impossible {
                attrs: layout.tree.cliques().first().cloned().unwrap_or_default(),
            });
        }
        Ok(Self {
            domain,
            total,
            layout,
            beliefs: tables,
        })
    }

    pub(crate) fn from_beliefs(
        domain: Domain,
        total: f64,
        layout: Layout,
        beliefs: Tables,
    ) -> Self {
        Self {
            domain,
            total,
            layout,
            beliefs,
        }
    }

    /// The attributes.
    #[must_use]
    pub fn domain(&self) -> &Domain {
        &self.domain
    }

    /// The number of rows that counts are scaled to.
    #[must_use]
    pub fn total(&self) -> f64 {
        self.total
    }

    /// The tree of cliques.
    #[must_use]
    pub fn tree(&self) -> &JunctionTree {
        &self.layout.tree
    }

    /// The marginal probabilities of each clique, in the order of the tree.
    #[must_use]
    pub fn cliques(&self) -> &[Vec<f64>] {
        &self.beliefs
    }

    /// The expected counts of the combinations of any attributes, row-major.
    ///
    /// # Errors
    /// An attribute beyond the domain; a table on the way with more than 2^28 cells
    /// ([`ModelError::TooLarge`]).
    pub fn marginal(&self, attrs: &AttrSet) -> Result<Vec<f64>, ModelError> {
        self.domain.levels(attrs)?;
        let probabilities = match self.layout.tree.cover(attrs) {
            Some(clique) => self
                .layout
                .within(clique, attrs)
                .sums(&self.beliefs[clique]),
            None => self.across_cliques(attrs)?,
        };
        Ok(probabilities.into_iter().map(|p| p * self.total).collect())
    }

    /// The model of the rows that have these codes.
    ///
    /// # Errors
    /// A code that is no level; [`ModelError::Impossible`] if no such row can occur.
    pub fn given(&self, codes: &[(AttrId, u32)]) -> Result<Self, ModelError> {
        let mut tables: Tables = (0..self.beliefs.len())
            .map(|clique| self.layout.conditional_logs(clique, &self.beliefs[clique]))
            .collect();
        for &(attr, code) in codes {
            let set = AttrSet::new([attr]);
            let levels = self.domain.levels(&set)?[0];
            if code >= levels {
                return Err(ModelError::Given {
                    attr,
                    problem: "a code is not below the number of levels",
                });
            }
            let clique = self
                .layout
                .tree
                .cover(&set)
                .expect("every attribute is in a clique");
            let mut mask = vec![f64::NEG_INFINITY; levels as usize];
            mask[code as usize] = 0.0;
            self.layout.within(clique, &set).broadcast(
                &mut tables[clique],
                &mask,
                |cell, value| *cell += value,
            );
        }
        let layout = self.layout.clone();
        Self::calibrated(self.domain.clone(), self.total, layout, tables).map_err(|_| {
            ModelError::Impossible {
                attrs: AttrSet::new(codes.iter().map(|&(attr, _)| attr)),
            }
        })
    }

    /// The probabilities of attributes that lie in no single clique: conditional tables multiplied
    /// along the part of the tree between them.
    fn across_cliques(&self, attrs: &AttrSet) -> Result<Vec<f64>, ModelError> {
        let tree = &self.layout.tree;
        let mut branches = Branches {
            children: vec![Vec::new(); tree.len()],
            below: vec![AttrSet::empty(); tree.len()],
        };
        let Branches { children, below } = &mut branches;
        for clique in (0..tree.len()).rev() {
            let own = tree.cliques()[clique].intersection(attrs);
            let own = AttrSet::new(own.iter().filter(|&a| !tree.separator(clique).contains(a)));
            below[clique] = below[clique].union(&own);
            if let Some(parent) = tree.parent(clique)
                && !below[clique].is_empty()
            {
                children[parent].push(clique);
                below[parent] = below[parent].union(&below[clique]);
            }
        }
        // The top of that part: go down while one branch holds everything.
        let mut top = 0;
        while let [child] = children[top][..] {
            if !attrs.is_subset(&below[child].union(&tree.separator(child).intersection(attrs))) {
                break;
            }
            top = child;
        }
        let logs: Vec<f64> = self.beliefs[top].iter().map(|p| p.ln()).collect();
        let factor = self.gather(top, logs, attrs, &branches)?;
        Ok(factor.values().iter().map(|log| log.exp()).collect())
    }

    /// The table of a clique times those of the branches below it, summed over all but `keep`.
    fn gather(
        &self,
        clique: usize,
        logs: Vec<f64>,
        keep: &AttrSet,
        branches: &Branches,
    ) -> Result<Factor, ModelError> {
        let tree = &self.layout.tree;
        let mut factor = Factor::new(&self.domain, tree.cliques()[clique].clone(), logs)?;
        for &child in &branches.children[clique] {
            let child_keep = tree.separator(child).union(&branches.below[child]);
            let logs = self.layout.conditional_logs(child, &self.beliefs[child]);
            let branch = self.gather(child, logs, &child_keep, branches)?;
            let joined = factor.attrs().union(branch.attrs());
            let cells = self.domain.cells(&joined)?;
            if cells > u128::from(MAX_TABLE_CELLS) {
                return Err(ModelError::TooLarge {
                    cells,
                    bytes: cells.saturating_mul(8),
                    limit: MAX_TABLE_CELLS,
                    clique: joined.to_string(),
                    clique_cells: cells,
                    advice: "; ask for fewer attributes at once".to_owned(),
                });
            }
            factor = factor.product(&branch);
        }
        Ok(factor.marginal(keep))
    }
}

/// The part of the tree that asked attributes span.
struct Branches {
    /// The branches below each clique that hold asked attributes.
    children: Vec<Vec<usize>>,
    /// The asked attributes that first appear at or below each clique.
    below: Vec<AttrSet>,
}

/// Two gigabytes.
const MAX_TABLE_CELLS: u64 = 1 << 28;

impl Layout {
    /// The sum of log factors in each clique, each factor in the smallest clique that holds it.
    pub(crate) fn potentials(&self, factors: &[Factor]) -> Tables {
        let mut tables: Tables = self.cells.iter().map(|&cells| vec![0.0; cells]).collect();
        for factor in factors {
            let clique = self
                .tree
                .cover(factor.attrs())
                .expect("the tree was built to hold it");
            self.within(clique, factor.attrs()).broadcast(
                &mut tables[clique],
                factor.values(),
                |cell, value| *cell += value,
            );
        }
        tables
    }

    /// The logarithms of a clique's probabilities given its separator.
    pub(crate) fn conditional_logs(&self, clique: usize, belief: &[f64]) -> Vec<f64> {
        let up: &Alignment = &self.up[clique];
        let sums = up.sums(belief);
        let mut logs = belief.to_vec();
        up.broadcast(&mut logs, &sums, |cell, sum| {
            *cell = if sum > 0.0 {
                (*cell / sum).ln()
            } else {
                f64::NEG_INFINITY
            };
        });
        logs
    }
}
