//! Texts among the values of a column that its type cannot read.

use super::Note;
use super::profile::Counted;

/// What becomes of them.
#[derive(Default)]
pub(super) struct Leftovers {
    /// Those that several rows share are reasons for a missing value.
    pub(super) codes: Vec<String>,
    /// Whether others are left, which are read as absent.
    pub(super) absent: bool,
}

/// A text in fewer rows may be about one person: it is never written.
const REASON_ROWS: usize = 3;
/// Most distinct reasons.
const MAX_REASONS: usize = 12;
/// Most rows, in percent, whose texts are read as absent.
const ABSENT_PERCENT: usize = 10;
/// Longest text that is a reason, and that a note quotes.
const LONGEST: usize = 40;
/// Most texts that a note quotes.
const QUOTED: usize = 3;

/// Settles what becomes of these texts, with notes; `None` if they are too many to be exceptions.
///
/// Known codes are reasons in however few rows, slips in none.
pub(super) fn settle(
    rest: &[Counted<'_>],
    total: usize,
    is_code: impl Fn(&str) -> bool,
    is_slip: impl Fn(&str) -> bool,
    what: &str,
    note: &mut Note,
) -> Option<Leftovers> {
    let reason = |&&(text, rows): &&Counted<'_>| {
        let short = text.chars().count() <= LONGEST;
        is_code(text) || (rows >= REASON_ROWS && short && !is_slip(text))
    };
    let reasons: Vec<&Counted<'_>> = rest.iter().filter(reason).collect();
    let others: Vec<&Counted<'_>> = rest.iter().filter(|text| !reason(text)).collect();
    let rows: usize = others.iter().map(|(_, rows)| rows).sum();
    if reasons.len() > MAX_REASONS || rows * 100 > total * ABSENT_PERCENT {
        return None;
    }
    if !others.is_empty() {
        let quoted: Vec<String> = others
            .iter()
            .filter(|(text, _)| text.chars().count() <= LONGEST)
            .take(QUOTED)
            .map(|(text, _)| format!("`{text}`"))
            .collect();
        let named = match quoted.is_empty() {
            true => String::new(),
            false => format!(" ({})", quoted.join(", ")),
        };
        note.warning(format!(
            "{rows} of {total} rows hold texts that are no {what}{named}; they are read as missing values"
        ));
    }
    Some(Leftovers {
        codes: reasons.iter().map(|(text, _)| (*text).to_owned()).collect(),
        absent: !others.is_empty(),
    })
}
