//! The intraclass correlation (ICC): the share of the variance of a column that lies between
//! clusters.

use crate::Undefined;

/// An intraclass correlation, or why there is none.
pub(crate) struct IccEstimate {
    pub(crate) icc: Result<f64, Undefined>,
    pub(crate) rows: u64,
    /// The mean cluster size that the estimate uses.
    #[cfg(test)]
    pub(crate) n0: f64,
}

/// The intraclass correlation of values by cluster (`u32::MAX` is none): one-way analysis of
/// variance estimate (Donner 1986).
pub(crate) fn estimate_icc(values: &[f64], cluster: &[u32]) -> IccEstimate {
    let groups = cluster
        .iter()
        .filter(|&&c| c != u32::MAX)
        .max()
        .map_or(0, |&c| c as usize + 1);
    let mut counts = vec![0u64; groups];
    let mut sums = vec![0.0; groups];
    let used = || {
        let pairs = values.iter().zip(cluster);
        pairs.filter(|&(v, &c)| !v.is_nan() && c != u32::MAX)
    };
    let (mut low, mut high) = (f64::INFINITY, f64::NEG_INFINITY);
    for (&value, &c) in used() {
        counts[c as usize] += 1;
        sums[c as usize] += value;
        low = low.min(value);
        high = high.max(value);
    }
    let rows: u64 = counts.iter().sum();
    let clusters = counts.iter().filter(|&&count| count > 0).count() as f64;
    let n = rows as f64;
    let undefined = |why| IccEstimate {
        icc: Err(why),
        rows,
        #[cfg(test)]
        n0: f64::NAN,
    };
    if rows == 0 {
        return undefined(Undefined::NoRows);
    }
    if clusters < 2.0 || n <= clusters {
        return undefined(Undefined::TooFewClusters);
    }
    if low == high {
        return undefined(Undefined::ConstantColumn);
    }
    let mean = sums.iter().sum::<f64>() / n;
    let (mut between, mut squares) = (0.0, 0.0);
    for (&count, sum) in counts.iter().zip(&mut sums) {
        if count > 0 {
            *sum /= count as f64;
            between += count as f64 * (*sum - mean) * (*sum - mean);
            squares += (count * count) as f64;
        }
    }
    let within: f64 = used()
        .map(|(value, &c)| (value - sums[c as usize]) * (value - sums[c as usize]))
        .sum();
    let mean_square_between = between / (clusters - 1.0);
    let mean_square_within = within / (n - clusters);
    let n0 = (n - squares / n) / (clusters - 1.0);
    let icc = (mean_square_between - mean_square_within)
        / (mean_square_between + (n0 - 1.0) * mean_square_within);
    IccEstimate {
        icc: Ok(icc),
        rows,
        #[cfg(test)]
        n0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn identical_rows_within_clusters_correlate_fully() {
        let estimate = estimate_icc(&[1.0, 1.0, 5.0, 5.0], &[0, 0, 1, 1]);
        assert_eq!(estimate.icc, Ok(1.0));
        assert_eq!(estimate.n0, 2.0);
        let opposed = estimate_icc(&[1.0, 5.0, 1.0, 5.0], &[0, 0, 1, 1]);
        assert_eq!(opposed.icc, Ok(-1.0));
    }

    #[test]
    fn undefined_correlations_say_why() {
        let why = |values: &[f64], cluster: &[u32]| estimate_icc(values, cluster).icc.unwrap_err();
        assert_eq!(why(&[], &[]), Undefined::NoRows);
        assert_eq!(why(&[1.0, 2.0], &[0, 0]), Undefined::TooFewClusters);
        assert_eq!(why(&[1.0, 2.0], &[0, 1]), Undefined::TooFewClusters);
        assert_eq!(why(&[1.0; 4], &[0, 0, 1, 1]), Undefined::ConstantColumn);
        assert_eq!(why(&[f64::NAN; 2], &[0, 0]), Undefined::NoRows);
    }
}
