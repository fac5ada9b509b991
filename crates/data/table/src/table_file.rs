//! The stored form of a table: its schema and its columns.

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::{Column, Field, Levels, Missing, Schema, Table, TableError, Values};

/// Cells that do not fit the schema they are stored with.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TableFileError {
    /// A file that is not a table of this version.
    #[error("expected the format `parable-table` version 1, found `{format}` version {version}")]
    UnknownFormat {
        /// What the file says it is.
        format: String,
        /// The version it says.
        version: u32,
    },
    /// A label that is not one of the levels of its column.
    #[error("column `{column}`, row {row}: the label is not one of the levels of the column")]
    UnknownLevel {
        /// The column.
        column: String,
        /// The row, from 1.
        row: usize,
    },
    /// A reason for missing values that the column does not declare.
    #[error("column `{column}` lists rows under a missing code that it does not declare")]
    UnknownReason {
        /// The column.
        column: String,
    },
    /// A reason for a missing value in a row that has a value or does not exist.
    #[error("column `{column}`: row {row} is listed under a missing code and has no missing value")]
    NotMissing {
        /// The column.
        column: String,
        /// The row, from 1.
        row: usize,
    },
    /// The columns do not fit their schema.
    #[error(transparent)]
    Table(#[from] TableError),
}

/// The stored form, with texts borrowed (writing) or owned (reading).
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct TableFile<S> {
    format: String,
    version: u32,
    schema: Schema,
    columns: Vec<ColumnFile<S>>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct ColumnFile<S> {
    cells: CellsFile<S>,
    /// Rows that are missing for a reason; all other missing values are absent.
    #[serde(default = "Vec::new", skip_serializing_if = "Vec::is_empty")]
    missing: Vec<ReasonFile<S>>,
}

/// The cells of one column, `None` where a value is missing.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum CellsFile<S> {
    Integers(Vec<Option<i64>>),
    Numbers(Vec<Option<f64>>),
    Labels(Vec<Option<S>>),
    Texts(Vec<Option<S>>),
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct ReasonFile<S> {
    code: S,
    /// From 0.
    rows: Vec<usize>,
}

const FORMAT: &str = "parable-table";
const VERSION: u32 = 1;

/// Writes the stored form that `docs/formats.md` describes: the schema, and for each column its
/// cells with `null` where a value is missing. What stands in the place of missing values is not
/// stored.
impl Serialize for Table {
    fn serialize<T: Serializer>(&self, serializer: T) -> Result<T::Ok, T::Error> {
        let columns = self.schema().fields().iter().zip(self.columns());
        TableFile {
            format: FORMAT.to_owned(),
            version: VERSION,
            schema: self.schema().clone(),
            columns: columns
                .map(|(field, column)| stored(field, column))
                .collect(),
        }
        .serialize(serializer)
    }
}

/// Reads the stored form and checks it as [`Table::new`] does.
impl<'de> Deserialize<'de> for Table {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        TableFile::<String>::deserialize(deserializer)?
            .into_table()
            .map_err(serde::de::Error::custom)
    }
}

impl TableFile<String> {
    fn into_table(self) -> Result<Table, TableFileError> {
        if self.format != FORMAT || self.version != VERSION {
            return Err(TableFileError::UnknownFormat {
                format: self.format,
                version: self.version,
            });
        }
        if self.schema.len() != self.columns.len() {
            return Err(TableFileError::Table(TableError::ColumnCount {
                expected: self.schema.len(),
                found: self.columns.len(),
            }));
        }
        let fields = self.schema.fields().iter();
        let columns = fields
            .zip(&self.columns)
            .map(|(field, column)| column.read(field))
            .collect::<Result<_, _>>()?;
        Ok(Table::new(self.schema, columns)?)
    }
}

fn stored<'a>(field: &'a Field, column: &'a Column) -> ColumnFile<&'a str> {
    let rows = 0..column.len();
    let cells = match column.values() {
        Values::Integer(_) => CellsFile::Integers(rows.map(|row| column.integer(row)).collect()),
        Values::Continuous(_) => CellsFile::Numbers(rows.map(|row| column.number(row)).collect()),
        Values::Codes(_) => {
            let label = |row| column.label(field.kind.levels()?, row);
            CellsFile::Labels(rows.map(label).collect())
        }
        Values::Text(_) => CellsFile::Texts(rows.map(|row| column.text(row)).collect()),
    };
    let mut missing: Vec<ReasonFile<&str>> = Vec::new();
    for (code, index) in field.missing_codes.iter().zip(0u8..) {
        let coded = Some(Missing::Coded(index));
        let rows: Vec<usize> = (0..column.len())
            .filter(|&row| column.missing(row) == coded)
            .collect();
        if !rows.is_empty() {
            missing.push(ReasonFile {
                code: &code.text,
                rows,
            });
        }
    }
    ColumnFile { cells, missing }
}

impl ColumnFile<String> {
    fn read(&self, field: &Field) -> Result<Column, TableFileError> {
        let mut column = match &self.cells {
            CellsFile::Integers(values) => Column::integers(values.iter().copied()),
            CellsFile::Numbers(values) => Column::numbers(values.iter().copied()),
            CellsFile::Texts(texts) => Column::texts(texts.iter().map(Option::as_ref)),
            CellsFile::Labels(labels) => {
                let none = Levels::default();
                let levels = field.kind.levels().unwrap_or(&none);
                Column::labels(levels, labels.iter().map(Option::as_ref)).map_err(|error| {
                    TableFileError::UnknownLevel {
                        column: field.name.clone(),
                        row: error.row(),
                    }
                })?
            }
        };
        for reason in &self.missing {
            let codes = field.missing_codes.iter().zip(0u8..);
            let mut named = codes.filter(|(code, _)| code.text == reason.code);
            let (_, index) = named.next().ok_or_else(|| TableFileError::UnknownReason {
                column: field.name.clone(),
            })?;
            for &row in &reason.rows {
                if row >= column.len() || !column.is_missing(row) {
                    return Err(TableFileError::NotMissing {
                        column: field.name.clone(),
                        row: row.saturating_add(1),
                    });
                }
                column.set_missing(row, Missing::Coded(index));
            }
        }
        Ok(column)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Kind;

    fn table() -> Table {
        let levels = Levels::new(["no", "yes"]).expect("distinct");
        let answers = Column::labels(&levels, [Some("yes"), None, Some("no")]).expect("levels");
        let mut ages = Column::integers([Some(34), None, None]);
        ages.set_missing(2, Missing::Coded(1));
        let fields = vec![
            Field::new("age", Kind::integer()).with_missing_codes(["-8", "-9"]),
            Field::new("score", Kind::continuous(1)),
            Field::new("answer", Kind::boolean(levels)),
            Field::new("note", Kind::Text),
        ];
        let columns = vec![
            ages,
            Column::numbers([None, Some(2.5), Some(-0.1)]),
            answers,
            Column::texts([Some("a \"b\""), Some(""), None]),
        ];
        Table::new(Schema::new(fields).expect("sound"), columns).expect("fits")
    }

    const CELLS: &str = r#""columns":[{"cells":{"integers":[34,null,null]},"missing":[{"code":"-9","rows":[2]}]},{"cells":{"numbers":[null,2.5,-0.1]}},{"cells":{"labels":["yes",null,"no"]}},{"cells":{"texts":["a \"b\"","",null]}}]}"#;

    #[test]
    fn the_stored_form_is_stable_and_reads_back() {
        let text = serde_json::to_string(&table()).expect("JSON");
        assert!(text.starts_with(r#"{"format":"parable-table","version":1,"schema":{"#));
        assert!(text.ends_with(CELLS), "{text}");
        assert_eq!(
            serde_json::from_str::<Table>(&text).expect("its own text"),
            table()
        );
    }

    #[track_caller]
    fn refused(from: &str, to: &str, expected: &str) {
        let text = serde_json::to_string(&table()).expect("JSON");
        let error = serde_json::from_str::<Table>(&text.replacen(from, to, 1)).unwrap_err();
        assert!(error.to_string().starts_with(expected), "{error}");
    }

    #[test]
    fn cells_that_do_not_fit_the_schema_are_refused() {
        refused(
            r#"["yes",null,"no"]"#,
            r#"["maybe",null,"no"]"#,
            "column `answer`, row 1: the label is not one of the levels of the column",
        );
        refused(
            r#""rows":[2]"#,
            r#""rows":[0]"#,
            "column `age`: row 1 is listed under a missing code and has no missing value",
        );
        refused(
            r#""code":"-9""#,
            r#""code":"-7""#,
            "column `age` lists rows under a missing code that it does not declare",
        );
        refused(
            r#"{"cells":{"numbers":[null,2.5,-0.1]}}"#,
            r#"{"cells":{"numbers":[2.5]}}"#,
            "column `score` has 1 rows, the first column 3",
        );
        refused(
            r#"{"cells":{"numbers":[null,2.5,-0.1]}},"#,
            "",
            "the schema has 4 columns, the table 3",
        );
        refused(
            r#""version":1,"schema""#,
            r#""version":2,"schema""#,
            "expected the format `parable-table` version 1, found `parable-table` version 2",
        );
    }
}
