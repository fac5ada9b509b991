//! `parable methods`: what there is to choose from.

use parable::METHODS;

use super::say;
use crate::failure::Failure;

pub(crate) fn run(json: bool) -> Result<(), Failure> {
    let list = METHODS.map(|method| {
        serde_json::json!({ "name": method.name, "private": method.private, "about": method.about })
    });
    let part = |private: bool| -> String {
        let methods = METHODS.iter().filter(|method| method.private == private);
        methods
            .map(|method| format!("  {:<20} {}\n", method.name, method.about))
            .collect()
    };
    let text = format!(
        "Without a formal guarantee:\n{}\nDifferentially private (with --epsilon and --delta):\n{}",
        part(false),
        part(true)
    );
    say(json, &serde_json::json!(list), text.trim_end());
    Ok(())
}
