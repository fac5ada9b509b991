//! `parable clean`: the cleaned table and the recipe that undoes it.

use parable::table::schema_file;
use parable::{CleanOptions, Cleaned};

use super::simulate::pretty;
use crate::args::Clean;
use crate::failure::Failure;
use crate::output::{Outputs, in_folder};
use crate::session::Session;

pub(crate) fn run(options: &Clean, session: &Session) -> Result<(), Failure> {
    let names = ["cleaned.csv", "schema.json", "recipe.json", "cleaning.md"];
    let [data, schema, recipe, log] = in_folder(&options.out.out, names);
    let written = [&*data, &*schema, &*recipe, &*log];
    let outputs = session.claim(options.input.files(), written, options.out.force)?;
    let source = session.source(&options.input.data, options.input.schema.as_deref())?;
    let cleaned = {
        let _work = session.work("cleaning");
        Cleaned::of(
            source.table(),
            CleanOptions {
                impute: options.impute,
            },
        )?
    };
    Outputs::folder(&options.out.out)?;
    outputs.table(&data, cleaned.table(), source.dialect())?;
    outputs.text(&schema, &schema_file::to_json(cleaned.table().schema()))?;
    outputs.text(&recipe, &pretty(cleaned.recipe())?)?;
    outputs.text(&log, &cleaned.to_markdown())?;
    let (steps, issues) = (cleaned.steps(), cleaned.issues());
    let mut text = format!(
        "{} columns in, {} out: {}\n",
        source.table().schema().len(),
        cleaned.table().schema().len(),
        options.out.out.display()
    );
    steps
        .iter()
        .for_each(|step| text.push_str(&format!("  done: {step}\n")));
    issues
        .iter()
        .for_each(|issue| text.push_str(&format!("  seen: {issue}\n")));
    session.say(
        &serde_json::json!({ "data": data, "schema": schema, "recipe": recipe, "steps": steps, "issues": issues }),
        text.trim_end(),
    );
    Ok(())
}
