//! What inference makes of columns, and how typed reading holds rows to a schema.

use std::path::Path;

use parable_clean::{Inference, infer};
use parable_table::csv::{self, ReadOptions};
use parable_table::{
    Bounds, Field, Grid, Kind, Known, Levels, Missing, NumberFormat, Provenance, RawTable,
    ReadRule, Role, Schema, TypedError, Unreadable, read_typed,
};

/// A table of one column, one text a row, and a second column so that no field is alone.
fn column(name: &str, texts: &[&str]) -> RawTable {
    let quoted: String = texts
        .iter()
        .map(|text| format!("\"{}\"\tx\n", text.replace('"', "\"\"")))
        .collect();
    let text = format!("{name}\tother\n{quoted}");
    csv::read_str(&text, &ReadOptions::default().with_delimiter('\t')).unwrap()
}

fn guess(name: &str, texts: &[&str]) -> (Field, Inference) {
    let guess = infer(&column(name, texts), &Default::default());
    (guess.schema.fields()[0].clone(), guess)
}

#[track_caller]
fn kind(texts: &[&str], expected: &str) -> Field {
    let (field, _) = guess("x", texts);
    assert_eq!(field.kind.name(), expected, "{field:?}");
    field
}

#[track_caller]
fn levels(texts: &[&str], kind_name: &str, expected: &[&str]) {
    let field = kind(texts, kind_name);
    let found: Vec<&str> = field.kind.levels().unwrap().iter().collect();
    assert_eq!(found, expected);
}

fn codes(field: &Field) -> Vec<&str> {
    field
        .missing_codes
        .iter()
        .map(|code| code.text.as_str())
        .collect()
}

#[test]
fn two_values_that_say_no_and_yes_are_boolean() {
    levels(&["yes", "no", "", "yes"], "boolean", &["no", "yes"]);
    levels(&["1", "0", "1"], "boolean", &["0", "1"]);
    levels(&["TRUE", "FALSE"], "boolean", &["FALSE", "TRUE"]);
    levels(&["Y", "N", "N"], "boolean", &["N", "Y"]);
    levels(&["male", "female"], "nominal", &["female", "male"]);
}

#[test]
fn numbers_are_typed_with_their_spelling() {
    let field = kind(&["3", "-4", "17"], "integer");
    let Kind::Integer { bounds, format, .. } = &field.kind else {
        panic!("{field:?}")
    };
    assert_eq!(*format, NumberFormat::default());
    assert_eq!(*bounds, Some(Known::observed(Bounds { min: -4, max: 17 })));
    let field = kind(&["1.5", "2.25", "3"], "continuous");
    let Kind::Continuous { grid, format, .. } = &field.kind else {
        panic!("{field:?}")
    };
    assert_eq!(*grid, Some(Known::observed(Grid::Decimals(2))));
    assert_eq!(format.fixed_decimals, None);
    let field = kind(&["1.50", "2.25", "3.00"], "continuous");
    let Kind::Continuous { format, .. } = &field.kind else {
        panic!("{field:?}")
    };
    assert_eq!(format.fixed_decimals, Some(2));
    // As pandas writes whole numbers beside missing ones.
    let field = kind(&["1.0", "12.0", ""], "integer");
    let Kind::Integer { format, .. } = &field.kind else {
        panic!("{field:?}")
    };
    assert_eq!(format.fixed_decimals, Some(1));
}

#[track_caller]
fn marks(texts: &[&str], decimal_mark: char, thousands_mark: Option<char>) {
    let (field, _) = guess("x", texts);
    match field.kind {
        Kind::Integer { format, .. } | Kind::Continuous { format, .. } => {
            assert_eq!(
                (format.decimal_mark, format.thousands_mark),
                (decimal_mark, thousands_mark)
            );
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn decimal_commas_and_thousands_marks_are_found_and_ambiguity_is_said() {
    marks(&["1,5", "22,75"], ',', None);
    marks(&["1,234", "22,750", "7"], '.', Some(','));
    marks(&["1,234.5", "1,000,000.0"], '.', Some(','));
    marks(&["1.234,5", "999,25"], ',', Some('.'));
    marks(&["1 234,5", "12 000"], ',', Some(' '));
    marks(&["1,234", "1234"], ',', None);
    let (_, guess) = guess("x", &["1,234", "5,678"]);
    assert_eq!(guess.notes[0].alternatives.len(), 1);
}

#[test]
fn leading_zeros_and_very_long_numbers_are_names() {
    levels(&["007", "012", "007"], "nominal", &["007", "012"]);
    kind(&["12345678901234567890", "22345678901234567890"], "nominal");
    kind(&["0", "0.5", "10"], "continuous");
}

#[test]
fn marks_for_missing_values_are_found() {
    let field = kind(&["1", "NA", "3"], "integer");
    assert_eq!((field.absent.as_str(), codes(&field).len()), ("NA", 0));
    let field = kind(&["a", "?", "b", "?", "NULL"], "nominal");
    assert_eq!((field.absent.as_str(), codes(&field)), ("?", vec!["NULL"]));
    let field = kind(&["a", "", "b", "NA", "NA"], "nominal");
    assert_eq!((field.absent.as_str(), codes(&field)), ("", vec!["NA"]));
}

#[test]
fn texts_among_numbers_are_coded_missing_values() {
    let field = kind(&["1", "2", "N", "3", "N"], "integer");
    assert_eq!(codes(&field), ["N"]);
    let field = kind(&["1.5", "?", "3"], "continuous");
    assert_eq!(codes(&field), ["?"]);
    let field = kind(&["1.5", "Inf", "3"], "continuous");
    assert_eq!(codes(&field), ["Inf"]);
    levels(&["1", "2", "many"], "nominal", &["1", "2", "many"]);
}

#[test]
fn conspicuous_numbers_are_coded_missing_values() {
    let mut texts = ["0", "1", "2", "3", "4", "5"].repeat(10);
    texts.extend(["-8"; 6]);
    let field = kind(&texts, "integer");
    assert_eq!(codes(&field), ["-8"]);
    let Kind::Integer { bounds, .. } = &field.kind else {
        panic!("{field:?}")
    };
    assert_eq!(*bounds, Some(Known::observed(Bounds { min: 0, max: 5 })));
    let field = kind(&["-8", "-20", "3", "4", "5", "6", "-8", "-8"], "integer");
    assert!(field.missing_codes.is_empty());
}

#[test]
fn dates_are_found_and_day_and_month_told_apart_by_the_rows() {
    let format = |texts: &[&str]| match guess("x", texts).0.kind {
        Kind::Date { format, .. } | Kind::DateTime { format, .. } => format,
        other => panic!("{other:?}"),
    };
    assert_eq!(format(&["2020-02-29", "2021-12-01"]), "%Y-%m-%d");
    assert_eq!(format(&["13/02/2020", "01/02/2020"]), "%d/%m/%Y");
    assert_eq!(format(&["02/13/2020", "01/02/2020"]), "%m/%d/%Y");
    assert_eq!(format(&["1.2.2020", "13.12.2020"]), "%-d.%-m.%Y");
    assert_eq!(format(&["01 Jan 2020", "31 Dec 2021"]), "%d %b %Y");
    assert_eq!(
        format(&["2020-01-01 10:00:00", "2020-01-01 23:59:59"]),
        "%Y-%m-%d %H:%M:%S"
    );
    assert_eq!(format(&["2020-01-01T10:00"]), "%Y-%m-%dT%H:%M");
    let (_, guess) = guess("x", &["01/02/2020", "03/04/2020"]);
    assert!(guess.notes[0].alternatives[0].contains("%m/%d/%Y"));
}

#[test]
fn dates_that_do_not_exist_are_read_as_missing() {
    let days: Vec<String> = (1..=28)
        .flat_map(|day| [format!("2021-01-{day:02}"), format!("2021-03-{day:02}")])
        .chain(["2021-02-30".to_owned()])
        .collect();
    let days: Vec<&str> = days.iter().map(String::as_str).collect();
    let (field, guess) = guess("visit", &days);
    assert!(matches!(field.kind, Kind::Date { .. }), "{field:?}");
    assert_eq!(field.unreadable, Unreadable::Absent);
    assert!(field.missing_codes.is_empty());
    let warnings = guess.notes[0].warnings.join("; ");
    assert!(
        warnings.contains("1 of 57 rows hold texts that are no dates"),
        "{warnings}"
    );
}

#[test]
fn empty_and_constant_columns_have_types() {
    let field = kind(&["", "", ""], "nominal");
    assert!(field.kind.levels().unwrap().is_empty());
    kind(&["5", "5", "5"], "integer");
    levels(&["only", "only"], "nominal", &["only"]);
}

#[test]
fn many_different_texts_are_free_text() {
    let texts: Vec<String> = (0..200)
        .map(|k| format!("answer with {k} words in it"))
        .collect();
    let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
    kind(&texts, "text");
}

#[test]
fn levels_beside_a_scale_are_missing_codes() {
    let texts = [
        "Agree",
        "Disagree",
        "Strongly agree",
        "Neutral",
        "Not applicable",
    ];
    let field = kind(&texts, "ordinal");
    let found: Vec<&str> = field.kind.levels().unwrap().iter().collect();
    assert_eq!(found, ["Disagree", "Neutral", "Agree", "Strongly agree"]);
    assert_eq!(codes(&field), ["Not applicable"]);
}

#[track_caller]
fn role(name: &str, texts: &[&str], expected: &Role) {
    assert_eq!(guess(name, texts).0.role, *expected, "{name}");
}

#[test]
fn roles_follow_names_and_values() {
    let own: Vec<String> = (100..140).map(|k| k.to_string()).collect();
    let own: Vec<&str> = own.iter().map(String::as_str).collect();
    role("pupil_id", &own, &Role::UnitId);
    role("anything", &own, &Role::UnitId);
    role("year", &own, &Role::Covariate);
    let groups: Vec<&str> = own.iter().take(8).copied().collect::<Vec<_>>().repeat(5);
    role("school_id", &groups, &Role::ClusterId);
    role("SchoolID", &groups, &Role::ClusterId);
    role("school_size", &groups, &Role::Covariate);
    role("age", &groups, &Role::Covariate);
    role("treat", &["0", "1", "1", "0"], &Role::Treatment);
    role("group", &["control", "new", "control"], &Role::Treatment);
    role("age_group", &["old", "young", "old"], &Role::Covariate);
    role("PWGTP", &groups, &Role::Weight);
    role("post_score", &groups, &Role::Outcome);
    role("postcode", &groups, &Role::Covariate);
    role("primary_language", &["a", "b"], &Role::Covariate);
}

#[test]
fn a_body_weight_is_no_survey_weight() {
    let raw = csv::read_str("height,weight\n170,60\n180,80\n", &ReadOptions::default()).unwrap();
    let guess = infer(&raw, &Default::default());
    assert_eq!(guess.schema.fields()[1].role, Role::Covariate);
}

#[test]
fn every_guessed_fact_is_observed() {
    let raw = csv::read_str(
        "a,b,c,d\n1,x,1.5,2020-01-01\n2,y,2.5,2020-01-02\n",
        &ReadOptions::default(),
    )
    .unwrap();
    let json = parable_table::schema_file::to_json(&infer(&raw, &Default::default()).schema);
    assert!(json.contains("observed") && !json.contains("declared") && !json.contains("released"));
}

fn one(name: &str, kind: Kind) -> Schema {
    Schema::new(vec![
        Field::new(name, kind),
        Field::new("other", Kind::Text),
    ])
    .unwrap()
}

#[track_caller]
fn refused(texts: &[&str], kind: Kind, expected: &str) {
    let error = read_typed(&column("x", texts), &one("x", kind)).unwrap_err();
    assert_eq!(error.to_string(), expected);
}

#[test]
fn cells_that_do_not_fit_name_row_column_and_what_was_expected() {
    refused(
        &["1", "1,234", "2,5", "3"],
        Kind::integer(),
        "column `x`, row 2 and 1 more: expected a whole number (decimal mark `.`, no thousands mark)",
    );
    refused(
        &["1.5", "secret"],
        Kind::continuous(1),
        "column `x`, row 2: expected a number (decimal mark `.`, no thousands mark)",
    );
    let day = Kind::Date {
        also: Vec::new(),
        format: "%Y-%m-%d".to_owned(),
        bounds: None,
    };
    refused(
        &["2021-02-28", "2021-02-30"],
        day,
        "column `x`, row 2: expected a day that exists, spelled `%Y-%m-%d`",
    );
    let declared = Known::declared(Levels::new(["a", "b"]).unwrap());
    refused(
        &["a", "b", "never seen", "a"],
        Kind::nominal(declared),
        "column `x`, row 3: the text is none of the 2 levels of the column",
    );
    let bounded = Kind::Integer {
        bounds: Some(Known::declared(Bounds { min: 0, max: 9 })),
        grid: None,
        format: NumberFormat::default(),
    };
    refused(
        &["3", "10", "-1"],
        bounded,
        "column `x`, row 2 and 1 more: the value is outside the bounds of the column",
    );
    refused(
        &["a", "b", "c"],
        Kind::Boolean { levels: None },
        "column `x`: expected the two values of a boolean column, found 3 distinct texts",
    );
}

#[test]
fn all_issues_are_found_and_no_cell_is_quoted() {
    let raw = csv::read_str("a,b\nsecret,1\n1,secret\nx,x\n", &ReadOptions::default()).unwrap();
    let schema = Schema::new(vec![
        Field::new("a", Kind::integer()),
        Field::new("b", Kind::continuous(0)),
    ])
    .unwrap();
    let Err(TypedError::Cells(issues)) = read_typed(&raw, &schema) else {
        panic!("expected faults in cells")
    };
    let found: Vec<(&str, usize, usize)> = issues
        .as_slice()
        .iter()
        .map(|issue| (issue.column.as_str(), issue.row, issue.cells))
        .collect();
    assert_eq!(found, [("a", 1, 2), ("b", 2, 2)]);
    assert!(!issues.to_string().contains("secret"));
}

#[test]
fn columns_are_matched_by_name_and_keep_the_order_of_the_file() {
    let raw = csv::read_str("b,a\n1,x\n", &ReadOptions::default()).unwrap();
    let schema = Schema::new(vec![
        Field::new("a", Kind::Text),
        Field::new("b", Kind::integer()),
    ])
    .unwrap();
    let (table, _) = read_typed(&raw, &schema).unwrap();
    let names: Vec<&str> = table
        .schema()
        .fields()
        .iter()
        .map(|field| field.name.as_str())
        .collect();
    assert_eq!(names, ["b", "a"]);
    let other = Schema::new(vec![
        Field::new("b", Kind::integer()),
        Field::new("z", Kind::Text),
    ])
    .unwrap();
    assert_eq!(
        read_typed(&raw, &other).unwrap_err().to_string(),
        "the table and the schema have different columns; not in the schema: `a`; not in the table: `z`"
    );
}

#[test]
fn facts_that_are_left_out_are_filled_in_as_observed() {
    let raw = column("x", &["b", "", "a", "-9", "b"]);
    let mut fields = one("x", Kind::Nominal { levels: None }).fields().to_vec();
    fields[0] = fields[0].clone().with_missing_codes(["-9"]);
    let (table, _) = read_typed(&raw, &Schema::new(fields).unwrap()).unwrap();
    let known = table.schema().fields()[0].kind.known_levels().unwrap();
    assert_eq!(known.provenance, Provenance::Observed);
    assert_eq!(known.value.iter().collect::<Vec<_>>(), ["a", "b"]);
    let column = table.column(0);
    assert_eq!(column.missing(1), Some(Missing::Absent));
    assert_eq!(column.missing(3), Some(Missing::Coded(0)));
    assert_eq!((column.code(0), column.code(2)), (Some(1), Some(0)));
}

#[test]
fn na_is_a_level_where_it_is_declared_as_one() {
    let declared = Known::declared(Levels::new(["DE", "NA"]).unwrap());
    let (table, _) = read_typed(
        &column("x", &["NA", "DE", ""]),
        &one("x", Kind::nominal(declared)),
    )
    .unwrap();
    assert_eq!(table.column(0).code(0), Some(1));
    assert!(table.column(0).is_missing(2));
}

#[test]
fn infinities_are_missing_with_a_warning_unless_declared() {
    let raw = column("x", &["1.5", "-Inf", "inf", "NaN"]);
    let (table, warnings) = read_typed(&raw, &one("x", Kind::continuous(1))).unwrap();
    assert_eq!(table.column(0).missing_count(), 3);
    let rules: Vec<&ReadRule> = warnings.iter().map(|warning| &warning.rule).collect();
    assert_eq!(rules, [&ReadRule::Infinite, &ReadRule::NotANumber]);
    assert_eq!((warnings[0].row, warnings[0].cells), (2, 2));
}

#[test]
fn what_was_only_observed_does_not_bind_new_rows() {
    let first = column("x", &["b", "a"]);
    let schema = infer(&first, &Default::default()).schema;
    let (table, warnings) = read_typed(&column("x", &["c", "a"]), &schema).unwrap();
    let levels: Vec<&str> = table.levels(0).unwrap().iter().collect();
    assert_eq!(levels, ["a", "b", "c"]);
    assert_eq!(warnings[0].rule, ReadRule::LevelAdded);
    let schema = infer(&column("x", &["1", "5", "3"]), &Default::default()).schema;
    let (table, warnings) = read_typed(&column("x", &["9", "2"]), &schema).unwrap();
    assert_eq!(warnings[0].rule, ReadRule::BoundsWidened);
    let Kind::Integer { bounds, .. } = &table.schema().fields()[0].kind else {
        panic!("expected integers")
    };
    assert_eq!(*bounds, Some(Known::observed(Bounds { min: 1, max: 9 })));
}

#[test]
fn ordinal_levels_take_the_order_their_names_say() {
    let raw = column("x", &["high", "low", "medium"]);
    let (table, warnings) = read_typed(&raw, &one("x", Kind::Ordinal { levels: None })).unwrap();
    let levels: Vec<&str> = table.levels(0).unwrap().iter().collect();
    assert_eq!(levels, ["low", "medium", "high"]);
    assert!(warnings.is_empty());
    let raw = column("x", &["red", "blue"]);
    let (_, warnings) = read_typed(&raw, &one("x", Kind::Ordinal { levels: None })).unwrap();
    assert_eq!(warnings[0].rule, ReadRule::OrderUnknown);
}

/// Share of columns on which inference and the guesses beside the development tables agree, at
/// least.
///
/// Those guesses are no truth: the floor is what was reached when every difference had been looked
/// at, so that a change for the worse shows.
const AGREEMENT: f64 = 0.98;

#[test]
fn development_tables_are_guessed_as_expected_and_come_back_byte_for_byte() {
    let data = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../../shared/data");
    if !data.is_dir() {
        eprintln!("SKIPPED: no development tables at {}", data.display());
        return;
    }
    let (mut agreed, mut columns) = (0, 0);
    for name in [
        "star_trial",
        "sd2011",
        "acs_national2019",
        "starwars_survey",
        "adult",
    ] {
        let path = data.join(format!("{name}.csv"));
        let raw = csv::read(&path, &ReadOptions::default()).unwrap();
        let guess = infer(&raw, &Default::default());
        let (table, warnings) = read_typed(&raw, &guess.schema).unwrap();
        assert!(warnings.is_empty());
        assert_eq!(*table.schema(), guess.schema);
        let mut out = Vec::new();
        csv::write(&table, &mut out, &raw.dialect).unwrap();
        assert!(out == std::fs::read(&path).unwrap(), "{name} differs");

        let meta = std::fs::read_to_string(data.join(format!("{name}.meta.json"))).unwrap();
        let meta: serde_json::Value = serde_json::from_str(&meta).unwrap();
        for (field, column) in table.schema().fields().iter().zip(table.columns()) {
            let described = meta["fields"]
                .as_array()
                .and_then(|fields| {
                    fields
                        .iter()
                        .find(|other| other["name"] == field.name.as_str())
                })
                .unwrap_or(&meta["fields"][field.name.as_str()]);
            let expected = described["kind"].as_str().unwrap();
            columns += 1;
            if agrees(expected, field, column.len()) {
                agreed += 1;
            } else {
                eprintln!(
                    "{name}, `{}`: {expected} there, {} here",
                    field.name,
                    field.kind.name()
                );
            }
        }
    }
    let share = f64::from(agreed) / f64::from(columns);
    eprintln!("{agreed} of {columns} columns agree");
    assert!(share >= AGREEMENT, "{share}");
}

fn agrees(expected: &str, field: &Field, rows: usize) -> bool {
    let levels = field.kind.levels().map(Levels::len);
    match (expected, &field.kind) {
        ("id", _) => field.role == Role::UnitId,
        ("boolean", _) => levels == Some(2),
        ("categorical", Kind::Nominal { .. } | Kind::Ordinal { .. }) => true,
        // Whole numbers on a short scale: a measure on a scale either way.
        ("ordinal", Kind::Ordinal { .. } | Kind::Integer { .. }) => true,
        ("integer", Kind::Integer { .. }) => true,
        ("continuous", Kind::Continuous { .. } | Kind::Integer { .. }) => true,
        ("constant", _) => levels == Some(1) || rows < 2,
        ("empty", _) => levels == Some(0),
        _ => false,
    }
}
