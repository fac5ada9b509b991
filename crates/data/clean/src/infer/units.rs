//! Units around the numbers of a column, and signs other than a minus in front.

use super::profile::Counted;
use parable_table::{Negative, NumberFormat};

/// What stands around the numbers of a column.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Unit {
    pub(super) prefix: String,
    pub(super) suffix: String,
    pub(super) negative: Negative,
}

impl Unit {
    pub(super) fn of(&self, format: NumberFormat) -> NumberFormat {
        format
            .with_unit(self.prefix.clone(), self.suffix.clone())
            .with_negative(self.negative)
    }

    pub(super) fn is_none(&self) -> bool {
        *self == Self::default()
    }
}

/// Most distinct texts that are looked at.
const SAMPLE: usize = 2_000;
/// In this share of the rows with digits, in percent, the unit is the same.
const COMMON_PERCENT: usize = 80;
/// Longest prefix and suffix, in characters.
const LONGEST_PREFIX: usize = 5;
const LONGEST_SUFFIX: usize = 12;
/// A unit of letters needs so many distinct numbers: fewer are levels.
const LETTER_NUMBERS: usize = 5;

/// A text cut into what stands before, in and behind its digits.
struct Cut<'a> {
    prefix: &'a str,
    core: &'a str,
    suffix: &'a str,
    negative: Option<Negative>,
}

fn cut(text: &str) -> Option<Cut<'_>> {
    let mut rest = text.trim_matches(' ');
    let mut negative = None;
    if let Some(inner) = rest.strip_prefix('(').and_then(|r| r.strip_suffix(')')) {
        (rest, negative) = (inner, Some(Negative::Parentheses));
    }
    if let Some(without) = rest.strip_prefix(['-', '+']) {
        rest = without;
    }
    let digit = |c: char| c.is_ascii_digit();
    let mut first = rest.find(digit)?;
    let last = rest.rfind(digit)? + 1;
    // A fraction without a zero in front.
    if let Some(before) = rest[..first].strip_suffix(['.', ',']) {
        let bare = before.is_empty() || !before.ends_with(char::is_alphabetic);
        first = if bare { before.len() } else { first };
    }
    let (mut prefix, core, mut suffix) = (&rest[..first], &rest[first..last], &rest[last..]);
    if !prefix.is_empty()
        && let Some(without) = prefix.strip_suffix('-')
    {
        (prefix, negative) = (without, negative.or(Some(Negative::AfterPrefix)));
    }
    if let Some(without) = suffix.strip_suffix('-') {
        (suffix, negative) = (without, negative.or(Some(Negative::Trailing)));
    }
    let suffix = suffix
        .strip_prefix('.')
        .filter(|s| s.is_empty())
        .unwrap_or(suffix);
    Some(Cut {
        prefix,
        core,
        suffix,
        negative,
    })
}

/// The unit of the numbers of a column; none if texts differ in it or it is no unit.
pub(super) fn find(present: &[Counted<'_>]) -> Unit {
    let stride = present.len().div_ceil(SAMPLE).max(1);
    let cuts: Vec<(Cut<'_>, usize)> = present
        .iter()
        .step_by(stride)
        .filter_map(|&(text, rows)| Some((cut(text)?, rows)))
        .collect();
    let mut counts: Vec<((&str, &str), usize)> = Vec::new();
    for (cut, rows) in &cuts {
        let around = (cut.prefix, cut.suffix);
        match counts.iter().position(|(known, _)| *known == around) {
            Some(at) => counts[at].1 += rows,
            None if counts.len() < 50 => counts.push((around, *rows)),
            None => return Unit::default(),
        }
    }
    let total: usize = cuts.iter().map(|(_, rows)| rows).sum();
    let Some(&((prefix, suffix), rows)) = counts.iter().max_by_key(|(_, rows)| *rows) else {
        return Unit::default();
    };
    let common: Vec<&Cut<'_>> = cuts
        .iter()
        .filter(|(cut, _)| (cut.prefix, cut.suffix) == (prefix, suffix))
        .map(|(cut, _)| cut)
        .collect();
    if rows * 100 < total * COMMON_PERCENT
        || !is_prefix(prefix, &common)
        || !is_suffix(suffix, &common)
    {
        return Unit::default();
    }
    let sign = |sign: Negative| {
        common
            .iter()
            .filter(|cut| cut.negative == Some(sign))
            .count()
    };
    let signs = [
        Negative::Parentheses,
        Negative::AfterPrefix,
        Negative::Trailing,
    ];
    let most = signs.into_iter().max_by_key(|&one| sign(one));
    Unit {
        prefix: prefix.to_owned(),
        suffix: suffix.to_owned(),
        negative: most.filter(|&one| sign(one) > 0).unwrap_or_default(),
    }
}

/// Whether the character is a sign of a currency (category Sc of Unicode).
fn is_currency(c: char) -> bool {
    matches!(c, '$' | '\u{a2}'..='\u{a5}' | '\u{58f}' | '\u{60b}' | '\u{9f2}' | '\u{9f3}'
        | '\u{e3f}' | '\u{17db}' | '\u{20a0}'..='\u{20cf}' | '\u{fdfc}' | '\u{fe69}'
        | '\u{ff04}' | '\u{ffe0}' | '\u{ffe1}' | '\u{ffe5}' | '\u{ffe6}')
}

/// Whether the numbers are written as amounts are: with decimals or groups of digits.
fn amounts(common: &[&Cut<'_>]) -> bool {
    let marked = common
        .iter()
        .filter(|cut| cut.core.contains(['.', ',', '\'', ' ']));
    marked.count() * 2 > common.len()
}

/// A currency, or its letters before amounts.
fn is_prefix(prefix: &str, common: &[&Cut<'_>]) -> bool {
    if prefix.is_empty() {
        return true;
    }
    let short = prefix.chars().count() <= LONGEST_PREFIX;
    let tame = |c: char| c.is_alphabetic() || is_currency(c) || matches!(c, ' ' | '\u{a0}' | '.');
    if !short || !prefix.chars().all(tame) {
        return false;
    }
    let letters = prefix.chars().filter(|c| c.is_alphabetic()).count();
    let spaced = prefix.ends_with([' ', '\u{a0}', '.']);
    prefix.contains(is_currency) || (letters <= 3 && spaced && amounts(common))
}

/// A per cent sign, a currency, or letters that the texts of many different numbers share.
fn is_suffix(suffix: &str, common: &[&Cut<'_>]) -> bool {
    if suffix.is_empty() {
        return true;
    }
    let unit = suffix.trim_start_matches([' ', '\u{a0}', '\u{202f}']);
    let sign = |c: char| matches!(c, '%' | '\u{2030}' | '\u{b0}') || is_currency(c);
    if unit.chars().count() <= 2 && unit.starts_with(sign) {
        return true;
    }
    let tame = |c: char| {
        c.is_alphabetic() || sign(c) || matches!(c, '/' | '\u{b2}' | '\u{b3}' | '.' | ' ' | '^')
    };
    let spaced = unit.len() < suffix.len();
    // `101B` names a thing, as does `12A`.
    let name = !spaced && unit.len() == 1 && unit.starts_with(char::is_uppercase);
    let padded = |cut: &&&Cut<'_>| {
        cut.core.len() > 1 && cut.core.starts_with('0') && !cut.core.contains(['.', ','])
    };
    unit.starts_with(|c: char| c.is_alphabetic() || c == '\u{b5}')
        && unit.chars().count() <= LONGEST_SUFFIX
        && unit.chars().all(tame)
        && (!name || amounts(common))
        && common.len() >= LETTER_NUMBERS
        && common.iter().filter(padded).count() == 0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(texts: &[&str], expected: (&str, &str, Negative)) {
        let counted: Vec<Counted<'_>> = texts.iter().map(|&text| (text, 1)).collect();
        let unit = find(&counted);
        assert_eq!(
            (unit.prefix.as_str(), unit.suffix.as_str(), unit.negative),
            expected
        );
    }

    #[test]
    fn common_units_are_found() {
        use Negative::{AfterPrefix, Minus, Parentheses, Trailing};
        check(&["$1,200.50", "$3.00", "-$4.10"], ("$", "", Minus));
        check(&["$1,200.50", "($3.00)"], ("$", "", Parentheses));
        check(&["$1,200.50", "$-3.00"], ("$", "", AfterPrefix));
        check(&["$.87", "$1.20"], ("$", "", Minus));
        check(&["EUR 12.50", "EUR 3.00"], ("EUR ", "", Minus));
        check(&["12,50 €", "3,00 €"], ("", " €", Minus));
        check(&["12.5%", ".5%", "-3%"], ("", "%", Minus));
        check(
            &["1 kg", "2 kg", "3.5 kg", "4 kg", "7 kg"],
            ("", " kg", Minus),
        );
        check(&["12", "7-", "3"], ("", "", Trailing));
        check(&["12", "(7)", "3"], ("", "", Parentheses));
        check(&["1e-05", "2.5e-07"], ("", "", Minus));
    }

    #[test]
    fn names_with_numbers_have_no_unit() {
        let none = ("", "", Negative::Minus);
        check(&["P1", "P2", "P33"], none);
        check(&["Room 1", "Room 2"], none);
        check(&["#1", "#2"], none);
        check(&["1A", "2A", "3A", "4A", "5A"], none);
        check(&["10 mg", "20 mg"], none);
        check(&["65+", "70+"], none);
        check(&["$5", "€7", "£9"], none);
    }
}
