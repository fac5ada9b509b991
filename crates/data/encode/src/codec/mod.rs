//! Tables as small whole numbers and back, for methods that count.
//!
//! A [`Codec`] is data: levels, bins and missing reasons per column, so that it can be stored, read
//! by people, and carried out elsewhere. It is made from public facts alone ([`Codec::declared`]),
//! for private fits, or from the rows ([`Codec::observed`]).

mod bins;
mod column;
mod condition;
mod error;
mod rules;

use parable_domain::{Codes, Domain};
use parable_seed::Seed;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

pub use bins::Bin;
pub use column::{ColumnCodec, ValueCodes};
pub use error::CodecError;
pub use rules::{CodeRule, CodeRules, CodeSet};

use parable_table::{Column, Field, Kind, Schema, Table};

/// How tables of one schema become codes and codes become tables.
///
/// The codes of a column are its levels or bins in order, followed by its missing reasons.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "CodecFile", into = "CodecFile")]
pub struct Codec {
    schema: Schema,
    columns: Vec<ColumnCodec>,
    domain: Domain,
}

/// How numbers are cut into bins.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[non_exhaustive]
pub struct CodecConfig {
    /// Most bins of a numeric column; one with no more values than this has a bin for each. Default
    /// 32: pairs of columns then have about a thousand cells, the most that a few ten thousand rows
    /// fill.
    pub max_bins: u32,
}

impl Default for CodecConfig {
    fn default() -> Self {
        Self { max_bins: 32 }
    }
}

impl CodecConfig {
    /// Sets the most bins of a numeric column, at least one.
    #[must_use]
    pub fn with_max_bins(mut self, max_bins: u32) -> Self {
        self.max_bins = max_bins;
        self
    }
}

impl Codec {
    /// A codec from public facts alone, with the default configuration: see
    /// [`Codec::declared_with`].
    ///
    /// # Errors
    /// As [`Codec::declared_with`].
    pub fn declared(schema: &Schema) -> Result<Self, CodecError> {
        Self::declared_with(schema, &CodecConfig::default())
    }

    /// A codec from public facts alone: declared or released levels, bounds and grids. Numbers get
    /// bins of equal width between the bounds; every column gets a code for each of its missing
    /// reasons, whether they occur or not.
    ///
    /// # Errors
    /// A fact is not known or was observed in the rows ([`CodecError::Undeclared`]); a column holds
    /// free text or names rows.
    pub fn declared_with(schema: &Schema, config: &CodecConfig) -> Result<Self, CodecError> {
        let columns = schema
            .fields()
            .iter()
            .map(|field| ColumnCodec::declared(field, config))
            .collect::<Result<_, _>>()?;
        Self::new(schema.clone(), columns)
    }

    /// A codec from the rows: bins hold about equally many of them, a value that fills a bin of its
    /// own gets one, and only missing reasons that occur get a code. Not for private fits.
    ///
    /// # Errors
    /// A column holds free text or names rows.
    pub fn observed(table: &Table, config: &CodecConfig) -> Result<Self, CodecError> {
        let fields = table.schema().fields();
        let columns = fields
            .par_iter()
            .zip(table.columns())
            .map(|(field, column)| ColumnCodec::observed(field, column, config))
            .collect::<Result<_, _>>()?;
        Self::new(table.schema().clone(), columns)
    }

    /// A codec of these columns, such as those of another codec with other bins. For a private fit
    /// the bins must come from public facts.
    ///
    /// # Errors
    /// The columns do not fit the fields of the schema.
    pub fn from_columns(schema: Schema, columns: Vec<ColumnCodec>) -> Result<Self, CodecError> {
        Self::new(schema, columns)
    }

    fn new(schema: Schema, columns: Vec<ColumnCodec>) -> Result<Self, CodecError> {
        if schema.len() != columns.len() {
            return Err(CodecError::ColumnCount {
                expected: schema.len(),
                found: columns.len(),
            });
        }
        for (field, column) in schema.fields().iter().zip(&columns) {
            column.check(field)?;
        }
        let attrs = columns
            .iter()
            .map(|column| (column.name.as_str(), column.codes()));
        let domain = Domain::new(attrs)?;
        Ok(Self {
            schema,
            columns,
            domain,
        })
    }

    /// The schema of the tables it reads and writes.
    #[must_use]
    pub fn schema(&self) -> &Schema {
        &self.schema
    }

    /// The attributes: one per column, with as many levels as the column has codes.
    #[must_use]
    pub fn domain(&self) -> &Domain {
        &self.domain
    }

    /// The codes of each column, in the order of the schema.
    #[must_use]
    pub fn columns(&self) -> &[ColumnCodec] {
        &self.columns
    }

    /// For each column how many of its first codes stand in an order: bins, and levels of ordinal
    /// columns; the missing reasons behind them do not.
    #[must_use]
    pub fn ordered(&self) -> Vec<u32> {
        let fields = self.schema.fields().iter().zip(&self.columns);
        fields
            .map(|(field, column)| match &column.values {
                ValueCodes::Levels(_) if !matches!(field.kind, Kind::Ordinal { .. }) => 0,
                _ => column.value_codes(),
            })
            .collect()
    }

    /// As [`Codec::ordered`], with the columns of these names in order whatever their kind.
    #[must_use]
    pub fn ordered_with(&self, named: &[String]) -> Vec<u32> {
        let columns = self.columns.iter().zip(self.ordered());
        columns
            .map(|(column, ordered)| match named.contains(&column.name) {
                true => column.value_codes(),
                false => ordered,
            })
            .collect()
    }

    /// The codes of a table. Columns are found by name; numbers outside all bins get the nearest
    /// one.
    ///
    /// # Errors
    /// A column is not there or has another type; a level or a missing reason has no code.
    pub fn encode(&self, table: &Table) -> Result<Codes, CodecError> {
        let columns = self
            .columns
            .par_iter()
            .zip(self.schema.fields())
            .map(|(codec, expected)| {
                let (field, column) =
                    table
                        .named(&codec.name)
                        .ok_or_else(|| CodecError::NoColumn {
                            column: codec.name.clone(),
                        })?;
                codec.encode(expected, field, column)
            })
            .collect::<Result<_, _>>()?;
        Ok(Codes::new(self.domain.clone(), columns)?)
    }

    /// The codes of one column, whose field need not spell its levels in the codec's order.
    ///
    /// # Errors
    /// As [`Codec::encode`].
    ///
    /// # Panics
    /// If the codec has no column at this position.
    pub fn encode_column(
        &self,
        position: usize,
        field: &Field,
        column: &Column,
    ) -> Result<Vec<u32>, CodecError> {
        self.columns[position].encode(&self.schema.fields()[position], field, column)
    }

    /// A table of these codes. A number is drawn uniformly from the points of the column's grid
    /// inside its bin, never from rows of the source; the draw of a row depends on its column and
    /// its block of 4,096 rows only.
    ///
    /// # Errors
    /// The codes are of another domain.
    pub fn decode(&self, codes: &Codes, seed: &Seed) -> Result<Table, CodecError> {
        use parable_domain::MarginalSource;
        if *codes.domain() != self.domain {
            return Err(CodecError::OtherDomain);
        }
        let seed = seed.stream("codec/decode");
        let columns: Vec<Column> = self
            .columns
            .par_iter()
            .zip(self.schema.fields())
            .enumerate()
            .map(|(index, (codec, field))| {
                codec.decode(field, codes.column(index), &seed.index(index as u64))
            })
            .collect();
        Ok(Table::new(self.schema.clone(), columns)?)
    }
}

/// The stored form.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct CodecFile {
    format: String,
    version: u32,
    columns: Vec<ColumnCodec>,
    schema: Schema,
}

const FORMAT: &str = "parable-codec";
const VERSION: u32 = 1;

impl TryFrom<CodecFile> for Codec {
    type Error = CodecError;

    fn try_from(file: CodecFile) -> Result<Self, CodecError> {
        if file.format != FORMAT || file.version != VERSION {
            return Err(CodecError::UnknownFormat {
                format: file.format,
                version: file.version,
            });
        }
        Self::new(file.schema, file.columns)
    }
}

impl From<Codec> for CodecFile {
    fn from(codec: Codec) -> Self {
        Self {
            format: FORMAT.to_owned(),
            version: VERSION,
            columns: codec.columns,
            schema: codec.schema,
        }
    }
}

#[cfg(test)]
mod tests;
