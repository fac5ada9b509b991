//! A fit that was interrupted goes on as if it had not been, and never takes a step twice under one
//! charge.

mod common;

use std::ops::ControlFlow;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};

use common::{ledger, quick, toy};
use parable_core::{
    Checkpointing, FitContext, FitError, ModelFile, NoObserver, Observer, Progress, Synthesizer,
};
use parable_dp::{Budget, Ledger, NoiseSource, PrivacyUnit};
use parable_gan::{Gan, GanConfig, GanModel, Numbers, Teacher, TrainingError};
use parable_seed::Seed;
use parable_table::Table;

struct Place(PathBuf);

impl Place {
    fn new(name: &str) -> Self {
        let place = std::env::temp_dir().join(format!("parable-gan-{}-{name}", std::process::id()));
        let _ = std::fs::remove_file(&place);
        Self(place)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}

fn fit(
    config: &GanConfig,
    table: &Table,
    ledger: &mut Ledger,
    place: Option<(&Place, u64)>,
    observer: &dyn Observer,
) -> Result<GanModel, FitError> {
    let mut noise = NoiseSource::insecure_seeded([3; 32]);
    let mut context = FitContext::new(Seed::from_u64(7), ledger, &mut noise).observed_by(observer);
    if let Some((place, every)) = place {
        context = context.with_checkpoint(Checkpointing::new(&place.0, every));
    }
    Gan::new(config.clone()).fit(table, &mut context)
}

fn bytes(model: &GanModel) -> Vec<u8> {
    let mut bytes = Vec::new();
    let file = ModelFile::of(model).expect("a model");
    file.write(&mut bytes).expect("memory");
    bytes
}

fn budget(config: &GanConfig) -> Ledger {
    if config.private {
        ledger(3.0)
    } else {
        Ledger::open(PrivacyUnit::one_row(), Budget::Unlimited)
    }
}

/// Stops at the first report of at least so many steps.
fn stop_at(steps: u64) -> impl Fn(Progress<'_>) -> ControlFlow<()> {
    move |progress| match progress.done >= steps && progress.total > 1 {
        true => ControlFlow::Break(()),
        false => ControlFlow::Continue(()),
    }
}

#[test]
fn a_stopped_fit_that_goes_on_gives_the_bytes_of_one_that_was_not_stopped() {
    let table = toy(2_000);
    let mut marginals = quick();
    marginals.marginals.rounds = Some(3);
    let mut rows = quick().with_teacher(Teacher::Discriminator);
    rows.discriminator.steps = 200;
    let mut modes = rows.clone().non_private();
    modes.discriminator.numbers = Numbers::Modes;
    // The number of the table has ten values, more than these.
    modes.marginals.max_bins = Some(4);
    let mut both = rows.clone().with_teacher(Teacher::Both);
    both.marginals.rounds = Some(3);
    // Steps at which each is stopped: behind the last measurement, where what follows is a function
    // of the seed (and, in these tests, of noise that can be repeated).
    let cases = [
        ("marginals", marginals.clone(), vec![76, 150, 374]),
        ("rows", rows.clone(), vec![50, 150]),
        ("both", both, vec![100, 450, 550]),
        ("open", marginals.non_private(), vec![0, 100]),
        ("open-rows", rows.non_private(), vec![0, 100]),
        ("open-modes", modes, vec![0, 100]),
    ];
    for (name, config, stops) in cases {
        let place = Place::new(name);
        let whole = fit(&config, &table, &mut budget(&config), None, &NoObserver);
        let whole = bytes(&whole.expect("a fit"));
        for stop in stops {
            let _ = std::fs::remove_file(&place.0);
            let mut first = budget(&config);
            let stopped = fit(
                &config,
                &table,
                &mut first,
                Some((&place, 30)),
                &stop_at(stop),
            );
            assert!(matches!(stopped, Err(FitError::Cancelled)), "{name} {stop}");
            let mut second = budget(&config);
            let told = AtomicU64::new(u64::MAX);
            let watching = |progress: Progress<'_>| {
                if progress.total > 1 {
                    told.fetch_min(progress.done, Ordering::Relaxed);
                }
                ControlFlow::Continue(())
            };
            let going_on = fit(&config, &table, &mut second, Some((&place, 30)), &watching);
            assert_eq!(bytes(&going_on.expect("a fit")), whole, "{name} {stop}");
            assert!(told.into_inner() >= stop, "{name} {stop}: begun anew");
            assert!(second.entries().starts_with(first.entries()));
            assert_eq!(second.spent(), {
                let mut again = budget(&config);
                fit(&config, &table, &mut again, None, &NoObserver).expect("a fit");
                again.spent()
            });
        }
    }
}

#[test]
fn steps_that_may_have_been_taken_are_not_taken_again() {
    let table = toy(2_000);
    let mut config = quick().with_teacher(Teacher::Discriminator);
    config.discriminator.steps = 200;
    let place = Place::new("reserved");
    // A run that dies: the file of a moment before it is all that is left.
    let early = Place::new("reserved-early");
    let dying = |progress: Progress<'_>| {
        if progress.done == 50 && progress.total > 1 {
            std::fs::copy(&place.0, &early.0).expect("a checkpoint");
        }
        ControlFlow::Continue(())
    };
    fit(
        &config,
        &table,
        &mut ledger(3.0),
        Some((&place, 80)),
        &dying,
    )
    .expect("a fit");
    std::fs::copy(&early.0, &place.0).expect("a copy");
    // Written before the first step, when 80 steps were reserved: they are lost, 120 are left.
    let steps = AtomicU64::new(u64::MAX);
    let watching = |progress: Progress<'_>| {
        if progress.total > 1 {
            steps.fetch_min(progress.done, Ordering::Relaxed);
        }
        ControlFlow::Continue(())
    };
    let model = fit(
        &config,
        &table,
        &mut ledger(3.0),
        Some((&place, 80)),
        &watching,
    );
    assert_eq!(steps.into_inner(), 80);
    let last = model.expect("a fit").curve().last().map(|point| point.step);
    assert_eq!(last, Some(200));
}

#[test]
fn losses_that_are_no_numbers_leave_ledger_and_checkpoint_as_they_were() {
    let table = toy(2_000);
    let mut config = quick().with_teacher(Teacher::Discriminator);
    config.discriminator.steps = 100;
    // Noise for this clip is beyond single precision.
    config.discriminator.clip_norm = 1e38;
    let place = Place::new("diverged");
    let mut charged = ledger(3.0);
    let result = fit(
        &config,
        &table,
        &mut charged,
        Some((&place, 40)),
        &NoObserver,
    );
    let Err(FitError::Method { source, .. }) = result else {
        panic!("{result:?}");
    };
    assert!(source.downcast_ref::<TrainingError>().is_some());
    // Where the numbers of a column are, four columns and the training: charged, and no more than
    // that.
    assert_eq!(charged.entries().len(), 6);
    assert!(
        charged
            .spent()
            .epsilon
            .is_some_and(|spent| spent.get() <= 3.0)
    );
    // It goes on from its file without a further charge, and diverges again.
    let again = fit(
        &config,
        &table,
        &mut charged,
        Some((&place, 40)),
        &NoObserver,
    );
    assert!(matches!(again, Err(FitError::Method { .. })));
    assert_eq!(charged.entries().len(), 6);
}

#[test]
fn another_table_setting_or_schema_is_refused() {
    let table = toy(1_000);
    let mut config = quick().non_private();
    config.marginals.final_steps = 60;
    let place = Place::new("other");
    let stopped = fit(
        &config,
        &table,
        &mut budget(&config),
        Some((&place, 10)),
        &stop_at(20),
    );
    assert!(matches!(stopped, Err(FitError::Cancelled)));
    let refused = |config: &GanConfig, table: &Table| {
        let mut ledger = budget(config);
        let result = fit(config, table, &mut ledger, Some((&place, 10)), &NoObserver);
        assert!(ledger.entries().is_empty());
        match result {
            Err(FitError::Checkpoint(error)) => error.to_string(),
            other => panic!("{other:?}"),
        }
    };
    let mut changed = config.clone();
    changed.marginals.learning_rate = 0.002;
    assert!(refused(&changed, &table).contains("a setting differs"));
    assert!(refused(&config, &toy(999)).contains("the table differs"));
    assert!(refused(&config, &table.take(&[0, 1])).contains("the table differs"));
    fit(
        &config,
        &table,
        &mut budget(&config),
        Some((&place, 10)),
        &NoObserver,
    )
    .expect("the same");
}
