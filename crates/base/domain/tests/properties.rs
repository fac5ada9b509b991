//! Counts agree with brute force, and marginals with each other.

use parable_domain::{AttrSet, Codes, Counts, Domain, MarginalCache, MarginalSource};
use proptest::prelude::*;

/// A domain of up to eight attributes and rows of codes.
fn codes() -> impl Strategy<Value = Codes> {
    (
        prop::collection::vec(1u32..90, 1..8),
        0usize..300,
        any::<u32>(),
    )
        .prop_map(|(levels, rows, salt)| {
            let columns = levels.iter().enumerate().map(|(attr, &levels)| {
                let code = |row: usize| {
                    let mixed = (row as u32 ^ salt)
                        .wrapping_mul(2_654_435_761)
                        .rotate_left(attr as u32 + 7)
                        .wrapping_mul(40_503);
                    mixed % levels
                };
                (0..rows).map(code).collect()
            });
            let columns = columns.collect();
            let attrs = levels
                .iter()
                .enumerate()
                .map(|(i, &levels)| (format!("x{i}"), levels));
            Codes::new(Domain::new(attrs).unwrap(), columns).unwrap()
        })
}

fn brute_force(codes: &Codes, attrs: &AttrSet) -> Vec<u64> {
    let levels = codes.domain().levels(attrs).unwrap();
    let mut cells = vec![0; levels.iter().map(|&levels| levels as usize).product()];
    for row in 0..codes.rows() {
        let cell = attrs.iter().zip(&levels).fold(0, |cell, (attr, &levels)| {
            cell * levels as usize + codes.column(attr as usize)[row] as usize
        });
        cells[cell] += 1;
    }
    cells
}

proptest! {
    #[test]
    fn counts_equal_brute_force(codes in codes()) {
        let attrs = codes.domain().len();
        let mut sets: Vec<AttrSet> = AttrSet::pairs(attrs).collect();
        sets.push(AttrSet::empty());
        sets.extend((0..attrs as u32).map(|attr| AttrSet::new([attr])));
        sets.extend((2..attrs as u32).map(|attr| AttrSet::new([attr, attr - 1, attr - 2])));
        sets.reverse();
        for (counts, attrs) in codes.counts(&sets).unwrap().iter().zip(&sets) {
            prop_assert_eq!(counts.attrs(), attrs);
            prop_assert_eq!(counts.cells(), &brute_force(&codes, attrs)[..]);
            prop_assert_eq!(counts.total(), codes.rows() as u64);
        }
    }

    #[test]
    fn margins_of_margins_agree(codes in codes()) {
        let attrs = codes.domain().len() as u32;
        let large = AttrSet::new(0..attrs.min(3));
        let cache = MarginalCache::fetch(&codes, std::slice::from_ref(&large)).unwrap();
        let smaller = [AttrSet::empty(), AttrSet::new([0]), AttrSet::new([0, (attrs - 1).min(2)])];
        prop_assert_eq!(cache.counts(&smaller).unwrap(), codes.counts(&smaller).unwrap());
    }
}

#[test]
fn more_rows_than_a_block_are_counted_once_each() {
    let rows = 50_000;
    let columns: Vec<Vec<u32>> = (0..6)
        .map(|attr| (0..rows).map(|row| (row * (attr + 3) / 7) % 5).collect())
        .collect();
    let domain = Domain::new((0..6).map(|i| (format!("x{i}"), 5))).unwrap();
    let codes = Codes::new(domain, columns).unwrap();
    let sets: Vec<AttrSet> = AttrSet::pairs(6).collect();
    for (counts, attrs) in codes.counts(&sets).unwrap().iter().zip(&sets) {
        assert_eq!(counts.cells(), brute_force(&codes, attrs));
    }
}

#[test]
fn exact_counts_and_codes_do_not_print() {
    let domain = Domain::new([("arm", 2)]).unwrap();
    let codes = Codes::new(domain.clone(), vec![vec![1; 4_711]]).unwrap();
    let counts = Counts::new(&domain, AttrSet::new([0]), vec![0, 4_711]).unwrap();
    assert_eq!(
        format!("{counts:?}"),
        "Counts { attrs: AttrSet([0]), levels: [2], cells: [2 hidden] }"
    );
    assert!(!format!("{codes:?}").contains("[1, 1"));
}

#[test]
fn questions_and_codes_that_do_not_fit_are_refused() {
    let domain = Domain::new([("arm", 2), ("school", 60_000), ("pupil", 60_000)]).unwrap();
    let codes = Codes::new(domain.clone(), vec![vec![1], vec![0], vec![2]]).unwrap();
    let said = |sets: &[AttrSet]| codes.counts(sets).unwrap_err().to_string();
    assert_eq!(
        said(&[AttrSet::new([3])]),
        "attribute 3 does not exist: the domain has 3"
    );
    assert_eq!(
        said(&[AttrSet::new([1, 2])]),
        "the marginal over {1, 2} has 3600000000 cells, above the limit of 268435456"
    );
    assert_eq!(
        Codes::new(domain.clone(), vec![vec![1], vec![0], vec![60_000]])
            .unwrap_err()
            .to_string(),
        "attribute `pupil`, row 1: the code is not below the number of levels, 60000"
    );
    assert!(Codes::new(domain.clone(), vec![vec![1], vec![0]]).is_err());
    assert!(Codes::new(domain, vec![vec![1], vec![0], vec![]]).is_err());
    assert!(Domain::new([("a", 2), ("a", 3)]).is_err());
    assert!(Domain::new([("a", 0)]).is_err());
    let empty = MarginalCache::new(codes.domain().clone(), []).unwrap();
    assert_eq!(
        empty.counts(&[AttrSet::new([0])]).unwrap_err().to_string(),
        "no held marginal covers {0}"
    );
}
