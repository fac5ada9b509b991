//! Formats that a shape allows.

use super::shape::Part;

/// What the texts of one shape are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Family {
    Day,
    Moment,
    /// A time of day or a duration.
    Clock,
}

/// What the texts of a shape have at one place.
#[derive(Clone, Debug, Default)]
pub(super) struct Place {
    /// Rows in which the number has one digit, and in which it starts with a zero.
    pub(super) single: usize,
    pub(super) padded: usize,
    pub(super) rows: usize,
    /// Rows in which the number is above 12, above 23 and above 59.
    pub(super) above_12: usize,
    pub(super) above_23: usize,
    pub(super) above_59: usize,
    pub(super) min_width: usize,
    pub(super) max_width: usize,
    /// Rows in which letters are all capitals.
    pub(super) capitals: usize,
}

impl Place {
    pub(super) fn add(&mut self, text: &str, rows: usize) {
        let width = text.len();
        self.min_width = if self.rows == 0 {
            width
        } else {
            self.min_width.min(width)
        };
        self.max_width = self.max_width.max(width);
        self.rows += rows;
        self.single += if width == 1 { rows } else { 0 };
        self.padded += if width > 1 && text.starts_with('0') {
            rows
        } else {
            0
        };
        let value: usize = text.parse().unwrap_or(0);
        let above = |limit: usize| if value > limit { rows } else { 0 };
        self.above_12 += above(12);
        self.above_23 += above(23);
        self.above_59 += above(59);
        if width > 1 && text.bytes().all(|byte| byte.is_ascii_uppercase()) {
            self.capitals += rows;
        }
    }

    /// A directive for a number of one or two digits.
    fn number(&self, letter: char) -> String {
        let flag = if self.single > self.padded { "-" } else { "" };
        format!("%{flag}{letter}")
    }

    fn two_digits(&self) -> bool {
        self.min_width == 2
    }
}

/// The texts of one shape: its parts and what stands at each.
pub(super) struct Shape<'a> {
    pub(super) parts: &'a [Part],
    pub(super) places: &'a [Place],
}

/// More than this share of the rows beyond the end of a clock make a duration.
const BEYOND_CLOCK: usize = 50;

impl Shape<'_> {
    /// Formats in order of preference, all of one family.
    pub(super) fn formats(&self) -> Option<(Family, Vec<String>)> {
        let Some(start) = self.time_start() else {
            let days = self.days(0..self.parts.len());
            return self
                .compact_moments()
                .or((!days.is_empty()).then_some((Family::Day, days)));
        };
        let time = self.time(start)?;
        if start == 0 {
            return Some((Family::Clock, vec![time]));
        }
        let Part::Literal(between) = &self.parts[start - 1] else {
            return None;
        };
        let mut days = self.days(0..start - 1);
        for day in &mut days {
            *day = format!("{day}{}{time}", escaped(between));
        }
        (!days.is_empty()).then_some((Family::Moment, days))
    }

    /// The place of the hour, if there is a time.
    fn time_start(&self) -> Option<usize> {
        let colon = |at: &usize| matches!(&self.parts[*at], Part::Literal(text) if text == ":");
        let mut colons = (0..self.parts.len()).filter(colon);
        let first = colons.next()?;
        match self.parts.get(first.checked_sub(1)?)? {
            Part::Short => Some(first - 1),
            // `10/Oct/2000:13:55:36`, as web servers log.
            Part::Digits(4) if colons.next().is_some() => Some(first + 1),
            // Minutes or hours of long durations.
            Part::Digits(3) if first == 1 => Some(0),
            _ => None,
        }
    }

    /// The format of the time from this place to the end.
    fn time(&self, start: usize) -> Option<String> {
        let parts = &self.parts[start..];
        let mut numbers = 0;
        let mut fraction = None;
        let mut half = None;
        let mut tail = String::new();
        for (index, part) in parts.iter().enumerate() {
            let at = start + index;
            match (part, index % 2) {
                (Part::Short, 0) if index / 2 == numbers && numbers < 3 => numbers += 1,
                (Part::Digits(3), 0) if at == 0 => numbers += 1,
                (Part::Literal(text), 1) if text == ":" && numbers * 2 == index + 1 => {}
                (Part::Literal(text), _)
                    if matches!(text.as_str(), "." | ",")
                        && matches!(parts.get(index + 1), Some(Part::Fraction)) =>
                {
                    tail.push_str(text);
                }
                (Part::Fraction, _) => fraction = Some(at),
                (Part::Half, _) => half = Some(at),
                (Part::Literal(text), _) if text.trim().is_empty() || index + 1 == parts.len() => {}
                _ => return None,
            }
        }
        if numbers < 2 || (1..numbers).any(|n| !self.places[start + 2 * n].two_digits()) {
            return None;
        }
        let first = &self.places[start];
        let duration = start == 0
            && half.is_none()
            && ((numbers == 2 && fraction.is_some()) || first.above_23 * BEYOND_CLOCK > first.rows);
        let mut format = match (duration, numbers) {
            (true, 2) => format!("%{}[M]:%S", unpadded(first)),
            (true, _) => format!("%{}[H]:%M:%S", unpadded(first)),
            (false, _) => {
                let hour = first.number(if half.is_some() { 'I' } else { 'H' });
                let seconds = if numbers == 3 { ":%S" } else { "" };
                format!("{hour}:%M{seconds}")
            }
        };
        if let Some(at) = fraction {
            let place = &self.places[at];
            if place.max_width > 9 || (numbers == 2 && !duration) {
                return None;
            }
            match (place.min_width == place.max_width, tail.as_str()) {
                (false, ".") => format.push_str("%.f"),
                _ => format.push_str(&format!("{tail}%{}f", place.max_width)),
            }
        }
        // What follows the digits, in order.
        let behind = start + 2 * numbers - 1 + if fraction.is_some() { 2 } else { 0 };
        for at in behind..self.parts.len() {
            match &self.parts[at] {
                Part::Half => {
                    let capital = self.places[at].capitals * 2 >= self.places[at].rows;
                    format.push_str(if capital { "%p" } else { "%P" });
                }
                Part::Literal(text) => format.push_str(&escaped(text)),
                _ => return None,
            }
        }
        Some(format)
    }

    /// Moments without marks: `20190710T085410Z`, `20190710085410`.
    fn compact_moments(&self) -> Option<(Family, Vec<String>)> {
        let (format, rest) = match self.parts {
            [
                Part::Digits(8),
                Part::Literal(between),
                Part::Digits(6),
                rest @ ..,
            ] => (format!("%Y%m%d{}%H%M%S", escaped(between)), rest),
            [Part::Digits(14), rest @ ..] => ("%Y%m%d%H%M%S".to_owned(), rest),
            [Part::Digits(12), rest @ ..] => ("%Y%m%d%H%M".to_owned(), rest),
            _ => return None,
        };
        match rest {
            [] => Some((Family::Moment, vec![format])),
            [Part::Literal(zone)] => Some((Family::Moment, vec![format + &escaped(zone)])),
            _ => None,
        }
    }

    /// The formats of the day in these places.
    fn days(&self, range: std::ops::Range<usize>) -> Vec<String> {
        let mut places: Vec<usize> = Vec::new();
        let mut between: Vec<String> = vec![String::new()];
        for at in range {
            match &self.parts[at] {
                Part::Literal(text) => between.last_mut().expect("one").push_str(&escaped(text)),
                _ => {
                    places.push(at);
                    between.push(String::new());
                }
            }
        }
        let joined = |directives: Vec<String>| -> String {
            let mut format = between[0].clone();
            for (directive, after) in directives.iter().zip(&between[1..]) {
                format.push_str(directive);
                format.push_str(after);
            }
            format
        };
        // Words between the parts of a day would make dates of names.
        let tame = |text: &str| !text.contains(|c: char| c.is_alphabetic());
        let last = between.last().map_or("", String::as_str);
        let week = between
            .get(1)
            .is_some_and(|text| matches!(text.as_str(), "-W" | "W"));
        if !between[0].is_empty() || !tame(last) || !(week || between.iter().all(|t| tame(t))) {
            return Vec::new();
        }
        let weekday = matches!(
            places.first().map(|&at| &self.parts[at]),
            Some(Part::Weekday)
        );
        let from = usize::from(weekday);
        let name = |at: usize, short: char, full: char| -> String {
            let place = &self.places[at];
            let flag = if place.capitals == place.rows {
                "^"
            } else {
                ""
            };
            format!("%{flag}{}", if place.max_width > 3 { full } else { short })
        };
        let month = |at: usize| name(at, 'b', 'B');
        let number = |at: usize, letter: char| self.places[at].number(letter);
        let short_year = |at: usize| self.places[at].two_digits();
        let year = |letter: &str| format!("%{letter}");
        let p = &places[from..];
        let kinds: Vec<&Part> = p.iter().map(|&at| &self.parts[at]).collect();
        let found: Vec<Vec<String>> = match kinds.as_slice() {
            [Part::Digits(4), Part::Short] if week => vec![vec![year("G"), "%V".to_owned()]],
            [Part::Digits(4), Part::Short, Part::Short] if week => {
                vec![vec![year("G"), "%V".to_owned(), "%u".to_owned()]]
            }
            _ if week => Vec::new(),
            [Part::Digits(4), Part::Short, Part::Short] => vec![
                vec![year("Y"), number(p[1], 'm'), number(p[2], 'd')],
                vec![year("Y"), number(p[1], 'd'), number(p[2], 'm')],
            ],
            [Part::Short, Part::Short, Part::Digits(4)] => vec![
                vec![number(p[0], 'd'), number(p[1], 'm'), year("Y")],
                vec![number(p[0], 'm'), number(p[1], 'd'), year("Y")],
            ],
            [Part::Short, Part::Short, Part::Short] => {
                let mut found = Vec::new();
                if short_year(p[2]) {
                    found.push(vec![number(p[0], 'd'), number(p[1], 'm'), year("y")]);
                    found.push(vec![number(p[0], 'm'), number(p[1], 'd'), year("y")]);
                }
                if short_year(p[0]) {
                    found.push(vec![year("y"), number(p[1], 'm'), number(p[2], 'd')]);
                }
                found
            }
            [Part::Short, Part::Month, Part::Digits(4)] => {
                vec![vec![number(p[0], 'd'), month(p[1]), year("Y")]]
            }
            [Part::Digits(4), Part::Month, Part::Short] => {
                vec![vec![year("Y"), month(p[1]), number(p[2], 'd')]]
            }
            [Part::Short, Part::Month, Part::Short] if short_year(p[2]) => {
                vec![vec![number(p[0], 'd'), month(p[1]), year("y")]]
            }
            [Part::Month, Part::Short, Part::Digits(4)] => {
                vec![vec![month(p[0]), number(p[1], 'd'), year("Y")]]
            }
            [Part::Month, Part::Short, Part::Short] if short_year(p[2]) => {
                vec![vec![month(p[0]), number(p[1], 'd'), year("y")]]
            }
            [Part::Month, Part::Digits(4)] => vec![vec![month(p[0]), year("Y")]],
            [Part::Digits(4), Part::Month] => vec![vec![year("Y"), month(p[1])]],
            [Part::Month, Part::Short] if short_year(p[1]) => vec![vec![month(p[0]), year("y")]],
            [Part::Digits(4), Part::Short] => vec![vec![year("Y"), number(p[1], 'm')]],
            [Part::Digits(4), Part::Digits(3)] => vec![vec![year("Y"), "%j".to_owned()]],
            [Part::Short, Part::Digits(4)] => vec![vec![number(p[0], 'm'), year("Y")]],
            [Part::Digits(8)] => vec![vec!["%Y%m%d".to_owned()]],
            _ => Vec::new(),
        };
        found
            .into_iter()
            .map(|mut directives| {
                if weekday {
                    directives.insert(0, name(places[0], 'a', 'A'));
                }
                joined(directives)
            })
            .collect()
    }
}

fn unpadded(place: &Place) -> &'static str {
    if place.single > 0 { "-" } else { "" }
}

/// A literal text as a format writes it.
fn escaped(text: &str) -> String {
    text.replace('%', "%%")
}
