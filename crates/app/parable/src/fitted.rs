//! A model together with the way back to the source's columns.

use std::io::{Read, Write};

use parable_clean::Recipe;
use parable_core::{
    Checkpointing, Diversified, Diversity, FitContext, FitError, FitRecord, Model, ModelFile,
    ModelFileError, Observer, diversify,
};
use parable_dp::{Ledger, NoiseSource};
use parable_seed::Seed;
use parable_table::constraints::Repair;
use parable_table::{Dialect, Schema, Table};
use serde::{Deserialize, Serialize};

use crate::{Cleaned, Error, Method, Protection, Source};

/// A model, the recipe that restores the source's columns, and how the source was spelled: all that `sample` needs.
#[derive(Debug)]
pub struct Fitted {
    model: Box<dyn Model>,
    recipe: Recipe,
    origin: Origin,
    written_by: String,
}

/// The attachment that says what the source looked like.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Origin {
    name: String,
    schema: Schema,
    dialect: Dialect,
    /// Columns with facts that were read off the rows and that the user vouched to be public.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    vouched: Vec<String>,
}

const RECIPE: &str = "recipe.json";
const ORIGIN: &str = "source.json";

/// A synthetic table in the source's columns, order and types.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Synthetic {
    /// The table.
    pub table: Table,
    /// What was put right after sampling, one sentence each; empty is best.
    pub repairs: Vec<String>,
}

impl Fitted {
    /// Learns a model from a cleaned table without a privacy guarantee.
    ///
    /// # Errors
    /// What the method refuses, as private methods do; [`Error::is_cancelled`] when the observer stops the work.
    pub fn fit(
        source: &Source,
        cleaned: &Cleaned,
        method: &Method,
        seed: &Seed,
        observer: &dyn Observer,
    ) -> Result<Self, Error> {
        let mut ledger = Protection::none().ledger();
        Self::fit_under(&mut ledger, source, cleaned, method, seed, observer)
    }

    /// Learns a model from a cleaned table, charging this ledger. A private method spends what is left in it; its model file then holds nothing but
    /// declared facts and charged releases.
    ///
    /// # Errors
    /// What the method or the ledger refuses; [`Error::is_cancelled`] when the observer stops the work. What was charged by then stays charged.
    pub fn fit_under(
        ledger: &mut Ledger,
        source: &Source,
        cleaned: &Cleaned,
        method: &Method,
        seed: &Seed,
        observer: &dyn Observer,
    ) -> Result<Self, Error> {
        Self::fit_kept(ledger, source, cleaned, method, seed, observer, None)
    }

    /// As [`Fitted::fit_under`], keeping a checkpoint: if its file is there, the fit goes on from it, and what stands in it is not charged a second
    /// time. The ledger is a new one with the same budget, or the one that was charged. The file stays; remove it when the model is safe.
    ///
    /// # Errors
    /// As [`Fitted::fit_under`]; a method that cannot go on ([`Method::is_resumable`]); a file that is damaged or of another fit.
    pub fn fit_resumable(
        ledger: &mut Ledger,
        source: &Source,
        cleaned: &Cleaned,
        method: &Method,
        seed: &Seed,
        observer: &dyn Observer,
        checkpoint: Checkpointing,
    ) -> Result<Self, Error> {
        if !method.is_resumable() {
            let problem = format!(
                "fits of method `{}` cannot go on after an interruption",
                method.name()
            );
            let setting = "checkpoint".to_owned();
            return Err(FitError::Setting { setting, problem }.into());
        }
        let checkpoint = Some(checkpoint);
        Self::fit_kept(ledger, source, cleaned, method, seed, observer, checkpoint)
    }

    fn fit_kept(
        ledger: &mut Ledger,
        source: &Source,
        cleaned: &Cleaned,
        method: &Method,
        seed: &Seed,
        observer: &dyn Observer,
        checkpoint: Option<Checkpointing>,
    ) -> Result<Self, Error> {
        let mut noise = NoiseSource::operating_system();
        let mut context = FitContext::new(*seed, ledger, &mut noise).observed_by(observer);
        context.checkpoint = checkpoint;
        let model = method
            .synthesizer()
            .fit_boxed(cleaned.table(), &mut context)?;
        let private = model.record().private;
        let schema = source.table().schema();
        let origin = Origin {
            name: source.name().to_owned(),
            schema: if private {
                schema.public()
            } else {
                schema.clone()
            },
            dialect: if private {
                Dialect::default()
            } else {
                source.dialect()
            },
            vouched: source.vouched().to_vec(),
        };
        let written_by = concat!("parable ", env!("CARGO_PKG_VERSION")).to_owned();
        Ok(Self {
            model,
            recipe: cleaned.recipe().clone(),
            origin,
            written_by,
        })
    }

    /// Makes this many rows in the source's columns: samples the model, puts back what cleaning took out, and repairs what breaks a declared rule.
    ///
    /// # Errors
    /// What the model or the recipe refuses; [`Error::is_cancelled`] when the observer stops the work.
    pub fn sample(
        &self,
        rows: usize,
        seed: &Seed,
        observer: &dyn Observer,
    ) -> Result<Synthetic, Error> {
        let sampled = self
            .model
            .sample_with(rows, &seed.stream("sample"), observer)?;
        self.restored(&sampled, seed)
    }

    /// As [`Fitted::sample`], but no group of rows that agree in a rule's keys agrees in its target: see [`parable_core::diversify`]. Targets are columns that
    /// the model makes, keys are columns of the source; what follows from a target is worked out after the exchange. One answer per rule.
    ///
    /// # Errors
    /// As [`Fitted::sample`]; a rule that makes no sense for the model's columns.
    pub fn sample_diverse(
        &self,
        rows: usize,
        rules: &[Diversity],
        seed: &Seed,
        observer: &dyn Observer,
    ) -> Result<(Synthetic, Vec<Diversified>), Error> {
        let sampled = self
            .model
            .sample_with(rows, &seed.stream("sample"), observer)?;
        let whole = self.restored(&sampled, seed)?.table;
        let (diverse, answers) = diversify(&sampled, &whole, rules, seed, observer)?;
        Ok((self.restored(&diverse, seed)?, answers))
    }

    /// Puts back what cleaning took out, and repairs what breaks a declared rule.
    pub(crate) fn restored(&self, sampled: &Table, seed: &Seed) -> Result<Synthetic, Error> {
        let (table, repairs) = self.recipe.restore(sampled, &seed.stream("restore"))?;
        Ok(Synthetic {
            table,
            repairs: repairs.iter().map(described).collect(),
        })
    }

    /// How the model came about.
    #[must_use]
    pub fn record(&self) -> &FitRecord {
        self.model.record()
    }

    /// The model itself, which makes tables in the cleaned shape.
    #[must_use]
    pub fn model(&self) -> &dyn Model {
        &*self.model
    }

    /// What cleaning did before the fit and undoes after sampling, one sentence per step.
    #[must_use]
    pub fn cleaning_steps(&self) -> Vec<String> {
        self.recipe.describe()
    }

    /// The schema of the source, whose columns, order and types synthetic tables have.
    #[must_use]
    pub fn source_schema(&self) -> &Schema {
        &self.origin.schema
    }

    /// How the source was spelled; the default spelling for a private model, which does not look at it.
    #[must_use]
    pub fn dialect(&self) -> Dialect {
        self.origin.dialect
    }

    /// Writes the model file.
    ///
    /// # Errors
    /// Whatever writing meets.
    pub fn write(&self, out: &mut dyn Write) -> Result<(), Error> {
        let json = |value: Result<Vec<u8>, serde_json::Error>| {
            value.map_err(|error| ModelFileError::Io(error.into()))
        };
        let file = ModelFile::of(&*self.model)?
            .with_attachment(RECIPE, json(serde_json::to_vec(&self.recipe))?)
            .with_attachment(ORIGIN, json(serde_json::to_vec(&self.origin))?);
        Ok(file.write(out)?)
    }

    /// Reads a model file written by [`Fitted::write`].
    ///
    /// # Errors
    /// A file that is damaged, foreign, of a newer version or of a method this build does not have.
    pub fn read(input: &mut dyn Read) -> Result<Self, Error> {
        let file = ModelFile::read(input)?;
        let model = Method::registry().read(&file)?;
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

    /// How the model came about, as a person reads it.
    #[must_use]
    pub fn to_markdown(&self) -> String {
        let record = self.record();
        let mut text = format!("# Model of `{}`\n\n", self.origin.name);
        let mut line = |what: &str, value: String| text.push_str(&format!("- {what}: {value}\n"));
        line(
            "method",
            format!("{} {}", record.method, record.method_version),
        );
        line("written by", self.written_by.clone());
        line("settings", record.config.to_string());
        line("privacy", privacy(record));
        if record.private {
            line("budget", json_text(&record.budget));
            line("protects", json_text(&record.unit));
        }
        if let Some(rows) = record.rows {
            line(
                "learnt from",
                format!("{rows} rows x {} columns", self.origin.schema.len()),
            );
        }
        if let Some(seed) = record.seed {
            line("seed", seed.to_string());
        }
        if let Some(digest) = &record.table_digest {
            line("table digest (SHA-256)", digest.clone());
        }
        text.push_str("\n## Ledger\n\n");
        for entry in &record.ledger {
            let event = json_text(&entry.event);
            text.push_str(&format!("- {}: {event}\n", entry.purpose));
        }
        text.push_str("\n## Cleaning undone after sampling\n\n");
        self.recipe
            .describe()
            .iter()
            .for_each(|step| text.push_str(&format!("- {step}\n")));
        text.push_str("\n## Columns\n\n");
        for field in self.model.schema().fields() {
            text.push_str(&format!(
                "- `{}`: {}, {}\n",
                field.name,
                field.kind.name(),
                field.role.name()
            ));
        }
        if !self.origin.vouched.is_empty() {
            text.push_str(&format!(
                "\nWarning: facts about these columns were read off the rows and vouched to be public; the guarantee holds only if they are: {}\n",
                self.origin.vouched.join(", ")
            ));
        }
        for warning in &record.warnings {
            text.push_str(&format!("\nWarning: {warning}\n"));
        }
        text
    }
}

fn json_text(value: &impl Serialize) -> String {
    serde_json::to_string(value).unwrap_or_default()
}

fn described(repair: &Repair) -> String {
    format!("{} rows so that {}", repair.rows, repair.rule)
}

fn privacy(record: &FitRecord) -> String {
    if record.private {
        format!("differentially private, {} charges", record.ledger.len())
    } else {
        "no formal guarantee: rows were read as they are; treat this file like the table it learnt from".to_owned()
    }
}
