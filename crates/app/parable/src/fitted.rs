//! A model with the recipe that restores the source's columns.

use std::io::{Read, Write};

use parable_clean::Recipe;
use parable_core::{FitRecord, Model, ModelFile, ModelFileError, Publication, TrainingCurve};
use parable_table::{Dialect, Schema};
use serde::{Deserialize, Serialize};

use crate::{Error, Methods, Source};

/// A model, the recipe that restores the source's columns, and the spelling of the source: all that
/// sampling needs.
///
/// Made by [`Source::fit`], or read from a model file.
#[derive(Debug)]
pub struct Fitted {
    model: Box<dyn Model>,
    recipe: Recipe,
    pub(crate) origin: Origin,
    pub(crate) written_by: String,
}

/// The attachment that describes the source.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Origin {
    pub(crate) name: String,
    pub(crate) schema: Schema,
    dialect: Dialect,
    /// Columns with facts that were read off the rows and that the user trusts to be public.
    #[serde(default, skip_serializing_if = "Vec::is_empty", rename = "vouched")]
    pub(crate) trusted: Vec<String>,
}

const RECIPE: &str = "recipe.json";
const ORIGIN: &str = "source.json";

impl Fitted {
    /// Joins a fresh model with the description of its source.
    pub(crate) fn new(model: Box<dyn Model>, recipe: Recipe, source: &Source) -> Self {
        // Nothing that a private fit did not charge may go into its file, and nothing that the
        // recipe withholds into any.
        let (schema, dialect) = match model.record().private {
            true => (source.table().schema().public(), Dialect::default()),
            false => (recipe.source().clone(), source.dialect()),
        };
        Self {
            model,
            recipe,
            origin: Origin {
                name: source.name().to_owned(),
                schema,
                dialect,
                trusted: source.trusted().to_vec(),
            },
            written_by: concat!("parable ", env!("CARGO_PKG_VERSION")).to_owned(),
        }
    }

    /// Returns the record of the fit.
    #[must_use]
    pub fn record(&self) -> &FitRecord {
        self.model.record()
    }

    /// Returns the model itself, which generates tables in the cleaned shape.
    #[must_use]
    pub fn model(&self) -> &dyn Model {
        &*self.model
    }

    pub(crate) fn recipe(&self) -> &Recipe {
        &self.recipe
    }

    /// Returns the cleaning steps that sampling undoes, one sentence each.
    #[must_use]
    pub fn cleaning_steps(&self) -> Vec<String> {
        self.recipe.describe()
    }

    /// Returns the schema of the source, whose columns, order and types synthetic tables have.
    #[must_use]
    pub fn source_schema(&self) -> &Schema {
        &self.origin.schema
    }

    /// Returns the spelling of the source; the default one for a private model, which does not look
    /// at it.
    #[must_use]
    pub fn dialect(&self) -> Dialect {
        self.origin.dialect
    }

    /// Explains in text how the model draws a column; see [`Model::explain`].
    #[must_use]
    pub fn explain(&self, column: &str) -> Option<String> {
        self.model.explain(column)
    }

    /// Draws the model as SVG: how it draws one column, all columns together, or the course of its
    /// training (with the feature `report`). `None` for methods without a picture.
    #[must_use]
    pub fn picture(&self, column: Option<&str>) -> Option<String> {
        let own = self.model.picture(column);
        #[cfg(feature = "report")]
        let own = match column {
            None => own.or_else(|| parable_report::training_svg(&self.training())),
            Some(_) => own,
        };
        own
    }

    /// Returns the course of the training; see [`Model::training`].
    #[must_use]
    pub fn training(&self) -> Vec<TrainingCurve> {
        self.model.training()
    }

    /// Returns the noisy counts that a private fit released; see [`Model::publication`].
    #[must_use]
    pub fn publication(&self) -> Option<&Publication> {
        self.model.publication()
    }

    /// Writes the model file.
    ///
    /// # Errors
    /// [`Error::ModelFile`] if writing fails.
    pub fn write(&self, out: &mut dyn Write) -> Result<(), Error> {
        let json = |value: Result<Vec<u8>, serde_json::Error>| {
            value.map_err(|error| ModelFileError::Io(error.into()))
        };
        let file = ModelFile::of(&*self.model)?
            .with_attachment(RECIPE, json(serde_json::to_vec(&self.recipe))?)
            .with_attachment(ORIGIN, json(serde_json::to_vec(&self.origin))?);
        Ok(file.write(out)?)
    }

    /// Reads a model file of a built-in method.
    ///
    /// # Errors
    /// As [`Fitted::read_with`].
    pub fn read(input: &mut dyn Read) -> Result<Self, Error> {
        Self::read_with(input, &Methods::builtin())
    }

    /// Reads a model file written by [`Fitted::write`].
    ///
    /// # Errors
    /// [`Error::ModelFile`] for a file that is damaged, foreign, of a newer version, or of a method
    /// that is not among `methods`.
    pub fn read_with(input: &mut dyn Read, methods: &Methods) -> Result<Self, Error> {
        let file = ModelFile::read(input)?;
        let model = methods.read(&file)?;
        let part = |name: &str| {
            let absent = ModelFileError::Damaged {
                part: name.to_owned(),
                problem: "is absent",
            };
            file.attachments.get(name).map(Vec::as_slice).ok_or(absent)
        };
        let damaged = |name: &str| ModelFileError::Damaged {
            part: name.to_owned(),
            problem: "cannot be read",
        };
        let recipe: Recipe = serde_json::from_slice(part(RECIPE)?).map_err(|_| damaged(RECIPE))?;
        let origin: Origin = serde_json::from_slice(part(ORIGIN)?).map_err(|_| damaged(ORIGIN))?;
        Ok(Self {
            model,
            recipe,
            origin,
            written_by: file.written_by,
        })
    }
}
