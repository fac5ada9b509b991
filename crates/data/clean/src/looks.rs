//! The look of texts: structure that many rows share, and nothing that only one row has.
//!
//! A text is a sequence of words (letters and digits) with separators between them. Texts with the
//! same separators have one *structure*. From the texts of one structure a [`TextLook`] keeps which
//! kind of characters each word has and how long it is; characters and words themselves only where
//! all its rows share them, and there are at least [`SHARED_ROWS`].

use std::collections::BTreeMap;

use parable_seed::Rng;
use serde::{Deserialize, Serialize};

use super::ids::Slot;

/// Fewest rows that share a character or a word before it is written into synthetic rows.
pub(super) const SHARED_ROWS: usize = 20;
/// Most words of a structure of its own, and most characters between two of them.
const MAX_WORDS: usize = 40;
const MAX_SEPARATOR: usize = 12;
/// Longest separator that is written whoever has it: punctuation says nothing.
const PUNCTUATION: usize = 3;

/// What texts of one structure look like.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct TextLook {
    /// The separators of the texts, `w` in the place of each word.
    pub structure: String,
    /// The parts in order.
    pub pieces: Vec<Piece>,
    /// How many rows have the structure.
    pub rows: usize,
}

/// A part of texts of one structure.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "piece", rename_all = "snake_case", deny_unknown_fields)]
#[non_exhaustive]
pub enum Piece {
    /// This text, which all rows share.
    Fixed {
        /// The text.
        text: String,
    },
    /// A character of a class at each place.
    Places {
        /// The places in order.
        slots: Vec<Slot>,
    },
    /// Random characters of one alphabet.
    Random {
        /// The alphabet.
        of: Alphabet,
        /// Fewest characters.
        min: usize,
        /// Most characters.
        max: usize,
    },
    /// A universally unique identifier of version 4.
    Uuid {
        /// Whether its letters are capitals.
        upper: bool,
    },
}

/// The characters of a random word.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Alphabet {
    /// Digits.
    Digits,
    /// Digits and the letters a to f.
    Hex,
    /// Digits and the letters A to F.
    UpperHex,
    /// Small letters.
    Lower,
    /// Capital letters.
    Upper,
    /// A capital letter, then small ones.
    Capitalised,
    /// Digits and small letters.
    LowerAndDigits,
    /// Digits and capital letters.
    UpperAndDigits,
    /// Digits and letters of both cases.
    Mixed,
}

impl Alphabet {
    /// Returns the smallest alphabet of all words.
    fn of(words: &[&str]) -> Self {
        let all = |test: fn(char) -> bool| words.iter().all(|word| word.chars().all(test));
        let any = |test: fn(char) -> bool| words.iter().any(|word| word.chars().any(test));
        let digit = |c: char| c.is_ascii_digit();
        if all(digit) {
            return Self::Digits;
        }
        if any(digit) {
            // Words of hexadecimal digits are long; a short one is rather a number with a letter.
            let long = words.iter().all(|word| word.len() >= 6);
            return if long && all(|c| matches!(c, '0'..='9' | 'a'..='f')) {
                Self::Hex
            } else if long && all(|c| matches!(c, '0'..='9' | 'A'..='F')) {
                Self::UpperHex
            } else if !any(char::is_uppercase) {
                Self::LowerAndDigits
            } else if !any(char::is_lowercase) {
                Self::UpperAndDigits
            } else {
                Self::Mixed
            };
        }
        let capital = |word: &&&str| {
            word.starts_with(char::is_uppercase) && !word.chars().skip(1).any(char::is_uppercase)
        };
        let upper = words
            .iter()
            .filter(|word| !word.chars().any(char::is_lowercase));
        if upper.count() == words.len() {
            Self::Upper
        } else if words.iter().filter(capital).count() * 2 > words.len() {
            Self::Capitalised
        } else {
            Self::Lower
        }
    }

    fn draw(self, place: usize, rng: &mut Rng) -> char {
        const MIXED: &[u8; 62] = b"0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
        const UPPER: &[u8; 36] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ";
        let from: &[u8] = match self {
            Self::Digits => &MIXED[..10],
            Self::Hex => &MIXED[..16],
            Self::UpperHex => &UPPER[..16],
            Self::Lower => &MIXED[10..36],
            Self::Upper => &UPPER[10..],
            Self::Capitalised if place == 0 => &UPPER[10..],
            Self::Capitalised => &MIXED[10..36],
            Self::LowerAndDigits => &MIXED[..36],
            Self::UpperAndDigits => UPPER,
            Self::Mixed => MIXED,
        };
        from[rng.below(from.len() as u64) as usize] as char
    }
}

impl Piece {
    fn draw(&self, out: &mut String, rng: &mut Rng) {
        match self {
            Self::Fixed { text } => out.push_str(text),
            Self::Places { slots } => out.extend(slots.iter().map(|slot| slot.draw(rng))),
            Self::Random { of, min, max } => {
                let span = (max.saturating_sub(*min) + 1) as u64;
                let length = min + rng.below(span) as usize;
                out.extend((0..length).map(|place| of.draw(place, rng)));
            }
            Self::Uuid { upper } => {
                let of = if *upper {
                    Alphabet::UpperHex
                } else {
                    Alphabet::Hex
                };
                for place in 0..36 {
                    out.push(match place {
                        8 | 13 | 18 | 23 => '-',
                        14 => '4',
                        19 => ['8', '9', 'a', 'b'][rng.below(4) as usize],
                        _ => of.draw(place, rng),
                    });
                }
                if *upper {
                    out.make_ascii_uppercase();
                }
            }
        }
    }

    /// Returns the piece that stands for these words at one place of a structure.
    fn of(words: &[&str]) -> Self {
        let shared = words.len() >= SHARED_ROWS;
        if shared && words.iter().all(|word| *word == words[0]) {
            return Self::Fixed {
                text: words[0].to_owned(),
            };
        }
        let classes = |word: &str| word.chars().map(Slot::of).collect::<Vec<_>>();
        let mut slots = classes(words[0]);
        let prose = slots.iter().all(|slot| *slot == Slot::Lower);
        if !prose && words.iter().all(|word| classes(word) == slots) {
            let mut same = vec![shared; slots.len()];
            for word in words {
                for ((same, a), b) in same.iter_mut().zip(word.chars()).zip(words[0].chars()) {
                    *same &= a == b;
                }
            }
            for ((slot, same), character) in slots.iter_mut().zip(same).zip(words[0].chars()) {
                if same {
                    *slot = Slot::Fixed(character);
                }
            }
            return Self::Places { slots };
        }
        let lengths = words.iter().map(|word| word.chars().count());
        Self::Random {
            of: Alphabet::of(words),
            min: lengths.clone().min().unwrap_or(1),
            max: lengths.max().unwrap_or(1),
        }
    }
}

impl TextLook {
    /// A look of these parts.
    pub(super) fn of_pieces(pieces: Vec<Piece>) -> Self {
        Self {
            structure: "w".to_owned(),
            pieces,
            rows: 1,
        }
    }

    /// The look of names of which no more is known.
    pub(super) fn plain() -> Self {
        Self::of_pieces(vec![Piece::Random {
            of: Alphabet::LowerAndDigits,
            min: 8,
            max: 8,
        }])
    }

    /// Writes a fresh text of this look.
    pub(super) fn draw(&self, rng: &mut Rng) -> String {
        let mut text = String::new();
        self.pieces
            .iter()
            .for_each(|piece| piece.draw(&mut text, rng));
        text
    }
}

/// Returns the separators of a text with `w` for each word, and the words; `None` for texts with
/// too many words or separators that are texts of their own.
pub(super) fn structure(text: &str) -> Option<(String, Vec<&str>)> {
    let mut structure = String::new();
    let mut words = Vec::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let word = first.is_alphanumeric();
        let end = rest.find(|c: char| c.is_alphanumeric() != word);
        let (part, more) = rest.split_at(end.unwrap_or(rest.len()));
        if word {
            words.push(part);
            structure.push('w');
        } else if part.chars().count() > MAX_SEPARATOR {
            return None;
        } else {
            structure.push_str(part);
        }
        if words.len() > MAX_WORDS {
            return None;
        }
        rest = more;
    }
    Some((structure, words))
}

/// Returns the looks of the structures that at least so many texts have, most frequent first.
pub(super) fn looks<'a>(texts: impl Iterator<Item = &'a str>, fewest: usize) -> Vec<TextLook> {
    let mut groups: BTreeMap<String, Vec<&'a str>> = BTreeMap::new();
    for text in texts {
        if let Some((structure, _)) = structure(text) {
            groups.entry(structure).or_default().push(text);
        }
    }
    let mut looks: Vec<TextLook> = groups
        .into_iter()
        .filter(|(_, texts)| texts.len() >= fewest)
        .map(|(structure, texts)| look(structure, &texts))
        .collect();
    looks.sort_by(|a, b| {
        b.rows
            .cmp(&a.rows)
            .then_with(|| a.structure.cmp(&b.structure))
    });
    looks
}

/// Returns the look of texts that have this structure.
fn look(of: String, texts: &[&str]) -> TextLook {
    let rows = texts.len();
    if texts.iter().all(|text| is_uuid(text)) {
        let upper = texts
            .iter()
            .any(|text| text.contains(|c: char| c.is_ascii_uppercase()));
        return TextLook {
            structure: of,
            pieces: vec![Piece::Uuid { upper }],
            rows,
        };
    }
    let words: Vec<Vec<&str>> = texts
        .iter()
        .filter_map(|text| structure(text).map(|(_, words)| words))
        .collect();
    let mut pieces = Vec::new();
    let mut place = 0;
    let mut separator = String::new();
    let close = |separator: &mut String, pieces: &mut Vec<Piece>| {
        // Long separators of few rows are a text of somebody.
        if !separator.is_empty() {
            let few = rows < SHARED_ROWS && separator.chars().count() > PUNCTUATION;
            let text = if few {
                " ".to_owned()
            } else {
                std::mem::take(separator)
            };
            separator.clear();
            pieces.push(Piece::Fixed { text });
        }
    };
    for character in of.chars() {
        if character == 'w' {
            close(&mut separator, &mut pieces);
            let here: Vec<&str> = words.iter().map(|words| words[place]).collect();
            pieces.push(Piece::of(&here));
            place += 1;
        } else {
            separator.push(character);
        }
    }
    close(&mut separator, &mut pieces);
    TextLook {
        structure: of,
        pieces,
        rows,
    }
}

/// Returns whether a text is a UUID as RFC 9562 writes it.
fn is_uuid(text: &str) -> bool {
    text.len() == 36
        && text.bytes().enumerate().all(|(place, byte)| match place {
            8 | 13 | 18 | 23 => byte == b'-',
            _ => byte.is_ascii_hexdigit(),
        })
}

#[cfg(test)]
mod tests {
    use parable_seed::Seed;

    use super::*;

    fn drawn(texts: &[String]) -> Vec<String> {
        let looks = looks(texts.iter().map(String::as_str), 1);
        let mut rng = Seed::from_u64(5).rng();
        looks.iter().map(|look| look.draw(&mut rng)).collect()
    }

    #[test]
    fn words_that_all_rows_share_are_kept_and_others_are_not() {
        let texts: Vec<String> = (0..30)
            .map(|row| {
                format!(
                    "https://example.org/u{}x/{row:04}?ref=home",
                    "ab".repeat(row % 4 + 1)
                )
            })
            .collect();
        let drawn = drawn(&texts);
        assert_eq!(drawn.len(), 1);
        assert!(drawn[0].starts_with("https://example.org/") && drawn[0].ends_with("?ref=home"));
        assert!(!texts.contains(&drawn[0]));
        // Nine rows share a word by chance or because it is somebody's.
        let drawn = super::tests::drawn(&texts[..9]);
        assert!(
            !drawn[0].contains("example") && !drawn[0].contains("home"),
            "{drawn:?}"
        );
    }

    #[test]
    fn uuids_look_like_uuids() {
        let texts: Vec<String> = (0..25)
            .map(|row| format!("6a91ea{row:02}-120b-4931-b168-d5d848c9b8{row:02}"))
            .collect();
        let fresh = &drawn(&texts)[0];
        assert!(is_uuid(fresh) && fresh.as_bytes()[14] == b'4', "{fresh}");
        assert!(!fresh.starts_with("6a91ea"));
    }

    #[test]
    fn codes_keep_the_class_of_each_place() {
        let texts: Vec<String> = (0..40)
            .map(|row| format!("AB{} {}QZ", row % 10, row % 7))
            .collect();
        let looks = looks(texts.iter().map(String::as_str), 20);
        let Piece::Places { slots } = &looks[0].pieces[0] else {
            panic!("{looks:?}");
        };
        assert_eq!(slots[..2], [Slot::Fixed('A'), Slot::Fixed('B')]);
        assert_eq!(slots[2], Slot::Digit);
    }

    #[test]
    fn long_separators_are_no_structure() {
        assert_eq!(structure("a--------------b"), None);
        assert_eq!(structure("").map(|(text, _)| text).as_deref(), Some(""));
        let (text, words) = structure("Dr. O'Neil (née 3)").expect("a structure");
        assert_eq!((text.as_str(), words.len()), ("w. w'w (w w)", 5));
    }
}
