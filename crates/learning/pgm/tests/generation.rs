//! Rows against the model they came from.

use parable_domain::{AttrSet, Codes, Domain, MarginalSource};
use parable_pgm::{Factor, MarkovField, ModelError};
use parable_seed::Seed;

const ROWS: usize = 20_000;

fn field(levels: &[u32], sets: &[&[u32]], number: u64) -> MarkovField {
    field_of_strength(levels, sets, number, 1.5)
}

fn field_of_strength(levels: &[u32], sets: &[&[u32]], number: u64, strength: f64) -> MarkovField {
    let names = ["a", "b", "c", "d", "e", "f"];
    let domain = Domain::new(names.into_iter().zip(levels.iter().copied())).unwrap();
    let mut rng = Seed::from_u64(number).rng();
    let factors: Vec<Factor> = sets
        .iter()
        .map(|set| {
            let attrs = AttrSet::new(set.iter().copied());
            let cells = domain.cells(&attrs).unwrap();
            let logs = (0..cells).map(|_| strength * rng.normal()).collect();
            Factor::new(&domain, attrs, logs).unwrap()
        })
        .collect();
    MarkovField::from_factors(&domain, &factors, ROWS as f64, 1 << 20).unwrap()
}

/// The largest distance of a count from its expectation, in units of sqrt(expectation + 1), over
/// all sets of up to two attributes.
fn worst(model: &MarkovField, rows: &Codes) -> f64 {
    let attrs = model.domain().len();
    let sets: Vec<AttrSet> = (0..attrs as u32)
        .map(|a| AttrSet::new([a]))
        .chain(AttrSet::pairs(attrs))
        .collect();
    let scale = rows.rows() as f64 / model.total();
    let mut worst = 0.0f64;
    for (attrs, counts) in sets.iter().zip(rows.counts(&sets).unwrap()) {
        for (expected, &found) in model.marginal(attrs).unwrap().iter().zip(counts.cells()) {
            let expected = expected * scale;
            worst = worst.max((found as f64 - expected).abs() / (expected + 1.0).sqrt());
        }
    }
    worst
}

/// Every clique shape: a chain, a star (siblings under one parent), siblings under a pair, a cycle,
/// parts that do not touch, one large clique.
const SHAPES: [&[&[u32]]; 6] = [
    &[&[0, 1], &[1, 2], &[2, 3], &[3, 4], &[4, 5]],
    &[&[0, 1], &[0, 2], &[0, 3], &[0, 4], &[0, 5]],
    &[&[0, 1, 2], &[0, 1, 3], &[0, 1, 4], &[4, 5]],
    &[&[0, 1], &[1, 2], &[2, 3], &[3, 4], &[4, 5], &[0, 5]],
    &[&[0, 3], &[1, 4], &[2]],
    &[&[0, 1, 2, 3, 4, 5]],
];

#[test]
fn counts_of_all_pairs_follow_the_model_siblings_included() {
    // Rounding errs less than independent draws, whose counts lie within 6 standard deviations
    // (two-sided probability 2e-9 for each of the at most 360 cells of a shape; the Poisson tail of
    // small cells is covered by the + 1). A generator that lets siblings depend on row order is off
    // by hundreds of standard deviations.
    for (shape, sets) in SHAPES.iter().enumerate() {
        for number in 0..3 {
            let model = field(&[3, 4, 2, 5, 3, 2], sets, number);
            let rows = model.generate(ROWS, &Seed::from_u64(100 + number)).unwrap();
            let off = worst(&model, &rows);
            assert!(off < 6.0, "shape {shape}: {off}");
        }
    }
}

#[test]
fn the_check_sees_siblings_connected_by_row_order() {
    // The fault of a released package: ranks within each parent group follow row order, so both
    // children are sorted alike.
    let model = field(&[3, 4, 5], &[&[0, 1], &[0, 2]], 1);
    let rows = model.generate(ROWS, &Seed::from_u64(5)).unwrap();
    let mut order: Vec<usize> = (0..ROWS).collect();
    let mut columns: Vec<Vec<u32>> = (0..3).map(|attr| rows.column(attr).to_vec()).collect();
    order.sort_by_key(|&row| columns[0][row]);
    for attr in [1, 2] {
        let mut sorted: Vec<(u32, u32)> = (0..ROWS)
            .map(|row| (columns[0][row], columns[attr][row]))
            .collect();
        sorted.sort_unstable();
        for (&row, (_, code)) in order.iter().zip(sorted) {
            columns[attr][row] = code;
        }
    }
    let broken = Codes::new(model.domain().clone(), columns).unwrap();
    assert!(worst(&model, &broken) > 20.0);
}

#[test]
fn rounding_is_closer_than_independent_draws() {
    let model = field(&[3, 4, 2, 5, 3, 2], SHAPES[0], 7);
    let distance = |rows: &Codes| -> f64 {
        let sets: Vec<AttrSet> = (0..6).map(|a| AttrSet::new([a])).collect();
        let counts = rows.counts(&sets).unwrap();
        sets.iter()
            .zip(counts)
            .flat_map(|(set, counts)| {
                let expected = model.marginal(set).unwrap();
                (0..expected.len())
                    .map(|i| (expected[i] - counts.cells()[i] as f64).abs())
                    .collect::<Vec<_>>()
            })
            .sum()
    };
    let rounded = distance(&model.generate(ROWS, &Seed::from_u64(1)).unwrap());
    let drawn = distance(&model.draw(ROWS, &Seed::from_u64(1)).unwrap());
    assert!(rounded * 10.0 < drawn, "{rounded} {drawn}");
}

#[test]
fn independent_draws_follow_the_model_and_small_tables_begin_large_ones() {
    let model = field(&[3, 4, 2, 5, 3, 2], SHAPES[2], 2);
    let rows = model.draw(ROWS, &Seed::from_u64(9)).unwrap();
    assert!(worst(&model, &rows) < 6.0);
    let few = model.draw(100, &Seed::from_u64(9)).unwrap();
    for attr in 0..6 {
        assert_eq!(few.column(attr), &rows.column(attr)[..100]);
    }
}

#[test]
fn rare_combinations_appear_as_often_as_they_should() {
    // 200 tables of 7 rows: each cell's expected number is kept although hardly any reaches 1. Sums
    // of 200 roundings have a standard deviation of at most sqrt(200)/2 * 2; bound 6 times that.
    let model = field(&[4, 5, 3], &[&[0, 1], &[1, 2]], 4);
    let sets: Vec<AttrSet> = AttrSet::pairs(3).collect();
    let mut sums: Vec<Vec<f64>> = sets.iter().map(|s| model.marginal(s).unwrap()).collect();
    sums.iter_mut()
        .flatten()
        .for_each(|cell| *cell *= -1400.0 / ROWS as f64);
    for number in 0..200 {
        let rows = model.generate(7, &Seed::from_u64(number)).unwrap();
        for (sum, counts) in sums.iter_mut().zip(rows.counts(&sets).unwrap()) {
            for (sum, &count) in sum.iter_mut().zip(counts.cells()) {
                *sum += count as f64;
            }
        }
    }
    let worst = sums
        .iter()
        .flatten()
        .fold(0.0f64, |worst, off| worst.max(off.abs()));
    assert!(worst < 85.0, "{worst}");
}

#[test]
fn given_columns_stay_and_the_others_follow_them() {
    let model = field(&[3, 4, 2, 5, 3, 2], SHAPES[1], 3);
    let given: Vec<u32> = (0..ROWS as u32).map(|row| row % 4).collect();
    let rows = model
        .generate_given(&[(1, given.clone())], &Seed::from_u64(6))
        .unwrap();
    assert_eq!(rows.column(1), given);
    // Each quarter against the model given that code: 5 attributes, 6 standard deviations of
    // independent draws.
    for code in 0..4u32 {
        let part = model.given(&[(1, code)]).unwrap();
        let columns = (0..6)
            .map(|attr| {
                let column = rows.column(attr);
                (0..ROWS)
                    .filter(|&r| given[r] == code)
                    .map(|r| column[r])
                    .collect()
            })
            .collect();
        let quarter = Codes::new(model.domain().clone(), columns).unwrap();
        assert!(worst(&part, &quarter) < 6.0);
    }
    assert!(matches!(
        model.generate_given(&[(1, vec![9])], &Seed::from_u64(6)),
        Err(ModelError::Given { attr: 1, .. })
    ));
    assert!(
        model
            .generate_given(&[(1, vec![0]), (2, vec![])], &Seed::from_u64(6))
            .is_err()
    );
}

#[test]
fn no_rows_and_one_row_are_possible() {
    let model = field(&[3, 4], &[&[0, 1]], 1);
    assert_eq!(model.generate(0, &Seed::from_u64(1)).unwrap().rows(), 0);
    assert_eq!(model.generate(1, &Seed::from_u64(1)).unwrap().rows(), 1);
    assert_eq!(model.draw(0, &Seed::from_u64(1)).unwrap().rows(), 0);
}

#[test]
fn the_same_seed_gives_the_same_rows() {
    let model = field(&[3, 4, 2], &[&[0, 1], &[1, 2]], 1);
    let make = |seed| model.generate(500, &Seed::from_u64(seed)).unwrap();
    assert_eq!(make(1), make(1));
    assert_ne!(make(1), make(2));
}

/// The rows of several tables, one after the other.
fn joined(parts: &[Codes]) -> Codes {
    let columns = (0..parts[0].domain().len())
        .map(|attr| {
            let columns = parts.iter().map(|part| part.column(attr));
            columns.flatten().copied().collect()
        })
        .collect();
    Codes::new(parts[0].domain().clone(), columns).unwrap()
}

fn chunked(model: &MarkovField, rows: u64, size: usize, seed: u64) -> Vec<Codes> {
    let chunks = model.chunks(rows, size, &Seed::from_u64(seed)).unwrap();
    chunks.map(Result::unwrap).collect()
}

#[test]
fn chunks_join_into_one_table_of_the_same_quality() {
    // The bound is that of a table made at once; chunks of 7 rows leave nothing but shares to hand
    // out.
    for (shape, sets) in SHAPES.iter().enumerate() {
        let model = field(&[3, 4, 2, 5, 3, 2], sets, 1);
        for size in [7, 999, 6_000, ROWS] {
            let parts = chunked(&model, ROWS as u64, size, 8);
            assert_eq!(parts.len(), ROWS.div_ceil(size));
            let whole = joined(&parts);
            assert_eq!(whole.rows(), ROWS);
            let off = worst(&model, &whole);
            assert!(off < 6.0, "shape {shape}, chunks of {size}: {off}");
            // A chunk on its own follows the model, too.
            if size >= 999 {
                let off = worst(&model, &parts[0]);
                assert!(off < 6.0, "shape {shape}, first chunk of {size}: {off}");
            }
        }
    }
}

#[test]
fn the_cliques_of_joined_chunks_are_those_of_a_table_made_at_once() {
    let model = field(&[3, 4, 2, 5, 3, 2], SHAPES[2], 5);
    let sets = model.tree().cliques().to_vec();
    let at_once = model.generate(3_000, &Seed::from_u64(4)).unwrap();
    for size in [1, 50, 1_234] {
        let whole = joined(&chunked(&model, 3_000, size, 4));
        for (a, b) in whole
            .counts(&sets)
            .unwrap()
            .iter()
            .zip(at_once.counts(&sets).unwrap())
        {
            assert_eq!(a.cells(), b.cells());
        }
    }
}

#[test]
fn siblings_stay_independent_when_their_groups_hold_single_rows() {
    // A parent of 4,000 levels with two children: each group has about one row, and all that is
    // handed out is rounding. Given the parent the children are independent, so their joint counts
    // are sums over groups of independent draws: within 6 standard deviations. With groups in one
    // order for both children the worst cell is off by more than 10. (Weak relations, as different
    // ones in each group would hide that.)
    let model = field_of_strength(&[4_000, 4, 5], &[&[0, 1], &[0, 2]], 11, 0.1);
    let pair = AttrSet::new([1, 2]);
    let expected = model.marginal(&pair).unwrap();
    for size in [4_000, 500] {
        let whole = joined(&chunked(&model, 4_000, size, 3));
        let counts = whole.counts(std::slice::from_ref(&pair)).unwrap();
        for (expected, &found) in expected.iter().zip(counts[0].cells()) {
            let expected = expected * 4_000.0 / model.total();
            let off = (found as f64 - expected).abs() / (expected + 1.0).sqrt();
            assert!(off < 6.0, "{off} in chunks of {size}");
        }
    }
}

#[test]
fn what_is_left_is_known_before_it_is_made() {
    let model = field(&[3, 4, 2, 5, 3, 2], SHAPES[0], 2);
    let mut chunks = model.chunks(5_000, 2_000, &Seed::from_u64(2)).unwrap();
    let expected: Vec<Vec<u64>> = (0..6).map(|attr| chunks.counts(attr)).collect();
    assert_eq!(chunks.left(), 5_000);
    let parts: Vec<Codes> = chunks.by_ref().map(Result::unwrap).collect();
    let sets: Vec<AttrSet> = (0..6).map(|attr| AttrSet::new([attr])).collect();
    for (counts, expected) in joined(&parts).counts(&sets).unwrap().iter().zip(expected) {
        assert_eq!(counts.cells(), expected);
    }
    assert_eq!(chunks.counts(3), [0; 5]);
    assert!(chunked(&model, 0, 10, 1).is_empty());
}
