//! Standard input and output in place of files, closed pipes, and inputs that are never replaced.

mod common;

use std::fs::File;
use std::process::{Command, Output, Stdio};

use common::{Place, fails, read, succeeds};

/// Runs with this file as standard input.
fn piped(input: &str, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_parable"))
        .args(arguments)
        .stdin(File::open(input).expect("readable"))
        .output()
        .expect("the program starts")
}

/// Runs with a standard output whose reader has gone, and returns the messages.
#[track_caller]
fn into_closed_pipe(arguments: &[&str]) -> String {
    let mut child = Command::new(env!("CARGO_BIN_EXE_parable"))
        .args(arguments)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program starts");
    drop(child.stdout.take());
    let output = child.wait_with_output().expect("the program ends");
    let messages = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(0), "{messages}");
    assert!(!messages.contains("panicked"), "{messages}");
    messages
}

#[test]
fn a_pipe_carries_the_bytes_that_files_would_hold() {
    let place = Place::new();
    let (data, out) = (place.table(), place.text("out.csv"));
    succeeds(&["synthesize", &data, "--seed", "5", "--out", &out, "--quiet"]);
    let output = piped(&data, &["synthesize", "-", "--seed", "5", "--out", "-"]);
    let messages = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{messages}");
    assert_eq!(
        String::from_utf8_lossy(&output.stdout),
        read(&place.path("out.csv"))
    );
    assert!(messages.contains("240 synthetic rows"), "{messages}");
    assert_eq!(place.names(), ["out.csv", "trial.csv"]);
}

#[test]
fn schemas_models_and_samples_go_through_pipes() {
    let place = Place::new();
    let (data, model) = (place.table(), place.text("model.parable"));
    let output = piped(&data, &["schema", "-", "--out", "-", "--quiet"]);
    assert!(output.stdout.starts_with(b"{"));
    let schema = place.write("schema.json", &output.stdout);
    let arguments = [
        "fit", "-", "--schema", &schema, "--model", &model, "--quiet",
    ];
    assert!(piped(&data, &arguments).status.success());
    let table = succeeds(&["sample", &model, "--rows", "9", "--out", "-", "--quiet"]);
    assert_eq!(table.lines().count(), 10);
}

#[test]
fn a_closed_pipe_ends_quietly() {
    let place = Place::new();
    let data = place.table();
    let rows = ["--rows", "20000", "--out", "-", "--quiet"];
    let arguments = [&["synthesize", data.as_str()], &rows[..]].concat();
    assert_eq!(into_closed_pipe(&arguments), "");
    assert_eq!(into_closed_pipe(&["methods"]), "");
    assert_eq!(into_closed_pipe(&["methods", "--json"]), "");
}

#[test]
fn standard_output_holds_one_thing() {
    let place = Place::new();
    let (data, out) = (place.table(), place.text("out.csv"));
    fails(
        2,
        &["--json"],
        &["synthesize", &data, "--out", "-", "--json"],
    );
    let twice = ["schema", &data, "--out", "-", "--codebook", "-"];
    fails(2, &["standard output"], &twice);
    succeeds(&["fit", &data, "--model", &out, "--quiet"]);
    let copies = ["sample", &out, "--copies", "2", "--out", "-"];
    fails(2, &["--copies"], &copies);
    let report = place.text("report");
    let twice = ["evaluate", "-", "-", "--out", &report];
    fails(2, &["standard input"], &twice);
}

#[test]
fn an_input_is_never_replaced() {
    let place = Place::new();
    let data = place.table();
    let before = read(&place.path("trial.csv"));
    let folder = place.text(".");
    let mut outs = vec![data.clone(), format!("{folder}/./trial.csv")];
    #[cfg(unix)]
    {
        std::os::unix::fs::symlink(&data, place.path("link.csv")).expect("a link");
        outs.push(place.text("link.csv"));
    }
    for out in &outs {
        for command in ["synthesize", "schema"] {
            let arguments = [command, &data, "--out", out, "--force"];
            fails(2, &["trial.csv", "is the input"], &arguments);
        }
        fails(
            2,
            &["is the input"],
            &["fit", &data, "--model", out, "--force"],
        );
    }
    assert_eq!(read(&place.path("trial.csv")), before);
}

#[test]
fn what_is_no_table_is_named() {
    let place = Place::new();
    let (folder, out) = (place.text("folder"), place.text("out.csv"));
    std::fs::create_dir(&folder).expect("a folder");
    fails(2, &["folder"], &["synthesize", &folder, "--out", &out]);
    let empty = place.write("empty.csv", "");
    let output = piped(&empty, &["synthesize", "-", "--out", &out]);
    let message = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(2), "{message}");
    assert!(
        message.contains("standard input: the file is empty"),
        "{message}"
    );
    assert!(!place.path("out.csv").exists());
}
