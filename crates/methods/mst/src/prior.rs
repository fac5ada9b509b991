//! Public rows as a starting point of the estimate.

use parable_core::{FitError, Publication, Recoding};
use parable_domain::{AttrSet, Codes, MarginalSource};
use parable_measure::{Candidate, MEAN_ABSOLUTE, choose};
use parable_pgm::{EstimateConfig, MarkovField, Measurement, estimate as fit_field};

use crate::config::MstConfig;
use crate::estimate::{Estimated, failed, fit_near};

/// The model that agrees best with a publication, pulled towards public rows of the same columns:
/// last year's table, a survey, a census.
///
/// `weight` is the number of real rows that the public ones are worth: the relative entropy to
/// their distribution counts so many times, as that of so many rows drawn from them would.
/// Relations that were not measured come from the public rows. Costs nothing: the rows are public
/// and the publication is paid for.
///
/// # Errors
/// As [`estimate`](crate::estimate()); rows of another domain; no rows; a weight that is not finite
/// and above 0.
pub fn estimate_with_public_rows(
    publication: &Publication,
    config: &MstConfig,
    public: &Codes,
    weight: f64,
) -> Result<Estimated, FitError> {
    if public.domain() != &publication.domain || public.rows() == 0 {
        return Err(FitError::setting(
            "public rows",
            "they have other columns or levels, or there are none",
        ));
    }
    if !(weight > 0.0 && weight.is_finite()) {
        return Err(FitError::setting(
            "public rows",
            "their weight is not a number above 0",
        ));
    }
    let start = model_of(publication, config, public)?;
    fit_near(publication, config, &start, weight)
}

/// The model of the public rows on the sets of the publication, and on the pairs that go together
/// most in the public rows as far as cells are left; half a row is spread over the cells of each,
/// so that nothing is impossible.
fn model_of(
    publication: &Publication,
    config: &MstConfig,
    public: &Codes,
) -> Result<MarkovField, FitError> {
    let recoding = Recoding::new(&publication.domain, publication.merged.clone())
        .map_err(|error| FitError::Source(error.into()))?;
    let columns = (0..publication.domain.len()).map(|attr| {
        let map = &publication.merged[attr];
        let codes = public.column(attr).iter();
        codes.map(|&code| map[code as usize]).collect()
    });
    let merged = Codes::new(recoding.domain().clone(), columns.collect())
        .map_err(|error| FitError::Source(error.into()))?;
    let measured: Vec<AttrSet> = publication
        .marginals
        .iter()
        .map(|m| m.attrs.clone())
        .collect();
    let mut sets = pairs_of(&merged, &measured, config.max_cells)?;
    sets.extend((0..publication.domain.len() as u32).map(|attr| AttrSet::new([attr])));
    sets.extend(measured);
    let rows = public.rows() as f64;
    let mut measurements = Vec::with_capacity(sets.len());
    for counts in merged.counts(&sets)? {
        let cells = counts.cells();
        let spread = 0.5 / cells.len() as f64;
        let smoothed = cells
            .iter()
            .map(|&cell| (cell as f64 + spread) * rows / (rows + 0.5))
            .collect();
        let attrs = counts.attrs().clone();
        measurements
            .push(Measurement::new(merged.domain(), attrs, smoothed, rows.sqrt()).map_err(failed)?);
    }
    let settings = EstimateConfig::default()
        .with_max_cells(config.max_cells)
        .with_iterations(config.iterations)
        .with_total(rows);
    let found = fit_field(merged.domain(), &measurements, &[], None, &settings).map_err(failed)?;
    Ok(found.field)
}

/// The pairs of public columns that are further from independence than chance explains, furthest
/// first, within the limit of cells.
fn pairs_of(merged: &Codes, held: &[AttrSet], max_cells: u64) -> Result<Vec<AttrSet>, FitError> {
    let domain = merged.domain();
    let small = |set: &AttrSet| domain.cells(set).is_ok_and(|c| c <= u128::from(max_cells));
    let pairs: Vec<AttrSet> = AttrSet::pairs(domain.len()).filter(small).collect();
    let rows = merged.rows() as f64;
    let candidates: Vec<Candidate> = merged
        .counts(&pairs)?
        .iter()
        .map(|counts| {
            let levels = counts.levels();
            let (first, second) = (levels[0] as usize, levels[1] as usize);
            let cells: Vec<f64> = counts.cells().iter().map(|&cell| cell as f64).collect();
            let row = |a: usize| cells[a * second..(a + 1) * second].iter().sum::<f64>();
            let column = |b: usize| (0..first).map(|a| cells[a * second + b]).sum::<f64>();
            let (across, down): (Vec<f64>, Vec<f64>) = (
                (0..first).map(row).collect(),
                (0..second).map(column).collect(),
            );
            let (mut off, mut chance) = (0.0, 0.0);
            for (a, row) in across.iter().enumerate() {
                for (b, column) in down.iter().enumerate() {
                    let expected = row * column / rows;
                    off += (cells[a * second + b] - expected).abs();
                    chance += MEAN_ABSOLUTE * expected.sqrt();
                }
            }
            Candidate {
                attrs: counts.attrs().clone(),
                weight: 1.0,
                error: (off - chance).max(0.0),
                size: 1.0,
                required: false,
            }
        })
        .collect();
    // Public counts have no noise that a budget would have to be shared for.
    let chosen = choose(domain, &candidates, &[], held, f64::MAX, max_cells);
    Ok(chosen
        .iter()
        .map(|&at| candidates[at].attrs.clone())
        .collect())
}
