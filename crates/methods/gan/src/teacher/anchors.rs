//! Training on positions: where the numbers of each column lie within their modes.
//!
//! The shares of modes are learnt as those of all levels; this is the rest of what is known of a
//! column with modes: for each mode, how many rows have their position in each of a few cells that
//! hold equally many. The loss is the cross-entropy of these shares, given the mode, against those
//! of the mixture of components.

use rayon::prelude::*;

use crate::layout::Layout;

/// Cells of a mode, at most, and rows of a cell, at least.
const CELLS: usize = 8;
const ROWS: usize = 20;
/// Added to a share before anything is divided by it.
const LEAST_SHARE: f64 = 1e-7;
/// Weight of the loss beside that of the shares of levels. With more, components are pushed apart
/// in width: a batch of narrow ones fills cells unevenly.
const WEIGHT: f64 = 0.1;
/// Components of a block, whose sums are added up in order.
const BLOCK: usize = 64;

/// Known shares of positions.
pub(crate) struct Anchors {
    /// For each column with modes, for each mode.
    columns: Vec<Vec<Cells>>,
}

struct Cells {
    /// Edges, from one end of the mode to the other.
    edges: Vec<f64>,
    /// Share of each, of all rows.
    shares: Vec<f64>,
}

/// Gradients for the shares of levels, `[examples, width]`, and for the mode parameters,
/// `[examples, parameters]`.
pub(crate) type Gradients = (Vec<f32>, Vec<f32>);

/// Of one component and one mode: the share of the mode, and for each cell its probability and its
/// derivatives by both parameters.
struct Seen {
    share: f64,
    cells: Vec<[f64; 3]>,
}

impl Anchors {
    /// Counts the positions of rows: the level of each in every column, and the position in every
    /// column with modes.
    pub(crate) fn of(layout: &Layout, levels: &[Vec<u32>], positions: &[Vec<f32>]) -> Self {
        let heads = layout.heads().columns().iter().zip(positions);
        let columns = heads.map(|(head, positions)| {
            let mut own: Vec<Vec<f64>> = vec![Vec::new(); head.levels().len()];
            for (&level, &position) in levels[head.column].iter().zip(positions) {
                if let Some(mode) = head.mode(level as usize) {
                    own[mode].push(f64::from(position));
                }
            }
            let rows = positions.len() as f64;
            let modes = own.into_iter().enumerate();
            modes
                .map(|(mode, mut own)| {
                    own.sort_by(f64::total_cmp);
                    let count = (own.len() / ROWS).clamp(1, CELLS);
                    let stretch = head.stretch(mode);
                    let mut edges = vec![stretch.low];
                    edges.extend((1..count).map(|at| own[at * own.len() / count]));
                    edges.push(stretch.high);
                    edges.dedup_by(|next, edge| *next <= *edge);
                    let within = edges.windows(2).enumerate().map(|(at, pair)| {
                        let from = if at == 0 {
                            0
                        } else {
                            own.partition_point(|x| *x < pair[0])
                        };
                        let to = if at + 2 == edges.len() {
                            own.len()
                        } else {
                            own.partition_point(|x| *x < pair[1])
                        };
                        (to - from) as f64 / rows
                    });
                    Cells {
                        shares: within.collect(),
                        edges,
                    }
                })
                .collect()
        });
        Self {
            columns: columns.collect(),
        }
    }

    /// The gradients of the loss, by the shares of the levels and by the mode parameters of each
    /// component.
    pub(crate) fn gradients(
        &self,
        layout: &Layout,
        shares: &[f32],
        parameters: &[f32],
    ) -> Gradients {
        let (width, outputs) = (layout.width(), layout.heads().outputs());
        let examples = shares.len() / width.max(1);
        let mut by_shares = vec![0.0f32; shares.len()];
        let mut by_parameters = vec![0.0f32; parameters.len()];
        for (at, known) in self.columns.iter().enumerate() {
            let seen = self.see(layout, at, shares, parameters);
            let synthetic = sums(known, &seen, examples);
            let head = &layout.heads().columns()[at];
            let units = layout.column(head.column).start + head.levels().start;
            let scale = WEIGHT / examples as f64;
            by_shares
                .par_chunks_mut(width)
                .zip(by_parameters.par_chunks_mut(outputs))
                .zip(seen.par_chunks(known.len()))
                .with_min_len(BLOCK)
                .for_each(|((by_shares, by_parameters), seen)| {
                    for (mode, ((known, synthetic), seen)) in
                        known.iter().zip(&synthetic).zip(seen).enumerate()
                    {
                        let all: f64 = known.shares.iter().sum();
                        let mut by_share = all / (synthetic.iter().sum::<f64>() + LEAST_SHARE);
                        let mut by_numbers = [0.0; 2];
                        let cells = known.shares.iter().zip(synthetic).zip(&seen.cells);
                        for ((real, synthetic), [mass, first, second]) in cells {
                            let slope = -real / (synthetic + LEAST_SHARE);
                            by_share += slope * mass;
                            by_numbers[0] += slope * seen.share * first;
                            by_numbers[1] += slope * seen.share * second;
                        }
                        by_shares[units + mode] += (scale * by_share) as f32;
                        let place = head.place(mode);
                        for (at, by) in by_numbers.into_iter().enumerate() {
                            by_parameters[place + at] += (scale * by) as f32;
                        }
                    }
                });
        }
        (by_shares, by_parameters)
    }

    /// Of each component and mode of a column, the probabilities of the cells.
    fn see(&self, layout: &Layout, at: usize, shares: &[f32], parameters: &[f32]) -> Vec<Seen> {
        let head = &layout.heads().columns()[at];
        let units = layout.column(head.column).start + head.levels().start;
        let known = &self.columns[at];
        let examples = shares.par_chunks(layout.width());
        let parameters = parameters.par_chunks(layout.heads().outputs());
        let each = examples.zip(parameters).with_min_len(BLOCK);
        each.flat_map_iter(|(shares, parameters)| {
            known.iter().enumerate().map(move |(mode, known)| Seen {
                share: f64::from(shares[units + mode]),
                cells: head.position(mode, parameters).cells(&known.edges),
            })
        })
        .collect()
    }

    #[cfg(test)]
    fn loss(&self, layout: &Layout, shares: &[f32], parameters: &[f32]) -> f64 {
        let examples = shares.len() / layout.width();
        let columns = self.columns.iter().enumerate().map(|(at, known)| {
            let synthetic = sums(known, &self.see(layout, at, shares, parameters), examples);
            let modes = known.iter().zip(&synthetic).map(|(known, synthetic)| {
                let all = synthetic.iter().sum::<f64>() + LEAST_SHARE;
                let cells = known.shares.iter().zip(synthetic);
                cells
                    .map(|(real, synthetic)| -real * ((synthetic + LEAST_SHARE) / all).ln())
                    .sum::<f64>()
            });
            modes.sum::<f64>()
        });
        columns.sum()
    }
}

/// Shares of the cells of all modes in the mixture of components.
fn sums(known: &[Cells], seen: &[Seen], examples: usize) -> Vec<Vec<f64>> {
    let zeros = || -> Vec<Vec<f64>> {
        let modes = known.iter();
        modes.map(|known| vec![0.0; known.shares.len()]).collect()
    };
    let blocks: Vec<Vec<Vec<f64>>> = seen
        .par_chunks(BLOCK * known.len().max(1))
        .map(|block| {
            let mut sums = zeros();
            for component in block.chunks(known.len().max(1)) {
                for (sums, seen) in sums.iter_mut().zip(component) {
                    for (sum, [mass, ..]) in sums.iter_mut().zip(&seen.cells) {
                        *sum += seen.share * mass;
                    }
                }
            }
            sums
        })
        .collect();
    let mut all = zeros();
    for block in blocks {
        for (all, block) in all.iter_mut().flatten().zip(block.iter().flatten()) {
            *all += block / examples as f64;
        }
    }
    all
}

#[cfg(test)]
mod tests {
    use parable_nn::init::normals;
    use parable_seed::Seed;

    use super::*;
    use crate::numbers::heads::tests::around_one_without;

    /// Two columns with modes around one without, and rows of them.
    fn known() -> (Layout, Anchors) {
        let heads = around_one_without();
        let layout = Layout::new(&[4, 2, 3], [].iter()).with_heads(heads);
        let levels: Vec<Vec<u32>> = [4, 2, 3]
            .map(|count| (0..900).map(|row| row * 7 % count).collect())
            .to_vec();
        let position = |row: usize| (row as f32 * 0.37).sin() * 0.4;
        let positions = vec![(0..900).map(position).collect(); 2];
        let anchors = Anchors::of(&layout, &levels, &positions);
        (layout, anchors)
    }

    #[test]
    fn gradients_are_those_of_differences() {
        let (layout, anchors) = known();
        let seed = Seed::from_u64(2);
        let shares: Vec<f32> = normals(70 * 9, 1.0, &seed.stream("shares"))
            .iter()
            .map(|x| 0.1 + x.abs())
            .collect();
        let parameters = normals(70 * 8, 1.0, &seed.stream("parameters"));
        let (by_shares, by_parameters) = anchors.gradients(&layout, &shares, &parameters);
        for (which, gradient) in [&by_shares, &by_parameters].into_iter().enumerate() {
            let direction = normals(gradient.len(), 1.0, &seed.index(which as u64));
            let moved = |step: f32| {
                let (mut shares, mut parameters) = (shares.clone(), parameters.clone());
                let numbers = if which == 0 {
                    &mut shares
                } else {
                    &mut parameters
                };
                for (number, by) in numbers.iter_mut().zip(&direction) {
                    *number += step * by;
                }
                anchors.loss(&layout, &shares, &parameters)
            };
            let expected = (moved(1e-3) - moved(-1e-3)) / 2e-3;
            let products = gradient.iter().zip(&direction);
            let got: f64 = products.map(|(&g, &d)| f64::from(g) * f64::from(d)).sum();
            let size = gradient.iter().map(|&g| f64::from(g).powi(2)).sum::<f64>();
            // Numbers of single precision moved by a thousandth: half a percent of what a direction
            // of this length can give.
            let room = 0.005 * size.sqrt();
            let expected = WEIGHT * expected;
            assert!((got - expected).abs() < room, "{which}: {got} {expected}");
        }
    }

    #[test]
    fn a_mixture_that_has_the_shares_of_the_cells_is_left_as_it_is() {
        let (layout, mut anchors) = known();
        // Components all alike, and cells that hold what they make.
        let parameters = layout.heads().begin().repeat(50);
        let shares = vec![0.2f32; 50 * 9];
        for at in 0..2 {
            let seen = anchors.see(&layout, at, &shares, &parameters);
            let synthetic = sums(&anchors.columns[at], &seen, 50);
            for (known, synthetic) in anchors.columns[at].iter_mut().zip(synthetic) {
                known.shares = synthetic;
            }
        }
        let (by_shares, by_parameters) = anchors.gradients(&layout, &shares, &parameters);
        let largest = by_shares.iter().chain(&by_parameters).map(|x| x.abs());
        assert!(largest.fold(0.0, f32::max) < 1e-6);
    }
}
