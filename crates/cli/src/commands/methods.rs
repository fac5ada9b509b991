//! `parable methods`: what there is to choose from.

use parable::METHODS;

use super::say;
use crate::failure::Failure;

pub(crate) fn run(json: bool) -> Result<(), Failure> {
    let list: Vec<_> = METHODS
        .iter()
        .map(|(name, about)| serde_json::json!({ "name": name, "about": about }))
        .collect();
    let lines = METHODS.map(|(name, about)| format!("{name:<20} {about}"));
    say(json, &serde_json::json!(list), &lines.join("\n"));
    Ok(())
}
