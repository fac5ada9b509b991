//! Searches every form of a release for exact numbers of the report, extreme values and small
//! groups.

use std::collections::BTreeSet;

use parable_draw::number;
use parable_judge::ExactNumbers;
use parable_metrics::{Evaluation, EvaluationOptions};
use parable_seed::Seed;
use parable_table::{Column, Field, Kind, Known, Levels, Role, Schema, Table, Values};

use crate::{Bands, MethodResult, Release, Report, ReportInput, coarse_columns};

const REAL_ROWS: usize = 437;
const SYNTHETIC_ROWS: usize = 400;
const LARGEST: i64 = 987_654;
const SMALLEST: i64 = -54_321;
const EARLIEST: i64 = -14_211; // 1931-02-04
const RARE: &str = "hermit";

/// People with an income, a score, a birthday and a household; the real ones with one very large
/// and one very small income, one early birthday and three hermits.
fn people(real: bool) -> Table {
    let rows = if real { REAL_ROWS } else { SYNTHETIC_ROWS };
    let mut rng = Seed::from_u64(if real { 1 } else { 2 }).rng();
    let mut income: Vec<i64> = (0..rows)
        .map(|_| 20_000 + rng.below(30_011) as i64)
        .collect();
    let mut born: Vec<i64> = (0..rows).map(|_| 3_000 + rng.below(6_007) as i64).collect();
    let arm: Vec<u32> = (0..rows).map(|row| (row % 2) as u32).collect();
    let mut household: Vec<u32> = (0..rows).map(|_| rng.below(2) as u32).collect();
    let score: Vec<f64> = (0..rows)
        .map(|row| {
            let noise = rng.below(1_000_003) as f64 / 27_183.0;
            noise + income[row] as f64 / 7_919.0 + f64::from(arm[row]) * 3.217
        })
        .collect();
    if real {
        income[7] = LARGEST;
        income[8] = SMALLEST;
        born[9] = EARLIEST;
        (20..23).for_each(|row| household[row] = 2);
    }
    let levels = |names: &[&str]| Known::declared(Levels::new(names.to_vec()).expect("levels"));
    let date = Kind::Date {
        also: Vec::new(),
        format: "%Y-%m-%d".to_owned(),
        bounds: None,
    };
    let schema = Schema::new(vec![
        Field::new("income", Kind::integer()),
        Field::new("born", date),
        Field::new(
            "household",
            Kind::nominal(levels(&["couple", "family", RARE])),
        ),
        Field::new("arm", Kind::nominal(levels(&["control", "treated"])))
            .with_role(Role::Treatment),
        Field::new("score", Kind::continuous(6)).with_role(Role::Outcome),
    ])
    .expect("a schema");
    let columns = vec![
        Column::complete(Values::Integer(income)),
        Column::complete(Values::Integer(born)),
        Column::complete(Values::Codes(household)),
        Column::complete(Values::Codes(arm)),
        Column::complete(Values::Continuous(score)),
    ];
    Table::new(schema, columns).expect("a table")
}

fn report() -> Report {
    let (real, synthetic) = (people(true), people(false));
    let evaluation = Evaluation::of(&real, &synthetic)
        .with_options(EvaluationOptions::default().with_baseline_repeats(1))
        .seed(&Seed::from_u64(3))
        .run()
        .expect("an evaluation");
    let method = MethodResult::new("by hand", evaluation)
        .with_coarse(coarse_columns(&real, &synthetic, 10))
        .with_note("17 303 values were moved")
        .with_cleaning(["dropped 1 911 rows"]);
    let input = ReportInput::new(
        "People",
        "people.csv",
        REAL_ROWS as u64,
        5,
        real.schema().clone(),
    );
    Report::new(input.with_method(method).with_note("3 hermits"))
}

/// The numbers of the owner's report, and the extreme values of the table.
fn secrets(report: &Report) -> ExactNumbers {
    let json: serde_json::Value = serde_json::from_str(&report.to_json()).expect("JSON");
    ExactNumbers::of_json(&json["methods"].to_string(), &[SYNTHETIC_ROWS as f64])
        .expect("JSON")
        .with(LARGEST.to_string())
        .with(SMALLEST.abs().to_string())
        .with("1931-02")
        .with(RARE)
}

/// The page without the coordinates of its drawings and its style: these come from whole percents.
fn without_geometry(html: &str) -> String {
    let mut text = html.to_owned();
    while let (Some(start), Some(end)) = (text.find("<style>"), text.find("</style>")) {
        text.replace_range(start..end + "</style>".len(), "");
    }
    for name in [
        "x", "y", "x1", "x2", "y1", "y2", "cx", "cy", "r", "width", "height", "viewBox", "d",
    ] {
        let mark = format!(" {name}=\"");
        while let Some(start) = text.find(&mark) {
            let value = start + mark.len();
            let end = text[value..]
                .find('"')
                .map_or(text.len(), |end| value + end + 1);
            text.replace_range(start..end, "");
        }
    }
    text
}

fn leak(release: &Release, secrets: &ExactNumbers) -> Option<String> {
    let html = release.to_html();
    [
        without_geometry(&html),
        release.to_markdown(),
        release.to_json(),
    ]
    .iter()
    .find_map(|text| secrets.first_in(text).map(str::to_owned))
}

#[test]
fn a_release_holds_no_exact_number_no_extreme_value_and_no_small_group() {
    let report = report();
    let secrets = secrets(&report);
    assert!(
        secrets.len() > 500,
        "the search must have something to search for"
    );
    // The owner's own forms are full of them: the search sees what it should see.
    assert!(
        secrets
            .first_in(&without_geometry(&report.to_html()))
            .is_some()
    );
    assert!(secrets.first_in(&report.to_markdown()).is_some());
    assert_eq!(leak(&report.to_release(), &secrets), None);
}

#[test]
fn the_search_finds_whatever_slips_into_a_release() {
    let report = report();
    let secrets = secrets(&report);
    let clean = report.to_release();
    let evaluation = &report.input().methods[0].evaluation;
    let value = evaluation.value("total_variation").expect("a value");
    let leaks: [&dyn Fn(&mut Release); 7] = [
        &|release| release.methods[0].verdicts[0].sentence = number::value(value),
        &|release| {
            release.methods[0].results[3]
                .title
                .push_str(&value.to_string())
        },
        &|release| release.methods[0].residual_risk.push(number::share(value)),
        &|release| release.real_rows = REAL_ROWS.to_string(),
        &|release| release.methods[0].columns[0].cells[0].label = format!("from {SMALLEST}"),
        &|release| release.methods[0].columns[2].cells[0].label = RARE.to_owned(),
        &|release| {
            let findings = &report.input().methods[0];
            let judgement = findings.judged(&Bands::default());
            release.methods[0].verdicts[0].findings[0].measure =
                judgement.verdicts[0].findings[0].text.clone();
        },
    ];
    for (index, leaking) in leaks.iter().enumerate() {
        let mut release = clean.clone();
        leaking(&mut release);
        assert!(
            leak(&release, &secrets).is_some(),
            "leak {index} was not found"
        );
    }
}

#[test]
fn edges_of_cells_do_not_depend_on_real_values() {
    let (real, synthetic) = (people(true), people(false));
    let shapes = coarse_columns(&real, &synthetic, 10);
    let income = shapes
        .iter()
        .find(|shape| shape.name == "income")
        .expect("drawn");
    let first = &income.cells.first().expect("cells").label;
    let last = &income.cells.last().expect("cells").label;
    assert!(
        first.starts_with("below") && last.ends_with("or more"),
        "{income:?}"
    );
    let more = coarse_columns(&synthetic, &synthetic, 1);
    let own = more
        .iter()
        .find(|shape| shape.name == "income")
        .expect("drawn");
    let labels = |shape: &crate::CoarseColumn| -> BTreeSet<String> {
        shape.cells.iter().map(|cell| cell.label.clone()).collect()
    };
    assert!(labels(income).is_subset(&labels(own)), "{income:?} {own:?}");
    let total: u32 = income
        .cells
        .iter()
        .map(|cell| u32::from(cell.real_percent))
        .sum();
    assert!((96..=104).contains(&total), "{income:?}");
}

#[test]
fn cells_of_few_people_are_merged_and_rare_levels_added_up() {
    let (real, synthetic) = (people(true), people(false));
    let shapes = coarse_columns(&real, &synthetic, 10);
    let household = shapes
        .iter()
        .find(|shape| shape.name == "household")
        .expect("drawn");
    assert!(household.cells.iter().all(|cell| cell.label != RARE));
    // Three hermits alone would be a group of three: the smaller of the large levels joins them.
    assert_eq!(household.cells.len(), 2, "{household:?}");
    let few = people(true).take(&[0, 1, 2]);
    assert!(coarse_columns(&few, &synthetic, 10).is_empty());
}

#[test]
fn numbers_of_people_are_rounded_and_small_ones_hidden() {
    let shown = |rows| super::rounded(rows, 10);
    assert_eq!(shown(0), "<10");
    assert_eq!(shown(9), "<10");
    assert_eq!(shown(10), "about 10");
    assert_eq!(shown(32_561), "about 33,000");
    assert_eq!(shown(996), "about 1000");
}
