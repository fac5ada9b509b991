//! A table prepared for a method, with the recipe that undoes it.

use parable_clean::{Issue, MissingPlan, PlanOptions, Recipe};
use parable_core::Capabilities;
use parable_table::{Constraint, Schema, Table, TableError};

use crate::Error;

/// Options of cleaning, beyond dropping what can be put back.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CleanOptions {
    /// Fills missing values, with an indicator column beside each number and a level for missing
    /// categories.
    pub impute: bool,
}

/// A cleaned table, the recipe that made it and undoes it, and all issues that were found.
#[derive(Clone, Debug)]
pub struct Cleaned {
    recipe: Recipe,
    table: Table,
    issues: Vec<Issue>,
}

impl Cleaned {
    /// Plans and applies the cleaning of a table.
    ///
    /// # Errors
    /// [`Error::Clean`] for a recipe that does not fit the table.
    pub fn of(table: &Table, options: CleanOptions) -> Result<Self, Error> {
        let missing = if options.impute {
            MissingPlan::Encode
        } else {
            MissingPlan::Keep
        };
        Self::planned(table, &PlanOptions::default().with_missing(missing))
    }

    /// Plans and applies the cleaning that a method's capabilities ask for.
    ///
    /// For a private method the recipe comes from declared facts alone ([`Recipe::declared`]), so
    /// that no row decides what is done. For others, missing values are filled only if the method
    /// does not take them. Rules about clusters are left out if the method draws each row on its
    /// own: repairing its rows by such rules would put whole arms into one school, and without them
    /// its table shows what the method loses.
    ///
    /// # Errors
    /// As [`Cleaned::of`].
    pub fn for_method(table: &Table, capabilities: Capabilities) -> Result<Self, Error> {
        Self::asked_for(table, capabilities, PlanOptions::default())
    }

    /// As [`Cleaned::for_method`], but levels that only one or two people have are kept, and with
    /// them what they say about these people.
    ///
    /// # Errors
    /// As [`Cleaned::of`].
    pub fn with_rare_levels(table: &Table, capabilities: Capabilities) -> Result<Self, Error> {
        let options = PlanOptions::default().with_rare_levels_below(0);
        Self::asked_for(table, capabilities, options)
    }

    fn asked_for(
        table: &Table,
        capabilities: Capabilities,
        mut options: PlanOptions,
    ) -> Result<Self, Error> {
        let free;
        let table = if capabilities.clusters {
            table
        } else {
            free = without_cluster_rules(table)?;
            &free
        };
        if capabilities.private {
            return Self::by(Recipe::declared(table.schema()), table, Vec::new());
        }
        if !capabilities.missing {
            options = options.with_missing(MissingPlan::Encode);
        }
        options.clusters = capabilities.clusters;
        Self::planned(table, &options)
    }

    fn planned(table: &Table, options: &PlanOptions) -> Result<Self, Error> {
        let (recipe, issues) = Recipe::plan(table, options)?;
        Self::by(recipe, table, issues)
    }

    fn by(recipe: Recipe, table: &Table, mut issues: Vec<Issue>) -> Result<Self, Error> {
        let (table, more) = recipe.apply(table)?;
        issues.extend(more);
        Ok(Self {
            recipe,
            table,
            issues,
        })
    }

    /// Returns the recipe.
    #[must_use]
    pub fn recipe(&self) -> &Recipe {
        &self.recipe
    }

    /// Returns the cleaned table.
    #[must_use]
    pub fn table(&self) -> &Table {
        &self.table
    }

    /// Returns the cleaning steps, one sentence each.
    #[must_use]
    pub fn steps(&self) -> Vec<String> {
        self.recipe.describe()
    }

    /// Returns the issues that cleaning found and left alone, one sentence each.
    #[must_use]
    pub fn issues(&self) -> Vec<String> {
        self.issues.iter().map(ToString::to_string).collect()
    }

    /// Writes the log of the cleaning in Markdown. Confidential: it describes the rows.
    #[must_use]
    pub fn to_markdown(&self) -> String {
        let list = |lines: Vec<String>| match lines.is_empty() {
            true => "- nothing\n".to_owned(),
            false => lines.iter().map(|line| format!("- {line}\n")).collect(),
        };
        format!(
            "# Cleaning\n\n## Done, and undone after synthesis\n\n{}\n## Seen and left alone\n\n{}",
            list(self.steps()),
            list(self.issues())
        )
    }
}

fn without_cluster_rules(table: &Table) -> Result<Table, TableError> {
    let (schema, columns) = table.clone().into_parts();
    let rules = schema.constraints().iter();
    let kept = rules.filter(|rule| !matches!(rule, Constraint::ClusterConstant { .. }));
    let schema = Schema::with_constraints(schema.fields().to_vec(), kept.cloned().collect())
        .expect("fewer rules name fewer columns");
    Table::new(schema, columns)
}
