//! Promises of methods that learn from marginal counts alone.

use std::collections::HashMap;
use std::ops::ControlFlow;
use std::sync::atomic::{AtomicUsize, Ordering};

use parable_core::{
    Curator, FitContext, FitError, MarginalSynthesizer, Model, ModelFile, ModelReader, NoObserver,
    Observer, Progress, Publication,
};
use parable_domain::{AttrSet, Codes, Counts, Domain, MarginalSource, SourceError};
use parable_dp::{Budget, Ledger, NoiseSource, PrivacyUnit, Rho};
use parable_encode::Codec;
use parable_seed::Seed;
use parable_table::{Column, Table, Values};

use crate::checks::{approximate, ensure, sample};
use crate::tables;

/// Rows of codes with the number of each: a source of counts that is no table.
struct Tally {
    domain: Domain,
    rows: HashMap<Vec<u32>, u64>,
    answers: Answers,
}

/// How a source answers.
#[derive(Clone, Copy)]
enum Answers {
    Right,
    /// One answer less than there are questions.
    OneLess,
    /// Every answer is about no attribute.
    Totals,
}

impl Tally {
    fn of(codes: &Codes, answers: Answers) -> Self {
        let mut rows = HashMap::new();
        for row in 0..codes.rows() {
            let key = (0..codes.domain().len()).map(|attr| codes.column(attr)[row]);
            *rows.entry(key.collect()).or_insert(0) += 1;
        }
        Self {
            domain: codes.domain().clone(),
            rows,
            answers,
        }
    }

    fn count(&self, attrs: &AttrSet) -> Result<Counts, SourceError> {
        let levels = self.domain.levels(attrs)?;
        let mut cells = vec![0; self.domain.cells(attrs)? as usize];
        for (row, number) in &self.rows {
            let codes = attrs.iter().zip(&levels);
            let cell = codes.fold(0, |cell, (attr, &levels)| {
                cell * levels as usize + row[attr as usize] as usize
            });
            cells[cell] += number;
        }
        Ok(Counts::new(&self.domain, attrs.clone(), cells)?)
    }
}

impl MarginalSource for Tally {
    fn domain(&self) -> &Domain {
        &self.domain
    }

    fn counts(&self, sets: &[AttrSet]) -> Result<Vec<Counts>, SourceError> {
        let mut sets = sets.to_vec();
        match self.answers {
            Answers::Right => {}
            Answers::OneLess => drop(sets.pop()),
            Answers::Totals => sets.fill(AttrSet::empty()),
        }
        sets.iter().map(|attrs| self.count(attrs)).collect()
    }
}

/// A method under test, with a table and its codes.
pub(crate) struct Method<'a, S> {
    synthesizer: &'a S,
    reader: &'a dyn ModelReader,
    table: Table,
    codec: Codec,
    codes: Codes,
}

pub(crate) type Check<S> = fn(&Method<'_, S>) -> Result<(), String>;

/// The promises, one function each.
pub(crate) fn all<S: MarginalSynthesizer>() -> [(&'static str, Check<S>); 6] {
    [
        (
            "a map of counts gives the model of the table that it counts",
            gives_the_same_model,
        ),
        (
            "a fit from counts tells its progress and can be cancelled",
            can_be_cancelled,
        ),
        (
            "a model of counts reads back and samples the same table",
            survives_a_file,
        ),
        (
            "a model of counts keeps given values in the rows that were asked for",
            keeps_given_values,
        ),
        (
            "a source that counts something else is refused with an error of the source",
            refuses_wrong_sources,
        ),
        (
            "a publication gives a model and charges nothing",
            takes_publications,
        ),
    ]
}

impl<'a, S: MarginalSynthesizer> Method<'a, S> {
    pub(crate) fn new(synthesizer: &'a S, reader: &'a dyn ModelReader) -> Result<Self, String> {
        let table = tables::declared_trial(synthesizer.capabilities().missing);
        let codec = synthesizer.codec(table.schema());
        let codec = codec.map_err(|error| format!("declared facts give no codes: {error}"))?;
        let codes = codec.encode(&table).map_err(|error| error.to_string())?;
        Ok(Self {
            synthesizer,
            reader,
            table,
            codec,
            codes,
        })
    }

    fn fit_with(
        &self,
        source: &dyn MarginalSource,
        observer: &dyn Observer,
    ) -> (Result<S::Model, FitError>, Ledger) {
        let budget = match self.synthesizer.capabilities().private {
            true => approximate(1.0),
            false => Budget::Unlimited,
        };
        let mut ledger = Ledger::open(PrivacyUnit::one_row(), budget);
        let mut noise = NoiseSource::insecure_seeded([1; 32]);
        let context = FitContext::new(Seed::from_u64(1), &mut ledger, &mut noise);
        let mut context = context.observed_by(observer);
        let model = self
            .synthesizer
            .fit_source(&self.codec, source, &mut context);
        (model, ledger)
    }

    fn fitted(&self) -> Result<S::Model, String> {
        let source = Tally::of(&self.codes, Answers::Right);
        let model = self.fit_with(&source, &NoObserver).0;
        model.map_err(|error| format!("the fit failed: {error}"))
    }
}

fn gives_the_same_model<S: MarginalSynthesizer>(method: &Method<'_, S>) -> Result<(), String> {
    let source = Tally::of(&method.codes, Answers::Right);
    let (counted, ledger) = method.fit_with(&source, &NoObserver);
    let counted = counted.map_err(|error| format!("the fit failed: {error}"))?;
    let coded = method.fit_with(&method.codes, &NoObserver).0;
    let coded = coded.map_err(|error| format!("the fit from codes failed: {error}"))?;
    ensure(
        sample(&counted, 300, 2)? == sample(&coded, 300, 2)?,
        "samples of the two models differ",
    )?;
    let record = counted.record();
    ensure(
        !ledger.entries().is_empty() && record.ledger == ledger.entries(),
        "the record's ledger is another than the one charged",
    )?;
    ensure(
        record.private == method.synthesizer.capabilities().private,
        "the record contradicts the capability `private`",
    )?;
    ensure(
        counted.schema() == method.table.schema(),
        "the model's schema is another",
    )
}

fn can_be_cancelled<S: MarginalSynthesizer>(method: &Method<'_, S>) -> Result<(), String> {
    let told = AtomicUsize::new(0);
    let stop = |_: Progress<'_>| {
        told.fetch_add(1, Ordering::Relaxed);
        ControlFlow::Break(())
    };
    let source = Tally::of(&method.codes, Answers::Right);
    match method.fit_with(&source, &stop).0 {
        Err(FitError::Cancelled) => {}
        Err(error) => return Err(format!("another error: {error}")),
        Ok(_) => return Err("the fit went on".to_owned()),
    }
    ensure(
        told.load(Ordering::Relaxed) > 0,
        "the observer was not told anything",
    )
}

fn survives_a_file<S: MarginalSynthesizer>(method: &Method<'_, S>) -> Result<(), String> {
    let model = method.fitted()?;
    let file = ModelFile::of(&model).map_err(|error| error.to_string())?;
    let back = method
        .reader
        .read(&file)
        .map_err(|error| error.to_string())?;
    ensure(
        sample(&*back, 200, 3)? == sample(&model, 200, 3)?,
        "the model that was read samples another table",
    )
}

fn keeps_given_values<S: MarginalSynthesizer>(method: &Method<'_, S>) -> Result<(), String> {
    let model = method.fitted()?;
    let arm = method.table.schema().position("arm");
    let arm = arm.ok_or("the table has no column `arm`")?;
    let wanted: Vec<u32> = (0..40).map(|row| row % 2).collect();
    let (schema, _) = tables::columns(&method.table, &[arm]).into_parts();
    let column = Column::complete(Values::Codes(wanted.clone()));
    let given = Table::new(schema, vec![column]).map_err(|error| error.to_string())?;
    let made = model.sample_given(&given, &Seed::from_u64(4), &NoObserver);
    let made = made.map_err(|error| format!("sampling failed: {error}"))?;
    let kept = (0..40).all(|row| made.column(arm).code(row) == Some(wanted[row]));
    ensure(
        kept && made.rows() == 40,
        "the rows do not carry the given values in order",
    )
}

fn refuses_wrong_sources<S: MarginalSynthesizer>(method: &Method<'_, S>) -> Result<(), String> {
    let other = Domain::new([("other", 2)]).map_err(|error| error.to_string())?;
    let other = Codes::new(other, vec![vec![0, 1]]).map_err(|error| error.to_string())?;
    let (refused, ledger) = method.fit_with(&other, &NoObserver);
    ensure(
        matches!(refused, Err(FitError::Source(SourceError::OtherDomain))),
        "other attributes were taken, or refused with another error",
    )?;
    ensure(
        ledger.entries().is_empty(),
        "a source of other attributes was charged for",
    )?;
    for answers in [Answers::OneLess, Answers::Totals] {
        let source = Tally::of(&method.codes, answers);
        let refused = method.fit_with(&source, &NoObserver).0;
        ensure(
            matches!(refused, Err(FitError::Source(SourceError::Shape { .. }))),
            "answers of another shape were taken, or refused with another error",
        )?;
    }
    Ok(())
}

fn takes_publications<S: MarginalSynthesizer>(method: &Method<'_, S>) -> Result<(), String> {
    let publication = published(&method.codes).map_err(|error| error.to_string())?;
    let schema = method.table.schema();
    let model = method.synthesizer.fit_publication(schema, &publication);
    let model = model.map_err(|error| format!("the fit failed: {error}"))?;
    ensure(
        model.record().private && model.record().ledger == publication.ledger,
        "the record does not carry the charges of the publication",
    )?;
    let made = sample(&model, 500, 5)?;
    ensure(made.schema() == schema, "a sample has another schema")?;
    let domain = Domain::new([("other", 2)]).map_err(|error| error.to_string())?;
    let other = Publication::new(domain, PrivacyUnit::one_row());
    ensure(
        method.synthesizer.fit_publication(schema, &other).is_err(),
        "a publication about other columns was taken",
    )
}

/// Noisy counts of every column and of every two neighbours.
fn published(codes: &Codes) -> Result<Publication, FitError> {
    let rho = Rho::new(1.0).expect("a number above 0");
    let mut ledger = Ledger::open(PrivacyUnit::one_row(), Budget::zcdp(rho));
    let mut noise = NoiseSource::insecure_seeded([2; 32]);
    let mut curator = Curator::new(codes, &mut ledger, &mut noise);
    let mut publication = Publication::new(codes.domain().clone(), curator.unit());
    let columns = codes.domain().len() as u32;
    let sigma = curator.sigma_for(0.4 / f64::from(columns), curator.unit().counts_squared());
    let single = (0..columns).map(|attr| (AttrSet::new([attr]), sigma));
    publication.columns = curator.measure("column", &single.collect::<Vec<_>>())?;
    let pairs = (1..columns).map(|attr| (AttrSet::new([attr - 1, attr]), sigma));
    publication.marginals = curator.measure("marginal", &pairs.collect::<Vec<_>>())?;
    publication.ledger = curator.ledger().entries().to_vec();
    Ok(publication)
}
