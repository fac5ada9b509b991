use std::collections::HashMap;
use std::path::Path;

use parable_seed::{Rng, Seed};
use serde_json::Value;

use super::*;
use crate::binning::{Binning, Scale};
use crate::nodes::Node;

fn binning(scale: Scale, missing: usize) -> Binning {
    Binning { scale, missing }
}

fn numbers(distinct: usize) -> Scale {
    let sorted: Vec<f64> = (0..distinct).map(|number| number as f64).collect();
    Scale::of_sorted(&sorted, usize::MAX, 1)
}

fn options(min_leaf_rows: usize) -> GrowOptions<'static> {
    GrowOptions::default().with_min_leaf_rows(min_leaf_rows)
}

/// Sum over both sides of what the splitter maximises, for the rows that go left.
fn score(response: &Response, left: &[bool]) -> f64 {
    let mut total = 0.0;
    for side in [true, false] {
        let rows: Vec<usize> = (0..left.len()).filter(|&row| left[row] == side).collect();
        total += match response {
            Response::Numbers(values) => rows.iter().map(|&row| values[row]).sum::<f64>().powi(2),
            Response::Classes { codes, count } => (0..*count as u32)
                .map(|class| {
                    (rows.iter().filter(|&&row| codes[row] == class).count() as f64).powi(2)
                })
                .sum(),
        } / rows.len() as f64;
    }
    total
}

fn root_score(
    binning: &Binning,
    bins: &[u16],
    response: &Response,
    min_leaf: usize,
) -> Option<f64> {
    let predictor = Predictor {
        feature: 0,
        binning,
        bins,
        min_rows: 1,
    };
    let once = options(min_leaf).with_max_depth(1);
    let rows: Vec<u32> = (0..bins.len() as u32).collect();
    let grown = grow(&[predictor], rows, response, &once);
    (grown.leaves() == 2).then(|| {
        let mut left = vec![false; bins.len()];
        grown
            .leaf(0)
            .iter()
            .for_each(|&row| left[row as usize] = true);
        score(response, &left)
    })
}

/// The best score of any division of the bins that are in the data, as long as it is allowed.
fn brute_force(
    bins: &[u16],
    response: &Response,
    min_leaf: usize,
    allowed: impl Fn(u32) -> bool,
) -> Option<f64> {
    let top = bins.iter().max().map_or(0, |&bin| u32::from(bin) + 1);
    (1..(1u32 << top) - 1)
        .filter(|&set| allowed(set))
        .filter_map(|set| {
            let left: Vec<bool> = bins.iter().map(|&bin| set >> bin & 1 == 1).collect();
            let held = left.iter().filter(|&&left| left).count();
            (held >= min_leaf && left.len() - held >= min_leaf).then(|| score(response, &left))
        })
        .max_by(f64::total_cmp)
}

fn responses(rng: &mut Rng, bins: &[u16]) -> [Response; 2] {
    let effect: Vec<f64> = (0..16).map(|_| rng.normal()).collect();
    let value: Vec<f64> = bins
        .iter()
        .map(|&bin| effect[usize::from(bin)] + rng.normal())
        .collect();
    let mean = value.iter().sum::<f64>() / value.len() as f64;
    let classes = value.iter().map(|&value| u32::from(value > 0.3)).collect();
    let centred = value.iter().map(|value| value - mean).collect();
    [
        Response::Numbers(centred),
        Response::Classes {
            codes: classes,
            count: 2,
        },
    ]
}

#[test]
fn splits_of_levels_are_the_best_of_all_subsets_for_numbers_and_two_classes() {
    let mut rng = Seed::from_u64(1).rng();
    for levels in 2..=8 {
        for _ in 0..20 {
            let bins: Vec<u16> = (0..60).map(|_| rng.below(levels) as u16).collect();
            for response in responses(&mut rng, &bins) {
                let own = root_score(
                    &binning(Scale::Nominal(levels as usize), 0),
                    &bins,
                    &response,
                    3,
                );
                let best = brute_force(&bins, &response, 3, |_| true);
                if let (Some(own), Some(best)) = (own, best) {
                    assert!(
                        (own - best).abs() < 1e-9 * best.abs().max(1.0),
                        "{own} {best}"
                    );
                }
            }
        }
    }
}

#[test]
fn cuts_of_numbers_with_missing_reasons_are_the_best_there_are() {
    let mut rng = Seed::from_u64(2).rng();
    for _ in 0..100 {
        let (values, reasons) = (5u32, 2u32);
        let bins: Vec<u16> = (0..50)
            .map(|_| rng.below(u64::from(values + reasons)) as u16)
            .collect();
        // Allowed: values up to a cut and no or all reasons, or one reason alone, and the
        // complements of these.
        let family = |set: u32| {
            let low = set & ((1 << values) - 1);
            let high = set >> values;
            let cut = (low + 1).is_power_of_two() && (high == 0 || high == 3);
            let alone = low == 0 && (high == 1 || high == 2);
            cut || alone
        };
        for response in responses(&mut rng, &bins) {
            let own = root_score(
                &binning(numbers(values as usize), reasons as usize),
                &bins,
                &response,
                4,
            );
            let best = brute_force(&bins, &response, 4, |set| {
                family(set) || family(!set & 0x7f)
            });
            let (own, best) = (own.expect("a split"), best.expect("a split"));
            assert!(
                (own - best).abs() < 1e-9 * best.abs().max(1.0),
                "{own} {best}"
            );
        }
    }
}

#[test]
fn splits_of_levels_for_many_classes_come_near_the_best_of_all_subsets() {
    let mut rng = Seed::from_u64(3).rng();
    let (mut reached, mut possible) = (0.0, 0.0);
    for _ in 0..60 {
        let bins: Vec<u16> = (0..200).map(|_| rng.below(7) as u16).collect();
        let lean: Vec<Vec<f64>> = (0..7)
            .map(|_| (0..4).map(|_| 0.2 + rng.uniform()).collect())
            .collect();
        let codes = bins
            .iter()
            .map(|&bin| {
                let mut sum = 0.0;
                let running: Vec<f64> = lean[usize::from(bin)]
                    .iter()
                    .map(|weight| {
                        sum += weight;
                        sum
                    })
                    .collect();
                rng.weighted(&running).expect("weights above 0") as u32
            })
            .collect();
        let response = Response::Classes { codes, count: 4 };
        let Response::Classes { codes, .. } = &response else {
            unreachable!("made of classes above");
        };
        let squares = (0..4).map(|class| {
            let held = codes.iter().filter(|&&code| code == class).count() as f64;
            held * held
        });
        let floor = squares.sum::<f64>() / 200.0;
        let own = root_score(&binning(Scale::Nominal(7), 0), &bins, &response, 5).expect("a split");
        let best = brute_force(&bins, &response, 5, |_| true).expect("a split");
        reached += own - floor;
        possible += best - floor;
    }
    // Random class shares are the hardest case for one direction; the mean over 60 tables was 0.93.
    assert!(reached > 0.85 * possible, "{}", reached / possible);
}

/// A table with numbers, levels and missing reasons, large enough for histograms.
fn mixed(rows: usize) -> (Vec<Binning>, Vec<Vec<u16>>, Vec<f64>) {
    let mut rng = Seed::from_u64(4).rng();
    let binnings = vec![
        binning(numbers(200), 2),
        binning(Scale::Nominal(30), 1),
        binning(Scale::Ordinal(5), 1),
        binning(numbers(40), 1),
    ];
    let bins: Vec<Vec<u16>> = binnings
        .iter()
        .map(|binning| {
            (0..rows)
                .map(|_| rng.below(binning.bins() as u64) as u16)
                .collect()
        })
        .collect();
    let target = (0..rows)
        .map(|row| f64::from(bins[0][row]) / 40.0 + f64::from(bins[1][row] % 3) + rng.normal())
        .collect();
    (binnings, bins, target)
}

fn check_consistent(response: &Response, rows: usize) {
    let (binnings, bins, _) = mixed(rows);
    let predictors: Vec<Predictor<'_>> = binnings
        .iter()
        .zip(&bins)
        .enumerate()
        .map(|(feature, (binning, bins))| Predictor {
            feature: feature as u16,
            binning,
            bins,
            min_rows: 1,
        })
        .collect();
    let grown = grow(
        &predictors,
        (0..rows as u32).collect(),
        response,
        &options(5),
    );
    let leaf_of = |row: usize| {
        let mut node = 0;
        loop {
            match &grown.nodes[node] {
                Node::Leaf(leaf) => return *leaf,
                Node::Split {
                    feature,
                    rule,
                    right,
                } => {
                    let feature = usize::from(*feature);
                    let left = rule.goes_left(bins[feature][row], binnings[feature].values());
                    node = if left { node + 1 } else { *right as usize };
                }
            }
        }
    };
    assert!(grown.leaves() > rows / 50, "{} leaves", grown.leaves());
    let mut seen = vec![false; rows];
    for leaf in 0..grown.leaves() {
        assert!(grown.leaf(leaf).len() >= 5);
        for &row in grown.leaf(leaf) {
            assert!(!std::mem::replace(&mut seen[row as usize], true));
            assert_eq!(leaf_of(row as usize), leaf as u32);
        }
    }
    assert!(seen.iter().all(|&seen| seen));
}

#[test]
fn rows_find_the_leaf_they_were_grown_into() {
    let (_, _, target) = mixed(6_000);
    let codes = target
        .iter()
        .map(|&value| (value.abs() as u32).min(6))
        .collect();
    check_consistent(&Response::Numbers(target), 6_000);
    check_consistent(&Response::Classes { codes, count: 7 }, 6_000);
}

#[test]
fn a_target_with_a_thousand_levels_and_a_predictor_with_more_are_no_obstacle() {
    let rows = 4_000;
    let bins: Vec<u16> = (0..rows).map(|row| (row * 7 % 1_280) as u16).collect();
    let codes: Vec<u32> = bins.iter().map(|&bin| u32::from(bin) / 4 * 3).collect();
    let binning = binning(Scale::Nominal(1_280), 1);
    let predictor = Predictor {
        feature: 0,
        binning: &binning,
        bins: &bins,
        min_rows: 1,
    };
    let response = Response::Classes {
        codes: codes.clone(),
        count: 1_000,
    };
    let grown = grow(&[predictor], (0..rows).collect(), &response, &options(5));
    let mixed = (0..grown.leaves()).filter(|&leaf| {
        let held = grown.leaf(leaf);
        held.iter()
            .any(|&row| codes[row as usize] != codes[held[0] as usize])
    });
    // Classes are whole groups of levels, with 12 or 13 rows each: nearly every leaf can be pure.
    assert!(mixed.count() * 10 < grown.leaves());
}

/// A table of the reference vectors: the rows without a missing cell, coded exactly.
struct Reference {
    header: Vec<String>,
    binnings: Vec<Binning>,
    bins: Vec<Vec<u16>>,
    /// Numbers, or codes of levels.
    numbers: Vec<Vec<f64>>,
    expected: Value,
}

fn reference(name: &str) -> Option<Reference> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../../shared/vectors/synthpop");
    let read = |file: &str| std::fs::read_to_string(folder.join(file)).ok();
    let Some(text) = read(&format!("{name}-real.csv")) else {
        eprintln!("SKIPPED: no reference vectors in {}", folder.display());
        return None;
    };
    let kinds: HashMap<String, String> =
        serde_json::from_str(&read(&format!("{name}-kinds.json"))?).ok()?;
    let expected: Value =
        serde_json::from_str(&read(&format!("{name}-cart-expected.json"))?).ok()?;
    let split = |line: &str| -> Vec<String> {
        line.split(',')
            .map(|cell| cell.trim_matches('"').to_owned())
            .collect()
    };
    let mut lines = text.lines().map(split);
    let header = lines.next()?;
    let rows: Vec<Vec<String>> = lines
        .filter(|row| row.iter().all(|cell| !cell.is_empty()))
        .collect();
    let (mut binnings, mut bins, mut numbers) = (Vec::new(), Vec::new(), Vec::new());
    for (column, name) in header.iter().enumerate() {
        let cells: Vec<&str> = rows.iter().map(|row| row[column].as_str()).collect();
        if kinds[name] == "num" {
            let own: Vec<f64> = cells
                .iter()
                .map(|cell| cell.parse().expect("a number"))
                .collect();
            let mut sorted = own.clone();
            sorted.sort_by(f64::total_cmp);
            let binning = binning(Scale::of_sorted(&sorted, usize::MAX, 1), 0);
            bins.push(
                own.iter()
                    .map(|&number| binning.bin_of_number(number))
                    .collect(),
            );
            binnings.push(binning);
            numbers.push(own);
        } else {
            let mut levels = cells.clone();
            levels.sort_unstable();
            levels.dedup();
            let own: Vec<u16> = cells
                .iter()
                .map(|cell| levels.partition_point(|level| level < cell) as u16)
                .collect();
            numbers.push(own.iter().map(|&code| f64::from(code)).collect());
            bins.push(own);
            binnings.push(binning(Scale::Nominal(levels.len()), 0));
        }
    }
    Some(Reference {
        header,
        binnings,
        bins,
        numbers,
        expected,
    })
}

/// Leaves and deviance of the subtree at a node, after pruning splits that do not reduce
/// misclassification (`rpart` with `cp` all but 0).
fn pruned(grown: &GrownTree, node: usize, loss: &dyn Fn(&[u32]) -> f64) -> (usize, f64, Vec<u32>) {
    match &grown.nodes[node] {
        Node::Leaf(leaf) => {
            let rows = grown.leaf(*leaf as usize).to_vec();
            (1, loss(&rows), rows)
        }
        Node::Split { right, .. } => {
            let left = pruned(grown, node + 1, loss);
            let right = pruned(grown, *right as usize, loss);
            let rows: Vec<u32> = left.2.into_iter().chain(right.2).collect();
            let whole = loss(&rows);
            if whole <= left.1 + right.1 + 1e-9 * whole {
                (1, whole, rows)
            } else {
                (left.0 + right.0, left.1 + right.1, rows)
            }
        }
    }
}

#[test]
fn trees_agree_with_rpart() {
    for name in ["adult", "star1"] {
        let Some(Reference {
            header,
            binnings,
            bins,
            numbers,
            expected,
        }) = reference(name)
        else {
            return;
        };
        for (target, tree) in expected["trees"].as_object().expect("trees") {
            let position = header
                .iter()
                .position(|column| column == target)
                .expect("a column");
            let predictors: Vec<Predictor<'_>> = (0..header.len())
                .filter(|&column| column != position)
                .map(|column| Predictor {
                    feature: column as u16,
                    binning: &binnings[column],
                    bins: &bins[column],
                    min_rows: 1,
                })
                .collect();
            let own = &numbers[position];
            let options = GrowOptions::default()
                .with_min_leaf_rows(5)
                .with_min_split_rows(15);
            let anova = tree["method"] == "anova";
            let classes = binnings[position].bins();
            let response = if anova {
                Response::Numbers(own.clone())
            } else {
                Response::Classes {
                    codes: own.iter().map(|&code| code as u32).collect(),
                    count: classes,
                }
            };
            let rows: Vec<u32> = (0..own.len() as u32).collect();
            assert_eq!(
                tree["n"].as_u64(),
                Some(rows.len() as u64),
                "{name} {target}"
            );
            let grown = grow(
                &predictors,
                rows,
                &response.two_classes_as_numbers(),
                &options,
            );
            let loss = |rows: &[u32]| {
                let held = rows.iter().map(|&row| own[row as usize]);
                if anova {
                    let mean = held.clone().sum::<f64>() / rows.len() as f64;
                    held.map(|value| (value - mean).powi(2)).sum()
                } else {
                    let mut counts = vec![0; classes];
                    held.for_each(|code| counts[code as usize] += 1);
                    (rows.len() - counts.iter().max().expect("classes")) as f64
                }
            };
            let (leaves, deviance, _) = pruned(&grown, 0, &loss);
            let root = match &grown.nodes[0] {
                Node::Split { feature, .. } => header[usize::from(*feature)].as_str(),
                Node::Leaf(_) => "",
            };
            assert_eq!(tree["root_var"], root, "{name} {target}");
            let (their_leaves, theirs) = (
                tree["leaves"].as_u64().expect("a count") as f64,
                tree["leaf_deviance"].as_f64().expect("a number"),
            );
            // Exact but for ties where the order of levels is exact; with three and more classes
            // the order is a heuristic and rpart tries all subsets.
            let (leaf_slack, slack) = match classes {
                _ if anova => (0.03, 0.01),
                2 => (0.05, 0.03),
                _ => (0.25, 0.10),
            };
            assert!(
                (leaves as f64 - their_leaves).abs() <= (leaf_slack * their_leaves).max(2.0),
                "{name} {target}: {leaves} leaves, rpart {their_leaves}"
            );
            assert!(
                (deviance - theirs).abs() <= slack * theirs,
                "{name} {target}: deviance {deviance}, rpart {theirs}"
            );
        }
    }
}
