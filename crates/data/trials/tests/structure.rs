//! Columns, sizes, rules and missing values: what holds in every row of every trial.

use std::collections::{HashMap, HashSet};

use parable_seed::Seed;
use parable_table::{Column, Condition, Constraint, Kind, Role, Table, Values};
use parable_trials::{Preset, Trial, TrialConfig};

const A: &str = "pupil_id, school_id, treatment, treatment_desc, region_code, region_name, sex, birth_month, term_of_birth, ethnicity, \
    eal, fsm, sen, pre_reading, attendance_pct, post_reading, post_vocab_std, likert_enjoy, likert_confidence, band_below, \
    band_expected, band_higher, sessions_attended, trial_name";
const B: &str = "pupil_id, school_id, class_id, treatment, treatment_desc, strata, region_name, school_type, urban_rural, ofsted, \
    school_pct_fsm, sex, birth_month, age_months_at_test, ethnicity_code, ethnicity_desc, eal, fsm, ever6_fsm, sen, idaci_score, \
    idaci_decile, pre_ks1_reading, pre_ks1_maths, post_maths_raw, post_maths_scaled, post_reading_scaled, level_below, \
    level_expected, level_higher, absence_sessions, sessions_attended, teacher_years, withdrawal_reason";
const C: &str = "pupil_id, school_id, treatment, treatment_desc, cohort, region_code, region_name, school_type, school_type_desc, \
    urban_rural, school_size, school_pct_fsm, sex, birth_month, ethnicity_code, ethnicity_desc, eal, fsm, ever6_fsm, sen_code, \
    sen_desc, idaci_score, ks2_reading_scaled, ks2_maths_scaled, ks4_attainment8, gcse_english, gcse_maths, eng_maths_band, \
    em_below4, em_4, em_5plus, absence_rate, persistent_absentee, exclusions, wellbeing_score, data_source";

fn simulate(preset: Preset, seed: u64) -> Trial {
    Trial::simulate(&TrialConfig::new(preset), &Seed::from_u64(seed))
        .expect("full size is possible")
}

fn column<'a>(table: &'a Table, name: &str) -> &'a Column {
    table.named(name).expect("the table has the column").1
}

/// What stands in a cell, `None` for nothing; equal texts are equal values within one column.
fn cell(table: &Table, name: &str, row: usize) -> Option<String> {
    let (field, column) = table.named(name).expect("the table has the column");
    if column.is_missing(row) {
        return None;
    }
    Some(match column.values() {
        Values::Integer(values) => values[row].to_string(),
        Values::Continuous(values) => values[row].to_string(),
        Values::Codes(codes) => field
            .kind
            .levels()
            .and_then(|l| l.get(codes[row]))
            .expect("a level")
            .to_owned(),
        Values::Text(texts) => texts.get(row).to_owned(),
    })
}

fn holds(table: &Table, condition: &Condition, row: usize) -> bool {
    match condition {
        Condition::OneOf { column, values } => {
            cell(table, column, row).is_some_and(|text| values.contains(&text))
        }
        Condition::Below {
            column: name,
            value,
        } => column(table, name).number(row).is_some_and(|n| n < *value),
        Condition::AtLeast {
            column: name,
            value,
        } => column(table, name).number(row).is_some_and(|n| n >= *value),
        Condition::Missing { column: name } => column(table, name).is_missing(row),
        Condition::Present { column: name } => !column(table, name).is_missing(row),
        other => panic!("unknown condition {other:?}"),
    }
}

/// Asserts that equal keys come with equal values.
#[track_caller]
fn assert_function<K: std::hash::Hash + Eq, V: PartialEq + std::fmt::Debug>(
    pairs: impl Iterator<Item = (K, V)>,
    what: &str,
) {
    let mut seen: HashMap<K, V> = HashMap::new();
    for (key, value) in pairs {
        match seen.get(&key) {
            Some(known) => assert_eq!(known, &value, "{what}"),
            None => drop(seen.insert(key, value)),
        }
    }
}

#[test]
fn sizes_names_and_order_are_those_of_the_study() {
    for (preset, rows, width, names) in [
        (Preset::A, 1_200, 24, A),
        (Preset::B, 9_900, 34, B),
        (Preset::C, 67_200, 36, C),
    ] {
        let trial = simulate(preset, 1);
        let expected: Vec<&str> = names.split(", ").collect();
        let found: Vec<&str> = trial
            .table
            .schema()
            .fields()
            .iter()
            .map(|field| field.name.as_str())
            .collect();
        assert_eq!(found, expected);
        assert_eq!(
            (trial.table.rows(), trial.table.schema().len()),
            (rows, width)
        );
        let arms = column(&trial.table, "treatment");
        assert!((0..rows).all(|row| !arms.is_missing(row)));
        assert_eq!(trial.truth.treated_schools * 2, trial.truth.schools);
    }
}

#[test]
fn every_declared_rule_holds_in_every_row() {
    for (preset, seeds) in [(Preset::A, 5), (Preset::B, 3), (Preset::C, 1)] {
        for seed in 0..seeds {
            let Trial { table, .. } = simulate(preset, seed);
            for rule in table.schema().constraints() {
                check_rule(&table, rule);
            }
        }
    }
}

fn check_rule(table: &Table, rule: &Constraint) {
    let rows = 0..table.rows();
    match rule {
        Constraint::Range {
            column: name,
            min,
            max,
        } => {
            let column = column(table, name);
            for value in rows.filter_map(|row| column.number(row)) {
                assert!(
                    min.is_none_or(|min| value >= min) && max.is_none_or(|max| value <= max),
                    "{name}"
                );
            }
        }
        Constraint::OneHot { columns } => {
            let columns: Vec<&Column> = columns.iter().map(|name| column(table, name)).collect();
            for row in rows {
                let present = columns.iter().filter(|c| !c.is_missing(row)).count();
                let ones: u32 = columns.iter().filter_map(|c| c.code(row)).sum();
                assert!(
                    present == 0 || (present == columns.len() && ones == 1),
                    "row {row}"
                );
            }
        }
        Constraint::When { condition, then } => {
            for row in rows {
                assert!(
                    !holds(table, condition, row) || holds(table, then, row),
                    "{rule:?}, row {row}"
                );
            }
        }
        Constraint::ClusterConstant { cluster, columns } => {
            for name in columns {
                let pairs = rows
                    .clone()
                    .map(|row| (cell(table, cluster, row), cell(table, name, row)));
                assert_function(pairs, name);
            }
        }
        Constraint::Determines { by, column: name } => {
            let pairs = rows.map(|row| {
                let key: Vec<Option<String>> = by.iter().map(|by| cell(table, by, row)).collect();
                (key, cell(table, name, row))
            });
            assert_function(pairs, name);
        }
        other => panic!("a rule this test does not know: {other:?}"),
    }
}

#[test]
fn the_rules_cover_what_the_design_promises() {
    let constant = |table: &Table, name: &str| {
        let found: Vec<Vec<String>> = table
            .schema()
            .constraints()
            .iter()
            .filter_map(|rule| match rule {
                Constraint::ClusterConstant { cluster, columns } if cluster == name => {
                    Some(columns.clone())
                }
                _ => None,
            })
            .collect();
        assert_eq!(found.len(), 1, "{name}");
        found[0].join(" ")
    };
    let determined = |table: &Table| {
        let rules = table.schema().constraints().iter();
        rules
            .filter(|rule| matches!(rule, Constraint::Determines { .. }))
            .count()
    };
    let a = simulate(Preset::A, 1).table;
    assert_eq!(
        constant(&a, "school_id"),
        "treatment treatment_desc region_code region_name"
    );
    assert_eq!(determined(&a), 3);
    let b = simulate(Preset::B, 1).table;
    assert_eq!(
        constant(&b, "school_id"),
        "treatment treatment_desc strata region_name school_type urban_rural ofsted school_pct_fsm"
    );
    assert_eq!(constant(&b, "class_id"), "school_id teacher_years");
    assert_eq!(determined(&b), 4);
    let c = simulate(Preset::C, 1).table;
    assert_eq!(
        constant(&c, "school_id"),
        "treatment treatment_desc region_code region_name school_type school_type_desc urban_rural school_size school_pct_fsm"
    );
    assert_eq!(determined(&c), 7);
    for table in [&a, &b, &c] {
        let one_hot = table
            .schema()
            .constraints()
            .iter()
            .filter(|rule| matches!(rule, Constraint::OneHot { .. }));
        assert_eq!(one_hot.count(), 1);
    }
}

#[test]
fn bands_are_those_of_the_scores() {
    let bands = |table: &Table, score: &str, cuts: [f64; 2], names: [&str; 3]| {
        for row in 0..table.rows() {
            let expected = column(table, score)
                .number(row)
                .map(|score| cuts.iter().filter(|&&cut| score >= cut).count());
            for (position, name) in names.iter().enumerate() {
                assert_eq!(
                    column(table, name).code(row),
                    expected.map(|band| u32::from(band == position)),
                    "{name}, row {row}"
                );
            }
        }
    };
    let a = simulate(Preset::A, 2).table;
    bands(
        &a,
        "post_reading",
        [28.0, 46.0],
        ["band_below", "band_expected", "band_higher"],
    );
    let b = simulate(Preset::B, 2).table;
    bands(
        &b,
        "post_maths_scaled",
        [100.0, 110.0],
        ["level_below", "level_expected", "level_higher"],
    );
    for row in 0..b.rows() {
        let decile = column(&b, "idaci_score").number(row).map(|score| {
            let cuts = [0.05, 0.08, 0.11, 0.14, 0.18, 0.22, 0.27, 0.33, 0.42];
            (10 - cuts.iter().filter(|&&cut| score >= cut).count()).to_string()
        });
        assert_eq!(cell(&b, "idaci_decile", row), decile);
        assert!(column(&b, "withdrawal_reason").is_missing(row));
    }
    let c = simulate(Preset::C, 2).table;
    for row in 0..c.rows() {
        let grade = |name: &str| column(&c, name).number(row);
        let lower = grade("gcse_english")
            .zip(grade("gcse_maths"))
            .map(|(left, right)| left.min(right));
        let band = lower.map(|grade| {
            if grade >= 5.0 {
                "5 or more"
            } else if grade >= 4.0 {
                "4"
            } else {
                "Below 4"
            }
        });
        assert_eq!(cell(&c, "eng_maths_band", row).as_deref(), band);
        for (name, level) in [
            ("em_below4", "Below 4"),
            ("em_4", "4"),
            ("em_5plus", "5 or more"),
        ] {
            assert_eq!(
                column(&c, name).code(row),
                band.map(|band| u32::from(band == level))
            );
        }
        let absentee = column(&c, "absence_rate")
            .number(row)
            .map(|rate| u32::from(rate >= 10.0));
        assert_eq!(column(&c, "persistent_absentee").code(row), absentee);
        let points = column(&c, "ks4_attainment8").number(row).unwrap_or(0.0);
        assert_eq!((points * 4.0).fract(), 0.0);
    }
}

#[test]
fn pupil_ids_are_unique_padded_and_in_random_order() {
    for preset in Preset::ALL {
        let table = simulate(preset, 3).table;
        let (field, column) = table.named("pupil_id").expect("ids");
        assert_eq!((&field.kind, &field.role), (&Kind::Text, &Role::UnitId));
        let Values::Text(texts) = column.values() else {
            panic!("ids are text");
        };
        let width = table.rows().to_string().len();
        assert!(texts.iter().all(|text| text.len() == width));
        let distinct: HashSet<&str> = texts.iter().collect();
        assert_eq!(distinct.len(), table.rows());
        // In a random order a row keeps its number with probability 1/n: the count is Poisson(1),
        // above 12 with probability 6e-11.
        let numbers = texts
            .iter()
            .map(|text| text.parse::<usize>().expect("digits"));
        let in_place = numbers
            .enumerate()
            .filter(|(row, number)| row + 1 == *number)
            .count();
        assert!(in_place <= 12);
    }
}

#[test]
fn roles_say_what_each_column_is_for() {
    for preset in Preset::ALL {
        let Trial { table, truth, .. } = simulate(preset, 1);
        let named = |wanted: &dyn Fn(&Role) -> bool| -> Vec<&str> {
            table
                .schema()
                .with_role(wanted)
                .into_iter()
                .map(|p| table.schema().fields()[p].name.as_str())
                .collect()
        };
        assert_eq!(named(&|role| *role == Role::UnitId), ["pupil_id"]);
        assert_eq!(named(&|role| *role == Role::Treatment), ["treatment"]);
        let clusters = named(&|role| *role == Role::ClusterId);
        match preset {
            Preset::B => assert_eq!(clusters, ["school_id", "class_id"]),
            _ => assert_eq!(clusters, ["school_id"]),
        }
        let outcomes: Vec<&str> = truth
            .outcomes
            .iter()
            .map(|outcome| outcome.column.as_str())
            .collect();
        assert_eq!(named(&|role| *role == Role::Outcome), outcomes);
        assert!(
            table
                .schema()
                .fields()
                .iter()
                .all(|field| field.label.is_some())
        );
        let known = table
            .schema()
            .fields()
            .iter()
            .filter_map(|field| field.kind.known_levels());
        assert!(known.into_iter().all(|levels| levels.is_public()));
        for key in [&truth.primary, &truth.placebo] {
            assert!(truth.outcome(key).is_some());
        }
        assert!(table.named(&truth.pre_test).is_some());
    }
}

#[test]
fn administrative_columns_are_lost_together() {
    let blocks: [(Preset, &[&str]); 3] = [
        (
            Preset::A,
            &[
                "sex",
                "birth_month",
                "term_of_birth",
                "ethnicity",
                "eal",
                "fsm",
                "sen",
                "attendance_pct",
            ],
        ),
        (
            Preset::B,
            &[
                "sex",
                "birth_month",
                "age_months_at_test",
                "ethnicity_code",
                "ethnicity_desc",
                "eal",
                "fsm",
                "ever6_fsm",
                "sen",
                "idaci_score",
                "idaci_decile",
                "absence_sessions",
            ],
        ),
        (
            Preset::C,
            &[
                "sex",
                "birth_month",
                "ethnicity_code",
                "ethnicity_desc",
                "eal",
                "fsm",
                "ever6_fsm",
                "sen_code",
                "sen_desc",
                "idaci_score",
                "absence_rate",
                "persistent_absentee",
            ],
        ),
    ];
    for (preset, names) in blocks {
        let table = simulate(preset, 4).table;
        let first = column(&table, names[0]);
        let count = first.missing_count() as f64;
        let expected = 0.02 * table.rows() as f64;
        assert!(
            (count - expected).abs() < 5.5 * (expected * 0.98).sqrt(),
            "{preset}: {count}"
        );
        for name in &names[1..] {
            assert_eq!(
                first.missing_bytes(),
                column(&table, name).missing_bytes(),
                "{name}"
            );
        }
    }
}

#[test]
fn whole_schools_lose_every_post_test() {
    let cases: [(Preset, &[&str]); 3] = [
        (
            Preset::A,
            &[
                "post_reading",
                "post_vocab_std",
                "likert_enjoy",
                "likert_confidence",
                "band_below",
                "band_expected",
                "band_higher",
            ],
        ),
        (
            Preset::B,
            &[
                "post_maths_raw",
                "post_maths_scaled",
                "post_reading_scaled",
                "level_below",
                "level_expected",
                "level_higher",
            ],
        ),
        (
            Preset::C,
            &[
                "ks4_attainment8",
                "gcse_english",
                "gcse_maths",
                "eng_maths_band",
                "em_below4",
                "em_4",
                "em_5plus",
                "wellbeing_score",
            ],
        ),
    ];
    for (preset, names) in cases {
        let mut lost_schools = 0;
        for seed in 0..4 {
            let table = simulate(preset, seed).table;
            let school = column(&table, "school_id");
            let mut alive: HashSet<u32> = HashSet::new();
            let mut all: HashSet<u32> = HashSet::new();
            for row in 0..table.rows() {
                let code = school.code(row).expect("every pupil has a school");
                all.insert(code);
                if !column(&table, names[0]).is_missing(row) {
                    alive.insert(code);
                }
            }
            // With at least 8 pupils a school and 13 % lost, a school loses everybody by chance
            // once in ten million.
            lost_schools += all.len() - alive.len();
            for row in 0..table.rows() {
                if !alive.contains(&school.code(row).expect("every pupil has a school")) {
                    assert!(
                        names
                            .iter()
                            .all(|name| column(&table, name).is_missing(row))
                    );
                }
            }
        }
        assert!(lost_schools > 0, "{preset}");
    }
}

#[test]
fn both_pre_tests_of_a_pupil_are_lost_together() {
    for (preset, left, right) in [
        (Preset::B, "pre_ks1_reading", "pre_ks1_maths"),
        (Preset::C, "ks2_reading_scaled", "ks2_maths_scaled"),
    ] {
        let table = simulate(preset, 5).table;
        assert!(column(&table, left).missing_count() > 0);
        assert_eq!(
            column(&table, left).missing_bytes(),
            column(&table, right).missing_bytes()
        );
    }
}

#[test]
fn the_dosage_exists_only_with_the_programme() {
    let a = simulate(Preset::A, 6).table;
    let b = simulate(Preset::B, 6).table;
    for row in 0..a.rows() {
        let sessions = column(&a, "sessions_attended")
            .number(row)
            .expect("complete");
        assert!(column(&a, "treatment").code(row) == Some(1) || sessions == 0.0);
    }
    for row in 0..b.rows() {
        let sessions = column(&b, "sessions_attended").number(row);
        assert!(column(&b, "treatment").code(row) == Some(1) || sessions.is_none());
    }
}

#[test]
fn the_dictionary_lists_every_column() {
    let dictionary = include_str!("../../../../docs/trials.md");
    for preset in Preset::ALL {
        let start = format!("### Preset {preset}");
        let section = dictionary
            .split(&start)
            .nth(1)
            .expect("a section for each preset");
        let listed: Vec<&str> = section
            .lines()
            .skip_while(|line| !line.starts_with("|---"))
            .skip(1)
            .map_while(|line| line.strip_prefix("| `")?.split('`').next())
            .collect();
        let table = simulate(preset, 1).table;
        let names: Vec<&str> = table
            .schema()
            .fields()
            .iter()
            .map(|field| field.name.as_str())
            .collect();
        assert_eq!(listed, names);
    }
}
