//! Free text: replaced by its shape, and written afresh.

use std::collections::BTreeMap;

use parable_seed::{Rng, Seed};
use rustc_hash::{FxHashMap, FxHashSet};
use serde::{Deserialize, Serialize};

use super::frame::Frame;
use super::ids::Slot;
use super::looks::{self, TextLook};
use super::step::Apply;
use super::{CleanError, Issue};
use parable_table::constraints::Repair;
use parable_table::{Column, Field, Kind, Known, Levels, Strings, Values};

/// Replaces free text by a nominal column that says what each text looks like; synthetic rows get
/// random text of that look. No text of the source passes through.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct TextShapes {
    /// The column.
    pub column: Field,
    /// The shapes, which are the levels of the column that takes its place.
    pub shapes: Vec<TextShape>,
}

/// The shape of a text.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "shape", rename_all = "snake_case", deny_unknown_fields)]
#[non_exhaustive]
pub enum TextShape {
    /// The text itself, which many rows share.
    Shared {
        /// The text.
        text: String,
    },
    /// A character class at each place.
    Slots {
        /// The places in order.
        slots: Vec<Slot>,
    },
    /// The parts that texts with the same separators share.
    Look {
        /// The look.
        look: TextLook,
    },
    /// Words of small letters.
    Words {
        /// Fewest characters.
        min_chars: usize,
        /// Most characters.
        max_chars: usize,
    },
}

/// Fewest rows, and smallest share of rows, for a shape of its own.
const MIN_ROWS: usize = looks::SHARED_ROWS;
const MIN_SHARE: f64 = 0.01;
/// Longest text with a shape of its own.
const MAX_SLOTS: usize = 40;
/// Lengths at which classes of other texts begin.
const LENGTHS: [usize; 6] = [0, 8, 24, 64, 160, 400];
/// Longest text that is written.
const LONGEST: usize = 800;

impl TextShape {
    /// The level that stands for the shape: digits as 9, letters as A and a.
    fn level(&self) -> String {
        match self {
            Self::Shared { text } => shared_level(text),
            Self::Slots { slots } => slots
                .iter()
                .map(|slot| match slot {
                    Slot::Digit => '9',
                    Slot::Upper => 'A',
                    Slot::Lower => 'a',
                    Slot::Fixed(character) => *character,
                })
                .collect(),
            Self::Look { look } => look.structure.clone(),
            Self::Words {
                min_chars,
                max_chars,
            } => format!("{min_chars} to {max_chars} characters"),
        }
    }

    fn draw(&self, rng: &mut Rng) -> String {
        match self {
            Self::Shared { text } => text.clone(),
            Self::Slots { slots } => slots.iter().map(|slot| slot.draw(rng)).collect(),
            Self::Look { look } => look.draw(rng),
            Self::Words {
                min_chars,
                max_chars,
            } => {
                let span = (max_chars.saturating_sub(*min_chars) + 1) as u64;
                let chars = min_chars + rng.below(span) as usize;
                let mut text = String::with_capacity(chars);
                let mut word = 0;
                for place in 0..chars {
                    // About one character in six ends a word, as in English; never the first or
                    // last of a text.
                    if word >= 2 && place + 1 < chars && rng.below(6) == 0 {
                        text.push(' ');
                        word = 0;
                    } else {
                        text.push(Slot::Lower.draw(rng));
                        word += 1;
                    }
                }
                text
            }
        }
    }
}

/// The level of a shared text: in quotation marks, which tell it from the levels of shapes.
fn shared_level(text: &str) -> String {
    format!("\"{text}\"")
}

fn slots_of(text: &str) -> Option<Vec<Slot>> {
    let slots: Vec<Slot> = text.chars().take(MAX_SLOTS + 1).map(Slot::of).collect();
    (slots.len() <= MAX_SLOTS).then_some(slots)
}

/// The class of lengths that a text belongs to.
fn words_of(text: &str) -> TextShape {
    let chars = text.chars().count();
    let class = LENGTHS.partition_point(|&start| start <= chars) - 1;
    TextShape::Words {
        min_chars: LENGTHS[class].max(1),
        max_chars: LENGTHS.get(class + 1).map_or(LONGEST, |next| next - 1),
    }
}

impl TextShapes {
    /// The step for the text column at this position.
    pub(super) fn of(frame: &Frame, position: usize) -> Option<Self> {
        let column = &frame.columns[position];
        let Values::Text(texts) = column.values() else {
            return None;
        };
        let enough = MIN_ROWS.max((MIN_SHARE * frame.rows as f64).ceil() as usize);
        let all = (0..frame.rows).filter(|&row| !column.is_missing(row));
        let mut repeats: BTreeMap<&str, usize> = BTreeMap::new();
        for row in all.clone() {
            *repeats.entry(texts.get(row)).or_default() += 1;
        }
        repeats.retain(|_, count| *count >= enough);
        let present = || {
            all.clone()
                .filter(|&row| !repeats.contains_key(texts.get(row)))
        };
        let mut counts: BTreeMap<Vec<Slot>, usize> = BTreeMap::new();
        for slots in present().filter_map(|row| slots_of(texts.get(row))) {
            *counts.entry(slots).or_default() += 1;
        }
        let mut common: Vec<(Vec<Slot>, usize)> = counts
            .into_iter()
            .filter(|&(_, count)| count >= enough)
            .collect();
        common.sort_by_key(|&(_, count)| std::cmp::Reverse(count));
        let mut shapes: Vec<TextShape> = common
            .into_iter()
            .map(|(slots, _)| TextShape::Slots { slots })
            .collect();
        let own: FxHashSet<String> = shapes.iter().map(TextShape::level).collect();
        let others: Vec<&str> = present()
            .map(|row| texts.get(row))
            .filter(|text| {
                slots_of(text)
                    .is_none_or(|slots| !own.contains(&TextShape::Slots { slots }.level()))
            })
            .collect();
        let looks = looks::looks(others.iter().copied(), enough);
        let structures: FxHashSet<&str> = looks.iter().map(|look| &*look.structure).collect();
        let mut lengths: Vec<TextShape> = others
            .iter()
            .filter(|text| {
                let structure = looks::structure(text);
                structure.is_none_or(|(structure, _)| !structures.contains(&*structure))
            })
            .map(|text| words_of(text))
            .collect();
        let looks = looks.into_iter().map(|look| TextShape::Look { look });
        shapes.extend(looks.filter(|shape| !own.contains(&shape.level())));
        lengths.sort_by_key(TextShape::level);
        lengths.dedup();
        shapes.extend(lengths);
        let shared = repeats.keys().map(|&text| TextShape::Shared {
            text: text.to_owned(),
        });
        shapes.extend(shared);
        Some(Self {
            column: frame.fields[position].clone(),
            shapes,
        })
    }

    fn cleaned_field(&self) -> Result<Field, CleanError> {
        let levels = Levels::new(self.shapes.iter().map(TextShape::level))?;
        let mut field = self.column.clone();
        field.kind = Kind::nominal(Known::observed(levels));
        Ok(field)
    }
}

impl Apply for TextShapes {
    fn describe(&self) -> String {
        format!(
            "Replace the text in `{}` by what it looks like ({} shapes), and write random text of that look afterwards.",
            self.column.name,
            self.shapes.len()
        )
    }

    fn apply(&self, frame: &mut Frame, _issues: &mut Vec<Issue>) -> Result<(), CleanError> {
        let position = frame.find_like(&self.column)?;
        let field = self.cleaned_field()?;
        let codes: FxHashMap<String, u32> = self
            .shapes
            .iter()
            .enumerate()
            .map(|(code, shape)| (shape.level(), code as u32))
            .collect();
        frame.forget_rules_about(&field.name);
        let column = &frame.columns[position];
        let Values::Text(texts) = column.values() else {
            unreachable!("a text column stores text")
        };
        let mut missing = column
            .missing_bytes()
            .map_or(vec![0; frame.rows], <[u8]>::to_vec);
        let code = |text: &str| {
            let slots = || {
                codes.get(
                    &TextShape::Slots {
                        slots: slots_of(text)?,
                    }
                    .level(),
                )
            };
            codes
                .get(&shared_level(text))
                .or_else(slots)
                .or_else(|| codes.get(&looks::structure(text)?.0))
                .or_else(|| codes.get(&words_of(text).level()))
                .copied()
        };
        let values = (0..frame.rows)
            .map(|row| {
                if missing[row] != 0 {
                    return 0;
                }
                // A shape that was not seen when the recipe was made.
                code(texts.get(row)).unwrap_or_else(|| {
                    missing[row] = 1;
                    0
                })
            })
            .collect();
        frame.columns[position] = Column::with_missing(Values::Codes(values), missing);
        frame.fields[position] = field;
        Ok(())
    }

    fn restore(
        &self,
        frame: &mut Frame,
        seed: &Seed,
        _repairs: &mut Vec<Repair>,
    ) -> Result<(), CleanError> {
        let position = frame.find_like(&self.cleaned_field()?)?;
        let column = &frame.columns[position];
        let levels = frame.fields[position].kind.levels();
        let shapes: FxHashMap<String, &TextShape> = self
            .shapes
            .iter()
            .map(|shape| (shape.level(), shape))
            .collect();
        let mut rng = seed.rng();
        let mut texts = Strings::new();
        for row in 0..frame.rows {
            let level = column.code(row).and_then(|code| levels?.get(code));
            match level.and_then(|level| shapes.get(level)) {
                Some(shape) => texts.push(&shape.draw(&mut rng)),
                None => texts.push(""),
            }
        }
        frame.columns[position] = column.with_values(Values::Text(texts));
        frame.fields[position] = self.column.clone();
        Ok(())
    }
}
