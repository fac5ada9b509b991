//! Settings of columns, rules, strata, bootstrap samples, several trees, conditional rows.

mod analysis;

use analysis::fit;
use parable_cart::{
    Cart, CartConfig, CartReader, ColumnConfig, Fixed, Method, Predictors, Pruning,
    ReplicatedUniques, Rule, SmallStrata, Smoothing, Strata, VisitOrder,
};
use parable_core::{
    FitContext, FitError, Model, ModelFile, ModelReader, NoObserver, SampleError, Synthesizer,
};
use parable_dp::{Budget, Ledger, NoiseSource, PrivacyUnit};
use parable_seed::Seed;
use parable_table::{Column, Field, Kind, Known, Levels, Role, Schema, Table, Values};
use parable_testkit::check;

const ROWS: usize = 3_000;

fn levels<const N: usize>(names: [&str; N]) -> Known<Levels> {
    Known::declared(Levels::new(names).expect("distinct"))
}

/// People: county and city within it, sex, age, height in cm and m, a job that children do not
/// have, an income with missing values.
fn people() -> Table {
    let mut rng = Seed::from_u64(11).rng();
    let county: Vec<u32> = (0..ROWS).map(|row| (row % 3) as u32).collect();
    let city: Vec<u32> = county
        .iter()
        .map(|&county| county * 4 + rng.below(4) as u32)
        .collect();
    let sex: Vec<u32> = (0..ROWS).map(|_| rng.below(2) as u32).collect();
    let age: Vec<i64> = (0..ROWS).map(|_| 5 + rng.below(60) as i64).collect();
    let height: Vec<f64> = (0..ROWS)
        .map(|row| {
            (10.0 * (165.0 + 12.0 * f64::from(sex[row]) + 7.0 * rng.normal())).round() / 10.0
        })
        .collect();
    let metres: Vec<f64> = height
        .iter()
        .map(|cm| (cm / 100.0 * 1000.0).round() / 1000.0)
        .collect();
    let job: Vec<u32> = age
        .iter()
        .map(|&age| {
            if age < 16 {
                0
            } else {
                1 + u32::from(rng.chance(0.4))
            }
        })
        .collect();
    let income: Vec<i64> = (0..ROWS)
        .map(|row| {
            if job[row] == 0 {
                0
            } else {
                1_000 * i64::from(job[row]) + (300.0 * rng.normal()) as i64
            }
        })
        .collect();
    let no_income: Vec<u8> = (0..ROWS)
        .map(|row| 2 * u8::from(job[row] == 0) + u8::from(job[row] > 0 && rng.chance(0.1)))
        .collect();
    let fields = vec![
        Field::new("county", Kind::nominal(levels(["A", "B", "C"]))),
        Field::new(
            "city",
            Kind::nominal(levels([
                "a1", "a2", "a3", "a4", "b1", "b2", "b3", "b4", "c1", "c2", "c3", "c4",
            ])),
        ),
        Field::new("sex", Kind::boolean(levels(["f", "m"]))),
        Field::new("age", Kind::integer()),
        Field::new("height", Kind::continuous(1)),
        Field::new("metres", Kind::continuous(3)),
        Field::new("job", Kind::nominal(levels(["none", "part", "full"]))),
        Field::new("income", Kind::integer()).with_missing_codes(["child"]),
    ];
    let columns = vec![
        Column::complete(Values::Codes(county)),
        Column::complete(Values::Codes(city)),
        Column::complete(Values::Codes(sex)),
        Column::complete(Values::Integer(age)),
        Column::complete(Values::Continuous(height)),
        Column::complete(Values::Continuous(metres)),
        Column::complete(Values::Codes(job)),
        Column::with_missing(Values::Integer(income), no_income),
    ];
    Table::new(Schema::new(fields).expect("names differ"), columns).expect("fits")
}

fn of(method: Method) -> ColumnConfig {
    ColumnConfig::with_method(method)
}

fn made(config: &CartConfig, rows: usize) -> Table {
    let model = fit(&people(), config);
    let table = model.sample(rows, &Seed::from_u64(1)).expect("a sample");
    let file = ModelFile::of(&model).expect("a file");
    let again = CartReader
        .read(&file)
        .expect("a model")
        .sample(rows, &Seed::from_u64(1));
    assert_eq!(
        again.expect("a sample"),
        table,
        "a stored model makes the same table"
    );
    table
}

fn number(table: &Table, name: &str, row: usize) -> f64 {
    table
        .named(name)
        .expect("a column")
        .1
        .number(row)
        .expect("a number")
}

fn code(table: &Table, name: &str, row: usize) -> u32 {
    table
        .named(name)
        .expect("a column")
        .1
        .code(row)
        .expect("a level")
}

fn refused(config: CartConfig) -> String {
    let mut ledger = Ledger::open(PrivacyUnit::one_row(), Budget::Unlimited);
    let mut noise = NoiseSource::operating_system();
    let mut context = FitContext::new(Seed::from_u64(1), &mut ledger, &mut noise);
    match Cart::new(config)
        .fit(&people(), &mut context)
        .expect_err("a refusal")
    {
        FitError::Setting { setting, .. } => setting,
        other => panic!("{other}"),
    }
}

fn correlation(table: &Table, a: &str, b: &str) -> f64 {
    let rows: Vec<(f64, f64)> = (0..table.rows())
        .map(|row| (number(table, a, row), f64::from(code(table, b, row))))
        .collect();
    let n = rows.len() as f64;
    let (ma, mb) = (
        rows.iter().map(|r| r.0).sum::<f64>() / n,
        rows.iter().map(|r| r.1).sum::<f64>() / n,
    );
    let sum = |f: &dyn Fn(&(f64, f64)) -> f64| rows.iter().map(f).sum::<f64>();
    let cov = sum(&|r| (r.0 - ma) * (r.1 - mb));
    cov / (sum(&|r| (r.0 - ma).powi(2)) * sum(&|r| (r.1 - mb).powi(2))).sqrt()
}

#[test]
fn formulas_and_constants_hold_in_every_row() {
    let formula = Method::Passive("round(height / 100, 3)".to_owned());
    let label = Method::Passive("if(age < 16, 'none', 'full')".to_owned());
    let config = CartConfig::default()
        .with_column("metres", of(formula))
        .with_column("job", of(label))
        .with_column("county", of(Method::Constant(Fixed::Text("B".into()))));
    let table = made(&config, ROWS);
    for row in 0..ROWS {
        assert_eq!(
            number(&table, "metres", row),
            (number(&table, "height", row) * 10.0).round() / 1000.0
        );
        assert_eq!(
            code(&table, "job", row),
            if number(&table, "age", row) < 16.0 {
                0
            } else {
                2
            }
        );
        assert_eq!(code(&table, "county", row), 1);
    }
    let warnings = fit(&people(), &config).record().warnings.join("\n");
    assert!(
        warnings.contains("`job`")
            && warnings.contains("`county`")
            && !warnings.contains("`metres`"),
        "{warnings}"
    );
}

#[test]
fn rules_hold_without_exception_and_their_rows_teach_nothing() {
    let config = CartConfig::default()
        .with_rule(Rule::new("job", "age < 16", Fixed::Text("none".into())))
        .with_rule(Rule::new(
            "income",
            "job == 'none'",
            Fixed::Text("child".into()),
        ))
        .with_rule(Rule::new(
            "income",
            "job == 'full' and sex == 'm'",
            Fixed::Number(2_222.0),
        ));
    let table = made(&config, ROWS);
    let income = table.named("income").expect("a column").1;
    let mut others = 0;
    for row in 0..ROWS {
        let child = number(&table, "age", row) < 16.0;
        assert_eq!(
            child,
            code(&table, "job", row) == 0,
            "no one else is without a job in the real rows"
        );
        assert_eq!(
            child,
            income.missing(row) == Some(parable_table::Missing::Coded(0))
        );
        if code(&table, "job", row) == 2 && code(&table, "sex", row) == 1 {
            assert_eq!(income.number(row), Some(2_222.0));
        } else if let Some(number) = income.number(row) {
            others += usize::from(number == 2_222.0);
        }
    }
    assert!(others < 10, "{others} rows outside the rule have its value");
    for (rule, name) in [
        (Rule::new("job", "age <", Fixed::Missing), "rules.1"),
        (
            Rule::new("job", "age < 16", Fixed::Text("boss".into())),
            "rules.1",
        ),
        (Rule::new("nobody", "age < 16", Fixed::Missing), "rules.1"),
        (
            Rule::new("age", "age < 16", Fixed::Number(3.0)),
            "columns.age",
        ),
    ] {
        assert_eq!(refused(CartConfig::default().with_rule(rule)), name);
    }
    let circle = CartConfig::default()
        .with_rule(Rule::new("job", "age < 16", Fixed::Missing))
        .with_rule(Rule::new("age", "job == 'none'", Fixed::Number(3.0)));
    assert_eq!(refused(circle), "columns");
}

#[test]
fn a_nested_column_stays_within_its_outer_one_and_cells_stay_together() {
    let order = Predictors::Only(vec!["sex".into(), "county".into()]);
    let saturated = of(Method::Saturated).with_predictors(order);
    let config = CartConfig::default()
        .with_column("city", of(Method::NestedIn("county".into())))
        .with_column("job", saturated)
        .with_visit_order(VisitOrder::Given(vec!["city".into()]));
    let table = made(&config, ROWS);
    let real = people();
    for row in 0..ROWS {
        assert_eq!(code(&table, "city", row) / 4, code(&table, "county", row));
    }
    for sex in 0..2 {
        for job in 0..3 {
            let count = |table: &Table| {
                (0..ROWS)
                    .filter(|&row| code(table, "sex", row) == sex && code(table, "job", row) == job)
                    .count()
            };
            assert!(count(&table).abs_diff(count(&real)) < 20);
        }
    }
}

#[test]
fn predictors_that_are_not_allowed_do_not_predict() {
    let real = people();
    assert!(correlation(&real, "height", "sex") > 0.5);
    let order = VisitOrder::Given(["sex", "county", "height"].map(str::to_owned).into());
    let without = ColumnConfig::default().with_predictors(Predictors::Without(vec!["sex".into()]));
    let base = CartConfig::default().with_visit_order(order);
    for (column, kept) in [
        (ColumnConfig::default(), true),
        (without, false),
        (of(Method::Sample), false),
    ] {
        let table = made(&base.clone().with_column("height", column), ROWS);
        let here = correlation(&table, "height", "sex");
        // The standard error of a correlation of 3,000 rows is 0.018.
        assert!(if kept { here > 0.5 } else { here.abs() < 0.09 }, "{here}");
    }
    let settings = ColumnConfig::default().with_predictors(Predictors::Only(vec!["nobody".into()]));
    assert_eq!(
        refused(CartConfig::default().with_column("height", settings)),
        "columns.height.predictors"
    );
    assert_eq!(
        refused(CartConfig::default().with_column("nobody", of(Method::Tree))),
        "columns"
    );
    assert_eq!(
        refused(CartConfig::default().with_column("sex", of(Method::NormalRank))),
        "columns.sex.method"
    );
    assert_eq!(
        refused(CartConfig::default().with_column("sex", of(Method::Groups(3)))),
        "columns.sex.method"
    );
}

#[test]
fn normal_ranks_groups_and_densities_keep_distribution_and_relation() {
    let real = people();
    let mean = |table: &Table| {
        (0..ROWS)
            .map(|row| number(table, "height", row))
            .sum::<f64>()
            / ROWS as f64
    };
    let density = ColumnConfig::default().with_smoothing(Smoothing::Density);
    for column in [of(Method::NormalRank), of(Method::Groups(8)), density] {
        let label = format!("{column:?}");
        let table = made(&CartConfig::default().with_column("height", column), ROWS);
        let (there, here) = (
            correlation(&real, "height", "sex"),
            correlation(&table, "height", "sex"),
        );
        assert!(
            (there - here).abs() < 0.06,
            "{label}: {there} became {here}"
        );
        // The standard error of the mean is 0.17.
        assert!((mean(&real) - mean(&table)).abs() < 0.5, "{label}");
        for row in 0..ROWS {
            let height = number(&table, "height", row);
            assert!(
                (135.0..=205.0).contains(&height)
                    && ((height * 10.0).round() / 10.0 - height).abs() < 1e-9
            );
        }
    }
}

#[test]
fn top_and_bottom_codes_bound_all_rows() {
    let coded = ColumnConfig::default().with_codes(Some(160.0), Some(180.0));
    let table = made(&CartConfig::default().with_column("height", coded), ROWS);
    let at = |bound: f64| {
        (0..ROWS)
            .filter(|&row| number(&table, "height", row) == bound)
            .count()
    };
    assert!((0..ROWS).all(|row| (160.0..=180.0).contains(&number(&table, "height", row))));
    let beyond = |real: &Table| {
        (0..ROWS)
            .filter(|&row| number(real, "height", row) >= 180.0)
            .count()
    };
    assert!(at(180.0).abs_diff(beyond(&people())) < 60 && at(160.0) > 200);
    let wrong = ColumnConfig::default().with_codes(Some(2.0), Some(1.0));
    assert_eq!(
        refused(CartConfig::default().with_column("height", wrong)),
        "columns.height.top"
    );
}

#[test]
fn strata_keep_their_sizes_and_their_own_relations() {
    let config = CartConfig::default().with_strata(Strata::by(["county", "sex"]));
    let table = made(&config, ROWS);
    let real = people();
    for county in 0..3 {
        for sex in 0..2 {
            let count = |table: &Table| {
                (0..ROWS)
                    .filter(|&row| {
                        code(table, "county", row) == county && code(table, "sex", row) == sex
                    })
                    .count()
            };
            assert_eq!(count(&real), count(&table));
        }
    }
    assert!((0..ROWS).all(|row| code(&table, "city", row) / 4 == code(&table, "county", row)));
    assert_eq!(made(&config, 7).rows(), 7);
    let small = Strata::by(["age"]).with_min_rows(100, SmallStrata::Refuse);
    assert_eq!(
        refused(CartConfig::default().with_strata(small)),
        "strata.min_rows"
    );
    let model = fit(
        &people(),
        &CartConfig::default()
            .with_strata(Strata::by(["age"]).with_min_rows(60, SmallStrata::Merge)),
    );
    assert!(
        model
            .record()
            .warnings
            .iter()
            .any(|warning| warning.contains("modelled together"))
    );
    assert!(model.trees().iter().any(|tree| tree.stratum == Some(2)));
}

#[test]
fn other_orders_prunings_and_several_trees_conform() {
    for config in [
        CartConfig::default().with_trees(5),
        CartConfig::default()
            .with_proper(true)
            .with_visit_order(VisitOrder::Learnt),
        CartConfig::default()
            .with_pruning(Pruning::Deviance(4.0))
            .with_visit_order(VisitOrder::ByAssociation),
        CartConfig::default()
            .with_pruning(Pruning::Permutation(0.8))
            .with_smoothing(Smoothing::Density),
    ] {
        check(&Cart::new(config), &CartReader);
    }
}

#[test]
fn a_bootstrap_fit_differs_by_its_seed() {
    let model = |seed: u64| {
        let mut ledger = Ledger::open(PrivacyUnit::one_row(), Budget::Unlimited);
        let mut noise = NoiseSource::operating_system();
        let mut context = FitContext::new(Seed::from_u64(seed), &mut ledger, &mut noise);
        let cart = Cart::new(CartConfig::default().with_proper(true));
        cart.fit(&people(), &mut context)
            .expect("a fit")
            .sample(200, &Seed::from_u64(1))
            .expect("a sample")
    };
    assert_eq!(model(1), model(1));
    assert_ne!(model(1), model(2));
}

#[test]
fn copies_do_not_depend_on_their_number() {
    let model = fit(&people(), &CartConfig::default());
    let five = model.copies(5, 300, &Seed::from_u64(3)).expect("copies");
    let two = model.copies(2, 300, &Seed::from_u64(3)).expect("copies");
    assert_eq!(five[..2], two[..]);
    assert_ne!(five[0], five[1]);
}

#[test]
fn replicated_uniques_are_drawn_anew_and_the_record_says_what_that_reveals() {
    let keys = ["county", "sex", "age", "job"].map(str::to_owned).to_vec();
    let real = people();
    let key = |table: &Table, row: usize| {
        keys.iter()
            .map(|k| table.named(k).expect("a key").1)
            .map(|c| (c.code(row), c.number(row).map(f64::to_bits)))
            .collect::<Vec<_>>()
    };
    let uniques = |table: &Table| {
        let mut count = std::collections::HashMap::new();
        (0..table.rows()).for_each(|row| *count.entry(key(table, row)).or_insert(0) += 1);
        count
            .into_iter()
            .filter(|(_, n)| *n == 1)
            .map(|(key, _)| key)
            .collect::<std::collections::HashSet<_>>()
    };
    let there = uniques(&real);
    let replicated =
        |config: &CartConfig| uniques(&made(config, ROWS)).intersection(&there).count();
    let whole = CartConfig::default().with_pruning(Pruning::None);
    assert!(replicated(&whole) > 10, "or this test could not fail");
    let config = whole.with_replicated_uniques(ReplicatedUniques::Remove(keys.clone()));
    assert_eq!(replicated(&config), 0);
    assert!(
        fit(&real, &config)
            .record()
            .warnings
            .iter()
            .any(|warning| warning.contains("digest"))
    );
    let unknown = ReplicatedUniques::Remove(vec!["nobody".into()]);
    assert_eq!(
        refused(CartConfig::default().with_replicated_uniques(unknown)),
        "replicated_uniques"
    );
}

fn given(fields: Vec<Field>, columns: Vec<Column>) -> Table {
    Table::new(Schema::new(fields).expect("names differ"), columns).expect("fits")
}

#[test]
fn given_values_are_held_and_the_rest_follows_them() {
    let real = people();
    let field = |name: &str| real.schema().field(name).expect("a field").clone();
    // Income is made last and job before it: what is given is not what is made first.
    for strata in [None, Some(Strata::by(["county"]))] {
        let mut config = CartConfig::default();
        config.strata = strata;
        let model = fit(&real, &config);
        let asked = given(
            vec![field("income"), field("sex")],
            vec![
                Column::complete(Values::Integer(
                    (0..2_000)
                        .map(|row| if row % 2 == 0 { 950 } else { 2_050 })
                        .collect(),
                )),
                Column::complete(Values::Codes(vec![1; 2_000])),
            ],
        );
        let table = model
            .sample_given(&asked, &Seed::from_u64(5), &NoObserver)
            .expect("frequent values");
        let mut heights = 0.0;
        for row in 0..2_000 {
            assert_eq!(
                number(&table, "income", row),
                if row % 2 == 0 { 950.0 } else { 2_050.0 }
            );
            assert_eq!(code(&table, "sex", row), 1);
            heights += number(&table, "height", row) / 2_000.0;
        }
        // 950 lies 0.17 sd below part-time and 3.5 sd below full-time incomes, 2,050 the other way
        // round.
        let right = (0..2_000)
            .filter(|&row| code(&table, "job", row) == 1 + (row % 2) as u32)
            .count();
        assert!(right > 1_960, "{right}");
        // Either income stands in some twenty leaves of its tree, whose people have a mean height
        // with a standard error of 7 / sqrt(20) cm.
        assert!((heights - 177.0).abs() < 6.0, "{heights}");
    }
}

#[test]
fn conditional_distributions_are_those_of_the_model() {
    let real = people();
    let model = fit(&real, &CartConfig::default());
    let job = real.schema().field("job").expect("a field").clone();
    let asked = given(
        vec![job],
        vec![Column::complete(Values::Codes(vec![2; 4_000]))],
    );
    let table = model
        .sample_given(&asked, &Seed::from_u64(5), &NoObserver)
        .expect("a frequent level");
    let free = model.sample(40_000, &Seed::from_u64(6)).expect("a sample");
    let kept: Vec<usize> = (0..40_000)
        .filter(|&row| code(&free, "job", row) == 2)
        .collect();
    let free = free.take(&kept);
    for (name, worth) in [("age", 17.0), ("height", 9.0)] {
        let mean = |table: &Table| {
            (0..table.rows())
                .map(|row| number(table, name, row))
                .sum::<f64>()
                / table.rows() as f64
        };
        // Five standard errors of the mean of 4,000 rows, twice over for resampling.
        assert!(
            (mean(&table) - mean(&free)).abs() < 10.0 * worth / 4_000f64.sqrt(),
            "{name}: {} {}",
            mean(&table),
            mean(&free)
        );
    }
}

#[test]
fn what_the_model_never_makes_is_refused() {
    let real = people();
    let model = fit(
        &real,
        &CartConfig::default().with_rule(Rule::new("job", "age < 16", Fixed::Text("none".into()))),
    );
    let field = |name: &str| real.schema().field(name).expect("a field").clone();
    let child_at_work = given(
        vec![field("age"), field("job")],
        vec![
            Column::complete(Values::Integer(vec![9])),
            Column::complete(Values::Codes(vec![2])),
        ],
    );
    let error = model
        .sample_given(&child_at_work, &Seed::from_u64(5), &NoObserver)
        .expect_err("never");
    assert!(
        matches!(error, SampleError::Rare { unmatched: 1, .. }),
        "{error}"
    );
    let giant = given(
        vec![field("height")],
        vec![Column::complete(Values::Continuous(vec![999.0]))],
    );
    assert!(
        model
            .sample_given(&giant, &Seed::from_u64(5), &NoObserver)
            .is_err()
    );
}

#[test]
fn trees_are_explained_by_importance_text_and_picture() {
    let model = fit(&people(), &CartConfig::default());
    let importance = model.importance();
    let of = |name: &str| {
        importance
            .iter()
            .find(|found| found.column == name)
            .expect("a column")
    };
    assert_eq!(of("income").predictors[0].0, "job");
    assert!(of("income").explained > 0.5 && of("income").explained <= 1.0);
    assert!(
        (of("income")
            .predictors
            .iter()
            .map(|(_, share)| share)
            .sum::<f64>()
            - 1.0)
            .abs()
            < 1e-9
    );
    let picture = model.tree_svg("income", 3).expect("a picture");
    assert!(
        picture.starts_with("<svg") && picture.ends_with("</svg>") && picture.contains("job in")
    );
    assert!(model.tree_svg("nobody", 3).is_none());
    let formula = of_formula();
    assert!(formula.tree_svg("metres", 3).is_none() && formula.draw_tree("metres", 3).is_none());
}

fn of_formula() -> parable_cart::CartModel {
    fit(
        &people(),
        &CartConfig::default().with_column("metres", of(Method::Passive("height / 100".into()))),
    )
}

#[test]
fn clusters_refuse_what_would_tear_them_apart() {
    let rows = 600;
    let names = Levels::new((0..20).map(|id| format!("S{id}"))).expect("distinct");
    let schools: Vec<u32> = (0..rows).map(|row| row / 30).collect();
    let fields = vec![
        Field::new("school", Kind::nominal(Known::declared(names))).with_role(Role::ClusterId),
        Field::new("town", Kind::boolean(levels(["no", "yes"]))),
        Field::new("score", Kind::integer()),
    ];
    let columns = vec![
        Column::complete(Values::Codes(schools.clone())),
        Column::complete(Values::Codes(
            schools.iter().map(|school| school % 2).collect(),
        )),
        Column::complete(Values::Integer(
            (0..i64::from(rows)).map(|row| row % 17).collect(),
        )),
    ];
    let table = Table::new(Schema::new(fields).expect("names differ"), columns).expect("fits");
    let refuse = |config: CartConfig| {
        let mut ledger = Ledger::open(PrivacyUnit::one_row(), Budget::Unlimited);
        let mut noise = NoiseSource::operating_system();
        let mut context = FitContext::new(Seed::from_u64(1), &mut ledger, &mut noise);
        match Cart::new(config).fit(&table, &mut context) {
            Err(FitError::Setting { setting, .. }) => setting,
            other => panic!("{other:?}"),
        }
    };
    let rule = Rule::new("town", "score < 3", Fixed::Text("no".into()));
    assert_eq!(
        refuse(CartConfig::default().with_rule(rule)),
        "columns.town"
    );
    assert_eq!(
        refuse(CartConfig::default().with_column("school", of(Method::Sample))),
        "columns.school"
    );
    assert_eq!(
        refuse(CartConfig::default().with_strata(Strata::by(["score"]))),
        "strata.columns"
    );
    assert_eq!(
        refuse(CartConfig::default().with_replicated_uniques(ReplicatedUniques::Remove(vec![]))),
        "replicated_uniques"
    );
    // A rule from members to members, and a formula of the cluster for members, are fine.
    let config =
        CartConfig::default().with_rule(Rule::new("score", "town and score2 > 3", Fixed::Missing));
    assert_eq!(refuse(config), "rules.1");
    let config = CartConfig::default().with_rule(Rule::new("score", "town", Fixed::Number(99.0)));
    let model = fit(&table, &config);
    let made = model.sample(600, &Seed::from_u64(1)).expect("a sample");
    assert!(
        (0..600)
            .all(|row| (code(&made, "town", row) == 1) == (number(&made, "score", row) == 99.0))
    );
    let town = table.schema().field("town").expect("a field").clone();
    let asked = given(
        vec![town],
        vec![Column::complete(Values::Codes(vec![1; 50]))],
    );
    let made = model
        .sample_given(&asked, &Seed::from_u64(2), &NoObserver)
        .expect("half of the schools");
    assert!(
        (0..50).all(|row| code(&made, "town", row) == 1 && number(&made, "score", row) == 99.0)
    );
    // Names of clusters can be given too: their rows then share whatever the cluster has.
    let school = table.schema().field("school").expect("a field").clone();
    let asked = (0..50).map(|row| 3 + row / 25).collect();
    let asked = given(vec![school], vec![Column::complete(Values::Codes(asked))]);
    let made = model
        .sample_given(&asked, &Seed::from_u64(2), &NoObserver)
        .expect("two of the schools");
    for row in 0..50 {
        assert_eq!(code(&made, "school", row), 3 + (row / 25) as u32);
        assert_eq!(code(&made, "town", row), code(&made, "town", row / 25 * 25));
    }
}

/// Yes/no columns of which each tenth repeats the one five before it in nine rows of ten.
fn wide(columns: usize) -> Table {
    let mut rng = Seed::from_u64(12).rng();
    let mut all: Vec<Vec<u32>> = Vec::new();
    for position in 0..columns {
        let column = (0..ROWS).map(|row| match position % 10 {
            9 if rng.chance(0.9) => all[position - 5][row],
            _ => rng.below(2) as u32,
        });
        all.push(column.collect());
    }
    let field = |position| Field::new(format!("q{position}"), Kind::nominal(levels(["no", "yes"])));
    let schema = Schema::new((0..columns).map(field).collect()).expect("names differ");
    let columns = all
        .into_iter()
        .map(|codes| Column::complete(Values::Codes(codes)));
    Table::new(schema, columns.collect()).expect("fits")
}

#[test]
fn screened_predictors_keep_the_relations_of_a_wide_table() {
    let table = wide(60);
    let agree = |table: &Table, a: usize, b: usize| {
        let same =
            (0..table.rows()).filter(|&row| table.column(a).code(row) == table.column(b).code(row));
        same.count() as f64 / table.rows() as f64
    };
    let config = CartConfig::default().with_visit_order(VisitOrder::Schema);
    let model = fit(&table, &config.with_max_predictors(2));
    let synthetic = model.sample(ROWS, &Seed::from_u64(3)).expect("rows");
    for last in (9..60).step_by(10) {
        let (real, made) = (
            agree(&table, last, last - 5),
            agree(&synthetic, last, last - 5),
        );
        // Six standard errors of a difference of two shares of 0.95 in 3,000 rows.
        assert!((real - made).abs() < 0.034, "q{last}: {real} and {made}");
    }
}
