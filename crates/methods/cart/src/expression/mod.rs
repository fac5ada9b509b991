//! A small language for conditions and formulas over the columns of a row.
//!
//! ```text
//! income - tax                                  numbers: + - * / and brackets
//! if(age < 16, "child", "adult")                texts in quotes, if(condition, then, otherwise)
//! arm == "treated" and not missing(post_score)  and, or, not; == != < <= > >=
//! `year of birth` in (2010, 2011)               a name with blanks in back quotes; membership
//! round(height / 2.54, 1)                       abs, ceil, exp, floor, log, max, min, round, sqrt
//! date("2024-09-01")                            dates are days (date-times: seconds) since 1970
//! ```
//!
//! A calculation with a missing value is missing, and so is one whose result is no number. A
//! comparison with a missing value does not hold; its negation therefore does. `missing(x)` asks;
//! `nothing` is a missing value. Levels of an ordinal column compare by their order with a text
//! that is one of them.

mod bind;
mod evaluate;
mod parse;

use bind::Binder;
use parable_table::{Field, Kind, Levels, Schema};
use parse::Operator;

/// Why an expression cannot be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ExpressionError {
    /// The sign it is about, from 1; 0 if it is about the whole.
    at: usize,
    problem: String,
}

impl ExpressionError {
    fn new(at: usize, problem: impl Into<String>) -> Self {
        Self {
            at,
            problem: problem.into(),
        }
    }
}

impl std::fmt::Display for ExpressionError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.at {
            0 => write!(f, "the expression {}", self.problem),
            at => write!(f, "the expression, from sign {at} on, {}", self.problem),
        }
    }
}

/// What an expression gives in one row.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Value<'a> {
    Missing,
    Number(f64),
    Text(&'a str),
    Truth(bool),
}

/// The kind of value an expression gives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Type {
    Number,
    Text,
    Truth,
    /// Always missing: fits everywhere.
    Nothing,
}

/// An expression bound to the columns of a schema.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Expression {
    node: Node,
    gives: Type,
    columns: Vec<usize>,
}

#[derive(Clone, Debug, PartialEq)]
enum Node {
    Number(f64),
    Text(String),
    Truth(bool),
    Nothing,
    /// A number.
    Numeric(usize),
    /// The text of a level.
    Level(usize, Levels),
    /// The position of a level.
    Rank(usize),
    /// Whether a boolean column is true.
    Flag(usize),
    Missing(usize),
    Not(Box<Self>),
    Binary(Operator, Box<Self>, Box<Self>),
    If(Box<Self>, Box<Self>, Box<Self>),
    Call(Function, Vec<Self>),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Function {
    Abs,
    Ceil,
    Exp,
    Floor,
    Log,
    Max,
    Min,
    Negative,
    Round,
    Sqrt,
}

/// Where cells are read from.
pub(crate) trait Cells {
    /// The number of this column in this row, if it has one.
    fn number(&self, column: usize, row: usize) -> Option<f64>;
    /// The code of this column in this row, if it has one.
    fn code(&self, column: usize, row: usize) -> Option<u32>;
    /// Whether it has no value.
    fn missing(&self, column: usize, row: usize) -> bool;
}

impl Cells for &[parable_table::Column] {
    fn number(&self, column: usize, row: usize) -> Option<f64> {
        self[column].number(row)
    }

    fn code(&self, column: usize, row: usize) -> Option<u32> {
        self[column].code(row)
    }

    fn missing(&self, column: usize, row: usize) -> bool {
        self[column].is_missing(row)
    }
}

impl Expression {
    /// A condition: something that holds or not.
    pub(crate) fn condition(text: &str, schema: &Schema) -> Result<Self, ExpressionError> {
        let mut bound = Self::bind(text, schema)?;
        if let Node::Level(position, _) = bound.node
            && matches!(schema.fields()[position].kind, Kind::Boolean { .. })
        {
            (bound.node, bound.gives) = (Node::Flag(position), Type::Truth);
        }
        match bound.gives {
            Type::Truth => Ok(bound),
            _ => Err(ExpressionError::new(
                0,
                "is not a condition that holds or does not",
            )),
        }
    }

    /// A formula for the values of a column.
    pub(crate) fn formula(
        text: &str,
        schema: &Schema,
        target: &Field,
    ) -> Result<Self, ExpressionError> {
        let bound = Self::bind(text, schema)?;
        let fits = match bound.gives {
            Type::Number => target.kind.is_numeric(),
            Type::Text => target.kind.is_categorical(),
            Type::Truth => matches!(target.kind, Kind::Boolean { .. }),
            Type::Nothing => true,
        };
        if !fits {
            return Err(ExpressionError::new(
                0,
                "gives another type than the column has",
            ));
        }
        if let Some(levels) = target.kind.levels()
            && bound
                .node
                .texts_given()
                .iter()
                .any(|text| levels.code(text).is_none())
        {
            return Err(ExpressionError::new(
                0,
                "gives a text that is not a level of the column",
            ));
        }
        Ok(bound)
    }

    fn bind(text: &str, schema: &Schema) -> Result<Self, ExpressionError> {
        let tree = parse::parse(text)?;
        let mut binder = Binder {
            schema,
            columns: Vec::new(),
        };
        let (node, gives) = binder.node(&tree)?;
        let mut columns = binder.columns;
        columns.sort_unstable();
        columns.dedup();
        Ok(Self {
            node,
            gives,
            columns,
        })
    }

    /// The columns it reads, ascending.
    pub(crate) fn columns(&self) -> &[usize] {
        &self.columns
    }

    /// Its value in a row.
    pub(crate) fn value<'a>(&'a self, cells: &impl Cells, row: usize) -> Value<'a> {
        self.node.value(cells, row)
    }

    /// Whether a condition holds in a row.
    pub(crate) fn holds(&self, cells: &impl Cells, row: usize) -> bool {
        self.value(cells, row) == Value::Truth(true)
    }
}

#[cfg(test)]
mod tests;
