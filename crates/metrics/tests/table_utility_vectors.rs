//! Contingency tables against the R package `synthpop`, where the shared vectors are there.

mod reading;

use std::path::{Path, PathBuf};

use parable_metrics::{Metric, Pair, TableComparison, TableUtility};
use parable_seed::Seed;
use reading::{json, table};

fn folder() -> Option<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/vectors/synthpop");
    if !folder.exists() {
        eprintln!("SKIPPED: {} is not there", folder.display());
        return None;
    }
    Some(folder)
}

/// The package prints 15 significant digits; sums whose terms cancel keep 1e-12 absolute.
#[track_caller]
fn close(what: &str, actual: f64, expected: &serde_json::Value) {
    let expected = expected
        .as_f64()
        .unwrap_or_else(|| panic!("{what}: {expected}"));
    let tolerance = 1e-11 * expected.abs() + 1e-12;
    assert!(
        (actual - expected).abs() <= tolerance,
        "{what}: {actual}, expected {expected}"
    );
}

#[test]
fn every_table_agrees_with_synthpop() {
    let Some(folder) = folder() else { return };
    for (data, made) in [
        ("star1", "cart"),
        ("star1", "indep"),
        ("adult", "cart"),
        ("adult", "indep"),
    ] {
        let kinds = json(&folder.join(format!("{data}-kinds.json")));
        let numeric: Vec<&str> = kinds
            .as_object()
            .unwrap()
            .iter()
            .filter(|(_, kind)| *kind == "num")
            .map(|(name, _)| name.as_str())
            .collect();
        let real = table(&folder.join(format!("{data}-real.csv")), &numeric, &[]);
        let synthetic = table(
            &folder.join(format!("{data}-syn-{made}.csv")),
            &numeric,
            &[],
        );
        let expected = json(&folder.join(format!("{data}-{made}-expected.json")));
        let pair = Pair::new(&real, &synthetic).unwrap();
        let tables = expected["tables"].as_object().unwrap();
        for (name, values) in tables {
            let columns: Vec<&str> = name.split(" x ").collect();
            let found: TableComparison = TableUtility::pairs().compare(&pair, &columns).unwrap();
            let what = |measure: &str| format!("{data} {made}, {measure} of {name}");
            for (measure, actual) in [
                ("df", found.df as f64),
                ("dfG", found.df_g as f64),
                ("VW", found.vw),
                ("FT", found.ft),
                ("JSD", found.jsd),
                ("SPECKS", found.specks),
                ("WMabsDD", found.wmabs_dd),
                ("U", found.u),
                ("G", found.g),
                ("pMSE", found.pmse),
                ("PO50", found.po50),
                ("MabsDD", found.mabs_dd),
                ("dBhatt", found.d_bhatt),
                ("S_VW", found.s_pmse().unwrap()),
                ("S_FT", found.s_ft().unwrap()),
                ("S_JSD", found.s_jsd().unwrap()),
                ("S_WMabsDD", found.s_wmabs_dd().unwrap()),
                ("S_G", found.s_g().unwrap()),
                ("S_pMSE", found.s_pmse().unwrap()),
            ] {
                close(&what(measure), actual, &values[measure]);
            }
        }
        let score = TableUtility::pairs()
            .score(&pair, &Seed::from_u64(1))
            .unwrap();
        for part in &score.parts {
            let values = &tables[&part.columns.join(" x ")];
            close(
                "a part of the score",
                part.value.unwrap(),
                &values["S_pMSE"],
            );
        }
    }
}
