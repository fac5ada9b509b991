//! Conditions on every column of the source, those that cleaning drops and writes again included.

use std::fmt::Write as _;

use parable::baseline::Independent;
use parable::{Conditions, Error, Fitted, Source, Synthetic};

const CITIES: [(&str, &str); 4] = [
    ("Paris", "FR"),
    ("Lyon", "FR"),
    ("Ghent", "BE"),
    ("Rome", "IT"),
];

/// People with a city, the country it lies in, an age, and a day.
fn fitted() -> Fitted {
    let mut file = String::from("city,country,age,joined\n");
    for row in 0..600 {
        let (city, country) = CITIES[row * 7 % 11 % 4];
        let _ = writeln!(
            file,
            "{city},{country},{},2024-{:02}-{:02}",
            18 + row * 13 % 60,
            1 + row % 12,
            1 + row % 28
        );
    }
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path().join("people.csv");
    std::fs::write(&path, file).expect("written");
    let source = Source::read(&path).expect("a table");
    let fitted = source.fit(Independent).run().expect("a fit");
    let drawn = fitted.model().schema();
    assert!(
        drawn.field("city").is_none() || drawn.field("country").is_none(),
        "one of the two columns follows from the other"
    );
    fitted
}

fn sampled(fitted: &Fitted, conditions: &[&str]) -> Result<Synthetic, Error> {
    let given = conditions
        .iter()
        .fold(Conditions::default(), |all, text| all.matching(*text));
    fitted.sample(80).seed(3).given(&given).run()
}

#[track_caller]
fn check(conditions: &[&str], holds: impl Fn(&str, &str, f64) -> bool) {
    let fitted = fitted();
    let synthetic = sampled(&fitted, conditions).expect("rows that satisfy the conditions");
    let table = &synthetic.table;
    let text = |name: &str, row: usize| {
        let (field, column) = table.named(name).expect("a column");
        let levels = field.kind.levels().expect("levels");
        column.label(levels, row).unwrap_or_default().to_owned()
    };
    assert_eq!(table.rows(), 80);
    for row in 0..table.rows() {
        let (city, country) = (text("city", row), text("country", row));
        let age = table
            .named("age")
            .and_then(|(_, column)| column.number(row));
        assert!(
            holds(&city, &country, age.expect("an age")),
            "{conditions:?}: {city}, {country}, {age:?}"
        );
        assert!(CITIES.contains(&(&*city, &*country)), "{city} in {country}");
    }
    let again = sampled(&fitted, conditions).expect("the same rows");
    assert_eq!(again, synthetic);
}

#[test]
fn a_column_that_follows_from_another_can_be_given() {
    check(&["country=FR"], |city, _, _| {
        matches!(city, "Paris" | "Lyon")
    });
    check(&["city=Ghent"], |_, country, _| country == "BE");
}

#[test]
fn comparisons_sets_ranges_and_rules_are_satisfied() {
    check(&["age>=60"], |_, _, age| age >= 60.0);
    check(&["age > 59.5", "country != FR"], |_, country, age| {
        age >= 60.0 && country != "FR"
    });
    check(&["city = Rome, Ghent"], |city, _, _| {
        matches!(city, "Rome" | "Ghent")
    });
    check(&["age=20..30"], |_, _, age| (20.0..=30.0).contains(&age));
    check(&["age=25", "country=IT"], |_, country, age| {
        age == 25.0 && country == "IT"
    });
    check(&["age < 20 or country == \"BE\""], |_, country, age| {
        age < 20.0 || country == "BE"
    });
    check(&["joined < 2024-03-01", "`age` <= 40"], |_, _, age| {
        age <= 40.0
    });
}

#[test]
fn what_cannot_be_a_condition_is_refused_with_the_forms_there_are() {
    #[track_caller]
    fn refused(fitted: &Fitted, condition: &str, part: &str) {
        let error = sampled(fitted, &[condition])
            .expect_err("a refusal")
            .to_string();
        assert!(error.contains(part), "{condition}: {error}");
    }
    let fitted = fitted();
    refused(&fitted, "age", "expected a comparison");
    refused(&fitted, "height>=3", "`height`");
    refused(&fitted, "age>=old", "no value of the column is spelled so");
    refused(&fitted, "city=Atlantis", "column `city`");
    refused(&fitted, "age>=1000", "age");
    refused(&fitted, "age <", "a missing value has no order");
}

#[test]
fn tables_of_conditions_may_hold_derived_columns() {
    let fitted = fitted();
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path().join("given.csv");
    std::fs::write(&path, "country,age\nFR,30\nIT,31\nBE,32\nFR,33\n").expect("written");
    let given = Conditions::read(&path).expect("a table");
    let synthetic = fitted.sample(4).given(&given).run().expect("four rows");
    let (field, country) = synthetic.table.named("country").expect("a column");
    let levels = field.kind.levels().expect("levels");
    let countries: Vec<_> = (0..4)
        .filter_map(|row| country.label(levels, row))
        .collect();
    assert_eq!(countries, ["FR", "IT", "BE", "FR"]);
    let (_, age) = synthetic.table.named("age").expect("a column");
    assert_eq!(age.number(3), Some(33.0));
}
