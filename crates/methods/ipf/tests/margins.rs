//! Margins from rows, from a publication, and written by hand.

use parable_core::{
    FitContext, FitError, MarginalSynthesizer, Model, ModelFile, ModelReader, NoisyMarginal,
    Publication, Synthesizer,
};
use parable_domain::AttrSet;
use parable_dp::{Budget, Delta, Epsilon, Event, Ledger, NoiseSource, PrivacyUnit, Rho};
use parable_encode::{Codec, CodecConfig};
use parable_ipf::{
    GivenMargin, Ipf, IpfConfig, IpfModel, IpfReader, Margins, Pairs, StructuralZeros,
};
use parable_seed::Seed;
use parable_table::{
    Bounds, Column, Field, Kind, Known, Levels, NumberFormat, Schema, Table, Values,
};

fn nominal(name: &str, levels: &[&str]) -> Field {
    let levels = Levels::new(levels.iter().copied()).unwrap();
    Field::new(name, Kind::nominal(Known::declared(levels)))
}

/// Sex, pregnant (never for men), region, and a number between 0 and 99 that depends on the region.
fn schema() -> Schema {
    let number = Kind::Integer {
        bounds: Some(Known::declared(Bounds { min: 0, max: 99 })),
        grid: None,
        format: NumberFormat::default(),
    };
    let fields = vec![
        nominal("sex", &["man", "woman"]),
        nominal("pregnant", &["no", "yes"]),
        nominal("region", &["north", "south", "west"]),
        Field::new("number", number),
    ];
    Schema::new(fields).unwrap()
}

fn table(rows: usize) -> Table {
    let mut rng = Seed::from_u64(5).rng();
    let sex: Vec<u32> = (0..rows).map(|_| rng.below(2) as u32).collect();
    let pregnant = sex
        .iter()
        .map(|&sex| u32::from(sex == 1 && rng.chance(0.2)))
        .collect();
    let region: Vec<u32> = (0..rows).map(|_| rng.below(3) as u32).collect();
    let number = region
        .iter()
        .map(|&region| (20 * i64::from(region)) + rng.below(60) as i64)
        .collect();
    let columns = vec![
        Column::complete(Values::Codes(sex)),
        Column::complete(Values::Codes(pregnant)),
        Column::complete(Values::Codes(region)),
        Column::complete(Values::Integer(number)),
    ];
    Table::new(schema(), columns).unwrap()
}

fn men_are_not_pregnant() -> StructuralZeros {
    StructuralZeros::new(["sex", "pregnant"], [vec!["man", "yes"]])
}

fn fit_within(
    table: &Table,
    config: &IpfConfig,
    budget: Budget,
) -> (Result<IpfModel, FitError>, Ledger) {
    let mut ledger = Ledger::open(PrivacyUnit::one_row(), budget);
    let mut noise = NoiseSource::insecure_seeded([6; 32]);
    let mut context = FitContext::new(Seed::from_u64(1), &mut ledger, &mut noise);
    let model = Ipf::new(config.clone()).fit(table, &mut context);
    (model, ledger)
}

fn exact(table: &Table, config: &IpfConfig) -> IpfModel {
    fit_within(table, config, Budget::Unlimited).0.unwrap()
}

fn approximate(epsilon: f64) -> Budget {
    Budget::approx(Epsilon::new(epsilon).unwrap(), Delta::new(1e-6).unwrap())
}

fn count(table: &Table, keep: impl Fn(usize) -> bool) -> usize {
    (0..table.rows()).filter(|&row| keep(row)).count()
}

#[test]
fn exact_margins_come_back_to_a_row() {
    let real = table(3_000);
    let model = exact(&real, &IpfConfig::default());
    let margins: Vec<Vec<&str>> = model.margins().collect();
    assert!(
        margins.contains(&vec!["sex", "pregnant"]) && margins.contains(&vec!["region", "number"])
    );
    assert!(model.record().warnings.is_empty() && !model.record().private);
    let made = model.sample(3_000, &Seed::from_u64(2)).unwrap();
    for (a, b) in [(0, 1), (1, 2)] {
        for x in 0..2 {
            for y in 0..3 {
                let cell = |table: &Table| {
                    count(table, |row| {
                        table.column(a).code(row) == Some(x) && table.column(b).code(row) == Some(y)
                    })
                };
                // Pairs that are margins to a row; others are products and differ by chance of the
                // real rows, 26 at most in sd.
                let most = if (a, b) == (0, 1) { 1 } else { 100 };
                assert!(cell(&real).abs_diff(cell(&made)) <= most, "{a} {b} {x} {y}");
            }
        }
    }
    let mean = |table: &Table, region: u32| {
        let rows = (0..3_000).filter(|&row| table.column(2).code(row) == Some(region));
        let numbers: Vec<f64> = rows.filter_map(|row| table.column(3).number(row)).collect();
        numbers.iter().sum::<f64>() / numbers.len() as f64
    };
    for region in 0..3 {
        // Within 16 bins of about 6 values numbers are uniform: 1.7 in sd, of a thousand rows.
        assert!((mean(&real, region) - mean(&made, region)).abs() < 0.5);
    }
}

#[test]
fn structural_zeros_hold_in_every_row_and_are_checked_against_the_rows() {
    let config = IpfConfig::default()
        .with_pairs(Pairs::None)
        .with_zeros(men_are_not_pregnant());
    let impossible = |table: &Table| {
        count(table, |row| {
            table.column(0).code(row) == Some(0) && table.column(1).code(row) == Some(1)
        })
    };
    let real = table(2_000);
    let model = exact(&real, &config);
    let made = model.sample(20_000, &Seed::from_u64(3)).unwrap();
    assert_eq!(impossible(&made), 0);
    let pregnant = |table: &Table| {
        count(table, |row| table.column(1).code(row) == Some(1)) as f64 / table.rows() as f64
    };
    assert!((pregnant(&made) - pregnant(&real)).abs() < 0.001);
    // Without the rule, and without the pair as a margin, men are pregnant.
    let free = exact(&real, &IpfConfig::default().with_pairs(Pairs::None));
    assert!(impossible(&free.sample(20_000, &Seed::from_u64(3)).unwrap()) > 500);
    let noisy = fit_within(&real, &config.with_privacy(), approximate(0.5))
        .0
        .unwrap();
    assert_eq!(
        impossible(&noisy.sample(20_000, &Seed::from_u64(3)).unwrap()),
        0
    );
    // A rule that rows break.
    let wrong = StructuralZeros::new(["sex", "pregnant"], [vec!["woman", "no"]]);
    let (refused, _) = fit_within(
        &real,
        &IpfConfig::default().with_zeros(wrong),
        Budget::Unlimited,
    );
    let error = refused.unwrap_err().to_string();
    assert!(
        error.contains("sex, pregnant") && !error.contains("woman"),
        "{error}"
    );
}

#[test]
fn a_private_fit_spends_its_budget_charges_every_margin_and_finds_relations() {
    let real = table(10_000);
    for (config, entries) in [
        (
            IpfConfig::default().with_privacy().with_pairs(Pairs::None),
            4,
        ),
        (
            IpfConfig::default()
                .with_privacy()
                .with_pairs(Pairs::None)
                .with_margin(["sex", "region"]),
            5,
        ),
        (
            IpfConfig::default().with_privacy().with_pairs(Pairs::All),
            10,
        ),
    ] {
        let (model, ledger) = fit_within(&real, &config, approximate(1.0));
        model.unwrap();
        assert_eq!(ledger.entries().len(), entries);
        let noisy = |event: &Event| matches!(event, Event::DiscreteGaussian { .. });
        assert!(ledger.entries().iter().all(|entry| noisy(&entry.event)));
        let spent = ledger.spent().epsilon.unwrap().get();
        assert!(spent <= 1.0 && spent > 0.999_99, "{spent}");
    }
    let config = IpfConfig::default().with_privacy();
    let rho = Budget::zcdp(Rho::new(0.05).unwrap());
    let (model, ledger) = fit_within(&real, &config, rho);
    let model = model.unwrap();
    let spent = ledger.spent().rho.unwrap().get();
    assert!((0.049_999..=0.05).contains(&spent), "{spent}");
    assert!(model.margins().any(|margin| margin == ["region", "number"]));
    assert!((model.rows() - 10_000.0).abs() < 300.0);
    let record = model.record();
    assert!(record.private && record.rows.is_none() && record.table_digest.is_none());
    let body = String::from_utf8(ModelFile::of(&model).unwrap().body).unwrap();
    assert!(
        !body.contains("10000"),
        "the exact number of rows is in the body"
    );
    let (none, ledger) = fit_within(&real, &config, Budget::Unlimited);
    assert!(matches!(none, Err(FitError::Setting { .. })) && ledger.entries().is_empty());
}

#[test]
fn a_small_budget_measures_single_columns_and_says_so() {
    let config = IpfConfig::default().with_privacy();
    let model = fit_within(&table(60), &config, approximate(0.1)).0.unwrap();
    assert_eq!(model.margins().count(), 0);
    assert!(model.record().warnings[0].contains("single columns"));
}

fn given(columns: &[&str], counts: &[f64]) -> GivenMargin {
    GivenMargin {
        columns: columns.iter().map(|&name| name.to_owned()).collect(),
        counts: counts.to_vec(),
        sigma: None,
    }
}

fn expected(model: &IpfModel, attrs: &[u32]) -> Vec<f64> {
    model
        .field()
        .marginal(&AttrSet::new(attrs.iter().copied()))
        .unwrap()
}

#[test]
fn margins_written_by_hand_need_no_data() {
    // Columns in another order than the schema's, missing reasons left out.
    let margins = Margins::new(
        schema(),
        vec![
            given(&["region", "sex"], &[10.0, 20.0, 15.0, 15.0, 30.0, 10.0]),
            given(&["pregnant", "sex"], &[55.0, 35.0, 0.0, 10.0]),
        ],
    )
    .with_rows(1_000.0)
    .with_zeros(men_are_not_pregnant());
    let text = serde_json::to_string(&margins).unwrap();
    let read = Margins::from_json(&text).unwrap();
    assert_eq!(read, margins);
    let model = Ipf::default().fit_margins(&read).unwrap();
    assert_eq!(
        model.record().warnings.len(),
        1,
        "{:?}",
        model.record().warnings
    );
    assert!(!model.record().private && model.record().ledger.is_empty());
    // Codes: sex 2 + missing, region 3 + missing.
    let both = expected(&model, &[0, 2]);
    let north_women = both[4];
    assert!((north_women - 200.0).abs() < 1e-3, "{both:?}");
    assert_eq!(both[3], 0.0, "nobody is missing");
    let made = model.sample(1_000, &Seed::from_u64(1)).unwrap();
    assert_eq!(
        made.column(0).missing_count() + made.column(2).missing_count(),
        0
    );
    assert_eq!(count(&made, |row| made.column(1).code(row) == Some(1)), 100);
    // Nothing was said of the number: everything it may be.
    assert!(
        made.column(3)
            .number(0)
            .is_none_or(|number| (0.0..=99.0).contains(&number))
    );
}

#[test]
fn margins_that_contradict_each_other_or_carry_noise_are_made_to_agree() {
    let contradiction = Margins::new(
        schema(),
        vec![
            given(&["sex"], &[60.0, 40.0]),
            given(&["sex", "region"], &[20.0, 20.0, 10.0, 20.0, 20.0, 10.0]),
        ],
    );
    let model = Ipf::default().fit_margins(&contradiction).unwrap();
    assert!(model.record().warnings[0].contains("contradict"));
    let men = expected(&model, &[0])[0] / model.rows();
    assert!((0.5..0.6).contains(&men), "{men}");
    let mut noisy = given(&["sex", "region"], &[20.0, 21.0, -1.0, 20.0, 20.0, 20.0]);
    noisy.sigma = Some(1.5);
    let model = Ipf::default()
        .fit_margins(&Margins::new(schema(), vec![noisy]))
        .unwrap();
    let cells = expected(&model, &[0, 2]);
    assert!(
        cells.iter().all(|&cell| cell >= 0.0) && cells[2] < 1.5,
        "{cells:?}"
    );
    assert!((model.rows() - 100.0).abs() < 1e-6);
}

#[test]
fn bad_margins_and_zeros_are_refused_by_name() {
    let one = |margin: GivenMargin| Margins::new(schema(), vec![margin]);
    let mut sigma = given(&["sex"], &[1.0, 1.0]);
    sigma.sigma = Some(0.0);
    let bad = [
        (Margins::new(schema(), vec![]), "none"),
        (one(given(&["nobody"], &[1.0])), "`nobody`"),
        (one(given(&["sex", "sex"], &[1.0; 4])), "twice"),
        (one(given(&["sex"], &[1.0; 5])), "2 combinations, 3 with"),
        (one(given(&["sex"], &[1.0, -1.0])), "negative"),
        (one(given(&["sex"], &[1.0, f64::NAN])), "finite"),
        (one(given(&["sex"], &[0.0, 0.0])), "above 0"),
        (one(sigma), "standard deviation"),
        (one(given(&["sex"], &[1.0, 1.0])).with_rows(-5.0), "rows"),
        (
            one(given(&["sex"], &[1.0, 1.0]))
                .with_zeros(StructuralZeros::new(["sex"], [vec!["other"]])),
            "no such level",
        ),
        (
            one(given(&["sex"], &[1.0, 1.0]))
                .with_zeros(StructuralZeros::new(["sex"], [vec!["man", "no"]])),
            "one level per column",
        ),
    ];
    for (margins, part) in bad {
        let error = Ipf::default().fit_margins(&margins).unwrap_err();
        assert!(matches!(error, FitError::Setting { .. }));
        assert!(error.to_string().contains(part), "{error}");
    }
    assert!(Margins::from_json("{").is_err());
    let large = IpfConfig::default()
        .with_max_cells(10)
        .with_margin(["sex", "number"]);
    let (refused, _) = fit_within(&table(10), &large, Budget::Unlimited);
    assert!(refused.is_err());
    let undeclared = Schema::new(vec![Field::new("age", Kind::integer())]).unwrap();
    let refused =
        Ipf::default().fit_margins(&Margins::new(undeclared, vec![given(&["age"], &[1.0])]));
    assert!(matches!(refused, Err(FitError::Undeclared { .. })));
}

#[test]
fn a_publication_gives_a_model_and_merged_levels_come_back() {
    let codec = Codec::declared_with(&schema(), &CodecConfig::default().with_max_bins(16)).unwrap();
    let mut publication = Publication::new(codec.domain().clone(), PrivacyUnit::one_row());
    let column = |attr: u32, cells: &[i64]| NoisyMarginal {
        attrs: AttrSet::new([attr]),
        cells: cells.to_vec(),
        sigma: 2.0,
    };
    publication.columns = vec![column(0, &[500, 501, -1]), column(2, &[600, 300, 99, 1])];
    // South, west and missing are one group.
    publication.merged[2] = vec![0, 1, 1, 1];
    publication.marginals = vec![NoisyMarginal {
        attrs: AttrSet::new([0, 2]),
        cells: vec![400, 100, 201, 299, 0, -1],
        sigma: 4.0,
    }];
    let model = Ipf::default()
        .fit_publication(&schema(), &publication)
        .unwrap();
    assert!(model.record().private && model.record().rows.is_none());
    let cells = expected(&model, &[0, 2]);
    // Men: 400 in the north, 100 elsewhere, three quarters of these in the south.
    assert!(
        (cells[0] - 400.0).abs() < 5.0 && (cells[1] - 75.0).abs() < 5.0,
        "{cells:?}"
    );
    assert!((cells[2] - 25.0).abs() < 5.0, "{cells:?}");
    let other = IpfConfig::default().with_max_bins(8);
    assert!(
        Ipf::new(other)
            .fit_publication(&schema(), &publication)
            .is_err()
    );
    publication.marginals[0].cells.pop();
    assert!(
        Ipf::default()
            .fit_publication(&schema(), &publication)
            .is_err()
    );
}

#[test]
fn files_that_contradict_themselves_are_refused() {
    let file = ModelFile::of(&exact(&table(500), &IpfConfig::default())).unwrap();
    let body: serde_json::Value = serde_json::from_slice(&file.body).unwrap();
    type Change = fn(&mut serde_json::Value);
    let changes: [Change; 5] = [
        |body| body["version"] = 2.into(),
        |body| body["rows"] = 0.into(),
        |body| body["margins"][0] = serde_json::json!([77]),
        |body| body["cliques"][0]["probabilities"][0] = 0.9.into(),
        |body| body["cliques"].as_array_mut().unwrap().reverse(),
    ];
    assert!(IpfReader.read(&file).is_ok());
    for (at, change) in changes.into_iter().enumerate() {
        let mut bad = file.clone();
        let mut changed = body.clone();
        change(&mut changed);
        bad.body = serde_json::to_vec(&changed).unwrap();
        assert!(IpfReader.read(&bad).is_err(), "change {at} was read");
    }
}
