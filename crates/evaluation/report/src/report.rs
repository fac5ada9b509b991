//! A report in its written forms.

use parable_draw::markup::html;
use parable_judge::{Bands, Overall, Placement, Verdict};
use parable_table::Schema;
use serde::{Deserialize, Serialize};

use crate::results::{ResultRecord, records};
use crate::{KnownTruth, MethodResult, Release, ReportError, ReportInput, markdown, page};

const FORMAT: &str = "parable-report";
const VERSION: u32 = 1;

/// A report: a page, a Markdown text and a JSON text with the same content.
///
/// Equal inputs give equal bytes. **Confidential**: all forms contain exact statistics of the real
/// table. [`Report::to_release`] gives the form for publication.
#[derive(Clone, Debug, PartialEq)]
pub struct Report {
    input: ReportInput,
}

impl Report {
    /// Creates a report.
    #[must_use]
    pub const fn new(input: ReportInput) -> Self {
        Self { input }
    }

    /// Returns the input of the report.
    #[must_use]
    pub const fn input(&self) -> &ReportInput {
        &self.input
    }

    /// Returns the page: one HTML file with inline SVG and style, without scripts and without
    /// references to other files.
    #[must_use]
    pub fn to_html(&self) -> String {
        format!("<!DOCTYPE html>\n{}", html(&page::page(&self.input)))
    }

    /// Returns the page as Markdown: the same sentences and tables; drawings become their
    /// descriptions.
    #[must_use]
    pub fn to_markdown(&self) -> String {
        markdown::markdown(&page::page(&self.input))
    }

    /// Returns the form of the report for publication: bands instead of numbers.
    #[must_use]
    pub fn to_release(&self) -> Release {
        Release::of(&self.input)
    }

    /// Returns the same content as stable, indented JSON: the input, and for each method verdicts,
    /// placement, and every score with its band. `docs/formats.md` describes it.
    #[must_use]
    pub fn to_json(&self) -> String {
        let input = &self.input;
        let file = Written {
            format: FORMAT,
            version: VERSION,
            written_by: env!("CARGO_PKG_VERSION"),
            title: &input.title,
            data_name: &input.data_name,
            source_rows: input.source_rows,
            source_columns: input.source_columns,
            schema: &input.schema,
            methods: input
                .methods
                .iter()
                .map(|result| {
                    let judgement = result.judged(&input.bands);
                    WrittenMethod {
                        overall: judgement.overall,
                        placement: judgement.placement,
                        verdicts: judgement.verdicts,
                        results: records(result, &input.bands),
                        result,
                    }
                })
                .collect(),
            truth: input.truth.as_ref(),
            notes: &input.notes,
            bands: &input.bands,
            person_days: input.person_days,
            generated_at: input.generated_at.as_deref(),
        };
        serde_json::to_string_pretty(&file)
            .expect("a report holds finite numbers, texts and string keys only")
    }

    /// Reads the JSON form. Judgements are derived again.
    ///
    /// # Errors
    /// [`ReportError::UnknownFormat`] for another format or version, [`ReportError::Damaged`] for
    /// JSON of another form.
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
        let file: Stored = serde_json::from_str(text).map_err(|error| ReportError::Damaged {
            line: error.line(),
            column: error.column(),
        })?;
        Ok(Self::new(ReportInput {
            title: file.title,
            data_name: file.data_name,
            source_rows: file.source_rows,
            source_columns: file.source_columns,
            schema: file.schema,
            methods: file.methods,
            truth: file.truth,
            notes: file.notes,
            bands: file.bands,
            person_days: file.person_days,
            generated_at: file.generated_at,
        }))
    }
}

/// The form that is written, version 1: the input and the judgements.
#[derive(Serialize)]
struct Written<'a> {
    format: &'a str,
    version: u32,
    written_by: &'a str,
    title: &'a str,
    data_name: &'a str,
    source_rows: u64,
    source_columns: u64,
    schema: &'a Schema,
    methods: Vec<WrittenMethod<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    truth: Option<&'a KnownTruth>,
    #[serde(skip_serializing_if = "<[String]>::is_empty")]
    notes: &'a [String],
    bands: &'a Bands,
    #[serde(skip_serializing_if = "Option::is_none")]
    person_days: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    generated_at: Option<&'a str>,
}

#[derive(Serialize)]
struct WrittenMethod<'a> {
    overall: Overall,
    verdicts: Vec<Verdict>,
    placement: Placement,
    results: Vec<ResultRecord<'a>>,
    #[serde(flatten)]
    result: &'a MethodResult,
}

/// The form that is read: the input. Judgements are derived again.
#[derive(Deserialize)]
struct Stored {
    title: String,
    data_name: String,
    source_rows: u64,
    source_columns: u64,
    schema: Schema,
    methods: Vec<MethodResult>,
    #[serde(default)]
    truth: Option<KnownTruth>,
    #[serde(default)]
    notes: Vec<String>,
    #[serde(default)]
    bands: Bands,
    #[serde(default)]
    person_days: Option<f64>,
    #[serde(default)]
    generated_at: Option<String>,
}
