//! One column's distinct texts, numbered in order of appearance.

use std::hash::Hasher;

use rustc_hash::FxHasher;

use crate::{RawColumn, Strings};

/// Numbers texts by first appearance.
///
/// An open-addressed table of the upper half of the hash and the number, so that a look-up touches
/// one slot and, on a match, the text, and so that growing needs no text at all. `HashMap` would
/// want an owned key per distinct text.
#[derive(Debug)]
pub(crate) struct Dictionary {
    texts: Strings,
    cells: Vec<u32>,
    /// `hash << 32 | number + 1`, 0 where empty; the length is a power of two.
    slots: Vec<u64>,
    /// The number of the previous cell: neighbouring rows often agree.
    last: Option<u32>,
}

const FIRST_SLOTS: usize = 16;

impl Dictionary {
    pub(crate) fn new() -> Self {
        Self {
            texts: Strings::new(),
            cells: Vec::new(),
            slots: vec![0; FIRST_SLOTS],
            last: None,
        }
    }

    /// Adds a cell. The bytes are part of input that was checked to be UTF-8, cut at ASCII
    /// characters.
    pub(crate) fn push(&mut self, bytes: &[u8]) {
        let number = match self.last {
            Some(last) if self.texts.get(last as usize).as_bytes() == bytes => last,
            _ => self.number(bytes),
        };
        self.last = Some(number);
        self.cells.push(number);
    }

    fn number(&mut self, bytes: &[u8]) -> u32 {
        let mut hasher = FxHasher::default();
        hasher.write(bytes);
        let hash = hasher.finish();
        let hash = (hash ^ (hash >> 32)) as u32;
        let mask = self.slots.len() - 1;
        let mut slot = hash as usize & mask;
        loop {
            let entry = self.slots[slot];
            if entry == 0 {
                break;
            }
            let number = entry as u32 - 1;
            if (entry >> 32) as u32 == hash && self.texts.get(number as usize).as_bytes() == bytes {
                return number;
            }
            slot = (slot + 1) & mask;
        }
        let number = self.texts.len() as u32;
        let text = std::str::from_utf8(bytes).expect("input is checked before it is split");
        self.texts.push(text);
        self.slots[slot] = (u64::from(hash) << 32) | u64::from(number + 1);
        if self.texts.len() * 2 > self.slots.len() {
            self.grow();
        }
        number
    }

    fn grow(&mut self) {
        let mut slots = vec![0; self.slots.len() * 4];
        let mask = slots.len() - 1;
        for &entry in self.slots.iter().filter(|&&entry| entry != 0) {
            let mut slot = (entry >> 32) as usize & mask;
            while slots[slot] != 0 {
                slot = (slot + 1) & mask;
            }
            slots[slot] = entry;
        }
        self.slots = slots;
    }

    pub(crate) fn into_column(self) -> RawColumn {
        RawColumn {
            texts: self.texts,
            cells: self.cells,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_numbered_by_first_appearance_and_found_again_after_growing() {
        let mut dictionary = Dictionary::new();
        for round in 0..2 {
            for index in 0..5_000 {
                dictionary.push(format!("text {index}").as_bytes());
                let _ = round;
            }
        }
        let column = dictionary.into_column();
        assert_eq!(column.texts.len(), 5_000);
        assert!((0..10_000).all(|row| column.cells[row] as usize == row % 5_000));
        assert_eq!(column.get(9_999), "text 4999");
    }
}
