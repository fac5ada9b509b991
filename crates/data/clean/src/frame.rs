//! A table in the middle of being changed.

use super::CleanError;
use parable_table::{Column, Constraint, Field, Role, Schema, Table, Values};

/// Columns with their fields, and the rules that still make sense; checked as a whole when it
/// becomes a [`Table`] again.
#[derive(Clone, Debug)]
pub(super) struct Frame {
    pub(super) fields: Vec<Field>,
    pub(super) columns: Vec<Column>,
    pub(super) constraints: Vec<Constraint>,
    pub(super) rows: usize,
}

impl Frame {
    /// A working copy of a table.
    pub(super) fn of(table: &Table) -> Self {
        Self {
            fields: table.schema().fields().to_vec(),
            columns: table.columns().to_vec(),
            constraints: table.schema().constraints().to_vec(),
            rows: table.rows(),
        }
    }

    /// The columns of a schema without a row; facts may be unknown.
    pub(super) fn without_rows(schema: &Schema) -> Self {
        let fields = schema.fields().to_vec();
        Self {
            columns: fields
                .iter()
                .map(|field| Column::complete(Values::empty(&field.kind)))
                .collect(),
            fields,
            constraints: schema.constraints().to_vec(),
            rows: 0,
        }
    }

    /// The table.
    pub(super) fn into_table(self) -> Result<Table, CleanError> {
        let schema = Schema::with_constraints(self.fields, self.constraints)?;
        Ok(Table::new(schema, self.columns)?)
    }

    /// The position of a column.
    pub(super) fn position(&self, name: &str) -> Option<usize> {
        self.fields.iter().position(|field| field.name == name)
    }

    /// The position of a column that has to be there.
    pub(super) fn find(&self, name: &str) -> Result<usize, CleanError> {
        self.position(name).ok_or_else(|| CleanError::NoColumn {
            column: name.to_owned(),
        })
    }

    /// The position of a column that has to be there with the type of this field.
    pub(super) fn find_like(&self, field: &Field) -> Result<usize, CleanError> {
        let position = self.find(&field.name)?;
        let found = &self.fields[position].kind;
        if std::mem::discriminant(found) == std::mem::discriminant(&field.kind) {
            Ok(position)
        } else {
            Err(CleanError::WrongKind {
                column: field.name.clone(),
                expected: field.kind.name(),
                found: found.name(),
            })
        }
    }

    /// Takes a column out, with every rule and role that names it.
    pub(super) fn remove(&mut self, position: usize) -> (Field, Column) {
        let field = self.fields.remove(position);
        self.forget_rules_about(&field.name);
        for other in &mut self.fields {
            if let Role::Descriptor { of } = &mut other.role {
                of.retain(|name| *name != field.name);
                if of.is_empty() {
                    other.role = Role::Covariate;
                }
            }
        }
        (field, self.columns.remove(position))
    }

    /// Drops the rules that name a column, because its values no longer mean what the rules say.
    pub(super) fn forget_rules_about(&mut self, name: &str) {
        self.constraints = std::mem::take(&mut self.constraints)
            .into_iter()
            .filter_map(|rule| without(rule, name))
            .collect();
    }

    /// Puts a column in.
    pub(super) fn insert(&mut self, position: usize, field: Field, column: Column) {
        self.fields.insert(position, field);
        self.columns.insert(position, column);
    }

    /// Puts a column at the end.
    pub(super) fn push(&mut self, field: Field, column: Column) {
        self.insert(self.fields.len(), field, column);
    }

    /// A name like this one that no column has.
    pub(super) fn fresh_name(&self, wish: &str) -> String {
        let taken = |name: &str| self.position(name).is_some();
        if !taken(wish) {
            return wish.to_owned();
        }
        (2..)
            .map(|number| format!("{wish}_{number}"))
            .find(|name| !taken(name))
            .expect("there are more numbers than columns")
    }
}

/// The rule without the column, as far as something of it is left.
fn without(rule: Constraint, name: &str) -> Option<Constraint> {
    match rule {
        Constraint::ClusterConstant {
            cluster,
            mut columns,
        } if cluster != name => {
            columns.retain(|column| column != name);
            (!columns.is_empty()).then_some(Constraint::ClusterConstant { cluster, columns })
        }
        rule => (!rule.columns().contains(&name)).then_some(rule),
    }
}
