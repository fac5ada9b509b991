//! The program as a user runs it: what it writes, what it says, how it fails, and that nothing
//! half-written is left.

mod common;

use std::path::Path;
use std::process::Command;

use common::{Place, fails, read, succeeds};

#[test]
fn synthesize_keeps_columns_order_and_spelling() {
    let place = Place::new();
    let (data, out) = (place.table(), place.text("synthetic.csv"));
    succeeds(&[
        "synthesize",
        &data,
        "--rows",
        "300",
        "--seed",
        "5",
        "--out",
        &out,
        "--quiet",
    ]);
    let text = read(&place.path("synthetic.csv"));
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(lines[0], "pupil_id,school_id,arm,fsm,pre,post");
    assert_eq!(lines.len(), 301);
    let mut ids: Vec<&str> = lines[1..]
        .iter()
        .map(|line| line.split(',').next().expect("a field"))
        .collect();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), 300, "ids are unique");
    assert!(
        lines[1..].iter().all(|line| line
            .split(',')
            .nth(4)
            .is_some_and(|pre| pre.ends_with(".5"))),
        "the grid is kept"
    );
    assert!(text.contains(",\n"), "missing values are synthetic too");
}

#[test]
fn the_same_seed_gives_the_same_bytes_on_any_number_of_threads() {
    let place = Place::new();
    let data = place.table();
    for (threads, name) in [("1", "one.csv"), ("4", "four.csv")] {
        let output = Command::new(env!("CARGO_BIN_EXE_parable"))
            .env("RAYON_NUM_THREADS", threads)
            .args([
                "synthesize",
                &data,
                "--seed",
                "5",
                "--out",
                &place.text(name),
                "--quiet",
            ])
            .output()
            .expect("the program starts");
        assert!(output.status.success());
    }
    assert_eq!(read(&place.path("one.csv")), read(&place.path("four.csv")));
}

#[test]
fn schema_clean_fit_inspect_sample_and_evaluate_work_one_after_the_other() {
    let place = Place::new();
    let data = place.table();
    let (schema, model, out) = (
        place.text("schema.json"),
        place.text("model.parable"),
        place.text("made.csv"),
    );
    let shown = succeeds(&[
        "schema",
        &data,
        "--out",
        &schema,
        "--codebook",
        &place.text("codebook.md"),
    ]);
    assert!(shown.contains("cluster_id"), "{shown}");
    let cleaned = succeeds(&[
        "clean",
        &data,
        "--schema",
        &schema,
        "--out",
        &place.text("cleaned"),
    ]);
    assert!(cleaned.contains("pupil_id"), "{cleaned}");
    succeeds(&[
        "fit",
        &data,
        "--schema",
        &schema,
        "--set",
        "min_leaf_rows=8",
        "--model",
        &model,
    ]);
    let inspected = succeeds(&["inspect", &model]);
    assert!(
        inspected.contains("no formal guarantee") && inspected.contains("\"min_leaf_rows\":8"),
        "{inspected}"
    );
    let record: serde_json::Value =
        serde_json::from_str(&succeeds(&["inspect", &model, "--json"])).expect("JSON");
    assert_eq!(record["rows"], 240);
    succeeds(&[
        "sample", &model, "--rows", "100", "--seed", "2", "--out", &out,
    ]);
    assert_eq!(read(&place.path("made.csv")).lines().count(), 101);
    let said = succeeds(&[
        "evaluate",
        &data,
        &out,
        "--schema",
        &schema,
        "--out",
        &place.text("report"),
        "--json",
    ]);
    let said: serde_json::Value = serde_json::from_str(&said).expect("JSON");
    assert!(
        said["scores"]
            .as_object()
            .is_some_and(|scores| !scores.is_empty()),
        "{said}"
    );
    let page = read(&place.path("report").join("report.html"));
    assert!(page.contains("<svg") && !page.contains("<script"));
    serde_json::from_str::<serde_json::Value>(&read(&place.path("report").join("report.json")))
        .expect("JSON");
}

#[test]
fn simulate_writes_table_schema_and_truth_that_fit_together() {
    let place = Place::new();
    succeeds(&[
        "simulate",
        "--preset",
        "a",
        "--seed",
        "7",
        "--out",
        &place.text("trial"),
    ]);
    let folder = place.path("trial");
    assert_eq!(read(&folder.join("trial.csv")).lines().count(), 1_201);
    let truth: serde_json::Value =
        serde_json::from_str(&read(&folder.join("truth.json"))).expect("JSON");
    assert_eq!(truth["pupils"], 1_200);
    let (data, schema) = (folder.join("trial.csv"), folder.join("schema.json"));
    let (data, schema) = (
        data.to_str().expect("UTF-8"),
        schema.to_str().expect("UTF-8"),
    );
    succeeds(&[
        "clean",
        data,
        "--schema",
        schema,
        "--out",
        &place.text("cleaned"),
        "--quiet",
    ]);
}

#[test]
fn an_existing_file_is_replaced_only_when_asked_and_before_any_work() {
    let place = Place::new();
    let data = place.table();
    let out = place.write("synthetic.csv", "precious");
    fails(
        2,
        &["exists already", "--force"],
        &["synthesize", &data, "--out", &out],
    );
    assert_eq!(read(&place.path("synthetic.csv")), "precious");
    succeeds(&["synthesize", &data, "--out", &out, "--force", "--quiet"]);
    assert!(read(&place.path("synthetic.csv")).starts_with("pupil_id"));
}

#[test]
fn bad_tables_are_named_by_file_column_row_and_rule() {
    let place = Place::new();
    let out = place.text("out.csv");
    let cases: [(&str, &[u8], &[&str]); 5] = [
        ("empty.csv", b"", &["empty.csv"]),
        ("ragged.csv", b"a,b\n1,2\n3\n", &["ragged.csv", "2"]),
        ("nameless.csv", b",\n1,2\n", &["nameless.csv", "header"]),
        (
            "packed.csv",
            b"\x28\xb5\x2f\xfd12",
            &["packed.csv", "zstd -d"],
        ),
        ("header.csv", b"a,b\n", &["row"]),
    ];
    for (name, bytes, words) in cases {
        let data = place.write(name, bytes);
        fails(
            2,
            words,
            &["synthesize", &data, "--rows", "5", "--out", &out],
        );
    }
    fails(
        2,
        &["absent.csv"],
        &["synthesize", &place.text("absent.csv"), "--out", &out],
    );
    assert!(!place.path("out.csv").exists());
}

#[test]
fn cells_that_break_a_declared_fact_are_named_and_not_quoted() {
    let place = Place::new();
    let schema = |kind: &str| {
        place.write(
            "schema.json",
            format!(r#"{{"format":"parable-schema","version":1,"columns":[{{"name":"x","kind":{kind}}}]}}"#),
        )
    };
    let cases = [
        (
            r#"{"type":"date","format":"%Y-%m-%d"}"#,
            "x\n2021-02-03\n2021-02-30\n",
            "2021-02-30",
        ),
        (r#"{"type":"integer"}"#, "x\n1\n\"1,234\"\n", "1,234"),
        (r#"{"type":"continuous"}"#, "x\n1.5\n\"2,75\"\n", "2,75"),
        (
            r#"{"type":"nominal","levels":{"value":["a","b"],"provenance":"declared"}}"#,
            "x\na\nsecret\n",
            "secret",
        ),
    ];
    for (kind, text, secret) in cases {
        let (schema, data) = (schema(kind), place.write("data.csv", text));
        let arguments = [
            "synthesize",
            &data,
            "--schema",
            &schema,
            "--out",
            &place.text("out.csv"),
        ];
        let message = fails(2, &["data.csv", "`x`", "row 2"], &arguments);
        assert!(
            !message.contains(secret),
            "the message quotes a cell: {message}"
        );
    }
}

#[test]
fn schemas_that_are_none_are_refused() {
    let place = Place::new();
    let (data, out) = (place.table(), place.text("out.csv"));
    let other = r#"{"format":"parable-schema","version":1,"columns":[{"name":"other","kind":{"type":"integer"}}]}"#;
    for (text, word) in [
        ("", "schema.json"),
        ("{", "line 1"),
        ("[]", "schema.json"),
        (other, "`pupil_id`"),
    ] {
        let schema = place.write("schema.json", text);
        fails(
            2,
            &[word],
            &["synthesize", &data, "--schema", &schema, "--out", &out],
        );
    }
}

#[test]
fn methods_and_settings_that_do_not_exist_are_named() {
    let place = Place::new();
    let (data, out) = (place.table(), place.text("out.csv"));
    let run = |extra: &[&str], words: &[&str]| {
        let mut arguments = vec!["synthesize", data.as_str(), "--out", out.as_str()];
        arguments.extend(extra);
        fails(2, words, &arguments);
    };
    run(&["--method", "magic"], &["`magic`", "cart"]);
    run(&["--set", "min_leaf_row=3"], &["min_leaf_row"]);
    run(&["--set", "min_leaf_rows"], &["KEY=VALUE"]);
    run(
        &["--method", "gan", "--set", "marginals.round=3"],
        &["`round`"],
    );
    run(
        &["--set", "pruning=1", "--set", "pruning.deep=2"],
        &["--set pruning.deep", "a value of its own"],
    );
    run(
        &["--method", "independent", "--set", "a=1"],
        &["no settings"],
    );
    run(&["--config", "absent.json"], &["absent.json"]);
    run(&["--seed", "soon"], &["seed"]);
}

#[test]
fn damaged_and_foreign_model_files_are_refused() {
    let place = Place::new();
    let (data, model, out) = (
        place.table(),
        place.text("model.parable"),
        place.text("out.csv"),
    );
    succeeds(&["fit", &data, "--model", &model, "--quiet"]);
    let bytes = std::fs::read(&model).expect("readable");
    let cut = place.write("cut.parable", &bytes[..bytes.len() - 10]);
    fails(
        2,
        &["cut.parable", "cut short"],
        &["sample", &cut, "--out", &out],
    );
    fails(
        2,
        &["not a parable model"],
        &["sample", &data, "--out", &out],
    );
    fails(2, &["not a parable model"], &["inspect", &data]);
    assert!(!place.path("out.csv").exists());
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_is_an_error_of_the_environment_and_leaves_nothing() {
    let place = Place::new();
    let data = place.table();
    let output = Command::new("sh")
        .arg("-c")
        // A file may not grow beyond 2 blocks of 512 bytes: what a full disk looks like to the
        // writer.
        .arg("trap '' XFSZ; ulimit -f 2; exec \"$0\" synthesize \"$1\" --rows 5000 --out \"$2\" --quiet")
        .args([env!("CARGO_BIN_EXE_parable"), &data, &place.text("out.csv")])
        .output()
        .expect("a shell");
    let message = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{message}");
    assert!(message.contains("out.csv"), "{message}");
    assert_eq!(
        place.names(),
        ["trial.csv"],
        "something half-written is left"
    );
}

#[test]
fn poor_tables_go_through() {
    let place = Place::new();
    let wide: String = (0..300)
        .map(|column| format!("c{column}"))
        .collect::<Vec<_>>()
        .join(",");
    let row = vec!["1"; 300].join(",");
    let cases = [
        ("one_row.csv", "a,b\n1,x\n".to_owned()),
        ("one_column.csv", format!("a\n{}", "1\n2\n3\n".repeat(20))),
        ("all_missing.csv", format!("a,b\n{}", ",1\n,2\n".repeat(20))),
        ("all_constant.csv", format!("a,b\n{}", "1,x\n".repeat(20))),
        (
            "duplicates.csv",
            format!("a,b,c\n{}", "1,x,2.5\n".repeat(50)),
        ),
        (
            "infinite.csv",
            format!("a,b\n{}", "1,inf\n2,3.5\n4,-2.5\n".repeat(20)),
        ),
        ("wide.csv", format!("{wide}\n{row}\n{row}\n")),
    ];
    for (name, text) in cases {
        let (data, out) = (
            place.write(name, &text),
            place.text(&format!("made_{name}")),
        );
        succeeds(&[
            "synthesize",
            &data,
            "--rows",
            "12",
            "--out",
            &out,
            "--quiet",
        ]);
        let made = read(Path::new(&out));
        assert_eq!(made.lines().count(), 13, "{name}");
        assert_eq!(made.lines().next(), text.lines().next(), "{name}");
    }
}

#[test]
fn help_teaches() {
    let help = succeeds(&["--help"]);
    for word in ["demo", "synthesize", "Exit codes", "parable evaluate"] {
        assert!(help.contains(word), "{word}");
    }
}

#[test]
fn privacy_questions_are_answered_and_checked() {
    let typical = [
        "privacy",
        "epsilon",
        "--mechanism",
        "poisson-gaussian",
        "--noise-multiplier",
        "1.1",
        "--sampling-rate",
        "0.01",
        "--steps",
        "10000",
        "--delta",
        "1e-5",
        "--json",
    ];
    let answer: serde_json::Value = serde_json::from_str(&succeeds(&typical)).expect("JSON");
    let upper = answer["best"]["upper"].as_f64().expect("a number");
    assert!((upper - 5.192_583_446).abs() < 1e-6, "{answer}");
    assert_eq!(answer["best"]["certified"], true);
    assert!(answer["bounds"].as_array().expect("a list").len() >= 3);

    let place = Place::new();
    let tree = place.write(
        "tree.json",
        r#"{"kind":"composed","events":[{"kind":"gaussian","noise_multiplier":4.0},{"kind":"pure_dp","epsilon":0.1}]}"#,
    );
    let asked = [
        "privacy", "epsilon", "--ledger", &tree, "--delta", "1e-6", "--json",
    ];
    let answer: serde_json::Value = serde_json::from_str(&succeeds(&asked)).expect("JSON");
    assert!(answer["best"]["upper"].as_f64().expect("a number") > 1.0);

    let noise = succeeds(&[
        "privacy",
        "calibrate",
        "--mechanism",
        "gaussian",
        "--epsilon",
        "1",
        "--delta",
        "1e-5",
    ]);
    assert!(noise.starts_with("noise multiplier = 3.73"), "{noise}");
    let audit = [
        "privacy",
        "audit",
        "--canaries",
        "100",
        "--guesses",
        "100",
        "--correct",
        "95",
        "--claim",
        "0.1",
    ];
    fails(2, &["the implementation is broken"], &audit);
}

/// People whose sector and its name in words say nearly all about their income: all of sector 1
/// earn little.
fn people() -> String {
    let mut text = String::from("sector,sector_name,region,income\n");
    for row in 0..400u32 {
        let sector = row % 4;
        let income = if sector == 1 || row % 3 == 0 {
            "low"
        } else {
            "high"
        };
        let name = ["farm", "school", "mill", "bank"][sector as usize];
        text.push_str(&format!("{sector},{name},{},{income}\n", row * 7 % 5));
    }
    text
}

/// Sectors of at least 20 rows by whose name the income is one and the same.
fn sectors_that_agree(text: &str) -> usize {
    let mut incomes = std::collections::BTreeMap::<&str, Vec<&str>>::new();
    for line in text.lines().skip(1) {
        let fields: Vec<&str> = line.split(',').collect();
        incomes.entry(fields[1]).or_default().push(fields[3]);
    }
    let agree = |of: &&Vec<&str>| of.len() >= 20 && of.iter().all(|income| *income == of[0]);
    incomes.values().filter(agree).count()
}

#[test]
fn groups_that_agree_are_broken_on_request() {
    let place = Place::new();
    let data = place.write("people.csv", people());
    let (model, plain, diverse) = (
        place.text("m.parable"),
        place.text("plain.csv"),
        place.text("diverse.csv"),
    );
    succeeds(&["fit", &data, "--model", &model, "--quiet"]);
    succeeds(&["sample", &model, "--out", &plain, "--quiet"]);
    // The name follows from the sector, so that the model does not make it: a key all the same.
    let rule = "income=sector_name";
    let asked = ["sample", &model, "--out", &diverse, "--diverse", rule];
    let output = common::parable(&asked);
    assert!(output.status.success());
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(said.contains("income: 1 broken"), "{said}");
    assert_eq!(sectors_that_agree(&read(&place.path("plain.csv"))), 1);
    assert_eq!(sectors_that_agree(&read(&place.path("diverse.csv"))), 0);
    for bad in ["income", "wage=sector", "income=sectr", "income=income"] {
        let out = place.text("bad.csv");
        fails(
            2,
            &["diverse"],
            &["sample", &model, "--out", &out, "--diverse", bad],
        );
    }
}
