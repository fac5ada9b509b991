//! Binnings: how the values of a predictor become small whole numbers that all trees share.

/// Most bins of a predictor; one with more levels cannot be used.
pub const MAX_BINS: usize = 60_000;

/// Meaning of the bins of a predictor: first bins of values, then bins of missing values.
///
/// A predictor with an order is cut between two bins of values; at each cut missing values go to
/// one side, or one kind of missing value is split off from all other rows. Levels without an order
/// are divided into two sets, and bins of missing values with them.
///
/// ```
/// use parable_tree::Binning;
///
/// let binning = Binning::of_numbers(&[3.0, 1.0, f64::NAN, 2.0, 3.0], 255);
/// assert_eq!(binning.encode(&[1.0, 2.4, 9.0, f64::NAN]), [0, 1, 2, 3]);
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Binning {
    /// The bins of values.
    pub scale: Scale,
    /// Number of bins of missing values.
    pub missing: usize,
}

/// The bins of values of a predictor.
#[derive(Clone, Debug, PartialEq)]
pub enum Scale {
    /// Numbers: bin `b` holds what is above edge `b - 1` and not above edge `b`.
    Numeric {
        /// Edges between the bins, ascending.
        edges: Vec<f64>,
        /// Centre of each bin, needed while trees are grown and not afterwards.
        centres: Vec<f64>,
    },
    /// So many levels with an order: the code is the bin.
    Ordinal(usize),
    /// So many levels without an order: the code is the bin.
    Nominal(usize),
}

impl Binning {
    /// Bins for these numbers, of about equal counts if there are more than `max_bins` distinct
    /// ones; NaN is missing and has a bin of its own.
    #[must_use]
    pub fn of_numbers(numbers: &[f64], max_bins: usize) -> Self {
        let mut sorted: Vec<f64> = numbers.iter().copied().filter(|x| !x.is_nan()).collect();
        sorted.sort_unstable_by(f64::total_cmp);
        Self {
            scale: Scale::of_sorted(&sorted, max_bins.min(MAX_BINS), 1),
            missing: 1,
        }
    }

    /// Levels with an order whose codes are the bins, and so many bins of missing values.
    #[must_use]
    pub fn ordinal(levels: usize, missing: usize) -> Self {
        Self {
            scale: Scale::Ordinal(levels),
            missing,
        }
    }

    /// Levels without an order whose codes are the bins, and so many bins of missing values.
    #[must_use]
    pub fn nominal(levels: usize, missing: usize) -> Self {
        Self {
            scale: Scale::Nominal(levels),
            missing,
        }
    }

    /// Returns the number of bins of values.
    #[must_use]
    pub fn values(&self) -> usize {
        match &self.scale {
            Scale::Numeric { edges, .. } => edges.len() + 1,
            Scale::Ordinal(levels) | Scale::Nominal(levels) => *levels,
        }
    }

    /// Returns the number of all bins.
    #[must_use]
    pub fn bins(&self) -> usize {
        self.values() + self.missing
    }

    /// Returns whether the bins of values have an order.
    #[must_use]
    pub fn is_ordered(&self) -> bool {
        !matches!(self.scale, Scale::Nominal(_))
    }

    /// Returns the bin of each number; NaN goes to the first bin of missing values.
    #[must_use]
    pub fn encode(&self, numbers: &[f64]) -> Vec<u16> {
        let missing = self.values() as u16;
        numbers
            .iter()
            .map(|&number| match number.is_nan() {
                true => missing,
                false => self.bin_of_number(number),
            })
            .collect()
    }

    /// Keeps only the edges after these bins (ascending) and drops the centres.
    ///
    /// A fitted tree needs only the edges at which it splits, and a list of all distinct numbers
    /// would hold the number of every row.
    pub fn keep_edges(&mut self, used: &[u16]) {
        if let Scale::Numeric { edges, centres } = &mut self.scale {
            *edges = used.iter().map(|&bin| edges[usize::from(bin)]).collect();
            *centres = Vec::new();
        }
    }

    /// Returns the bin of a number; 0 for predictors that are not numeric.
    #[must_use]
    pub fn bin_of_number(&self, number: f64) -> u16 {
        match &self.scale {
            Scale::Numeric { edges, .. } => edges.partition_point(|&edge| edge < number) as u16,
            Scale::Ordinal(_) | Scale::Nominal(_) => 0,
        }
    }

    /// Returns the last bin on the left of a cut between the bins `low` and `high`: half-way
    /// between their numbers, as in `rpart`.
    pub(crate) fn cut_between(&self, low: usize, high: usize) -> usize {
        if high <= low + 1 {
            return low;
        }
        match &self.scale {
            Scale::Numeric { centres, .. } => {
                let middle = f64::midpoint(centres[low], centres[high]);
                let last = centres.partition_point(|&centre| centre <= middle);
                last.clamp(low + 1, high) - 1
            }
            Scale::Ordinal(_) | Scale::Nominal(_) => usize::midpoint(low, high - 1),
        }
    }
}

impl Scale {
    /// Numeric bins for sorted numbers: one for each distinct number if there are at most
    /// `max_bins`, quantiles otherwise, with at least `min_rows` rows in each.
    #[must_use]
    pub fn of_sorted(sorted: &[f64], max_bins: usize, min_rows: usize) -> Self {
        let mut distinct: Vec<(f64, usize)> = Vec::new();
        for &number in sorted {
            match distinct.last_mut() {
                Some((last, count)) if *last == number => *count += 1,
                _ => distinct.push((number, 1)),
            }
        }
        let target = min_rows.max(if distinct.len() <= max_bins {
            1
        } else {
            sorted.len().div_ceil(max_bins)
        });
        let (mut edges, mut centres) = (Vec::new(), Vec::new());
        let (mut first, mut held, mut left) = (0, 0, sorted.len());
        for (index, &(number, count)) in distinct.iter().enumerate() {
            held += count;
            left -= count;
            // The last bin must not end up with a remainder that is too small.
            let full = held >= target && (left >= target || left == 0);
            if full || index + 1 == distinct.len() {
                centres.push(f64::midpoint(distinct[first].0, number));
                if let Some(&(next, _)) = distinct.get(index + 1) {
                    edges.push(f64::midpoint(number, next));
                }
                first = index + 1;
                held = 0;
            }
        }
        Self::Numeric { edges, centres }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn centres(sorted: &[f64], max_bins: usize, min_units: usize) -> Vec<f64> {
        match Scale::of_sorted(sorted, max_bins, min_units) {
            Scale::Numeric { centres, edges } => {
                assert_eq!(edges.len() + 1, centres.len().max(1));
                centres
            }
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn few_distinct_numbers_are_bins_of_their_own() {
        assert_eq!(centres(&[1.0, 1.0, 2.0, 5.0], 255, 1), [1.0, 2.0, 5.0]);
        assert_eq!(centres(&[], 255, 1), [0.0; 0]);
    }

    #[test]
    fn many_distinct_numbers_share_bins_evenly() {
        let sorted: Vec<f64> = (0..1_000).map(f64::from).collect();
        let bins = centres(&sorted, 10, 1);
        assert_eq!(bins.len(), 10);
        assert_eq!(bins[0], 49.5);
        assert_eq!(centres(&sorted[..20], 255, 8).len(), 2);
    }

    #[test]
    fn numbers_between_and_beyond_known_ones_have_a_bin() {
        let binning = Binning {
            scale: Scale::of_sorted(&[1.0, 2.0, 10.0], 255, 1),
            missing: 1,
        };
        let bins: Vec<u16> = [-5.0, 1.4, 1.5, 1.6, 6.1, 99.0]
            .map(|x| binning.bin_of_number(x))
            .into();
        assert_eq!(bins, [0, 0, 0, 1, 2, 2]);
        assert_eq!(binning.cut_between(0, 1), 0);
        assert_eq!(binning.cut_between(0, 2), 1);
    }
}
