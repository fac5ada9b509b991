use std::collections::BTreeMap;

use proptest::prelude::*;
use serde::{Deserialize, Serialize};

use crate::{Field, Kind, Levels, Missing, Schema, Table};

#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Arm {
    Control,
    Treated,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Pupil {
    arm: Arm,
    happy: Option<bool>,
    age: Option<i16>,
    score: Option<f64>,
    word: Option<String>,
}

fn pupil() -> impl Strategy<Value = Pupil> {
    let arm = prop_oneof![Just(Arm::Control), Just(Arm::Treated)];
    // The empty text is an absent value, as in a file.
    let word = prop::option::of("[a-z\"\\n]{1,3}");
    let score = prop::option::of(-1e6..1e6);
    (
        arm,
        any::<Option<bool>>(),
        any::<Option<i16>>(),
        score,
        word,
    )
        .prop_map(|(arm, happy, age, score, word)| Pupil {
            arm,
            happy,
            age,
            score,
            word,
        })
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn rows_go_in_and_come_out_again(rows in prop::collection::vec(pupil(), 1..30)) {
        let table = Table::from_rows(&rows, None).unwrap();
        prop_assert_eq!(table.to_rows::<Pupil>().unwrap(), rows.clone());
        let again = Table::from_rows(&rows, Some(table.schema())).unwrap();
        prop_assert_eq!(&again, &table);
        let stored: Table = serde_json::from_str(&serde_json::to_string(&table).unwrap()).unwrap();
        prop_assert_eq!(&stored, &table);
    }
}

#[test]
fn types_follow_from_the_values() {
    let rows = [
        Pupil {
            arm: Arm::Treated,
            happy: Some(true),
            age: None,
            score: Some(2.0),
            word: None,
        },
        Pupil {
            arm: Arm::Control,
            happy: None,
            age: Some(-3),
            score: None,
            word: None,
        },
    ];
    let table = Table::from_rows(&rows, None).unwrap();
    let kinds: Vec<_> = table
        .schema()
        .fields()
        .iter()
        .map(|field| field.kind.name())
        .collect();
    assert_eq!(
        kinds,
        ["nominal", "boolean", "integer", "continuous", "nominal"]
    );
    assert_eq!(table.label(0, 0), Some("treated"));
    assert_eq!(table.label(1, 0), Some("true"));
    assert_eq!(table.column(2).missing(0), Some(Missing::Absent));
}

#[derive(Serialize)]
struct Visit {
    day: &'static str,
    minutes: i32,
    answer: bool,
}

fn visits() -> Schema {
    let levels = Levels::new(["no", "yes"]).unwrap();
    Schema::new(vec![
        Field::new("minutes", Kind::integer().with_bounds(0, 600)).with_missing_codes(["-8"]),
        Field::new("day", Kind::date("%d/%m/%Y")),
        Field::new("answer", Kind::boolean(levels)),
    ])
    .unwrap()
}

fn visit(day: &'static str, minutes: i32) -> Visit {
    Visit {
        day,
        minutes,
        answer: true,
    }
}

#[test]
fn a_schema_says_what_values_mean() {
    let rows = [visit("02/01/1970", 12), visit("01/01/1970", -8)];
    let table = Table::from_rows(&rows, Some(&visits())).unwrap();
    assert_eq!(table.column(0).integer(0), Some(12));
    assert_eq!(table.column(0).missing(1), Some(Missing::Coded(0)));
    assert_eq!(table.column(1).integer(0), Some(1));
    assert_eq!(table.label(2, 0), Some("yes"));

    #[derive(Debug, PartialEq, Deserialize)]
    struct Out {
        day: String,
        minutes: Option<u16>,
        answer: bool,
    }
    #[derive(Debug, PartialEq, Deserialize)]
    struct Days {
        day: i32,
        answer: String,
    }
    let out = table.to_rows::<Out>().unwrap();
    assert_eq!(
        (out[0].day.as_str(), out[1].minutes, out[1].answer),
        ("02/01/1970", None, true)
    );
    let days = table.to_rows::<Days>().unwrap();
    assert_eq!((days[0].day, days[0].answer.as_str()), (1, "yes"));
}

#[track_caller]
fn refused<T: Serialize>(rows: &[T], schema: Option<&Schema>, expected: &str) {
    let error = Table::from_rows(rows, schema).unwrap_err();
    assert_eq!(error.to_string(), expected);
}

#[test]
fn rows_that_do_not_fit_are_named_by_row_column_and_rule() {
    let schema = visits();
    let schema = Some(&schema);
    refused(
        &[visit("01/01/1970", 5), visit("31/02/1970", 5)],
        schema,
        "column `day`, row 2: expected a day that exists, spelled `%d/%m/%Y`",
    );
    refused(
        &[visit("01/01/1970", 601)],
        schema,
        "column `minutes`, row 1: the value is outside the bounds of the column",
    );
    refused(
        &[BTreeMap::from([("minutes", 3), ("hours", 1)])],
        schema,
        "the table and the schema have different columns; not in the schema: `hours`; not in the \
         table: `day`, `answer`",
    );
    refused(
        &[3],
        None,
        "row 1: expected a struct or a map with the names of columns as keys",
    );
    refused(
        &[BTreeMap::from([(3, 3)])],
        None,
        "row 1: expected a text as the name of a column",
    );
    refused(
        &[BTreeMap::from([("x", vec![1])])],
        None,
        "column `x`, row 1: expected a single value, found a list, a map or a struct",
    );
    refused(
        &[
            BTreeMap::from([("x", 1.0)]),
            BTreeMap::from([("x", f64::NAN)]),
        ],
        None,
        "column `x`, row 2: expected a finite number",
    );
    refused(
        &[BTreeMap::from([("x", u64::MAX)])],
        None,
        "column `x`, row 1: expected a whole number of at most 64 bits",
    );
    let mixed = [
        serde_json::json!({"x": 1}),
        serde_json::json!({"x": "secret"}),
    ];
    refused(
        &mixed,
        None,
        "column `x`, row 2: expected a whole number, as in the rows above",
    );
}

#[test]
fn columns_that_some_rows_leave_out_are_absent_there() {
    let rows = [serde_json::json!({"x": 1}), serde_json::json!({"y": "a"})];
    let table = Table::from_rows(&rows, None).unwrap();
    assert_eq!(table.column(0).integer(0), Some(1));
    assert!(table.column(0).is_missing(1) && table.column(1).is_missing(0));
    assert_eq!(table.label(1, 1), Some("a"));
}

#[test]
fn row_types_that_do_not_fit_are_named_by_row_column_and_rule() {
    let rows = [visit("02/01/1970", 12), visit("01/01/1970", -8)];
    let table = Table::from_rows(&rows, Some(&visits())).unwrap();

    #[derive(Debug, Deserialize)]
    struct Whole {
        #[serde(rename = "minutes")]
        _minutes: i64,
    }
    let error = table.to_rows::<Whole>().unwrap_err();
    assert_eq!(error.to_string(), "column `minutes`, row 2: expected i64");

    #[derive(Debug, Deserialize)]
    struct Other {
        #[serde(rename = "name")]
        _name: String,
    }
    let error = table.to_rows::<Other>().unwrap_err();
    assert_eq!(
        error.to_string(),
        "row 1: the row type needs a column `name`, which the table does not have"
    );

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Strict {
        #[serde(rename = "day")]
        _day: String,
    }
    let error = table.to_rows::<Strict>().unwrap_err();
    assert_eq!(
        error.to_string(),
        "column `minutes`, row 1: the row type has no field for the column"
    );

    #[derive(Debug, Deserialize)]
    struct Flags {
        #[serde(rename = "day")]
        _day: bool,
    }
    let error = table.to_rows::<Flags>().unwrap_err();
    assert_eq!(error.to_string(), "column `day`, row 1: expected a boolean");
}
