//! Recipes on real tables, read from raw CSV with nothing but inference. Skipped, and said so,
//! where the tables are not there.

use std::path::Path;

use parable_clean::{InferOptions, PlanOptions, Recipe, Step, infer};
use parable_seed::Seed;
use parable_table::{Role, Table, constraints, csv, read_typed};

fn read(name: &str) -> Option<Table> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../../shared/data");
    let path = folder.join(format!("{name}.csv"));
    if !path.exists() {
        eprintln!(
            "SKIPPED: {} is not there, so nothing was tested on it",
            path.display()
        );
        return None;
    }
    let raw = csv::read(&path, &csv::ReadOptions::default()).unwrap();
    let schema = infer(&raw, &InferOptions::default()).schema;
    Some(read_typed(&raw, &schema).unwrap().0)
}

/// Which columns follow from which, that undoing gives the source back but for names and the
/// columns named, and that rows of another order in every column still come out consistent. Rare
/// levels stay: withholding them is no step that is undone.
#[track_caller]
fn check(name: &str, follows: &[(&str, &[&str])], but: &[&str]) {
    let Some(table) = read(name) else {
        return;
    };
    let (recipe, _) =
        Recipe::plan(&table, &PlanOptions::default().with_rare_levels_below(0)).unwrap();
    let found: Vec<(&str, Vec<&str>)> = recipe
        .steps()
        .iter()
        .filter_map(|step| match step {
            Step::Determined(step) => Some((
                &*step.column.name,
                step.by.iter().map(String::as_str).collect(),
            )),
            _ => None,
        })
        .collect();
    let expected: Vec<(&str, Vec<&str>)> = follows
        .iter()
        .map(|&(column, by)| (column, by.to_vec()))
        .collect();
    assert_eq!(found, expected);
    let (cleaned, issues) = recipe.apply(&table).unwrap();
    assert_eq!(issues, []);
    let (back, repairs) = recipe.restore(&cleaned, &Seed::from_u64(1)).unwrap();
    assert_eq!(repairs, []);
    for (index, field) in table.schema().fields().iter().enumerate() {
        assert_eq!(back.schema().fields()[index].name, field.name);
        let named = matches!(field.role, Role::UnitId | Role::ClusterId);
        if !named && !but.contains(&&*field.name) {
            let same = back.column(index) == table.column(index);
            assert!(same, "{} is not given back", field.name);
        }
    }
    let mut rng = Seed::from_u64(2).rng();
    let (schema, columns) = cleaned.into_parts();
    let shuffled = columns
        .iter()
        .map(|column| {
            let mut order: Vec<usize> = (0..column.len()).collect();
            rng.shuffle(&mut order);
            column.take(&order)
        })
        .collect();
    let synthetic = Table::new(schema.clone(), shuffled).unwrap();
    let (restored, _) = recipe.restore(&synthetic, &Seed::from_u64(3)).unwrap();
    for step in recipe.steps() {
        if let Step::Determined(step) = step {
            let cleaned_only = step.by.iter().any(|by| restored.named(by).is_none())
                || restored.named(&step.column.name).is_none();
            if !cleaned_only && step.also_absent == 0.0 {
                consistent(&restored, &step.by, &step.column.name);
            }
        }
        if let Step::OneHot(block) = step {
            let columns = block
                .columns
                .iter()
                .map(|field| field.name.clone())
                .collect();
            holds(&restored, parable_table::Constraint::OneHot { columns });
        }
    }
    for rule in schema.constraints() {
        if rule
            .columns()
            .iter()
            .all(|column| restored.named(column).is_some())
        {
            holds(&restored, rule.clone());
        }
    }
}

#[track_caller]
fn consistent(table: &Table, by: &[String], column: &str) {
    let rule = parable_table::Constraint::Determines {
        by: by.to_vec(),
        column: column.to_owned(),
    };
    holds(table, rule);
}

#[track_caller]
fn holds(table: &Table, rule: parable_table::Constraint) {
    let (schema, columns) = table.clone().into_parts();
    let fields = schema.fields().to_vec();
    let schema = parable_table::Schema::with_constraints(fields, vec![rule]).unwrap();
    let table = Table::new(schema, columns).unwrap();
    assert_eq!(constraints::check(&table).unwrap(), []);
}

#[test]
fn star_trial() {
    check(
        "star_trial",
        &[("treat_small", &["class_type"]), ("hs", &["hs_status"])],
        &[],
    );
}

#[test]
fn sd2011() {
    // Four of 5,000 age groups are empty though the age is there; they are drawn again.
    check("sd2011", &[("agegr", &["age"])], &["agegr"]);
}

#[test]
fn acs_national2019() {
    check(
        "acs_national2019",
        &[("DENSITY", &["PUMA"]), ("INDP_CAT", &["INDP"])],
        &[],
    );
}

#[test]
fn starwars_survey() {
    check("starwars_survey", &[], &[]);
}

#[test]
fn adult() {
    check("adult", &[("education", &["education_num"])], &[]);
}
