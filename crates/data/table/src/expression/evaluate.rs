//! The value of an expression in one row.

use super::parse::Operator;
use super::{Cells, Function, Node, Value};

impl Node {
    /// The texts that the expression itself can give.
    pub(super) fn texts_given(&self) -> Vec<&str> {
        match self {
            Self::Text(text) => vec![text],
            Self::If(_, then, otherwise) => [then.texts_given(), otherwise.texts_given()].concat(),
            _ => Vec::new(),
        }
    }

    pub(super) fn value<'a>(&'a self, cells: &impl Cells, row: usize) -> Value<'a> {
        match self {
            Self::Number(number) => Value::Number(*number),
            Self::Text(text) => Value::Text(text),
            Self::Truth(truth) => Value::Truth(*truth),
            Self::Nothing => Value::Missing,
            Self::Numeric(column) => cells
                .number(*column, row)
                .map_or(Value::Missing, Value::Number),
            Self::Level(column, levels) => cells
                .code(*column, row)
                .and_then(|code| levels.get(code))
                .map_or(Value::Missing, Value::Text),
            Self::Rank(column) => cells
                .code(*column, row)
                .map_or(Value::Missing, |code| Value::Number(f64::from(code))),
            Self::Flag(column) => Value::Truth(cells.code(*column, row) == Some(1)),
            Self::Missing(column) => Value::Truth(cells.missing(*column, row)),
            Self::Not(held) => Value::Truth(!held.holds(cells, row)),
            Self::If(condition, then, otherwise) => {
                let branch = if condition.holds(cells, row) {
                    then
                } else {
                    otherwise
                };
                branch.value(cells, row)
            }
            Self::Binary(Operator::And, left, right) => {
                Value::Truth(left.holds(cells, row) && right.holds(cells, row))
            }
            Self::Binary(Operator::Or, left, right) => {
                Value::Truth(left.holds(cells, row) || right.holds(cells, row))
            }
            Self::Binary(operator, left, right) => {
                operate(*operator, left.value(cells, row), right.value(cells, row))
            }
            Self::Call(function, arguments) => {
                let numbers = arguments
                    .iter()
                    .map(|argument| match argument.value(cells, row) {
                        Value::Number(number) => Some(number),
                        _ => None,
                    });
                let result = call(*function, numbers);
                result
                    .filter(|number| number.is_finite())
                    .map_or(Value::Missing, Value::Number)
            }
        }
    }

    /// Whether a column it reads as a value has none in this row.
    pub(super) fn lacks(&self, cells: &impl Cells, row: usize) -> bool {
        match self {
            Self::Number(_) | Self::Text(_) | Self::Truth(_) | Self::Nothing | Self::Missing(_) => {
                false
            }
            Self::Numeric(column)
            | Self::Level(column, _)
            | Self::Rank(column)
            | Self::Flag(column) => cells.missing(*column, row),
            Self::Not(held) => held.lacks(cells, row),
            Self::Binary(_, left, right) => left.lacks(cells, row) || right.lacks(cells, row),
            Self::If(condition, then, otherwise) => [condition, then, otherwise]
                .iter()
                .any(|part| part.lacks(cells, row)),
            Self::Call(_, arguments) => arguments.iter().any(|part| part.lacks(cells, row)),
        }
    }

    fn holds(&self, cells: &impl Cells, row: usize) -> bool {
        self.value(cells, row) == Value::Truth(true)
    }
}

fn operate<'a>(operator: Operator, left: Value<'a>, right: Value<'a>) -> Value<'a> {
    use std::cmp::Ordering::{Equal, Greater, Less};
    let number = |number: f64| {
        if number.is_finite() {
            Value::Number(number)
        } else {
            Value::Missing
        }
    };
    if let (Value::Number(left), Value::Number(right)) = (left, right) {
        match operator {
            Operator::Add => return number(left + right),
            Operator::Subtract => return number(left - right),
            Operator::Multiply => return number(left * right),
            Operator::Divide => return number(left / right),
            _ => {}
        }
    }
    let order = match (left, right) {
        (Value::Number(left), Value::Number(right)) => left.partial_cmp(&right),
        (Value::Text(left), Value::Text(right)) => Some(left.cmp(right)),
        (Value::Truth(left), Value::Truth(right)) => Some(left.cmp(&right)),
        _ => None,
    };
    let Some(order) = order else {
        let calculates = matches!(
            operator,
            Operator::Add | Operator::Subtract | Operator::Multiply | Operator::Divide
        );
        return if calculates {
            Value::Missing
        } else {
            Value::Truth(false)
        };
    };
    Value::Truth(match operator {
        Operator::Equal => order == Equal,
        Operator::Unequal => order != Equal,
        Operator::Less => order == Less,
        Operator::LessOrEqual => order != Greater,
        Operator::Greater => order == Greater,
        Operator::GreaterOrEqual => order != Less,
        _ => false,
    })
}

fn call(function: Function, mut numbers: impl Iterator<Item = Option<f64>>) -> Option<f64> {
    let first = numbers.next()??;
    Some(match function {
        Function::Abs => first.abs(),
        Function::Ceil => first.ceil(),
        Function::Exp => first.exp(),
        Function::Floor => first.floor(),
        Function::Log => first.ln(),
        Function::Negative => -first,
        Function::Sqrt => first.sqrt(),
        Function::Max => numbers.try_fold(first, |most, next| Some(most.max(next?)))?,
        Function::Min => numbers.try_fold(first, |least, next| Some(least.min(next?)))?,
        Function::Round => {
            let scale = 10f64.powi(numbers.next().unwrap_or(Some(0.0))?.clamp(-15.0, 15.0) as i32);
            (first * scale).round() / scale
        }
    })
}
