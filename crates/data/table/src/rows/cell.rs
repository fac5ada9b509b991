//! One cell on its way from a Rust value into a column.

use serde::{Serialize, Serializer, ser};

use super::error::{Fault, RowRule};
use crate::parse::{date, number};
use crate::{Kind, NumberFormat};

/// One cell of a row: a Rust value without its type.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Captured {
    Missing,
    Bool(bool),
    Integer(i64),
    Number(f64),
    Text(String),
}

impl Captured {
    /// Captures a value.
    pub(super) fn of<T: Serialize + ?Sized>(value: &T) -> Result<Self, Fault> {
        value.serialize(CellSerializer)
    }

    /// Spells the value as a file with a column of this type would; a missing value is the empty
    /// text.
    pub(super) fn spell(&self, kind: &Kind, out: &mut String) {
        out.clear();
        let format = match kind {
            Kind::Integer { format, .. } | Kind::Continuous { format, .. } => NumberFormat {
                fixed_decimals: None,
                ..format.clone()
            },
            _ => NumberFormat::default(),
        };
        let dated = |value| match kind {
            Kind::Date { format, .. } => date::spell_date(value, format),
            Kind::DateTime { format, unit, .. } => date::spell_date_time(value, format, *unit),
            _ => None,
        };
        match self {
            Self::Missing => {}
            Self::Bool(value) => {
                let levels = match kind {
                    Kind::Boolean { levels } => levels.as_ref(),
                    _ => None,
                };
                let level = levels.and_then(|levels| levels.value.get(u32::from(*value)));
                out.push_str(level.unwrap_or(if *value { "true" } else { "false" }));
            }
            Self::Integer(value) => match dated(*value) {
                Some(text) => out.push_str(&text),
                None => number::spell_integer(out, *value, &format),
            },
            Self::Number(value) => number::spell_real(out, *value, &format),
            Self::Text(text) => out.push_str(text),
        }
    }
}

struct CellSerializer;

type Refused = ser::Impossible<Captured, Fault>;

fn nested<T>() -> Result<T, Fault> {
    Err(RowRule::Nested.into())
}

fn whole<T: TryInto<i64>>(value: T) -> Result<Captured, Fault> {
    let value = value.try_into().map_err(|_| RowRule::TooLarge)?;
    Ok(Captured::Integer(value))
}

fn real(value: f64) -> Result<Captured, Fault> {
    match value.is_finite() {
        true => Ok(Captured::Number(value)),
        false => Err(RowRule::NotFinite.into()),
    }
}

impl Serializer for CellSerializer {
    type Ok = Captured;
    type Error = Fault;
    type SerializeSeq = Refused;
    type SerializeTuple = Refused;
    type SerializeTupleStruct = Refused;
    type SerializeTupleVariant = Refused;
    type SerializeMap = Refused;
    type SerializeStruct = Refused;
    type SerializeStructVariant = Refused;

    fn serialize_bool(self, value: bool) -> Result<Captured, Fault> {
        Ok(Captured::Bool(value))
    }
    fn serialize_i8(self, value: i8) -> Result<Captured, Fault> {
        whole(value)
    }
    fn serialize_i16(self, value: i16) -> Result<Captured, Fault> {
        whole(value)
    }
    fn serialize_i32(self, value: i32) -> Result<Captured, Fault> {
        whole(value)
    }
    fn serialize_i64(self, value: i64) -> Result<Captured, Fault> {
        whole(value)
    }
    fn serialize_i128(self, value: i128) -> Result<Captured, Fault> {
        whole(value)
    }
    fn serialize_u8(self, value: u8) -> Result<Captured, Fault> {
        whole(value)
    }
    fn serialize_u16(self, value: u16) -> Result<Captured, Fault> {
        whole(value)
    }
    fn serialize_u32(self, value: u32) -> Result<Captured, Fault> {
        whole(value)
    }
    fn serialize_u64(self, value: u64) -> Result<Captured, Fault> {
        whole(value)
    }
    fn serialize_u128(self, value: u128) -> Result<Captured, Fault> {
        whole(value)
    }
    fn serialize_f32(self, value: f32) -> Result<Captured, Fault> {
        real(f64::from(value))
    }
    fn serialize_f64(self, value: f64) -> Result<Captured, Fault> {
        real(value)
    }
    fn serialize_char(self, value: char) -> Result<Captured, Fault> {
        Ok(Captured::Text(value.to_string()))
    }
    fn serialize_str(self, value: &str) -> Result<Captured, Fault> {
        Ok(Captured::Text(value.to_owned()))
    }
    fn serialize_bytes(self, _: &[u8]) -> Result<Captured, Fault> {
        nested()
    }
    fn serialize_none(self) -> Result<Captured, Fault> {
        Ok(Captured::Missing)
    }
    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result<Captured, Fault> {
        value.serialize(self)
    }
    fn serialize_unit(self) -> Result<Captured, Fault> {
        Ok(Captured::Missing)
    }
    fn serialize_unit_struct(self, _: &'static str) -> Result<Captured, Fault> {
        Ok(Captured::Missing)
    }
    fn serialize_unit_variant(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
    ) -> Result<Captured, Fault> {
        Ok(Captured::Text(variant.to_owned()))
    }
    fn serialize_newtype_struct<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        value: &T,
    ) -> Result<Captured, Fault> {
        value.serialize(self)
    }
    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        _: u32,
        _: &'static str,
        _: &T,
    ) -> Result<Captured, Fault> {
        nested()
    }
    fn serialize_seq(self, _: Option<usize>) -> Result<Refused, Fault> {
        nested()
    }
    fn serialize_tuple(self, _: usize) -> Result<Refused, Fault> {
        nested()
    }
    fn serialize_tuple_struct(self, _: &'static str, _: usize) -> Result<Refused, Fault> {
        nested()
    }
    fn serialize_tuple_variant(
        self,
        _: &'static str,
        _: u32,
        _: &'static str,
        _: usize,
    ) -> Result<Refused, Fault> {
        nested()
    }
    fn serialize_map(self, _: Option<usize>) -> Result<Refused, Fault> {
        nested()
    }
    fn serialize_struct(self, _: &'static str, _: usize) -> Result<Refused, Fault> {
        nested()
    }
    fn serialize_struct_variant(
        self,
        _: &'static str,
        _: u32,
        _: &'static str,
        _: usize,
    ) -> Result<Refused, Fault> {
        nested()
    }
}
