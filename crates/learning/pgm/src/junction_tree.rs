//! Junction trees: which attributes are kept together, and how the cliques hang on each other.

use parable_domain::{AttrSet, Domain};

use crate::ModelError;
use crate::elimination::{Bits, Rule, cliques};

/// A tree of cliques in which the cliques that hold an attribute hang together.
///
/// Clique 0 is the root, and parents stand before their children. Building one allocates no table:
/// its size is known before anything is spent or computed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JunctionTree {
    cliques: Vec<AttrSet>,
    parents: Vec<Option<usize>>,
    separators: Vec<AttrSet>,
    cells: Vec<u128>,
}

impl JunctionTree {
    /// The smallest tree found in which each of these sets lies within a clique. Every attribute of
    /// the domain is in some clique.
    ///
    /// Three elimination rules are tried (fewest added edges, smallest clique, smallest added
    /// pairs), and the tree with the fewest cells is kept.
    ///
    /// # Errors
    /// A set names an attribute beyond the domain.
    pub fn build(domain: &Domain, sets: &[AttrSet]) -> Result<Self, ModelError> {
        let count = domain.len();
        let mut graph = vec![Bits::none(count); count];
        for set in sets {
            domain.levels(set)?;
            for a in set.iter() {
                for b in set.iter().filter(|&b| b != a) {
                    graph[a as usize].insert(b as usize);
                }
            }
        }
        let levels: Vec<u32> = domain.attrs().iter().map(|attr| attr.levels).collect();
        let best = Rule::ALL
            .iter()
            .map(|&rule| {
                let found: Vec<AttrSet> = cliques(&graph, &levels, rule)
                    .iter()
                    .map(|clique| AttrSet::new(clique.iter().map(|v| v as u32)))
                    .collect();
                let cells = found
                    .iter()
                    .map(|clique| domain.cells(clique).unwrap_or(u128::MAX))
                    .fold(0u128, u128::saturating_add);
                (cells, found)
            })
            .min_by_key(|(cells, _)| *cells)
            .map(|(_, found)| found)
            .unwrap_or_default();
        Ok(Self::connect(domain, best))
    }

    /// As [`JunctionTree::build`], refusing a tree whose tables would be too large.
    ///
    /// # Errors
    /// [`ModelError::TooLarge`] with the name of the largest clique and the set that is best left
    /// out.
    pub fn build_within(
        domain: &Domain,
        sets: &[AttrSet],
        max_cells: u64,
    ) -> Result<Self, ModelError> {
        let tree = Self::build(domain, sets)?;
        let cells = tree.cells();
        if cells <= u128::from(max_cells) {
            return Ok(tree);
        }
        let largest = (0..tree.len())
            .max_by_key(|&clique| tree.cells[clique])
            .unwrap_or(0);
        Err(ModelError::TooLarge {
            cells,
            bytes: cells.saturating_mul(8),
            limit: max_cells,
            clique: names(domain, &tree.cliques[largest]),
            clique_cells: tree.cells[largest],
            advice: advice(domain, sets, &tree.cliques[largest], cells),
        })
    }

    /// Connects cliques by the largest separators (Prim's algorithm), from the clique with the most
    /// cells.
    fn connect(domain: &Domain, found: Vec<AttrSet>) -> Self {
        let size = |clique: &AttrSet| domain.cells(clique).unwrap_or(u128::MAX);
        let mut tree = Self {
            cliques: Vec::with_capacity(found.len()),
            parents: Vec::with_capacity(found.len()),
            separators: Vec::with_capacity(found.len()),
            cells: Vec::with_capacity(found.len()),
        };
        let mut waiting: Vec<(AttrSet, Option<usize>, AttrSet)> = found
            .into_iter()
            .map(|clique| (clique, None, AttrSet::empty()))
            .collect();
        while !waiting.is_empty() {
            let next = (0..waiting.len())
                .max_by(|&a, &b| {
                    let (a, b) = (&waiting[a], &waiting[b]);
                    let by_size = || size(&a.0).cmp(&size(&b.0));
                    a.2.len()
                        .cmp(&b.2.len())
                        .then_with(by_size)
                        .then_with(|| b.0.cmp(&a.0))
                })
                .unwrap_or(0);
            let (clique, parent, separator) = waiting.swap_remove(next);
            let position = tree.cliques.len();
            for (other, parent, separator) in &mut waiting {
                let shared = other.intersection(&clique);
                if parent.is_none() || shared.len() > separator.len() {
                    *parent = Some(position);
                    *separator = shared;
                }
            }
            tree.cells.push(size(&clique));
            tree.cliques.push(clique);
            tree.parents.push(parent);
            tree.separators.push(separator);
        }
        tree
    }

    /// Returns the number of cliques.
    #[must_use]
    pub fn len(&self) -> usize {
        self.cliques.len()
    }

    /// Whether there is no clique: the domain has no attribute.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.cliques.is_empty()
    }

    /// The cliques, parents before children.
    #[must_use]
    pub fn cliques(&self) -> &[AttrSet] {
        &self.cliques
    }

    /// The parent of a clique, `None` for the root.
    ///
    /// # Panics
    /// If there is no such clique.
    #[must_use]
    pub fn parent(&self, clique: usize) -> Option<usize> {
        self.parents[clique]
    }

    /// The attributes a clique shares with its parent; none for the root.
    ///
    /// # Panics
    /// If there is no such clique.
    #[must_use]
    pub fn separator(&self, clique: usize) -> &AttrSet {
        &self.separators[clique]
    }

    /// Cells of all cliques; [`u128::MAX`] when even that is exceeded.
    #[must_use]
    pub fn cells(&self) -> u128 {
        self.cells
            .iter()
            .fold(0, |sum, &cells| sum.saturating_add(cells))
    }

    /// Cells of the largest clique.
    #[must_use]
    pub fn largest_clique(&self) -> u128 {
        self.cells.iter().copied().max().unwrap_or(0)
    }

    /// The smallest clique that holds all these attributes.
    #[must_use]
    pub fn cover(&self, attrs: &AttrSet) -> Option<usize> {
        (0..self.len())
            .filter(|&clique| attrs.is_subset(&self.cliques[clique]))
            .min_by_key(|&clique| self.cells[clique])
    }
}

fn names(domain: &Domain, attrs: &AttrSet) -> String {
    let names: Vec<&str> = attrs
        .iter()
        .map(|attr| &*domain.attrs()[attr as usize].name)
        .collect();
    names.join(", ")
}

/// The set whose absence makes the model smallest, among those within the clique.
fn advice(domain: &Domain, sets: &[AttrSet], clique: &AttrSet, cells: u128) -> String {
    sets.iter()
        .filter(|set| set.len() > 1 && set.is_subset(clique))
        .filter_map(|dropped| {
            let rest: Vec<AttrSet> = sets.iter().filter(|set| *set != dropped).cloned().collect();
            let smaller = JunctionTree::build(domain, &rest).ok()?.cells();
            (smaller < cells).then_some((smaller, dropped))
        })
        .min_by_key(|(smaller, _)| *smaller)
        .map(|(smaller, dropped)| {
            format!(
                "; without the set ({}) it would need {smaller}",
                names(domain, dropped)
            )
        })
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sets(sets: &[&[u32]]) -> Vec<AttrSet> {
        sets.iter()
            .map(|set| AttrSet::new(set.iter().copied()))
            .collect()
    }

    fn domain(levels: &[u32]) -> Domain {
        let names = "abcdefghijkl".chars().map(String::from);
        Domain::new(names.zip(levels.iter().copied())).unwrap()
    }

    /// The cliques that hold an attribute form a connected part of the tree.
    #[track_caller]
    fn holds_together(tree: &JunctionTree, domain: &Domain) {
        for attr in 0..domain.len() as u32 {
            let tops = (0..tree.len())
                .filter(|&c| tree.cliques()[c].contains(attr) && !tree.separator(c).contains(attr))
                .count();
            assert_eq!(tops, 1, "attribute {attr} in {tree:?}");
        }
        for clique in 1..tree.len() {
            let parent = tree.parent(clique).unwrap();
            assert!(parent < clique);
            assert_eq!(
                *tree.separator(clique),
                tree.cliques()[clique].intersection(&tree.cliques()[parent])
            );
        }
    }

    #[test]
    fn covers_every_set_and_holds_together() {
        let domain = domain(&[3, 4, 2, 5, 2, 7, 3]);
        let asked = sets(&[&[0, 1], &[1, 2], &[2, 3], &[3, 0], &[4, 5], &[1, 2, 5]]);
        let tree = JunctionTree::build(&domain, &asked).unwrap();
        assert!(asked.iter().all(|set| tree.cover(set).is_some()));
        assert!(tree.cover(&AttrSet::new([6])).is_some());
        assert!(tree.cover(&AttrSet::new([0, 6])).is_none());
        holds_together(&tree, &domain);
    }

    #[test]
    fn refuses_by_name_and_says_what_to_leave_out() {
        let domain = domain(&[1_000, 1_000, 1_000, 2]);
        let asked = sets(&[&[0, 1], &[1, 2], &[0, 2], &[2, 3]]);
        let error = JunctionTree::build_within(&domain, &asked, 10_000_000).unwrap_err();
        let text = error.to_string();
        assert!(
            text.contains("joins a, b, c with 1000000000 cells"),
            "{text}"
        );
        assert!(
            text.contains("without the set (a, b) it would need 2002000"),
            "{text}"
        );
    }

    #[test]
    fn astronomical_domains_do_not_overflow() {
        let domain = domain(&[u32::MAX; 12]);
        let all = [AttrSet::new(0..12)];
        let tree = JunctionTree::build(&domain, &all).unwrap();
        assert_eq!(tree.cells(), u128::MAX);
        assert!(JunctionTree::build_within(&domain, &all, 1 << 40).is_err());
    }
}
