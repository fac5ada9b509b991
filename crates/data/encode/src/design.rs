//! Tables as design matrices: one row of numbers per row.
//!
//! A [`Design`] is fitted on one table (which levels occur, means, standard deviations) and then
//! turns that table, and others of the same columns, into matrices whose columns mean the same.

use ndarray::Array2;
use parable_table::{Column, Field, Table};

/// How levels become columns of a design matrix.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum LevelCoding {
    /// Treatment coding: a column for each level that occurs but the first, which is the reference.
    /// For regressions with an intercept.
    #[default]
    Reference,
    /// A column for each level that occurs. For distances, penalised models and networks.
    OneHot,
}

/// How numbers become columns of a design matrix.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Scaling {
    /// As they are. A missing number becomes the mean.
    #[default]
    Raw,
    /// Less their mean. A missing number becomes 0.
    Centered,
    /// Less their mean, in standard deviations (population formula; 1 where numbers do not vary). A
    /// missing number becomes 0.
    Standardized,
}

/// How the columns of a table become the columns of a matrix.
///
/// ```
/// use parable_encode::{Design, DesignConfig, Scaling};
/// use parable_table::{Column, Field, Kind, Levels, Schema, Table};
///
/// let arms = Levels::new(["control", "treated"])?;
/// let fields = vec![
///     Field::new("arm", Kind::nominal(arms.clone())),
///     Field::new("score", Kind::continuous(1)),
/// ];
/// let columns = vec![
///     Column::labels(&arms, [Some("control"), Some("treated"), Some("treated")])?,
///     Column::numbers([Some(2.0), None, Some(6.0)]),
/// ];
/// let table = Table::new(Schema::new(fields)?, columns)?;
///
/// let config = DesignConfig::default().with_intercept(true).with_scaling(Scaling::Centered);
/// let design = Design::fit(&table, &["arm", "score"], &config)?;
/// let names: Vec<&str> = design.names().collect();
/// assert_eq!(names, ["(intercept)", "arm=treated", "score", "score:missing"]);
/// let matrix = design.matrix(&table)?;
/// assert_eq!(matrix.row(1).to_vec(), [1.0, 1.0, 0.0, 1.0]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct DesignConfig {
    /// Whether the first column is 1 in every row. Default: no.
    pub intercept: bool,
    /// How levels become columns. Default: reference coding.
    pub levels: LevelCoding,
    /// Most columns for the levels of one column: the most frequent levels get one each. Default:
    /// no limit.
    pub max_levels: usize,
    /// How numbers become columns. Default: as they are.
    pub scaling: Scaling,
    /// Whether a column with missing values gets a second one that is 1 where they are. Default:
    /// yes.
    pub missing_indicators: bool,
}

impl Default for DesignConfig {
    fn default() -> Self {
        Self {
            intercept: false,
            levels: LevelCoding::default(),
            max_levels: usize::MAX,
            scaling: Scaling::default(),
            missing_indicators: true,
        }
    }
}

impl DesignConfig {
    /// Sets whether the first column is 1 in every row.
    #[must_use]
    pub fn with_intercept(mut self, intercept: bool) -> Self {
        self.intercept = intercept;
        self
    }

    /// Sets how levels become columns.
    #[must_use]
    pub fn with_levels(mut self, levels: LevelCoding) -> Self {
        self.levels = levels;
        self
    }

    /// Sets the most columns for the levels of one column.
    #[must_use]
    pub fn with_max_levels(mut self, max_levels: usize) -> Self {
        self.max_levels = max_levels;
        self
    }

    /// Sets how numbers become columns.
    #[must_use]
    pub fn with_scaling(mut self, scaling: Scaling) -> Self {
        self.scaling = scaling;
        self
    }

    /// Sets whether columns with missing values get an indicator of them.
    #[must_use]
    pub fn with_missing_indicators(mut self, missing_indicators: bool) -> Self {
        self.missing_indicators = missing_indicators;
        self
    }
}

/// A column that has no place in a design matrix.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DesignError {
    /// A column that the table does not have.
    #[error("the design needs the column `{column}`, which the table does not have")]
    NoColumn {
        /// The column.
        column: String,
    },
    /// A column of free text.
    #[error("column `{column}` holds free text, which is not a number")]
    FreeText {
        /// The column.
        column: String,
    },
    /// A column of another type than the design was fitted on.
    #[error("the design needs column `{column}` as {expected}, and it is {found}")]
    WrongKind {
        /// The column.
        column: String,
        /// The type the design was fitted on.
        expected: &'static str,
        /// The type found.
        found: &'static str,
    },
}

/// The meaning of the columns of a design matrix.
#[derive(Clone, Debug, PartialEq)]
pub struct Design {
    sources: Vec<Source>,
    terms: Vec<Term>,
}

/// A column of the table that the design reads.
#[derive(Clone, Debug, PartialEq)]
struct Source {
    name: String,
    kind: &'static str,
}

/// One column of the matrix.
#[derive(Clone, Debug, PartialEq)]
struct Term {
    name: String,
    /// Position in the list of sources; of no use to an intercept.
    source: usize,
    content: Content,
}

#[derive(Clone, Debug, PartialEq)]
enum Content {
    Intercept,
    /// The number less `center`, divided by `scale`; `fill` where it is missing.
    Number {
        center: f64,
        scale: f64,
        fill: f64,
    },
    /// 1 where the level is this, 0 elsewhere and where it is missing.
    Level(String),
    /// 1 where the value is missing.
    Missing,
}

impl Design {
    /// Fits a design to the columns of these names.
    ///
    /// # Errors
    /// [`DesignError::NoColumn`] or [`DesignError::FreeText`].
    pub fn fit(
        table: &Table,
        columns: &[&str],
        config: &DesignConfig,
    ) -> Result<Self, DesignError> {
        let mut design = Self {
            sources: Vec::with_capacity(columns.len()),
            terms: Vec::new(),
        };
        if config.intercept {
            design.push("(intercept)".to_owned(), Content::Intercept);
        }
        for name in columns {
            let (field, column) = find(table, name)?;
            design.sources.push(Source {
                name: field.name.clone(),
                kind: field.kind.name(),
            });
            if field.kind.is_numeric() {
                design.push(field.name.clone(), number(column, config.scaling));
            } else if field.kind.is_categorical() {
                for level in levels(field, column, config) {
                    design.push(format!("{}={level}", field.name), Content::Level(level));
                }
            } else {
                return Err(DesignError::FreeText {
                    column: field.name.clone(),
                });
            }
            if config.missing_indicators && column.missing_count() > 0 {
                design.push(format!("{}:missing", field.name), Content::Missing);
            }
        }
        Ok(design)
    }

    fn push(&mut self, name: String, content: Content) {
        self.terms.push(Term {
            name,
            source: self.sources.len().saturating_sub(1),
            content,
        });
    }

    /// Returns the names of the columns of the matrix: `score`, `arm=treated`, `score:missing`.
    pub fn names(&self) -> impl ExactSizeIterator<Item = &str> {
        self.terms.iter().map(|term| term.name.as_str())
    }

    /// Returns the position, in the list of columns that the design was fitted on, of the column
    /// behind each column of the matrix; `None` for the intercept.
    #[must_use]
    pub fn sources(&self) -> Vec<Option<usize>> {
        let source = |term: &Term| (term.content != Content::Intercept).then_some(term.source);
        self.terms.iter().map(source).collect()
    }

    /// Returns the matrix of a table with these columns, found by name. Levels that did not occur
    /// when the design was fitted are 0 in every column.
    ///
    /// # Errors
    /// [`DesignError::NoColumn`] or [`DesignError::WrongKind`].
    pub fn matrix(&self, table: &Table) -> Result<Array2<f64>, DesignError> {
        let sources = self.sources.iter().map(|source| {
            let (field, column) = find(table, &source.name)?;
            match field.kind.name() == source.kind {
                true => Ok((field, column)),
                false => Err(DesignError::WrongKind {
                    column: source.name.clone(),
                    expected: source.kind,
                    found: field.kind.name(),
                }),
            }
        });
        let sources = sources.collect::<Result<Vec<_>, _>>()?;
        let mut matrix = Array2::zeros((table.rows(), self.terms.len()));
        for (term, mut cells) in self.terms.iter().zip(matrix.columns_mut()) {
            let Some(&(field, column)) = sources.get(term.source) else {
                cells.fill(1.0);
                continue;
            };
            match &term.content {
                Content::Intercept => cells.fill(1.0),
                Content::Number {
                    center,
                    scale,
                    fill,
                } => {
                    for (row, cell) in cells.iter_mut().enumerate() {
                        let number = column.number(row);
                        *cell = number.map_or(*fill, |number| (number - center) / scale);
                    }
                }
                Content::Level(level) => {
                    let code = field.kind.levels().and_then(|levels| levels.code(level));
                    for (row, cell) in cells.iter_mut().enumerate() {
                        *cell = f64::from(u8::from(code.is_some() && column.code(row) == code));
                    }
                }
                Content::Missing => {
                    for (row, cell) in cells.iter_mut().enumerate() {
                        *cell = f64::from(u8::from(column.is_missing(row)));
                    }
                }
            }
        }
        Ok(matrix)
    }
}

fn find<'a>(table: &'a Table, name: &str) -> Result<(&'a Field, &'a Column), DesignError> {
    table.named(name).ok_or_else(|| DesignError::NoColumn {
        column: name.to_owned(),
    })
}

fn number(column: &Column, scaling: Scaling) -> Content {
    let present: Vec<f64> = (0..column.len())
        .filter_map(|row| column.number(row))
        .collect();
    let count = present.len().max(1) as f64;
    let mean = present.iter().map(|value| value / count).sum::<f64>();
    let squares = present
        .iter()
        .map(|value| (value - mean) * (value - mean) / count);
    let deviation = squares.sum::<f64>().sqrt();
    let varies = deviation > 0.0 && deviation.is_finite();
    match scaling {
        Scaling::Raw => Content::Number {
            center: 0.0,
            scale: 1.0,
            fill: mean,
        },
        Scaling::Centered => Content::Number {
            center: mean,
            scale: 1.0,
            fill: 0.0,
        },
        Scaling::Standardized => Content::Number {
            center: mean,
            scale: if varies { deviation } else { 1.0 },
            fill: 0.0,
        },
    }
}

/// The levels that get a column, in the order of their codes.
fn levels(field: &Field, column: &Column, config: &DesignConfig) -> Vec<String> {
    let Some(known) = field.kind.levels() else {
        return Vec::new();
    };
    let mut counts = vec![0usize; known.len()];
    for code in (0..column.len()).filter_map(|row| column.code(row)) {
        counts[code as usize] += 1;
    }
    let mut codes: Vec<usize> = (0..counts.len()).filter(|&code| counts[code] > 0).collect();
    if config.levels == LevelCoding::Reference && !codes.is_empty() {
        codes.remove(0);
    }
    // Stable: of equally frequent levels the first stay.
    codes.sort_by_key(|&code| std::cmp::Reverse(counts[code]));
    codes.truncate(config.max_levels);
    codes.sort_unstable();
    let texts = codes.iter().filter_map(|&code| known.get(code as u32));
    texts.map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use ndarray::array;
    use parable_table::{Kind, Levels, Schema};

    use super::*;

    fn table(order: [&str; 3]) -> Table {
        let levels = Levels::new(order).expect("distinct");
        let arms = [Some("b"), Some("a"), None, Some("b"), Some("a"), Some("b")];
        let ages = [Some(1), Some(3), Some(5), None, Some(3), Some(3)];
        let fields = vec![
            Field::new("arm", Kind::nominal(levels.clone())),
            Field::new("age", Kind::integer()),
            Field::new("note", Kind::Text),
        ];
        let columns = vec![
            Column::labels(&levels, arms).expect("its levels"),
            Column::integers(ages),
            Column::texts([None::<&str>; 6]),
        ];
        Table::new(Schema::new(fields).expect("sound"), columns).expect("fits")
    }

    #[track_caller]
    fn check(config: &DesignConfig, names: &[&str], expected: &Array2<f64>) {
        let table = table(["a", "b", "never"]);
        let design = Design::fit(&table, &["arm", "age"], config).expect("a design");
        assert_eq!(design.names().collect::<Vec<_>>(), names);
        assert_eq!(&design.matrix(&table).expect("its own table"), expected);
    }

    #[test]
    fn levels_get_a_reference_or_a_column_each_and_missing_values_an_indicator() {
        check(
            &DesignConfig::default().with_intercept(true),
            &["(intercept)", "arm=b", "arm:missing", "age", "age:missing"],
            &array![
                [1.0, 1.0, 0.0, 1.0, 0.0],
                [1.0, 0.0, 0.0, 3.0, 0.0],
                [1.0, 0.0, 1.0, 5.0, 0.0],
                [1.0, 1.0, 0.0, 3.0, 1.0],
                [1.0, 0.0, 0.0, 3.0, 0.0],
                [1.0, 1.0, 0.0, 3.0, 0.0]
            ],
        );
        // The population variance of 1, 3, 5, 3, 3 is 8/5.
        let unit = 2.0 / 1.6f64.sqrt();
        let one_hot = DesignConfig::default()
            .with_levels(LevelCoding::OneHot)
            .with_scaling(Scaling::Standardized)
            .with_missing_indicators(false);
        let design = Design::fit(&table(["a", "b", "never"]), &["arm", "age"], &one_hot);
        let design = design.expect("a design");
        assert_eq!(
            design.names().collect::<Vec<_>>(),
            ["arm=a", "arm=b", "age"]
        );
        assert_eq!(design.sources(), [Some(0), Some(0), Some(1)]);
        let matrix = design
            .matrix(&table(["a", "b", "never"]))
            .expect("its own table");
        let expected = [-unit, 0.0, unit, 0.0, 0.0, 0.0];
        assert!(
            matrix
                .column(2)
                .iter()
                .zip(expected)
                .all(|(a, b)| (a - b).abs() < 1e-12)
        );
        check(
            &one_hot.with_max_levels(1).with_scaling(Scaling::Centered),
            &["arm=b", "age"],
            &array![
                [1.0, -2.0],
                [0.0, 0.0],
                [0.0, 2.0],
                [1.0, 0.0],
                [0.0, 0.0],
                [1.0, 0.0]
            ],
        );
    }

    #[test]
    fn other_tables_are_read_by_name_and_by_the_texts_of_levels() {
        let config = DesignConfig::default();
        let design = Design::fit(&table(["a", "b", "never"]), &["arm"], &config).expect("a design");
        let other = design
            .matrix(&table(["never", "b", "a"]))
            .expect("the same columns");
        assert_eq!(other.column(0).to_vec(), [1.0, 0.0, 0.0, 1.0, 0.0, 1.0]);
    }

    #[test]
    fn columns_without_a_place_are_refused() {
        let table = table(["a", "b", "never"]);
        let config = DesignConfig::default();
        let refused = |name| {
            Design::fit(&table, &[name], &config)
                .unwrap_err()
                .to_string()
        };
        assert_eq!(
            refused("note"),
            "column `note` holds free text, which is not a number"
        );
        assert_eq!(
            refused("sex"),
            "the design needs the column `sex`, which the table does not have"
        );
        let design = Design::fit(&table, &["age"], &config).expect("a design");
        let field = Field::new("age", Kind::continuous(0));
        let schema = Schema::new(vec![field]).expect("sound");
        let other = Table::new(schema, vec![Column::numbers([Some(1.0)])]).expect("fits");
        assert_eq!(
            design.matrix(&other).unwrap_err().to_string(),
            "the design needs column `age` as integer, and it is continuous"
        );
    }
}
