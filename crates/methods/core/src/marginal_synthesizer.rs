//! Methods that learn from marginal counts alone, and so from any source of them.

use parable_domain::{AttrSet, Counts, Domain, MarginalSource, SourceError};
use parable_encode::Codec;
use parable_table::Schema;

use crate::{FitContext, FitError, Publication, Synthesizer};

/// A method that learns from marginal counts alone.
///
/// The counts may come from a table, a database that can count, or a publication; the model is the
/// same. Progress, cancellation, the ledger and model files work as for a table.
pub trait MarginalSynthesizer: Synthesizer {
    /// Returns the codes of a table with this schema, from declared facts alone.
    ///
    /// A source for [`MarginalSynthesizer::fit_source`] counts the attributes and levels of its
    /// [domain](Codec::domain).
    ///
    /// # Errors
    /// [`FitError::Undeclared`] for levels or bounds that are not declared.
    fn codec(&self, schema: &Schema) -> Result<Codec, FitError>;

    /// Learns from a source of exact counts that never shows a row.
    ///
    /// # Errors
    /// [`FitError::Source`] if the source counts other attributes or levels than the codec has,
    /// cannot answer, or answers with counts of another shape; else as [`Synthesizer::fit`].
    fn fit_source(
        &self,
        codec: &Codec,
        source: &dyn MarginalSource,
        context: &mut FitContext<'_>,
    ) -> Result<Self::Model, FitError>;

    /// Learns from released counts. The model stays as private as these: nothing else is read, and
    /// nothing is charged.
    ///
    /// # Errors
    /// [`FitError::Setting`] if the columns and codes of the publication are not those of the
    /// schema under the settings of this method.
    fn fit_publication(
        &self,
        schema: &Schema,
        publication: &Publication,
    ) -> Result<Self::Model, FitError>;
}

/// Refuses a source that counts other attributes or levels than the codec has.
///
/// # Errors
/// [`SourceError::OtherDomain`].
pub fn check_source(codec: &Codec, source: &dyn MarginalSource) -> Result<(), SourceError> {
    match source.domain() == codec.domain() {
        true => Ok(()),
        false => Err(SourceError::OtherDomain),
    }
}

/// Asks a source for exact counts, and refuses answers of another shape.
///
/// For fits without a privacy guarantee; private ones go through the [`Curator`](crate::Curator).
///
/// # Errors
/// The source cannot answer; [`SourceError::Shape`] if an answer is not about the set that was
/// asked for, or missing.
pub fn counts_of(
    source: &dyn MarginalSource,
    sets: &[AttrSet],
) -> Result<Vec<Counts>, SourceError> {
    let counts = source.counts(sets)?;
    for (at, attrs) in sets.iter().enumerate() {
        let fits = |own: &Counts| fits(own, source.domain(), attrs);
        if !counts.get(at).is_some_and(fits) || counts.len() != sets.len() {
            let attrs = attrs.clone();
            return Err(SourceError::Shape { attrs });
        }
    }
    Ok(counts)
}

fn fits(counts: &Counts, domain: &Domain, attrs: &AttrSet) -> bool {
    let levels = domain.levels(attrs);
    counts.attrs() == attrs && levels.is_ok_and(|levels| levels == counts.levels())
}
