//! What a private fit should spend its budget on.

use parable_core::FitError;
use parable_table::{Role, Schema};
use serde_json::{Map, Value, json};

use crate::Error;

/// Relations that a private fit should keep, in terms of columns and not of one method's settings.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Wishes {
    /// Sets of columns whose joint table is measured in any case.
    pub required: Vec<Vec<String>>,
    /// Columns or sets of columns, and how much their error matters; 1 for all that are not named.
    pub weights: Vec<(Vec<String>, f64)>,
}

impl Wishes {
    /// The same with the joint table of the treatment and each outcome required, as the roles of the schema say. Use the columns that the method
    /// will see ([`Recipe::declared_columns`](parable_clean::Recipe::declared_columns)).
    ///
    /// # Errors
    /// A schema without a treatment or without an outcome.
    pub fn with_effects(mut self, schema: &Schema) -> Result<Self, Error> {
        let of = |role: Role| {
            let fields = schema.fields().iter();
            fields
                .filter(move |field| field.role == role)
                .map(|field| field.name.clone())
        };
        let before = self.required.len();
        for arm in of(Role::Treatment) {
            for outcome in of(Role::Outcome) {
                self.required.push(vec![arm.clone(), outcome]);
            }
        }
        if self.required.len() == before {
            return Err(refused(
                "required",
                "the schema gives no column the role treatment, or none the role outcome",
            ));
        }
        Ok(self)
    }

    /// Writes the wishes into the settings of the method with this name.
    ///
    /// # Errors
    /// A method that cannot be told, or settings of another shape.
    pub fn add_to(&self, method: &str, settings: &mut Map<String, Value>) -> Result<(), Error> {
        if self.required.is_empty() && self.weights.is_empty() {
            return Ok(());
        }
        let marginals = match method {
            "gan" => settings
                .entry("marginals")
                .or_insert_with(|| json!({}))
                .as_object_mut()
                .ok_or_else(|| refused("marginals", "a JSON object was expected"))?,
            _ => settings,
        };
        let required = match method {
            "ipf" | "private_ipf" => "margins",
            _ => "required",
        };
        for set in &self.required {
            push(marginals, required, json!(set))?;
        }
        for (columns, weight) in &self.weights {
            let value = json!({ "columns": columns, "weight": weight });
            push(marginals, "weights", value)?;
        }
        Ok(())
    }
}

fn push(settings: &mut Map<String, Value>, name: &str, value: Value) -> Result<(), Error> {
    match settings.entry(name).or_insert_with(|| json!([])) {
        Value::Array(list) => {
            list.push(value);
            Ok(())
        }
        _ => Err(refused(name, "a list was expected")),
    }
}

fn refused(setting: &str, problem: &str) -> Error {
    FitError::Setting {
        setting: setting.to_owned(),
        problem: problem.to_owned(),
    }
    .into()
}
