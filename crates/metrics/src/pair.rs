//! The tables that are compared.

use parable_table::{Kind, Table};

use crate::MetricError;

/// A real table, a synthetic one, and optionally a holdout: real rows the synthesizer never saw.
///
/// Columns are matched by name; their order may differ, and so may the levels a column knows. Types and roles come from the real table.
#[derive(Clone, Debug)]
pub struct Pair<'a> {
    real: &'a Table,
    synthetic: &'a Table,
    holdout: Option<&'a Table>,
}

impl<'a> Pair<'a> {
    /// The two tables of a comparison.
    ///
    /// # Errors
    /// [`MetricError::MissingColumn`], [`MetricError::ExtraColumn`] or [`MetricError::KindMismatch`] if the columns do not agree.
    pub fn new(real: &'a Table, synthetic: &'a Table) -> Result<Self, MetricError> {
        agree(real, synthetic, "synthetic")?;
        Ok(Self {
            real,
            synthetic,
            holdout: None,
        })
    }

    /// The same with a holdout table.
    ///
    /// # Errors
    /// As [`Pair::new`], about the holdout table.
    pub fn with_holdout(mut self, holdout: &'a Table) -> Result<Self, MetricError> {
        agree(self.real, holdout, "holdout")?;
        self.holdout = Some(holdout);
        Ok(self)
    }

    /// The real table.
    #[must_use]
    pub fn real(&self) -> &'a Table {
        self.real
    }

    /// The synthetic table.
    #[must_use]
    pub fn synthetic(&self) -> &'a Table {
        self.synthetic
    }

    /// The holdout table, if there is one.
    #[must_use]
    pub fn holdout(&self) -> Option<&'a Table> {
        self.holdout
    }
}

fn agree(real: &Table, other: &Table, table: &'static str) -> Result<(), MetricError> {
    for field in real.schema().fields() {
        let Some(found) = other.schema().field(&field.name) else {
            return Err(MetricError::MissingColumn {
                table,
                column: field.name.clone(),
            });
        };
        if family(&field.kind) != family(&found.kind) {
            return Err(MetricError::KindMismatch {
                table,
                column: field.name.clone(),
                expected: field.kind.name(),
                found: found.kind.name(),
            });
        }
    }
    match other
        .schema()
        .fields()
        .iter()
        .find(|field| real.schema().field(&field.name).is_none())
    {
        Some(field) => Err(MetricError::ExtraColumn {
            table,
            column: field.name.clone(),
        }),
        None => Ok(()),
    }
}

/// Types whose values can be compared with each other.
fn family(kind: &Kind) -> u8 {
    match kind {
        Kind::Integer { .. } | Kind::Continuous { .. } => 0,
        Kind::Date { .. } => 1,
        Kind::DateTime { .. } => 2,
        Kind::Text => 3,
        _ => 4,
    }
}
