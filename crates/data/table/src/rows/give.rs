//! A table into rows of a Rust type.

use std::borrow::Cow;

use serde::de::value::{BorrowedStrDeserializer, CowStrDeserializer};
use serde::de::{DeserializeOwned, DeserializeSeed, Deserializer, EnumAccess, MapAccess, Visitor};
use serde::forward_to_deserialize_any;

use super::error::{Fault, RowRule, RowsError};
use crate::parse::date;
use crate::{Kind, Table, Values};

impl Table {
    /// Hands each row to a type that can be deserialized from a map of the columns.
    ///
    /// A whole number is given as `i64`, a real number as `f64`, a level or free text as a text or
    /// the name of an enum variant, a boolean level as `bool` where the type asks for one, a date
    /// as its column spells it, or as days or seconds since 1970 where the type asks for a whole
    /// number. A missing value is `None`; why it is missing is not handed on.
    ///
    /// # Errors
    /// The type needs a column that the table does not have, or a value does not fit
    /// ([`RowsError::Row`], [`RowsError::Cell`]).
    pub fn to_rows<T: DeserializeOwned>(&self) -> Result<Vec<T>, RowsError> {
        (0..self.rows())
            .map(|row| {
                let cells = Row {
                    table: self,
                    row,
                    next: 0,
                };
                T::deserialize(cells).map_err(|fault| fault.in_row(row))
            })
            .collect()
    }
}

/// One row as a map from names of columns to cells.
struct Row<'a> {
    table: &'a Table,
    row: usize,
    next: usize,
}

impl<'de> Deserializer<'de> for Row<'de> {
    type Error = Fault;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        visitor.visit_map(self)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, Fault> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        visitor.visit_some(self)
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf unit
        unit_struct seq tuple tuple_struct map struct enum identifier ignored_any
    }
}

impl<'de> MapAccess<'de> for Row<'de> {
    type Error = Fault;

    fn next_key_seed<K: DeserializeSeed<'de>>(
        &mut self,
        seed: K,
    ) -> Result<Option<K::Value>, Fault> {
        match self.table.schema().fields().get(self.next) {
            Some(field) => seed
                .deserialize(BorrowedStrDeserializer::new(&field.name))
                .map(Some),
            None => Ok(None),
        }
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, Fault> {
        let cell = Cell {
            table: self.table,
            position: self.next,
            row: self.row,
        };
        self.next += 1;
        let name = &self.table.schema().fields()[cell.position].name;
        seed.deserialize(cell)
            .map_err(|fault| fault.in_column(name))
    }
}

/// One cell.
#[derive(Clone, Copy)]
struct Cell<'a> {
    table: &'a Table,
    position: usize,
    row: usize,
}

impl<'a> Cell<'a> {
    fn kind(&self) -> &'a Kind {
        &self.table.schema().fields()[self.position].kind
    }

    fn is_missing(&self) -> bool {
        self.table.column(self.position).is_missing(self.row)
    }

    /// The text that stands for the value, for levels, free text and dates.
    fn text(&self) -> Result<Option<Cow<'a, str>>, Fault> {
        let column = self.table.column(self.position);
        let Some(value) = column.integer(self.row) else {
            let label = || self.table.label(self.position, self.row);
            return Ok(column.text(self.row).or_else(label).map(Cow::Borrowed));
        };
        let (spelled, format) = match self.kind() {
            Kind::Date { format, .. } => (date::spell_date(value, format), format),
            Kind::DateTime { format, unit, .. } => {
                (date::spell_date_time(value, format, *unit), format)
            }
            _ => return Ok(None),
        };
        let format = format.clone();
        Ok(Some(spelled.ok_or(RowRule::Unspellable { format })?.into()))
    }
}

macro_rules! whole {
    ($($method:ident)*) => {
        $(fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
            match self.table.column(self.position).integer(self.row) {
                Some(value) => visitor.visit_i64(value),
                None => self.deserialize_any(visitor),
            }
        })*
    };
}

impl<'de> Deserializer<'de> for Cell<'de> {
    type Error = Fault;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        if self.is_missing() {
            return visitor.visit_none();
        }
        match self.text()? {
            Some(Cow::Borrowed(text)) => return visitor.visit_borrowed_str(text),
            Some(Cow::Owned(text)) => return visitor.visit_string(text),
            None => {}
        }
        match self.table.column(self.position).values() {
            Values::Integer(values) => visitor.visit_i64(values[self.row]),
            Values::Continuous(values) => visitor.visit_f64(values[self.row]),
            Values::Codes(_) | Values::Text(_) => visitor.visit_none(),
        }
    }

    fn deserialize_bool<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        match (self.kind(), self.table.column(self.position).code(self.row)) {
            (Kind::Boolean { .. }, Some(code)) => visitor.visit_bool(code == 1),
            _ => self.deserialize_any(visitor),
        }
    }

    whole! {
        deserialize_i8 deserialize_i16 deserialize_i32 deserialize_i64 deserialize_u8 deserialize_u16
        deserialize_u32 deserialize_u64
    }

    fn deserialize_f32<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        self.deserialize_f64(visitor)
    }

    fn deserialize_f64<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        match self.table.column(self.position).number(self.row) {
            Some(value) => visitor.visit_f64(value),
            None => self.deserialize_any(visitor),
        }
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        match self.is_missing() {
            true => visitor.visit_none(),
            false => visitor.visit_some(self),
        }
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, Fault> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Fault> {
        match (self.is_missing(), self.text()?) {
            (false, Some(text)) => visitor.visit_enum(Variant(text)),
            _ => self.deserialize_any(visitor),
        }
    }

    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        visitor.visit_unit()
    }

    forward_to_deserialize_any! {
        i128 u128 char str string bytes byte_buf unit unit_struct seq tuple tuple_struct map struct
        identifier
    }
}

/// The name of an enum variant without content.
struct Variant<'a>(Cow<'a, str>);

impl<'de> EnumAccess<'de> for Variant<'de> {
    type Error = Fault;
    type Variant = UnitVariant;

    fn variant_seed<V: DeserializeSeed<'de>>(
        self,
        seed: V,
    ) -> Result<(V::Value, UnitVariant), Fault> {
        let name: CowStrDeserializer<'_, Fault> = CowStrDeserializer::new(self.0);
        Ok((seed.deserialize(name)?, UnitVariant))
    }
}

struct UnitVariant;

impl<'de> serde::de::VariantAccess<'de> for UnitVariant {
    type Error = Fault;

    fn unit_variant(self) -> Result<(), Fault> {
        Ok(())
    }

    fn newtype_variant_seed<T: DeserializeSeed<'de>>(self, _: T) -> Result<T::Value, Fault> {
        Err(RowRule::Nested.into())
    }

    fn tuple_variant<V: Visitor<'de>>(self, _: usize, _: V) -> Result<V::Value, Fault> {
        Err(RowRule::Nested.into())
    }

    fn struct_variant<V: Visitor<'de>>(
        self,
        _: &'static [&'static str],
        _: V,
    ) -> Result<V::Value, Fault> {
        Err(RowRule::Nested.into())
    }
}
