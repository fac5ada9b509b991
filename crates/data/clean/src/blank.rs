//! Columns that a private fit leaves out because nothing about their values may be read.

use parable_seed::Seed;
use serde::{Deserialize, Serialize};

use super::frame::Frame;
use super::step::Apply;
use super::{CleanError, FreshIds, Issue, OneHotBlock, Recipe, Step, one_hot};
use parable_table::constraints::Repair;
use parable_table::{Cell, Column, Constraint, Field, Kind, Role, Schema};

/// Drops a column whatever it holds; every synthetic row has it empty.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct BlankColumn {
    /// The column.
    pub column: Field,
}

impl Apply for BlankColumn {
    fn describe(&self) -> String {
        format!(
            "Drop the column `{}` without looking at it, and leave it empty in synthetic rows.",
            self.column.name
        )
    }

    fn apply(&self, frame: &mut Frame, _issues: &mut Vec<Issue>) -> Result<(), CleanError> {
        frame.remove(frame.find_like(&self.column)?);
        Ok(())
    }

    fn restore(
        &self,
        frame: &mut Frame,
        _seed: &Seed,
        _repairs: &mut Vec<Repair>,
    ) -> Result<(), CleanError> {
        let column = Column::from_cells(&self.column, &[Cell::Absent], (0..frame.rows).map(|_| 0));
        frame.push(self.column.clone(), column);
        Ok(())
    }
}

impl Recipe {
    /// A recipe from declared facts alone, for private fits: no row is looked at, and the recipe
    /// holds nothing that was observed in one.
    ///
    /// Columns whose role is to name rows are dropped and numbered 1, 2, ... afterwards; free text
    /// is dropped and left empty; blocks of 0/1 columns that a rule of the schema declares become
    /// one column. Everything else, missing values included, goes to the method as it is.
    #[must_use]
    pub fn declared(schema: &Schema) -> Self {
        let schema = schema.public();
        let mut steps: Vec<Step> = schema.fields().iter().filter_map(withheld).collect();
        let mut names: Vec<String> = schema.fields().iter().map(|f| f.name.clone()).collect();
        for rule in schema.constraints() {
            let Constraint::OneHot { columns } = rule else {
                continue;
            };
            let fields: Vec<Field> = columns
                .iter()
                .filter_map(|name| schema.field(name).cloned())
                .collect();
            if fields.len() > 1 && fields.iter().all(one_hot::is_flag) {
                let block = OneHotBlock::of(fields, &names);
                names.push(block.into.name.clone());
                steps.push(Step::OneHot(block));
            }
        }
        Self::new(schema, steps)
    }

    /// The columns that [`Recipe::declared`] leaves to the method.
    ///
    /// # Errors
    /// Columns that two steps claim.
    pub fn declared_columns(schema: &Schema) -> Result<Schema, CleanError> {
        let recipe = Self::declared(schema);
        let mut frame = Frame::without_rows(recipe.source());
        for step in recipe.steps() {
            step.inner().apply(&mut frame, &mut Vec::new())?;
        }
        Ok(Schema::with_constraints(frame.fields, frame.constraints)?)
    }
}

/// The step that keeps a private fit from a column, if it may not see it.
fn withheld(field: &Field) -> Option<Step> {
    if field.role == Role::UnitId {
        Some(Step::FreshIds(FreshIds::numbered(field.clone())))
    } else if matches!(field.kind, Kind::Text) {
        let column = field.clone();
        Some(Step::Blank(BlankColumn { column }))
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use parable_table::{Known, Levels, Strings, Table, Values};

    #[test]
    fn the_recipe_and_what_it_restores_hold_nothing_of_a_row() {
        let arms = Levels::new(["a", "b"]).expect("distinct");
        let names = Levels::new(["Ada", "Bob"]).expect("distinct");
        let fields = vec![
            Field::new("name", Kind::nominal(Known::observed(names))).with_role(Role::UnitId),
            Field::new("arm", Kind::nominal(Known::declared(arms))),
            Field::new("remark", Kind::Text),
        ];
        let remarks: Strings = ["moved from Kent", "none"].into_iter().collect();
        let columns = vec![
            Column::complete(Values::Codes(vec![0, 1])),
            Column::complete(Values::Codes(vec![1, 0])),
            Column::complete(Values::Text(remarks)),
        ];
        let table = Table::new(Schema::new(fields).expect("names differ"), columns).expect("fits");

        let recipe = Recipe::declared(table.schema());
        let written = serde_json::to_string(&recipe).expect("a recipe is JSON");
        assert!(!written.contains("Ada") && !written.contains("Kent"));

        let (cleaned, issues) = recipe.apply(&table).expect("the table it is for");
        assert_eq!(cleaned.schema().len(), 1);
        assert!(issues.is_empty());
        let synthetic = cleaned.take(&[0, 0, 1, 1]);
        let (restored, _) = recipe
            .restore(&synthetic, &Seed::from_u64(1))
            .expect("restores");
        assert_eq!(restored.rows(), 4);
        let levels = restored.levels(0).expect("names are levels");
        assert_eq!(levels.iter().collect::<Vec<_>>(), ["1", "2", "3", "4"]);
        assert_eq!(restored.column(2).missing_count(), 4);
    }

    #[test]
    fn declared_blocks_become_one_column_before_any_row_is_seen() {
        let flag = |name: &str| Field::new(name, Kind::integer());
        let town = Levels::new(["x", "y"]).expect("distinct");
        let fields = vec![
            flag("band_low"),
            flag("band_high"),
            Field::new("town", Kind::nominal(Known::observed(town))),
            Field::new("name", Kind::Text).with_role(Role::UnitId),
        ];
        let rule = Constraint::OneHot {
            columns: vec!["band_low".to_owned(), "band_high".to_owned()],
        };
        let schema = Schema::with_constraints(fields, vec![rule]).expect("a valid schema");
        let columns = Recipe::declared_columns(&schema).expect("steps that fit");
        let names: Vec<&str> = columns.fields().iter().map(|field| &*field.name).collect();
        assert_eq!(names, ["band", "town"]);
        assert!(columns.fields()[1].kind.known_levels().is_none());
    }
}
