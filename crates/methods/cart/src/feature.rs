//! Predictors: how a column becomes bins that all trees share.

use parable_table::{Column, Field, Kind, Values};

/// What the bins of a predictor stand for. Missing reasons follow the bins of values: absent first, then coded reasons in order.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Coding {
    pub(crate) scale: Scale,
    /// Bins of missing reasons.
    pub(crate) reasons: usize,
}

/// The bins of values.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Scale {
    /// Numbers: bin `b` holds what is above edge `b - 1` and not above edge `b`. While trees are grown each bin has its centre, which fitted
    /// models do not keep.
    Numbers { edges: Vec<f64>, centres: Vec<f64> },
    /// Levels in an order: the code is the bin.
    Ranks(usize),
    /// Levels without an order: the code is the bin.
    Levels(usize),
}

/// More bins are not coded: a column with more levels than this is no predictor.
pub(crate) const MAX_BINS: usize = 60_000;

impl Coding {
    /// Bins of values.
    pub(crate) fn values(&self) -> usize {
        match &self.scale {
            Scale::Numbers { edges, .. } => edges.len() + 1,
            Scale::Ranks(levels) | Scale::Levels(levels) => *levels,
        }
    }

    /// All bins.
    pub(crate) fn bins(&self) -> usize {
        self.values() + self.reasons
    }

    /// Whether the bins of values have an order.
    pub(crate) fn ordered(&self) -> bool {
        !matches!(self.scale, Scale::Levels(_))
    }

    /// How the values of a column are coded: at most `max_bins` bins of numbers, with at least `min_units` rows in each. `None` for text
    /// and for more levels than can be coded.
    pub(crate) fn of(
        field: &Field,
        column: &Column,
        max_bins: usize,
        min_units: usize,
    ) -> Option<Self> {
        let reasons = field.missing_codes.len() + 1;
        let scale = match (&field.kind, column.values()) {
            (Kind::Nominal { .. }, Values::Codes(_)) => {
                Scale::Levels(field.kind.levels().map_or(0, parable_table::Levels::len))
            }
            (_, Values::Codes(_)) => {
                Scale::Ranks(field.kind.levels().map_or(0, parable_table::Levels::len))
            }
            (_, Values::Integer(_) | Values::Continuous(_)) => {
                let mut numbers: Vec<f64> = (0..column.len())
                    .filter_map(|row| column.number(row))
                    .collect();
                numbers.sort_unstable_by(f64::total_cmp);
                Self::numbers(&numbers, max_bins, min_units)
            }
            _ => return None,
        };
        let coding = Self { scale, reasons };
        (coding.bins() <= MAX_BINS).then_some(coding)
    }

    /// Bins for sorted numbers: each distinct number its own where there are few, quantiles otherwise.
    pub(crate) fn numbers(sorted: &[f64], max_bins: usize, min_units: usize) -> Scale {
        let mut distinct: Vec<(f64, usize)> = Vec::new();
        for &number in sorted {
            match distinct.last_mut() {
                Some((last, count)) if *last == number => *count += 1,
                _ => distinct.push((number, 1)),
            }
        }
        let target = min_units.max(if distinct.len() <= max_bins {
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
        Scale::Numbers { edges, centres }
    }

    /// Keeps only the edges at which some rule cuts (`used`, ascending bins) and forgets the centres: a model needs no more, and a list of all
    /// distinct numbers would hold everyone's own.
    pub(crate) fn keep_edges(&mut self, used: &[u16]) {
        if let Scale::Numbers { edges, centres } = &mut self.scale {
            *edges = used.iter().map(|&bin| edges[usize::from(bin)]).collect();
            *centres = Vec::new();
        }
    }

    /// The bin of a number; 0 if the predictor has no bin of values.
    pub(crate) fn bin_of_number(&self, number: f64) -> u16 {
        match &self.scale {
            Scale::Numbers { edges, .. } => edges.partition_point(|&edge| edge < number) as u16,
            Scale::Ranks(_) | Scale::Levels(_) => 0,
        }
    }

    /// The bins of a column's rows.
    pub(crate) fn encode(&self, column: &Column) -> Vec<u16> {
        let values = self.values();
        let mut bins: Vec<u16> = match column.values() {
            Values::Codes(codes) => codes.iter().map(|&code| code as u16).collect(),
            Values::Integer(numbers) => numbers
                .iter()
                .map(|&n| self.bin_of_number(n as f64))
                .collect(),
            Values::Continuous(numbers) => numbers.iter().map(|&n| self.bin_of_number(n)).collect(),
            _ => vec![0; column.len()],
        };
        if let Some(missing) = column.missing_bytes() {
            for (bin, &byte) in bins.iter_mut().zip(missing) {
                if byte != 0 {
                    *bin = (values + usize::from(byte) - 1) as u16;
                }
            }
        }
        bins
    }

    /// The last bin that goes left when a cut runs between the bins `low` and `high`: numbers are cut half-way, as in `rpart`.
    pub(crate) fn cut_between(&self, low: usize, high: usize) -> usize {
        if high <= low + 1 {
            return low;
        }
        match &self.scale {
            Scale::Numbers { centres, .. } => {
                let middle = f64::midpoint(centres[low], centres[high]);
                let last = centres.partition_point(|&centre| centre <= middle);
                last.clamp(low + 1, high) - 1
            }
            Scale::Ranks(_) | Scale::Levels(_) => usize::midpoint(low, high - 1),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn centres(sorted: &[f64], max_bins: usize, min_units: usize) -> Vec<f64> {
        match Coding::numbers(sorted, max_bins, min_units) {
            Scale::Numbers { centres, edges } => {
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
        let coding = Coding {
            scale: Coding::numbers(&[1.0, 2.0, 10.0], 255, 1),
            reasons: 1,
        };
        let bins: Vec<u16> = [-5.0, 1.4, 1.5, 1.6, 6.1, 99.0]
            .map(|x| coding.bin_of_number(x))
            .into();
        assert_eq!(bins, [0, 0, 0, 1, 2, 2]);
        assert_eq!(coding.cut_between(0, 1), 0);
        assert_eq!(coding.cut_between(0, 2), 1);
    }
}
