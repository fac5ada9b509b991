//! The order in which levels are listed when nobody says otherwise.

use std::cmp::Ordering;

use super::number;
use crate::NumberFormat;

/// Sorts by value if every text is a number, and otherwise as a person lists names: runs of digits
/// by their value, the rest by character.
pub fn sort_levels(levels: &mut [&str]) {
    let plain = NumberFormat::default();
    let values: Option<Vec<f64>> = levels
        .iter()
        .map(|level| number::parse(level, &plain).ok().map(|n| n.value))
        .collect();
    match values {
        Some(values) => {
            let mut order: Vec<(f64, &str)> =
                values.into_iter().zip(levels.iter().copied()).collect();
            order.sort_by(|a, b| a.0.total_cmp(&b.0).then_with(|| a.1.cmp(b.1)));
            for (level, (_, text)) in levels.iter_mut().zip(order) {
                *level = text;
            }
        }
        None => levels.sort_by(|a, b| natural(a, b)),
    }
}

fn natural(a: &str, b: &str) -> Ordering {
    let (mut left, mut right) = (a.as_bytes(), b.as_bytes());
    while let (Some(&x), Some(&y)) = (left.first(), right.first()) {
        if x.is_ascii_digit() && y.is_ascii_digit() {
            let (m, n) = (digits(left), digits(right));
            let (p, q) = (significant(&left[..m]), significant(&right[..n]));
            let order = p.len().cmp(&q.len()).then_with(|| p.cmp(q));
            if order != Ordering::Equal {
                return order;
            }
            (left, right) = (&left[m..], &right[n..]);
        } else if x != y {
            return x.cmp(&y);
        } else {
            (left, right) = (&left[1..], &right[1..]);
        }
    }
    left.len().cmp(&right.len()).then_with(|| a.cmp(b))
}

fn digits(text: &[u8]) -> usize {
    text.iter().take_while(|byte| byte.is_ascii_digit()).count()
}

fn significant(digits: &[u8]) -> &[u8] {
    let zeros = digits.iter().take_while(|&&byte| byte == b'0').count();
    &digits[zeros..]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(mut levels: Vec<&str>, expected: &[&str]) {
        sort_levels(&mut levels);
        assert_eq!(levels, expected);
    }

    #[test]
    fn numbers_sort_by_value_and_names_with_numbers_naturally() {
        check(vec!["10", "9", "-1", "2.5"], &["-1", "2.5", "9", "10"]);
        check(vec!["q10", "q9", "q09", "p"], &["p", "q09", "q9", "q10"]);
        check(vec!["b", "", "a"], &["", "a", "b"]);
        check(vec!["1-2", "1-10", "x"], &["1-2", "1-10", "x"]);
    }
}
