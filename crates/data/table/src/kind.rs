//! The type of a column, and the facts that go with the type.

mod grid;
mod number_format;
mod time;

use serde::{Deserialize, Serialize};

use crate::parse::date;
use crate::{Known, Levels};

pub use grid::Grid;
pub use number_format::{Exponent, Negative, NumberFormat};
pub use time::TimeUnit;

/// The type of a column.
///
/// Facts that are `None` are not known yet; reading a table fills them in from the rows and marks
/// them [`Observed`](crate::Provenance::Observed).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case", deny_unknown_fields)]
#[non_exhaustive]
pub enum Kind {
    /// Two values, in the order false, true. Stored as codes 0 and 1.
    Boolean {
        /// The two spellings, false first.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        levels: Option<Known<Levels>>,
    },
    /// Whole numbers. Stored as `i64`.
    Integer {
        /// Smallest and largest possible value.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        bounds: Option<Known<Bounds<i64>>>,
        /// The steps in which nearly all values lie, if these are wider than 1.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        grid: Option<Known<Grid>>,
        /// How numbers are spelled in the source.
        #[serde(default, skip_serializing_if = "is_default")]
        format: NumberFormat,
    },
    /// Real numbers on a grid. Stored as `f64`.
    Continuous {
        /// Smallest and largest possible value.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        bounds: Option<Known<Bounds<f64>>>,
        /// The grid on which nearly all values lie.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        grid: Option<Known<Grid>>,
        /// How numbers are spelled in the source.
        #[serde(default, skip_serializing_if = "is_default")]
        format: NumberFormat,
    },
    /// Categories without an order. Stored as codes.
    Nominal {
        /// The categories.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        levels: Option<Known<Levels>>,
    },
    /// Categories in an order. Stored as codes.
    Ordinal {
        /// The categories, from lowest to highest.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        levels: Option<Known<Levels>>,
    },
    /// A day. Stored as `i64` days since 1970-01-01.
    Date {
        /// How days are spelled, in `strftime` notation, e.g. `%Y-%m-%d`.
        format: String,
        /// Other spellings that are read as well, and written in the first one.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        also: Vec<String>,
        /// Earliest and latest possible day, in days since 1970-01-01.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        bounds: Option<Known<Bounds<i64>>>,
    },
    /// A moment on a local clock, a time of day or a duration. Stored as `i64` units since
    /// 1970-01-01 00:00:00; times of day and durations are those of 1970-01-01.
    DateTime {
        /// How moments are spelled, in `strftime` notation, e.g. `%Y-%m-%d %H:%M:%S`. A leading
        /// `%[H]` or `%[M]` stands for hours or minutes that may be more than a day or an hour
        /// holds, `%-[M]` for the same without padding: durations such as `70:32`.
        format: String,
        /// Other spellings that are read as well, and written in the first one.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        also: Vec<String>,
        /// The unit of the stored numbers and of the bounds.
        #[serde(default, skip_serializing_if = "is_default")]
        unit: TimeUnit,
        /// Earliest and latest possible moment, in units since 1970-01-01 00:00:00.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        bounds: Option<Known<Bounds<i64>>>,
    },
    /// Free text. Stored as text; no synthesizer passes a source text through.
    Text,
}

fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

impl Kind {
    /// The name of the type as schemas spell it.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Boolean { .. } => "boolean",
            Self::Integer { .. } => "integer",
            Self::Continuous { .. } => "continuous",
            Self::Nominal { .. } => "nominal",
            Self::Ordinal { .. } => "ordinal",
            Self::Date { .. } => "date",
            Self::DateTime { .. } => "date_time",
            Self::Text => "text",
        }
    }

    /// Whether values are codes of levels (boolean, nominal, ordinal).
    #[must_use]
    pub fn is_categorical(&self) -> bool {
        matches!(
            self,
            Self::Boolean { .. } | Self::Nominal { .. } | Self::Ordinal { .. }
        )
    }

    /// Whether values are numbers on a scale: integer, continuous, and dates by their position in
    /// time.
    #[must_use]
    pub fn is_numeric(&self) -> bool {
        matches!(
            self,
            Self::Integer { .. }
                | Self::Continuous { .. }
                | Self::Date { .. }
                | Self::DateTime { .. }
        )
    }

    /// The grid of a numeric column: whole numbers, days and units of time lie on that of 1 unless
    /// wider steps are known; `None` for real numbers without one and for other types.
    #[must_use]
    pub fn grid(&self) -> Option<Grid> {
        match self {
            Self::Continuous { grid, .. } => grid.as_ref().map(|known| known.value),
            Self::Integer { grid, .. } => {
                Some(grid.as_ref().map_or(Grid::Decimals(0), |known| known.value))
            }
            Self::Date { .. } | Self::DateTime { .. } => Some(Grid::Decimals(0)),
            _ => None,
        }
    }

    /// Spells a place on the scale of a date or moment for people, as on an axis: days as
    /// `2024-05-17`, times of day and durations as the column spells them. `None` for other types
    /// and for places that no date has.
    #[must_use]
    pub fn spell_time(&self, place: f64) -> Option<String> {
        match self {
            Self::Date { .. } => date::spell_date(place.floor() as i64, "%Y-%m-%d"),
            Self::DateTime { format, unit, .. } if !date::has_day(format) => {
                date::spell_date_time(place.round() as i64, format, *unit)
            }
            Self::DateTime { unit, .. } => {
                let days = place / unit.per_second() as f64 / 86_400.0;
                date::spell_date(days.floor() as i64, "%Y-%m-%d")
            }
            _ => None,
        }
    }

    /// The levels of a categorical column, if known.
    #[must_use]
    pub fn levels(&self) -> Option<&Levels> {
        self.known_levels().map(|known| &known.value)
    }

    /// The levels of a categorical column and where they came from, if known.
    #[must_use]
    pub fn known_levels(&self) -> Option<&Known<Levels>> {
        match self {
            Self::Boolean { levels } | Self::Nominal { levels } | Self::Ordinal { levels } => {
                levels.as_ref()
            }
            _ => None,
        }
    }

    /// A nominal column with these levels, declared unless a [`Known`] says otherwise.
    #[must_use]
    pub fn nominal(levels: impl Into<Known<Levels>>) -> Self {
        Self::Nominal {
            levels: Some(levels.into()),
        }
    }

    /// An ordinal column with these levels, lowest first, declared unless a [`Known`] says
    /// otherwise.
    #[must_use]
    pub fn ordinal(levels: impl Into<Known<Levels>>) -> Self {
        Self::Ordinal {
            levels: Some(levels.into()),
        }
    }

    /// A boolean column with these two spellings, false first, declared unless a [`Known`] says
    /// otherwise.
    #[must_use]
    pub fn boolean(levels: impl Into<Known<Levels>>) -> Self {
        Self::Boolean {
            levels: Some(levels.into()),
        }
    }

    /// An integer column with plain spelling and no known bounds.
    #[must_use]
    pub fn integer() -> Self {
        Self::Integer {
            bounds: None,
            grid: None,
            format: NumberFormat::default(),
        }
    }

    /// A continuous column with plain spelling on the grid of this many decimals.
    #[must_use]
    pub fn continuous(decimals: u8) -> Self {
        Self::Continuous {
            bounds: None,
            grid: Some(Known::declared(Grid::Decimals(decimals))),
            format: NumberFormat::default(),
        }
    }

    /// A column of days, spelled in `strftime` notation such as `%Y-%m-%d`, with no known bounds.
    #[must_use]
    pub fn date(format: impl Into<String>) -> Self {
        Self::Date {
            format: format.into(),
            also: Vec::new(),
            bounds: None,
        }
    }

    /// A column of moments, spelled in `strftime` notation such as `%Y-%m-%d %H:%M:%S`, with no
    /// known bounds.
    #[must_use]
    pub fn date_time(format: impl Into<String>) -> Self {
        Self::DateTime {
            format: format.into(),
            also: Vec::new(),
            unit: TimeUnit::Seconds,
            bounds: None,
        }
    }

    /// Declares the smallest and the largest possible value of a numeric column; for dates in days
    /// or units of time since 1970.
    ///
    /// Bounds of a column of whole numbers are rounded inwards. Whether they contain a value is
    /// checked by [`Schema::new`](crate::Schema::new).
    ///
    /// ```
    /// use parable_table::{Field, Kind, Schema};
    ///
    /// let schema = Schema::new(vec![
    ///     Field::new("age", Kind::integer().with_bounds(18, 99)),
    ///     Field::new("score", Kind::continuous(1).with_bounds(0.0, 12.5)),
    /// ])?;
    /// assert!(Schema::new(vec![Field::new("age", Kind::integer().with_bounds(99, 18))]).is_err());
    /// # Ok::<(), parable_table::SchemaError>(())
    /// ```
    ///
    /// # Panics
    /// If the type is not numeric: levels and texts have no bounds.
    #[must_use]
    pub fn with_bounds<T: Into<Bound>>(mut self, min: T, max: T) -> Self {
        let (min, max) = (min.into(), max.into());
        match &mut self {
            Self::Integer { bounds, .. }
            | Self::Date { bounds, .. }
            | Self::DateTime { bounds, .. } => {
                *bounds = Some(Known::declared(Bounds {
                    min: min.whole(f64::ceil),
                    max: max.whole(f64::floor),
                }));
            }
            Self::Continuous { bounds, .. } => {
                *bounds = Some(Known::declared(Bounds {
                    min: min.real(),
                    max: max.real(),
                }));
            }
            _ => panic!("a column of type {} has no bounds", self.name()),
        }
        self
    }
}

/// One end of the bounds of a numeric column.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub enum Bound {
    /// A whole number; days or seconds since 1970 for dates.
    Whole(i64),
    /// A real number.
    Real(f64),
}

impl Bound {
    fn whole(self, round: impl Fn(f64) -> f64) -> i64 {
        match self {
            Self::Whole(value) => value,
            Self::Real(value) => round(value) as i64,
        }
    }

    fn real(self) -> f64 {
        match self {
            Self::Whole(value) => value as f64,
            Self::Real(value) => value,
        }
    }
}

impl From<i32> for Bound {
    fn from(value: i32) -> Self {
        Self::Whole(i64::from(value))
    }
}

impl From<i64> for Bound {
    fn from(value: i64) -> Self {
        Self::Whole(value)
    }
}

impl From<f64> for Bound {
    fn from(value: f64) -> Self {
        Self::Real(value)
    }
}

/// The smallest and the largest possible value, both included.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Bounds<T> {
    /// Smallest possible value.
    pub min: T,
    /// Largest possible value.
    pub max: T,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bounds_are_declared_and_rounded_inwards_for_whole_numbers() {
        let declared = |min, max| Some(Known::declared(Bounds { min, max }));
        let Kind::Integer { bounds, .. } = Kind::integer().with_bounds(0.5, 9.5) else {
            panic!("an integer column stays one");
        };
        assert_eq!(bounds, declared(1, 9));
        let Kind::Date { bounds, .. } = Kind::date("%Y").with_bounds(-1, 365) else {
            panic!("a column of days stays one");
        };
        assert_eq!(bounds, declared(-1, 365));
    }
}
