//! A report in its two written forms.

use serde::{Deserialize, Serialize};

use crate::verdict::Verdict;
use crate::{MethodResult, ReportError, ReportInput, Truth, page};
use parable_table::Schema;

const FORMAT: &str = "parable-report";
const VERSION: u32 = 1;

/// A report: one page and one JSON text with the same content.
///
/// Equal inputs give equal bytes. Neither form is fit for publication: both hold exact statistics of the real table.
#[derive(Clone, Debug, PartialEq)]
pub struct Report {
    input: ReportInput,
}

impl Report {
    /// The report on these results.
    #[must_use]
    pub const fn new(input: ReportInput) -> Self {
        Self { input }
    }

    /// What the report is made of.
    #[must_use]
    pub const fn input(&self) -> &ReportInput {
        &self.input
    }

    /// The page: one HTML file with inline SVG and style, without script, and without a reference to anything outside.
    #[must_use]
    pub fn to_html(&self) -> String {
        page::html(&self.input)
    }

    /// The same content as stable, indented JSON: what went in, and for each method the verdicts the page prints. `docs/report.md` describes it.
    #[must_use]
    pub fn to_json(&self) -> String {
        let input = self.input.clone();
        let file = ReportFile {
            format: FORMAT.to_owned(),
            version: VERSION,
            written_by: env!("CARGO_PKG_VERSION").to_owned(),
            title: input.title,
            data_name: input.data_name,
            source_rows: input.source_rows,
            source_columns: input.source_columns,
            schema: input.schema,
            methods: input
                .methods
                .into_iter()
                .map(|result| MethodFile {
                    verdicts: Verdict::all(&result),
                    result,
                })
                .collect(),
            truth: input.truth,
            notes: input.notes,
            generated_at: input.generated_at,
        };
        serde_json::to_string_pretty(&file)
            .expect("a report holds finite numbers, texts and string keys only")
    }

    /// Reads the JSON form. Verdicts are derived again from the results.
    ///
    /// # Errors
    /// [`ReportError`] if the text is another format or version, or no JSON of this form.
    pub fn from_json(text: &str) -> Result<Self, ReportError> {
        #[derive(Default, Deserialize)]
        #[serde(default)]
        struct Header {
            format: String,
            version: u32,
        }
        let header: Header = serde_json::from_str(text).unwrap_or_default();
        if header.format != FORMAT || header.version != VERSION {
            return Err(ReportError::UnknownFormat {
                format: header.format,
                version: header.version,
            });
        }
        let file: ReportFile =
            serde_json::from_str(text).map_err(|error| ReportError::Damaged {
                line: error.line(),
                column: error.column(),
            })?;
        Ok(Self::new(ReportInput {
            title: file.title,
            data_name: file.data_name,
            source_rows: file.source_rows,
            source_columns: file.source_columns,
            schema: file.schema,
            methods: file.methods.into_iter().map(|m| m.result).collect(),
            truth: file.truth,
            notes: file.notes,
            generated_at: file.generated_at,
        }))
    }
}

/// The stored form, version 1.
#[derive(Serialize, Deserialize)]
struct ReportFile {
    format: String,
    version: u32,
    written_by: String,
    title: String,
    data_name: String,
    source_rows: u64,
    source_columns: u64,
    schema: Schema,
    methods: Vec<MethodFile>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    truth: Option<Truth>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    notes: Vec<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    generated_at: Option<String>,
}

#[derive(Serialize, Deserialize)]
struct MethodFile {
    #[serde(skip_deserializing)]
    verdicts: Vec<Verdict>,
    #[serde(flatten)]
    result: MethodResult,
}
