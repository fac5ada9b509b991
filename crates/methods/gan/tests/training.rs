//! What is learnt, what is kept whatever is learnt, and what stops a training.

mod common;

use std::ops::ControlFlow;
use std::sync::atomic::{AtomicU64, Ordering};

use common::{ledger, quick, toy};
use parable_core::{FitContext, FitError, Model, NoObserver, Progress, Synthesizer};
use parable_domain::{AttrSet, Codes, Domain, MarginalSource};
use parable_dp::{Budget, Event, Ledger, NoiseSource, PrivacyUnit};
use parable_gan::{Compute, Gan, GanConfig, GanModel, StepsPerGenerator, Teacher};
use parable_seed::Seed;
use parable_table::{Column, Schema, Table, Values};

/// The toy as codes of 2, 2, 2 and 2 levels (numbers below and from 20 on).
fn codes(table: &Table) -> Codes {
    let column = |at: usize| (0..table.rows()).map(move |row| table.column(at).code(row));
    let mut columns: Vec<Vec<u32>> = (0..3)
        .map(|at| column(at).map(|code| code.unwrap_or(0)).collect())
        .collect();
    let high = |row| u32::from(table.column(3).number(row).is_some_and(|x| x >= 20.0));
    columns.push((0..table.rows()).map(high).collect());
    let domain = Domain::new([("a", 2), ("b", 2), ("c", 2), ("d", 2)]).expect("four names");
    Codes::new(domain, columns).expect("codes of two levels")
}

/// Total variation distance over a set of columns.
fn distance(real: &Table, made: &Table, attrs: &[u32]) -> f64 {
    let set = [AttrSet::new(attrs.iter().copied())];
    let shares = |table: &Table| -> Vec<f64> {
        let counts = codes(table).counts(&set).expect("counts");
        let total = counts[0].total() as f64;
        let cells = counts[0].cells().iter();
        cells.map(|&cell| cell as f64 / total).collect()
    };
    let (real, made) = (shares(real), shares(made));
    0.5 * real
        .iter()
        .zip(&made)
        .map(|(a, b)| (a - b).abs())
        .sum::<f64>()
}

fn fit(config: GanConfig, table: &Table, ledger: &mut Ledger) -> Result<GanModel, FitError> {
    let mut noise = NoiseSource::insecure_seeded([3; 32]);
    let mut context = FitContext::new(Seed::from_u64(7), ledger, &mut noise);
    Gan::new(config).fit(table, &mut context)
}

#[test]
fn pairs_and_required_triples_are_learnt_through_noise() {
    let table = toy(20_000);
    let config = quick().with_required(["a", "b", "c"]);
    let model = fit(config, &table, &mut ledger(5.0)).expect("a fit");
    let made = model
        .sample(20_000, &Seed::from_u64(1))
        .expect("20,000 rows");
    // Independent columns are off by 0.25 in a x b and by 0.3 in a x b x c.
    for (attrs, bound) in [
        (vec![0, 1], 0.03),
        (vec![0, 3], 0.02),
        (vec![0, 1, 2], 0.04),
    ] {
        let off = distance(&table, &made, &attrs);
        assert!(off < bound, "{attrs:?}: {off}");
    }
    let last = model.curve().last().and_then(|point| point.marginals);
    assert!(last.is_some_and(|loss| loss < 0.01), "{last:?}");
    assert_eq!(
        model.typical_rows().map(|rows| rows.abs_diff(20_000) < 200),
        Some(true)
    );
}

#[test]
fn a_discriminator_teaches_relations_without_a_guarantee_and_with_one() {
    let table = toy(5_000);
    let mut config = quick().with_teacher(Teacher::Discriminator).non_private();
    config.discriminator.steps = 800;
    let mut unlimited = Ledger::open(PrivacyUnit::one_row(), Budget::Unlimited);
    let plain = fit(config.clone(), &table, &mut unlimited).expect("a fit");
    config.private = true;
    config.discriminator.steps_per_generator = Some(StepsPerGenerator::Steps(2));
    let mut ledger = ledger(8.0);
    let private = fit(config, &table, &mut ledger).expect("a fit");
    assert!(
        ledger
            .spent()
            .epsilon
            .is_some_and(|spent| spent.get() <= 8.0)
    );
    let steps = ledger
        .entries()
        .iter()
        .find_map(|entry| match &entry.event {
            Event::Repeated { times, .. } => Some(*times),
            _ => None,
        });
    assert_eq!(steps, Some(800));
    // Independent columns are off by 0.25 here.
    for (model, bound) in [(plain, 0.08), (private, 0.15)] {
        let made = model.sample(5_000, &Seed::from_u64(1)).expect("rows");
        let off = distance(&table, &made, &[0, 1]);
        assert!(off < bound, "private {}: {off}", model.record().private);
    }
}

#[test]
fn conditions_hold_exactly_and_the_rest_follows() {
    let table = toy(20_000);
    let given = |position: usize, column: Column| {
        let field = table.schema().fields()[position].clone();
        Table::new(Schema::new(vec![field]).expect("one name"), vec![column]).expect("fits")
    };
    // From counts by Bayes' rule over components; from a discriminator with a condition vector,
    // which is trained less exactly.
    let counts = fit(quick(), &table, &mut ledger(5.0)).expect("a fit");
    let mut config = quick().with_teacher(Teacher::Discriminator).non_private();
    config.discriminator.steps = 800;
    let mut unlimited = Ledger::open(PrivacyUnit::one_row(), Budget::Unlimited);
    let told = fit(config, &table, &mut unlimited).expect("a fit");
    for (model, tolerance) in [(counts, 0.05), (told, 0.15)] {
        let make = |given: &Table| {
            let made = model.sample_given(given, &Seed::from_u64(4), &NoObserver);
            made.expect("levels that occur")
        };
        // a = 1: b is 1 in nine of ten, d is from 30 on.
        let made = make(&given(0, Column::complete(Values::Codes(vec![1; 4_000]))));
        assert!((0..4_000).all(|row| made.column(0).code(row) == Some(1)));
        let share =
            |is: &dyn Fn(usize) -> bool| (0..4_000).filter(|&row| is(row)).count() as f64 / 4e3;
        let follows = share(&|row| made.column(1).code(row) == Some(1));
        assert!((follows - 0.9).abs() < tolerance, "{follows}");
        let high = share(&|row| made.column(3).number(row).is_some_and(|x| x >= 20.0));
        assert!(high > 1.0 - tolerance, "{high}");
        // A number is given as it is, not as its bin.
        let made = make(&given(3, Column::complete(Values::Integer(vec![11; 50]))));
        assert!((0..50).all(|row| made.column(3).number(row) == Some(11.0)));
        let low = (0..50).filter(|&row| made.column(0).code(row) == Some(0));
        assert!(low.count() > 40);
    }
}

#[test]
fn the_number_of_threads_changes_no_byte() {
    let table = toy(3_000);
    let made = |threads: usize| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build();
        pool.expect("a pool").install(|| {
            let config = quick().with_teacher(Teacher::Both);
            let model = fit(config, &table, &mut ledger(3.0)).expect("a fit");
            model.sample(1_000, &Seed::from_u64(1)).expect("rows")
        })
    };
    let one = made(1);
    assert_eq!(one, made(2));
    assert_eq!(one, made(5));
}

#[test]
fn a_training_can_be_stopped_and_what_was_charged_stays_charged() {
    let table = toy(2_000);
    let looks = AtomicU64::new(0);
    let observer = |progress: Progress<'_>| {
        if looks.fetch_add(1, Ordering::Relaxed) == 4 {
            assert!(progress.done > 0 && progress.done < progress.total);
            return ControlFlow::Break(());
        }
        ControlFlow::Continue(())
    };
    let mut ledger = ledger(2.0);
    let mut noise = NoiseSource::insecure_seeded([3; 32]);
    let mut context =
        FitContext::new(Seed::from_u64(7), &mut ledger, &mut noise).observed_by(&observer);
    let config = quick().with_teacher(Teacher::Discriminator);
    let stopped = Gan::new(config).fit(&table, &mut context);
    assert!(matches!(stopped, Err(FitError::Cancelled)));
    // Where the numbers of a column are, four columns, and the whole training before its first
    // step.
    assert_eq!(ledger.entries().len(), 6);
}

#[test]
fn settings_without_sense_are_named() {
    let table = toy(100);
    let refused = |change: &dyn Fn(&mut GanConfig)| {
        let (mut config, mut ledger) = (quick(), ledger(1.0));
        change(&mut config);
        let answer = fit(config, &table, &mut ledger);
        assert!(ledger.entries().is_empty(), "refused before it is paid for");
        match answer {
            Err(FitError::Setting { setting, .. }) => setting,
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(refused(&|c| c.hidden_units.clear()), "hidden_units");
    assert_eq!(
        refused(&|c| c.discriminator.clip_norm = 0.0),
        "discriminator.clip_norm"
    );
    assert_eq!(
        refused(&|c| c.marginals.learning_rate = f64::NAN),
        "marginals.learning_rate"
    );
    let unknown = |c: &mut GanConfig| c.marginals.required.push(vec!["a".into(), "x".into()]);
    assert_eq!(refused(&unknown), "marginals.required");
    assert_eq!(
        refused(&|c| c.compute = Compute::Cuda { index: 99 }),
        "compute"
    );
    assert!(serde_json::from_str::<GanConfig>(r#"{"epsilon":1}"#).is_err());
}
