//! Columns that name people or things with several rows each, found by what does not vary within
//! one name.

use std::collections::{BTreeMap, BTreeSet};

use super::missing;
use parable_table::{RawColumn, RawTable};

/// Fewest different names, and fewest that several rows share.
const NAMES: usize = 10;
const REPEATED: usize = 5;
/// Most rows of one name on average: a group of more is a category.
const MEAN_ROWS: usize = 50;
/// Names without a digit may be those of places: they need more evidence and fewer rows.
const MEAN_ROWS_OF_WORDS: usize = 12;
const CONSTANT_WITHIN_WORDS: usize = 2;
/// Chance of a coincidence that is accepted, as a logarithm.
const COINCIDENCE: f64 = -25.0;
/// Longest beginning of a code that may stand for what the code says.
const BEGINNING: usize = 3;

/// How the names of a column are spelled.
#[derive(Clone, Copy, PartialEq)]
enum Spelling {
    Email,
    /// Letters and digits.
    Code,
    /// Digits alone.
    Number,
    /// No digit.
    Words,
    /// Anything else: addresses, telephone numbers; also dates and numbers with decimals.
    Other,
}

/// The columns that name people with several rows, with the columns that are constant within one.
/// `measured` says whether the column at a position holds dates or numbers.
pub(super) fn find(
    raw: &RawTable,
    measured: impl Fn(usize) -> bool,
) -> BTreeMap<String, Vec<String>> {
    let mut found = BTreeMap::new();
    for (position, column) in raw.columns.iter().enumerate() {
        let Some(names) = Names::of(column) else {
            continue;
        };
        let constant: Vec<&String> = (0..raw.columns.len())
            .filter(|&other| other != position && names.are_told_by(&raw.columns[other]))
            .map(|other| &raw.names[other])
            .collect();
        let enough = match names.spelling {
            Spelling::Email => true,
            Spelling::Code => !constant.is_empty(),
            Spelling::Number | Spelling::Words => constant.len() >= CONSTANT_WITHIN_WORDS,
            Spelling::Other => constant.len() >= CONSTANT_WITHIN_WORDS && !measured(position),
        };
        if enough {
            let constant = constant.into_iter().cloned().collect();
            found.insert(raw.names[position].clone(), constant);
        }
    }
    found
}

struct Names<'a> {
    column: &'a RawColumn,
    spelling: Spelling,
    /// Rows of each text of the dictionary; 0 for texts that mean a missing value.
    counts: Vec<usize>,
    distinct: usize,
}

impl<'a> Names<'a> {
    fn of(column: &'a RawColumn) -> Option<Self> {
        let mut counts = column.counts();
        let texts: Vec<(&str, usize)> = column
            .texts
            .iter()
            .zip(counts.iter().copied())
            .filter(|&(_, count)| count > 0)
            .collect();
        let distinct = texts.len();
        let rows: usize = counts.iter().sum();
        let repeated = counts.iter().filter(|&&count| count > 1).count();
        if distinct < NAMES || repeated < REPEATED || rows > MEAN_ROWS * distinct {
            return None;
        }
        let (present, _) = missing::split(&texts);
        let spelling = spelling(&present);
        if matches!(spelling, Spelling::Words | Spelling::Other)
            && rows > MEAN_ROWS_OF_WORDS * distinct
        {
            return None;
        }
        let known: BTreeSet<&str> = present.iter().map(|(text, _)| *text).collect();
        for (text, count) in column.texts.iter().zip(&mut counts) {
            if !known.contains(text) {
                *count = 0;
            }
        }
        Some(Self {
            column,
            spelling,
            counts,
            distinct: present.len(),
        })
    }

    /// Whether another column tells something about each name: one value in all its rows, by no
    /// coincidence, and no mere label or class of the code.
    fn are_told_by(&self, other: &RawColumn) -> bool {
        const UNSET: u32 = u32::MAX;
        let mut first = vec![UNSET; self.counts.len()];
        for (&name, &cell) in self.column.cells.iter().zip(&other.cells) {
            if self.counts[name as usize] == 0 {
                continue;
            }
            let first = &mut first[name as usize];
            if *first == UNSET {
                *first = cell;
            } else if *first != cell {
                return false;
            }
        }
        let rows = self.column.cells.len() as f64;
        let counts = other.counts();
        let values = counts.iter().filter(|&&count| count > 0).count();
        // The chance that two rows agree bounds the chance that all rows of a name do.
        let agree: f64 = counts
            .iter()
            .map(|&count| (count as f64 / rows) * (count as f64 / rows))
            .sum();
        let repeats: usize = self
            .counts
            .iter()
            .map(|count| count.saturating_sub(1))
            .sum();
        if values < 2 || repeats as f64 * agree.ln() > COINCIDENCE {
            return false;
        }
        let of_name: Vec<(&str, u32)> = self
            .column
            .texts
            .iter()
            .zip(&first)
            .filter(|&(_, &cell)| cell != UNSET)
            .map(|(text, &cell)| (text, cell))
            .collect();
        // Dates and numbers of people differ from name to name too; words that do are labels.
        let label = values >= self.distinct && other.texts.iter().any(has_letters);
        !label && !is_class(&of_name)
    }
}

fn has_letters(text: &str) -> bool {
    text.chars().any(char::is_alphabetic)
}

fn has_digits(text: &str) -> bool {
    text.bytes().any(|byte| byte.is_ascii_digit())
}

/// The spelling that nearly all names share.
fn spelling(present: &[(&str, usize)]) -> Spelling {
    let nearly_all = |is: &dyn Fn(&str) -> bool| {
        let fitting = present.iter().filter(|(text, _)| is(text)).count();
        fitting * 20 >= present.len() * 19
    };
    let email = |text: &str| {
        text.split_once('@').is_some_and(|(name, host)| {
            !name.is_empty() && host.contains('.') && !text.contains(char::is_whitespace)
        })
    };
    // Software that knows only decimals writes the number 17 as 17.0.
    let number = |text: &str| {
        let whole = text.strip_suffix(".0").unwrap_or(text);
        whole.bytes().all(|byte| byte.is_ascii_digit())
    };
    let code = |text: &str| {
        let spaced = text.contains([' ', ':', ',']);
        has_letters(text) && has_digits(text) && !spaced && text.parse::<f64>().is_err()
    };
    if nearly_all(&email) {
        Spelling::Email
    } else if nearly_all(&number) {
        Spelling::Number
    } else if nearly_all(&code) {
        Spelling::Code
    } else if nearly_all(&|text| has_letters(text) && !has_digits(text)) {
        Spelling::Words
    } else {
        Spelling::Other
    }
}

/// Whether the beginning of a code, or the order of the codes, says the value: then the codes are a
/// classification, and the value is a class.
fn is_class(of_name: &[(&str, u32)]) -> bool {
    let beginning = (1..=BEGINNING).any(|length| {
        let mut known: BTreeMap<&str, u32> = BTreeMap::new();
        let pure = of_name.iter().all(|&(text, cell)| {
            let end = text
                .char_indices()
                .nth(length)
                .map_or(text.len(), |(at, _)| at);
            *known.entry(&text[..end]).or_insert(cell) == cell
        });
        pure && known.len() * 2 <= of_name.len() && known.len() > 1
    });
    let mut ordered: Vec<(u64, u32)> = of_name
        .iter()
        .filter_map(|&(text, cell)| Some((text.parse().ok()?, cell)))
        .collect();
    ordered.sort_unstable();
    let changes = ordered
        .windows(2)
        .filter(|pair| pair[0].1 != pair[1].1)
        .count();
    let mut cells: Vec<u32> = ordered.iter().map(|&(_, cell)| cell).collect();
    cells.sort_unstable();
    cells.dedup();
    beginning || (!ordered.is_empty() && changes < cells.len() && cells.len() < ordered.len())
}
