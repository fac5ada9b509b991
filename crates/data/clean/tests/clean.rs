//! Recipes on tables made by hand: what is found, what is not, and that undoing gives the source
//! back.

use parable_clean::{
    DeterminedBy, IdPattern, Issue, IssueKind, MissingPlan, PlanOptions, Recipe, Step,
};
use parable_seed::Seed;
use parable_table::{
    Column, Condition, Constraint, Field, Kind, Known, Levels, Role, Schema, Table, Values,
    constraints,
};

fn levels(texts: &[&str]) -> Known<Levels> {
    Known::declared(Levels::new(texts.iter().copied()).unwrap())
}

/// Columns under construction.
#[derive(Default)]
struct Build {
    fields: Vec<Field>,
    columns: Vec<Column>,
    constraints: Vec<Constraint>,
}

impl Build {
    fn with(mut self, field: Field, values: Values, missing: Option<Vec<u8>>) -> Self {
        self.columns.push(match missing {
            Some(bytes) => Column::with_missing(values, bytes),
            None => Column::complete(values),
        });
        self.fields.push(field);
        self
    }

    fn integers(self, name: &str, values: impl IntoIterator<Item = i64>) -> Self {
        let values = Values::Integer(values.into_iter().collect());
        self.with(Field::new(name, Kind::integer()), values, None)
    }

    fn codes(self, name: &str, texts: &[&str], codes: impl IntoIterator<Item = u32>) -> Self {
        let values = Values::Codes(codes.into_iter().collect());
        self.with(Field::new(name, Kind::nominal(levels(texts))), values, None)
    }

    fn role(mut self, role: Role) -> Self {
        self.fields.last_mut().unwrap().role = role;
        self
    }

    fn missing(mut self, bytes: impl IntoIterator<Item = u8>) -> Self {
        let column = self.columns.pop().unwrap();
        let bytes: Vec<u8> = bytes.into_iter().collect();
        // Fillers are zeros, as readers write them, so that tables can be compared.
        let kept = |row: usize| bytes[row] == 0;
        let values = match column.values() {
            Values::Integer(v) => Values::Integer(
                (0..v.len())
                    .map(|r| if kept(r) { v[r] } else { 0 })
                    .collect(),
            ),
            Values::Codes(v) => Values::Codes(
                (0..v.len())
                    .map(|r| if kept(r) { v[r] } else { 0 })
                    .collect(),
            ),
            other => other.clone(),
        };
        self.columns.push(Column::with_missing(values, bytes));
        self
    }

    fn table(self) -> Table {
        let schema = Schema::with_constraints(self.fields, self.constraints).unwrap();
        Table::new(schema, self.columns).unwrap()
    }
}

fn plan(table: &Table) -> (Recipe, Vec<Issue>) {
    Recipe::plan(table, &PlanOptions::default()).unwrap()
}

/// The names of columns that steps of a kind take away, with what they follow from.
fn determined(recipe: &Recipe) -> Vec<(String, Vec<String>)> {
    recipe
        .steps()
        .iter()
        .filter_map(|step| match step {
            Step::Determined(step) => Some((step.column.name.clone(), step.by.clone())),
            _ => None,
        })
        .collect()
}

/// Applies, undoes, and compares columns; those named may differ.
#[track_caller]
fn round_trip(table: &Table, recipe: &Recipe, but: &[&str]) -> Table {
    let before = table.clone();
    let (cleaned, issues) = recipe.apply(table).unwrap();
    assert_eq!(*table, before, "cleaning leaves its input alone");
    assert_eq!(issues, [], "nothing is unexpected in the table planned for");
    let (back, repairs) = recipe.restore(&cleaned, &Seed::from_u64(1)).unwrap();
    assert_eq!(repairs, [], "nothing to repair");
    assert_eq!(back.rows(), table.rows());
    for (index, field) in table.schema().fields().iter().enumerate() {
        assert_eq!(back.schema().fields()[index].name, field.name);
        if !but.contains(&field.name.as_str()) {
            assert_eq!(back.schema().fields()[index], *field);
            assert_eq!(back.column(index), table.column(index), "{}", field.name);
        }
    }
    let text = serde_json::to_string_pretty(recipe).unwrap();
    assert_eq!(serde_json::from_str::<Recipe>(&text).unwrap(), *recipe);
    cleaned
}

#[test]
fn constant_and_empty_columns_go_and_come_back_but_a_value_in_some_rows_stays() {
    let rows = 30;
    let table = Build::default()
        .integers("x", (0..rows).map(|i| i * i % 17))
        .codes("trial", &["pilot"], vec![0; 30])
        .codes("nothing", &["a"], vec![0; 30])
        .missing(vec![1; 30])
        .codes("seen", &["a title"], vec![0; 30])
        .missing((0..30).map(|i| u8::from(i % 3 == 0)))
        .table();
    let (recipe, issues) = plan(&table);
    let cleaned = round_trip(&table, &recipe, &[]);
    assert_eq!(cleaned.schema().len(), 2);
    assert!(cleaned.named("seen").is_some());
    let kinds: Vec<IssueKind> = issues.iter().map(|issue| issue.kind).collect();
    assert!(kinds.contains(&IssueKind::Constant) && kinds.contains(&IssueKind::Empty));
}

#[test]
fn ids_are_fresh_unique_and_of_the_same_look() {
    let ids: Vec<String> = (0..200)
        .map(|i| format!("P{:05}", (i * 7_919) % 100_003))
        .collect();
    let mut table = Build::default()
        .integers("x", (0..200).map(|i| i % 5))
        .with(
            Field::new("pupil", Kind::Text).with_role(Role::UnitId),
            Values::Text(ids.iter().map(String::as_str).collect()),
            None,
        );
    table = table
        .integers("row", (0..200).map(|i| 1_000 + i))
        .role(Role::UnitId);
    let table = table.table();
    let (recipe, _) = plan(&table);
    round_trip(&table, &recipe, &["pupil", "row"]);
    let (cleaned, _) = recipe.apply(&table).unwrap();
    let more = cleaned.take(&vec![0; 500]);
    let (synthetic, _) = recipe.restore(&more, &Seed::from_u64(9)).unwrap();
    let Values::Text(fresh) = synthetic.named("pupil").unwrap().1.values() else {
        panic!()
    };
    let distinct: std::collections::HashSet<&str> = fresh.iter().collect();
    assert_eq!(distinct.len(), 500);
    assert!(fresh.iter().all(|id| id.len() == 6 && id.starts_with('P')));
    let Values::Integer(numbers) = synthetic.named("row").unwrap().1.values() else {
        panic!()
    };
    assert!(numbers.windows(2).all(|pair| pair[0] < pair[1]) && numbers[0] == 1_200);
    assert!(fresh.iter().all(|id| !ids.iter().any(|real| real == id)));
    assert!(recipe.steps().iter().any(|step| matches!(step,
        Step::FreshIds(ids) if matches!(ids.pattern, IdPattern::Numbered { width: 5, .. }))));
}

/// A code 0-3, its description, a score with bands, and a one-hot block with missing rows.
fn school() -> Build {
    let mut rng = Seed::from_u64(4).rng();
    let rows = 400;
    let codes: Vec<u32> = (0..rows).map(|_| rng.below(4) as u32).collect();
    let scores: Vec<i64> = (0..rows).map(|_| rng.below(60) as i64).collect();
    let absent: Vec<u8> = (0..rows).map(|_| u8::from(rng.chance(0.1))).collect();
    let band = |score: i64| u32::from(score >= 20) + u32::from(score >= 45);
    let mut build = Build::default()
        .codes("region", &["1", "2", "3", "4"], codes.clone())
        .codes(
            "region_name",
            &["north", "south", "east", "west"],
            codes.iter().map(|c| 3 - c),
        )
        .integers("score", scores.clone())
        .missing(absent.clone())
        .role(Role::Outcome)
        .codes(
            "band",
            &["low", "mid", "high"],
            scores.iter().map(|&s| band(s)),
        )
        .missing(absent.clone());
    for (index, name) in ["is_low", "is_mid", "is_high"].into_iter().enumerate() {
        let ones = scores
            .iter()
            .map(|&score| i64::from(band(score) == index as u32));
        build = build.integers(name, ones).missing(absent.clone());
    }
    build
}

#[test]
fn descriptions_bands_and_one_hot_blocks_are_found_and_restored_exactly() {
    let table = school().table();
    let (recipe, _) = plan(&table);
    let cleaned = round_trip(&table, &recipe, &[]);
    let names: Vec<&str> = cleaned
        .schema()
        .fields()
        .iter()
        .map(|f| f.name.as_str())
        .collect();
    assert_eq!(names, ["region", "score"]);
    let cuts = recipe.steps().iter().find_map(|step| match step {
        Step::Determined(step) => match &step.rule {
            DeterminedBy::Cuts { cuts, .. } => Some(cuts.clone()),
            _ => None,
        },
        _ => None,
    });
    assert_eq!(cuts, Some(vec![20.0, 45.0]));
}

#[test]
fn synthetic_rows_are_consistent_whatever_the_model_wrote() {
    let (recipe, _) = plan(&school().table());
    // A score that the source does not have, and a region without a name in the recipe.
    let synthetic = Build::default()
        .codes("region", &["1", "9", "4"], [0, 1, 2, 2])
        .integers("score", [-5, 20, 44, 999])
        .missing([0, 0, 0, 1])
        .table();
    let (restored, repairs) = recipe.restore(&synthetic, &Seed::from_u64(1)).unwrap();
    let text = |name: &str, row: usize| {
        let (field, column) = restored.named(name).unwrap();
        column
            .code(row)
            .and_then(|code| field.kind.levels().unwrap().get(code))
    };
    assert_eq!(
        (0..4).map(|row| text("band", row)).collect::<Vec<_>>(),
        [Some("low"), Some("mid"), Some("mid"), None]
    );
    assert_eq!(text("region_name", 0), Some("west"));
    assert_eq!(restored.named("is_mid").unwrap().1.number(1), Some(1.0));
    assert_eq!(restored.named("is_mid").unwrap().1.number(3), None);
    assert_eq!(repairs.len(), 1, "{repairs:?}");
    assert_eq!(
        (repairs[0].rows, &repairs[0].columns[1][..]),
        (1, "region_name")
    );
}

#[test]
fn arms_and_outcomes_never_follow_from_covariates() {
    let mut rng = Seed::from_u64(5).rng();
    let arms: Vec<u32> = (0..300).map(|_| rng.below(3) as u32).collect();
    let small = arms.iter().map(|&arm| i64::from(arm == 2));
    let table = Build::default()
        .codes("arm_text", &["regular", "aide", "small"], arms.clone())
        .codes("arm", &["regular", "aide", "small"], arms.clone())
        .role(Role::Treatment)
        .integers("small", small)
        .role(Role::Treatment)
        .integers("copy", arms.iter().map(|&arm| i64::from(arm)))
        .integers("passed", arms.iter().map(|&arm| i64::from(arm > 0)))
        .role(Role::Outcome)
        .table();
    let (recipe, _) = plan(&table);
    let cleaned = round_trip(&table, &recipe, &[]);
    let names: Vec<&str> = cleaned
        .schema()
        .fields()
        .iter()
        .map(|f| f.name.as_str())
        .collect();
    assert_eq!(names, ["arm", "passed"]);
}

#[test]
fn independent_columns_are_not_taken_for_determined_ones() {
    for seed in 0..20 {
        let mut rng = Seed::from_u64(seed).rng();
        let rows = 60;
        let mut build = Build::default();
        for column in 0..30 {
            let bound = [2, 3, 10, 1_000_000][column % 4];
            // Rare cells make the easiest coincidences.
            let rare = column % 3 == 0;
            let values = (0..rows).map(|_| {
                if rare && rng.chance(0.97) {
                    0
                } else {
                    rng.below(bound) as i64
                }
            });
            let values: Vec<i64> = values.collect();
            let column = build.integers(&format!("x{column}"), values);
            build = column;
        }
        let (recipe, _) = plan(&build.table());
        assert_eq!(determined(&recipe), [], "seed {seed}");
    }
}

#[test]
fn flags_that_complement_each_other_by_chance_are_no_block() {
    let mut blocks = 0;
    for seed in 0..60 {
        let mut rng = Seed::from_u64(seed).rng();
        let mut build = Build::default();
        for column in ["smokes", "drives", "sings", "swims", "reads", "cooks"] {
            let flags: Vec<i64> = (0..6).map(|_| rng.below(2) as i64).collect();
            build = build.integers(column, flags);
        }
        // Among 15 pairs of six random rows about one in four tables has a pair that complements.
        let (recipe, _) = plan(&build.table());
        blocks += recipe
            .steps()
            .iter()
            .filter(|step| matches!(step, Step::OneHot(_)))
            .count();
    }
    assert_eq!(blocks, 0);
}

#[test]
fn two_columns_determine_a_third_when_neither_does_alone() {
    let mut rng = Seed::from_u64(6).rng();
    let english: Vec<i64> = (0..2_000).map(|_| rng.below(10) as i64).collect();
    let maths: Vec<i64> = english
        .iter()
        .map(|&e| (e + rng.below(5) as i64 - 2).clamp(0, 9))
        .collect();
    let band = english
        .iter()
        .zip(&maths)
        .map(|(&e, &m)| u32::from(e.min(m) >= 4));
    let table = Build::default()
        .integers("english", english.clone())
        .integers("maths", maths.clone())
        .codes(
            "both_passed",
            &["not both", "both"],
            band.collect::<Vec<_>>(),
        )
        .integers("noise", (0..2_000).map(|i| i * i % 13))
        .table();
    let (recipe, _) = plan(&table);
    let by = vec!["english".to_owned(), "maths".to_owned()];
    assert_eq!(determined(&recipe), [("both_passed".to_owned(), by)]);
    round_trip(&table, &recipe, &[]);
}

#[test]
fn a_few_absent_cells_do_not_hide_a_band_and_a_few_errors_are_reported() {
    let ages: Vec<i64> = (0..5_000).map(|i| 16 + i * 7 % 80).collect();
    let group = |age: i64| u32::from(age >= 30) + u32::from(age >= 60);
    let texts = ["young", "middle", "old"];
    let absent = (0..5_000).map(|i| u8::from(i % 1_250 == 7));
    let wrong = ages
        .iter()
        .enumerate()
        .map(|(i, &a)| if i < 5 { 2 - group(a) } else { group(a) });
    let table = Build::default()
        .integers("age", ages.clone())
        .codes("with_gaps", &texts, ages.iter().map(|&age| group(age)))
        .missing(absent)
        .codes("with_errors", &texts, wrong.collect::<Vec<_>>())
        .table();
    let (recipe, issues) = plan(&table);
    assert_eq!(
        determined(&recipe),
        [("with_gaps".to_owned(), vec!["age".to_owned()])]
    );
    let almost: Vec<&Issue> = issues
        .iter()
        .filter(|issue| issue.kind == IssueKind::AlmostDetermined)
        .collect();
    assert_eq!(almost.len(), 1, "{issues:?}");
    assert_eq!(almost[0].columns, ["with_errors", "age"]);
    let (cleaned, _) = recipe.apply(&table).unwrap();
    let (back, _) = recipe.restore(&cleaned, &Seed::from_u64(1)).unwrap();
    // Binomial with mean 4: above 20 with probability below 1e-8.
    assert!(back.named("with_gaps").unwrap().1.missing_count() <= 20);
}

#[test]
fn columns_constant_in_clusters_are_noted_once_at_the_coarsest_id_and_kept_in_synthetic_rows() {
    let rows = 240u32;
    let table = Build::default()
        .codes(
            "class",
            &(0..24)
                .map(|i| format!("c{i}"))
                .collect::<Vec<_>>()
                .iter()
                .map(String::as_str)
                .collect::<Vec<_>>(),
            (0..rows).map(|i| i / 10),
        )
        .role(Role::ClusterId)
        .codes(
            "school",
            &["a", "b", "c", "d", "e", "f"],
            (0..rows).map(|i| i / 40),
        )
        .role(Role::ClusterId)
        .codes(
            "arm",
            &["control", "treated"],
            (0..rows).map(|i| i / 40 * 7 / 3 % 2),
        )
        .role(Role::Treatment)
        .integers(
            "teacher_years",
            (0..rows).map(|i| i64::from(i / 10 * 37 % 29)),
        )
        .integers("score", (0..rows).map(|i| i64::from(i * 37 % 101)))
        .table();
    let (recipe, _) = plan(&table);
    let cleaned = round_trip(&table, &recipe, &[]);
    let rules: Vec<String> = cleaned
        .schema()
        .constraints()
        .iter()
        .map(ToString::to_string)
        .collect();
    assert_eq!(
        rules,
        [
            "within one `class`, `school` and `teacher_years` have one value",
            "within one `school`, `arm` has one value"
        ]
    );
    // A model that ignores clusters: every column in another order.
    let mut rng = Seed::from_u64(3).rng();
    let (schema, columns) = cleaned.into_parts();
    let columns = columns
        .iter()
        .map(|column| {
            let mut order: Vec<usize> = (0..column.len()).collect();
            rng.shuffle(&mut order);
            column.take(&order)
        })
        .collect();
    let broken = Table::new(schema.clone(), columns).unwrap();
    assert!(!constraints::check(&broken).unwrap().is_empty());
    let (restored, repairs) = recipe.restore(&broken, &Seed::from_u64(1)).unwrap();
    assert!(!repairs.is_empty());
    let (fields, columns) = restored.into_parts();
    let judged = Schema::with_constraints(fields.fields().to_vec(), schema.constraints().to_vec());
    assert_eq!(
        constraints::check(&Table::new(judged.unwrap(), columns).unwrap()).unwrap(),
        []
    );
}

/// Numbers and categories with absent and coded missing values.
fn gappy() -> Table {
    let bytes = |every: usize| {
        (0..200).map(move |i| {
            if i % every == 0 {
                1 + (i / every % 3) as u8
            } else {
                0
            }
        })
    };
    let mut build = Build::default()
        .integers("income", (0..200).map(|i| i * 31 % 97))
        .missing(bytes(3))
        .codes(
            "job",
            &["clerk", "missing", "smith"],
            (0..200).map(|i| i % 3),
        )
        .missing(bytes(7))
        .integers("age", (0..200).map(|i| i * 31 % 97 / 2))
        .with(
            Field::new("grade", Kind::ordinal(levels(&["low", "mid", "high"]))),
            Values::Codes((0..200).map(|i| i % 3).collect()),
            None,
        )
        .missing((0..200).map(|i| u8::from(i % 11 == 0)));
    for at in [0, 1] {
        build.fields[at] = build.fields[at].clone().with_missing_codes(["-8", "-9"]);
    }
    build.constraints.push(Constraint::When {
        condition: Condition::Below {
            column: "age".into(),
            value: 0.0,
        },
        then: Condition::Missing {
            column: "income".into(),
        },
    });
    build.table()
}

#[test]
fn missing_values_become_levels_and_indicators_and_missing_again_with_their_reasons() {
    let table = gappy();
    let options = PlanOptions::default().with_missing(MissingPlan::Encode);
    let (recipe, _) = Recipe::plan(&table, &options).unwrap();
    let cleaned = round_trip(&table, &recipe, &[]);
    assert!(
        cleaned
            .columns()
            .iter()
            .all(|column| column.missing_count() == 0)
    );
    let names: Vec<&str> = cleaned
        .schema()
        .fields()
        .iter()
        .map(|f| f.name.as_str())
        .collect();
    assert_eq!(names, ["income_missing", "income", "job", "age", "grade"]);
    let levels: Vec<&str> = cleaned.schema().fields()[2]
        .kind
        .levels()
        .unwrap()
        .iter()
        .collect();
    assert_eq!(
        levels,
        [
            "clerk",
            "missing",
            "smith",
            "missing*",
            "missing: -8",
            "missing: -9"
        ]
    );
}

#[test]
fn filling_leaves_no_gap() {
    let table = gappy();
    let options = PlanOptions::default().with_missing(MissingPlan::Fill);
    let (recipe, _) = Recipe::plan(&table, &options).unwrap();
    let (cleaned, _) = recipe.apply(&table).unwrap();
    assert!(
        cleaned
            .columns()
            .iter()
            .all(|column| column.missing_count() == 0)
    );
    let (back, _) = recipe.restore(&cleaned, &Seed::from_u64(1)).unwrap();
    assert_eq!(back.schema(), table.schema());
}

#[test]
fn number_codes_and_ranks_come_back_as_they_were() {
    let table = gappy();
    let options = PlanOptions::default().with_number_levels_up_to(60);
    let (recipe, _) = Recipe::plan(&table, &options).unwrap();
    let cleaned = round_trip(&table, &recipe, &[]);
    assert!(matches!(
        cleaned.named("age").unwrap().0.kind,
        Kind::Ordinal { .. }
    ));
    assert!(matches!(
        cleaned.named("income").unwrap().0.kind,
        Kind::Integer { .. }
    ));
    let (recipe, _) = Recipe::plan(&table, &PlanOptions::default().with_ranks(true)).unwrap();
    let cleaned = round_trip(&table, &recipe, &[]);
    assert_eq!(cleaned.named("grade").unwrap().1.number(2), Some(2.0));
    // A model that extrapolates is brought back to the nearest level.
    let (schema, mut columns) = cleaned.into_parts();
    columns[3] = Column::complete(Values::Integer(vec![7; 200]));
    let beyond = Table::new(schema, columns).unwrap();
    let (back, repairs) = recipe.restore(&beyond, &Seed::from_u64(1)).unwrap();
    assert_eq!(back.named("grade").unwrap().1.code(5), Some(2));
    assert_eq!(repairs[0].rows, 200);
}

#[test]
fn text_is_written_afresh_in_its_look() {
    let texts: Vec<String> = (0..300)
        .map(|i| match i % 3 {
            0 => format!("AB{} {}cd", i % 10, i % 7),
            1 => format!("they said secret{i} and more {}", "x".repeat(i % 9)),
            _ => String::new(),
        })
        .collect();
    let table = Build::default()
        .integers("x", (0..300).map(|i| i % 4))
        .with(
            Field::new("note", Kind::Text),
            Values::Text(texts.iter().map(String::as_str).collect()),
            Some((0..300).map(|i| u8::from(i % 3 == 2)).collect()),
        )
        .table();
    let (recipe, _) = plan(&table);
    let (cleaned, _) = recipe.apply(&table).unwrap();
    assert!(matches!(
        cleaned.named("note").unwrap().0.kind,
        Kind::Nominal { .. }
    ));
    let (back, _) = recipe.restore(&cleaned, &Seed::from_u64(1)).unwrap();
    let (before, after) = (
        table.named("note").unwrap().1,
        back.named("note").unwrap().1,
    );
    assert_eq!(before.missing_bytes(), after.missing_bytes());
    let Values::Text(written) = after.values() else {
        panic!()
    };
    assert!(written.iter().all(|text| !text.contains("secret")));
    assert!(
        (0..300)
            .step_by(3)
            .all(|row| written.get(row).chars().count() == 7)
    );
}

#[test]
fn steps_say_what_they_do_show_what_they_change_and_can_be_left_out() {
    let table = school().table();
    let (recipe, _) = plan(&table);
    let previews = recipe.preview(&table).unwrap();
    assert_eq!(previews.len(), recipe.steps().len());
    assert_eq!(previews[0].removed, ["is_low", "is_mid", "is_high"]);
    assert_eq!(previews[0].added, ["is"]);
    assert_eq!(recipe.steps()[0].preview(&table).unwrap(), previews[0]);
    assert_eq!(
        recipe.describe()[0],
        "Replace `is_low`, `is_mid`, `is_high`, of which exactly one is 1 in every row, by one column `is`; write them again afterwards."
    );
    let name = recipe
        .describe()
        .iter()
        .position(|text| text.contains("region_name"))
        .unwrap();
    let (cleaned, _) = recipe.clone().without(name).apply(&table).unwrap();
    assert!(cleaned.named("region_name").is_some());
    let nothing = PlanOptions::nothing();
    assert!(Recipe::plan(&table, &nothing).unwrap().0.steps().is_empty());
    let table = gappy();
    let options = PlanOptions::default().with_missing(MissingPlan::Fill);
    let (recipe, _) = Recipe::plan(&table, &options).unwrap();
    let preview = &recipe.preview(&table).unwrap()[0];
    assert_eq!(preview.changed, ["income", "job", "grade"]);
    let touched =
        (0..200).filter(|&row| [0, 1, 3].iter().any(|&at| table.column(at).is_missing(row)));
    assert_eq!(preview.rows, touched.count());
}

#[test]
fn a_table_the_recipe_was_not_made_for_is_cleaned_and_every_surprise_is_listed() {
    let table = school()
        .codes("trial", &["pilot", "main"], vec![0; 400])
        .table();
    let (recipe, _) = plan(&table);
    let (schema, mut columns) = table.clone().into_parts();
    columns[1] = Column::complete(Values::Codes((0..400).map(|i| i % 4).collect()));
    columns[4] = Column::complete(Values::Integer(vec![1; 400]));
    columns[7] = Column::complete(Values::Codes((0..400).map(|i| i % 2).collect()));
    let (cleaned, issues) = recipe.apply(&Table::new(schema, columns).unwrap()).unwrap();
    assert_eq!(cleaned.schema().len(), 2);
    let mut about: Vec<&str> = issues
        .iter()
        .map(|issue| issue.columns[0].as_str())
        .collect();
    about.sort_unstable();
    assert!(
        issues
            .iter()
            .all(|issue| issue.kind == IssueKind::Unexpected && issue.rows > 0)
    );
    for column in ["trial", "region_name", "is_low"] {
        assert!(about.contains(&column), "{about:?}");
    }
    let without = Build::default().integers("x", [1, 2]).table();
    assert_eq!(
        recipe.apply(&without).unwrap_err().to_string(),
        "the recipe needs the column `trial`, which the table does not have"
    );
    let text = serde_json::to_string(&recipe).unwrap();
    let newer = text.replacen("\"version\":1", "\"version\":2", 1);
    assert!(
        serde_json::from_str::<Recipe>(&newer)
            .unwrap_err()
            .to_string()
            .contains("version 2")
    );
}

#[test]
fn tables_at_the_edge_are_planned_applied_and_restored() {
    let one_row = Build::default()
        .integers("a", [3])
        .codes("b", &["x"], [0])
        .table();
    let no_rows = one_row.take(&[]);
    let one_column = Build::default()
        .integers("a", (0..100).map(|i| i % 3))
        .table();
    let all_missing = Build::default()
        .integers("a", vec![0; 60])
        .missing(vec![1; 60])
        .table();
    let all_constant = Build::default()
        .integers("a", vec![3; 60])
        .codes("b", &["x"], vec![0; 60])
        .integers("c", vec![0; 60])
        .missing(vec![1; 60])
        .table();
    let no_columns = Build::default().table();
    for table in [
        one_row,
        no_rows,
        one_column,
        all_missing,
        all_constant,
        no_columns,
    ] {
        for missing in [MissingPlan::Keep, MissingPlan::Encode, MissingPlan::Fill] {
            let options = PlanOptions::default().with_missing(missing);
            let (recipe, _) = Recipe::plan(&table, &options).unwrap();
            let cleaned = round_trip(&table, &recipe, &[]);
            assert_eq!(cleaned.rows(), table.rows());
        }
    }
    let twins = Build::default().integers("a", vec![1, 2, 1, 2, 1]).table();
    let (_, issues) = plan(&twins);
    assert_eq!(
        (issues[0].kind, issues[0].rows),
        (IssueKind::DuplicateRows, 3)
    );
}

#[test]
fn ten_thousand_columns_are_planned_and_the_shorter_search_is_said() {
    let mut build = Build::default();
    for column in 0..10_000i64 {
        build = build.integers(
            &format!("x{column}"),
            (0..40).map(|row| (row * column) % 11),
        );
    }
    let table = build.table();
    let (recipe, issues) = plan(&table);
    assert!(
        issues
            .iter()
            .any(|issue| issue.kind == IssueKind::NotSearched)
    );
    round_trip(&table, &recipe, &[]);
}
