//! People with several rows, and levels of one or two of them.

use parable_clean::{InferOptions, PlanOptions, Recipe, infer};
use parable_seed::Seed;
use parable_table::csv::{self, ReadOptions};
use parable_table::{Role, Table, read_typed};

fn table(text: &str) -> (Table, Vec<String>) {
    let raw = csv::read_str(text, &ReadOptions::default()).expect("a table");
    let inference = infer(&raw, &InferOptions::default());
    let notes = inference.notes.iter().map(|note| format!("{note:?}"));
    let notes = notes.collect();
    let (table, _) = read_typed(&raw, &inference.schema).expect("the guessed schema fits");
    (table, notes)
}

/// 60 people with one to four visits each.
fn visits() -> String {
    let mut text = "person,visit,birth,sex,score\n".to_owned();
    for person in 0..60u64 {
        let mut rng = Seed::from_u64(person).rng();
        let birth = format!(
            "19{}-0{}-1{}",
            40 + rng.below(60),
            1 + rng.below(9),
            rng.below(9)
        );
        let sex = ["f", "m"][rng.below(2) as usize];
        for visit in 1..=1 + rng.below(4) {
            let score = rng.below(1000);
            text.push_str(&format!(
                "Q{:03}x,{visit},{birth},{sex},{score}\n",
                7 * person + 100
            ));
        }
    }
    text
}

#[test]
fn people_with_several_rows_get_fresh_names_and_their_visits_are_counted() {
    let (table, notes) = table(&visits());
    assert_eq!(
        table.schema().fields()[0].role,
        Role::ClusterId,
        "{notes:?}"
    );
    let (recipe, _) = Recipe::plan(&table, &PlanOptions::default()).expect("a plan");
    let stored = serde_json::to_string(&recipe).expect("a recipe");
    assert!(!stored.contains("Q100x"), "{stored}");
    assert!(
        !stored.contains("\"how\":\"map\""),
        "a list of people: {stored}"
    );
    let (clean, _) = recipe.apply(&table).expect("it fits");
    let (restored, _) = recipe
        .restore(&clean, &Seed::from_u64(3))
        .expect("it fits back");
    let names = |table: &Table| -> Vec<String> {
        let levels = table.levels(0).expect("levels");
        levels.iter().map(str::to_owned).collect()
    };
    let real = names(&table);
    assert!(names(&restored).iter().all(|name| !real.contains(name)));
    assert_eq!(restored.column(1), table.column(1), "visits count again");
}

#[test]
fn classes_and_places_are_no_people() {
    let mut text = "code,label,sector,town,region,rent\n".to_owned();
    for row in 0..300usize {
        let mut rng = Seed::from_u64(row as u64).rng();
        let (code, town) = (rng.below(40), rng.below(45) as usize);
        let letters = |at: usize| [b'a' + (at / 5) as u8, b'k' + (at % 5) as u8];
        let letters = letters(town);
        let town = String::from_utf8_lossy(&letters).into_owned();
        let region = ["north", "south"][usize::from(letters[0] > b'd')];
        let (sector, rent) = (code / 10, rng.below(900));
        text.push_str(&format!(
            "{sector}{}A,what {sector} {code} is,{sector},T{town}ham,{region},{rent}\n",
            code % 10
        ));
    }
    let (table, notes) = table(&text);
    for field in table.schema().fields() {
        assert_eq!(field.role, Role::Covariate, "{}: {notes:?}", field.name);
    }
}

#[test]
fn a_level_of_two_people_is_withheld_unless_it_is_kept() {
    let mut text = "job,grade,pay\n".to_owned();
    for row in 0..120usize {
        let job = match row {
            17 | 80 => "Bishop of Ely",
            _ => ["nurse", "teacher", "clerk"][row % 3],
        };
        let grade = ["low", "medium", "high"][row % 3];
        text.push_str(&format!("{job},{grade},{}\n", 100 + row * row % 71));
    }
    let (table, _) = table(&text);
    let (recipe, issues) = Recipe::plan(&table, &PlanOptions::default()).expect("a plan");
    assert!(
        issues.iter().any(|issue| issue.columns == ["job"]),
        "{issues:?}"
    );
    let stored = serde_json::to_string(&recipe).expect("a recipe");
    assert!(!stored.contains("Bishop"), "{stored}");
    let (clean, _) = recipe.apply(&table).expect("it fits");
    assert_eq!(clean.rows(), table.rows());
    assert!(
        clean
            .levels(0)
            .expect("levels")
            .code("Bishop of Ely")
            .is_none()
    );
    let keep = PlanOptions::default().with_rare_levels_below(0);
    let (recipe, _) = Recipe::plan(&table, &keep).expect("a plan");
    let (clean, _) = recipe.apply(&table).expect("it fits");
    assert!(
        clean
            .levels(0)
            .expect("levels")
            .code("Bishop of Ely")
            .is_some()
    );
}
