//! Roles of columns, from their names and values.

use super::profile::{Counted, Profile};
use super::{Note, missing, names};
use parable_table::Role;

/// Words that say that a column names something.
const ID_WORDS: [&str; 12] = [
    "id",
    "ids",
    "identifier",
    "uuid",
    "guid",
    "code",
    "no",
    "nr",
    "num",
    "number",
    "key",
    "serial",
];
/// Things that have members.
const GROUPS: [&str; 25] = [
    "school",
    "sch",
    "class",
    "classroom",
    "teacher",
    "site",
    "centre",
    "center",
    "clinic",
    "hospital",
    "cluster",
    "village",
    "district",
    "practice",
    "ward",
    "household",
    "family",
    "firm",
    "company",
    "provider",
    "therapist",
    "doctor",
    "site",
    "store",
    "course",
];
/// Things a row can be about.
const UNITS: [&str; 14] = [
    "student",
    "pupil",
    "child",
    "person",
    "respondent",
    "participant",
    "subject",
    "patient",
    "unit",
    "record",
    "row",
    "case",
    "user",
    "individual",
];
/// Columns that count up without naming anything.
const TIMES: [&str; 9] = [
    "year", "yr", "age", "time", "day", "week", "month", "date", "wave",
];

/// So many rows with counted-up or long numbers are names of units even if the column is called
/// otherwise.
const SEQUENCE_ROWS: usize = 20;
const LONG_DIGITS: usize = 8;
/// A trial has at least two arms, and rarely more than this.
const ARMS: std::ops::RangeInclusive<usize> = 2..=10;
/// Fewer groups are rather levels of a covariate.
const CLUSTERS: usize = 5;

/// One row in so many may lack a name of its own.
const MAX_IRREGULAR: usize = 20;

/// The reason for a unit id.
pub(super) const NAMES_UNITS: &str = "nearly every row has its own value, as names of units have";

/// The role of a column, with the reason in the note; a covariate if nothing speaks for another.
pub(super) fn guess(profile: &Profile<'_>, note: &mut Note) -> Role {
    let (present, _) = missing::split(&profile.texts);
    let rows: usize = present.iter().map(|(_, count)| count).sum();
    let distinct = present.len();
    // A name may be blank or typed twice in a few rows.
    let irregular = profile.rows - distinct;
    let own = irregular * MAX_IRREGULAR <= profile.rows;
    let (role, reason) = if own && names_units(profile, &present) {
        (Role::UnitId, NAMES_UNITS)
    } else if let Some(constant) = profile.around.people.get(profile.name) {
        note.reason(several_rows(constant));
        return Role::ClusterId;
    } else if names_clusters(profile, distinct, rows) {
        (
            Role::ClusterId,
            "the name says that it names groups, and groups have several rows",
        )
    } else if is_treatment(profile, &present) {
        (
            Role::Treatment,
            "the name or the levels say that it is the arm of a trial",
        )
    } else if is_weight(profile, &present) {
        (Role::Weight, "the name says that it is a survey weight")
    } else if is_outcome(profile) {
        (
            Role::Outcome,
            "the name says that it is measured at the end",
        )
    } else {
        return Role::Covariate;
    };
    note.reason(reason);
    role
}

/// Says that people have several rows, and what to declare.
fn several_rows(constant: &[String]) -> String {
    let within = match constant {
        [] => String::new(),
        [one] => format!(", and `{one}` never varies within one value"),
        [one, ..] => format!(
            ", and {} columns such as `{one}` never vary within one value",
            constant.len()
        ),
    };
    format!(
        "names people or things with several rows{within}: for a private fit declare it as the unit, with the most rows of one"
    )
}

fn names_units(profile: &Profile<'_>, present: &[Counted<'_>]) -> bool {
    let words = &profile.words;
    let last = words.last().map_or("", String::as_str);
    let joined = UNITS.iter().any(|unit| {
        words.len() == 1
            && last
                .strip_prefix(unit)
                .is_some_and(|rest| ID_WORDS.contains(&rest))
    });
    let called_id = [
        "id",
        "ids",
        "identifier",
        "uuid",
        "guid",
        "pid",
        "rownames",
        "rowid",
    ]
    .contains(&last)
        || joined
        || (names::has(words, &UNITS) && names::has(words, &ID_WORDS))
        || (words.len() == 1 && UNITS.contains(&last));
    if called_id && present.len() > 1 {
        return true;
    }
    if present.len() < SEQUENCE_ROWS || names::has(words, &TIMES) {
        return false;
    }
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    let width = present[0].0.len();
    let same_width = present.iter().all(|(text, _)| text.len() == width);
    if present.iter().all(|(text, _)| digits(text)) {
        let padded = present
            .iter()
            .any(|(text, _)| text.starts_with('0') && text.len() > 1);
        let values = present.iter().map(|(text, _)| text.parse::<u64>().ok());
        let sequence = values
            .clone()
            .zip(values.skip(1))
            .all(|(a, b)| matches!((a, b), (Some(a), Some(b)) if a.checked_add(1) == Some(b)));
        return sequence || (same_width && (padded || width >= LONG_DIGITS));
    }
    // Letters and digits of one length, without spaces: a UUID, a hash, `P0001`.
    same_width
        && width >= 4
        && present.iter().all(|(text, _)| {
            let tame = text
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_');
            tame && text.bytes().filter(u8::is_ascii_digit).count() >= 2
                && text.bytes().any(|byte| byte.is_ascii_alphabetic())
        })
}

fn names_clusters(profile: &Profile<'_>, distinct: usize, rows: usize) -> bool {
    if distinct < CLUSTERS || distinct * 2 > rows {
        return false;
    }
    let words = &profile.words;
    let last = words.last().map_or("", String::as_str);
    let joined = GROUPS.iter().any(|group| {
        last.strip_prefix(group)
            .is_some_and(|rest| ID_WORDS.contains(&rest))
    });
    joined
        || last == "id"
        || (names::has(words, &GROUPS) && ID_WORDS.contains(&last))
        || (words.len() == 1 && GROUPS.contains(&last) && last != "class")
}

fn is_treatment(profile: &Profile<'_>, present: &[Counted<'_>]) -> bool {
    const LEVELS: [&str; 6] = [
        "control",
        "placebo",
        "treatment",
        "treated",
        "intervention",
        "usual care",
    ];
    const WORDS: [&str; 10] = [
        "treat",
        "treatment",
        "treated",
        "trt",
        "arm",
        "intervention",
        "randomised",
        "randomized",
        "allocation",
        "assigned",
    ];
    if !ARMS.contains(&present.len()) {
        return false;
    }
    let words: Vec<&str> = profile.words.iter().map(String::as_str).collect();
    let level = |(text, _): &Counted<'_>| LEVELS.contains(&text.to_lowercase().as_str());
    names::has(&profile.words, &WORDS)
        || words == ["class", "type"]
        || present.iter().any(level)
        || words == ["group"]
}

fn is_weight(profile: &Profile<'_>, present: &[Counted<'_>]) -> bool {
    let words = &profile.words;
    let short = |word: &String| {
        let stem = word.trim_end_matches(|c: char| c.is_ascii_digit());
        [
            "wgt", "wgtp", "pwgtp", "pwgt", "hwgt", "fnlwgt", "finalwt", "pweight", "perwt",
            "hhwt", "wtper",
        ]
        .contains(&stem)
    };
    let called = names::has(words, &["weight", "weights", "wt", "wts"]);
    let qualified = names::has(
        words,
        &[
            "survey", "sample", "sampling", "design", "person", "final", "analysis", "ipw",
        ],
    );
    let Some(values) = present
        .iter()
        .map(|&(text, rows)| Some((text.parse::<f64>().ok().filter(|v| *v >= 0.0)?, rows)))
        .collect::<Option<Vec<(f64, usize)>>>()
    else {
        return false;
    };
    if words.iter().any(short) || (called && qualified) {
        return true;
    }
    // People, cars and parcels have a weight too: the word alone says nothing.
    let around = profile.around;
    called
        && words.len() == 1
        && !around.body_measures
        && (around.survey_design || averages_one(&values))
}

/// Whether many different numbers average 1, as survey weights do that were scaled to the sample.
fn averages_one(values: &[(f64, usize)]) -> bool {
    let rows: usize = values.iter().map(|(_, rows)| rows).sum();
    let sum: f64 = values
        .iter()
        .map(|(value, rows)| value * *rows as f64)
        .sum();
    values.len() >= 10 && (0.98..=1.02).contains(&(sum / rows as f64))
}

fn is_outcome(profile: &Profile<'_>) -> bool {
    let words = &profile.words;
    let first = words.first().map_or("", String::as_str);
    ["post", "posttest", "outcome", "endpoint"].contains(&first)
        || first.starts_with("outcome")
        || names::has(words, &["outcome", "endpoint", "posttest"])
        || names::has(words, &["followup"])
        || words.windows(2).any(|pair| pair == ["follow", "up"])
}
