//! The values of one column.

mod build;

use crate::{Levels, Strings};

/// The values of one column and which of them are missing.
///
/// Where a value is missing, the stored value is a harmless filler (0, code 0, the empty text);
/// only [`Column::missing`] says so.
#[derive(Clone, Debug, PartialEq)]
pub struct Column {
    pub(crate) values: Values,
    pub(crate) missing: Option<Vec<u8>>,
}

/// The stored values of a column; which storage a type uses is said at [`Kind`](crate::Kind).
#[derive(Clone, Debug, PartialEq)]
pub enum Values {
    /// Whole numbers; days or seconds since 1970 for dates.
    Integer(Vec<i64>),
    /// Finite real numbers.
    Continuous(Vec<f64>),
    /// Codes of levels.
    Codes(Vec<u32>),
    /// Free text.
    Text(Strings),
}

impl Values {
    /// Returns the number of rows.
    #[must_use]
    pub fn len(&self) -> usize {
        match self {
            Self::Integer(values) => values.len(),
            Self::Continuous(values) => values.len(),
            Self::Codes(codes) => codes.len(),
            Self::Text(texts) => texts.len(),
        }
    }

    /// Returns whether there is no row.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// Why there is no value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Missing {
    /// No answer, no reason given: an empty field.
    Absent,
    /// The reason with this position in the field's [`missing_codes`](crate::Field::missing_codes).
    Coded(u8),
}

impl Missing {
    /// The reason as one byte: 1 for absent, 2 and above for coded reasons (0 stands for "there is
    /// a value").
    #[must_use]
    pub const fn to_byte(self) -> u8 {
        match self {
            Self::Absent => 1,
            Self::Coded(code) => code + 2,
        }
    }

    /// Returns the reason behind a byte, `None` for 0.
    #[must_use]
    pub const fn from_byte(byte: u8) -> Option<Self> {
        match byte {
            0 => None,
            1 => Some(Self::Absent),
            coded => Some(Self::Coded(coded - 2)),
        }
    }
}

impl Column {
    /// Creates a column without missing values.
    #[must_use]
    pub fn complete(values: Values) -> Self {
        Self {
            values,
            missing: None,
        }
    }

    /// A column with one byte per row that says why its value is missing ([`Missing::to_byte`]), 0
    /// where there is one.
    ///
    /// # Panics
    /// If the numbers of values and bytes differ: both come from one pass over the same rows.
    #[must_use]
    pub fn with_missing(values: Values, missing: Vec<u8>) -> Self {
        assert_eq!(values.len(), missing.len(), "one missing byte per row");
        let missing = missing.iter().any(|&byte| byte != 0).then_some(missing);
        Self { values, missing }
    }

    /// Returns a column of other values that are missing in the same rows for the same reasons.
    ///
    /// # Panics
    /// If there are not as many values as rows.
    #[must_use]
    pub fn with_values(&self, values: Values) -> Self {
        match &self.missing {
            Some(missing) => Self::with_missing(values, missing.clone()),
            None => Self::complete(values),
        }
    }

    /// Returns the number of rows.
    #[must_use]
    pub fn len(&self) -> usize {
        self.values.len()
    }

    /// Returns whether there is no row.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Returns the stored values, fillers included.
    #[must_use]
    pub fn values(&self) -> &Values {
        &self.values
    }

    /// One byte per row, 0 where there is a value; `None` when every row has one.
    #[must_use]
    pub fn missing_bytes(&self) -> Option<&[u8]> {
        self.missing.as_deref()
    }

    /// Why the row has no value, `None` if it has one.
    #[must_use]
    pub fn missing(&self, row: usize) -> Option<Missing> {
        self.missing
            .as_ref()
            .and_then(|bytes| Missing::from_byte(bytes[row]))
    }

    /// Returns whether the row has no value.
    #[must_use]
    pub fn is_missing(&self, row: usize) -> bool {
        self.missing.as_ref().is_some_and(|bytes| bytes[row] != 0)
    }

    /// Returns the number of rows without a value.
    #[must_use]
    pub fn missing_count(&self) -> usize {
        self.missing
            .as_ref()
            .map_or(0, |bytes| bytes.iter().filter(|&&byte| byte != 0).count())
    }

    /// The number in this row; `None` where it is missing or the column is not numeric.
    #[must_use]
    pub fn number(&self, row: usize) -> Option<f64> {
        match &self.values {
            _ if self.is_missing(row) => None,
            Values::Integer(values) => Some(values[row] as f64),
            Values::Continuous(values) => Some(values[row]),
            Values::Codes(_) | Values::Text(_) => None,
        }
    }

    /// Returns the whole number in this row (days or seconds since 1970 for dates); `None` where it
    /// is missing or the column stores no whole numbers.
    #[must_use]
    pub fn integer(&self, row: usize) -> Option<i64> {
        match &self.values {
            Values::Integer(values) if !self.is_missing(row) => Some(values[row]),
            _ => None,
        }
    }

    /// Returns the free text in this row; `None` where it is missing or the column stores no text.
    #[must_use]
    pub fn text(&self, row: usize) -> Option<&str> {
        match &self.values {
            Values::Text(texts) if !self.is_missing(row) => Some(texts.get(row)),
            _ => None,
        }
    }

    /// Returns the text of the level in this row; `None` where it is missing or the column is not
    /// categorical.
    #[must_use]
    pub fn label<'a>(&self, levels: &'a Levels, row: usize) -> Option<&'a str> {
        self.code(row).and_then(|code| levels.get(code))
    }

    /// The code in this row; `None` where it is missing or the column is not categorical.
    #[must_use]
    pub fn code(&self, row: usize) -> Option<u32> {
        match &self.values {
            Values::Codes(codes) if !self.is_missing(row) => Some(codes[row]),
            _ => None,
        }
    }

    /// These columns one below the other.
    ///
    /// # Panics
    /// If there is no column, or they store different types.
    #[must_use]
    pub fn concat<'a>(columns: impl IntoIterator<Item = &'a Self>) -> Self {
        let columns: Vec<&Self> = columns.into_iter().collect();
        macro_rules! joined {
            ($storage:ident) => {
                Values::$storage(
                    columns
                        .iter()
                        .flat_map(|column| match &column.values {
                            Values::$storage(values) => values.iter().copied(),
                            _ => panic!("columns of different types cannot be joined"),
                        })
                        .collect(),
                )
            };
        }
        let values = match &columns.first().expect("at least one column").values {
            Values::Integer(_) => joined!(Integer),
            Values::Continuous(_) => joined!(Continuous),
            Values::Codes(_) => joined!(Codes),
            Values::Text(_) => Values::Text(
                columns
                    .iter()
                    .flat_map(|column| match &column.values {
                        Values::Text(texts) => (0..texts.len()).map(|row| texts.get(row)),
                        _ => panic!("columns of different types cannot be joined"),
                    })
                    .collect(),
            ),
        };
        let missing = columns.iter().flat_map(|column| {
            (0..column.len()).map(|row| column.missing(row).map_or(0, Missing::to_byte))
        });
        Self::with_missing(values, missing.collect())
    }

    /// Returns the rows at these positions, in this order; positions may repeat.
    ///
    /// # Panics
    /// If a position is not below [`Column::len`].
    #[must_use]
    pub fn take(&self, rows: &[usize]) -> Self {
        let values = match &self.values {
            Values::Integer(values) => {
                Values::Integer(rows.iter().map(|&row| values[row]).collect())
            }
            Values::Continuous(values) => {
                Values::Continuous(rows.iter().map(|&row| values[row]).collect())
            }
            Values::Codes(codes) => Values::Codes(rows.iter().map(|&row| codes[row]).collect()),
            Values::Text(texts) => Values::Text(rows.iter().map(|&row| texts.get(row)).collect()),
        };
        match &self.missing {
            Some(bytes) => Self::with_missing(values, rows.iter().map(|&row| bytes[row]).collect()),
            None => Self::complete(values),
        }
    }
}
