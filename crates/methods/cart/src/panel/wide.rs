//! The wide table: its columns, its settings, and how rows are laid out in it.

use parable_core::FitError;
use parable_table::{
    Column, Field, Kind, Known, Levels, Missing, NumberFormat, Role, Schema, SchemaError, Table,
    Values,
};

use super::shape::{Shape, at, stays};
use crate::config::{CartConfig, Fixed, Rule, VisitOrder, setting_error};

/// What a wide column holds; rows of a subject count from one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Wide {
    /// A column that does not vary.
    Constant(usize),
    /// The time of the first row.
    Start,
    /// Whether there is a row after this one.
    Another(usize),
    /// The time from the row before to this one.
    Step(usize),
    /// A column of this row.
    Cell(usize, usize),
}

impl Shape {
    /// The wide columns: what does not vary, then row by row, within a row in the order of `order`.
    pub(super) fn wide(&self, schema: &Schema, order: &[usize]) -> Vec<Wide> {
        let constant = order.iter().filter(|column| self.constant.contains(column));
        let mut wide: Vec<Wide> = constant.map(|&column| Wide::Constant(column)).collect();
        let varying = self.varying(schema);
        for row in 1..=self.most() {
            wide.push(if row == 1 {
                Wide::Start
            } else {
                Wide::Step(row)
            });
            let own = order.iter().filter(|column| varying.contains(column));
            wide.extend(own.map(|&column| Wide::Cell(column, row)));
            if row < self.most() && self.ends[row - 1] {
                wide.push(Wide::Another(row));
            }
        }
        wide
    }

    /// The wide columns in the order of the wide schema.
    pub(super) fn columns(&self, schema: &Schema) -> Vec<Wide> {
        self.wide(schema, &(0..schema.len()).collect::<Vec<_>>())
    }

    /// Where a column of the long table stands in the wide one.
    pub(crate) fn places(&self, schema: &Schema, column: &str) -> Vec<usize> {
        let is = |wide: &Wide| match *wide {
            Wide::Constant(own) | Wide::Cell(own, _) => schema.fields()[own].name == column,
            Wide::Start | Wide::Step(_) => schema.fields()[self.time].name == column,
            Wide::Another(_) => false,
        };
        let columns = self.columns(schema).into_iter().enumerate();
        columns
            .filter(|(_, wide)| is(wide))
            .map(|(at, _)| at)
            .collect()
    }

    fn name(&self, wide: Wide, schema: &Schema) -> String {
        let name = |column: usize| &schema.fields()[column].name;
        let plain = match wide {
            Wide::Constant(column) => return name(column).clone(),
            Wide::Start => format!("{} (row 1)", name(self.time)),
            Wide::Another(row) => format!("a row after row {row}"),
            Wide::Step(row) => format!("{} (from row {} to {row})", name(self.time), row - 1),
            Wide::Cell(column, row) => format!("{} (row {row})", name(column)),
        };
        // Formulas quote names with it, and nothing else can stand in the way.
        let mut plain = plain.replace('`', "'");
        while schema.position(&plain).is_some() {
            plain.push('.');
        }
        plain
    }

    /// The schema of the wide table; rules of the schema that speak of columns that vary are left
    /// out.
    pub(crate) fn schema(&self, schema: &Schema) -> Result<Schema, SchemaError> {
        let fields: Vec<Field> = self
            .columns(schema)
            .into_iter()
            .map(|wide| {
                let name = self.name(wide, schema);
                let like = |column: usize| {
                    let mut field = schema.fields()[column].clone();
                    field.name.clone_from(&name);
                    if !stays(&field.role) {
                        field.role = Role::Covariate;
                    }
                    field
                };
                match wide {
                    Wide::Constant(column) => {
                        let mut field = schema.fields()[column].clone();
                        if matches!(field.role, Role::Descriptor { .. }) {
                            field.role = Role::Covariate;
                        }
                        field
                    }
                    Wide::Start => like(self.time),
                    Wide::Cell(column, _) => like(column),
                    Wide::Another(_) => Field::new(name, Kind::boolean(yes_or_no())),
                    Wide::Step(_) => Field::new(name, self.step_kind(schema)),
                }
            })
            .collect();
        let known = |name: &&str| {
            let position = schema.position(name);
            position.is_some_and(|position| self.constant.contains(&position))
        };
        let rules = schema
            .constraints()
            .iter()
            .filter(|rule| rule.columns().iter().all(known))
            .cloned()
            .collect();
        Schema::with_constraints(fields, rules)
    }

    fn step_kind(&self, schema: &Schema) -> Kind {
        match schema.fields()[self.time].kind {
            Kind::Continuous { .. } => Kind::Continuous {
                bounds: None,
                grid: None,
                format: NumberFormat::default(),
            },
            _ => Kind::integer(),
        }
    }

    /// The settings for the wide table.
    ///
    /// - `order`: the columns of the long table in the order in which they are made
    pub(crate) fn config(
        &self,
        config: &CartConfig,
        schema: &Schema,
        order: &[usize],
    ) -> CartConfig {
        let mut made = config.clone();
        made.panel = None;
        made.columns.clear();
        let order = self.wide(schema, order);
        let named = |wide: Wide| self.name(wide, schema);
        let mut before: Option<String> = None;
        for &wide in &order {
            let source = match wide {
                Wide::Constant(column) | Wide::Cell(column, _) => Some(column),
                _ => None,
            };
            let own = source.and_then(|column| config.columns.get(&schema.fields()[column].name));
            if let Some(own) = own {
                made.columns.insert(named(wide), own.clone());
            }
            // A row that is not there has no values, and none comes after it.
            if let (Some(before), false) = (&before, matches!(wide, Wide::Constant(_))) {
                let value = match wide {
                    Wide::Another(_) => Fixed::Text(NO.to_owned()),
                    _ => Fixed::Missing,
                };
                made.rules
                    .push(Rule::new(named(wide), format!("not `{before}`"), value));
            }
            if let Wide::Another(_) = wide {
                before = Some(named(wide));
            }
        }
        made.visit_order = VisitOrder::Given(order.into_iter().map(named).collect());
        made
    }

    /// The wide table.
    ///
    /// - `rows`: the rows of each subject in the order of time
    pub(crate) fn spread(&self, table: &Table, rows: &[Vec<usize>]) -> Result<Table, FitError> {
        let schema = table.schema();
        let columns = self.columns(schema).into_iter().map(|wide| {
            let of_row = |column: &Column, row: usize| {
                let places: Vec<usize> = rows
                    .iter()
                    .map(|own| own.get(row - 1).copied().unwrap_or(own[0]))
                    .collect();
                let held = column.take(&places);
                let missing: Vec<u8> = (0..rows.len())
                    .map(
                        |subject| match (rows[subject].len() < row, held.missing(subject)) {
                            (true, _) => Missing::Absent.to_byte(),
                            (false, missing) => missing.map_or(0, Missing::to_byte),
                        },
                    )
                    .collect();
                Column::with_missing(held.values().clone(), missing)
            };
            match wide {
                Wide::Constant(column) => of_row(table.column(column), 1),
                Wide::Start => of_row(table.column(self.time), 1),
                Wide::Cell(column, row) => of_row(table.column(column), row),
                Wide::Another(row) => {
                    let more = rows.iter().map(|own| u32::from(own.len() > row));
                    Column::complete(Values::Codes(more.collect()))
                }
                Wide::Step(row) => {
                    let time = table.column(self.time);
                    let step = |own: &Vec<usize>| match own.get(row - 1) {
                        Some(&now) => at(time, now) - at(time, own[row - 2]),
                        None => 0.0,
                    };
                    let steps: Vec<f64> = rows.iter().map(step).collect();
                    let values = match self.step_kind(schema) {
                        Kind::Integer { .. } => {
                            Values::Integer(steps.iter().map(|&step| step as i64).collect())
                        }
                        _ => Values::Continuous(steps),
                    };
                    let absent = |own: &Vec<usize>| match own.len() < row {
                        true => Missing::Absent.to_byte(),
                        false => 0,
                    };
                    Column::with_missing(values, rows.iter().map(absent).collect())
                }
            }
        });
        let columns: Vec<Column> = columns.collect();
        let schema = self.schema(schema);
        let schema = schema.map_err(|error| setting_error("panel", error.to_string()))?;
        Ok(Table::new(schema, columns)?)
    }
}

const NO: &str = "no";

fn yes_or_no() -> Known<Levels> {
    Known::declared(Levels::new([NO, "yes"]).expect("two names"))
}
