//! Columns of days and moments.

use super::profile::Counted;
use super::{Bounds, Guess, Known, Note};
use parable_table::Kind;
use parable_table::parse::date;

/// Spellings of days, in order of preference where a column fits several.
const DAYS: [&str; 24] = [
    "%Y-%m-%d",
    "%Y/%m/%d",
    "%Y.%m.%d",
    "%d/%m/%Y",
    "%m/%d/%Y",
    "%d.%m.%Y",
    "%d-%m-%Y",
    "%m-%d-%Y",
    "%-d/%-m/%Y",
    "%-m/%-d/%Y",
    "%-d.%-m.%Y",
    "%-d-%-m-%Y",
    "%d %b %Y",
    "%-d %b %Y",
    "%d-%b-%Y",
    "%d%b%Y",
    "%-d %B %Y",
    "%B %-d, %Y",
    "%b %-d, %Y",
    "%d/%m/%y",
    "%m/%d/%y",
    "%d.%m.%y",
    "%d-%b-%y",
    "%Y-%-m-%-d",
];
/// The formats of a time after a day.
const TIMES: [&str; 6] = [
    " %H:%M:%S",
    "T%H:%M:%S",
    " %H:%M",
    "T%H:%M",
    "T%H:%M:%SZ",
    " %I:%M:%S %p",
];
/// Texts of these lengths can be days or moments.
const LENGTHS: std::ops::RangeInclusive<usize> = 6..=32;
/// If so many of the texts in a hundred are days, the others are days that do not exist.
const NEARLY_ALL: usize = 95;

struct Reading {
    format: String,
    moment: bool,
}

impl Reading {
    /// The value, if the text is spelled exactly like this: reading and writing give the text back.
    fn value(&self, text: &str) -> Option<i64> {
        let (value, spelled) = if self.moment {
            let value = date::parse_date_time(text, &self.format)?;
            (value, date::spell_date_time(value, &self.format)?)
        } else {
            let value = date::parse_date(text, &self.format)?;
            (value, date::spell_date(value, &self.format)?)
        };
        (spelled == text).then_some(value)
    }
}

/// The type of the column if its values are days or moments.
pub(super) fn guess(present: &[Counted<'_>], note: &mut Note) -> Option<Guess> {
    let shaped = |text: &str| {
        LENGTHS.contains(&text.len())
            && text.bytes().filter(u8::is_ascii_digit).count() >= 3
            && !text.bytes().all(|byte| byte.is_ascii_digit())
    };
    if !present.iter().all(|(text, _)| shaped(text)) {
        return None;
    }
    let days = DAYS.iter().map(|day| Reading {
        format: (*day).to_owned(),
        moment: false,
    });
    let moments = DAYS.iter().flat_map(|day| {
        TIMES.iter().map(move |time| Reading {
            format: format!("{day}{time}"),
            moment: true,
        })
    });
    let mut fitting: Vec<(Reading, Vec<i64>)> = Vec::new();
    for reading in days.chain(moments) {
        // Most spellings fail on one of the first texts.
        let sample = present.iter().take(20);
        let hits = sample
            .clone()
            .filter(|(text, _)| reading.value(text).is_some());
        if hits.count() * 100 < sample.count() * 80 {
            continue;
        }
        let values: Vec<i64> = present
            .iter()
            .filter_map(|(text, _)| reading.value(text))
            .collect();
        if values.len() == present.len() {
            fitting.push((reading, values));
        } else if values.len() * 100 >= present.len() * NEARLY_ALL {
            note.reason(format!(
                "{} of {} distinct texts are dates spelled `{}`; the others are no date that exists, so the column is not one of dates",
                values.len(),
                present.len(),
                reading.format
            ));
        }
    }
    let mut fitting = fitting.into_iter();
    let (reading, values) = fitting.next()?;
    note.reason(format!(
        "every value is a date spelled `{}`",
        reading.format
    ));
    for (other, _) in fitting {
        note.alternative(format!("dates spelled `{}`", other.format));
    }
    let (min, max) = (values.iter().min().copied()?, values.iter().max().copied()?);
    let (format, bounds) = (reading.format, Some(Known::observed(Bounds { min, max })));
    Some(Guess::from(match reading.moment {
        true => Kind::DateTime { format, bounds },
        false => Kind::Date { format, bounds },
    }))
}
