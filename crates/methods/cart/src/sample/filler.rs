//! Values of a column while they are filled in.

use parable_table::{Field, Kind, Values};

use crate::config::resolved::Given;

/// Values of a column while they are filled in.
pub(super) struct Filler {
    pub(super) values: Values,
}

impl Filler {
    pub(super) fn new(field: &Field, units: usize) -> Self {
        let values = match &field.kind {
            Kind::Continuous { .. } => Values::Continuous(vec![0.0; units]),
            kind if kind.is_numeric() => Values::Integer(vec![0; units]),
            _ => Values::Codes(vec![0; units]),
        };
        Self { values }
    }

    pub(super) fn number(&mut self, unit: u32, number: f64) {
        match &mut self.values {
            Values::Continuous(numbers) => numbers[unit as usize] = number,
            Values::Integer(numbers) => numbers[unit as usize] = number.round() as i64,
            _ => {}
        }
    }

    pub(super) fn code(&mut self, unit: u32, code: u32) {
        if let Values::Codes(codes) = &mut self.values {
            codes[unit as usize] = code;
        }
    }

    /// Fills in a value that was not drawn; the byte of its missing reason, 0 if it has none.
    pub(super) fn given(&mut self, unit: u32, given: Given) -> u8 {
        match given {
            Given::Number(number) => self.number(unit, number),
            Given::Code(code) => self.code(unit, code),
            Given::Missing(byte) => return byte,
        }
        0
    }
}
