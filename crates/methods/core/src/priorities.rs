//! Relations that a fit should preserve first.

use parable_table::{Role, Schema};

use crate::FitError;

/// Relations that a fit should preserve first, in terms of columns and not of one method's
/// settings.
///
/// A method's settings take them in by
/// [`MethodConfig::prioritize`](crate::MethodConfig::prioritize).
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct Priorities {
    /// Sets of columns whose joint distribution is measured in any case.
    pub required: Vec<Vec<String>>,
    /// Columns or sets of columns, and how much their error matters; 1 for all that are not named.
    pub weights: Vec<(Vec<String>, f64)>,
}

impl Priorities {
    /// Adds a set of columns whose joint distribution is measured in any case.
    #[must_use]
    pub fn with_required<S: Into<String>>(mut self, columns: impl IntoIterator<Item = S>) -> Self {
        self.required
            .push(columns.into_iter().map(Into::into).collect());
        self
    }

    /// Adds a factor on the error of a column, or of a set of columns.
    #[must_use]
    pub fn with_weight<S: Into<String>>(
        mut self,
        columns: impl IntoIterator<Item = S>,
        factor: f64,
    ) -> Self {
        let columns = columns.into_iter().map(Into::into).collect();
        self.weights.push((columns, factor));
        self
    }

    /// Adds the joint distribution of the treatment and each outcome, by the roles of the schema.
    ///
    /// Pass the columns that the method will see: those that the cleaning of a private fit keeps.
    ///
    /// # Errors
    /// [`FitError::Setting`] for a schema without a treatment or without an outcome.
    pub fn with_effects(mut self, schema: &Schema) -> Result<Self, FitError> {
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

    /// Refuses required sets, for a method that measures no chosen sets.
    ///
    /// # Errors
    /// [`FitError::Setting`] if there are any.
    pub fn refuse_required(&self) -> Result<(), FitError> {
        if self.required.is_empty() {
            return Ok(());
        }
        Err(refused(
            "required",
            "the method measures no sets of columns that can be chosen",
        ))
    }

    /// Refuses weights, for a method that does not weigh errors.
    ///
    /// # Errors
    /// [`FitError::Setting`] if there are any.
    pub fn refuse_weights(&self) -> Result<(), FitError> {
        if self.weights.is_empty() {
            return Ok(());
        }
        Err(refused(
            "weights",
            "the method does not weigh the errors of columns",
        ))
    }
}

fn refused(setting: &str, problem: &str) -> FitError {
    FitError::Setting {
        setting: setting.to_owned(),
        problem: problem.to_owned(),
    }
}
