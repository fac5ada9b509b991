//! What the methods took.

use super::{remark, section};
use crate::markup::Markup;
use crate::table::{self, Figures, Words};
use crate::{ReportInput, number};

/// Time and memory of each method.
pub(crate) fn cost(m: &mut Markup, input: &ReportInput) {
    section(m, "cost", "Cost", "", |m| {
        if input.methods.iter().all(|method| method.cost.is_none()) {
            remark(m, "Not measured.");
            return;
        }
        let heads = [
            ("Method", Words),
            ("Fit", Figures),
            ("Sample", Figures),
            ("Evaluate", Figures),
            ("Peak memory", Figures),
        ];
        table::table(m, "Wall-clock time and memory", &heads, |m| {
            for method in &input.methods {
                let cost = method.cost.unwrap_or_default();
                table::row(m, |m| {
                    table::head(m, &method.name);
                    for span in [cost.fit_seconds, cost.sample_seconds, cost.evaluate_seconds] {
                        table::figures(m, number::or_none(span, number::seconds));
                    }
                    table::figures(
                        m,
                        cost.peak_memory_bytes
                            .map_or_else(|| number::NONE.to_owned(), number::bytes),
                    );
                });
            }
        });
    });
}
