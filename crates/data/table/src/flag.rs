//! Which of two values of a column means yes.

use crate::{Field, Kind};

/// The code of the level that means yes, for a categorical column whose two levels are one of the usual pairs; codes of a boolean
/// column are in the order false, true.
pub(crate) fn yes_code(field: &Field) -> Option<u32> {
    if let Kind::Boolean { .. } = field.kind {
        return Some(1);
    }
    let levels = field.kind.levels()?;
    if levels.len() != 2 {
        return None;
    }
    let texts: Vec<String> = levels.iter().map(str::to_lowercase).collect();
    PAIRS.iter().find_map(|&(no, yes)| {
        if texts[0] == no && texts[1] == yes {
            Some(1)
        } else if texts[1] == no && texts[0] == yes {
            Some(0)
        } else {
            None
        }
    })
}

const PAIRS: [(&str, &str); 5] = [
    ("0", "1"),
    ("no", "yes"),
    ("n", "y"),
    ("false", "true"),
    ("f", "t"),
];
