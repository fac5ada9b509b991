//! Rows that carry values the user gives.

use std::path::Path;

use parable_core::Observer;
use parable_seed::Seed;
use parable_table::{Field, RawTable, Schema, Table, csv, read_typed};

use crate::{Error, Fitted, Synthetic};

impl Fitted {
    /// The columns of a file, each as the model knows it, for [`Fitted::sample_given`]: one row for each row wanted.
    ///
    /// # Errors
    /// A file that is no table; a column the model does not make; a value the column cannot have.
    pub fn read_given(&self, path: &Path) -> Result<Table, Error> {
        let raw = csv::read(path, &csv::ReadOptions::default())?;
        self.given(&raw, path)
    }

    /// `rows` times the same values: `[("arm", "treated"), ("sen", "yes")]`, spelled as in the source; an empty text stands for a missing value.
    ///
    /// # Errors
    /// As [`Fitted::read_given`].
    pub fn repeat_given(&self, values: &[(&str, &str)], rows: usize) -> Result<Table, Error> {
        let quoted = |text: &str| format!("\"{}\"", text.replace('"', "\"\""));
        let line = |texts: Vec<&str>| texts.into_iter().map(quoted).collect::<Vec<_>>().join(",");
        let text = format!(
            "{}\n{}\n",
            line(values.iter().map(|(column, _)| *column).collect()),
            line(values.iter().map(|(_, value)| *value).collect()),
        );
        let options = csv::ReadOptions::default().with_delimiter(',');
        let one = self.given(&csv::read_str(&text, &options)?, Path::new("given values"))?;
        Ok(one.take(&vec![0; rows]))
    }

    fn given(&self, raw: &RawTable, path: &Path) -> Result<Table, Error> {
        let field = |name: &str| -> Result<Field, Error> {
            self.model().schema().field(name).cloned().ok_or_else(|| {
                let known = self.source_schema().position(name).is_some();
                Error::Given {
                    column: name.to_owned(),
                    problem: if known {
                        "cleaning took it out and writes it again from other columns, so that the model does not draw it"
                    } else {
                        "the model makes no such column"
                    },
                }
            })
        };
        let fields = raw.names.iter().map(|name| field(name));
        let schema =
            Schema::new(fields.collect::<Result<_, _>>()?).map_err(|error| Error::Typed {
                path: path.to_owned(),
                source: error.into(),
            })?;
        // What the model has not met it cannot make: all facts bind.
        let (table, _) = read_typed(raw, &schema.vouched().0).map_err(|source| Error::Typed {
            path: path.to_owned(),
            source,
        })?;
        let (_, columns) = table.into_parts();
        Ok(Table::new(schema, columns)?)
    }

    /// Makes one row for each row of `given`, in its order, that carries the given values; everything else follows the model.
    ///
    /// # Errors
    /// As [`Fitted::sample`]; a combination of values that the model makes too rarely or never.
    pub fn sample_given(
        &self,
        given: &Table,
        seed: &Seed,
        observer: &dyn Observer,
    ) -> Result<Synthetic, Error> {
        let sampled = self
            .model()
            .sample_given(given, &seed.stream("sample"), observer)?;
        let mut made = self.restored(&sampled, seed)?;
        for (field, column) in given.schema().fields().iter().zip(given.columns()) {
            let Some((_, restored)) = made.table.named(&field.name) else {
                continue;
            };
            let lost = (0..given.rows())
                .filter(|&row| {
                    column.missing(row) != restored.missing(row)
                        || column.code(row) != restored.code(row)
                        || column.number(row) != restored.number(row)
                })
                .count();
            if lost > 0 {
                made.repairs.push(format!(
                    "{lost} rows lost the given value of `{}`: a rule of the schema forbids it there",
                    field.name
                ));
            }
        }
        Ok(made)
    }
}
