//! A section of anybody's metric, in plain data that every report can print.

use serde::{Deserialize, Serialize};

/// A section that a metric brings along: prose, tables of numbers and simple charts.
///
/// ```
/// use parable_metrics::{CustomSection, SectionTable};
///
/// let section = CustomSection::new("Weekday effects")
///     .with_paragraph("Attendance by day of the week, as a share of the pupils enrolled.")
///     .with_table(
///         SectionTable::new("Attendance", ["real", "synthetic"])
///             .with_row("Monday", [Some(0.93), Some(0.91)])
///             .with_row("Sunday", [None, None]),
///     );
/// assert_eq!(section.tables[0].rows.len(), 2);
/// ```
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct CustomSection {
    /// The heading.
    pub title: String,
    /// Prose, one text per paragraph. Plain text: a report escapes it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub paragraphs: Vec<String>,
    /// Tables of numbers.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tables: Vec<SectionTable>,
    /// Charts.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub charts: Vec<SectionChart>,
}

/// A table of numbers with a name for every row.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct SectionTable {
    /// What the table shows.
    pub caption: String,
    /// The heads of the columns of numbers.
    pub columns: Vec<String>,
    /// The rows.
    pub rows: Vec<SectionRow>,
}

/// A row of a [`SectionTable`].
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct SectionRow {
    /// The name of the row.
    pub name: String,
    /// One number per column; `None` where there is none.
    pub values: Vec<Option<f64>>,
}

/// Lines over a common horizontal axis.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct SectionChart {
    /// What the chart shows.
    pub caption: String,
    /// The name of the horizontal axis.
    pub x: String,
    /// The name of the vertical axis.
    pub y: String,
    /// The lines.
    pub lines: Vec<SectionLine>,
}

/// A line of a [`SectionChart`].
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct SectionLine {
    /// The name of the line.
    pub name: String,
    /// Points from left to right.
    pub points: Vec<(f64, f64)>,
}

impl CustomSection {
    /// An empty section with this heading.
    pub fn new(title: impl Into<String>) -> Self {
        Self {
            title: title.into(),
            ..Self::default()
        }
    }

    /// Adds a paragraph of plain text.
    #[must_use]
    pub fn with_paragraph(mut self, text: impl Into<String>) -> Self {
        self.paragraphs.push(text.into());
        self
    }

    /// Adds a table.
    #[must_use]
    pub fn with_table(mut self, table: SectionTable) -> Self {
        self.tables.push(table);
        self
    }

    /// Adds a chart.
    #[must_use]
    pub fn with_chart(mut self, chart: SectionChart) -> Self {
        self.charts.push(chart);
        self
    }
}

impl SectionTable {
    /// An empty table with these columns of numbers.
    pub fn new<S: Into<String>>(
        caption: impl Into<String>,
        columns: impl IntoIterator<Item = S>,
    ) -> Self {
        Self {
            caption: caption.into(),
            columns: columns.into_iter().map(Into::into).collect(),
            rows: Vec::new(),
        }
    }

    /// Adds a row. Numbers that are not finite become `None`; missing ones are filled with `None`
    /// and those beyond the last column are dropped.
    #[must_use]
    pub fn with_row(
        mut self,
        name: impl Into<String>,
        values: impl IntoIterator<Item = Option<f64>>,
    ) -> Self {
        let finite = values
            .into_iter()
            .map(|value| value.filter(|value| value.is_finite()));
        let mut values: Vec<Option<f64>> = finite.take(self.columns.len()).collect();
        values.resize(self.columns.len(), None);
        self.rows.push(SectionRow {
            name: name.into(),
            values,
        });
        self
    }
}

impl SectionChart {
    /// A chart without lines.
    pub fn new(caption: impl Into<String>, x: impl Into<String>, y: impl Into<String>) -> Self {
        Self {
            caption: caption.into(),
            x: x.into(),
            y: y.into(),
            lines: Vec::new(),
        }
    }

    /// Adds a line. Points that are not finite are left out.
    #[must_use]
    pub fn with_line(
        mut self,
        name: impl Into<String>,
        points: impl IntoIterator<Item = (f64, f64)>,
    ) -> Self {
        let finite = |point: &(f64, f64)| point.0.is_finite() && point.1.is_finite();
        self.lines.push(SectionLine {
            name: name.into(),
            points: points.into_iter().filter(finite).collect(),
        });
        self
    }
}
