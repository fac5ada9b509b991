//! `parable simulate`: a school trial with known truth.

use parable::table::schema_file;
use parable::trials::{Preset, Trial, TrialConfig};

use crate::args::{PresetName, Simulate};
use crate::failure::Failure;
use crate::output::{Outputs, in_folder};
use crate::session::Session;

pub(super) fn preset(name: PresetName) -> Preset {
    match name {
        PresetName::A => Preset::A,
        PresetName::B => Preset::B,
        PresetName::C => Preset::C,
    }
}

pub(crate) fn run(options: &Simulate, session: &Session) -> Result<(), Failure> {
    let [data, schema, truth] =
        in_folder(&options.out.out, ["trial.csv", "schema.json", "truth.json"]);
    let outputs = Outputs::claim([&*data, &*schema, &*truth], options.out.force)?;
    let trial = {
        let _work = session.work("simulating");
        let config = TrialConfig::new(preset(options.preset)).with_null_effects(options.null);
        Trial::simulate(&config, &options.seed)
            .map_err(|error| Failure::input(crate::failure::chain(&error)))?
    };
    Outputs::folder(&options.out.out)?;
    outputs.table(&data, &trial.table, parable::table::Dialect::default())?;
    outputs.text(&schema, &schema_file::to_json(trial.table.schema()))?;
    outputs.text(&truth, &pretty(&trial.truth)?)?;
    let (rows, columns) = (trial.table.rows(), trial.table.schema().len());
    session.say(
        &serde_json::json!({ "rows": rows, "columns": columns, "data": data, "schema": schema, "truth": truth }),
        &format!(
            "{rows} pupils x {columns} columns in {}",
            options.out.out.display()
        ),
    );
    Ok(())
}

/// Formats a value as indented JSON with a final line break.
pub(super) fn pretty(value: &impl serde::Serialize) -> Result<String, Failure> {
    let mut text = serde_json::to_string_pretty(value).map_err(Failure::environment)?;
    text.push('\n');
    Ok(text)
}
