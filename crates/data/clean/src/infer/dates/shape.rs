//! The shape of a text that may be a date: which parts it has, and what stands between them.

/// A part of a text.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) enum Part {
    /// One or two digits.
    Short,
    /// So many digits, at least three.
    Digits(usize),
    /// Digits behind the point of seconds.
    Fraction,
    /// The name of a month.
    Month,
    /// The name of a weekday.
    Weekday,
    /// AM or PM.
    Half,
    /// Anything else.
    Literal(String),
}

/// Texts of other lengths are no dates.
const LENGTHS: std::ops::RangeInclusive<usize> = 4..=48;

const MONTHS: [&str; 12] = [
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
];
const WEEKDAYS: [&str; 7] = [
    "monday",
    "tuesday",
    "wednesday",
    "thursday",
    "friday",
    "saturday",
    "sunday",
];

/// The parts of a text with the text of each; nothing for a text that is no date.
pub(super) fn parts(text: &str) -> Option<Vec<(Part, &str)>> {
    if !LENGTHS.contains(&text.len()) || !text.bytes().any(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let (body, zone) = text.split_at(zone_start(text));
    let mut parts: Vec<(Part, &str)> = Vec::new();
    let mut rest = body;
    while let Some(first) = rest.chars().next() {
        let same = |c: char| class(c) == class(first);
        let (token, after) = rest.split_at(rest.find(|c| !same(c)).unwrap_or(rest.len()));
        rest = after;
        let part = match class(first) {
            Class::Digit if after_point(&parts) => Part::Fraction,
            Class::Digit if token.len() <= 2 => Part::Short,
            Class::Digit => Part::Digits(token.len()),
            Class::Letter => word(token),
            Class::Other => Part::Literal(token.to_owned()),
        };
        parts.push((part, token));
    }
    if !zone.is_empty() {
        parts.push((Part::Literal(zone.to_owned()), zone));
    }
    Some(parts)
}

#[derive(PartialEq)]
enum Class {
    Digit,
    Letter,
    Other,
}

fn class(c: char) -> Class {
    match c {
        _ if c.is_ascii_digit() => Class::Digit,
        _ if c.is_alphabetic() => Class::Letter,
        _ => Class::Other,
    }
}

fn word(token: &str) -> Part {
    let lower = token.to_ascii_lowercase();
    let names = |list: &[&str]| list.iter().any(|name| lower == *name || lower == name[..3]);
    match () {
        _ if names(&MONTHS) => Part::Month,
        _ if names(&WEEKDAYS) => Part::Weekday,
        _ if lower == "am" || lower == "pm" => Part::Half,
        _ => Part::Literal(token.to_owned()),
    }
}

/// Whether seconds and a point come last: `10:59:59.`, `1:02.`.
fn after_point(parts: &[(Part, &str)]) -> bool {
    let tail: Vec<&Part> = parts.iter().rev().take(3).map(|(part, _)| part).collect();
    let is = |part: &Part, texts: &[&str]| matches!(part, Part::Literal(l) if texts.contains(&l.as_str()));
    matches!(tail.as_slice(), [point, Part::Short, colon]
        if is(point, &[".", ","]) && is(colon, &[":"]))
}

/// Where the zone behind a time begins: `Z`, ` UTC`, `+00:00`, ` -0500`, ` CET`, `[Europe/Rome]`.
fn zone_start(text: &str) -> usize {
    let bytes = text.as_bytes();
    let Some(colon) = text.rfind(':') else {
        return match text.strip_suffix('Z') {
            Some(body) if body.ends_with(|c: char| c.is_ascii_digit()) => body.len(),
            _ => text.len(),
        };
    };
    // A colon inside of the offset is not the one of the time.
    let sign = text.rfind(['+', '-']).filter(|&at| {
        let offset = &bytes[at + 1..];
        let digits = offset.iter().filter(|byte| byte.is_ascii_digit()).count();
        matches!(digits, 2 | 4)
            && offset.iter().all(|b| b.is_ascii_digit() || *b == b':')
            && text[..at].contains(':')
    });
    if let Some(at) = sign {
        return text[..at].trim_end_matches(' ').len();
    }
    let time = text[colon..]
        .find(|c: char| !c.is_ascii_digit() && !matches!(c, ':' | '.' | ','))
        .map_or(text.len(), |at| colon + at);
    let zone = text[time..].trim_start_matches(' ');
    let lower = zone.to_ascii_lowercase();
    let is_zone = !zone.is_empty()
        && !lower.starts_with("am")
        && !lower.starts_with("pm")
        && (zone.starts_with('[') || zone.bytes().all(|byte| byte.is_ascii_uppercase()));
    if is_zone {
        return time;
    }
    // Behind AM or PM.
    let last = text.rfind(' ').unwrap_or(text.len());
    let word = text[last..].trim_start_matches(' ');
    let upper = (3..=4).contains(&word.len()) && word.bytes().all(|b| b.is_ascii_uppercase());
    if upper { last } else { text.len() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: &str) {
        let shown = parts(text).map(|parts| {
            let letter = |part: &Part| match part {
                Part::Short => "n".to_owned(),
                Part::Digits(width) => width.to_string(),
                Part::Fraction => "f".to_owned(),
                Part::Month => "M".to_owned(),
                Part::Weekday => "W".to_owned(),
                Part::Half => "p".to_owned(),
                Part::Literal(text) => format!("<{text}>"),
            };
            parts
                .iter()
                .map(|(part, _)| letter(part))
                .collect::<String>()
        });
        assert_eq!(shown.unwrap_or_default(), expected);
    }

    #[test]
    fn texts_are_cut_into_parts() {
        check("2019-07-10", "4<->n<->n");
        check("July 10, 2019", "M< >n<, >4");
        check("Wed, 10 Jul 19", "W<, >n< >M< >n");
        check("07/10/2019 08:54 AM", "n</>n</>4< >n<:>n< >p");
        check("2019-07-10T08:54:10.922Z", "4<->n<->n<T>n<:>n<:>n<.>f<Z>");
        check("2019-07-10 08:54:10+00:00", "4<->n<->n< >n<:>n<:>n<+00:00>");
        check("2019-07-10 08:54:10 -0500", "4<->n<->n< >n<:>n<:>n< -0500>");
        check("2019-07-10 08:54 UTC", "4<->n<->n< >n<:>n< UTC>");
        check("7/10/2019 8:54 PM EST", "n</>n</>4< >n<:>n< >p< EST>");
        check("1:02.250", "n<:>n<.>f");
        check("20190710T085410Z", "8<T>6<Z>");
        check("2024-W05", "4<->W<->n".replace("W<->", "<W>").as_str());
        check("x", "");
    }
}
