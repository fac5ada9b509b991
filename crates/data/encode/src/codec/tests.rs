use parable_domain::MarginalSource;
use proptest::prelude::*;

use super::*;
use parable_table::{Bounds, Field, Grid, Kind, Known, Levels, NumberFormat, Role, Values};

fn bounded(min: i64, max: i64) -> Kind {
    Kind::Integer {
        bounds: Some(Known::declared(Bounds { min, max })),
        grid: None,
        format: NumberFormat::default(),
    }
}

fn real(min: f64, max: f64, grid: Option<Grid>) -> Kind {
    Kind::Continuous {
        bounds: Some(Known::declared(Bounds { min, max })),
        grid: grid.map(Known::declared),
        format: NumberFormat::default(),
    }
}

fn schema() -> Schema {
    let levels = |texts: &[&str]| Known::declared(Levels::new(texts.iter().copied()).unwrap());
    let quarter = Grid::Step {
        step: 0.25,
        origin: 0.0,
    };
    Schema::new(vec![
        Field::new("sex", Kind::nominal(levels(&["f", "m"]))).with_missing_codes(["?"]),
        Field::new("few", bounded(1, 5)),
        Field::new("many", bounded(-1_000, 1_000)).with_missing_codes(["-8", "-9"]),
        Field::new("tenths", real(0.0, 100.0, Some(Grid::Decimals(1)))),
        Field::new("quarters", real(0.1, 90.1, Some(quarter))),
        Field::new("any", real(-1.0, 1.0, None)),
        Field::new(
            "day",
            Kind::Date {
                also: Vec::new(),
                format: "%Y-%m-%d".into(),
                bounds: Some(Known::declared(Bounds {
                    min: 0,
                    max: 20_000,
                })),
            },
        ),
    ])
    .unwrap()
}

fn table(rows: &[[u16; 7]]) -> Table {
    let cell = |at: usize| rows.iter().map(move |row| row[at]);
    let missing = |at: usize, reasons: u8| -> Vec<u8> {
        cell(at)
            .map(|v| {
                if v % 5 == 0 {
                    1 + (v % u16::from(reasons)) as u8
                } else {
                    0
                }
            })
            .collect()
    };
    let columns = vec![
        Column::with_missing(
            Values::Codes(cell(0).map(|v| u32::from(v) % 2).collect()),
            missing(0, 2),
        ),
        Column::with_missing(
            Values::Integer(cell(1).map(|v| i64::from(v % 5) + 1).collect()),
            missing(1, 1),
        ),
        Column::with_missing(
            Values::Integer(cell(2).map(|v| i64::from(v % 2_001) - 1_000).collect()),
            missing(2, 3),
        ),
        Column::complete(Values::Continuous(
            cell(3).map(|v| f64::from(v % 1_001) / 10.0).collect(),
        )),
        Column::complete(Values::Continuous(
            cell(4).map(|v| f64::from(v % 360 + 1) / 4.0).collect(),
        )),
        Column::complete(Values::Continuous(
            cell(5).map(|v| f64::from(v) / 32_767.5 - 1.0).collect(),
        )),
        Column::complete(Values::Integer(
            cell(6).map(|v| i64::from(v % 20_001)).collect(),
        )),
    ];
    Table::new(schema(), columns).unwrap()
}

/// Missing cells and levels come back as they were, numbers within their bin and on their grid.
fn returns(codec: &Codec, table: &Table) {
    let codes = codec.encode(table).unwrap();
    let back = codec.decode(&codes, &Seed::from_u64(3)).unwrap();
    assert_eq!(
        codec.encode(&back).unwrap(),
        codes,
        "a drawn value falls into its own bin"
    );
    for (at, (codec, field)) in codec
        .columns()
        .iter()
        .zip(table.schema().fields())
        .enumerate()
    {
        let (before, after) = (table.column(at), back.column(at));
        for row in 0..table.rows() {
            assert_eq!(before.missing(row), after.missing(row));
            assert_eq!(before.code(row), after.code(row));
            if let (Some(a), Some(b), ValueCodes::Bins(bins)) =
                (before.number(row), after.number(row), &codec.values)
            {
                let bin = bins[bins::find(bins, a)];
                assert!(
                    (a - b).abs() <= bin.high - bin.low,
                    "{} {a} {b} {bin:?}",
                    field.name
                );
                let grid = bins::grid(field);
                assert!(
                    grid.is_none_or(|grid| grid.round(b) == b),
                    "{} {b}",
                    field.name
                );
            }
        }
    }
}

proptest! {
    #[test]
    fn decoding_gives_back_the_table_up_to_the_width_of_bins(
        rows in prop::collection::vec(any::<[u16; 7]>(), 0..200), max_bins in 1u32..40
    ) {
        let table = table(&rows);
        let config = CodecConfig::default().with_max_bins(max_bins);
        for codec in [Codec::declared_with(table.schema(), &config).unwrap(), Codec::observed(&table, &config).unwrap()] {
            returns(&codec, &table);
            let few = codec.columns().iter().all(|column| match &column.values {
                ValueCodes::Bins(bins) => bins.len() <= max_bins as usize,
                ValueCodes::Levels(_) => true,
            });
            prop_assert!(few);
            let text = serde_json::to_string(&codec).unwrap();
            prop_assert_eq!(serde_json::from_str::<Codec>(&text).unwrap(), codec);
        }
    }
}

#[test]
fn bins_of_equal_width_cover_the_grid_once() {
    let bins = bins::uniform(
        Bounds {
            min: 0.1,
            max: 90.1,
        },
        Some(Grid::Step {
            step: 0.25,
            origin: 0.0,
        }),
        7,
    );
    assert_eq!((bins[0].low, bins[6].high), (0.25, 90.0));
    let points: f64 = bins
        .iter()
        .map(|bin| (bin.high - bin.low) / 0.25 + 1.0)
        .sum();
    assert_eq!(points, 360.0);
    assert!(
        bins.windows(2)
            .all(|pair| pair[1].low - pair[0].high == 0.25)
    );
}

#[test]
fn spikes_get_a_bin_of_their_own() {
    let mut values: Vec<f64> = (1..=500).map(f64::from).collect();
    values.extend([0.0; 500]);
    values.sort_by(f64::total_cmp);
    let bins = bins::by_quantiles(&values, 11);
    assert_eq!(
        bins[0],
        Bin {
            low: 0.0,
            high: 0.0
        }
    );
    assert_eq!(bins.len(), 11);
    assert_eq!(
        bins[1],
        Bin {
            low: 1.0,
            high: 50.0
        }
    );
}

#[test]
fn observed_facts_are_refused_for_private_fits() {
    let levels = Known::observed(Levels::new(["a"]).unwrap());
    let judge = |kind: Kind, role: Role| {
        let schema = Schema::new(vec![Field::new("x", kind).with_role(role)]).unwrap();
        Codec::declared(&schema).unwrap_err().to_string()
    };
    let undeclared = |fact: &str| {
        format!("column `x` has no declared {fact}; a private fit may not read it from the data")
    };
    assert_eq!(
        judge(Kind::nominal(levels), Role::Covariate),
        undeclared("levels")
    );
    assert_eq!(
        judge(Kind::Nominal { levels: None }, Role::Covariate),
        undeclared("levels")
    );
    assert_eq!(
        judge(Kind::integer(), Role::Covariate),
        undeclared("bounds")
    );
    let seen = Kind::Integer {
        bounds: Some(Known::observed(Bounds { min: 0, max: 1 })),
        grid: None,
        format: NumberFormat::default(),
    };
    assert_eq!(judge(seen, Role::Outcome), undeclared("bounds"));
    let grid = Kind::Continuous {
        bounds: Some(Known::released(Bounds { min: 0.0, max: 1.0 })),
        grid: Some(Known::observed(Grid::Decimals(1))),
        format: NumberFormat::default(),
    };
    assert_eq!(judge(grid, Role::Outcome), undeclared("grid"));
    assert_eq!(
        judge(Kind::Text, Role::Covariate),
        "column `x` holds free text; drop or replace it by a cleaning recipe first"
    );
    assert_eq!(
        judge(bounded(0, 9), Role::UnitId),
        "column `x` names rows; drop or replace it by a cleaning recipe first"
    );
}

#[test]
fn what_has_no_code_is_named_by_column_and_row() {
    let codec = Codec::declared(&schema()).unwrap();
    let whole = table(&[[1; 7], [3; 7]]);
    let (schema, columns) = whole.clone().into_parts();
    let mut fields = schema.fields().to_vec();
    fields[0].kind = Kind::nominal(Known::declared(Levels::new(["f", "x"]).unwrap()));
    let other = Table::new(Schema::new(fields.clone()).unwrap(), columns.clone()).unwrap();
    assert_eq!(
        codec.encode(&other).unwrap_err().to_string(),
        "column `sex`, row 1: the level has no code"
    );
    fields[1].name = "several".into();
    let other = Table::new(Schema::new(fields).unwrap(), columns).unwrap();
    assert!(codec.encode(&other).is_err());
    let few =
        Codec::declared_with(whole.schema(), &CodecConfig::default().with_max_bins(2)).unwrap();
    let codes = few.encode(&whole).unwrap();
    assert_eq!(
        codec.decode(&codes, &Seed::from_u64(1)).unwrap_err(),
        CodecError::OtherDomain
    );
    let text = serde_json::to_string(&codec).unwrap();
    for (from, to) in [
        ("parable-codec", "other"),
        ("\"f\",\"m\"", "\"f\",\"x\",\"m\""),
        ("{\"low\":1.0,\"high\":1.0},", "{\"low\":1.0,\"high\":9.0},"),
    ] {
        assert!(text.contains(from), "{from}");
        assert!(
            serde_json::from_str::<Codec>(&text.replacen(from, to, 1)).is_err(),
            "{from}"
        );
    }
}

#[test]
fn numbers_outside_the_bounds_get_the_nearest_bin_and_draws_are_spread() {
    let schema = Schema::new(vec![Field::new("x", bounded(0, 99))]).unwrap();
    let config = CodecConfig::default().with_max_bins(2);
    let codec = Codec::declared_with(&schema, &config).unwrap();
    let values: Vec<i64> = [vec![-5, 120], vec![60; 49_998]].concat();
    let table = Table::new(schema, vec![Column::complete(Values::Integer(values))]).unwrap();
    let codes = codec.encode(&table).unwrap();
    assert_eq!(codes.column(0)[..3], [0, 1, 1]);
    assert_eq!(codes.domain().attrs()[0].levels, 3, "two bins and absent");
    let back = codec.decode(&codes, &Seed::from_u64(5)).unwrap();
    assert_eq!(back, codec.decode(&codes, &Seed::from_u64(5)).unwrap());
    let mut counts = [0i64; 50];
    (1..50_000).for_each(|row| counts[back.column(0).number(row).unwrap() as usize - 50] += 1);
    // 49,999 draws over 50 values: each count has mean 1,000 and sd 31.3; 6 sd is exceeded by none
    // of 50 with probability above 1 - 1e-7.
    assert!(
        counts.iter().all(|count| (count - 1_000).abs() < 188),
        "{counts:?}"
    );
}
