//! Description of a fitted model in Markdown.

use parable_core::FitRecord;
use serde::Serialize;

use crate::Fitted;

impl Fitted {
    /// Describes the fit in Markdown, for people.
    #[must_use]
    pub fn to_markdown(&self) -> String {
        let record = self.record();
        let mut text = format!("# Model of `{}`\n\n", self.origin.name);
        let mut line = |what: &str, value: String| text.push_str(&format!("- {what}: {value}\n"));
        line(
            "method",
            format!("{} {}", record.method, record.method_version),
        );
        line("written by", self.written_by.clone());
        line("settings", record.config.to_string());
        line("privacy", privacy(record));
        if record.private {
            line("budget", json_text(&record.budget));
            line("protects", json_text(&record.unit));
        }
        if let Some(rows) = record.rows {
            line(
                "learnt from",
                format!("{rows} rows x {} columns", self.origin.schema.len()),
            );
        }
        if let Some(seed) = record.seed {
            line("seed", seed.to_string());
        }
        if let Some(digest) = &record.table_digest {
            line("table digest (SHA-256)", digest.clone());
        }
        text.push_str("\n## Ledger\n\n");
        for entry in &record.ledger {
            let event = json_text(&entry.event);
            text.push_str(&format!("- {}: {event}\n", entry.purpose));
        }
        text.push_str("\n## Cleaning undone after sampling\n\n");
        self.recipe()
            .describe()
            .iter()
            .for_each(|step| text.push_str(&format!("- {step}\n")));
        text.push_str("\n## Columns\n\n");
        for field in self.model().schema().fields() {
            text.push_str(&format!(
                "- `{}`: {}, {}\n",
                field.name,
                field.kind.name(),
                field.role.name()
            ));
        }
        if !self.origin.trusted.is_empty() {
            text.push_str(&format!(
                "\nWarning: facts about these columns were read off the rows and trusted to be public; the guarantee holds only if they are: {}\n",
                self.origin.trusted.join(", ")
            ));
        }
        for warning in &record.warnings {
            text.push_str(&format!("\nWarning: {warning}\n"));
        }
        text
    }
}

fn json_text(value: &impl Serialize) -> String {
    serde_json::to_string(value).unwrap_or_default()
}

fn privacy(record: &FitRecord) -> String {
    if record.private {
        format!("differentially private, {} charges", record.ledger.len())
    } else {
        "no formal guarantee: rows were read as they are; treat this file like the table it learnt from".to_owned()
    }
}
