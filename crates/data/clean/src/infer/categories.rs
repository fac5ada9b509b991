//! Columns of names: two values with a false and a true one, categories with and without an order,
//! free text.

use std::collections::BTreeMap;

use super::profile::{Counted, Profile};
use super::{Guess, InferOptions, Note, observed_levels};
use parable_table::parse::{order, ordinal};
use parable_table::{Kind, Role};

/// From so many distinct texts on, a column in which most rows have their own is free text.
const TEXT_DISTINCT: usize = 10;
/// Texts that so many rows share on average are levels however many there are.
const SHARED_ROWS: usize = 20;

/// The type of a column whose values are neither numbers nor dates.
pub(super) fn guess(
    profile: &Profile<'_>,
    present: &[Counted<'_>],
    options: &InferOptions,
    role: &Role,
    note: &mut Note,
) -> Guess {
    let mut levels: Vec<&str> = present.iter().map(|(text, _)| *text).collect();
    order::sort_levels(&mut levels);
    if *role == Role::UnitId {
        return Kind::Text.into();
    }
    if let Some(pair) = ordinal::boolean_order(&levels) {
        note.reason("the two values are a no and a yes");
        return Kind::boolean(observed_levels(pair.to_vec())).into();
    }
    if *role != Role::ClusterId && *role != Role::Treatment {
        let rows: usize = present.iter().map(|(_, count)| count).sum();
        let shared: usize = present
            .iter()
            .filter(|(_, rows)| *rows > 1)
            .map(|(_, rows)| rows)
            .sum();
        let few = levels.len() <= options.max_levels || rows >= levels.len() * SHARED_ROWS;
        if !few || (levels.len() >= TEXT_DISTINCT && shared * 2 < rows) {
            note.reason(format!("{} distinct texts in {rows} rows", levels.len()));
            note.alternative("nominal");
            return Kind::Text.into();
        }
        if let Some(guess) = ordered(&levels, note) {
            return guess;
        }
    }
    note_twins(&levels, note);
    note.reason(match levels.len() {
        1 => "one distinct text".to_owned(),
        distinct => format!("{distinct} distinct texts in {} rows", profile.rows),
    });
    Kind::nominal(observed_levels(levels)).into()
}

/// Says which levels differ in capitals and spaces alone: they are left as they are.
fn note_twins(levels: &[&str], note: &mut Note) {
    let plain = |text: &str| -> String {
        let words = text.split_whitespace().map(str::to_lowercase);
        words.collect::<Vec<_>>().join(" ")
    };
    let mut spelled: BTreeMap<String, usize> = BTreeMap::new();
    for level in levels {
        *spelled.entry(plain(level)).or_default() += 1;
    }
    let twins = spelled.values().filter(|&&count| count > 1).count();
    if twins > 0 {
        note.warning(format!(
            "{twins} levels are spelled in several ways that differ in capitals or spaces alone; they are kept apart"
        ));
    }
}

/// Fewer levels than this are not called ordered.
const ORDERED_LEVELS: usize = 3;

/// An ordinal column, if the names of the levels say an order; levels beside the scale, such as
/// "not applicable", are missing codes.
fn ordered(levels: &[&str], note: &mut Note) -> Option<Guess> {
    let (beside, scale): (Vec<&str>, Vec<&str>) = levels
        .iter()
        .partition(|level| ordinal::is_beside_a_scale(level));
    if scale.len() < ORDERED_LEVELS {
        return None;
    }
    let ordered = ordinal::order(&scale)?;
    note.reason("the names of the levels say their order");
    note.alternative("nominal");
    Some(Guess {
        kind: Kind::ordinal(observed_levels(ordered)),
        missing_codes: beside.into_iter().map(str::to_owned).collect(),
        absent: false,
    })
}
