//! A list of steps, carried out and undone.

use parable_seed::Seed;
use serde::{Deserialize, Serialize};

use super::frame::Frame;
use super::grid;
use super::{CleanError, Issue, IssueKind, Step};
use parable_table::constraints::{Repair, check, repair};
use parable_table::{Constraint, Field, Schema, Table};

/// The steps that prepare a table for a model, in order, with the facts that undo them on synthetic
/// rows.
///
/// Holds values of the confidential table (the constant of a constant column, which codes go with
/// which text), so it belongs beside the table and not into a private model file.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "RecipeFile", into = "RecipeFile")]
pub struct Recipe {
    source: Schema,
    steps: Vec<Step>,
}

/// The stored form.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct RecipeFile {
    format: String,
    version: u32,
    steps: Vec<Step>,
    source: Schema,
}

const FORMAT: &str = "parable-recipe";
const VERSION: u32 = 1;

impl TryFrom<RecipeFile> for Recipe {
    type Error = CleanError;

    fn try_from(file: RecipeFile) -> Result<Self, CleanError> {
        if file.format != FORMAT || file.version != VERSION {
            return Err(CleanError::UnknownFormat {
                format: file.format,
                version: file.version,
            });
        }
        Ok(Self::new(file.source, file.steps))
    }
}

impl From<Recipe> for RecipeFile {
    fn from(recipe: Recipe) -> Self {
        Self {
            format: FORMAT.to_owned(),
            version: VERSION,
            steps: recipe.steps,
            source: recipe.source,
        }
    }
}

impl Recipe {
    /// A recipe for tables of this schema.
    #[must_use]
    pub fn new(source: Schema, steps: Vec<Step>) -> Self {
        Self { source, steps }
    }

    /// The schema of the tables it is for.
    #[must_use]
    pub fn source(&self) -> &Schema {
        &self.source
    }

    /// The steps in order.
    #[must_use]
    pub fn steps(&self) -> &[Step] {
        &self.steps
    }

    /// Removes the step at this position, for a user who disagrees with it. Later steps that need
    /// its result are refused when the recipe is applied.
    ///
    /// # Panics
    /// If there is no such step.
    #[must_use]
    pub fn without(mut self, step: usize) -> Self {
        self.steps.remove(step);
        self
    }

    /// One sentence per step.
    #[must_use]
    pub fn describe(&self) -> Vec<String> {
        self.steps.iter().map(Step::describe).collect()
    }

    /// The cleaned table, and everything in which the table is not as the recipe expects. The table
    /// itself is left as it is.
    ///
    /// # Errors
    /// A column that a step needs is not there or has another type.
    pub fn apply(&self, table: &Table) -> Result<(Table, Vec<Issue>), CleanError> {
        let mut frame = Frame::of(table);
        let mut issues = broken_rules(table)?;
        for step in &self.steps {
            step.inner().apply(&mut frame, &mut issues)?;
        }
        Ok((frame.into_table()?, issues))
    }

    /// Returns the changes that each step would make, in order.
    ///
    /// # Errors
    /// As [`Recipe::apply`].
    pub fn preview(&self, table: &Table) -> Result<Vec<Preview>, CleanError> {
        let mut frame = Frame::of(table);
        self.steps
            .iter()
            .map(|step| {
                let before = frame.clone();
                step.inner().apply(&mut frame, &mut Vec::new())?;
                Ok(Preview::between(step, &before, &frame))
            })
            .collect()
    }

    /// A synthetic table in the source's columns, order and types, and what had to be repaired on
    /// the way.
    ///
    /// Rules are repaired first on the cleaned columns, then the steps are undone from last to
    /// first, and rules about columns that only exist now are repaired last. Columns that the
    /// recipe dropped are written again; columns that it kept are passed on as they are.
    ///
    /// # Errors
    /// A column that the cleaned shape has is not there or has another type.
    pub fn restore(
        &self,
        synthetic: &Table,
        seed: &Seed,
    ) -> Result<(Table, Vec<Repair>), CleanError> {
        let seed = seed.stream("clean/restore");
        let mut repairs = Vec::new();
        let mut frame = Frame::of(synthetic);
        grid::round(&mut frame, &self.source);
        let done: Vec<Constraint> = frame.constraints.clone();
        if !done.is_empty() {
            let (table, made) = repair(frame.into_table()?, &seed.stream("before"))?;
            frame = Frame::of(&table);
            repairs.extend(made);
        }
        frame.constraints.clear();
        for (index, step) in self.steps.iter().enumerate().rev() {
            step.inner()
                .restore(&mut frame, &seed.index(index as u64), &mut repairs)?;
        }
        let mut ordered = Frame {
            fields: Vec::with_capacity(self.source.len()),
            columns: Vec::with_capacity(self.source.len()),
            constraints: Vec::new(),
            rows: frame.rows,
        };
        for field in self.source.fields() {
            let position = frame.find_like(field)?;
            let restored = restored_field(field, frame.fields.remove(position));
            ordered.push(restored, frame.columns.remove(position));
        }
        ordered.constraints = self
            .source
            .constraints()
            .iter()
            .filter(|rule| !done.contains(rule))
            .cloned()
            .collect();
        if !ordered.constraints.is_empty() {
            let (table, made) = repair(ordered.into_table()?, &seed.stream("after"))?;
            repairs.extend(made);
            ordered = Frame::of(&table);
        }
        ordered.constraints = self.source.constraints().to_vec();
        Ok((ordered.into_table()?, repairs))
    }
}

/// The source's field, with the levels of the synthetic column: clusters may have got fresh names.
fn restored_field(source: &Field, synthetic: Field) -> Field {
    let mut field = source.clone();
    if synthetic.kind.is_categorical() {
        field.kind = synthetic.kind;
    }
    field
}

/// Rules of the schema that the rows break, as issues.
pub(super) fn broken_rules(table: &Table) -> Result<Vec<Issue>, CleanError> {
    let rules = table.schema().constraints();
    Ok(check(table)?
        .into_iter()
        .map(|violation| {
            let message = format!(
                "{} rows break the rule that {}",
                violation.rows, violation.description
            );
            let columns = rules[violation.constraint].columns();
            Issue::new(IssueKind::RuleBroken, columns, violation.rows, message)
        })
        .collect())
}

/// The changes that a step makes in a table.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Preview {
    /// The step in one sentence.
    pub description: String,
    /// Columns that go.
    pub removed: Vec<String>,
    /// Columns that come.
    pub added: Vec<String>,
    /// Columns that stay and hold something else.
    pub changed: Vec<String>,
    /// How many rows have a cell that goes, comes or changes.
    pub rows: usize,
}

impl Preview {
    pub(super) fn between(step: &Step, before: &Frame, after: &Frame) -> Self {
        let names = |of: &Frame, not_in: &Frame| -> Vec<String> {
            let fields = of.fields.iter();
            let only = fields.filter(|field| not_in.position(&field.name).is_none());
            only.map(|field| field.name.clone()).collect()
        };
        let removed = names(before, after);
        let added = names(after, before);
        let mut changed = Vec::new();
        let mut touched = vec![!removed.is_empty() || !added.is_empty(); before.rows];
        for (field, column) in after.fields.iter().zip(&after.columns) {
            let Some(position) = before.position(&field.name) else {
                continue;
            };
            let (old_field, old) = (&before.fields[position], &before.columns[position]);
            if old_field.kind == field.kind && old == column {
                continue;
            }
            changed.push(field.name.clone());
            let retyped = old_field.kind.name() != field.kind.name();
            for (row, touched) in touched.iter_mut().enumerate() {
                *touched |= retyped
                    || old.missing(row) != column.missing(row)
                    || old.number(row) != column.number(row)
                    || old.code(row) != column.code(row);
            }
        }
        Self {
            description: step.describe(),
            removed,
            added,
            changed,
            rows: touched.iter().filter(|&&touched| touched).count(),
        }
    }
}
