//! Model files, ledgers and settings of released versions stay readable.
//!
//! `tests/golden/METHOD-vN.parable` was written by the version whose model files have version `N`,
//! from `trial.csv` and `trial.schema.json`; `METHOD-vN.csv` is its sample of 60 rows with seed 5.
//! A new version of the file adds files here and replaces none.

mod common;

use std::path::{Path, PathBuf};

use common::{Place, fails, read, succeeds};

/// Every method, each as the model file of version 1 it must read.
const MODELS: [&str; 13] = [
    "aim",
    "cart",
    "cart_options",
    "gan",
    "gan_discriminator",
    "independent",
    "ipf",
    "mst",
    "private_cart",
    "private_independent",
    "private_ipf",
    "swift",
    "vae",
];

fn golden(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/golden")
        .join(name)
}

fn text(path: &Path) -> String {
    path.to_str().expect("UTF-8").to_owned()
}

#[test]
fn model_files_of_version_one_give_the_tables_they_gave() {
    let place = Place::new();
    for name in MODELS {
        let out = place.text(&format!("{name}.csv"));
        let model = text(&golden(&format!("{name}-v1.parable")));
        succeeds(&[
            "sample", &model, "--rows", "60", "--seed", "5", "--out", &out, "--quiet",
        ]);
        assert_eq!(
            read(&place.path(&format!("{name}.csv"))),
            read(&golden(&format!("{name}-v1.csv"))),
            "{name}: the sample of a stored model changed"
        );
    }
}

#[test]
fn every_golden_model_is_listed_and_inspected() {
    let folder = std::fs::read_dir(golden("")).expect("golden files");
    for entry in folder {
        let file = entry.expect("an entry").file_name();
        let file = file.to_str().expect("UTF-8");
        if let Some(name) = file.strip_suffix("-v1.parable") {
            assert!(MODELS.contains(&name), "{name} is read by no test");
            let page = succeeds(&["inspect", &text(&golden(file))]);
            assert!(!page.is_empty(), "{name}: nothing to see");
        }
    }
}

#[test]
fn a_ledger_of_version_one_verifies_and_a_changed_one_does_not() {
    let ledger = golden("ledger-v1.jsonl");
    succeeds(&["privacy", "verify", &text(&ledger)]);
    let place = Place::new();
    let changed = read(&ledger).replacen("6.165", "7.165", 1);
    let changed = place.write("changed.jsonl", changed);
    fails(2, &["changed.jsonl"], &["privacy", "verify", &changed]);
}

#[test]
fn settings_of_version_one_are_still_understood() {
    let place = Place::new();
    let data = text(&golden("trial.csv"));
    let schema = text(&golden("trial.schema.json"));
    let cases: [(&str, &str, &str); 3] = [
        (
            "cart",
            "",
            r#"{"min_leaf_rows": 5, "trees": 2, "shrinkage": 2.0, "visit_order": "schema",
                "rules": [{"column": "sen", "when": "birth_month < 2", "value": "None"}],
                "pruning": {"deviance": 2.0}, "draws": "independent"}"#,
        ),
        (
            "gan",
            "8",
            r#"{"teacher": "both", "latent": 6, "hidden": [16],
                "marginals": {"rounds": 1, "round_steps": 2, "final_steps": 4, "rate": 0.01},
                "discriminator": {"hidden": [8], "steps": 6, "reveal": 0.5, "batch": 50,
                    "clip": 1.0, "rate": 0.001, "generator_rate": 0.003}}"#,
        ),
        (
            "vae",
            "8",
            r#"{"latent": 4, "hidden": [8], "steps": 5, "batch": 40, "clip": 0.5, "rate": 0.01}"#,
        ),
    ];
    for (method, epsilon, settings) in cases {
        let config = place.write(&format!("{method}.json"), settings);
        let model = place.text(&format!("{method}.parable"));
        let mut arguments = vec![
            "fit", &data, "--schema", &schema, "--method", method, "--config", &config, "--model",
            &model, "--quiet",
        ];
        if !epsilon.is_empty() {
            arguments.extend(["--epsilon", epsilon, "--delta", "1e-6"]);
        }
        succeeds(&arguments);
    }
}
