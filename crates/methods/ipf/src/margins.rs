//! Margins that do not come from rows.

use parable_core::{FitError, Publication};
use parable_domain::AttrSet;
use parable_encode::Codec;
use parable_measure::measurement;
use parable_pgm::{Factor, Margin, MarkovField, Measurement, columns, scale_to_margins};
use parable_table::Schema;
use serde::{Deserialize, Serialize};

use crate::config::IpfConfig;
use crate::exact::scaling;
use crate::failed;
use crate::noisy::nearest;
use crate::zeros::StructuralZeros;

/// Margins written by hand or taken from a publication elsewhere, with the schema of the table they
/// describe.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Margins {
    /// The columns: levels and bounds have to be declared in it.
    pub schema: Schema,
    /// The margins. Columns in none of them are uniform.
    pub margins: Vec<GivenMargin>,
    /// Combinations that cannot occur.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub zeros: Vec<StructuralZeros>,
    /// The number of rows; margins are scaled to it. Default: the mean of their sums.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rows: Option<f64>,
}

/// The counts of the combinations of some columns.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GivenMargin {
    /// Names of the columns.
    pub columns: Vec<String>,
    /// Counts or shares in the order of the columns as they are named here, the last one fastest.
    /// Each column counts by its levels (or the bins of its numbers, ascending) followed by its
    /// missing reasons: first missing without a reason, then the coded ones; all missing reasons of
    /// all columns may be left out together.
    pub counts: Vec<f64>,
    /// Standard deviation of the error of each count; none for exact counts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sigma: Option<f64>,
}

impl Margins {
    /// Margins of the table that this schema describes.
    #[must_use]
    pub fn new(schema: Schema, margins: Vec<GivenMargin>) -> Self {
        Self {
            schema,
            margins,
            zeros: Vec::new(),
            rows: None,
        }
    }

    /// The margins in a JSON text.
    ///
    /// # Errors
    /// A text that is not JSON, or has other parts; the message names line and part.
    pub fn from_json(text: &str) -> Result<Self, FitError> {
        serde_json::from_str(text).map_err(|error| FitError::setting("margins", error.to_string()))
    }

    /// Adds combinations that cannot occur.
    #[must_use]
    pub fn with_zeros(mut self, zeros: StructuralZeros) -> Self {
        self.zeros.push(zeros);
        self
    }

    /// Sets the number of rows.
    #[must_use]
    pub fn with_rows(mut self, rows: f64) -> Self {
        self.rows = Some(rows);
        self
    }
}

/// Margins without a standard deviation that contradict others are taken to be off by this share of
/// the rows.
const CONTRADICTION: f64 = 0.005;

/// Exact margins whose cells are off by more than this share of the rows contradict each other.
const AGREED: f64 = 1e-4;

/// The model of given margins, their sets, and what a reader should know.
pub(crate) fn fit(
    config: &IpfConfig,
    given: &Margins,
    codec: &Codec,
    zeros: &[Factor],
) -> Result<(MarkovField, Vec<AttrSet>, Vec<String>), FitError> {
    if given.margins.is_empty() {
        return Err(FitError::setting("margins", "there is none"));
    }
    let margins: Vec<Margin> = given
        .margins
        .iter()
        .enumerate()
        .map(|(number, margin)| in_codes(margin, codec, number + 1))
        .collect::<Result<_, _>>()?;
    let sums = margins
        .iter()
        .map(|margin| margin.counts.iter().sum::<f64>());
    let mean = sums.sum::<f64>() / margins.len() as f64;
    let rows = given.rows.unwrap_or(mean);
    if !(rows > 0.0 && rows.is_finite()) {
        return Err(FitError::setting("rows", "not a number above 0"));
    }
    let sets: Vec<AttrSet> = margins.iter().map(|margin| margin.attrs.clone()).collect();
    let larger = sets.iter().filter(|set| set.len() > 1).cloned().collect();
    let exact = given.margins.iter().all(|margin| margin.sigma.is_none());
    let mut warnings = Vec::new();
    if exact {
        let scaled = scale_to_margins(codec.domain(), &margins, zeros, rows, &scaling(config));
        let scaled = scaled.map_err(failed)?;
        if scaled.off <= AGREED {
            return Ok((scaled.field, larger, warnings));
        }
        warnings.push(format!(
            "the margins contradict each other or the structural zeros by up to {:.2} percent of the rows in a cell; the nearest model was taken",
            100.0 * scaled.off
        ));
    }
    let measurements: Result<Vec<Measurement>, FitError> = margins
        .iter()
        .zip(&given.margins)
        .map(|(margin, own)| {
            let sum: f64 = margin.counts.iter().sum();
            let counts = margin
                .counts
                .iter()
                .map(|count| count * rows / sum)
                .collect();
            let sigma = match own.sigma {
                Some(sigma) => sigma * rows / sum,
                None => CONTRADICTION * rows,
            };
            Measurement::new(codec.domain(), margin.attrs.clone(), counts, sigma).map_err(failed)
        })
        .collect();
    let ordered = codec.ordered();
    let field = nearest(
        config,
        codec.domain(),
        &ordered,
        &measurements?,
        zeros,
        Some(rows),
    )?;
    Ok((field, larger, warnings))
}

/// A margin by codes, in the order of the schema.
fn in_codes(given: &GivenMargin, codec: &Codec, number: usize) -> Result<Margin, FitError> {
    let bad = |problem: String| FitError::setting("margins", format!("margin {number}: {problem}"));
    let domain = codec.domain();
    let mut own = Vec::with_capacity(given.columns.len());
    for name in &given.columns {
        let attr = domain.position(name);
        own.push(attr.ok_or_else(|| bad(format!("there is no column `{name}`")))? as usize);
    }
    let attrs = AttrSet::new(own.iter().map(|&attr| attr as u32));
    if own.is_empty() || attrs.len() != own.len() {
        return Err(bad("it names no column, or one twice".to_owned()));
    }
    let product = |levels: &[usize]| levels.iter().fold(1usize, |all, &l| all.saturating_mul(l));
    let columns = codec.columns();
    let all: Vec<usize> = own
        .iter()
        .map(|&attr| columns[attr].codes() as usize)
        .collect();
    let values: Vec<usize> = own
        .iter()
        .map(|&attr| columns[attr].value_codes() as usize)
        .collect();
    let levels = match given.counts.len() {
        found if found == product(&all) => &all,
        found if found == product(&values) => &values,
        found => {
            return Err(bad(format!(
                "it has {found} counts; its columns have {} combinations, {} with missing reasons",
                product(&values),
                product(&all)
            )));
        }
    };
    if given.counts.iter().any(|count| !count.is_finite()) {
        return Err(bad("a count is no finite number".to_owned()));
    }
    if given
        .sigma
        .is_some_and(|sigma| !(sigma > 0.0 && sigma.is_finite()))
    {
        return Err(bad(
            "its standard deviation is not a number above 0".to_owned()
        ));
    }
    if given.sigma.is_none() && given.counts.iter().any(|&count| count < 0.0) {
        return Err(bad("a count without an error is negative".to_owned()));
    }
    if given.counts.iter().sum::<f64>() <= 0.0 {
        return Err(bad("its counts do not sum to a number above 0".to_owned()));
    }
    let mut counts = vec![0.0; product(&all)];
    let mut codes = vec![0; own.len()];
    for &count in &given.counts {
        let mut at = 0;
        for attr in attrs.iter() {
            let place = own.iter().position(|&a| a == attr as usize).unwrap_or(0);
            at = at * all[place] + codes[place];
        }
        counts[at] = count;
        for place in (0..own.len()).rev() {
            codes[place] += 1;
            if codes[place] < levels[place] {
                break;
            }
            codes[place] = 0;
        }
    }
    Ok(Margin { attrs, counts })
}

/// The noisy counts of a publication as measurements of its levels. A cell of merged levels is
/// spread over its members by the counts of single columns; the errors of the members are such that
/// all together weigh as the cell.
pub(crate) fn published(
    config: &IpfConfig,
    publication: &Publication,
) -> Result<Vec<Measurement>, FitError> {
    let domain = &publication.domain;
    let singles: Result<Vec<Measurement>, FitError> = publication
        .columns
        .iter()
        .map(|noisy| measurement(domain, noisy).map_err(failed))
        .collect();
    let mut all = singles?;
    let rows = publication.rows.map(|rows| rows as f64);
    let known = columns(domain, &publication.ordered, &all, rows);
    let fits = publication.merged.len() == domain.len()
        && publication
            .merged
            .iter()
            .zip(domain.attrs())
            .all(|(map, attr)| map.len() == attr.levels as usize);
    if !fits {
        return Err(FitError::setting(
            "publication",
            "its merged levels do not fit its columns",
        ));
    }
    // For each level the share of its group that it holds, and how many levels the group has.
    let members: Vec<Vec<(f64, f64)>> = known
        .levels
        .iter()
        .zip(&publication.merged)
        .map(|(levels, map)| {
            let groups = map.iter().max().map_or(0, |&group| group as usize + 1);
            let (mut sums, mut counts) = (vec![0.0; groups], vec![0.0; groups]);
            for (&group, rows) in map.iter().zip(levels) {
                sums[group as usize] += rows;
                counts[group as usize] += 1.0;
            }
            let member = |(&group, rows): (&u32, &f64)| {
                let (sum, count): (f64, f64) = (sums[group as usize], counts[group as usize]);
                (if sum > 0.0 { rows / sum } else { 1.0 / count }, count)
            };
            map.iter().zip(levels).map(member).collect()
        })
        .collect();
    for noisy in &publication.marginals {
        let cells = domain
            .cells(&noisy.attrs)
            .map_err(|error| FitError::Source(error.into()))?;
        if cells > u128::from(config.max_cells) {
            let problem =
                format!("a margin of the publication has {cells} cells before levels were merged");
            return Err(FitError::setting("max_cells", problem));
        }
        // The merged cell of each fine one, its share of it, and into how many it was cut.
        let mut fine: Vec<(usize, f64, f64)> = vec![(0, 1.0, 1.0)];
        let mut merged_cells = 1;
        for attr in noisy.attrs.iter() {
            let map = &publication.merged[attr as usize];
            let groups = map.iter().max().map_or(0, |&group| group as usize + 1);
            merged_cells *= groups;
            let members = &members[attr as usize];
            fine = fine
                .iter()
                .flat_map(|&(cell, share, count)| {
                    map.iter()
                        .zip(members)
                        .map(move |(&group, &(own, levels))| {
                            (cell * groups + group as usize, share * own, count * levels)
                        })
                })
                .collect();
        }
        if merged_cells != noisy.cells.len() {
            return Err(FitError::setting(
                "publication",
                "a margin does not fit its merged levels",
            ));
        }
        let counts = fine
            .iter()
            .map(|&(cell, share, _)| noisy.cells[cell] as f64 * share);
        let sigmas = fine.iter().map(|&(_, share, count)| {
            // A level that nobody is estimated to have still needs an error above 0.
            noisy.sigma * share.max(1e-3) * f64::sqrt(count)
        });
        let spread = Measurement::with_sigmas(
            domain,
            noisy.attrs.clone(),
            counts.collect(),
            sigmas.collect(),
        );
        all.push(spread.map_err(failed)?);
    }
    Ok(all)
}
