//! Rules of a schema said about codes: kept by codes exactly where the rows behind them keep them.

use parable_domain::{Codes, Domain};
use parable_encode::{CodeRule, CodeRules, Codec, CodecConfig};
use parable_seed::Seed;
use parable_table::constraints::broken_rows;
use parable_table::{
    Bounds, Condition, Constraint, Field, Grid, Kind, Known, Levels, NumberFormat, Schema,
};

fn levels(texts: impl IntoIterator<Item = String>) -> Kind {
    Kind::nominal(Known::declared(Levels::new(texts).unwrap()))
}

fn yes_no() -> Kind {
    levels(["no", "yes"].map(String::from))
}

fn whole(min: i64, max: i64) -> Kind {
    Kind::Integer {
        bounds: Some(Known::declared(Bounds { min, max })),
        grid: None,
        format: NumberFormat::default(),
    }
}

fn real(grid: Option<Grid>) -> Kind {
    Kind::Continuous {
        bounds: Some(Known::declared(Bounds {
            min: 0.0,
            max: 20.0,
        })),
        grid: grid.map(Known::declared),
        format: NumberFormat::default(),
    }
}

fn fields() -> Vec<Field> {
    vec![
        Field::new("sex", levels(["f", "m"].map(String::from))).with_missing_codes(["?"]),
        Field::new("pregnant", yes_no()),
        Field::new("age", whole(0, 99)).with_missing_codes(["-9"]),
        Field::new(
            "score",
            real(Some(Grid::Step {
                step: 0.25,
                origin: 0.0,
            })),
        ),
        Field::new("dose", real(None)),
        Field::new("first", yes_no()),
        Field::new("second", yes_no()),
        Field::new("third", whole(0, 1)),
        Field::new("area", levels((0..40).map(|area| format!("a{area}")))),
        Field::new("region", levels((0..4).map(|region| format!("r{region}")))),
        Field::new("age_then", whole(0, 99)),
    ]
}

fn one_of(column: &str, values: &[&str]) -> Condition {
    Condition::OneOf {
        column: column.into(),
        values: values.iter().map(|&text| text.into()).collect(),
    }
}

fn at_least(column: &str, value: f64) -> Condition {
    Condition::AtLeast {
        column: column.into(),
        value,
    }
}

fn below(column: &str, value: f64) -> Condition {
    Condition::Below {
        column: column.into(),
        value,
    }
}

fn exact() -> Vec<Constraint> {
    let mut rules = vec![
        Constraint::Never {
            all: vec![one_of("sex", &["m"]), one_of("pregnant", &["yes"])],
        },
        Constraint::When {
            condition: below("age", 17.0),
            then: one_of("pregnant", &["no"]),
        },
        Constraint::When {
            condition: at_least("score", 7.6),
            then: Condition::Present {
                column: "age".into(),
            },
        },
        Constraint::Never {
            all: vec![
                below("dose", 3.3),
                at_least("dose", 1.25),
                one_of("sex", &["f"]),
            ],
        },
        Constraint::Never {
            all: vec![one_of("age", &["18", "40"]), one_of("sex", &["f", "m"])],
        },
        Constraint::Range {
            column: "score".into(),
            min: Some(1.1),
            max: Some(18.0),
        },
        Constraint::Range {
            column: "dose".into(),
            min: Some(0.5),
            max: None,
        },
        Constraint::Levels {
            column: "area".into(),
            levels: (1..40).map(|area| format!("a{area}")).collect(),
        },
        Constraint::OneHot {
            columns: ["first", "second", "third"].map(String::from).to_vec(),
        },
    ];
    for region in 0..4 {
        let inside = (0..40).filter(|area| area % 4 == region);
        rules.push(Constraint::When {
            condition: Condition::OneOf {
                column: "area".into(),
                values: inside.map(|area| format!("a{area}")).collect(),
            },
            then: one_of("region", &[&format!("r{region}")]),
        });
    }
    rules
}

fn codec(rules: Vec<Constraint>) -> Codec {
    let schema = Schema::with_constraints(fields(), rules).unwrap();
    Codec::declared_with(&schema, &CodecConfig::default().with_max_bins(8)).unwrap()
}

fn random_codes(domain: &Domain, rows: usize) -> Codes {
    let mut rng = Seed::from_u64(3).rng();
    let columns = domain
        .attrs()
        .iter()
        .map(|attr| {
            (0..rows)
                .map(|_| rng.below(u64::from(attr.levels)) as u32)
                .collect()
        })
        .collect();
    Codes::new(domain.clone(), columns).unwrap()
}

/// Whether a row of codes breaks a rule for certain.
fn breaks(rule: &CodeRule, codes: &Codes, row: usize) -> bool {
    let code = |column: u32| codes.column(column as usize)[row];
    match rule {
        CodeRule::Never { all } => all.iter().all(|set| set.codes.contains(&code(set.column))),
        CodeRule::Determines { by, column, codes } => {
            codes[code(*by) as usize].is_some_and(|only| only != code(*column))
        }
        CodeRule::AtMost {
            left,
            right,
            left_values,
            right_values,
        } => {
            match (
                left_values[code(*left) as usize],
                right_values[code(*right) as usize],
            ) {
                (Some((low, _)), Some((_, high))) => low > high,
                _ => false,
            }
        }
        _ => unreachable!("every rule is listed"),
    }
}

#[test]
fn codes_keep_exactly_the_rules_that_their_rows_keep() {
    let codec = codec(exact()).cut_at_rules().unwrap();
    let CodeRules { rules, left, .. } = codec.rules().unwrap();
    assert!(left.is_empty(), "{left:?}");
    let rows = 20_000;
    let codes = random_codes(codec.domain(), rows);
    let table = codec.decode(&codes, &Seed::from_u64(4)).unwrap();
    let mut broken = vec![false; rows];
    broken_rows(&table)
        .unwrap()
        .iter()
        .flatten()
        .for_each(|&row| broken[row] = true);
    let kept = broken.iter().filter(|broken| !**broken).count();
    assert!(kept > 50 && kept < rows / 2, "{kept}");
    for (row, broken) in broken.iter().enumerate() {
        let by_code = rules.iter().any(|rule| breaks(rule, &codes, row));
        assert_eq!(by_code, *broken, "row {row}");
    }
}

#[test]
fn conditions_that_name_one_region_for_each_area_are_a_dependency() {
    let rules = codec(exact())
        .cut_at_rules()
        .unwrap()
        .rules()
        .unwrap()
        .rules;
    let dependency = rules.iter().find_map(|rule| match rule {
        CodeRule::Determines { by, column, codes } => Some((*by, *column, codes)),
        _ => None,
    });
    let (by, column, codes) = dependency.expect("areas determine regions");
    assert_eq!((by, column), (8, 9));
    // Forty areas, then those whose area is missing, who may live anywhere.
    let expected: Vec<Option<u32>> = (0..40).map(|area| Some(area % 4)).chain([None]).collect();
    assert_eq!(*codes, expected);
}

#[test]
fn conditions_over_single_values_are_structural_zeros_and_others_are_left() {
    let rules = vec![
        Constraint::holds("sex == 'f' or pregnant == 'no' and third < 1"),
        Constraint::holds("first == 'yes' or missing(sex)"),
        Constraint::holds("age > 17 or pregnant == 'no'"),
    ];
    let codec = codec(rules);
    let CodeRules { rules, left, .. } = codec.rules().unwrap();
    assert_eq!(left, [2]);
    let codes = random_codes(codec.domain(), 5_000);
    let table = codec.decode(&codes, &Seed::from_u64(4)).unwrap();
    let broken = broken_rows(&table).unwrap();
    assert!(!broken[0].is_empty() && !broken[1].is_empty());
    for row in 0..5_000 {
        let by_code = rules.iter().any(|rule| breaks(rule, &codes, row));
        let by_row = broken[0].contains(&row) || broken[1].contains(&row);
        assert_eq!(by_code, by_row, "row {row}");
    }
}

#[test]
fn a_rule_that_a_bin_straddles_is_left_and_named() {
    let rules = exact();
    let found = codec(rules.clone()).rules().unwrap();
    // Eight bins of ages, scores and doses: the lines at 17, 7.6, 1.25, 18, 1.1 and 0.5 lie inside
    // of some.
    assert_eq!(found.left, [1, 2, 3, 4, 5, 6]);
    assert!(
        codec(rules)
            .cut_at_rules()
            .unwrap()
            .rules()
            .unwrap()
            .left
            .is_empty()
    );
}

#[test]
fn an_order_is_kept_as_far_as_bins_show_it_and_dependencies_without_a_list_are_left() {
    let rules = vec![
        Constraint::AtMost {
            left: "age_then".into(),
            right: "age".into(),
        },
        Constraint::Determines {
            by: vec!["area".into()],
            column: "region".into(),
        },
    ];
    let codec = codec(rules);
    let CodeRules { rules, left, .. } = codec.rules().unwrap();
    assert_eq!((rules.len(), left), (1, vec![0, 1]));
    let codes = random_codes(codec.domain(), 5_000);
    let table = codec.decode(&codes, &Seed::from_u64(4)).unwrap();
    let broken = &broken_rows(&table).unwrap()[0];
    let certain: Vec<usize> = (0..5_000)
        .filter(|&row| breaks(&rules[0], &codes, row))
        .collect();
    assert!(certain.iter().all(|row| broken.contains(row)));
    // Of the pairs of eight bins 28 of 64 are certain to break it, and of the 8 equal ones half do.
    assert!(certain.len() * 10 > broken.len() * 8);
}
