//! Splits from noisy histograms: cells that noise cannot tell apart become one node.

/// Cells of one level with their histograms: `nodes` times `branches` cells, the branch fastest.
pub(crate) struct Cells<'a> {
    /// Row-major: cells by levels of the target.
    pub(crate) counts: &'a [f64],
    /// Variance of each count.
    pub(crate) variance: f64,
    pub(crate) branches: usize,
    /// Number of branches, from the first, that have an order.
    pub(crate) ordered: usize,
    pub(crate) width: usize,
}

/// Returns the new node of each cell, numbered from 0 without gaps, nodes of one parent together.
///
/// Cells of one parent are joined step by step (Ward 1963), the least loss first: the rows that the
/// difference of their shares stands for, less the expected contribution of noise. Ordered branches
/// are joined with neighbours only. Joining ends when every further step would lose something and
/// there are at most `most` nodes.
pub(crate) fn cluster(cells: &Cells<'_>, most: usize) -> Vec<usize> {
    let nodes = cells.counts.len() / (cells.branches * cells.width).max(1);
    let mut parts: Vec<Vec<Part>> = (0..nodes)
        .map(|node| {
            (0..cells.branches)
                .map(|b| Part::of(cells, node, b))
                .collect()
        })
        .collect();
    let mut count = nodes * cells.branches;
    loop {
        let mut best: Option<(f64, usize, usize, usize)> = None;
        for (node, parts) in parts.iter().enumerate() {
            for a in 0..parts.len() {
                for b in a + 1..parts.len() {
                    if parts[a].ordered && parts[b].ordered && b != a + 1 {
                        continue;
                    }
                    let loss = parts[a].loss(&parts[b], cells.variance);
                    if best.is_none_or(|(least, ..)| loss < least) {
                        best = Some((loss, node, a, b));
                    }
                }
            }
        }
        let Some((loss, node, a, b)) = best.filter(|(loss, ..)| *loss <= 0.0 || count > most)
        else {
            break;
        };
        debug_assert!(loss.is_finite());
        let joined = parts[node].remove(b);
        parts[node][a].join(joined);
        count -= 1;
    }
    let mut of = vec![0; nodes * cells.branches];
    let mut next = 0;
    for (node, parts) in parts.iter().enumerate() {
        for part in parts {
            for &branch in &part.branches {
                of[node * cells.branches + branch] = next;
            }
            next += 1;
        }
    }
    of
}

struct Part {
    branches: Vec<usize>,
    ordered: bool,
    counts: Vec<f64>,
}

impl Part {
    fn of(cells: &Cells<'_>, node: usize, branch: usize) -> Self {
        let start = (node * cells.branches + branch) * cells.width;
        Self {
            branches: vec![branch],
            ordered: branch < cells.ordered,
            counts: cells.counts[start..start + cells.width].to_vec(),
        }
    }

    /// The number of rows, at least as many as noise alone would show.
    fn rows(&self, variance: f64) -> f64 {
        let noise = variance * (self.branches.len() * self.counts.len()) as f64;
        self.counts.iter().sum::<f64>().max(noise.sqrt())
    }

    fn loss(&self, other: &Self, variance: f64) -> f64 {
        let (a, b) = (self.rows(variance), other.rows(variance));
        let square = |(x, y): (&f64, &f64)| (x / a - y / b).powi(2);
        let difference: f64 = self.counts.iter().zip(&other.counts).map(square).sum();
        let noise = (self.branches.len() as f64 / (a * a) + other.branches.len() as f64 / (b * b))
            * variance
            * (self.counts.len() as f64 - 1.0);
        a * b / (a + b) * (difference - noise)
    }

    fn join(&mut self, other: Self) {
        self.branches.extend(other.branches);
        self.ordered |= other.ordered;
        for (count, more) in self.counts.iter_mut().zip(other.counts) {
            *count += more;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn branches_with_equal_shares_join_and_others_stay_apart() {
        let counts = [80.0, 20.0, 42.0, 8.0, 10.0, 90.0, 161.0, 39.0];
        let cells = Cells {
            counts: &counts,
            variance: 25.0,
            branches: 4,
            ordered: 0,
            width: 2,
        };
        assert_eq!(cluster(&cells, 4), [0, 0, 1, 0]);
        // Ordered, the last is not a neighbour of the first two.
        let ordered = Cells {
            ordered: 4,
            ..cells
        };
        assert_eq!(cluster(&ordered, 4), [0, 0, 1, 2]);
        assert_eq!(cluster(&ordered, 1), [0, 0, 0, 0]);
    }

    #[test]
    fn nodes_are_cut_each_in_their_own_way() {
        let counts = [50.0, 50.0, 52.0, 49.0, 90.0, 10.0, 10.0, 90.0];
        let cells = Cells {
            counts: &counts,
            variance: 16.0,
            branches: 2,
            ordered: 2,
            width: 2,
        };
        assert_eq!(cluster(&cells, 8), [0, 0, 1, 2]);
    }
}
