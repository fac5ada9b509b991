//! What is asked of every metric, ours or anybody else's (feature `testkit`).

use parable_seed::Seed;
use parable_table::{Column, Field, Kind, Known, Levels, Role, Schema, Table, Values};

use crate::data::reference::independent;
use crate::{Cache, Metric, MetricContext, MetricError, MetricInfo, Outcome, Pair, Score, Section};

/// Checks a metric against everything the contract asks; call it from a test.
///
/// - The id is in `snake_case`, title and explanation are not empty, and the description never
///   changes.
/// - There is at least one score; the first carries the metric's id, direction and group, others
///   have ids of their own.
/// - A score has a finite value or a reason, never both.
/// - A section in plain data has a title, rows as long as its columns, and finite numbers.
/// - Same tables and seed, same scores and section.
/// - The order of rows is irrelevant (up to rounding), unless the score says that it drew random
///   numbers.
/// - A copy of the real table is at least as close to the ideal as a table of independently
///   shuffled columns.
/// - Empty tables, single rows, constant and entirely missing columns give a score and neither an
///   error nor a panic, with and without a holdout; tables without columns give no value, or the
///   error of a metric that was told a column by name.
///
/// # Panics
/// If the metric breaks the contract; the message says where.
pub fn check(metric: &dyn Metric) {
    let info = metric.info().clone();
    let id = &*info.id;
    let snake = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
    assert!(
        !id.is_empty() && id.chars().all(snake),
        "id `{id}` is not snake_case"
    );
    assert!(!info.title.is_empty(), "{id}: the title is empty");
    assert!(
        !info.explanation.is_empty(),
        "{id}: the explanation is empty"
    );

    let seed = Seed::from_u64(20).stream(id);
    let real = trial(240, &Seed::from_u64(21));
    let other = trial(180, &Seed::from_u64(22));
    let shuffled = independent(&real, 240, &Seed::from_u64(23));
    let strangers = trial(200, &Seed::from_u64(26));
    let found = |real: &Table, synthetic: &Table, holdout: Option<&Table>, what: &str| -> Outcome {
        let mut pair = Pair::new(real, synthetic).expect("the tables have the same columns");
        if let Some(holdout) = holdout {
            pair = pair
                .with_holdout(holdout)
                .expect("the tables have the same columns");
        }
        let cache = Cache::new(&pair);
        let outcome = match metric.compute(&MetricContext::new(&cache, &seed)) {
            Ok(outcome) => outcome,
            Err(error) => panic!("{id}: {what}: {error}"),
        };
        assert_eq!(*metric.info(), info, "{what}: the description has changed");
        check_outcome(&info, &outcome, what);
        outcome
    };
    let scored = |real: &Table, synthetic: &Table, holdout: Option<&Table>, what: &str| -> Score {
        let outcome = found(real, synthetic, holdout, what);
        outcome.scores.into_iter().next().expect("a first score")
    };

    let score = |real: &Table, synthetic: &Table, what: &str| -> Score {
        scored(real, synthetic, None, what)
    };

    assert_eq!(
        found(&real, &other, Some(&strangers), "with a holdout"),
        found(&real, &other, Some(&strangers), "with a holdout"),
        "{id}: the same tables, holdout and seed give another outcome"
    );
    let first = score(&real, &other, "two different tables");
    assert_eq!(
        first,
        score(&real, &other, "two different tables"),
        "{id}: the same tables and seed give another score"
    );

    if first.seed.is_none() {
        let mixed = score(
            &mix(&real, &Seed::from_u64(24)),
            &mix(&other, &Seed::from_u64(25)),
            "rows in another order",
        );
        match (first.value, mixed.value) {
            (Some(a), Some(b)) => assert!(
                (a - b).abs() <= 1e-9 * a.abs().max(b.abs()).max(1e-3),
                "{id}: the order of rows changes the value from {a} to {b}"
            ),
            (a, b) => assert_eq!(
                a, b,
                "{id}: the order of rows changes whether there is a value"
            ),
        }
    }

    let copy = score(&real, &real, "a copy").distance_from_ideal();
    let scrambled = score(&real, &shuffled, "shuffled columns").distance_from_ideal();
    if let (Some(copy), Some(scrambled)) = (copy, scrambled) {
        // Closeness to single records is what privacy numbers warn of: there a copy is the worst of
        // all.
        if first.group != crate::Group::Privacy {
            assert!(
                copy <= scrambled + 1e-9,
                "{id}: a copy is {copy} from the ideal, shuffled columns {scrambled}"
            );
        }
    }

    for (what, real, synthetic) in [
        ("no synthetic row", real.clone(), real.take(&[])),
        ("no real row", real.take(&[]), real.clone()),
        ("no row at all", real.take(&[]), real.take(&[])),
        ("one row each", real.take(&[0]), other.take(&[0])),
        (
            "one row many times",
            real.take(&[3; 60]),
            real.take(&[3; 40]),
        ),
        (
            "everything missing in the synthetic table",
            real.clone(),
            all_missing(&real),
        ),
        (
            "everything missing in the real table",
            all_missing(&real),
            real.clone(),
        ),
    ] {
        score(&real, &synthetic, what);
        for holdout in [strangers.clone(), strangers.take(&[])] {
            scored(&real, &synthetic, Some(&holdout), what);
        }
    }
    let empty = no_column();
    let pair = Pair::new(&empty, &empty).expect("the tables have the same columns");
    match metric.score(&pair, &seed) {
        Ok(score) => assert_eq!(score.value, None, "{id}: no column, and yet a value"),
        // A metric that was told a column by name may say that it is not there.
        Err(MetricError::BadFormula { .. } | MetricError::BadOption { .. }) => {}
        Err(error) => panic!("{id}: no column: {error}"),
    }
}

/// A small trial with every kind of column and role that metrics tell apart.
fn trial(rows: usize, seed: &Seed) -> Table {
    let mut rng = seed.rng();
    let mut school = Vec::new();
    let mut arm = Vec::new();
    let (mut pre, mut post, mut pupils) = (Vec::new(), Vec::new(), Vec::new());
    let (mut band, mut sex, mut absent) = (Vec::new(), Vec::new(), Vec::new());
    let effects: Vec<f64> = (0..12).map(|_| rng.normal() * 0.5).collect();
    for _ in 0..rows {
        let own = rng.below(12) as usize;
        let treated = own % 2;
        let ability = rng.normal() + effects[own];
        school.push(own as u32);
        arm.push(treated as u32);
        pre.push((ability + 0.5 * rng.normal()) * 10.0);
        post.push((ability + 0.4 * treated as f64 + 0.5 * rng.normal()) * 10.0);
        pupils.push(own as i64 * 7 + 20);
        band.push(if ability < -0.5 {
            0
        } else {
            1 + u32::from(ability > 0.5)
        });
        sex.push(u32::from(rng.chance(0.5)));
        absent.push(u8::from(rng.chance(if ability < 0.0 { 0.2 } else { 0.05 })));
    }
    let levels = |names: &[&str]| {
        let levels = Levels::new(names.iter().copied()).expect("names differ");
        Known::declared(levels)
    };
    let schools: Vec<String> = (0..12)
        .map(|school| format!("school {school:02}"))
        .collect();
    let schools: Vec<&str> = schools.iter().map(String::as_str).collect();
    let columns = vec![
        (
            Field::new("school", Kind::nominal(levels(&schools))).with_role(Role::ClusterId),
            Column::complete(Values::Codes(school)),
        ),
        (
            Field::new("arm", Kind::nominal(levels(&["control", "treatment"])))
                .with_role(Role::Treatment),
            Column::complete(Values::Codes(arm)),
        ),
        (
            Field::new("pre_score", Kind::continuous(6)),
            Column::complete(Values::Continuous(pre)),
        ),
        (
            Field::new("post_score", Kind::continuous(6)).with_role(Role::Outcome),
            Column::with_missing(Values::Continuous(post), absent),
        ),
        (
            Field::new("pupils", Kind::integer()),
            Column::complete(Values::Integer(pupils)),
        ),
        (
            Field::new("band", Kind::ordinal(levels(&["low", "middle", "high"]))),
            Column::complete(Values::Codes(band)),
        ),
        (
            Field::new("sex", Kind::boolean(levels(&["F", "M"]))),
            Column::complete(Values::Codes(sex)),
        ),
    ];
    let (fields, columns) = columns.into_iter().unzip();
    let schema = Schema::new(fields).expect("names differ");
    Table::new(schema, columns).expect("columns fit their fields")
}

/// What holds of every outcome.
fn check_outcome(info: &MetricInfo, outcome: &Outcome, what: &str) {
    let id = &*info.id;
    let first = outcome.scores.first();
    let first = first.unwrap_or_else(|| panic!("{id}: {what}: there is no score"));
    assert_eq!(first.id, id, "{what}: the first score has another id");
    assert_eq!(
        (first.direction, first.group),
        (info.direction, info.group),
        "{id}: {what}: the direction or the group differs"
    );
    for (position, score) in outcome.scores.iter().enumerate() {
        assert!(
            !outcome.scores[..position]
                .iter()
                .any(|other| other.id == score.id),
            "{id}: {what}: two scores have the id `{}`",
            score.id
        );
        assert_eq!(
            score.value.is_some(),
            score.reason.is_none(),
            "{id}: {what}: a score has a value or a reason"
        );
        assert!(
            score.value.is_none_or(f64::is_finite),
            "{id}: {what}: the value is not finite"
        );
    }
    if let Some(Section::Custom(section)) = &outcome.section {
        assert!(
            !section.title.is_empty(),
            "{id}: {what}: the section has no title"
        );
        for table in &section.tables {
            let whole = table
                .rows
                .iter()
                .all(|row| row.values.len() == table.columns.len());
            assert!(
                whole,
                "{id}: {what}: a row of `{}` has another length",
                table.caption
            );
        }
        let points = section.charts.iter().flat_map(|chart| &chart.lines);
        let numbers = section.tables.iter().flat_map(|table| &table.rows);
        assert!(
            numbers
                .flat_map(|row| &row.values)
                .flatten()
                .all(|value| value.is_finite())
                && points
                    .flat_map(|line| &line.points)
                    .all(|(x, y)| x.is_finite() && y.is_finite()),
            "{id}: {what}: the section holds a number that is not finite"
        );
    }
}

fn mix(table: &Table, seed: &Seed) -> Table {
    let mut order: Vec<usize> = (0..table.rows()).collect();
    seed.rng().shuffle(&mut order);
    table.take(&order)
}

fn all_missing(table: &Table) -> Table {
    let columns = table
        .columns()
        .iter()
        .map(|column| Column::with_missing(column.values().clone(), vec![1; column.len()]));
    Table::new(table.schema().clone(), columns.collect()).expect("the same values, all missing")
}

fn no_column() -> Table {
    let schema = Schema::new(Vec::new()).expect("no name, no conflict");
    Table::new(schema, Vec::new()).expect("no column fits no field")
}
