//! One condition on sampled rows: a value for the model, or a test of restored rows.

use std::path::Path;

use parable_table::expression::Expression;
use parable_table::{Cell, Field, Kind, RawTable, Schema, SchemaError, csv, read_typed};

use crate::{Error, Fitted};

/// A condition as sampling uses it.
pub(crate) enum Condition {
    /// A value of a column that the model draws, spelled as in the source.
    Value { column: String, text: String },
    /// A condition in the language of rules, tested on restored rows.
    Test(String),
}

/// The comparisons, longer signs first.
const COMPARISONS: [&str; 7] = ["==", "!=", "<=", ">=", "=", "<", ">"];

impl Condition {
    /// Requires a value, spelled as in the source; an empty text stands for a missing one.
    pub(crate) fn equal(fitted: &Fitted, column: &str, value: &str) -> Result<Self, Error> {
        if is_drawn(fitted, column)? {
            return Ok(Self::Value {
                column: column.to_owned(),
                text: value.to_owned(),
            });
        }
        let field = field(fitted, column)?;
        let cell = read(&field, value).map_err(|source| Error::Typed {
            path: Path::new("--where").to_owned(),
            source,
        })?;
        Ok(Self::Test(comparison(&field, "==", &cell)?))
    }

    /// Reads a comparison of a column with values spelled as in the source, or a condition in the
    /// language of rules.
    pub(crate) fn read(fitted: &Fitted, text: &str) -> Result<Self, Error> {
        let compared = compared(text);
        if let Some((column, sign, value)) = &compared
            && is_drawn(fitted, column).is_ok()
            && let Some(condition) = Self::simple(fitted, column, sign, value)?
        {
            return Ok(condition);
        }
        let error = match Expression::condition(text, fitted.source_schema()) {
            Ok(_) => return Ok(Self::Test(text.to_owned())),
            Err(error) => error,
        };
        if let Some((column, _, value)) = compared.filter(|(_, _, value)| is_plain(value)) {
            is_drawn(fitted, &column)?;
            let problem = match value {
                "" => "a missing value has no order",
                _ => "no value of the column is spelled so",
            };
            return Err(Error::Given { column, problem });
        }
        Err(Error::Condition {
            condition: text.to_owned(),
            problem: error.to_string(),
        })
    }

    /// Returns the comparison of one column with values, `None` if the text is no value, set or
    /// range of the column.
    fn simple(
        fitted: &Fitted,
        column: &str,
        sign: &str,
        text: &str,
    ) -> Result<Option<Self>, Error> {
        let own = field(fitted, column)?;
        let equal = matches!(sign, "=" | "==");
        // A threshold may lie between the values of the column and outside its bounds.
        let field = match equal {
            true => own,
            false => scale(own),
        };
        if let Ok(cell) = read(&field, text) {
            return match equal {
                true => Self::equal(fitted, column, text).map(Some),
                false => Ok(Some(Self::Test(comparison(&field, sign, &cell)?))),
            };
        }
        if !equal {
            return Ok(None);
        }
        let scale = scale(field.clone());
        if let Some((low, high)) = text.split_once("..")
            && let (Ok(low), Ok(high)) = (read(&scale, low.trim()), read(&scale, high.trim()))
        {
            let (low, high) = (
                comparison(&scale, ">=", &low)?,
                comparison(&scale, "<=", &high)?,
            );
            return Ok(Some(Self::Test(format!("{low} and {high}"))));
        }
        let cells: Option<Vec<Cell>> = text
            .split(',')
            .map(|value| read(&field, value.trim()).ok())
            .collect();
        let Some(cells) = cells else {
            return Ok(None);
        };
        let each: Vec<String> = cells
            .iter()
            .map(|cell| comparison(&field, "==", cell))
            .collect::<Result<_, _>>()?;
        Ok(Some(Self::Test(format!("({})", each.join(" or ")))))
    }
}

/// Returns whether the model draws this column of the source as it is.
pub(crate) fn is_drawn(fitted: &Fitted, column: &str) -> Result<bool, Error> {
    let drawn = fitted.model().schema().field(column);
    match (fitted.source_schema().field(column), drawn) {
        (Some(source), Some(drawn)) => Ok(source.kind.name() == drawn.kind.name()),
        (None, Some(_)) => Ok(true),
        (Some(_), None) => Ok(false),
        (None, None) => Err(Error::Given {
            column: column.to_owned(),
            problem: "the table has no such column",
        }),
    }
}

/// Returns the field that values of a column are read by.
fn field(fitted: &Fitted, column: &str) -> Result<Field, Error> {
    let source = fitted.source_schema().field(column);
    let field = source.or_else(|| fitted.model().schema().field(column));
    field.cloned().ok_or_else(|| Error::Given {
        column: column.to_owned(),
        problem: "the table has no such column",
    })
}

/// Returns the column, the sign and the text behind it, if the condition begins like a comparison.
fn compared(text: &str) -> Option<(String, &'static str, &str)> {
    let quoted = text.trim_start().strip_prefix('`');
    let (column, rest) = match quoted.and_then(|rest| rest.split_once('`')) {
        Some((column, rest)) => (column, rest.trim_start()),
        None => {
            let at = text.find(['=', '!', '<', '>'])?;
            (text[..at].trim(), &text[at..])
        }
    };
    let sign = COMPARISONS.iter().find(|&&sign| rest.starts_with(sign))?;
    Some((column.to_owned(), sign, rest[sign.len()..].trim()))
}

/// Returns whether the text is a value, a set or a range rather than a part of a rule.
fn is_plain(text: &str) -> bool {
    !text.contains(['"', '\'', '(', '=', '<', '>'])
}

/// Reads one value of the column.
fn read(field: &Field, text: &str) -> Result<Cell, parable_table::TypedError> {
    let no_table = |_| parable_table::TypedError::Columns {
        unknown: Vec::new(),
        missing: vec![field.name.clone()],
    };
    let raw = one_row(&[(field.name.clone(), text.to_owned())]).map_err(no_table)?;
    let schema = Schema::new(vec![field.clone()])?;
    let (table, _) = read_typed(&raw, &schema.trusted().0)?;
    Ok(Cell::read(&table.schema().fields()[0], table.column(0), 0))
}

/// Returns the field without its bounds; whole numbers become a scale with points between them.
fn scale(mut field: Field) -> Field {
    match &mut field.kind {
        Kind::Integer { format, .. } => {
            field.kind = Kind::Continuous {
                bounds: None,
                grid: None,
                format: std::mem::take(format),
            };
        }
        Kind::Continuous { bounds, .. } => *bounds = None,
        Kind::Date { bounds, .. } | Kind::DateTime { bounds, .. } => *bounds = None,
        _ => {}
    }
    field
}

/// Returns the comparison in the language of rules.
fn comparison(field: &Field, sign: &str, cell: &Cell) -> Result<String, Error> {
    let refused = |problem| Error::Given {
        column: field.name.clone(),
        problem,
    };
    let column = format!("`{}`", field.name);
    if field.name.contains('`') {
        return Err(refused("the language of rules cannot name it"));
    }
    let value = match cell {
        Cell::Absent => {
            return match sign {
                "=" | "==" => Ok(format!("missing({column})")),
                "!=" => Ok(format!("not missing({column})")),
                _ => Err(refused("a missing value has no order")),
            };
        }
        Cell::Reason(_) => {
            return Err(refused(
                "cleaning restores its reasons for missing values, so that only all of them can be asked for, by an empty value",
            ));
        }
        Cell::Integer(value) => value.to_string(),
        Cell::Number(value) => value.to_string(),
        Cell::Level(text) | Cell::Text(text) => {
            let quote = match (text.contains('"'), text.contains('\'')) {
                (false, _) => '"',
                (true, false) => '\'',
                (true, true) => return Err(refused("a level with both kinds of quotes")),
            };
            format!("{quote}{text}{quote}")
        }
    };
    Ok(format!("{column} {sign} {value}"))
}

/// A schema of columns that are named twice.
pub(crate) fn schema_error(error: SchemaError) -> Error {
    Error::Typed {
        path: Path::new("given values").to_owned(),
        source: error.into(),
    }
}

/// Returns the values as a table with one row of texts.
pub(crate) fn one_row(values: &[(String, String)]) -> Result<RawTable, Error> {
    let quoted = |text: &String| format!("\"{}\"", text.replace('"', "\"\""));
    let names: Vec<String> = values.iter().map(|(column, _)| quoted(column)).collect();
    let texts: Vec<String> = values.iter().map(|(_, value)| quoted(value)).collect();
    let text = format!("{}\n{}\n", names.join(","), texts.join(","));
    let options = csv::ReadOptions::default().with_delimiter(',');
    Ok(csv::read_str(&text, &options)?)
}
