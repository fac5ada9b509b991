//! Rules in words.

use std::fmt;

use crate::{Condition, Constraint};

impl fmt::Display for Constraint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Range {
                column,
                min: Some(min),
                max: Some(max),
            } => write!(f, "`{column}` lies between {min} and {max}"),
            Self::Range {
                column,
                min: Some(min),
                max: None,
            } => write!(f, "`{column}` is at least {min}"),
            Self::Range {
                column,
                min: None,
                max: Some(max),
            } => write!(f, "`{column}` is at most {max}"),
            Self::Range { column, .. } => write!(f, "`{column}` is any number"),
            Self::Levels { column, levels } => {
                write!(f, "`{column}` is one of {} allowed levels", levels.len())
            }
            Self::AtMost { left, right } => write!(f, "`{left}` is at most `{right}`"),
            Self::OneHot { columns } => {
                write!(f, "exactly one of {} is 1", list(columns))
            }
            Self::When { condition, then } => write!(f, "where {condition}, {then}"),
            Self::Never { all } => {
                f.write_str("never at once: ")?;
                for (index, condition) in all.iter().enumerate() {
                    write!(f, "{}{condition}", if index > 0 { "; " } else { "" })?;
                }
                Ok(())
            }
            Self::Holds { condition } => write!(f, "`{condition}` holds"),
            Self::ClusterConstant { cluster, columns } => write!(
                f,
                "within one `{cluster}`, {} {} one value",
                list(columns),
                if columns.len() == 1 { "has" } else { "have" }
            ),
            Self::Determines { by, column } => write!(
                f,
                "{} {} `{column}`",
                list(by),
                if by.len() == 1 {
                    "determines"
                } else {
                    "determine"
                }
            ),
        }
    }
}

impl fmt::Display for Condition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::OneOf { column, values } if values.len() <= 3 => {
                write!(f, "`{column}` is {}", values.join(" or "))
            }
            Self::OneOf { column, values } => {
                write!(f, "`{column}` is one of {} listed values", values.len())
            }
            Self::Below { column, value } => write!(f, "`{column}` is below {value}"),
            Self::AtLeast { column, value } => write!(f, "`{column}` is at least {value}"),
            Self::Missing { column } => write!(f, "`{column}` is missing"),
            Self::Present { column } => write!(f, "`{column}` is not missing"),
        }
    }
}

fn list(columns: &[String]) -> String {
    let quoted: Vec<String> = columns.iter().map(|column| format!("`{column}`")).collect();
    match quoted.split_last() {
        Some((last, rest)) if !rest.is_empty() => format!("{} and {last}", rest.join(", ")),
        _ => quoted.concat(),
    }
}
