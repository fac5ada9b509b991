//! `parable methods`: the list of methods.

use parable::MethodInfo;

use crate::failure::Failure;
use crate::session::Session;

pub(crate) fn run(session: &Session) -> Result<(), Failure> {
    let all = || session.methods.iter();
    let entry = |method: &MethodInfo| serde_json::json!({ "name": method.name(), "private": method.is_private(), "about": method.about() });
    let list: Vec<_> = all().map(entry).collect();
    let part = |private: bool| -> String {
        all()
            .filter(|method| method.is_private() == private)
            .map(|method| format!("  {:<20} {}\n", method.name(), method.about()))
            .collect()
    };
    let text = format!(
        "Without a formal guarantee:\n{}\nDifferentially private (with --epsilon and --delta):\n{}",
        part(false),
        part(true)
    );
    session.say(&serde_json::json!(list), text.trim_end());
    Ok(())
}
