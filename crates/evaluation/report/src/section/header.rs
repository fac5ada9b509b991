//! Title, labels, and what was compared.

use parable_draw::markup::Markup;
use parable_draw::number;

use crate::ReportInput;

/// The head of the page.
pub(crate) fn header(m: &mut Markup, input: &ReportInput) {
    m.node("header", &[], |m| {
        m.node("p", &[("class", &"labels")], |m| {
            m.leaf("strong", &[("class", &"label loud")], "Synthetic, not real");
            m.leaf(
                "span",
                &[("class", &"label")],
                "For the data owner only: this page contains exact statistics of the real table",
            );
        });
        m.leaf("h1", &[], &input.title);
        m.node("dl", &[("class", &"facts")], |m| {
            fact(
                m,
                "Real table",
                format!(
                    "{}, {} rows × {} columns",
                    input.data_name,
                    number::count(input.source_rows),
                    number::count(input.source_columns)
                ),
            );
            if let Some(first) = input.methods.first() {
                let inputs = &first.evaluation.inputs;
                let mut rows = format!(
                    "{} real, {} synthetic rows",
                    number::count(inputs.real_rows),
                    number::count(inputs.synthetic_rows)
                );
                match inputs.holdout_rows {
                    Some(holdout) => {
                        rows.push_str(&format!(", {} held out", number::count(holdout)))
                    }
                    None => rows.push_str(", no holdout"),
                }
                fact(
                    m,
                    "Compared",
                    format!("{rows}, {} columns", number::count(inputs.columns)),
                );
                fact(m, "Seed", seed(first.evaluation.seed.to_string()));
                fact(m, "Tool", format!("parable {}", env!("CARGO_PKG_VERSION")));
            }
            if let Some(time) = &input.generated_at {
                fact(m, "Made", time.clone());
            }
        });
    });
}

/// The first digits of a seed: enough to recognise it; the method card has all.
fn seed(digits: String) -> String {
    format!("{}…", digits.chars().take(12).collect::<String>())
}

fn fact(m: &mut Markup, name: &str, text: String) {
    m.node("div", &[], |m| {
        m.leaf("dt", &[], name);
        m.leaf("dd", &[], text);
    });
}
