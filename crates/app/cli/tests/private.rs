//! Private methods as a user runs them: what they need, what they write, and what their files may
//! not hold.

mod common;

use common::{Place, fails, read, succeeds};

const BUDGET: [&str; 4] = ["--epsilon", "2", "--delta", "1e-6"];

/// A small trial with every fact declared, written by the simulator.
struct Trial {
    place: Place,
    data: String,
    schema: String,
}

impl Trial {
    fn new() -> Self {
        let place = Place::new();
        let folder = place.text("trial");
        succeeds(&["simulate", "--preset", "A", "--out", &folder, "--quiet"]);
        // Names that cannot stand in a file by chance, as numbers can.
        let path = place.path("trial/trial.csv");
        let table = read(&path);
        let (header, rows) = table.split_once('\n').expect("a header");
        let named: String = rows.lines().map(|row| format!("zq{row}\n")).collect();
        std::fs::write(&path, format!("{header}\n{named}")).expect("written");
        Self {
            data: place.text("trial/trial.csv"),
            schema: place.text("trial/schema.json"),
            place,
        }
    }

    fn fit(&self, more: &[&str]) -> String {
        let model = self.place.text("m.parable");
        let mut arguments = vec!["fit", &self.data, "--schema", &self.schema, "--quiet"];
        arguments.extend(["--model", &model, "--method", "swift"]);
        arguments.extend(BUDGET);
        arguments.extend(more);
        succeeds(&arguments);
        model
    }
}

#[test]
fn fits_share_the_budget_of_a_ledger_file_until_it_is_spent() {
    let trial = Trial::new();
    let ledger = trial.place.text("ledger.jsonl");
    let model = trial.fit(&["--ledger", &ledger]);
    let first = read(&trial.place.path("ledger.jsonl"));
    let mut again = vec!["fit", &trial.data, "--schema", &trial.schema, "--quiet"];
    let other = trial.place.text("other.parable");
    again.extend(["--model", &other, "--method", "swift", "--ledger", &ledger]);
    let with = |more: &[&'static str]| {
        let mut arguments = again.clone();
        arguments.extend(more);
        arguments
    };
    // The first fit spent it all.
    fails(2, &["remain"], &with(&BUDGET));
    assert!(!trial.place.path("other.parable").exists());
    assert_eq!(read(&trial.place.path("ledger.jsonl")), first);
    let more = ["--epsilon", "3", "--delta", "1e-6"];
    fails(2, &["ledger.jsonl", "the budget differs"], &with(&more));
    // Damage is refused, and a ledger is never replaced.
    std::fs::write(trial.place.path("ledger.jsonl"), &first[..first.len() - 9]).expect("written");
    fails(2, &["is incomplete", "delete this line"], &with(&BUDGET));
    let mut same = with(&BUDGET);
    same.extend(["--force", "--model", &ledger]);
    same.retain(|&word| word != other);
    let at = same
        .iter()
        .position(|&word| word == "--model")
        .expect("an option");
    same.remove(at);
    fails(2, &["the same file"], &same);
    assert!(std::path::Path::new(&model).exists());
}

#[test]
fn two_fits_share_a_ledger_and_a_third_is_refused() {
    let trial = Trial::new();
    let ledger = trial.place.text("ledger.jsonl");
    for (name, share) in [("one.parable", Some("0.5")), ("two.parable", None)] {
        let model = trial.place.text(name);
        let mut arguments = vec!["fit", &trial.data, "--schema", &trial.schema, "--quiet"];
        arguments.extend(["--model", &model, "--method", "swift", "--ledger", &ledger]);
        arguments.extend(BUDGET);
        if let Some(share) = share {
            arguments.extend(["--ledger-share", share]);
        }
        succeeds(&arguments);
    }
    let verified = succeeds(&["privacy", "verify", &ledger]);
    assert!(verified.contains("chain and budget hold"), "{verified}");
    let model = trial.place.text("three.parable");
    let mut arguments = vec!["fit", &trial.data, "--schema", &trial.schema, "--quiet"];
    arguments.extend(["--model", &model, "--method", "swift", "--ledger", &ledger]);
    arguments.extend(BUDGET);
    fails(2, &["remain"], &arguments);
    assert!(!trial.place.path("three.parable").exists());
}

#[test]
fn a_private_model_file_holds_no_row_count_no_name_and_no_seed_and_its_ledger_verifies() {
    let trial = Trial::new();
    let ledger = trial.place.text("ledger.jsonl");
    let model = trial.fit(&["--require-effects", "--ledger", &ledger]);
    let bytes = std::fs::read(&model).expect("readable");
    let text = String::from_utf8_lossy(&bytes);
    let header: serde_json::Value =
        serde_json::from_str(text.lines().next().expect("a line")).expect("JSON");
    let record = &header["record"];
    assert_eq!(record["private"], true);
    for absent in ["rows", "table_digest", "seed"] {
        assert!(record.get(absent).is_none(), "{absent} is in the record");
    }
    // Names of pupils stand in the table and nowhere in the file.
    let table = read(&trial.place.path("trial/trial.csv"));
    assert!(table.matches("\nzq").count() == 1_200 && !text.contains("zq"));

    let spent = succeeds(&["privacy", "verify", &ledger, "--delta", "1e-6", "--json"]);
    assert!(spent.contains("epsilon"), "{spent}");
    let text = succeeds(&["inspect", &model]);
    assert!(
        text.contains("differentially private") && text.contains("add_remove"),
        "{text}"
    );

    let out = trial.place.text("s.csv");
    let said = succeeds(&["sample", &model, "--out", &out, "--quiet"]);
    let rows: f64 = said
        .split(' ')
        .next()
        .and_then(|n| n.parse().ok())
        .expect("a number");
    // The total is a sum over noisy cells; a whole preset has 1,200 rows, and a private estimate of
    // it lies within a half.
    assert!((600.0..1_800.0).contains(&rows), "{said}");
    let made = read(&trial.place.path("s.csv"));
    assert_eq!(made.lines().next(), table.lines().next());
}

#[test]
fn a_plan_costs_nothing_and_writes_nothing() {
    let trial = Trial::new();
    let mut arguments = vec!["fit", &trial.data, "--schema", &trial.schema];
    arguments.extend(["--method", "mst", "--plan", "1200", "--quiet"]);
    arguments.extend(BUDGET);
    let plan = succeeds(&arguments);
    assert!(
        plan.contains("choice of pairs") && plan.contains("people"),
        "{plan}"
    );
    assert_eq!(trial.place.names(), ["trial"]);
}

#[test]
fn facts_read_off_the_rows_are_refused_unless_the_owner_trusts_them() {
    let place = Place::new();
    let (data, model) = (place.table(), place.text("m.parable"));
    let mut arguments = vec!["fit", &data, "--method", "swift", "--model", &model];
    arguments.extend(BUDGET);
    fails(2, &["column `", "no declared"], &arguments);
    assert_eq!(place.names(), ["trial.csv"]);
    arguments.extend(["--trust-observed", "--quiet"]);
    succeeds(&arguments);
    let text = succeeds(&["inspect", &model]);
    assert!(
        text.contains("trusted to be public") && text.contains("pre"),
        "{text}"
    );
}

#[test]
fn budgets_go_with_private_methods_only() {
    let place = Place::new();
    let (data, model) = (place.table(), place.text("m.parable"));
    let fit = ["fit", &data, "--model", &model, "--method"];
    let with = |more: &[&'static str]| {
        let mut arguments = fit.to_vec();
        arguments.extend(more);
        arguments
    };
    fails(2, &["--epsilon", "needs a budget"], &with(&["swift"]));
    let cart = with(&["cart", "--epsilon", "1", "--delta", "1e-6"]);
    fails(2, &["no privacy guarantee", "swift"], &cart);
    let strange = with(&[
        "swift",
        "--epsilon",
        "1",
        "--delta",
        "1e-6",
        "--require",
        "arm,form",
    ]);
    let strange: Vec<&str> = strange.into_iter().chain(["--trust-observed"]).collect();
    fails(2, &["form"], &strange);
    assert_eq!(place.names(), ["trial.csv"]);
}

#[test]
fn released_tables_and_a_picture_come_out_of_a_private_model() {
    let trial = Trial::new();
    let model = trial.fit(&[]);
    let (tables, picture) = (trial.place.text("p.json"), trial.place.text("p.svg"));
    succeeds(&[
        "inspect",
        &model,
        "--publication",
        &tables,
        "--picture",
        &picture,
    ]);
    let publication: serde_json::Value =
        serde_json::from_str(&read(&trial.place.path("p.json"))).expect("JSON");
    assert!(
        publication["columns"]
            .as_array()
            .is_some_and(|columns| !columns.is_empty())
    );
    assert!(read(&trial.place.path("p.svg")).starts_with("<svg"));
}

#[test]
fn rows_carry_the_values_that_are_given() {
    let place = Place::new();
    let (data, model, out) = (place.table(), place.text("m.parable"), place.text("s.csv"));
    succeeds(&["fit", &data, "--model", &model, "--quiet"]);
    let sample = [
        "sample", &model, "--out", &out, "--quiet", "--force", "--rows", "40", "--where",
    ];
    let with = |value: &'static str| {
        let mut arguments = sample.to_vec();
        arguments.push(value);
        arguments
    };
    succeeds(&with("fsm=1"));
    let made = read(&place.path("s.csv"));
    assert_eq!(made.lines().count(), 41);
    assert!(
        made.lines()
            .skip(1)
            .all(|line| line.split(',').nth(3) == Some("1"))
    );
    fails(2, &["column `form`"], &with("form=1"));
    fails(2, &["condition `fsm+`", "age>=65"], &with("fsm+"));
    let message = fails(2, &["column `fsm`"], &with("fsm=secret"));
    assert!(!message.contains("secret"), "{message}");
}

#[test]
fn copies_are_numbered_and_the_first_is_the_single_one() {
    let place = Place::new();
    let (data, model) = (place.table(), place.text("m.parable"));
    succeeds(&["fit", &data, "--model", &model, "--quiet"]);
    let (one, many) = (place.text("one.csv"), place.text("s.csv"));
    succeeds(&["sample", &model, "--out", &one, "--quiet"]);
    succeeds(&["sample", &model, "--out", &many, "--copies", "3", "--quiet"]);
    let copy = |number: u32| read(&place.path(&format!("s-{number}.csv")));
    assert_eq!(copy(1), read(&place.path("one.csv")));
    assert!(copy(2) != copy(1) && copy(3) != copy(2));
    assert!(!place.path("s.csv").exists());
}

#[test]
fn a_column_is_explained_by_its_tree() {
    let place = Place::new();
    let (data, model) = (place.table(), place.text("m.parable"));
    succeeds(&["fit", &data, "--model", &model, "--quiet"]);
    let text = succeeds(&["inspect", &model, "--column", "post"]);
    assert!(
        text.contains("predictors by importance") && text.contains("leaves"),
        "{text}"
    );
    fails(2, &["`form`"], &["inspect", &model, "--column", "form"]);
}

#[test]
fn every_private_method_makes_a_table_from_declared_facts() {
    let trial = Trial::new();
    let few_steps = r#"marginals={"rounds":2,"round_steps":2}"#;
    let end = "marginals.final_steps=5";
    for (method, more) in [
        ("mst", &[][..]),
        ("direct", &["--require", "treatment,sen"]),
        (
            "gan",
            &["--set", few_steps, "--set", end, "--require-effects"],
        ),
        ("vae", &["--set", "steps=20", "--set", "batch=50"]),
        ("aim", &[]),
        ("private_cart", &[]),
        ("private_ipf", &[]),
        ("private_independent", &[]),
    ] {
        let out = trial.place.text(&format!("{method}.csv"));
        let mut arguments = vec!["synthesize", &trial.data, "--schema", &trial.schema];
        arguments.extend([
            "--method", method, "--rows", "300", "--out", &out, "--quiet",
        ]);
        arguments.extend(BUDGET);
        arguments.extend(more);
        succeeds(&arguments);
        let made = read(&trial.place.path(&format!("{method}.csv")));
        assert_eq!(made.lines().count(), 301, "{method}");
    }
}

#[cfg(unix)]
#[test]
fn a_training_that_was_stopped_goes_on_and_its_ledger_verifies() {
    use std::process::{Command, Stdio};
    use std::time::Duration;

    let trial = Trial::new();
    let (model, ledger) = (
        trial.place.text("m.parable"),
        trial.place.text("ledger.jsonl"),
    );
    let (kept, picture) = (trial.place.text("m.checkpoint"), trial.place.text("m.svg"));
    let marginals = r#"marginals={"rounds":2,"round_steps":2,"final_steps":4000,"components":100}"#;
    let mut arguments = vec!["fit", &trial.data, "--schema", &trial.schema];
    arguments.extend([
        "--method",
        "gan",
        "--set",
        marginals,
        "--set",
        "hidden=[32]",
    ]);
    arguments.extend([
        "--model",
        &model,
        "--checkpoint",
        &kept,
        "--ledger",
        &ledger,
    ]);
    arguments.extend(BUDGET);
    let mut first = Command::new(env!("CARGO_BIN_EXE_parable"))
        .args(&arguments)
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program starts");
    let path = trial.place.path("m.checkpoint");
    while !path.exists() {
        assert!(
            first.try_wait().expect("a process").is_none(),
            "it ended early"
        );
        std::thread::sleep(Duration::from_millis(20));
    }
    let process = first.id().to_string();
    let sent = Command::new("kill").args(["-INT", &process]).status();
    assert!(sent.expect("a signal").success());
    let output = first.wait_with_output().expect("it ends");
    let message = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(130), "{message}");
    assert!(message.contains("resumes from"), "{message}");
    assert!(path.exists() && !trial.place.path("m.parable").exists());
    // Another budget is not the one that was charged.
    let mut other = arguments.clone();
    let at = other.iter().position(|word| *word == "2").expect("epsilon");
    other[at] = "3";
    fails(2, &["the budget differs"], &other);
    succeeds(&arguments);
    assert!(!path.exists());
    let verified = succeeds(&["privacy", "verify", &ledger]);
    assert!(verified.contains("chain and budget hold"), "{verified}");
    succeeds(&["inspect", &model, "--picture", &picture]);
    let picture = read(&trial.place.path("m.svg"));
    assert!(picture.contains("epsilon charged") && picture.contains("divergence"));
    // A method without steps has nothing to go on from.
    let mut cart = vec!["fit", &trial.data, "--model", &model, "--force"];
    cart.extend(["--checkpoint", &kept]);
    fails(2, &["checkpoint", "cart"], &cart);
}
