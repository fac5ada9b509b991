//! Quantiles (numbered as in Hyndman and Fan 1996).

/// Returns a quantile by linear interpolation: type 7, the default of R and NumPy.
///
/// - `sorted`: ascending
/// - `probability`: from 0 to 1
///
/// # Panics
///
/// If there are no values.
pub fn quantile(sorted: &[f64], probability: f64) -> f64 {
    let position = probability * (sorted.len() - 1) as f64;
    let below = position.floor() as usize;
    let above = (below + 1).min(sorted.len() - 1);
    let fraction = position - below as f64;
    sorted[below] + fraction * (sorted[above] - sorted[below])
}

/// Returns a quantile that is one of the values: type 1, the inverse of the empirical distribution
/// function. `None` for no values.
///
/// - `sorted`: ascending
/// - `probability`: from 0 to 1
pub fn order_statistic<T: Copy>(sorted: &[T], probability: f64) -> Option<T> {
    let last = sorted.len().checked_sub(1)?;
    let place = (probability * sorted.len() as f64).ceil() as usize;
    Some(sorted[place.saturating_sub(1).min(last)])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn interpolates_between_neighbours() {
        assert_eq!(quantile(&[1.0, 2.0, 3.0, 4.0], 0.25), 1.75);
        assert_eq!(quantile(&[1.0, 2.0, 3.0, 4.0], 1.0), 4.0);
        assert_eq!(quantile(&[7.0], 0.3), 7.0);
    }

    #[test]
    fn order_statistics_are_values() {
        let quarters = [0.0, 0.25, 0.5, 0.75, 1.0];
        let found = quarters.map(|p| order_statistic(&[1, 2, 3, 4, 5, 6], p));
        assert_eq!(found, [Some(1), Some(2), Some(3), Some(5), Some(6)]);
        assert_eq!(order_statistic::<i64>(&[], 0.5), None);
    }
}
