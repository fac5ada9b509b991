//! Takes fixed effects out of columns.

use parable_linalg::dot;
use rayon::prelude::*;

use crate::data::design::Design;
use crate::utility::linear_model::Absorbed;

/// Rounds of alternating projections at most.
const ROUNDS: usize = 10_000;
/// Largest change of any value in a round, relative to the column's spread, at which they end.
const TOLERANCE: f64 = 1e-12;
/// What is left of a column, relative, below which it is wholly determined by the fixed effects.
const NOTHING: f64 = 1e-9;

/// Subtracts group means of every fixed effect from every column; with several effects over and
/// over, until nothing changes (the method of alternating projections; Gaure 2013). Columns that
/// the effects determine become exactly 0. Says whether it came to an end.
pub(super) fn absorb(design: &mut Design, groups: &[Vec<u32>]) -> bool {
    let effects: Vec<Effect<'_>> = groups.iter().map(|groups| Effect::of(groups)).collect();
    design
        .columns_mut()
        .map(|column| {
            let before = dot(column, column).sqrt();
            let mut ended = effects.len() <= 1;
            for _ in 0..ROUNDS {
                let mut change = 0.0f64;
                for effect in &effects {
                    change = change.max(effect.centre(column));
                }
                if ended || change <= TOLERANCE * before {
                    ended = true;
                    break;
                }
            }
            if dot(column, column).sqrt() <= NOTHING * before {
                column.fill(0.0);
            }
            ended
        })
        .reduce(|| true, |a, b| a && b)
}

fn sizes(groups: &[u32]) -> Vec<f64> {
    let mut sizes = vec![0.0; groups.iter().max().map_or(0, |&max| max as usize + 1)];
    for &group in groups {
        sizes[group as usize] += 1.0;
    }
    sizes
}

/// A fixed effect: the group of each row, and the rows of each group.
struct Effect<'a> {
    groups: &'a [u32],
    sizes: Vec<f64>,
}

impl<'a> Effect<'a> {
    fn of(groups: &'a [u32]) -> Self {
        let sizes = sizes(groups);
        Self { groups, sizes }
    }

    /// Subtracts group means; the largest of them.
    fn centre(&self, column: &mut [f64]) -> f64 {
        let mut means = vec![0.0; self.sizes.len()];
        for (&group, &value) in self.groups.iter().zip(column.iter()) {
            means[group as usize] += value;
        }
        let mut largest = 0.0f64;
        for (mean, &size) in means.iter_mut().zip(&self.sizes) {
            if size > 0.0 {
                *mean /= size;
                largest = largest.max(mean.abs());
            }
        }
        for (&group, value) in self.groups.iter().zip(column.iter_mut()) {
            *value -= means[group as usize];
        }
        largest
    }
}

/// How many parameters the effects hold. With two, one is lost for each connected part of the
/// table; with more, one for each further effect, which counts too many rather than too few.
pub(super) fn parameters(groups: &[Vec<u32>], clusters: Option<&[u32]>) -> Absorbed {
    let count = |groups: &[&Vec<u32>]| -> usize {
        let levels = |groups: &Vec<u32>| sizes(groups).iter().filter(|&&n| n > 0.0).count();
        let all: usize = groups.iter().map(|groups| levels(groups)).sum();
        match groups {
            [a, b] => all - parts(a, b),
            several => all - several.len().saturating_sub(1),
        }
    };
    let all: Vec<&Vec<u32>> = groups.iter().collect();
    let across_clusters = match clusters {
        None => 0,
        Some(clusters) => {
            let (nested, crossed): (Vec<_>, Vec<_>) =
                all.iter().partition(|groups| is_nested(groups, clusters));
            let crossed = count(&crossed);
            if nested.is_empty() || crossed > 0 {
                crossed
            } else {
                1
            }
        }
    };
    Absorbed {
        all: count(&all),
        across_clusters,
    }
}

/// Whether all rows of a group lie in one cluster.
fn is_nested(groups: &[u32], clusters: &[u32]) -> bool {
    let mut of: Vec<Option<u32>> = vec![None; groups.iter().max().map_or(0, |&m| m as usize + 1)];
    groups
        .iter()
        .zip(clusters)
        .all(|(&group, &cluster)| *of[group as usize].get_or_insert(cluster) == cluster)
}

/// Connected parts of the graph whose edges are the rows.
fn parts(a: &[u32], b: &[u32]) -> usize {
    let offset = a.iter().max().map_or(0, |&max| max as usize + 1);
    let nodes = offset + b.iter().max().map_or(0, |&max| max as usize + 1);
    let mut parent: Vec<usize> = (0..nodes).collect();
    let mut present = vec![false; nodes];
    fn root(parent: &mut [usize], mut node: usize) -> usize {
        while parent[node] != node {
            parent[node] = parent[parent[node]];
            node = parent[node];
        }
        node
    }
    for (&left, &right) in a.iter().zip(b) {
        let (left, right) = (left as usize, offset + right as usize);
        (present[left], present[right]) = (true, true);
        let (left, right) = (root(&mut parent, left), root(&mut parent, right));
        parent[left] = right;
    }
    (0..nodes)
        .filter(|&node| present[node] && parent[node] == node)
        .count()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn design(columns: &[&[f64]]) -> Design {
        let mut design = Design::new(columns[0].len());
        columns
            .iter()
            .for_each(|column| design.push("", column.iter().copied()));
        design
    }

    #[test]
    fn one_effect_is_taken_out_at_once_and_what_it_determines_is_zero() {
        let groups = vec![vec![1, 1, 2, 2, 2]];
        let mut columns = design(&[&[1.0, 3.0, 4.0, 5.0, 9.0], &[0.1, 0.1, 0.7, 0.7, 0.7]]);
        assert!(absorb(&mut columns, &groups));
        assert_eq!(columns.column(0), [-1.0, 1.0, -2.0, -1.0, 3.0]);
        assert_eq!(columns.column(1), [0.0; 5]);
    }

    #[test]
    fn two_effects_leave_what_indicators_would() {
        // The residual of least squares on indicators of both is orthogonal to each of them.
        let groups = vec![vec![1, 1, 1, 2, 2, 3, 3], vec![1, 2, 3, 1, 2, 3, 1]];
        let mut columns = design(&[&[5.0, 1.0, 4.0, 2.0, 8.0, 7.0, 3.0]]);
        assert!(absorb(&mut columns, &groups));
        for groups in &groups {
            for level in 1..=3 {
                let rows = groups.iter().zip(columns.column(0));
                let sum: f64 = rows.filter(|(g, _)| **g == level).map(|(_, v)| v).sum();
                assert!(sum.abs() < 1e-9, "{sum}");
            }
        }
        assert_eq!(parameters(&groups, None).all, 5);
        let apart = vec![vec![1, 1, 2, 2], vec![1, 2, 3, 4]];
        assert_eq!(parameters(&apart, None).all, 4);
    }

    #[test]
    fn effects_within_clusters_are_counted_once() {
        let classes = vec![vec![1, 1, 2, 2, 3, 3]];
        let schools = [1, 1, 1, 1, 2, 2];
        assert_eq!(parameters(&classes, Some(&schools)).across_clusters, 1);
        assert_eq!(
            parameters(&classes, Some(&[1, 2, 1, 2, 1, 2])).across_clusters,
            3
        );
    }
}
