//! Schemas as files that people read and edit.

use std::io::Write;
use std::path::{Path, PathBuf};

use crate::{AtomicFile, AtomicFileError, Field, Overwrite, Schema, SchemaError};

/// A schema file that could not be read or written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SchemaFileError {
    /// The operating system refused.
    #[error("`{}` could not be read", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// The reason.
        source: std::io::Error,
    },
    /// The output file could not be made.
    #[error(transparent)]
    Write(#[from] AtomicFileError),
    /// A text that is not JSON, or a part that a schema does not have.
    #[error("line {line}, column {position}: {message}")]
    Json {
        /// The line, from 1.
        line: usize,
        /// The character in the line, from 1.
        position: usize,
        /// What was expected.
        message: String,
    },
    /// One column of the schema that is not described as columns are.
    #[error("column {number} (`{column}`){}: {message}", match line { 0 => String::new(), line => format!(", line {line}") })]
    Column {
        /// The name, or `?` if it has none.
        column: String,
        /// Its place in the list, from 1.
        number: usize,
        /// The line at which reading stopped, from 1; 0 if not known.
        line: usize,
        /// What was expected.
        message: String,
    },
    /// Columns or rules that contradict themselves or each other.
    #[error(transparent)]
    Schema(#[from] SchemaError),
    /// An error in a file with a name.
    #[error("`{}`", path.display())]
    InFile {
        /// The file.
        path: PathBuf,
        /// What is wrong in it.
        source: Box<SchemaFileError>,
    },
}

/// The schema in the file at this path.
///
/// # Errors
/// The file cannot be read, is no JSON, or describes no schema; the error names the line, and the
/// column of the table where one is at fault.
pub fn read(path: impl AsRef<Path>) -> Result<Schema, SchemaFileError> {
    let path = path.as_ref();
    let text = std::fs::read_to_string(path).map_err(|source| SchemaFileError::Read {
        path: path.to_owned(),
        source,
    })?;
    parse(&text).map_err(|error| SchemaFileError::InFile {
        path: path.to_owned(),
        source: Box::new(error),
    })
}

/// The schema in this text.
///
/// A column needs a name and a type; everything else has a default or is filled in when a table is
/// read:
///
/// ```
/// let schema = parable_table::schema_file::parse(r#"{
///     "format": "parable-schema", "version": 1,
///     "columns": [
///         {"name": "age", "kind": {"type": "integer"}},
///         {"name": "arm", "kind": {"type": "nominal"}, "role": "treatment"}
///     ]
/// }"#)?;
/// assert_eq!(schema.len(), 2);
/// # Ok::<(), parable_table::schema_file::SchemaFileError>(())
/// ```
///
/// # Errors
/// As [`read`].
pub fn parse(text: &str) -> Result<Schema, SchemaFileError> {
    serde_json::from_str(text).map_err(|error| explain(text, &error))
}

/// Finds out which column an error is about.
fn explain(text: &str, error: &serde_json::Error) -> SchemaFileError {
    let columns = serde_json::from_str::<serde_json::Value>(text)
        .ok()
        .and_then(|value| value.get("columns").cloned())
        .and_then(|columns| columns.as_array().cloned())
        .unwrap_or_default();
    let mut fields = Vec::with_capacity(columns.len());
    for (index, column) in columns.into_iter().enumerate() {
        let name = column
            .get("name")
            .and_then(|name| name.as_str())
            .unwrap_or("?")
            .to_owned();
        match serde_json::from_value::<Field>(column) {
            Ok(field) => fields.push(field),
            Err(fault) => {
                return SchemaFileError::Column {
                    column: name,
                    number: index + 1,
                    line: error.line(),
                    message: fault.to_string(),
                };
            }
        }
    }
    if let Err(fault) = Schema::new(fields) {
        // A name that a rule needs may be all that is missing; only faults of the columns
        // themselves end here.
        return fault.into();
    }
    let message = error.to_string();
    let message = match message.rfind(" at line ") {
        Some(at) => message[..at].to_owned(),
        None => message,
    };
    SchemaFileError::Json {
        line: error.line(),
        position: error.column(),
        message,
    }
}

/// The schema as JSON for people: short parts on one line, one column of the table after the other.
#[must_use]
pub fn to_json(schema: &Schema) -> String {
    let compact = serde_json::to_string(schema).expect("schemas have text keys and finite numbers");
    let mut pretty = String::with_capacity(compact.len() * 2);
    layout(&compact, 0, &mut pretty);
    pretty.push('\n');
    pretty
}

/// Writes the schema to a file, which appears when it is complete.
///
/// # Errors
/// The file exists and `overwrite` is [`Overwrite::Refuse`]; the operating system refuses.
pub fn write(
    schema: &Schema,
    path: impl AsRef<Path>,
    overwrite: Overwrite,
) -> Result<(), SchemaFileError> {
    let path = path.as_ref();
    let mut file = AtomicFile::create(path, overwrite)?;
    file.write_all(to_json(schema).as_bytes())
        .map_err(|source| AtomicFileError::Io {
            path: path.to_owned(),
            source,
        })?;
    Ok(file.commit()?)
}

/// What fits on a line is not broken.
const LINE: usize = 110;

/// Lays out one JSON value that is written compactly.
fn layout(json: &str, depth: usize, out: &mut String) {
    let Some((open, close)) = [('{', '}'), ('[', ']')]
        .into_iter()
        .find(|&(open, _)| json.starts_with(open))
    else {
        out.push_str(json);
        return;
    };
    let items = split(&json[1..json.len() - 1]);
    let spaced = spaced(json);
    if depth > 0 && spaced.len() + depth * 2 <= LINE || items.is_empty() {
        out.push_str(&spaced);
        return;
    }
    let indent = "  ".repeat(depth + 1);
    let scalars = open == '[' && items.iter().all(|item| !item.starts_with(['{', '[']));
    out.push(open);
    let mut line = usize::MAX;
    for (index, item) in items.iter().enumerate() {
        let separator = if index > 0 { "," } else { "" };
        out.push_str(separator);
        // Long lists of levels fill their lines.
        if scalars && line.saturating_add(item.len() + 2) <= LINE {
            out.push(' ');
            line += item.len() + 2;
        } else {
            out.push('\n');
            out.push_str(&indent);
            line = indent.len() + item.len() + 1;
        }
        match (open, key_end(item)) {
            ('{', Some(colon)) => {
                out.push_str(&item[..colon]);
                out.push_str(": ");
                layout(&item[colon + 1..], depth + 1, out);
            }
            _ => layout(item, depth + 1, out),
        }
    }
    out.push('\n');
    out.push_str(&"  ".repeat(depth));
    out.push(close);
}

/// Calls with every character outside of texts, its position and the depth of brackets there.
fn outside_texts(json: &str, mut see: impl FnMut(usize, u8, usize)) {
    let (mut quoted, mut escaped, mut depth) = (false, false, 0usize);
    for (at, byte) in json.bytes().enumerate() {
        if quoted {
            quoted = escaped || byte != b'"';
            escaped = !escaped && byte == b'\\';
            continue;
        }
        match byte {
            b'"' => quoted = true,
            b'{' | b'[' => depth += 1,
            b'}' | b']' => depth = depth.saturating_sub(1),
            _ => {}
        }
        see(at, byte, depth);
    }
}

/// The parts between commas that are in no inner brackets.
fn split(json: &str) -> Vec<&str> {
    if json.is_empty() {
        return Vec::new();
    }
    let mut cuts = vec![];
    outside_texts(json, |at, byte, depth| {
        if byte == b',' && depth == 0 {
            cuts.push(at);
        }
    });
    let mut start = 0;
    let mut parts: Vec<&str> = Vec::with_capacity(cuts.len() + 1);
    for cut in cuts {
        parts.push(&json[start..cut]);
        start = cut + 1;
    }
    parts.push(&json[start..]);
    parts
}

fn key_end(item: &str) -> Option<usize> {
    let mut end = None;
    outside_texts(item, |at, byte, depth| {
        if byte == b':' && depth == 0 && end.is_none() {
            end = Some(at);
        }
    });
    end
}

/// On one line, with a space after each comma and colon.
fn spaced(json: &str) -> String {
    let mut out = String::with_capacity(json.len() + json.len() / 4);
    let mut start = 0;
    outside_texts(json, |at, byte, _| {
        if matches!(byte, b',' | b':') {
            out.push_str(&json[start..=at]);
            out.push(' ');
            start = at + 1;
        }
    });
    out.push_str(&json[start..]);
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Kind, Known, Levels};

    #[track_caller]
    fn refused(text: &str, expected: &str) {
        let error = parse(text).unwrap_err().to_string();
        assert!(error.contains(expected), "{error}");
    }

    fn file(columns: &str) -> String {
        format!("{{\"format\":\"parable-schema\",\"version\":1,\"columns\":[\n{columns}\n]}}")
    }

    #[test]
    fn a_schema_written_by_hand_needs_names_and_types_only() {
        let text =
            file(r#"{"name":"a","kind":{"type":"integer"}},{"name":"b","kind":{"type":"text"}}"#);
        let schema = parse(&text).unwrap();
        assert_eq!(schema.fields()[0], Field::new("a", Kind::integer()));
        assert_eq!(schema.fields()[1], Field::new("b", Kind::Text));
    }

    #[test]
    fn errors_name_the_line_and_the_column() {
        refused("{", "line 1");
        refused(
            &file(r#"{"name":"a","kind":{"type":"integer"}},"#),
            "line 3",
        );
        refused(
            &file(r#"{"name":"age","kind":{"type":"whole"}}"#),
            "column 1 (`age`)",
        );
        refused(
            &file(r#"{"name":"age","knd":{"type":"integer"}}"#),
            "unknown field `knd`",
        );
        refused(
            &file(
                r#"{"name":"a","kind":{"type":"nominal","levels":{"value":["x","x"],"provenance":"declared"}}}"#,
            ),
            "listed twice",
        );
        refused(
            &file(r#"{"name":"a","kind":{"type":"text"}},{"name":"a","kind":{"type":"text"}}"#),
            "`a` stands for two columns",
        );
        refused(
            r#"{"format":"else","version":1,"columns":[]}"#,
            "found `else`",
        );
    }

    #[test]
    fn what_is_written_reads_back_and_keeps_short_parts_on_one_line() {
        let levels: Vec<String> = (0..60)
            .map(|k| format!("level, {{{k}}} \"quoted\\"))
            .collect();
        let schema = Schema::new(vec![
            Field::new("a", Kind::integer()),
            Field::new(
                "b",
                Kind::nominal(Known::declared(Levels::new(levels).unwrap())),
            )
            .with_label("a: long, label"),
        ])
        .unwrap();
        let text = to_json(&schema);
        assert_eq!(parse(&text).unwrap(), schema);
        assert!(
            text.contains(r#"    { "name""#)
                || text.contains(r#"{"name": "a", "kind": {"type": "integer"}}"#),
            "{text}"
        );
        assert!(text.lines().all(|line| line.len() <= LINE + 10), "{text}");
    }
}
