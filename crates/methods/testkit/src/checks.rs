//! The promises, one function each.

use std::ops::ControlFlow;
use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};

use parable_core::{
    Checkpointing, DynSynthesizer, FitContext, FitError, Model, ModelFile, ModelReader, NoObserver,
    Observer, Progress, SampleError, rows_breaking_row_rules,
};
use parable_dp::{Budget, Delta, Epsilon, Event, Ledger, NoiseSource, PrivacyUnit};
use parable_seed::Seed;
use parable_table::{Constraint, Table};

use crate::tables;

pub(crate) struct Method<'a> {
    pub(crate) synthesizer: &'a dyn DynSynthesizer,
    pub(crate) reader: &'a dyn ModelReader,
}

type Check = fn(&Method<'_>) -> Result<(), String>;

pub(crate) const ALL: &[(&str, Check)] = &[
    ("a fit succeeds on an ordinary table", fits),
    (
        "samples have the schema and the number of rows asked for",
        keeps_schema_and_rows,
    ),
    (
        "the same seed gives the same table, another seed another",
        is_a_function_of_the_seed,
    ),
    (
        "two fits with one seed give the same model",
        fits_repeatably,
    ),
    (
        "tables of one row and columns without information are taken",
        takes_poor_tables,
    ),
    (
        "a table without rows is refused with an error",
        refuses_nothing,
    ),
    ("the ledger has an entry for every fit", charges_the_ledger),
    (
        "a budget that does not allow the fit stops it",
        stops_at_the_budget,
    ),
    (
        "the observer is told of progress and can cancel",
        can_be_cancelled,
    ),
    (
        "an interrupted fit goes on from its checkpoint and charges nothing twice",
        goes_on,
    ),
    (
        "a written model reads back and samples the same table",
        survives_a_file,
    ),
    (
        "a body cut short or of another kind is refused with an error",
        refuses_a_bad_body,
    ),
    (
        "given values stand in the rows that were asked for",
        keeps_given_values,
    ),
    ("capabilities tell the truth", tells_the_truth),
    ("errors quote no value", quotes_no_value),
    (
        "levels and missing reasons stand in shares near the real ones",
        keeps_shares,
    ),
];

impl Method<'_> {
    fn table(&self) -> Table {
        let capabilities = self.synthesizer.capabilities();
        if capabilities.private {
            tables::declared_trial(capabilities.missing)
        } else {
            tables::trial(capabilities.missing)
        }
    }

    fn budget(&self) -> Budget {
        if self.synthesizer.capabilities().private {
            approximate(1.0)
        } else {
            Budget::Unlimited
        }
    }

    fn fit(&self, table: &Table, seed: u64) -> Result<Box<dyn Model>, FitError> {
        self.fit_with(table, seed, self.budget(), &NoObserver).0
    }

    fn fit_with(
        &self,
        table: &Table,
        seed: u64,
        budget: Budget,
        observer: &dyn Observer,
    ) -> (Result<Box<dyn Model>, FitError>, Ledger) {
        let mut ledger = Ledger::open(PrivacyUnit::one_row(), budget);
        let mut noise = NoiseSource::insecure_seeded([seed as u8; 32]);
        let mut context =
            FitContext::new(Seed::from_u64(seed), &mut ledger, &mut noise).observed_by(observer);
        let model = self.synthesizer.fit_boxed(table, &mut context);
        (model, ledger)
    }

    fn fitted(&self) -> Result<(Table, Box<dyn Model>), String> {
        let table = self.table();
        let model = self
            .fit(&table, 1)
            .map_err(|error| format!("the fit failed: {error}"))?;
        Ok((table, model))
    }
}

pub(crate) fn approximate(epsilon: f64) -> Budget {
    Budget::Approx {
        epsilon: Epsilon::new(epsilon).expect("a positive number"),
        delta: Delta::new(1e-6).expect("a small number"),
    }
}

pub(crate) fn sample(model: &dyn Model, rows: usize, seed: u64) -> Result<Table, String> {
    model
        .sample(rows, &Seed::from_u64(seed))
        .map_err(|error| format!("sampling {rows} rows failed: {error}"))
}

pub(crate) fn ensure(kept: bool, observed: impl Into<String>) -> Result<(), String> {
    if kept { Ok(()) } else { Err(observed.into()) }
}

fn fits(method: &Method<'_>) -> Result<(), String> {
    let (_, model) = method.fitted()?;
    let record = model.record();
    ensure(
        record.method == method.synthesizer.name(),
        "the record names another method",
    )?;
    ensure(
        method.reader.method() == method.synthesizer.name(),
        "the reader names another method",
    )?;
    ensure(
        record.private == method.synthesizer.capabilities().private,
        "the record contradicts the capability `private`",
    )
}

fn keeps_schema_and_rows(method: &Method<'_>) -> Result<(), String> {
    let (table, model) = method.fitted()?;
    ensure(
        model.schema() == table.schema(),
        "the model's schema is another",
    )?;
    for rows in [0, 1, 57, table.rows(), 5_000] {
        let made = sample(&*model, rows, 2)?;
        ensure(
            made.rows() == rows,
            format!("{rows} rows asked for, {} made", made.rows()),
        )?;
        ensure(
            made.schema() == table.schema(),
            "a sample has another schema",
        )?;
    }
    Ok(())
}

fn is_a_function_of_the_seed(method: &Method<'_>) -> Result<(), String> {
    let (_, model) = method.fitted()?;
    let first = sample(&*model, 300, 3)?;
    sample(&*model, 10, 4)?;
    ensure(
        first == sample(&*model, 300, 3)?,
        "two samples with one seed differ",
    )?;
    ensure(
        first != sample(&*model, 300, 5)?,
        "two seeds give the same sample",
    )
}

fn fits_repeatably(method: &Method<'_>) -> Result<(), String> {
    let (table, model) = method.fitted()?;
    let again = method.fit(&table, 1).map_err(|error| error.to_string())?;
    ensure(
        sample(&*model, 300, 6)? == sample(&*again, 300, 6)?,
        "samples of the two models differ",
    )
}

fn takes_poor_tables(method: &Method<'_>) -> Result<(), String> {
    let capabilities = method.synthesizer.capabilities();
    let mut poor = vec![
        ("one row", tables::head(&method.table(), 1)),
        ("two rows", tables::head(&method.table(), 2)),
    ];
    if !capabilities.private {
        poor.push((
            "columns without information",
            tables::uninformative(capabilities.missing),
        ));
    }
    for (what, table) in poor {
        let model = method
            .fit(&table, 1)
            .map_err(|error| format!("{what}: {error}"))?;
        let made = sample(&*model, 50, 7).map_err(|error| format!("{what}: {error}"))?;
        for (field, (real, made)) in table
            .schema()
            .fields()
            .iter()
            .zip(table.columns().iter().zip(made.columns()))
        {
            let empty = real.missing_count() == real.len();
            ensure(
                !empty || made.missing_count() == made.len() || capabilities.private,
                format!("column `{}` got values from nowhere", field.name),
            )?;
            let full = real.missing_count() == 0;
            ensure(
                !full || made.missing_count() == 0 || capabilities.private,
                format!("column `{}` lost values", field.name),
            )?;
        }
    }
    Ok(())
}

fn refuses_nothing(method: &Method<'_>) -> Result<(), String> {
    match method.fit(&tables::head(&method.table(), 0), 1) {
        Ok(_) => Err("a model was fitted".to_owned()),
        Err(_) => Ok(()),
    }
}

fn charges_the_ledger(method: &Method<'_>) -> Result<(), String> {
    let (model, ledger) = method.fit_with(&method.table(), 1, method.budget(), &NoObserver);
    let model = model.map_err(|error| error.to_string())?;
    ensure(!ledger.entries().is_empty(), "the ledger is empty")?;
    ensure(
        model.record().ledger == ledger.entries(),
        "the record's ledger is another than the one charged",
    )?;
    let unprotected = ledger
        .entries()
        .iter()
        .any(|entry| matches!(entry.event, Event::NonPrivate));
    ensure(
        unprotected != model.record().private,
        "the entries contradict the claim of privacy",
    )
}

fn stops_at_the_budget(method: &Method<'_>) -> Result<(), String> {
    // A non-private fit needs an unlimited budget; a private one given next to nothing must spend
    // no more than that or refuse.
    let (model, ledger) = method.fit_with(&method.table(), 1, approximate(1e-9), &NoObserver);
    match model {
        Err(FitError::Privacy(_)) => Ok(()),
        Err(error) => Err(format!("the fit failed for another reason: {error}")),
        Ok(model) if model.record().private => {
            let unprotected = ledger
                .entries()
                .iter()
                .any(|entry| matches!(entry.event, Event::NonPrivate));
            ensure(!unprotected, "rows were read without protection")
        }
        Ok(_) => Err("a fit without protection went through".to_owned()),
    }
}

fn can_be_cancelled(method: &Method<'_>) -> Result<(), String> {
    let told = AtomicUsize::new(0);
    let stop = |_: Progress<'_>| {
        told.fetch_add(1, Ordering::Relaxed);
        ControlFlow::Break(())
    };
    match method
        .fit_with(&method.table(), 1, method.budget(), &stop)
        .0
    {
        Err(FitError::Cancelled) => {}
        Err(error) => {
            return Err(format!(
                "the cancelled fit failed for another reason: {error}"
            ));
        }
        Ok(_) => return Err("the fit went on".to_owned()),
    }
    ensure(
        told.load(Ordering::Relaxed) > 0,
        "the observer was not told anything",
    )?;
    let (_, model) = method.fitted()?;
    match model.sample_with(100, &Seed::from_u64(8), &stop) {
        Err(SampleError::Cancelled) => Ok(()),
        Err(error) => Err(format!(
            "the cancelled sampling failed for another reason: {error}"
        )),
        Ok(_) => Err("sampling went on".to_owned()),
    }
}

/// A place for a checkpoint, removed in the end.
struct Place(PathBuf);

impl Place {
    fn new(method: &str) -> Self {
        static NEXT: AtomicUsize = AtomicUsize::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let name = format!("parable-{}-{number}-{method}", std::process::id());
        Self(std::env::temp_dir().join(name))
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}

fn goes_on(method: &Method<'_>) -> Result<(), String> {
    if !method.synthesizer.capabilities().resumable {
        return Ok(());
    }
    let table = method.table();
    let place = Place::new(method.synthesizer.name());
    let fit = |ledger: &mut Ledger, seed: u64, observer: &dyn Observer| {
        let mut noise = NoiseSource::insecure_seeded([1; 32]);
        let mut context = FitContext::new(Seed::from_u64(seed), ledger, &mut noise)
            .observed_by(observer)
            .with_checkpoint(Checkpointing::new(&place.0, 10));
        method.synthesizer.fit_boxed(&table, &mut context)
    };
    let open = |budget| Ledger::open(PrivacyUnit::one_row(), budget);
    let calls = AtomicUsize::new(0);
    let counting = |_: Progress<'_>| {
        calls.fetch_add(1, Ordering::Relaxed);
        ControlFlow::Continue(())
    };
    let mut whole = open(method.budget());
    fit(&mut whole, 1, &counting).map_err(|error| format!("the fit failed: {error}"))?;
    let calls = calls.into_inner();
    for stop in [1, calls / 3, calls / 2, calls - 1] {
        let _ = std::fs::remove_file(&place.0);
        let told = AtomicUsize::new(0);
        let stopping = |_: Progress<'_>| match told.fetch_add(1, Ordering::Relaxed) == stop {
            true => ControlFlow::Break(()),
            false => ControlFlow::Continue(()),
        };
        let mut stopped = open(method.budget());
        if !matches!(fit(&mut stopped, 1, &stopping), Err(FitError::Cancelled)) {
            return Err("a fit that was to stop did not".to_owned());
        }
        if !place.0.exists() {
            return Err("a fit that was stopped left no checkpoint".to_owned());
        }
        let mut other = open(approximate(0.5));
        let mut seeded = open(method.budget());
        for (ledger, seed, what) in [(&mut other, 1, "budget"), (&mut seeded, 2, "seed")] {
            if !matches!(fit(ledger, seed, &NoObserver), Err(FitError::Checkpoint(_))) {
                return Err(format!("another {what} was not refused"));
            }
            if !ledger.entries().is_empty() {
                return Err("a refused fit charged something".to_owned());
            }
        }
        // In another process the ledger is a new one; in the same it is the one that was charged.
        let mut again = open(method.budget());
        for ledger in [&mut again, &mut stopped] {
            let model = fit(ledger, 1, &NoObserver);
            let model = model.map_err(|error| format!("a resumed fit failed: {error}"))?;
            if ledger.entries().len() != whole.entries().len() {
                return Err(format!(
                    "{} charges after an interruption, {} without",
                    ledger.entries().len(),
                    whole.entries().len()
                ));
            }
            if model.record().ledger != ledger.entries() {
                return Err("the record holds other charges than the ledger".to_owned());
            }
        }
    }
    let whole = std::fs::read(&place.0).map_err(|error| error.to_string())?;
    let foreign = b"id,name\n1,a\n".to_vec();
    for bytes in [
        whole[..whole.len() / 2].to_vec(),
        whole[..9].to_vec(),
        foreign,
    ] {
        std::fs::write(&place.0, bytes).map_err(|error| error.to_string())?;
        let result = fit(&mut open(method.budget()), 1, &NoObserver);
        if !matches!(result, Err(FitError::Checkpoint(_))) {
            return Err("a damaged checkpoint was not refused".to_owned());
        }
    }
    Ok(())
}

fn survives_a_file(method: &Method<'_>) -> Result<(), String> {
    let (_, model) = method.fitted()?;
    let mut bytes = Vec::new();
    let file = ModelFile::of(&*model).map_err(|error| error.to_string())?;
    file.write(&mut bytes).map_err(|error| error.to_string())?;
    let file = ModelFile::read(&mut bytes.as_slice()).map_err(|error| error.to_string())?;
    let read = method
        .reader
        .read(&file)
        .map_err(|error| error.to_string())?;
    ensure(read.record() == model.record(), "the record changed")?;
    ensure(
        sample(&*read, 200, 9)? == sample(&*model, 200, 9)?,
        "the sample changed",
    )
}

fn refuses_a_bad_body(method: &Method<'_>) -> Result<(), String> {
    let (_, model) = method.fitted()?;
    let good = ModelFile::of(&*model).map_err(|error| error.to_string())?;
    let mut bodies = vec![
        Vec::new(),
        b"{}".to_vec(),
        vec![0xff; 64],
        b"[1, 2, 3]".to_vec(),
    ];
    bodies.extend([1, 2, 3].map(|quarter| good.body[..good.body.len() * quarter / 4].to_vec()));
    for body in bodies {
        let mut bad = good.clone();
        bad.body = body;
        ensure(
            method.reader.read(&bad).is_err(),
            format!("a body of {} bytes was read", bad.body.len()),
        )?;
    }
    Ok(())
}

fn keeps_given_values(method: &Method<'_>) -> Result<(), String> {
    let (table, model) = method.fitted()?;
    // Real rows, so that every method has met the combination, in the first two categorical columns
    // that are not constant.
    let fields = table.schema().fields();
    let chosen: Vec<usize> = (0..fields.len())
        .filter(|&at| {
            fields[at]
                .kind
                .levels()
                .is_some_and(|levels| levels.len() > 1)
        })
        .take(2)
        .collect();
    let given = tables::head(&tables::columns(&table, &chosen), 60);
    let make = |seed| {
        let seed = Seed::from_u64(seed);
        model.sample_given(&given, &seed, &NoObserver)
    };
    let made = match make(13) {
        Ok(made) => made,
        // A private model may have lost a rare combination, and says so.
        Err(SampleError::Rare { .. }) if method.synthesizer.capabilities().private => return Ok(()),
        Err(error) => return Err(error.to_string()),
    };
    ensure(
        made.schema() == table.schema(),
        "the table has another schema",
    )?;
    ensure(
        tables::columns(&made, &chosen) == given,
        "the rows carry other values than those given",
    )?;
    ensure(
        make(13).is_ok_and(|again| again == made),
        "two tables with one seed differ",
    )?;
    let none = tables::head(&given, 0);
    let made = model.sample_given(&none, &Seed::from_u64(13), &NoObserver);
    ensure(
        made.is_ok_and(|made| made.rows() == 0),
        "no rows asked for, some made",
    )?;
    let strange = tables::uninformative(false);
    match model.sample_given(&strange, &Seed::from_u64(13), &NoObserver) {
        Err(SampleError::Given { .. }) => Ok(()),
        _ => Err("values of columns the model does not have were taken".to_owned()),
    }
}

fn tells_the_truth(method: &Method<'_>) -> Result<(), String> {
    let capabilities = method.synthesizer.capabilities();
    let (table, model) = method.fitted()?;
    if capabilities.prefix {
        let (few, many) = (sample(&*model, 40, 10)?, sample(&*model, 900, 10)?);
        ensure(
            few == tables::head(&many, 40),
            "`prefix`: a small sample does not begin the large one",
        )?;
    }
    if capabilities.clusters {
        let made = sample(&*model, table.rows(), 11)?;
        for constraint in table.schema().constraints() {
            if let Constraint::ClusterConstant { cluster, columns } = constraint {
                columns
                    .iter()
                    .try_for_each(|column| constant_within(&made, cluster, column))?;
            }
        }
    }
    if capabilities.rules {
        let table = tables::ruled(&table);
        let model = method.fit(&table, 1).map_err(|error| error.to_string())?;
        let made = sample(&*model, 500, 12)?;
        let broken = rows_breaking_row_rules(&made).map_err(|error| error.to_string())?;
        ensure(
            broken.is_empty(),
            format!("`rules`: {} of 500 rows break a rule", broken.len()),
        )?;
    }
    if !capabilities.missing && method.fit(&tables::trial(true), 1).is_ok() {
        return Err("`missing`: a table with missing values was taken".to_owned());
    }
    if !capabilities.text && !capabilities.private && method.fit(&tables::secret(), 1).is_ok() {
        return Err("`text`: a table with free text was taken".to_owned());
    }
    if capabilities.private {
        return match method.fit(&tables::trial(capabilities.missing), 1) {
            Err(FitError::Undeclared { .. }) => Ok(()),
            Err(error) => Err(format!(
                "`private`: observed facts failed for another reason: {error}"
            )),
            Ok(_) => Err("`private`: observed facts were used".to_owned()),
        };
    }
    Ok(())
}

fn constant_within(table: &Table, cluster: &str, column: &str) -> Result<(), String> {
    let (Some((_, cluster)), Some((_, values))) = (table.named(cluster), table.named(column))
    else {
        return Err("a column of the constraint is absent".to_owned());
    };
    let mut seen = std::collections::HashMap::new();
    for row in 0..table.rows() {
        let value = (
            values.missing(row),
            values.code(row),
            values.number(row).map(f64::to_bits),
        );
        // A row of no cluster is free, as the rule has it.
        let Some(name) = cluster.code(row) else {
            continue;
        };
        if *seen.entry(name).or_insert(value) != value {
            return Err(format!(
                "`clusters`: column `{column}` varies within a cluster"
            ));
        }
    }
    Ok(())
}

fn quotes_no_value(method: &Method<'_>) -> Result<(), String> {
    match method.fit(&tables::secret(), 1) {
        Ok(_) => Ok(()),
        Err(error) => ensure(
            !format!("{error} {error:?}").contains(tables::SECRET),
            "an error quotes a cell",
        ),
    }
}

fn keeps_shares(method: &Method<'_>) -> Result<(), String> {
    // 20,000 synthetic rows estimate a share with sd at most 0.0036; a private fit or a model of
    // 400 rows may be off by more, so the bound only catches a method that loses a column: 0.15 in
    // any share (0.35 when private).
    let bound = if method.synthesizer.capabilities().private {
        0.35
    } else {
        0.15
    };
    let (table, model) = method.fitted()?;
    let made = sample(&*model, 20_000, 12)?;
    for (field, (real, made)) in table
        .schema()
        .fields()
        .iter()
        .zip(table.columns().iter().zip(made.columns()))
    {
        let share = |column: &parable_table::Column, is: &dyn Fn(usize) -> bool| {
            (0..column.len()).filter(|&row| is(row)).count() as f64 / column.len() as f64
        };
        let missing = (share(real, &|row| real.is_missing(row))
            - share(made, &|row| made.is_missing(row)))
        .abs();
        ensure(
            missing < bound,
            format!(
                "column `{}`: the share of missing values is off by {missing:.2}",
                field.name
            ),
        )?;
        for code in 0..field.kind.levels().map_or(0, parable_table::Levels::len) as u32 {
            let off = (share(real, &|row| real.code(row) == Some(code))
                - share(made, &|row| made.code(row) == Some(code)))
            .abs();
            ensure(
                off < bound,
                format!(
                    "column `{}`: the share of a level is off by {off:.2}",
                    field.name
                ),
            )?;
        }
    }
    Ok(())
}
