//! The tables that are compared.

use std::collections::BTreeMap;
use std::fmt;

use parable_table::{Kind, Table};

use crate::MetricError;

/// A real table, a synthetic one, and optionally a holdout: real rows the synthesizer never saw.
///
/// Columns are matched by name; their order may differ, and so may the levels a column knows. Types
/// and roles come from the real table.
///
/// What several metrics need (shared level codes, associations, nearest neighbours) is computed
/// once and kept in a [`Cache`](crate::Cache).
#[derive(Clone)]
pub struct Pair<'a> {
    real: &'a Table,
    synthetic: &'a Table,
    holdout: Option<&'a Table>,
    copies: Vec<&'a Table>,
    rounding: BTreeMap<String, f64>,
}

impl<'a> Pair<'a> {
    /// The two tables of a comparison.
    ///
    /// # Errors
    /// [`MetricError::MissingColumn`], [`MetricError::ExtraColumn`] or
    /// [`MetricError::KindMismatch`] if the columns do not agree.
    pub fn new(real: &'a Table, synthetic: &'a Table) -> Result<Self, MetricError> {
        agree(real, synthetic, "synthetic")?;
        Ok(Self {
            real,
            synthetic,
            holdout: None,
            copies: Vec::new(),
            rounding: BTreeMap::new(),
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

    /// The same with further synthetic tables made by the same fitted synthesizer, beside the one
    /// that is judged. Estimates of models are then combined over all of them, and with ten or more
    /// the propensity scores know what a correct synthesizer of this kind gives.
    ///
    /// # Errors
    /// As [`Pair::new`], about the copies.
    pub fn with_copies(
        mut self,
        copies: impl IntoIterator<Item = &'a Table>,
    ) -> Result<Self, MetricError> {
        for copy in copies {
            agree(self.real, copy, "copy")?;
            self.copies.push(copy);
        }
        Ok(self)
    }

    /// The same, counting rows as equal when their numbers agree after rounding to multiples of a
    /// step: ages to whole years, incomes to hundreds. Only the overlap of rows and the review
    /// depend on it.
    ///
    /// # Errors
    /// [`MetricError::BadOption`] if a column does not exist or holds no numbers, or a step is not
    /// above 0.
    pub fn with_rounding<S: Into<String>>(
        mut self,
        steps: impl IntoIterator<Item = (S, f64)>,
    ) -> Result<Self, MetricError> {
        for (column, step) in steps {
            let column = column.into();
            let field = self.real.schema().field(&column);
            let numeric = field.is_some_and(|field| field.kind.is_numeric());
            if !numeric || !step.is_finite() || step <= 0.0 {
                return Err(MetricError::BadOption {
                    option: "rounding",
                    column,
                    rule: "expected a numeric column and a step above 0",
                });
            }
            self.rounding.insert(column, step);
        }
        Ok(self)
    }

    pub(crate) fn rounding(&self) -> &BTreeMap<String, f64> {
        &self.rounding
    }

    /// The real table with another one in the place of the synthetic, without a holdout.
    pub(crate) fn against<'b>(&self, synthetic: &'b Table) -> Pair<'b>
    where
        'a: 'b,
    {
        Pair {
            real: self.real,
            synthetic,
            holdout: None,
            copies: Vec::new(),
            rounding: BTreeMap::new(),
        }
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

    /// Further synthetic tables beside the one that is judged.
    #[must_use]
    pub fn copies(&self) -> &[&'a Table] {
        &self.copies
    }
}

impl fmt::Debug for Pair<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pair")
            .field("real_rows", &self.real.rows())
            .field("synthetic_rows", &self.synthetic.rows())
            .field("holdout_rows", &self.holdout.map(Table::rows))
            .field("copies", &self.copies.len())
            .finish_non_exhaustive()
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
