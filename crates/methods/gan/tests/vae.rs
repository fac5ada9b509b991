//! What the autoencoder learns, what is kept whatever it learns, and how it goes on after an
//! interruption.

mod common;

use std::ops::ControlFlow;

use common::{ledger, quick, toy};
use parable_core::{
    Checkpointing, FitContext, FitError, Model, ModelFile, NoObserver, Observer, Progress,
    Synthesizer,
};
use parable_dp::{Budget, Event, Ledger, NoiseSource, PrivacyUnit};
use parable_gan::{Vae, VaeConfig, VaeModel};
use parable_seed::Seed;
use parable_table::{Column, Field, Kind, Schema, Strings, Table, Values};

fn small() -> VaeConfig {
    let mut config = VaeConfig::default();
    config.latent_dim = 4;
    config.hidden_units = vec![32, 32];
    config.max_bins = quick().marginals.max_bins;
    config.batch = 500;
    config.steps = 1_500;
    config
}

fn fit(
    config: &VaeConfig,
    table: &Table,
    ledger: &mut Ledger,
    checkpoint: Option<Checkpointing>,
    observer: &dyn Observer,
) -> Result<VaeModel, FitError> {
    let mut noise = NoiseSource::insecure_seeded([3; 32]);
    let mut context = FitContext::new(Seed::from_u64(7), ledger, &mut noise).observed_by(observer);
    context.checkpoint = checkpoint;
    Vae::new(config.clone()).fit(table, &mut context)
}

fn budget(config: &VaeConfig) -> Ledger {
    if config.private {
        ledger(8.0)
    } else {
        Ledger::open(PrivacyUnit::one_row(), Budget::Unlimited)
    }
}

/// Share of rows in which `b` is `a`.
fn follows(table: &Table) -> f64 {
    let code = |column: usize, row: usize| table.column(column).code(row);
    let rows = 0..table.rows();
    let equal = rows.filter(|&row| code(0, row) == code(1, row)).count();
    equal as f64 / table.rows() as f64
}

#[test]
fn relations_are_learnt_without_a_guarantee_and_with_one() {
    let table = toy(6_000);
    // Nine of ten; 0.59 if columns were independent.
    for (private, bound) in [(false, 0.05), (true, 0.15)] {
        let mut config = small();
        config.private = private;
        let mut ledger = budget(&config);
        let model = fit(&config, &table, &mut ledger, None, &NoObserver).expect("a fit");
        let made = model.sample(6_000, &Seed::from_u64(1)).expect("rows");
        let share = follows(&made);
        assert!((share - 0.9).abs() < bound, "private {private}: {share}");
        let curve = model.curve();
        assert!(curve.iter().all(|point| point.rows.is_some() != private));
        if private {
            assert!(ledger.spent().epsilon.is_some_and(|e| e.get() <= 8.0));
            let steps = ledger.entries().iter().find_map(|entry| match entry.event {
                Event::Repeated { times, .. } => Some(times),
                _ => None,
            });
            assert_eq!(steps, Some(1_500));
            assert!(
                model
                    .typical_rows()
                    .is_some_and(|rows| rows.abs_diff(6_000) < 200)
            );
        } else {
            // The bound of the likelihood rises.
            let (first, last) = (curve.first(), curve.last());
            let loss = |point: Option<&parable_gan::LossPoint>| point.and_then(|p| p.rows);
            assert!(loss(last) < loss(first), "{first:?} {last:?}");
        }
    }
}

#[test]
fn conditions_hold_exactly_and_the_rest_follows() {
    let table = toy(6_000);
    let config = small().non_private();
    let model = fit(&config, &table, &mut budget(&config), None, &NoObserver).expect("a fit");
    for level in [0, 1] {
        let field = table.schema().fields()[0].clone();
        let schema = Schema::new(vec![field]).expect("one name");
        let column = Column::complete(Values::Codes(vec![level; 3_000]));
        let given = Table::new(schema, vec![column]).expect("fits");
        let made = model.sample_given(&given, &Seed::from_u64(4), &NoObserver);
        let made = made.expect("levels that occur");
        assert!((0..3_000).all(|row| made.column(0).code(row) == Some(level)));
        let share = follows(&made);
        assert!((share - 0.9).abs() < 0.08, "{level}: {share}");
    }
}

#[test]
fn the_number_of_threads_changes_no_byte() {
    let table = toy(2_000);
    let made = |threads: usize| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build();
        pool.expect("a pool").install(|| {
            let mut config = small();
            config.steps = 60;
            let model = fit(&config, &table, &mut budget(&config), None, &NoObserver);
            let model = model.expect("a fit");
            model.sample(1_000, &Seed::from_u64(1)).expect("rows")
        })
    };
    let one = made(1);
    assert_eq!(one, made(2));
    assert_eq!(one, made(5));
}

#[test]
fn a_stopped_fit_that_goes_on_gives_the_bytes_of_one_that_was_not_stopped() {
    let table = toy(2_000);
    for private in [true, false] {
        let mut config = small();
        config.private = private;
        config.steps = 200;
        let bytes = |model: VaeModel| {
            let mut bytes = Vec::new();
            let file = ModelFile::of(&model).expect("a model");
            file.write(&mut bytes).expect("memory");
            bytes
        };
        let whole = fit(&config, &table, &mut budget(&config), None, &NoObserver);
        let whole = bytes(whole.expect("a fit"));
        let name = format!("parable-vae-{}-{private}", std::process::id());
        let place = std::env::temp_dir().join(name);
        let _ = std::fs::remove_file(&place);
        let checkpoint = || Some(Checkpointing::new(&place, 30));
        let stopping = |progress: Progress<'_>| match progress.done == 100 {
            true => ControlFlow::Break(()),
            false => ControlFlow::Continue(()),
        };
        let stopped = fit(
            &config,
            &table,
            &mut budget(&config),
            checkpoint(),
            &stopping,
        );
        assert!(matches!(stopped, Err(FitError::Cancelled)));
        let mut ledger = budget(&config);
        let going_on = fit(&config, &table, &mut ledger, checkpoint(), &NoObserver);
        assert_eq!(bytes(going_on.expect("a fit")), whole, "private {private}");
        assert_eq!(ledger.entries().len(), if private { 6 } else { 1 });
        std::fs::remove_file(&place).expect("a checkpoint");
    }
}

#[test]
fn settings_without_sense_are_named() {
    let table = toy(100);
    let refused = |change: &dyn Fn(&mut VaeConfig)| {
        let mut config = small();
        change(&mut config);
        match fit(&config, &table, &mut budget(&config), None, &NoObserver) {
            Err(FitError::Setting { setting, .. }) => setting,
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(refused(&|c| c.hidden_units.clear()), "hidden_units");
    assert_eq!(refused(&|c| c.clip_norm = 0.0), "clip_norm");
    assert_eq!(refused(&|c| c.divergence = f64::NAN), "divergence");
    assert!(serde_json::from_str::<VaeConfig>(r#"{"epsilon":1}"#).is_err());
}

#[test]
fn refusals_name_this_method() {
    let mut texts = Strings::new();
    texts.push("anything");
    let schema = Schema::new(vec![Field::new("story", Kind::Text)]).expect("a schema");
    let table = Table::new(schema, vec![Column::complete(Values::Text(texts))]).expect("fits");
    for private in [true, false] {
        let mut config = small();
        config.private = private;
        match fit(&config, &table, &mut budget(&config), None, &NoObserver) {
            Err(FitError::Unsupported { method, column, .. }) => {
                assert_eq!((method, &*column), ("vae", "story"));
            }
            other => panic!("{other:?}"),
        }
    }
}
