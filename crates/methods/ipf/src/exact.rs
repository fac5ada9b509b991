//! Margins as they are counted: no protection.

use parable_core::{FitError, counts_of};
use parable_domain::{AttrSet, Counts, MarginalSource};
use parable_encode::Codec;
use parable_measure::{MEAN_ABSOLUTE, independent_cells};
use parable_pgm::{Margin, Scaled, ScalingConfig, scale_to_margins};

use crate::choose::{Candidate, add_strongest, fixed};
use crate::config::{IpfConfig, Pairs};
use crate::failed;
use crate::zeros::Rule;

/// How much farther from independence than chance a pair has to be.
const BEYOND_CHANCE: f64 = 1.25;

/// The model with the margins of these rows, and which margins these are.
pub(crate) fn fit(
    config: &IpfConfig,
    codec: &Codec,
    source: &dyn MarginalSource,
    rules: &[Rule],
    progress: &mut dyn FnMut(u64) -> Result<(), FitError>,
) -> Result<(Scaled, Vec<AttrSet>), FitError> {
    let domain = codec.domain();
    let zeros: Vec<AttrSet> = rules.iter().map(|rule| rule.attrs.clone()).collect();
    for (rule, counts) in rules.iter().zip(counts_of(source, &zeros)?) {
        let cells = counts.cells().iter().zip(&rule.allowed);
        if cells
            .into_iter()
            .any(|(&count, &allowed)| count > 0 && !allowed)
        {
            let names: Vec<&str> = rule
                .attrs
                .iter()
                .map(|attr| &*domain.attrs()[attr as usize].name)
                .collect();
            let problem = format!(
                "rows of the table have combinations of {} that are said to be impossible",
                names.join(", ")
            );
            return Err(FitError::setting("zeros", problem));
        }
    }
    let mut sets = fixed(config, domain, &zeros)?;
    let singles: Vec<AttrSet> = (0..domain.len() as u32)
        .map(|attr| AttrSet::new([attr]))
        .collect();
    let columns = counts_of(source, &singles)?;
    progress(1)?;
    if config.pairs == Pairs::Strongest {
        let pairs: Vec<AttrSet> = AttrSet::pairs(domain.len())
            .filter(|pair| {
                domain
                    .cells(pair)
                    .is_ok_and(|c| c <= u128::from(config.max_cells))
            })
            .collect();
        let rows = |counts: &Counts| counts.cells().iter().map(|&count| count as f64).collect();
        let columns: Vec<Vec<f64>> = columns.iter().map(rows).collect();
        let counted = counts_of(source, &pairs)?;
        let candidates = counted.iter().map(|own| candidate(own, &columns)).collect();
        add_strongest(&mut sets, &zeros, candidates, domain, config.max_cells);
    }
    progress(2)?;
    // Columns that stand in no larger set; in the others they are a sum of its cells.
    let alone = singles
        .into_iter()
        .filter(|single| !sets.iter().any(|set| single.is_subset(set)));
    let asked: Vec<AttrSet> = alone.chain(sets.iter().cloned()).collect();
    let margins: Vec<Margin> = counts_of(source, &asked)?
        .iter()
        .map(|counts| Margin {
            attrs: counts.attrs().clone(),
            counts: counts.cells().iter().map(|&count| count as f64).collect(),
        })
        .collect();
    let factors: Result<Vec<_>, _> = rules.iter().map(|rule| rule.factor(codec)).collect();
    let rows = counts_of(source, &[AttrSet::empty()])?[0].total() as f64;
    let scaled = scale_to_margins(domain, &margins, &factors?, rows, &scaling(config));
    progress(3)?;
    Ok((scaled.map_err(failed)?, sets))
}

pub(crate) fn scaling(config: &IpfConfig) -> ScalingConfig {
    ScalingConfig {
        max_cells: config.max_cells,
        passes: config.passes,
        tolerance: config.tolerance,
    }
}

/// Returns how far counts of a pair are from independence, and how far chance alone would take
/// them: a cell of `e` expected rows is off by `sqrt(2 e / pi)` on average, and by no more than `2
/// e`.
fn candidate(counts: &Counts, columns: &[Vec<f64>]) -> Candidate {
    let rows = (counts.total() as f64).max(1.0);
    let expected = independent_cells(columns, rows, counts.attrs());
    let cells = counts.cells().iter().zip(&expected);
    Candidate {
        attrs: counts.attrs().clone(),
        distance: cells.map(|(&count, e)| (count as f64 - e).abs()).sum(),
        doubt: BEYOND_CHANCE
            * expected
                .iter()
                .map(|e| (MEAN_ABSOLUTE * e.sqrt()).min(2.0 * e))
                .sum::<f64>(),
    }
}
