//! Small tables for tests.

use parable_table::{Column, Field, Kind, Known, Levels, Schema, Table, Values};

/// A table of these columns.
pub(crate) fn table(columns: Vec<(Field, Column)>) -> Table {
    let (fields, columns) = columns.into_iter().unzip();
    Table::new(Schema::new(fields).unwrap(), columns).unwrap()
}

/// A continuous column.
pub(crate) fn number(name: &str, values: &[Option<f64>]) -> (Field, Column) {
    let missing = values.iter().map(|v| u8::from(v.is_none())).collect();
    let values = values.iter().map(|v| v.unwrap_or(0.0)).collect();
    (
        Field::new(name, Kind::continuous(8)),
        Column::with_missing(Values::Continuous(values), missing),
    )
}

/// A continuous column without missing values.
pub(crate) fn numbers(name: &str, values: &[f64]) -> (Field, Column) {
    number(name, &values.iter().copied().map(Some).collect::<Vec<_>>())
}

/// A nominal column.
pub(crate) fn text(name: &str, values: &[Option<&str>]) -> (Field, Column) {
    let mut levels: Vec<&str> = values.iter().flatten().copied().collect();
    levels.sort_unstable();
    levels.dedup();
    let code = |value: &Option<&str>| {
        value.map_or(0, |v| {
            levels.iter().position(|&level| level == v).unwrap() as u32
        })
    };
    let codes = values.iter().map(code).collect();
    let missing = values.iter().map(|v| u8::from(v.is_none())).collect();
    let levels = Known::observed(Levels::new(levels.iter().copied()).unwrap());
    (
        Field::new(name, Kind::nominal(levels)),
        Column::with_missing(Values::Codes(codes), missing),
    )
}

/// A nominal column without missing values.
pub(crate) fn texts(name: &str, values: &[&str]) -> (Field, Column) {
    text(name, &values.iter().copied().map(Some).collect::<Vec<_>>())
}
