//! From names to columns, and from operations to operations on known types.

use super::parse::{Operator, Tree};
use super::{ExpressionError, Function, Node, Type};
use crate::parse::date;
use crate::{Kind, Schema};

pub(super) struct Binder<'a> {
    pub(super) schema: &'a Schema,
    /// The columns read so far.
    pub(super) columns: Vec<usize>,
}

fn problem(problem: impl Into<String>) -> ExpressionError {
    ExpressionError::new(0, problem)
}

impl Binder<'_> {
    fn position(&mut self, name: &str) -> Result<usize, ExpressionError> {
        let position = self.schema.position(name);
        let position = position.ok_or_else(|| {
            problem(format!(
                "names the column `{name}`, which the table does not have"
            ))
        })?;
        self.columns.push(position);
        Ok(position)
    }

    pub(super) fn node(&mut self, tree: &Tree) -> Result<(Node, Type), ExpressionError> {
        Ok(match tree {
            Tree::Number(number) => (Node::Number(*number), Type::Number),
            Tree::Text(text) => (Node::Text(text.clone()), Type::Text),
            Tree::Truth(truth) => (Node::Truth(*truth), Type::Truth),
            Tree::Nothing => (Node::Nothing, Type::Nothing),
            Tree::Column(name) => {
                let position = self.position(name)?;
                match &self.schema.fields()[position].kind {
                    kind if kind.is_numeric() => (Node::Numeric(position), Type::Number),
                    kind => match kind.levels() {
                        Some(levels) => (Node::Level(position, levels.clone()), Type::Text),
                        None => {
                            return Err(problem(format!(
                                "reads the column `{name}`, whose values are free text"
                            )));
                        }
                    },
                }
            }
            Tree::Negative(held) => (
                Node::Call(Function::Negative, vec![self.number(held)?]),
                Type::Number,
            ),
            Tree::Not(held) => (Node::Not(self.truth(held)?.into()), Type::Truth),
            Tree::Binary(operator, left, right) => self.binary(*operator, left, right)?,
            Tree::OneOf(left, list) => {
                let either =
                    |left: Tree, right: Tree| Tree::Binary(Operator::Or, left.into(), right.into());
                let each = list
                    .iter()
                    .map(|value| Tree::Binary(Operator::Equal, left.clone(), value.clone().into()));
                self.node(&each.reduce(either).unwrap_or(Tree::Truth(false)))?
            }
            Tree::Call(name, arguments) => self.call(name, arguments)?,
        })
    }

    fn number(&mut self, tree: &Tree) -> Result<Node, ExpressionError> {
        match self.node(tree)? {
            (node, Type::Number | Type::Nothing) => Ok(node),
            _ => Err(problem("calculates with something that is not a number")),
        }
    }

    fn truth(&mut self, tree: &Tree) -> Result<Node, ExpressionError> {
        match self.node(tree)? {
            (node, Type::Truth) => Ok(node),
            (Node::Level(position, _), _)
                if matches!(self.schema.fields()[position].kind, Kind::Boolean { .. }) =>
            {
                Ok(Node::Flag(position))
            }
            _ => Err(problem(
                "asks whether something holds that is not a condition",
            )),
        }
    }

    fn binary(
        &mut self,
        operator: Operator,
        left: &Tree,
        right: &Tree,
    ) -> Result<(Node, Type), ExpressionError> {
        let (left, right, gives) = match operator {
            Operator::Add | Operator::Subtract | Operator::Multiply | Operator::Divide => {
                (self.number(left)?, self.number(right)?, Type::Number)
            }
            Operator::And | Operator::Or => (self.truth(left)?, self.truth(right)?, Type::Truth),
            _ => {
                let (left, right) = self.alike(left, right, operator)?;
                (left, right, Type::Truth)
            }
        };
        Ok((Node::Binary(operator, left.into(), right.into()), gives))
    }

    /// Two sides of a comparison.
    fn alike(
        &mut self,
        left: &Tree,
        right: &Tree,
        operator: Operator,
    ) -> Result<(Node, Node), ExpressionError> {
        let ((left, of_left), (right, of_right)) = (self.node(left)?, self.node(right)?);
        let ordered = !matches!(operator, Operator::Equal | Operator::Unequal);
        let rank = |column: &Node, other: &Node| -> Option<(Node, Node)> {
            let Node::Level(position, levels) = column else {
                return None;
            };
            let other = match other {
                Node::Text(text) => Node::Number(f64::from(levels.code(text)?)),
                Node::Level(other, known) if known == levels => Node::Rank(*other),
                _ => return None,
            };
            matches!(self.schema.fields()[*position].kind, Kind::Ordinal { .. })
                .then_some((Node::Rank(*position), other))
        };
        match (of_left, of_right) {
            (Type::Text, Type::Text) if ordered => {
                let swapped = || rank(&right, &left).map(|(right, left)| (left, right));
                rank(&left, &right).or_else(swapped).ok_or_else(|| {
                    problem("orders texts that are not levels of one ordinal column")
                })
            }
            (Type::Text, Type::Text) => {
                for (side, other) in [(&left, &right), (&right, &left)] {
                    if let (Node::Level(position, levels), Node::Text(text)) = (side, other)
                        && levels.code(text).is_none()
                    {
                        let name = &self.schema.fields()[*position].name;
                        return Err(problem(format!(
                            "compares the column `{name}` with a text that is not one of its levels"
                        )));
                    }
                }
                Ok((left, right))
            }
            (Type::Number, Type::Number) => Ok((left, right)),
            (Type::Truth, _) | (_, Type::Truth) if !ordered => {
                let flag = |node: Node| match node {
                    Node::Level(position, _)
                        if matches!(self.schema.fields()[position].kind, Kind::Boolean { .. }) =>
                    {
                        Some(Node::Flag(position))
                    }
                    Node::Level(..) | Node::Text(_) | Node::Number(_) | Node::Numeric(_) => None,
                    other => Some(other),
                };
                flag(left)
                    .zip(flag(right))
                    .ok_or_else(|| problem("compares values of different types"))
            }
            _ => Err(problem("compares values of different types")),
        }
    }

    fn call(&mut self, name: &str, arguments: &[Tree]) -> Result<(Node, Type), ExpressionError> {
        match (name, arguments) {
            ("if", [condition, then, otherwise]) => {
                let condition = self.truth(condition)?;
                let ((then, of_then), (otherwise, of_other)) =
                    (self.node(then)?, self.node(otherwise)?);
                let gives = match (of_then, of_other) {
                    (Type::Nothing, other) => other,
                    (then, Type::Nothing) => then,
                    (then, other) if then == other => then,
                    _ => {
                        return Err(problem(
                            "has an `if` whose two values are of different types",
                        ));
                    }
                };
                Ok((
                    Node::If(condition.into(), then.into(), otherwise.into()),
                    gives,
                ))
            }
            ("missing", [Tree::Column(name)]) => {
                Ok((Node::Missing(self.position(name)?), Type::Truth))
            }
            ("missing", _) => Err(problem("must give `missing` the name of one column")),
            ("date", [Tree::Text(text)]) => {
                let days = days(text)
                    .ok_or_else(|| problem("must give `date` a day like \"2024-09-01\""))?;
                Ok((Node::Number(days), Type::Number))
            }
            _ => {
                let function = match name {
                    "abs" => Function::Abs,
                    "ceil" => Function::Ceil,
                    "exp" => Function::Exp,
                    "floor" => Function::Floor,
                    "log" => Function::Log,
                    "max" => Function::Max,
                    "min" => Function::Min,
                    "round" => Function::Round,
                    "sqrt" => Function::Sqrt,
                    _ => {
                        return Err(problem(format!(
                            "calls `{name}`, which is not a function of the language (or not with so many values)"
                        )));
                    }
                };
                let count = arguments.len();
                let fits = match function {
                    Function::Max | Function::Min => count >= 1,
                    Function::Round => (1..=2).contains(&count),
                    _ => count == 1,
                };
                if !fits {
                    return Err(problem(format!("calls `{name}` with {count} values")));
                }
                let arguments = arguments
                    .iter()
                    .map(|argument| self.number(argument))
                    .collect::<Result<_, _>>()?;
                Ok((Node::Call(function, arguments), Type::Number))
            }
        }
    }
}

/// Days since 1970-01-01 of a day in the Gregorian calendar, written year-month-day.
pub(super) fn days(text: &str) -> Option<f64> {
    date::parse_date(text, "%Y-%m-%d").map(|days| days as f64)
}
