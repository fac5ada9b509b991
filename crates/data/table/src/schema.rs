//! The schema of a table: its columns in order, and the rules its rows obey.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::expression::names as columns_named;
use crate::{Constraint, Field, Grid, Kind, Known, Role, SchemaError};

/// The columns of a table in order, and the rules its rows obey. Cloning is cheap.
///
/// Serialises to the readable JSON that `docs/formats.md` describes; what is read is checked by the
/// same rules as [`Schema::new`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "SchemaFile", into = "SchemaFile")]
pub struct Schema {
    fields: Arc<[Field]>,
    constraints: Arc<[Constraint]>,
}

/// The stored form.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct SchemaFile {
    format: String,
    version: u32,
    columns: Vec<Field>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    constraints: Vec<Constraint>,
}

const FORMAT: &str = "parable-schema";
const VERSION: u32 = 1;

impl Schema {
    /// Creates a schema of these columns without further rules.
    ///
    /// # Errors
    /// A name that is empty or appears twice; facts that contradict the column's type (see
    /// [`SchemaError`]).
    pub fn new(fields: Vec<Field>) -> Result<Self, SchemaError> {
        Self::with_constraints(fields, Vec::new())
    }

    /// Creates a schema of these columns and rules.
    ///
    /// # Errors
    /// As [`Schema::new`], and a rule or role that names a column the schema does not have.
    pub fn with_constraints(
        fields: Vec<Field>,
        constraints: Vec<Constraint>,
    ) -> Result<Self, SchemaError> {
        check(&fields, &constraints)?;
        Ok(Self {
            fields: fields.into(),
            constraints: constraints.into(),
        })
    }

    /// Returns the columns in order.
    #[must_use]
    pub fn fields(&self) -> &[Field] {
        &self.fields
    }

    /// Returns the rules that rows obey.
    #[must_use]
    pub fn constraints(&self) -> &[Constraint] {
        &self.constraints
    }

    /// Returns the number of columns.
    #[must_use]
    pub fn len(&self) -> usize {
        self.fields.len()
    }

    /// Returns whether there is no column.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.fields.is_empty()
    }

    /// Returns the position of the column with this name.
    #[must_use]
    pub fn position(&self, name: &str) -> Option<usize> {
        self.fields.iter().position(|field| field.name == name)
    }

    /// Returns the column with this name.
    #[must_use]
    pub fn field(&self, name: &str) -> Option<&Field> {
        self.fields.iter().find(|field| field.name == name)
    }

    /// Returns the positions of the columns whose role satisfies the predicate.
    pub fn with_role(&self, is: impl Fn(&Role) -> bool) -> Vec<usize> {
        (0..self.len())
            .filter(|&column| is(&self.fields[column].role))
            .collect()
    }
}

fn check(fields: &[Field], constraints: &[Constraint]) -> Result<(), SchemaError> {
    let mut names = std::collections::HashSet::with_capacity(fields.len());
    for (index, field) in fields.iter().enumerate() {
        if field.name.is_empty() {
            return Err(SchemaError::EmptyName { column: index + 1 });
        }
        if !names.insert(field.name.as_str()) {
            return Err(SchemaError::DuplicateName {
                column: field.name.clone(),
            });
        }
        check_kind(field)?;
        if field.missing_codes.len() > MAX_MISSING_CODES {
            return Err(SchemaError::TooManyMissingCodes {
                column: field.name.clone(),
                limit: MAX_MISSING_CODES,
            });
        }
    }
    let known = |column: &str, by: &'static str| {
        if names.contains(column) {
            Ok(())
        } else {
            Err(SchemaError::UnknownColumn {
                column: column.to_owned(),
                named_by: by,
            })
        }
    };
    for field in fields {
        if let Role::Descriptor { of } = &field.role {
            of.iter()
                .try_for_each(|column| known(column, "a descriptor role"))?;
        }
    }
    for (rule, constraint) in constraints.iter().enumerate() {
        if let Constraint::Holds { condition } = constraint {
            columns_named(condition).map_err(|error| SchemaError::BadRule {
                rule: rule + 1,
                error,
            })?;
        }
    }
    constraints
        .iter()
        .flat_map(Constraint::columns)
        .try_for_each(|column| known(column, "a constraint"))
}

/// One byte per cell says why a value is missing: 0 is reserved for "not missing" and 1 for
/// "absent".
const MAX_MISSING_CODES: usize = 254;

fn check_kind(field: &Field) -> Result<(), SchemaError> {
    let column = || field.name.clone();
    let ordered = |fine: bool| {
        if fine {
            Ok(())
        } else {
            Err(SchemaError::EmptyBounds { column: column() })
        }
    };
    match &field.kind {
        Kind::Boolean {
            levels: Some(levels),
        } if levels.value.len() != 2 => Err(SchemaError::NotTwoLevels {
            column: column(),
            levels: levels.value.len(),
        }),
        Kind::Integer { bounds, grid, .. } => {
            if let Some(b) = bounds {
                ordered(b.value.min <= b.value.max)?;
            }
            let whole = |grid: &Grid| grid.is_valid() && grid.is_whole();
            grid_fits(grid.as_ref(), whole, field)
        }
        Kind::Date {
            bounds: Some(b), ..
        }
        | Kind::DateTime {
            bounds: Some(b), ..
        } => ordered(b.value.min <= b.value.max),
        Kind::Continuous { bounds, grid, .. } => {
            if let Some(b) = bounds {
                ordered(
                    b.value.min.is_finite()
                        && b.value.max.is_finite()
                        && b.value.min <= b.value.max,
                )?;
            }
            grid_fits(grid.as_ref(), |grid| grid.is_valid(), field)
        }
        _ => Ok(()),
    }
}

fn grid_fits(
    grid: Option<&Known<Grid>>,
    fits: impl Fn(&Grid) -> bool,
    field: &Field,
) -> Result<(), SchemaError> {
    match grid {
        Some(grid) if !fits(&grid.value) => Err(SchemaError::BadGrid {
            column: field.name.clone(),
        }),
        _ => Ok(()),
    }
}

impl TryFrom<SchemaFile> for Schema {
    type Error = SchemaError;

    fn try_from(file: SchemaFile) -> Result<Self, SchemaError> {
        if file.format != FORMAT || file.version != VERSION {
            return Err(SchemaError::UnknownFormat {
                format: file.format,
                version: file.version,
            });
        }
        Self::with_constraints(file.columns, file.constraints)
    }
}

impl From<Schema> for SchemaFile {
    fn from(schema: Schema) -> Self {
        Self {
            format: FORMAT.to_owned(),
            version: VERSION,
            columns: schema.fields.to_vec(),
            constraints: schema.constraints.to_vec(),
        }
    }
}
