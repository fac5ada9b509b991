//! Real texts inside synthetic ones.

use rustc_hash::{FxHashMap, FxHashSet};

/// Bytes of the runs by which texts are looked up, and of the shortest text that counts: shorter
/// ones are words that anybody writes.
const RUN: usize = 8;
/// Runs of each text among which the rarest is chosen.
const CHOICES: usize = 8;
/// Most real texts that are looked for; of more, an even share.
const MOST: usize = 200_000;
/// Most texts with the same rarest run that are compared at a place.
const MOST_ALIKE: usize = 200;

/// Returns how many different written texts are, or hold, a text of at least eight bytes that one
/// row of the known ones has.
///
/// A text counts as held only as a whole: in `person 59`, `person 5` is not held.
pub(super) fn copied(known: &[&str], written: &[&str]) -> usize {
    let index = Index::of(known);
    let distinct: FxHashSet<&str> = written.iter().copied().collect();
    distinct.iter().filter(|text| index.is_held(text)).count()
}

/// Texts by their rarest run.
struct Index<'a> {
    texts: FxHashMap<u64, Vec<(&'a str, usize)>>,
}

impl<'a> Index<'a> {
    fn of(known: &[&'a str]) -> Self {
        let mut times: FxHashMap<&str, u32> = FxHashMap::default();
        for text in known {
            *times.entry(text.trim()).or_insert(0) += 1;
        }
        let mut single: Vec<&str> = known
            .iter()
            .map(|text| text.trim())
            .filter(|text| text.len() >= RUN && times[text] == 1)
            .collect();
        let step = single.len().div_ceil(MOST).max(1);
        single = single.into_iter().step_by(step).collect();
        let mut counts: FxHashMap<u64, u32> = FxHashMap::default();
        for text in &single {
            for place in choices(text) {
                *counts.entry(run(text.as_bytes(), place)).or_insert(0) += 1;
            }
        }
        let mut texts: FxHashMap<u64, Vec<(&str, usize)>> = FxHashMap::default();
        for text in single {
            let key = |&place: &usize| (counts[&run(text.as_bytes(), place)], place);
            if let Some(place) = choices(text).min_by_key(key) {
                let alike = texts.entry(run(text.as_bytes(), place)).or_default();
                if alike.len() < MOST_ALIKE {
                    alike.push((text, place));
                }
            }
        }
        Self { texts }
    }

    fn is_held(&self, text: &str) -> bool {
        let bytes = text.as_bytes();
        (0..(bytes.len() + 1).saturating_sub(RUN)).any(|at| {
            let found = self.texts.get(&run(bytes, at));
            found.is_some_and(|alike| {
                alike.iter().any(|&(known, place)| {
                    let end = at
                        .checked_sub(place)
                        .map(|start| (start, start + known.len()));
                    end.is_some_and(|(start, end)| {
                        bytes.get(start..end) == Some(known.as_bytes())
                            && ends_there(text, start)
                            && ends_there(text, end)
                    })
                })
            })
        })
    }
}

/// Places in a text at which runs begin, evenly spread.
fn choices(text: &str) -> impl Iterator<Item = usize> + Clone {
    let last = text.len() - RUN;
    let steps = last.min(CHOICES - 1);
    (0..=steps).map(move |step| (last * step).checked_div(steps).unwrap_or(0))
}

fn run(bytes: &[u8], place: usize) -> u64 {
    let run: [u8; RUN] = std::array::from_fn(|at| bytes[place + at]);
    u64::from_le_bytes(run)
}

/// Whether no word and no number goes on across this place of a text.
fn ends_there(text: &str, place: usize) -> bool {
    if !text.is_char_boundary(place) {
        return false;
    }
    let (before, after) = text.split_at(place);
    match (before.chars().next_back(), after.chars().next()) {
        (Some(before), Some(after)) => {
            let goes_on = |is: fn(char) -> bool| is(before) && is(after);
            !goes_on(char::is_alphabetic) && !goes_on(char::is_numeric)
        }
        _ => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(known: &[&str], written: &str, expected: bool) {
        assert_eq!(copied(known, &[written]) == 1, expected, "{written}");
    }

    #[test]
    fn a_text_of_one_row_is_found_wherever_it_stands() {
        let known = [
            "Pain at night",
            "came back in May",
            "thank you",
            "thank you",
            "ok",
            "Hugo",
        ];
        check(&known, "Pain at night", true);
        check(&known, "Pain at night 81", true);
        check(&known, "x: Pain at night17", true);
        check(&known, "he came back in May, she said", true);
        check(&known, "Pain at nightfall", false);
        check(&known, "Pain at day", false);
        // Several people wrote it, or it is short.
        check(&known, "thank you", false);
        check(&known, "Hugo", false);
        check(&known, "", false);
    }

    #[test]
    fn letters_of_several_bytes_and_many_texts_alike_are_no_trouble() {
        let known: Vec<String> = (0..500)
            .map(|i| format!("\u{e9}t\u{e9} chez Zo\u{eb} {i} !"))
            .collect();
        let known: Vec<&str> = known.iter().map(String::as_str).collect();
        check(&known, "un \u{e9}t\u{e9} chez Zo\u{eb} 77 !", true);
        check(&known, "un \u{e9}t\u{e9} chez Zo\u{eb} 501 !", false);
    }
}
