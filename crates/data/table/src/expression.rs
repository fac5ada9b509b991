//! The language of rules: conditions and formulas over the columns of a row.
//!
//! A schema states conditions in it ([`Constraint::Holds`](crate::Constraint::Holds)), and settings
//! of methods state conditions and formulas.
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
//! A calculation with a missing value is missing, and so is one whose result is not a finite
//! number. A comparison with a missing value does not hold; its negation therefore does.
//! `missing(x)` asks; `nothing` is a missing value. Levels of an ordinal column compare by their
//! order with a text that is one of them.
//!
//! ```
//! use parable_table::expression::Expression;
//! use parable_table::{Column, Field, Kind, Schema};
//!
//! let schema = Schema::new(vec![Field::new("age", Kind::integer())])?;
//! let adult = Expression::condition("age >= 18 or missing(age)", &schema)?;
//! let columns = [Column::integers([Some(20), Some(3), None])];
//! let holds = [0, 1, 2].map(|row| adult.holds(&columns.as_slice(), row));
//! assert_eq!(holds, [true, false, true]);
//!
//! let error = Expression::condition("age > = 3", &schema).unwrap_err();
//! assert!(error.to_string().starts_with("the expression, at character 7,"));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod bind;
mod error;
mod evaluate;
mod parse;

use bind::Binder;
pub use error::ExpressionError;
use parse::Operator;
pub(crate) use parse::names;

use crate::{Column, Field, Kind, Levels, Schema};

/// The value of an expression in one row.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Value<'a> {
    /// A missing value.
    Missing,
    /// A finite number.
    Number(f64),
    /// A text, such as a level.
    Text(&'a str),
    /// Whether a condition holds.
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
pub struct Expression {
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

/// A source of cells, such as the columns of a table.
pub trait Cells {
    /// Returns the number of this column in this row, if it has one.
    fn number(&self, column: usize, row: usize) -> Option<f64>;
    /// Returns the code of this column in this row, if it has one.
    fn code(&self, column: usize, row: usize) -> Option<u32>;
    /// Whether this column has no value in this row.
    fn missing(&self, column: usize, row: usize) -> bool;
}

impl Cells for &[Column] {
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
    /// Reads a condition: something that holds or not.
    ///
    /// # Errors
    /// The text is not an expression, does not fit the columns it names, or is not a condition.
    pub fn condition(text: &str, schema: &Schema) -> Result<Self, ExpressionError> {
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

    /// Reads a formula for the values of a column.
    ///
    /// # Errors
    /// The text is not an expression, does not fit the columns it names, or gives other values than
    /// the column holds.
    pub fn formula(text: &str, schema: &Schema, target: &Field) -> Result<Self, ExpressionError> {
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

    /// Returns the positions of the columns it reads, ascending.
    #[must_use]
    pub fn columns(&self) -> &[usize] {
        &self.columns
    }

    /// Returns its value in a row.
    pub fn value<'a>(&'a self, cells: &impl Cells, row: usize) -> Value<'a> {
        self.node.value(cells, row)
    }

    /// Whether a value that it compares or calculates with is missing in a row, other than in
    /// `missing(x)`.
    pub fn lacks(&self, cells: &impl Cells, row: usize) -> bool {
        self.node.lacks(cells, row)
    }

    /// Whether a condition holds in a row.
    pub fn holds(&self, cells: &impl Cells, row: usize) -> bool {
        self.value(cells, row) == Value::Truth(true)
    }
}

#[cfg(test)]
mod tests;
