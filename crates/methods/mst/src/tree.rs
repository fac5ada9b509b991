//! A spanning tree of pairs, each chosen by the exponential mechanism (McKenna, Miklau & Sheldon
//! 2021).

use parable_core::FitError;
use parable_domain::AttrSet;
use parable_measure::{Candidate, PrivateRelease, Workload};

/// Chooses the pairs of a spanning tree among those that join two parts (Kruskal), after the
/// required sets, for this part of the budget.
///
/// The score of a pair is its error less the error that measuring it would add.
pub(crate) fn select(
    release: &mut PrivateRelease<'_, '_>,
    workload: &Workload,
    max_cells: u64,
    rho: f64,
) -> Result<Vec<Candidate>, FitError> {
    release.check_cells(workload.required(), max_cells)?;
    let (mut candidates, estimates) = release.candidates(workload, release.pairs(max_cells))?;
    let mut parts = Parts::new(release.domain().len());
    for candidate in candidates.iter().filter(|c| c.required) {
        parts.join(&candidate.attrs);
    }
    let rounds = parts.rounds(estimates.iter().map(|(attrs, _)| attrs));
    let sigma = release.sigma((release.left() - rho) / rounds.max(1) as f64);
    let noise_of = |(_, cells): &(AttrSet, Vec<i64>)| sigma.get() * cells.len() as f64;
    let noise: Vec<f64> = estimates.iter().map(noise_of).collect();
    let scores = release.private_scores(&estimates, &noise, &vec![1; estimates.len()])?;
    for _ in 0..rounds {
        let joins = |&i: &usize| parts.would_join(&estimates[i].0);
        let eligible: Vec<usize> = (0..estimates.len()).filter(joins).collect();
        let rho = rho / rounds as f64;
        let chosen = release.choose_privately("edge of the tree", &scores, &eligible, rho)?;
        parts.join(&estimates[chosen].0);
        candidates[chosen].required = true;
    }
    candidates.retain(|candidate| candidate.required);
    Ok(candidates)
}

/// Attributes that are connected so far, by the number of their part.
#[derive(Clone, Debug)]
struct Parts(Vec<u32>);

impl Parts {
    fn new(attrs: usize) -> Self {
        Self((0..attrs as u32).collect())
    }

    /// Whether the attributes lie in more than one part.
    fn would_join(&self, attrs: &AttrSet) -> bool {
        let part = |attr: u32| self.0[attr as usize];
        attrs
            .iter()
            .any(|attr| part(attr) != part(attrs.as_slice()[0]))
    }

    /// Connects the attributes.
    fn join(&mut self, attrs: &AttrSet) {
        let joined: Vec<u32> = attrs.iter().map(|attr| self.0[attr as usize]).collect();
        for part in &mut self.0 {
            if joined.contains(part) {
                *part = joined[0];
            }
        }
    }

    /// How many of these sets of two a spanning tree takes.
    fn rounds<'a>(&self, sets: impl Iterator<Item = &'a AttrSet>) -> usize {
        let mut parts = self.clone();
        let mut rounds = 0;
        for set in sets {
            if parts.would_join(set) {
                parts.join(set);
                rounds += 1;
            }
        }
        rounds
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_spanning_tree_takes_one_edge_less_than_parts() {
        let mut parts = Parts::new(4);
        let pairs: Vec<AttrSet> = AttrSet::pairs(4).collect();
        assert_eq!(parts.rounds(pairs.iter()), 3);
        parts.join(&AttrSet::new([0, 2, 3]));
        assert!(!parts.would_join(&AttrSet::new([2, 3])));
        assert!(parts.would_join(&AttrSet::new([1, 3])));
        assert_eq!(parts.rounds(pairs.iter()), 1);
    }
}
