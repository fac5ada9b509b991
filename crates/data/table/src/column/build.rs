//! Columns from ordinary Rust values.

use super::{Column, Values};
use crate::parse::date;
use crate::{ColumnError, Levels, Strings, TimeUnit};

impl Column {
    /// Builds a column of whole numbers, with `None` where a value is missing.
    ///
    /// Days and moments are whole numbers too, see [`Kind`](crate::Kind); [`Column::dates`] reads
    /// them from texts.
    ///
    /// ```
    /// use parable_table::Column;
    ///
    /// let ages = Column::integers([Some(34), None, Some(51)]);
    /// assert_eq!((ages.integer(0), ages.integer(1)), (Some(34), None));
    /// ```
    #[must_use]
    pub fn integers(values: impl IntoIterator<Item = Option<i64>>) -> Self {
        let (values, missing) = split(values);
        Self::with_missing(Values::Integer(values), missing)
    }

    /// Builds a column of real numbers, with `None` where a value is missing.
    #[must_use]
    pub fn numbers(values: impl IntoIterator<Item = Option<f64>>) -> Self {
        let (values, missing) = split(values);
        Self::with_missing(Values::Continuous(values), missing)
    }

    /// Builds a column of codes of levels, with `None` where a value is missing.
    #[must_use]
    pub fn codes(codes: impl IntoIterator<Item = Option<u32>>) -> Self {
        let (codes, missing) = split(codes);
        Self::with_missing(Values::Codes(codes), missing)
    }

    /// Builds a column of codes from the texts of its levels, with `None` where a value is missing.
    ///
    /// ```
    /// use parable_table::{Column, Levels};
    ///
    /// let levels = Levels::new(["control", "treated"])?;
    /// let arms = Column::labels(&levels, [Some("treated"), Some("control"), None])?;
    /// assert_eq!((arms.code(0), arms.label(&levels, 1)), (Some(1), Some("control")));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// [`ColumnError::UnknownLevel`] if a text is not one of the levels.
    pub fn labels<S: AsRef<str>>(
        levels: &Levels,
        labels: impl IntoIterator<Item = Option<S>>,
    ) -> Result<Self, ColumnError> {
        let codes = levels.codes();
        let found = interpret(labels, |text| codes.get(text).copied());
        let (values, missing) = found.map_err(|row| ColumnError::UnknownLevel {
            row,
            levels: levels.len(),
        })?;
        Ok(Self::with_missing(Values::Codes(values), missing))
    }

    /// Builds a column of days from texts in `strftime` notation, with `None` where a value is
    /// missing.
    ///
    /// ```
    /// use parable_table::Column;
    ///
    /// let days = Column::dates("%Y-%m-%d", [Some("1970-01-02"), None])?;
    /// assert_eq!((days.integer(0), days.integer(1)), (Some(1), None));
    /// # Ok::<(), parable_table::ColumnError>(())
    /// ```
    ///
    /// # Errors
    /// [`ColumnError::NoDate`] if a text is spelled otherwise or the day does not exist.
    pub fn dates<S: AsRef<str>>(
        format: &str,
        texts: impl IntoIterator<Item = Option<S>>,
    ) -> Result<Self, ColumnError> {
        let found = interpret(texts, |text| date::parse_date(text, format));
        whole(found, "day", format)
    }

    /// Builds a column of moments, counted in seconds, from texts in `strftime` notation, with
    /// `None` where a value is missing.
    ///
    /// # Errors
    /// [`ColumnError::NoDate`] if a text is spelled otherwise or the moment does not exist.
    pub fn date_times<S: AsRef<str>>(
        format: &str,
        texts: impl IntoIterator<Item = Option<S>>,
    ) -> Result<Self, ColumnError> {
        let found = interpret(texts, |text| {
            date::parse_date_time(text, format, TimeUnit::Seconds)
        });
        whole(found, "moment", format)
    }

    /// Builds a column of free text, with `None` where a value is missing.
    #[must_use]
    pub fn texts<S: AsRef<str>>(texts: impl IntoIterator<Item = Option<S>>) -> Self {
        let (mut values, mut missing) = (Strings::new(), Vec::new());
        for text in texts {
            missing.push(u8::from(text.is_none()));
            values.push(text.as_ref().map_or("", S::as_ref));
        }
        Self::with_missing(Values::Text(values), missing)
    }
}

/// Separates values, fillers included, from the bytes that mark absent ones.
fn split<T: Default>(values: impl IntoIterator<Item = Option<T>>) -> (Vec<T>, Vec<u8>) {
    let marked = |value: Option<T>| {
        let missing = u8::from(value.is_none());
        (value.unwrap_or_default(), missing)
    };
    values.into_iter().map(marked).unzip()
}

/// Interprets texts, or returns the first row (from 1) whose text has no meaning.
fn interpret<S: AsRef<str>, T: Default>(
    texts: impl IntoIterator<Item = Option<S>>,
    meaning: impl Fn(&str) -> Option<T>,
) -> Result<(Vec<T>, Vec<u8>), usize> {
    let values = texts.into_iter().enumerate().map(|(row, text)| match text {
        None => Ok(None),
        Some(text) => meaning(text.as_ref()).map(Some).ok_or(row + 1),
    });
    Ok(split(values.collect::<Result<Vec<_>, _>>()?))
}

fn whole(
    found: Result<(Vec<i64>, Vec<u8>), usize>,
    kind: &'static str,
    format: &str,
) -> Result<Column, ColumnError> {
    let (values, missing) = found.map_err(|row| ColumnError::NoDate {
        row,
        kind,
        format: format.to_owned(),
    })?;
    Ok(Column::with_missing(Values::Integer(values), missing))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Missing;

    #[test]
    fn values_come_back_and_missing_ones_are_absent() {
        let column = Column::integers([Some(-3), None, Some(i64::MAX)]);
        assert_eq!(column.integer(0), Some(-3));
        assert_eq!(
            (column.integer(1), column.missing(1)),
            (None, Some(Missing::Absent))
        );
        assert_eq!(column.integer(2), Some(i64::MAX));
        assert_eq!(column.text(0), None);
        let column = Column::texts([Some("a"), None, Some("")]);
        assert_eq!(
            [0, 1, 2].map(|row| column.text(row)),
            [Some("a"), None, Some("")]
        );
        let column = Column::numbers([None, Some(2.5)]);
        assert_eq!([0, 1].map(|row| column.number(row)), [None, Some(2.5)]);
        assert_eq!(Column::codes([Some(4)]).missing_bytes(), None);
    }

    #[test]
    fn texts_without_a_meaning_are_refused_by_row_and_not_quoted() {
        let levels = Levels::new(["f", "m"]).expect("distinct");
        let error = Column::labels(&levels, [None, Some("m"), Some("secret")]).unwrap_err();
        assert_eq!(
            error.to_string(),
            "row 3: the text is not one of the 2 levels"
        );
        let error =
            Column::dates("%d/%m/%Y", [Some("29/02/2000"), Some("29/02/2001")]).unwrap_err();
        assert_eq!(
            error.to_string(),
            "row 2: expected a day that exists, spelled `%d/%m/%Y`"
        );
        let moments = Column::date_times("%Y-%m-%d %H:%M", [Some("1970-01-02 00:01")]);
        assert_eq!(moments.map(|column| column.integer(0)), Ok(Some(86_460)));
    }
}
