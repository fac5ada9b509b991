//! The public half: from released counts to a model. Sees nothing confidential and costs nothing.

use parable_core::{FitError, Publication, Recoding};
use parable_domain::{AttrSet, Domain, SourceError};
use parable_encode::CodeRule;
use parable_measure::{known_columns, measurement, merged_rows, merged_variances, rules};
use parable_pgm::{
    EstimateConfig, Factor, Groups, MarkovField, Measurement, ModelError, estimate as fit_field,
    independent,
};

use crate::NAME;
use crate::config::MstConfig;

/// A model of merged levels, and how the levels come back.
#[derive(Clone, Debug)]
pub struct Estimated {
    pub(crate) domain: Domain,
    pub(crate) groups: Vec<Groups>,
    pub(crate) field: MarkovField,
    /// Columns that are read off others: position of the determining and of the determined one, and
    /// the code for each code.
    pub(crate) read_off: Vec<(usize, usize, Vec<Option<u32>>)>,
}

impl Estimated {
    /// The model of the merged levels.
    #[must_use]
    pub fn field(&self) -> &MarkovField {
        &self.field
    }

    /// The estimated number of rows.
    #[must_use]
    pub fn rows(&self) -> f64 {
        self.field.total()
    }
}

/// The model that agrees best with a publication: the same whether the fit has just released it or
/// it comes from a file.
///
/// # Errors
/// A publication whose parts do not fit each other; a model above the limit of cells.
pub fn estimate(publication: &Publication, config: &MstConfig) -> Result<Estimated, FitError> {
    fit_from(publication, config, None)
}

/// The same, started at another model of the merged levels.
pub(crate) fn fit_from(
    publication: &Publication,
    config: &MstConfig,
    start: Option<&MarkovField>,
) -> Result<Estimated, FitError> {
    fit(publication, config, start, 0.0)
}

/// The same, pulled towards another model of the merged levels as if by so many rows drawn from it.
pub(crate) fn fit_near(
    publication: &Publication,
    config: &MstConfig,
    model: &MarkovField,
    weight: f64,
) -> Result<Estimated, FitError> {
    fit(publication, config, Some(model), weight)
}

/// A standard deviation beside which no number of rows is anything.
const WEIGHTLESS: f64 = 1e30;

fn fit(
    publication: &Publication,
    config: &MstConfig,
    start: Option<&MarkovField>,
    prior: f64,
) -> Result<Estimated, FitError> {
    let domain = publication.domain.clone();
    rules::check(&publication.rules, &domain)?;
    let recoding = Recoding::new(&domain, publication.merged.clone()).map_err(SourceError::from)?;
    let merged = recoding.domain();
    let known = known_columns(publication);
    let mut groups = Vec::with_capacity(domain.len());
    let mut measurements = Vec::new();
    // Groups in which nobody is estimated to be stay empty: noise in pairs must not fill them.
    let mut empty = Vec::new();
    for (attr, (levels, map)) in known.levels.iter().zip(&publication.merged).enumerate() {
        let own = Groups {
            of: map.clone(),
            rows: levels.clone(),
        };
        let counts = merged_rows(map, levels);
        if counts.contains(&0.0) {
            let occupied: Vec<bool> = counts.iter().map(|&count| count > 0.0).collect();
            let set = AttrSet::new([attr as u32]);
            empty.push(Factor::allowed(merged, set, &occupied).map_err(failed)?);
        }
        if known.sigmas[attr].is_finite() {
            let variances = merged_variances(map, known.sigmas[attr]).into_iter();
            let sigmas = variances.map(f64::sqrt).collect();
            let set = AttrSet::new([attr as u32]);
            measurements
                .push(Measurement::with_sigmas(merged, set, counts, sigmas).map_err(failed)?);
        }
        groups.push(own);
    }
    let (rules, _) = rules::factors(publication, merged, config.max_cells).map_err(failed)?;
    let field = if publication.marginals.is_empty() && rules.is_empty() && prior == 0.0 {
        independent(merged, &measurements, Some(known.rows)).map_err(failed)?
    } else {
        if prior > 0.0 {
            // Counts that weigh nothing: they keep together what the other model keeps together.
            for attrs in start.iter().flat_map(|start| start.tree().cliques()) {
                let cells = merged
                    .cells(attrs)
                    .map_err(|e| FitError::Source(e.into()))?;
                let none = vec![0.0; cells as usize];
                let measurement = Measurement::new(merged, attrs.clone(), none, WEIGHTLESS);
                measurements.push(measurement.map_err(failed)?);
            }
        }
        for noisy in &publication.marginals {
            measurements.push(measurement(merged, noisy).map_err(failed)?);
        }
        let settings = EstimateConfig::default()
            .with_max_cells(config.max_cells)
            .with_iterations(config.iterations)
            .with_tolerance(config.tolerance)
            .with_prior(prior)
            .with_total(known.rows);
        let fit = |rules: &[Factor]| fit_field(merged, &measurements, rules, start, &settings);
        let found = match fit(&[&rules[..], &empty].concat()) {
            // What noise hides may be what a rule asks for: then nothing is held to be empty.
            Err(ModelError::Impossible { .. }) if !rules.is_empty() => fit(&rules),
            found => found,
        };
        found.map_err(failed)?.field
    };
    Ok(Estimated {
        domain,
        groups,
        field,
        read_off: read_off(&publication.rules),
    })
}

/// See [`Estimated::read_off`].
pub(crate) fn read_off(rules: &[CodeRule]) -> Vec<(usize, usize, Vec<Option<u32>>)> {
    let dependencies = rules::dependencies(rules).into_iter();
    dependencies
        .map(|(by, column, codes)| (by, column, codes.to_vec()))
        .collect()
}

pub(crate) fn failed(error: ModelError) -> FitError {
    FitError::Method {
        method: NAME.to_owned(),
        source: Box::new(error),
    }
}
