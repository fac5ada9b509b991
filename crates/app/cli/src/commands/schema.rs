//! `parable schema`: the inferred schema of a table, with reasons.

use parable::table::codebook::{Codebook, Disclosure};
use parable::table::schema_file;

use crate::args::SchemaArgs;
use crate::failure::Failure;
use crate::session::Session;

pub(crate) fn run(options: &SchemaArgs, session: &Session) -> Result<(), Failure> {
    let wanted = std::iter::once(&*options.out.out).chain(options.codebook.as_deref());
    let outputs = session.claim([&*options.data], wanted, options.out.force)?;
    let source = session.source(&options.data, None)?;
    outputs.text(
        &options.out.out,
        &schema_file::to_json(source.table().schema()),
    )?;
    if let Some(path) = &options.codebook {
        let codebook = Codebook::of(source.table(), source.notes(), Disclosure::Owner);
        outputs.text(path, &codebook.to_markdown())?;
    }
    let fields = source.table().schema().fields();
    let why = |column: &str| {
        let note = source.notes().iter().find(|note| note.column == column);
        note.map_or_else(String::new, |note| note.reasons.join("; "))
    };
    let columns: Vec<serde_json::Value> = fields
        .iter()
        .map(|field| {
            serde_json::json!({ "name": field.name, "type": field.kind.name(), "role": field.role.name(), "why": why(&field.name) })
        })
        .collect();
    let lines: Vec<String> = fields
        .iter()
        .map(|field| {
            let role = if field.role.is_covariate() {
                ""
            } else {
                field.role.name()
            };
            format!(
                "{:<28} {:<11} {:<11} {}",
                field.name,
                field.kind.name(),
                role,
                why(&field.name)
            )
        })
        .collect();
    session.say_beside(
        &outputs,
        &serde_json::json!({ "schema": options.out.out, "rows": source.table().rows(), "columns": columns }),
        &format!(
            "{}\n\nwritten to {}: read it, correct it, and pass it with --schema",
            lines.join("\n"),
            options.out.out.display()
        ),
    );
    Ok(())
}
