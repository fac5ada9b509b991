//! Meaning and errors of the language.

use super::bind::days;
use super::*;
use crate::{Known, Values};

fn levels<const N: usize>(names: [&str; N]) -> Known<Levels> {
    Known::declared(Levels::new(names).expect("distinct"))
}

fn schema() -> Schema {
    let fields = vec![
        Field::new("age", Kind::integer()),
        Field::new("year of birth", Kind::integer()),
        Field::new("arm", Kind::nominal(levels(["control", "treated"]))),
        Field::new("grade", Kind::ordinal(levels(["low", "middle", "high"]))),
        Field::new("sen", Kind::boolean(levels(["no", "yes"]))),
        Field::new("height", Kind::continuous(1)),
    ];
    Schema::new(fields).expect("names differ")
}

/// Row 0 has all values, row 1 none.
fn columns() -> Vec<Column> {
    let holed = |values| Column::with_missing(values, vec![0, 1]);
    vec![
        holed(Values::Integer(vec![12, 0])),
        holed(Values::Integer(vec![2012, 0])),
        holed(Values::Codes(vec![1, 0])),
        holed(Values::Codes(vec![1, 0])),
        holed(Values::Codes(vec![1, 0])),
        holed(Values::Continuous(vec![152.4, 0.0])),
    ]
}

fn number(text: &str, row: usize) -> Option<f64> {
    let schema = schema();
    let bound = Expression::formula(text, &schema, &schema.fields()[5])
        .unwrap_or_else(|error| panic!("{text}: {error}"));
    match bound.value(&columns().as_slice(), row) {
        Value::Number(number) => Some(number),
        Value::Missing => None,
        other => panic!("{text}: {other:?}"),
    }
}

fn holds(text: &str, row: usize) -> bool {
    let bound =
        Expression::condition(text, &schema()).unwrap_or_else(|error| panic!("{text}: {error}"));
    bound.holds(&columns().as_slice(), row)
}

#[test]
fn arithmetic_has_the_usual_order_and_misses_what_is_missing() {
    for (text, expected) in [
        ("1 + 2 * 3", 7.0),
        ("(1 + 2) * 3", 9.0),
        ("2 - 3 - 4", -5.0),
        ("-age + 1.5e1", 3.0),
        ("8 / 2 / 2", 2.0),
        ("`year of birth` - age", 2000.0),
        ("round(height / 2.54, 1)", 60.0),
        ("max(age, 3, 40) + min(age, 3)", 43.0),
        (
            "abs(-2) + floor(1.9) + ceil(0.1) + sqrt(9) + log(exp(1))",
            8.0,
        ),
        ("if(arm == 'treated', 1, 2)", 1.0),
    ] {
        assert_eq!(number(text, 0), Some(expected), "{text}");
    }
    for text in [
        "age + 1",
        "max(1, age)",
        "1 / 0",
        "log(0)",
        "if(true, nothing, 1)",
        "sqrt(-1)",
    ] {
        assert_eq!(number(text, 1), None, "{text}");
    }
}

#[test]
fn conditions_do_not_hold_for_missing_values_and_their_negations_do() {
    for text in [
        "age == 12 and arm == \"treated\"",
        "age < 13 or 1 > 2",
        "grade >= 'middle' and grade < 'high' and 'low' < grade",
        "age in (11, 12)",
        "arm in [\"treated\"]",
        "sen",
        "not missing(age)",
        "sen == true",
        "true and not false",
    ] {
        assert!(holds(text, 0), "{text}");
        if !text.starts_with("true") {
            assert!(!holds(text, 1), "{text}");
        }
    }
    assert!(holds("not (age > 5)", 1) && holds("missing(age)", 1) && holds("age != 5", 0));
    assert!(!holds("age in ()", 0) && !holds("age != 5", 1));
}

#[test]
fn days_count_from_1970() {
    // Independent: 2000-03-01 is day 11,017; a day before the epoch is negative.
    for (text, expected) in [
        ("1970-01-01", 0.0),
        ("1969-12-31", -1.0),
        ("2000-03-01", 11_017.0),
        ("2024-02-29", 19_782.0),
    ] {
        assert_eq!(days(text), Some(expected), "{text}");
    }
    for text in [
        "2023-02-29",
        "2024-13-01",
        "yesterday",
        "2024-09",
        "2024-00-10",
    ] {
        assert_eq!(days(text), None, "{text}");
    }
}

#[test]
fn formulas_must_fit_their_column() {
    let schema = schema();
    let fits =
        |text: &str, target: usize| Expression::formula(text, &schema, &schema.fields()[target]);
    assert!(fits("if(age < 16, \"control\", \"treated\")", 2).is_ok());
    assert!(fits("age < 16", 4).is_ok());
    assert_eq!(
        fits("age + height", 0).expect("a formula").columns(),
        [0, 5]
    );
    for (text, target) in [
        ("\"child\"", 2),
        ("age", 2),
        ("arm", 0),
        ("age < 3", 0),
        ("if(age < 1, 1, \"low\")", 0),
    ] {
        assert!(fits(text, target).is_err(), "{text}");
    }
}

#[test]
fn what_is_not_an_expression_is_refused_with_its_place() {
    for (text, at) in [
        ("age +", 6),
        ("(age", 5),
        ("age ? 3", 5),
        ("'abc", 1),
        ("1..2", 1),
        ("age 3", 5),
        ("1 < 2 < 3", 7),
    ] {
        let error = Expression::bind(text, &schema()).expect_err(text);
        assert_eq!(error.at, at, "{text}: {error}");
    }
    for text in [
        "nobody + 1",
        "arm + 1",
        "arm < 'treated'",
        "arm == 'placebo'",
        "age == 'x'",
        "sin(age)",
        "round()",
        "missing(3)",
        "not age",
        "",
    ] {
        assert!(Expression::bind(text, &schema()).is_err(), "{text}");
    }
    let error = Expression::bind("age > = 3", &schema()).expect_err("two signs");
    assert_eq!(
        error.to_string(),
        "the expression, at character 7, is not a sign of the language"
    );
    let deep = "(".repeat(100_000);
    assert!(Expression::bind(&deep, &schema()).is_err());
    let many_nots = "not ".repeat(500) + "sen";
    assert!(Expression::condition(&many_nots, &schema()).is_ok());
    let long = "age + ".repeat(10_000) + "1";
    assert!(Expression::bind(&long, &schema()).is_err());
}

#[test]
fn names_of_columns_are_found_without_a_schema() {
    let text = "if(missing(arm), `year of birth`, 1) in (2, age) and not true or 'name' == arm";
    assert_eq!(names(text), Ok(vec!["arm", "year of birth", "age", "arm"]));
    assert!(names("age +").is_err());
}

#[test]
fn a_condition_lacks_values_only_where_it_compares_them() {
    let lacks = |text: &str, row: usize| {
        let bound = Expression::condition(text, &schema()).expect(text);
        bound.lacks(&columns().as_slice(), row)
    };
    assert!(lacks("age > 3", 1) && lacks("sen or 1 < 2", 1) && lacks("missing(sen) or age > 3", 1));
    assert!(!lacks("missing(age)", 1) && !lacks("age > 3", 0));
}
