//! How a model draws a column, as text.

use crate::CartModel;

/// Splits shown below the root of a tree.
pub(crate) const DEPTH: usize = 6;

/// Returns the predictors of a column by importance, and its trees. `None` for a column that no
/// tree draws.
pub(crate) fn explain(model: &CartModel, column: &str) -> Option<String> {
    let tree = model.draw_tree(column, DEPTH)?;
    let mut text = String::new();
    for own in model.importance().iter().filter(|own| own.column == column) {
        text.push_str(&format!(
            "{column}: predictors by importance (together they explain {:.2} of its variation)\n",
            own.explained
        ));
        for (name, share) in &own.predictors {
            text.push_str(&format!("  {share:6.3}  {name}\n"));
        }
    }
    text.push_str(&format!("\n{tree}"));
    Some(text)
}
