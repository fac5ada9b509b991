//! One row on its way from a Rust value into columns.

use std::collections::HashMap;

use serde::{Serialize, Serializer, ser};

use super::cell::Captured;
use super::error::{Fault, RowRule};

/// Cells by column, in order of first appearance.
#[derive(Debug, Default)]
pub(super) struct Cells {
    pub(super) names: Vec<String>,
    /// One list per name; lists end with the last row that has the column.
    pub(super) columns: Vec<Vec<Captured>>,
    positions: HashMap<String, usize>,
    row: usize,
}

impl Cells {
    /// Adds a row.
    pub(super) fn push<T: Serialize + ?Sized>(&mut self, row: &T) -> Result<(), Fault> {
        row.serialize(RowSerializer { cells: self })?;
        self.row += 1;
        Ok(())
    }

    /// Puts columns in the order of these positions, those without one last.
    pub(super) fn sort_by(&mut self, position: impl Fn(&str) -> Option<usize>) {
        let names = std::mem::take(&mut self.names);
        let columns = std::mem::take(&mut self.columns);
        let mut pairs: Vec<_> = names.into_iter().zip(columns).collect();
        pairs.sort_by_key(|(name, _)| position(name).unwrap_or(usize::MAX));
        (self.names, self.columns) = pairs.into_iter().unzip();
    }

    fn set(&mut self, name: &str, cell: Captured) -> Result<(), Fault> {
        let position = match self.positions.get(name) {
            Some(&position) => position,
            None => {
                self.positions.insert(name.to_owned(), self.names.len());
                self.names.push(name.to_owned());
                self.columns.push(Vec::new());
                self.names.len() - 1
            }
        };
        let column = &mut self.columns[position];
        if column.len() > self.row {
            return Err(Fault::from(RowRule::Repeated).in_column(name));
        }
        column.resize(self.row, Captured::Missing);
        column.push(cell);
        Ok(())
    }
}

struct RowSerializer<'a> {
    cells: &'a mut Cells,
}

struct FieldsSerializer<'a> {
    cells: &'a mut Cells,
    name: String,
}

type Refused = ser::Impossible<(), Fault>;

fn no_row<T>() -> Result<T, Fault> {
    Err(RowRule::NotARow.into())
}

impl<'a> Serializer for RowSerializer<'a> {
    type Ok = ();
    type Error = Fault;
    type SerializeSeq = Refused;
    type SerializeTuple = Refused;
    type SerializeTupleStruct = Refused;
    type SerializeTupleVariant = Refused;
    type SerializeMap = FieldsSerializer<'a>;
    type SerializeStruct = FieldsSerializer<'a>;
    type SerializeStructVariant = Refused;

    fn serialize_bool(self, _: bool) -> Result<(), Fault> {
        no_row()
    }
    fn serialize_i8(self, _: i8) -> Result<(), Fault> {
        no_row()
    }
    fn serialize_i16(self, _: i16) -> Result<(), Fault> {
        no_row()
    }
    fn serialize_i32(self, _: i32) -> Result<(), Fault> {
        no_row()
    }
    fn serialize_i64(self, _: i64) -> Result<(), Fault> {
        no_row()
    }
    fn serialize_u8(self, _: u8) -> Result<(), Fault> {
        no_row()
    }
    fn serialize_u16(self, _: u16) -> Result<(), Fault> {
        no_row()
    }
    fn serialize_u32(self, _: u32) -> Result<(), Fault> {
        no_row()
    }
    fn serialize_u64(self, _: u64) -> Result<(), Fault> {
        no_row()
    }
    fn serialize_f32(self, _: f32) -> Result<(), Fault> {
        no_row()
    }
    fn serialize_f64(self, _: f64) -> Result<(), Fault> {
        no_row()
    }
    fn serialize_char(self, _: char) -> Result<(), Fault> {
        no_row()
    }
    fn serialize_str(self, _: &str) -> Result<(), Fault> {
        no_row()
    }
    fn serialize_bytes(self, _: &[u8]) -> Result<(), Fault> {
        no_row()
    }
    fn serialize_none(self) -> Result<(), Fault> {
        no_row()
    }
    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result<(), Fault> {
        value.serialize(self)
    }
    fn serialize_unit(self) -> Result<(), Fault> {
        no_row()
    }
    fn serialize_unit_struct(self, _: &'static str) -> Result<(), Fault> {
        no_row()
    }
    fn serialize_unit_variant(self, _: &'static str, _: u32, _: &'static str) -> Result<(), Fault> {
        no_row()
    }
    fn serialize_newtype_struct<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        value: &T,
    ) -> Result<(), Fault> {
        value.serialize(self)
    }
    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        _: u32,
        _: &'static str,
        _: &T,
    ) -> Result<(), Fault> {
        no_row()
    }
    fn serialize_seq(self, _: Option<usize>) -> Result<Refused, Fault> {
        no_row()
    }
    fn serialize_tuple(self, _: usize) -> Result<Refused, Fault> {
        no_row()
    }
    fn serialize_tuple_struct(self, _: &'static str, _: usize) -> Result<Refused, Fault> {
        no_row()
    }
    fn serialize_tuple_variant(
        self,
        _: &'static str,
        _: u32,
        _: &'static str,
        _: usize,
    ) -> Result<Refused, Fault> {
        no_row()
    }
    fn serialize_map(self, _: Option<usize>) -> Result<FieldsSerializer<'a>, Fault> {
        Ok(FieldsSerializer {
            cells: self.cells,
            name: String::new(),
        })
    }
    fn serialize_struct(self, _: &'static str, _: usize) -> Result<FieldsSerializer<'a>, Fault> {
        self.serialize_map(None)
    }
    fn serialize_struct_variant(
        self,
        _: &'static str,
        _: u32,
        _: &'static str,
        _: usize,
    ) -> Result<Refused, Fault> {
        no_row()
    }
}

impl ser::SerializeStruct for FieldsSerializer<'_> {
    type Ok = ();
    type Error = Fault;

    fn serialize_field<T: Serialize + ?Sized>(
        &mut self,
        name: &'static str,
        value: &T,
    ) -> Result<(), Fault> {
        let cell = Captured::of(value).map_err(|fault| fault.in_column(name))?;
        self.cells.set(name, cell)
    }

    fn end(self) -> Result<(), Fault> {
        Ok(())
    }
}

impl ser::SerializeMap for FieldsSerializer<'_> {
    type Ok = ();
    type Error = Fault;

    fn serialize_key<T: Serialize + ?Sized>(&mut self, key: &T) -> Result<(), Fault> {
        match Captured::of(key) {
            Ok(Captured::Text(name)) => {
                self.name = name;
                Ok(())
            }
            _ => Err(RowRule::NameIsNoText.into()),
        }
    }

    fn serialize_value<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Fault> {
        let name = std::mem::take(&mut self.name);
        let cell = Captured::of(value).map_err(|fault| fault.in_column(&name))?;
        self.cells.set(&name, cell)
    }

    fn end(self) -> Result<(), Fault> {
        Ok(())
    }
}
