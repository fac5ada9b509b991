//! The cells of a histogram: levels, or bins of equal width.

use crate::Undefined;
use crate::data::frame::{Data, FrameColumn};

/// The cells of one column with the number of real and synthetic rows in each.
#[derive(Clone, Debug)]
pub(crate) struct Cells {
    pub(crate) counts: Vec<[u64; 2]>,
    pub(crate) totals: [u64; 2],
    /// Edges of the bins of a numeric column: one more than cells.
    pub(crate) edges: Vec<f64>,
    /// For a column of levels: which code each cell is.
    pub(crate) codes: Vec<u32>,
}

impl Cells {
    /// Cells of a column, `Err` if one of the tables has no value to put into a cell.
    pub(crate) fn of(column: &FrameColumn, bins: usize) -> Result<Self, Undefined> {
        let cells = match &column.data {
            Data::Numbers(numbers) => Self::of_numbers(&numbers.real, &numbers.synthetic, bins)?,
            Data::Codes { labels, codes } => {
                let mut counts = vec![[0u64; 2]; labels.len() + 1];
                for &code in &codes.real {
                    counts[code as usize][0] += 1;
                }
                for &code in &codes.synthetic {
                    counts[code as usize][1] += 1;
                }
                let present: Vec<u32> = (0..counts.len() as u32)
                    .filter(|&code| counts[code as usize] != [0, 0])
                    .collect();
                Self {
                    counts: present.iter().map(|&c| counts[c as usize]).collect(),
                    totals: [codes.real.len() as u64, codes.synthetic.len() as u64],
                    edges: Vec::new(),
                    codes: present,
                }
            }
        };
        if cells.totals.contains(&0) {
            Err(Undefined::NoRows)
        } else {
            Ok(cells)
        }
    }

    /// Bins of equal width over the pooled range; NaN is in none. Closed on the left, the last also
    /// on the right.
    pub(crate) fn of_numbers(
        real: &[f64],
        synthetic: &[f64],
        bins: usize,
    ) -> Result<Self, Undefined> {
        let (mut low, mut high) = (f64::INFINITY, f64::NEG_INFINITY);
        for &x in real.iter().chain(synthetic) {
            if x < low {
                low = x;
            }
            if x > high {
                high = x;
            }
        }
        if low > high {
            return Err(Undefined::NoRows);
        }
        if low == high {
            (low, high) = (low - 0.5, high + 0.5);
        }
        let step = (high - low) / bins as f64;
        let mut edges: Vec<f64> = (0..bins).map(|i| low + i as f64 * step).collect();
        edges.push(high);
        let mut counts = vec![[0u64; 2]; bins];
        let mut totals = [0u64; 2];
        let scale = bins as f64 / (high - low);
        for (side, values) in [real, synthetic].into_iter().enumerate() {
            for &x in values {
                if x.is_nan() {
                    continue;
                }
                // The quotient may round to the wrong side of an edge; the edges decide.
                let mut bin = (((x - low) * scale) as usize).min(bins - 1);
                while bin > 0 && x < edges[bin] {
                    bin -= 1;
                }
                while bin + 1 < bins && x >= edges[bin + 1] {
                    bin += 1;
                }
                counts[bin][side] += 1;
                totals[side] += 1;
            }
        }
        Ok(Self {
            counts,
            totals,
            edges,
            codes: Vec::new(),
        })
    }

    pub(super) fn share(&self, cell: usize, side: usize) -> f64 {
        self.counts[cell][side] as f64 / self.totals[side] as f64
    }

    /// Jensen-Shannon distance of the shares: the root of the mean Kullback-Leibler divergence from
    /// their average, natural logarithm.
    pub(super) fn jensen_shannon(&self) -> f64 {
        let part = |share: f64, middle: f64| match share > 0.0 {
            true => 0.5 * share * (share / middle).ln(),
            false => 0.0,
        };
        let divergence: f64 = (0..self.counts.len())
            .map(|cell| {
                let (p, q) = (self.share(cell, 0), self.share(cell, 1));
                let middle = 0.5 * (p + q);
                part(p, middle) + part(q, middle)
            })
            .sum();
        divergence.max(0.0).sqrt()
    }

    /// The Kullback-Leibler divergence of the synthetic from the real shares, natural logarithm;
    /// infinite if a cell has real and no synthetic rows.
    pub(super) fn kullback_leibler(&self) -> f64 {
        let part = |cell| {
            let (p, q) = (self.share(cell, 0), self.share(cell, 1));
            if p > 0.0 { p * (p / q).ln() } else { 0.0 }
        };
        (0..self.counts.len()).map(part).sum::<f64>().max(0.0)
    }

    /// Mean absolute difference of densities: of shares over the width of their cell.
    pub(super) fn density_difference(&self) -> f64 {
        let width = self.edges[1] - self.edges[0];
        self.absolute_difference() / width / self.counts.len() as f64
    }

    /// Sum over cells of the absolute difference of shares, 0 to 2.
    pub(crate) fn absolute_difference(&self) -> f64 {
        (0..self.counts.len())
            .map(|cell| (self.share(cell, 0) - self.share(cell, 1)).abs())
            .sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counts(real: &[f64], synthetic: &[f64], bins: usize) -> Vec<[u64; 2]> {
        Cells::of_numbers(real, synthetic, bins).unwrap().counts
    }

    #[test]
    fn bins_are_closed_on_the_left_and_the_last_on_both_sides() {
        assert_eq!(
            counts(&[0.0, 0.5, 1.0], &[0.49, 0.99, 1.0], 2),
            [[1, 1], [2, 2]]
        );
        // 0.3 lies on the edge 3 * 0.1, which is a hair above it in binary: the edge decides.
        let cells = Cells::of_numbers(&[0.3], &[0.0, 1.0], 10).unwrap();
        assert_eq!(cells.edges[3], 0.30000000000000004);
        assert_eq!(cells.counts[2], [1, 0]);
    }

    #[test]
    fn a_constant_column_gets_a_widened_bin() {
        let cells = Cells::of_numbers(&[5.0; 3], &[5.0; 2], 10).unwrap();
        assert_eq!((cells.edges[0], cells.edges[10]), (4.5, 5.5));
        assert_eq!(cells.absolute_difference(), 0.0);
    }

    #[test]
    fn an_empty_synthetic_cell_makes_the_divergence_infinite_and_an_empty_real_one_does_not() {
        let all = Cells::of_numbers(&[0.0, 1.0], &[0.0, 0.0], 2).unwrap();
        assert_eq!(all.kullback_leibler(), f64::INFINITY);
        let half = Cells::of_numbers(&[0.0, 0.0], &[0.0, 1.0], 2).unwrap();
        assert!((half.kullback_leibler() - 2f64.ln()).abs() < 1e-15);
        assert_eq!(half.density_difference(), 1.0);
    }
}
