//! Settings of columns, resolved against the columns of a schema.

use parable_core::FitError;
use parable_table::expression::{Cells, Expression, Value};
use parable_table::{Column, Field, Kind, Missing, Schema, Table, Values};

use crate::config::{
    CartConfig, ColumnConfig, Fixed, Method, Predictors, Smoothing, setting_error,
};

/// How each column of a schema is synthesized, by position.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Resolved {
    pub(crate) columns: Vec<ResolvedColumn>,
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) struct ResolvedColumn {
    pub(crate) making: Making,
    /// Columns that may predict it, in order of priority; `None` for all.
    pub(crate) predictors: Option<Vec<usize>>,
    pub(crate) rules: Vec<ResolvedRule>,
    pub(crate) smoothing: Smoothing,
    pub(crate) min_leaf_rows: Option<usize>,
    /// Rows that the nodes above a leaf count for.
    pub(crate) shrinkage: f64,
    bottom: f64,
    top: f64,
    /// Columns that must come before it.
    pub(crate) needs: Vec<usize>,
}

/// How a column is synthesized.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Making {
    Tree,
    Sample,
    NormalRank,
    Saturated,
    Groups(usize),
    Formula(Expression),
    Constant(Given),
}

/// A condition and the value of the column where it holds.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct ResolvedRule {
    pub(crate) when: Expression,
    pub(crate) value: Given,
}

/// A value of a column.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Given {
    Number(f64),
    Code(u32),
    /// The byte of a missing reason.
    Missing(u8),
}

/// Groups of a number, at most.
const MAX_GROUPS: usize = 1_000;

impl Resolved {
    /// Resolves the settings, or names the one that does not fit the table.
    pub(crate) fn of(config: &CartConfig, schema: &Schema) -> Result<Self, FitError> {
        let plain = ColumnConfig::default();
        if let Some(name) = config
            .columns
            .keys()
            .find(|name| schema.position(name).is_none())
        {
            return Err(setting_error(
                "columns",
                format!("the table has no column `{name}`"),
            ));
        }
        let bind = |field: &Field| {
            let own = config.columns.get(&field.name).unwrap_or(&plain);
            ResolvedColumn::of(field, own, config, schema)
        };
        let columns = schema.fields().iter().map(bind).collect::<Result<_, _>>()?;
        let mut resolved = Self { columns };
        for (index, rule) in config.rules.iter().enumerate() {
            let setting = format!("rules.{}", index + 1);
            let position = position(schema, &rule.column, &setting)?;
            let when = Expression::condition(&rule.when, schema)
                .map_err(|error| setting_error(&setting, error.to_string()))?;
            let value = Given::of(&rule.value, &schema.fields()[position])
                .map_err(|problem| setting_error(&setting, problem))?;
            let column = &mut resolved.columns[position];
            column.needs.extend(when.columns());
            column.rules.push(ResolvedRule { when, value });
        }
        for (field, column) in schema.fields().iter().zip(&mut resolved.columns) {
            column.needs.sort_unstable();
            column.needs.dedup();
            if column
                .needs
                .iter()
                .any(|&need| schema.fields()[need].name == field.name)
            {
                return Err(setting_error(
                    &format!("columns.{}", field.name),
                    "the column depends on itself",
                ));
            }
        }
        Ok(resolved)
    }

    /// The order changed as little as possible, so that every column comes after those it needs.
    pub(crate) fn arrange(&self, order: &[usize], schema: &Schema) -> Result<Vec<usize>, FitError> {
        let mut arranged: Vec<usize> = Vec::with_capacity(order.len());
        let mut waiting: Vec<usize> = order.to_vec();
        while !waiting.is_empty() {
            let ready = |&column: &usize| {
                self.columns[column]
                    .needs
                    .iter()
                    .all(|need| arranged.contains(need))
            };
            let Some(next) = waiting.iter().position(ready) else {
                let name = &schema.fields()[waiting[0]].name;
                return Err(setting_error(
                    "columns",
                    format!("column `{name}` and others depend on each other in a circle"),
                ));
            };
            arranged.push(waiting.remove(next));
        }
        Ok(arranged)
    }

    /// The table with numbers beyond the top and bottom codes moved there; `None` if no column has
    /// such codes.
    pub(crate) fn coded(&self, table: &Table) -> Option<Result<Table, FitError>> {
        let bounded = |column: &ResolvedColumn| column.bottom.is_finite() || column.top.is_finite();
        self.columns.iter().any(bounded).then(|| {
            let (schema, mut columns) = table.clone().into_parts();
            for (own, column) in self
                .columns
                .iter()
                .zip(&mut columns)
                .filter(|(own, _)| bounded(own))
            {
                let values = match column.values() {
                    Values::Integer(numbers) => {
                        let inside =
                            |&n: &i64| (n as f64).clamp(own.bottom.ceil(), own.top.floor()) as i64;
                        Values::Integer(numbers.iter().map(inside).collect())
                    }
                    Values::Continuous(numbers) => Values::Continuous(
                        numbers
                            .iter()
                            .map(|n| n.clamp(own.bottom, own.top))
                            .collect(),
                    ),
                    other => other.clone(),
                };
                *column = column.with_values(values);
            }
            Ok(Table::new(schema, columns)?)
        })
    }

    /// Warnings about formulas that the table does not follow, one for each column.
    pub(crate) fn broken_formulas(&self, table: &Table) -> Vec<String> {
        let fields = table.schema().fields();
        let mut broken = Vec::new();
        for (position, column) in self.columns.iter().enumerate() {
            let held = table.column(position);
            let differs = |row: &usize| {
                let expected = match &column.making {
                    Making::Formula(formula) => {
                        Given::from(formula.value(&table.columns(), *row), &fields[position])
                    }
                    Making::Constant(given) => *given,
                    _ => return false,
                };
                !expected.is(held, *row)
            };
            let rows = (0..table.rows()).filter(differs).count();
            if rows > 0 {
                let name = &fields[position].name;
                broken.push(format!("column `{name}` differs from its formula in {rows} of the rows learnt from; the synthetic rows follow the formula"));
            }
        }
        broken
    }
}

impl ResolvedColumn {
    fn of(
        field: &Field,
        own: &ColumnConfig,
        config: &CartConfig,
        schema: &Schema,
    ) -> Result<Self, FitError> {
        let setting = |part: &str| format!("columns.{}.{part}", field.name);
        let refuse = |part: &str, problem: &str| Err(setting_error(&setting(part), problem));
        let mut predictors = match &own.predictors {
            Predictors::All => None,
            Predictors::Only(names) => Some(positions(schema, names, &setting("predictors"))?),
            Predictors::Without(names) => {
                let without = positions(schema, names, &setting("predictors"))?;
                Some(
                    (0..schema.len())
                        .filter(|column| !without.contains(column))
                        .collect(),
                )
            }
        };
        let mut needs = Vec::new();
        let numeric = field.kind.is_numeric();
        let making = match &own.method {
            Method::Tree => Making::Tree,
            Method::Sample => Making::Sample,
            Method::Constant(value) => Making::Constant(
                Given::of(value, field)
                    .map_err(|problem| setting_error(&setting("method"), problem))?,
            ),
            Method::NormalRank if numeric || matches!(field.kind, Kind::Ordinal { .. }) => {
                Making::NormalRank
            }
            Method::NormalRank => {
                return refuse("method", "normal ranks need numbers or levels in an order");
            }
            Method::Saturated => {
                if let Predictors::Only(_) = own.predictors {
                    needs.extend(predictors.iter().flatten());
                }
                Making::Saturated
            }
            Method::NestedIn(name) => {
                let outer = position(schema, name, &setting("method"))?;
                needs.push(outer);
                predictors = Some(vec![outer]);
                Making::Saturated
            }
            Method::Passive(text) => {
                let formula = Expression::formula(text, schema, field)
                    .map_err(|error| setting_error(&setting("method"), error.to_string()))?;
                needs.extend(formula.columns());
                Making::Formula(formula)
            }
            Method::Groups(groups) if !numeric => {
                let _ = groups;
                return refuse("method", "only numbers can be grouped");
            }
            Method::Groups(groups) if !(2..=MAX_GROUPS).contains(groups) => {
                return refuse("method", "must be from 2 to 1000 groups");
            }
            Method::Groups(groups) => Making::Groups(*groups),
        };
        if own.min_leaf_rows == Some(0) {
            return refuse("min_leaf_rows", "must be at least 1");
        }
        if own
            .shrinkage
            .is_some_and(|rows| !(0.0..=1e9).contains(&rows))
        {
            return refuse("shrinkage", "must be a number of rows from 0 on");
        }
        if (own.top.is_some() || own.bottom.is_some()) && !numeric {
            return refuse("top", "only numbers can be top or bottom coded");
        }
        let (bottom, top) = (
            own.bottom.unwrap_or(f64::NEG_INFINITY),
            own.top.unwrap_or(f64::INFINITY),
        );
        let whole = |number: f64| number.is_finite();
        if own.bottom.is_some_and(|b| !whole(b))
            || own.top.is_some_and(|t| !whole(t))
            || bottom.ceil() > top.floor()
        {
            return refuse("top", "the top code must be a number above the bottom code");
        }
        Ok(Self {
            making,
            predictors,
            rules: Vec::new(),
            smoothing: own.smoothing.unwrap_or(config.smoothing),
            min_leaf_rows: own.min_leaf_rows,
            shrinkage: own.shrinkage.unwrap_or(config.shrinkage),
            bottom,
            top,
            needs,
        })
    }

    /// The value that a rule gives this row.
    pub(crate) fn ruled(&self, cells: &impl Cells, row: usize) -> Option<Given> {
        let first = self.rules.iter().find(|rule| rule.when.holds(cells, row));
        first.map(|rule| rule.value)
    }
}

impl Given {
    fn of(value: &Fixed, field: &Field) -> Result<Self, String> {
        let reason = |text: &str| {
            field
                .missing_codes
                .iter()
                .position(|code| code.text == text)
        };
        let text = match value {
            Fixed::Missing => return Ok(Self::Missing(Missing::Absent.to_byte())),
            Fixed::Number(number) if field.kind.is_numeric() => {
                let whole = !matches!(field.kind, Kind::Continuous { .. });
                return match number.is_finite()
                    && (!whole || (number.fract() == 0.0 && number.abs() < 9e15))
                {
                    true => Ok(Self::Number(*number)),
                    false => Err(format!(
                        "column `{}` cannot hold the number given",
                        field.name
                    )),
                };
            }
            Fixed::Number(number) => number.to_string(),
            Fixed::Text(text) => text.clone(),
        };
        if let Some(code) = field.kind.levels().and_then(|levels| levels.code(&text)) {
            return Ok(Self::Code(code));
        }
        match reason(&text) {
            Some(reason) => Ok(Self::Missing(Missing::Coded(reason as u8).to_byte())),
            None => Err(format!(
                "column `{}` has no such level and no such reason for a missing value",
                field.name
            )),
        }
    }

    /// The value of a formula, as the column holds it.
    pub(crate) fn from(value: Value<'_>, field: &Field) -> Self {
        let absent = Self::Missing(Missing::Absent.to_byte());
        match (value, &field.kind) {
            (Value::Number(number), Kind::Continuous { grid, .. }) => Self::Number(
                grid.as_ref()
                    .map_or(number, |grid| grid.value.round(number)),
            ),
            (Value::Number(number), kind) if kind.is_numeric() && number.abs() < 9e15 => {
                Self::Number(number.round())
            }
            (Value::Text(text), kind) => kind
                .levels()
                .and_then(|levels| levels.code(text))
                .map_or(absent, Self::Code),
            (Value::Truth(truth), Kind::Boolean { levels: Some(_) }) => {
                Self::Code(u32::from(truth))
            }
            _ => absent,
        }
    }

    /// Whether a cell holds it; numbers may differ by rounding.
    pub(crate) fn is(self, column: &Column, row: usize) -> bool {
        match self {
            Self::Number(number) => column
                .number(row)
                .is_some_and(|held| (held - number).abs() <= 1e-9 * (1.0 + number.abs())),
            Self::Code(code) => column.code(row) == Some(code),
            Self::Missing(_) => column.is_missing(row),
        }
    }
}

fn position(schema: &Schema, name: &str, setting: &str) -> Result<usize, FitError> {
    schema
        .position(name)
        .ok_or_else(|| setting_error(setting, format!("the table has no column `{name}`")))
}

fn positions(schema: &Schema, names: &[String], setting: &str) -> Result<Vec<usize>, FitError> {
    names
        .iter()
        .map(|name| position(schema, name, setting))
        .collect()
}
