//! `parable inspect`: how a model was fitted and what it learnt.

use super::sample::open;
use crate::args::Inspect;
use crate::failure::Failure;
use crate::output::Outputs;
use crate::session::Session;

pub(crate) fn run(options: &Inspect, session: &Session) -> Result<(), Failure> {
    let written = options.picture.iter().chain(&options.publication);
    let outputs = Outputs::claim(written.map(|path| &**path), options.force)?;
    let fitted = open(&options.model, session)?;
    let method = &fitted.record().method;
    if let Some(path) = &options.picture {
        let picture = fitted.picture(options.column.as_deref()).ok_or_else(|| {
            Failure::input(format!("a model of method `{method}` has no such picture"))
        })?;
        outputs.text(path, &picture)?;
    }
    if let Some(path) = &options.publication {
        let publication = fitted.publication().ok_or_else(|| {
            Failure::input(format!(
                "a model of method `{method}` released no noisy tables"
            ))
        })?;
        let text = serde_json::to_string(publication).map_err(Failure::environment)?;
        outputs.text(path, &text)?;
    }
    if let Some(column) = &options.column {
        let text = fitted.explain(column).ok_or_else(|| {
            Failure::input(format!(
                "the model does not draw a column `{column}` by itself"
            ))
        })?;
        session.say(
            &serde_json::json!({ "column": column, "text": text }),
            text.trim_end(),
        );
    } else if session.json {
        let record = serde_json::to_string(fitted.record()).map_err(Failure::environment)?;
        crate::failure::print(&format!("{record}\n"));
    } else {
        crate::failure::print(&fitted.to_markdown());
    }
    Ok(())
}
