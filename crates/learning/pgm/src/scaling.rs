//! Iterative proportional fitting: the log-linear model that has given margins.

use parable_domain::{AttrSet, Domain};

use crate::alignment::Alignment;
use crate::calibration::Layout;
use crate::{Factor, JunctionTree, MarkovField, ModelError, Tables};

/// A margin that a model shall have.
#[derive(Clone, Debug, PartialEq)]
pub struct Margin {
    /// The attributes.
    pub attrs: AttrSet,
    /// Counts, row-major, the last attribute fastest; not negative. A cell of 0 is empty in the
    /// model, too.
    pub counts: Vec<f64>,
}

/// Settings of the iterations.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ScalingConfig {
    /// Most cells of the model.
    pub max_cells: u64,
    /// Most passes over all margins.
    pub passes: usize,
    /// Stop when no cell of any margin is off by more than this share of all rows.
    pub tolerance: f64,
}

/// A model and how well it has the margins.
#[derive(Clone, Debug)]
pub struct Scaled {
    /// The model.
    pub field: MarkovField,
    /// Passes done.
    pub passes: usize,
    /// The largest difference between a cell of a margin and the model, as a share of all rows.
    pub off: f64,
    /// Whether the tolerance was met. Margins that contradict each other, or the rules, are never
    /// met.
    pub converged: bool,
}

/// The distribution with these margins and no interaction beyond them (maximum entropy under the
/// rules): iterative proportional fitting (Deming & Stephan 1940), on the cliques of a junction
/// tree instead of the full table (Jirousek & Preucil 1995). Where one clique holds everything,
/// this is the classic algorithm; where the margins are the cliques of a decomposable model, one
/// pass is exact.
///
/// Rules are factors with minus infinity where a combination cannot occur; attributes in no margin
/// are uniform. Margins are scaled to `rows`.
///
/// # Errors
/// [`ModelError::TooLarge`] before anything is allocated; a margin that does not fit its
/// attributes, holds a negative number, or is empty; [`ModelError::Impossible`] if rules exclude
/// everything, or all that a margin leaves.
pub fn scale_to_margins(
    domain: &Domain,
    margins: &[Margin],
    rules: &[Factor],
    rows: f64,
    config: &ScalingConfig,
) -> Result<Scaled, ModelError> {
    for margin in margins {
        check(domain, margin)?;
    }
    let sets: Vec<AttrSet> = margins
        .iter()
        .map(|margin| margin.attrs.clone())
        .chain(rules.iter().map(|rule| rule.attrs().clone()))
        .collect();
    let tree = JunctionTree::build_within(domain, &sets, config.max_cells)?;
    let layout = Layout::new(domain, tree)?;
    let mut potentials = layout.potentials(rules);
    let mut targets: Vec<Vec<Target>> = (0..layout.tree.len()).map(|_| Vec::new()).collect();
    for margin in margins {
        let clique = layout
            .tree
            .cover(&margin.attrs)
            .expect("the tree was built to hold it");
        let sum: f64 = margin.counts.iter().sum();
        targets[clique].push(Target {
            attrs: margin.attrs.clone(),
            alignment: layout.within(clique, &margin.attrs),
            shares: margin.counts.iter().map(|count| count / sum).collect(),
        });
    }
    let (mut passes, mut off) = (0, f64::INFINITY);
    let mut beliefs = calibrated(&layout, &potentials)?;
    while passes < config.passes && off > config.tolerance {
        passes += 1;
        for (clique, targets) in targets.iter().enumerate() {
            if targets.is_empty() {
                continue;
            }
            // In a calibrated tree the marginals of a clique stand in the clique itself, and
            // scaling it needs no other.
            let mut table = beliefs[clique].clone();
            for target in targets {
                let factors = target.factors(&table)?;
                target
                    .alignment
                    .broadcast(&mut table, &factors, |cell, factor| *cell *= factor);
                let logs: Vec<f64> = factors.iter().map(|factor| factor.ln()).collect();
                target
                    .alignment
                    .broadcast(&mut potentials[clique], &logs, |cell, log| *cell += log);
            }
            beliefs = calibrated(&layout, &potentials)?;
        }
        off = targets
            .iter()
            .zip(&beliefs)
            .flat_map(|(targets, belief)| targets.iter().map(|target| target.off(belief)))
            .fold(0.0, f64::max);
    }
    Ok(Scaled {
        field: MarkovField::from_beliefs(domain.clone(), rows, layout, beliefs),
        passes,
        off,
        converged: off <= config.tolerance,
    })
}

/// A margin within the clique that holds it, as shares.
struct Target {
    attrs: AttrSet,
    alignment: Alignment,
    shares: Vec<f64>,
}

impl Target {
    /// Returns the factor of each cell; cells that are impossible in the model stay impossible.
    fn factors(&self, table: &[f64]) -> Result<Vec<f64>, ModelError> {
        let sums = self.alignment.sums(table);
        let factor = |(&sum, &share): (&f64, &f64)| if sum > 0.0 { share / sum } else { 0.0 };
        let factors: Vec<f64> = sums.iter().zip(&self.shares).map(factor).collect();
        if factors.iter().all(|&factor| factor == 0.0) {
            return Err(ModelError::Impossible {
                attrs: self.attrs.clone(),
            });
        }
        Ok(factors)
    }

    fn off(&self, table: &[f64]) -> f64 {
        let sums = self.alignment.sums(table);
        let off = sums.iter().zip(&self.shares).map(|(a, b)| (a - b).abs());
        off.fold(0.0, f64::max)
    }
}

fn calibrated(layout: &Layout, potentials: &[Vec<f64>]) -> Result<Tables, ModelError> {
    let mut beliefs = potentials.to_vec();
    if layout.calibrate(&mut beliefs) == f64::NEG_INFINITY {
        let cliques = layout.tree.cliques();
        return Err(ModelError::Impossible {
            attrs: cliques.first().cloned().unwrap_or_default(),
        });
    }
    Ok(beliefs)
}

fn check(domain: &Domain, margin: &Margin) -> Result<(), ModelError> {
    let expected = domain.cells(&margin.attrs)?;
    if expected != margin.counts.len() as u128 {
        return Err(ModelError::CellCount {
            attrs: margin.attrs.clone(),
            expected,
            found: margin.counts.len(),
        });
    }
    let bad = |what, cell| ModelError::BadMeasurement {
        attrs: margin.attrs.clone(),
        what,
        cell,
    };
    let sound = |count: &f64| *count >= 0.0 && count.is_finite();
    if let Some(cell) = margin.counts.iter().position(|count| !sound(count)) {
        return Err(bad("a count that is no finite number from 0 on", cell));
    }
    if margin.counts.iter().sum::<f64>() <= 0.0 {
        return Err(bad("no rows at all, beginning", 0));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    const TIGHT: ScalingConfig = ScalingConfig {
        max_cells: 100_000,
        passes: 500,
        tolerance: 1e-12,
    };

    fn margin(attrs: &[u32], counts: &[f64]) -> Margin {
        Margin {
            attrs: AttrSet::new(attrs.iter().copied()),
            counts: counts.to_vec(),
        }
    }

    /// The margins of a full table over attributes with these levels.
    fn margins_of(levels: &[usize], table: &[f64], sets: &[&[u32]]) -> Vec<Margin> {
        sets.iter()
            .map(|set| {
                let cells: usize = set.iter().map(|&attr| levels[attr as usize]).product();
                let mut counts = vec![0.0; cells];
                for (cell, count) in table.iter().enumerate() {
                    let mut rest = cell;
                    let mut codes = vec![0; levels.len()];
                    for attr in (0..levels.len()).rev() {
                        codes[attr] = rest % levels[attr];
                        rest /= levels[attr];
                    }
                    let at = set.iter().fold(0, |at, &attr| {
                        at * levels[attr as usize] + codes[attr as usize]
                    });
                    counts[at] += count;
                }
                margin(set, &counts)
            })
            .collect()
    }

    #[test]
    fn plum_cuttings_without_a_three_factor_interaction_are_as_bartlett_found_them() {
        // Bartlett (1935), alive or dead by length by time of planting: he solves a cubic and moves
        // every cell by 5.1.
        let domain = Domain::new([("alive", 2), ("length", 2), ("time", 2)]).unwrap();
        let table = [156.0, 84.0, 107.0, 31.0, 84.0, 156.0, 133.0, 209.0];
        let margins = margins_of(&[2, 2, 2], &table, &[&[0, 1], &[0, 2], &[1, 2]]);
        let found = scale_to_margins(&domain, &margins, &[], 960.0, &TIGHT).unwrap();
        assert!(found.converged && found.passes > 2);
        let cells = found.field.marginal(&AttrSet::new([0, 1, 2])).unwrap();
        let expected = [161.1, 78.9, 101.9, 36.1, 78.9, 161.1, 138.1, 203.9];
        for (cell, expected) in cells.iter().zip(expected) {
            assert!((cell - expected).abs() < 0.05, "{cells:?}");
        }
        let odds = |c: &[f64]| c[0] * c[3] / (c[1] * c[2]);
        assert!((odds(&cells[..4]) - odds(&cells[4..])).abs() < 1e-8);
    }

    #[test]
    fn a_chain_of_margins_is_exact_after_one_pass() {
        let domain = Domain::new([("a", 2), ("b", 3), ("c", 2), ("d", 2)]).unwrap();
        let ab = [5.0, 10.0, 15.0, 20.0, 20.0, 30.0];
        let bc = [15.0, 10.0, 25.0, 5.0, 15.0, 30.0];
        let margins = [margin(&[0, 1], &ab), margin(&[1, 2], &bc)];
        let found = scale_to_margins(&domain, &margins, &[], 200.0, &TIGHT).unwrap();
        assert!(found.converged && found.passes <= 2, "{}", found.passes);
        let cells = found.field.marginal(&AttrSet::new([0, 1, 2])).unwrap();
        let b = [25.0, 30.0, 45.0];
        for a in 0..2 {
            for middle in 0..3 {
                for c in 0..2 {
                    let expected = 2.0 * ab[a * 3 + middle] * bc[middle * 2 + c] / b[middle];
                    assert!((cells[(a * 3 + middle) * 2 + c] - expected).abs() < 1e-9);
                }
            }
        }
        // Nothing was said of d.
        let d = found.field.marginal(&AttrSet::new([3])).unwrap();
        assert!((d[0] - 100.0).abs() < 1e-9);
    }

    #[test]
    fn the_fit_on_cliques_is_that_on_the_full_table() {
        // A cycle of four: its junction tree has two cliques of three.
        let levels = [2usize, 3, 2, 3];
        let names = ["a", "b", "c", "d"]
            .into_iter()
            .zip(levels.map(|l| l as u32));
        let domain = Domain::new(names).unwrap();
        let table: Vec<f64> = (0..36)
            .map(|cell| 1.0 + ((cell * 17 + 5) % 23) as f64)
            .collect();
        let sets: [&[u32]; 4] = [&[0, 1], &[1, 2], &[2, 3], &[0, 3]];
        let margins = margins_of(&levels, &table, &sets);
        let rows = table.iter().sum();
        let found = scale_to_margins(&domain, &margins, &[], rows, &TIGHT).unwrap();
        assert!(found.converged);
        let mut dense = vec![rows / 36.0; 36];
        for _ in 0..500 {
            for (set, margin) in sets.iter().zip(&margins) {
                let now = &margins_of(&levels, &dense, &[set])[0];
                let factors: Vec<f64> = margin
                    .counts
                    .iter()
                    .zip(&now.counts)
                    .map(|(a, b)| a / b)
                    .collect();
                for (cell, count) in dense.iter_mut().enumerate() {
                    let codes = [cell / 18, cell / 6 % 3, cell / 3 % 2, cell % 3];
                    let at = set
                        .iter()
                        .fold(0, |at, &x| at * levels[x as usize] + codes[x as usize]);
                    *count *= factors[at];
                }
            }
        }
        let cells = found.field.marginal(&AttrSet::new([0, 1, 2, 3])).unwrap();
        for (a, b) in cells.iter().zip(&dense) {
            assert!((a - b).abs() < 1e-6, "{a} {b}");
        }
    }

    #[test]
    fn structural_zeros_stay_and_the_margins_are_met_around_them() {
        let domain = Domain::new([("sex", 2), ("pregnant", 2), ("age", 2)]).unwrap();
        let allowed = [true, false, true, true];
        let rule = Factor::allowed(&domain, AttrSet::new([0, 1]), &allowed).unwrap();
        let margins = [
            margin(&[0, 2], &[30.0, 20.0, 25.0, 25.0]),
            margin(&[1, 2], &[45.0, 45.0, 10.0, 0.0]),
        ];
        let found = scale_to_margins(
            &domain,
            &margins,
            std::slice::from_ref(&rule),
            100.0,
            &TIGHT,
        )
        .unwrap();
        assert!(found.converged);
        let cells = found.field.marginal(&AttrSet::new([0, 1])).unwrap();
        assert_eq!(cells[1], 0.0);
        assert!((cells[3] - 10.0).abs() < 1e-9);
        // A margin that lives in the forbidden cell alone.
        let bad = [margin(&[0, 1], &[0.0, 5.0, 0.0, 0.0])];
        let refused = scale_to_margins(&domain, &bad, &[rule], 5.0, &TIGHT);
        assert!(matches!(refused, Err(ModelError::Impossible { .. })));
    }

    #[test]
    fn contradictions_do_not_converge_and_bad_margins_are_refused() {
        let domain = Domain::new([("a", 2), ("b", 2)]).unwrap();
        let margins = [
            margin(&[0], &[70.0, 30.0]),
            margin(&[0, 1], &[20.0, 20.0, 30.0, 30.0]),
        ];
        let found = scale_to_margins(&domain, &margins, &[], 100.0, &TIGHT).unwrap();
        assert!(!found.converged && found.off > 0.1);
        for counts in [&[1.0][..], &[1.0, -1.0], &[f64::NAN, 1.0], &[0.0, 0.0]] {
            let bad = [margin(&[0], counts)];
            assert!(scale_to_margins(&domain, &bad, &[], 1.0, &TIGHT).is_err());
        }
        assert!(scale_to_margins(&domain, &[margin(&[7], &[1.0])], &[], 1.0, &TIGHT).is_err());
        let small = ScalingConfig {
            max_cells: 3,
            ..TIGHT
        };
        let refused = scale_to_margins(&domain, &margins, &[], 1.0, &small);
        assert!(matches!(refused, Err(ModelError::TooLarge { .. })));
    }
}
