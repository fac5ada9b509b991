//! A table as it stands in a file: texts only, nothing interpreted.

use crate::Strings;

/// A table of texts, one dictionary per column.
///
/// Each distinct text of a column is stored once and cells are numbers that point at it, so that
/// reading costs no allocation per cell and types are worked out once per distinct text.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RawTable {
    /// The header, in order.
    pub names: Vec<String>,
    /// One column per name, all with [`RawTable::rows`] cells.
    pub columns: Vec<RawColumn>,
    /// Number of rows.
    pub rows: usize,
    /// How the file spells a table, so that it can be written alike.
    pub dialect: Dialect,
    /// Columns whose name the file spells otherwise, blank or like an earlier one: the position and
    /// the text in the header.
    pub spelled: Vec<(usize, String)>,
    /// What was noticed while reading and a user should know, such as lines above the header.
    pub notes: Vec<String>,
}

impl RawTable {
    /// Returns the text in the header of a column whose name is another one.
    #[must_use]
    pub fn header(&self, column: usize) -> Option<&str> {
        let spelled = self
            .spelled
            .iter()
            .find(|(position, _)| *position == column);
        spelled.map(|(_, text)| text.as_str())
    }
}

/// One column of texts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RawColumn {
    /// The distinct texts in order of first appearance.
    pub texts: Strings,
    /// For each row the position of its text in `texts`.
    pub cells: Vec<u32>,
}

impl RawColumn {
    /// The text in this row.
    ///
    /// # Panics
    /// If there is no such row.
    #[must_use]
    pub fn get(&self, row: usize) -> &str {
        self.texts.get(self.cells[row] as usize)
    }

    /// Returns in how many rows each text of the dictionary occurs.
    #[must_use]
    pub fn counts(&self) -> Vec<usize> {
        let mut counts = vec![0; self.texts.len()];
        for &cell in &self.cells {
            counts[cell as usize] += 1;
        }
        counts
    }
}

/// How a file of separated values is spelled.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields, default)]
#[non_exhaustive]
pub struct Dialect {
    /// Between fields: comma, semicolon, tab or bar.
    pub delimiter: char,
    /// Lines end with `\r\n` and not `\n`.
    pub crlf: bool,
    /// The file starts with a byte order mark.
    pub bom: bool,
    /// The first line names the delimiter for spreadsheet programs, as in `sep=;`.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub sep_line: bool,
}

impl Default for Dialect {
    fn default() -> Self {
        Self {
            delimiter: ',',
            crlf: false,
            bom: false,
            sep_line: false,
        }
    }
}
