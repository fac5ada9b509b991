//! Trials pass through the rest of the workspace: rules are checked, files are written and read
//! back.

use parable_seed::Seed;
use parable_table::csv::{ReadOptions, read_str, write};
use parable_table::{Dialect, Schema, constraints, read_typed};
use parable_trials::{Preset, Trial, TrialConfig};

fn simulate(config: &TrialConfig) -> Trial {
    Trial::simulate(config, &Seed::from_u64(9)).expect("the size is possible")
}

#[test]
fn no_row_breaks_a_rule_of_the_schema() {
    for preset in Preset::ALL {
        for config in [
            TrialConfig::new(preset),
            TrialConfig::new(preset).with_pupils(100),
        ] {
            let broken = constraints::check(&simulate(&config).table).expect("the rules are sound");
            assert!(broken.is_empty(), "{preset}: {broken:?}");
        }
    }
}

#[test]
fn a_trial_written_to_a_file_reads_back_the_same() {
    for preset in Preset::ALL {
        let table = simulate(&TrialConfig::new(preset).with_pupils(3_000)).table;
        let mut bytes = Vec::new();
        write(&table, &mut bytes, &Dialect::default()).expect("memory takes every byte");
        let text = String::from_utf8(bytes).expect("texts are UTF-8");
        let schema = serde_json::to_string(table.schema()).expect("schemas serialise");
        let schema: Schema = serde_json::from_str(&schema).expect("what was written");
        let raw = read_str(&text, &ReadOptions::default()).expect("what was written");
        let (read, issues) = read_typed(&raw, &schema).expect("what was written");
        assert!(issues.is_empty(), "{preset}: {issues:?}");
        assert!(read == table, "{preset}: a cell changed on the way");
    }
}
