//! Tables from and to matrices of `ndarray`.

use ndarray::{Array2, ArrayView2};

use crate::{Column, Field, Kind, NumberFormat, Schema, SchemaError, Table, TableError};

/// A matrix that makes no table, or columns that make no matrix.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum MatrixError {
    /// Not one name per column of the matrix.
    #[error("the matrix has {columns} columns, and {names} names are given")]
    Names {
        /// Columns of the matrix.
        columns: usize,
        /// Names given.
        names: usize,
    },
    /// A column that the table does not have.
    #[error("the table has no column `{column}`")]
    NoColumn {
        /// The column.
        column: String,
    },
    /// A column that holds no numbers.
    #[error("column `{column}` is {kind}; a matrix takes numeric columns (encode levels first)")]
    NotNumeric {
        /// The column.
        column: String,
        /// Its type.
        kind: &'static str,
    },
    /// The names make no schema.
    #[error(transparent)]
    Schema(#[from] SchemaError),
    /// A cell does not fit: an infinite number.
    #[error(transparent)]
    Table(#[from] TableError),
}

impl Table {
    /// Builds a table of continuous columns from a matrix with a row per row; NaN is an absent
    /// value.
    ///
    /// ```
    /// use ndarray::array;
    /// use parable_table::Table;
    ///
    /// let table = Table::from_matrix(&["x", "y"], array![[1.0, 2.5], [3.0, f64::NAN]].view())?;
    /// assert_eq!((table.column(1).number(0), table.column(1).number(1)), (Some(2.5), None));
    /// assert_eq!(table.to_matrix(&["y"])?[[0, 0]], 2.5);
    /// # Ok::<(), parable_table::MatrixError>(())
    /// ```
    ///
    /// # Errors
    /// [`MatrixError::Names`], [`MatrixError::Schema`] (a name that is empty or given twice), or
    /// [`MatrixError::Table`] (an infinite number).
    pub fn from_matrix(names: &[&str], matrix: ArrayView2<'_, f64>) -> Result<Self, MatrixError> {
        if names.len() != matrix.ncols() {
            return Err(MatrixError::Names {
                columns: matrix.ncols(),
                names: names.len(),
            });
        }
        let kind = Kind::Continuous {
            bounds: None,
            grid: None,
            format: NumberFormat::default(),
        };
        let fields = names.iter().map(|name| Field::new(*name, kind.clone()));
        let schema = Schema::new(fields.collect())?;
        let present = |value: &f64| (!value.is_nan()).then_some(*value);
        let columns = matrix.columns().into_iter();
        let columns = columns.map(|column| Column::numbers(column.iter().map(present)));
        Ok(Self::new(schema, columns.collect())?)
    }

    /// Returns numeric columns as a matrix with a row per row, in the order of these names; a
    /// missing value is NaN. Dates are days or seconds since 1970.
    ///
    /// # Errors
    /// [`MatrixError::NoColumn`] or [`MatrixError::NotNumeric`].
    pub fn to_matrix(&self, columns: &[&str]) -> Result<Array2<f64>, MatrixError> {
        let mut matrix = Array2::from_elem((self.rows(), columns.len()), f64::NAN);
        for (name, mut cells) in columns.iter().zip(matrix.columns_mut()) {
            let (field, column) = self.named(name).ok_or_else(|| MatrixError::NoColumn {
                column: (*name).to_owned(),
            })?;
            if !field.kind.is_numeric() {
                return Err(MatrixError::NotNumeric {
                    column: field.name.clone(),
                    kind: field.kind.name(),
                });
            }
            for (row, cell) in cells.iter_mut().enumerate() {
                *cell = column.number(row).unwrap_or(f64::NAN);
            }
        }
        Ok(matrix)
    }
}

#[cfg(test)]
mod tests {
    use ndarray::array;

    use super::*;
    use crate::Levels;

    #[test]
    fn a_matrix_goes_in_and_comes_out_again() {
        let matrix = array![[1.0, -0.5, f64::NAN], [0.0, 1e300, 7.0]];
        let table = Table::from_matrix(&["a", "b", "c"], matrix.view()).expect("numbers");
        let back = table.to_matrix(&["a", "b", "c"]).expect("its columns");
        assert!(
            back.iter()
                .zip(&matrix)
                .all(|(a, b)| a.to_bits() == b.to_bits() || b.is_nan())
        );
        assert!(back[[0, 2]].is_nan());
        assert_eq!(
            table.to_matrix(&["c", "a"]).expect("its columns").column(1),
            matrix.column(0)
        );
    }

    #[test]
    fn what_is_no_matrix_is_refused() {
        let matrix = array![[1.0, f64::INFINITY]];
        let error = Table::from_matrix(&["a"], matrix.view()).unwrap_err();
        assert_eq!(
            error,
            MatrixError::Names {
                columns: 2,
                names: 1
            }
        );
        assert!(matches!(
            Table::from_matrix(&["a", "b"], matrix.view()),
            Err(MatrixError::Table(TableError::NotFinite { row: 1, .. }))
        ));
        let levels = Levels::new(["f", "m"]).expect("distinct");
        let schema = Schema::new(vec![Field::new("sex", Kind::nominal(levels))]).expect("sound");
        let table = Table::new(schema, vec![Column::codes([Some(1)])]).expect("fits");
        assert_eq!(
            table.to_matrix(&["sex"]).unwrap_err().to_string(),
            "column `sex` is nominal; a matrix takes numeric columns (encode levels first)"
        );
        assert!(matches!(
            table.to_matrix(&["age"]),
            Err(MatrixError::NoColumn { .. })
        ));
    }
}
