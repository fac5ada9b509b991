//! `parable evaluate` as a user runs it: what is measured, which pages are written, and what a
//! release must not say.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use tempfile::TempDir;

/// A folder with a real table, two synthetic ones and the model of the first.
struct Place {
    folder: TempDir,
}

/// A value that only one person has, far beyond all others.
const EXTREME: &str = "98765";

impl Place {
    fn new() -> Self {
        let place = Self {
            folder: tempfile::tempdir().expect("a temporary folder"),
        };
        place.table("real.csv", 243, 23, true);
        place.table("made.csv", 240, 29, false);
        place.table("other.csv", 240, 31, false);
        place
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn text(&self, name: &str) -> String {
        self.path(name).to_str().expect("UTF-8").to_owned()
    }

    fn read(&self, name: &str) -> String {
        std::fs::read_to_string(self.path(name)).expect("readable")
    }

    fn json(&self, name: &str) -> serde_json::Value {
        serde_json::from_str(&self.read(name)).expect("JSON")
    }

    fn table(&self, name: &str, rows: usize, period: usize, real: bool) {
        let mut text = String::from("school_id,arm,fsm,pre,post\n");
        for row in 0..rows {
            let (school, noise) = (row / 20, (row * 7919) % period);
            let pre = if real && row == 7 {
                EXTREME.to_owned()
            } else {
                (300 + noise).to_string()
            };
            text.push_str(&format!(
                "S{school:02},{},{},{pre},{}\n",
                school % 2,
                row % 3 % 2,
                40 + school + noise / 2
            ));
        }
        std::fs::write(self.path(name), text).expect("written");
    }

    fn run(&self, arguments: &[&str]) -> Output {
        Command::new(env!("CARGO_BIN_EXE_parable"))
            .current_dir(self.folder.path())
            .arg("evaluate")
            .args(arguments)
            .arg("--quiet")
            .output()
            .expect("the program starts")
    }

    #[track_caller]
    fn succeeds(&self, arguments: &[&str]) -> String {
        let output = self.run(arguments);
        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{arguments:?} failed: {errors}");
        String::from_utf8(output.stdout).expect("UTF-8")
    }

    #[track_caller]
    fn refuses(&self, words: &[&str], arguments: &[&str]) {
        let output = self.run(arguments);
        let message = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(2), "{arguments:?}: {message}");
        for word in words {
            assert!(message.contains(word), "`{word}` is not in: {message}");
        }
        assert!(!message.contains("panicked"), "{message}");
    }
}

fn names(folder: &Path) -> Vec<String> {
    let mut names: Vec<String> = std::fs::read_dir(folder)
        .expect("a folder")
        .map(|entry| {
            entry
                .expect("an entry")
                .file_name()
                .to_string_lossy()
                .into_owned()
        })
        .collect();
    names.sort();
    names
}

#[test]
fn several_tables_stand_on_one_page_with_their_trade_off() {
    let place = Place::new();
    place.succeeds(&[
        "real.csv",
        "made.csv",
        "--also",
        "shuffled=other.csv",
        "--person-days",
        "1.5",
        "--metrics",
        "mass_mad,association_rms,nearest_gower_share_below_real_p01",
        "--out",
        "out",
    ]);
    assert_eq!(
        names(&place.path("out")),
        ["report.html", "report.json", "report.md"]
    );
    let report = place.json("out/report.json");
    assert_eq!(report["methods"][1]["name"], "shuffled");
    assert_eq!(report["person_days"], 1.5);
    let results = report["methods"][0]["results"].as_array().expect("results");
    let ids: Vec<&str> = results
        .iter()
        .filter_map(|result| result["id"].as_str())
        .collect();
    assert_eq!(
        ids,
        [
            "mass_mad",
            "association_rms",
            "association_retained",
            "nearest_gower_share_below_real_p01"
        ]
    );
    assert!(results[0]["seconds"].as_f64().is_some());
    assert!(
        report["methods"][0]["cost"]["evaluate_seconds"]
            .as_f64()
            .is_some()
    );
    if cfg!(unix) {
        assert!(
            report["methods"][0]["cost"]["evaluate_cpu_seconds"]
                .as_f64()
                .is_some()
        );
        assert!(report["methods"][0]["cost"]["evaluate_peak_bytes"].as_u64() > Some(1_000_000));
    }
    for form in ["out/report.html", "out/report.md"] {
        let text = place.read(form);
        for part in ["Trade-off", "Disclosure-control statement", "1.5 days"] {
            assert!(text.contains(part), "{part} is not in {form}");
        }
    }
}

#[test]
fn a_release_says_bands_and_nothing_else() {
    let place = Place::new();
    let said = place.succeeds(&[
        "real.csv",
        "made.csv",
        "--release",
        "--out",
        "out",
        "--json",
    ]);
    assert_eq!(
        names(&place.path("out")),
        ["release.html", "release.json", "release.md"]
    );
    let said: serde_json::Value = serde_json::from_str(&said).expect("JSON");
    assert!(said.get("scores").is_none());
    let bands = said["bands"]["made"].as_object().expect("bands");
    assert!(
        bands.values().all(serde_json::Value::is_string),
        "{bands:?}"
    );
    for form in ["out/release.html", "out/release.md", "out/release.json"] {
        let text = place.read(form);
        assert!(!text.contains(EXTREME), "{form} holds an extreme value");
        // Coordinates of drawings may have the same digits.
        let exact = text.contains("243") && !form.ends_with("html");
        assert!(!exact, "{form} holds the number of real rows");
        assert!(text.contains("about 240"), "{form}");
    }
    let release = place.json("out/release.json");
    assert_eq!(release["format"], "parable-release");
    assert!(
        release["methods"][0]["columns"][3]["cells"]
            .as_array()
            .is_some_and(|cells| cells.len() > 1)
    );
}

#[test]
fn limits_can_be_written_edited_and_used() {
    let place = Place::new();
    place.succeeds(&["--write-bands", "bands.json"]);
    place.refuses(&["exists already"], &["--write-bands", "bands.json"]);
    let edited = place
        .read("bands.json")
        .replacen("0.01", "0.9", 1)
        .replacen("0.05", "0.95", 1)
        .replacen("0.1", "0.99", 1);
    std::fs::write(place.path("lax.json"), &edited).expect("written");
    let arguments = [
        "real.csv",
        "made.csv",
        "--metrics",
        "mass_mad",
        "--bands",
        "lax.json",
        "--out",
        "lax",
    ];
    place.succeeds(&arguments);
    assert_eq!(
        place.json("lax/report.json")["methods"][0]["results"][0]["band"],
        "A"
    );
    std::fs::write(
        place.path("wrong.json"),
        edited.replacen("0.9,", "0.97,", 1),
    )
    .expect("written");
    place.refuses(
        &["wrong.json", "not in order", "mass_mad"],
        &[
            "real.csv",
            "made.csv",
            "--bands",
            "wrong.json",
            "--out",
            "out",
        ],
    );
    assert!(!place.path("out").exists());
}

#[test]
fn a_model_file_fills_the_model_card() {
    let place = Place::new();
    let output = Command::new(env!("CARGO_BIN_EXE_parable"))
        .args([
            "fit",
            &place.text("real.csv"),
            "--quiet",
            "--model",
            &place.text("model.parable"),
        ])
        .args(["--set", "min_leaf_rows=9"])
        .output()
        .expect("the program starts");
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    place.succeeds(&[
        "real.csv",
        "made.csv",
        "--metrics",
        "mass_mad",
        "--model",
        "model.parable",
        "--out",
        "out",
    ]);
    let page = place.read("out/report.md");
    for part in ["Model card", "cart", "min\\_leaf\\_rows", "Seed of the fit"] {
        assert!(
            page.replace("min_leaf_rows", "min\\_leaf\\_rows")
                .contains(part),
            "{part}"
        );
    }
    place.refuses(
        &["cannot be used with"],
        &[
            "real.csv",
            "made.csv",
            "--model",
            "model.parable",
            "--made-from",
            "joint",
            "--out",
            "x",
        ],
    );
}

#[test]
fn what_cannot_be_done_is_said_before_anything_is_written() {
    let place = Place::new();
    let pair = ["real.csv", "made.csv", "--out", "out"];
    let with = |more: &[&'static str]| [&pair[..], more].concat();
    place.refuses(
        &["mass", "did you mean", "mass_mad"],
        &with(&["--metrics", "mass"]),
    );
    place.refuses(&["--also", "NAME=FILE"], &with(&["--also", "other.csv"]));
    place.refuses(
        &["is used twice"],
        &with(&["--also", "a=other.csv", "--also", "a=other.csv"]),
    );
    place.refuses(&["nobody"], &with(&["--keys", "nobody"]));
    place.refuses(&["formula"], &with(&["--formula", "post ~"]));
    place.refuses(&["required"], &["real.csv"]);
    assert!(!place.path("out").exists());
}

#[test]
fn the_rows_to_review_are_written_for_the_owner_and_never_beside_a_release() {
    let place = Place::new();
    let measured = [
        "real.csv",
        "real.csv",
        "--metrics",
        "mass_mad",
        "--review",
        "review.csv",
    ];
    place.succeeds(&[&measured[..], &["--out", "out"]].concat());
    let review = place.read("review.csv");
    assert!(review.starts_with("do_not_release,"), "{review}");
    assert!(review.lines().count() > 240, "a copy has every row in it");
    place.refuses(
        &["cannot be used with"],
        &[&measured[..], &["--release", "--out", "x"]].concat(),
    );
}

#[test]
fn every_metric_is_named_with_a_sentence() {
    let place = Place::new();
    let listed = place.succeeds(&["--list-metrics", "--json"]);
    let listed: serde_json::Value = serde_json::from_str(&listed).expect("JSON");
    let metrics = listed["metrics"].as_array().expect("a list");
    assert!(metrics.len() > 30);
    assert!(metrics.iter().all(|metric| {
        metric["explanation"]
            .as_str()
            .is_some_and(|text| text.len() > 10)
    }));
}
