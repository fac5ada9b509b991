//! Several rows per subject: what a synthetic panel must keep.

use std::collections::HashMap;

use parable_cart::{Cart, CartConfig, CartModel, CartReader, ColumnConfig, Method, Panel, Strata};
use parable_core::{FitContext, FitError, Model, ModelFile, ModelReader, SampleError, Synthesizer};
use parable_dp::{Budget, Ledger, NoiseSource, PrivacyUnit};
use parable_seed::Seed;
use parable_table::{Column, Field, Kind, Known, Levels, Role, Schema, Table, Values};

fn levels(names: &[&str]) -> Known<Levels> {
    Known::declared(Levels::new(names.iter().copied()).expect("distinct"))
}

/// 800 pupils of 40 schools with up to 4 yearly scores. A score is 0.8 of the score before and
/// chance; girls start higher; whoever has a low score tends to be missed in the next year. Rows
/// stand in random order.
fn real() -> Table {
    let mut rng = Seed::from_u64(11).rng();
    let schools: Vec<f64> = (0..40).map(|_| rng.normal()).collect();
    let mut rows: Vec<(i64, u32, u32, i64, f64, Option<u32>)> = Vec::new();
    for pupil in 0..800 {
        let (school, girl) = (pupil % 40, u32::from(rng.chance(0.5)));
        let first = 2_018 + i64::from(rng.chance(0.3));
        let mut score = 0.6 * schools[school] + 0.4 * f64::from(girl) + 0.8 * rng.normal();
        for year in first..first + 4 {
            let mood = rng.chance(0.9).then(|| {
                let mut cut = |at: f64| u32::from(score + rng.normal() > at);
                cut(-1.0) + cut(1.0)
            });
            let shown = (score * 10.0).round() / 10.0;
            rows.push((1_000 + pupil as i64, school as u32, girl, year, shown, mood));
            if rng.chance(1.0 / (1.0 + (1.8 + 0.8 * score).exp())) {
                break;
            }
            score = 0.8 * score + 0.6 * rng.normal() + 0.1;
        }
    }
    rng.shuffle(&mut rows);
    let names: Vec<String> = (0..40).map(|school| format!("s{school:02}")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let fields = vec![
        Field::new("mood", Kind::ordinal(levels(&["low", "middle", "high"]))),
        Field::new("year", Kind::integer()),
        Field::new("pupil", Kind::integer()).with_role(Role::ClusterId),
        Field::new("school", Kind::nominal(levels(&names))).with_role(Role::ClusterId),
        Field::new("girl", Kind::boolean(levels(&["no", "yes"]))),
        Field::new(
            "score",
            Kind::Continuous {
                bounds: None,
                grid: None,
                format: parable_table::NumberFormat::default(),
            },
        )
        .with_role(Role::Outcome),
    ];
    let columns = vec![
        Column::with_missing(
            Values::Codes(rows.iter().map(|row| row.5.unwrap_or(0)).collect()),
            rows.iter().map(|row| u8::from(row.5.is_none())).collect(),
        ),
        Column::complete(Values::Integer(rows.iter().map(|row| row.3).collect())),
        Column::complete(Values::Integer(rows.iter().map(|row| row.0).collect())),
        Column::complete(Values::Codes(rows.iter().map(|row| row.1).collect())),
        Column::complete(Values::Codes(rows.iter().map(|row| row.2).collect())),
        Column::complete(Values::Continuous(rows.iter().map(|row| row.4).collect())),
    ];
    Table::new(Schema::new(fields).expect("names differ"), columns).expect("fits")
}

fn try_fit(table: &Table, config: CartConfig) -> Result<CartModel, FitError> {
    let mut ledger = Ledger::open(PrivacyUnit::one_row(), Budget::Unlimited);
    let mut noise = NoiseSource::operating_system();
    let mut context = FitContext::new(Seed::from_u64(1), &mut ledger, &mut noise);
    Cart::new(config).fit(table, &mut context)
}

fn panel() -> CartConfig {
    CartConfig::default().with_panel(Panel::new("pupil", "year"))
}

/// The rows of each subject as they stand in the table.
fn subjects(table: &Table) -> Vec<Vec<usize>> {
    let id = table.named("pupil").expect("pupils").1;
    let mut places: HashMap<u64, usize> = HashMap::new();
    let mut found: Vec<Vec<usize>> = Vec::new();
    for row in 0..table.rows() {
        let name = id.number(row).expect("a name").to_bits();
        let next = found.len();
        let place = *places.entry(name).or_insert(next);
        if place == next {
            found.push(Vec::new());
        }
        found[place].push(row);
    }
    found
}

fn in_time(table: &Table) -> Vec<Vec<usize>> {
    let year = table.named("year").expect("years").1;
    let mut found = subjects(table);
    for own in &mut found {
        own.sort_by(|&a, &b| {
            year.number(a)
                .partial_cmp(&year.number(b))
                .expect("numbers")
        });
    }
    found
}

fn correlation(pairs: &[(f64, f64)]) -> f64 {
    let n = pairs.len() as f64;
    let (x, y) = pairs
        .iter()
        .fold((0.0, 0.0), |(x, y), p| (x + p.0 / n, y + p.1 / n));
    let sum = |of: &dyn Fn(&(f64, f64)) -> f64| pairs.iter().map(of).sum::<f64>();
    sum(&|p| (p.0 - x) * (p.1 - y))
        / (sum(&|p| (p.0 - x).powi(2)) * sum(&|p| (p.1 - y).powi(2))).sqrt()
}

/// Correlation of scores so many rows apart.
fn autocorrelation(table: &Table, apart: usize) -> f64 {
    let score = table.named("score").expect("scores").1;
    let number = |row: usize| score.number(row).expect("a score");
    let pairs: Vec<(f64, f64)> = in_time(table)
        .iter()
        .flat_map(|own| (apart..own.len()).map(|at| (number(own[at - apart]), number(own[at]))))
        .collect();
    correlation(&pairs)
}

fn waves(table: &Table) -> [f64; 4] {
    let mut shares = [0.0; 4];
    let found = subjects(table);
    for own in &found {
        shares[own.len() - 1] += 1.0 / found.len() as f64;
    }
    shares
}

#[test]
fn rows_follow_from_the_rows_before_them() {
    let real = real();
    let model = try_fit(&real, panel()).expect("a fit");
    let made = model
        .sample(real.rows(), &Seed::from_u64(5))
        .expect("a sample");
    assert_eq!(made.rows(), real.rows());
    assert_eq!(made.schema(), real.schema());
    for apart in 1..=3 {
        let (there, here) = (autocorrelation(&real, apart), autocorrelation(&made, apart));
        // Some 2,000, 1,400 and 800 pairs: a correlation of 0.6 has a standard error of 0.02.
        assert!(
            (there - here).abs() < 0.1,
            "{apart} apart: {there} became {here}"
        );
    }
    for (there, here) in waves(&real).into_iter().zip(waves(&made)) {
        // Balanced draws keep shares up to rounding in each leaf; 0.03 is two standard errors of a
        // share of 800.
        assert!(
            (there - here).abs() < 0.03,
            "{:?} became {:?}",
            waves(&real),
            waves(&made)
        );
    }
    // Who drops out has a lower last score than who goes on, as in the real panel.
    let fall = |table: &Table| {
        let score = table.named("score").expect("scores").1;
        let (mut last, mut on) = ((0.0, 0.0), (0.0, 0.0));
        for own in in_time(table) {
            for (at, &row) in own.iter().enumerate().take(3) {
                let sum = if at + 1 == own.len() {
                    &mut last
                } else {
                    &mut on
                };
                *sum = (sum.0 + score.number(row).expect("a score"), sum.1 + 1.0);
            }
        }
        on.0 / on.1 - last.0 / last.1
    };
    let (there, here) = (fall(&real), fall(&made));
    // The difference of means of about 500 and 1,900 scores has a standard error of 0.05.
    assert!(
        (there - here).abs() < 0.2 && here > 0.2,
        "{there} became {here}"
    );
}

#[test]
fn what_does_not_vary_stays_and_time_goes_on() {
    let real = real();
    let model = try_fit(&real, panel()).expect("a fit");
    let made = model.sample(900, &Seed::from_u64(6)).expect("a sample");
    let column = |name: &str| made.named(name).expect("a column").1;
    for own in subjects(&made) {
        for pair in own.windows(2) {
            assert_eq!(pair[1], pair[0] + 1, "rows of a subject stand together");
            assert!(column("year").number(pair[0]) < column("year").number(pair[1]));
            for name in ["school", "girl"] {
                assert_eq!(
                    column(name).code(pair[0]),
                    column(name).code(pair[1]),
                    "{name}"
                );
            }
        }
    }
    let years: Vec<f64> = (0..900)
        .filter_map(|row| column("year").number(row))
        .collect();
    assert!(years.iter().all(|year| (2_018.0..=2_022.0).contains(year)));
    // Schools stay alike in their first scores.
    let between = |table: &Table| {
        let (score, school) = (
            table.named("score").expect("scores").1,
            table.named("school").expect("schools").1,
        );
        let mut sums = vec![(0.0, 0.0); 40];
        for own in in_time(table) {
            let sum: &mut (f64, f64) = &mut sums[school.code(own[0]).expect("a school") as usize];
            *sum = (sum.0 + score.number(own[0]).expect("a score"), sum.1 + 1.0);
        }
        let means: Vec<f64> = sums
            .iter()
            .filter(|s| s.1 > 0.0)
            .map(|s| s.0 / s.1)
            .collect();
        let mean = means.iter().sum::<f64>() / means.len() as f64;
        means.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / means.len() as f64
    };
    let whole = model
        .sample(real.rows(), &Seed::from_u64(7))
        .expect("a sample");
    let (there, here) = (between(&real), between(&whole));
    // A variance of 40 means has a relative standard error of 0.22.
    assert!((here / there - 1.0).abs() < 0.5, "{there} became {here}");
}

#[test]
fn any_number_of_rows_can_be_made() {
    let model = try_fit(&real(), panel()).expect("a fit");
    let largest = 1_000.0 + 799.0;
    for rows in [0, 1, 7, 2_000, 9_000] {
        let made = model.sample(rows, &Seed::from_u64(8)).expect("a sample");
        assert_eq!(made.rows(), rows);
        let found = subjects(&made);
        if rows == 9_000 {
            let id = made.named("pupil").expect("pupils").1;
            let most = (0..rows)
                .filter_map(|row| id.number(row))
                .fold(0.0, f64::max);
            assert!(
                found.len() > 2_000 && most > largest,
                "new pupils have new numbers"
            );
        }
    }
    assert_eq!(
        model.sample(500, &Seed::from_u64(9)).expect("a sample"),
        model.sample(500, &Seed::from_u64(9)).expect("a sample")
    );
}

#[test]
fn names_that_are_levels_limit_the_rows() {
    let (schema, mut columns) = real().into_parts();
    let mut fields = schema.fields().to_vec();
    let names: Vec<String> = (0..800).map(|pupil| format!("p{pupil}")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    fields[2] = Field::new("pupil", Kind::nominal(levels(&names)));
    let code = |row: usize| columns[2].number(row).expect("a number") as u32 - 1_000;
    columns[2] = Column::complete(Values::Codes((0..columns[2].len()).map(code).collect()));
    let table = Table::new(Schema::new(fields).expect("names differ"), columns).expect("fits");
    let model = try_fit(&table, panel()).expect("a fit");
    let made = model
        .sample(table.rows(), &Seed::from_u64(1))
        .expect("a sample");
    assert_eq!(made.rows(), table.rows());
    match model.sample(10_000, &Seed::from_u64(1)) {
        Err(SampleError::TooManyRows { limit, .. }) => assert_eq!(limit, 3_200),
        other => panic!("{:?}", other.map(|table| table.rows())),
    }
}

#[test]
fn a_panel_survives_its_file_and_shows_its_trees() {
    let real = real();
    let model = try_fit(&real, panel()).expect("a fit");
    let file = ModelFile::of(&model).expect("a file");
    let again = CartReader.read(&file).expect("a model");
    let seed = Seed::from_u64(2);
    assert_eq!(
        again.sample(700, &seed).expect("a sample"),
        model.sample(700, &seed).expect("a sample")
    );
    let text = model.draw_tree("score", 2).expect("trees");
    assert!(text.contains("score (row 1)") && text.contains("score (row 4)"));
    let second = model
        .importance()
        .into_iter()
        .find(|own| own.column == "score (row 2)")
        .expect("a column of the second row");
    assert_eq!(second.predictors[0].0, "score (row 1)");
    // A file that was changed is refused or read, but never makes the process panic.
    let mut rng = Seed::from_u64(3).rng();
    for _ in 0..60 {
        let mut bad = file.clone();
        let place = rng.below(bad.body.len() as u64) as usize;
        bad.body[place] = b"0123456789,[]x"[rng.below(14) as usize];
        if let Ok(model) = CartReader.read(&bad) {
            let _ = model.sample(40, &seed);
        }
    }
}

#[test]
fn what_cannot_be_a_panel_is_refused() {
    let real = real();
    let setting = |config: CartConfig| match try_fit(&real, config) {
        Err(FitError::Setting { setting, .. }) => setting,
        other => panic!("{:?}", other.map(|_| "a fit")),
    };
    let of =
        |subject: &str, time: &str| CartConfig::default().with_panel(Panel::new(subject, time));
    assert_eq!(setting(of("nobody", "year")), "panel.subject");
    assert_eq!(setting(of("pupil", "never")), "panel.time");
    assert_eq!(setting(of("pupil", "school")), "panel.time");
    assert_eq!(setting(of("score", "year")), "panel.subject");
    assert_eq!(setting(of("pupil", "pupil")), "panel.time");
    assert_eq!(setting(of("pupil", "mood")), "panel.time");
    // A school has hundreds of rows.
    assert_eq!(setting(of("school", "year")), "panel.subject");
    assert_eq!(setting(panel().with_strata(Strata::by(["girl"]))), "strata");
    let formula = ColumnConfig::with_method(Method::Passive("year".into()));
    assert_eq!(
        setting(panel().with_column("score", formula)),
        "columns.score"
    );
}
