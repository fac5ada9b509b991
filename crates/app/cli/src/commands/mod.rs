//! One file per command.

pub(crate) mod clean;
pub(crate) mod demo;
pub(crate) mod evaluate;
pub(crate) mod fit;
pub(crate) mod inspect;
pub(crate) mod methods;
pub(crate) mod privacy;
mod private;
pub(crate) mod sample;
pub(crate) mod schema;
pub(crate) mod simulate;
pub(crate) mod synthesize;

use serde_json::{Map, Value};

use crate::args::MethodArgs;
use crate::failure::Failure;

/// Returns the settings of a method as the text of a JSON object: those of the file first, then
/// each `key=value`, where `a.b=value` is setting `b` of `a`.
fn settings(arguments: &MethodArgs) -> Result<String, Failure> {
    let mut settings = Map::new();
    if let Some(path) = &arguments.config {
        let shown = path.display();
        let text = std::fs::read_to_string(path)
            .map_err(|error| Failure::input(format!("{shown}: {error}")))?;
        match serde_json::from_str(&text) {
            Ok(Value::Object(object)) => settings = object,
            Ok(_) => {
                return Err(Failure::input(format!(
                    "{shown}: settings are a JSON object"
                )));
            }
            Err(error) => return Err(Failure::input(format!("{shown}: {error}"))),
        }
    }
    for setting in &arguments.settings {
        let (key, value) = setting.split_once('=').ok_or_else(|| {
            Failure::input(format!(
                "--set {setting}: expected KEY=VALUE, such as min_leaf_rows=10"
            ))
        })?;
        // A value that is not JSON is a text, so that --set visit_order=schema needs no quotes.
        let value = serde_json::from_str(value).unwrap_or_else(|_| Value::String(value.to_owned()));
        set(&mut settings, key.trim(), value).ok_or_else(|| {
            Failure::input(format!(
                "--set {key}: a setting on the way to it has a value of its own"
            ))
        })?;
    }
    Ok(Value::Object(settings).to_string())
}

/// Sets a value; each dot in the key steps into an object. `None` if there is another value on the
/// way.
fn set(settings: &mut Map<String, Value>, key: &str, value: Value) -> Option<()> {
    match key.split_once('.') {
        None => {
            settings.insert(key.to_owned(), value);
            Some(())
        }
        Some((first, rest)) => {
            let inner = settings
                .entry(first)
                .or_insert_with(|| Value::Object(Map::new()));
            set(inner.as_object_mut()?, rest, value)
        }
    }
}
