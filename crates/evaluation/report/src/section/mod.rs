//! The parts of the page, one per file, in the order of the page.

mod associations;
mod attacks;
mod card;
mod cells;
mod clusters;
mod columns;
mod cost;
mod custom;
mod disclosure;
mod header;
mod membership;
mod missing;
mod placement;
mod predictions;
mod privacy;
mod regressions;
mod rules;
mod statement;
mod subgroups;
mod summary;
mod tradeoff;
mod trial;
mod verdicts;
mod whole;

use std::fmt::Display;

use parable_draw::markup::Markup;
use parable_draw::{Series, number};
use parable_metrics::Undefined;

pub(crate) use associations::associations;
pub(crate) use card::{card, uses};
pub(crate) use clusters::clusters;
pub(crate) use columns::columns;
pub(crate) use cost::cost;
pub(crate) use custom::{custom, id as custom_id};
pub(crate) use header::header;
pub(crate) use missing::missing;
pub(crate) use placement::placement;
pub(crate) use predictions::predictions;
pub(crate) use privacy::privacy;
pub(crate) use regressions::regressions;
pub(crate) use rules::rules;
pub(crate) use statement::{blanks, statement};
pub(crate) use subgroups::subgroups;
pub(crate) use summary::summary;
pub(crate) use tradeoff::tradeoff;
pub(crate) use trial::trial;
pub(crate) use verdicts::{capitalised, headline, verdicts};
pub(crate) use whole::whole;

/// A part of the page with its heading and the sentence that says what it shows.
pub(crate) fn section(
    m: &mut Markup,
    id: &str,
    title: &str,
    lead: &str,
    content: impl FnOnce(&mut Markup),
) {
    m.node("section", &[("id", &id)], |m| {
        m.leaf("h2", &[], title);
        if !lead.is_empty() {
            m.leaf("p", &[("class", &"lead")], lead);
        }
        content(m);
    });
}

/// A paragraph.
pub(crate) fn paragraph(m: &mut Markup, text: impl Display) {
    m.leaf("p", &[], text);
}

/// A remark in small type.
pub(crate) fn remark(m: &mut Markup, text: impl Display) {
    m.leaf("p", &[("class", &"remark")], text);
}

/// A heading and its points, if there are any.
pub(crate) fn list(m: &mut Markup, title: &str, points: &[String]) {
    if points.is_empty() {
        return;
    }
    m.leaf("h3", &[], title);
    m.node("ul", &[("class", &"log")], |m| {
        for point in points {
            m.leaf("li", &[], point);
        }
    });
}

/// Questions with room for an answer in handwriting.
pub(crate) fn form(m: &mut Markup, questions: &[&str]) {
    m.node("dl", &[("class", &"form")], |m| {
        for question in questions {
            m.node("div", &[], |m| {
                m.leaf("dt", &[], question);
                m.node("dd", &[], |m| m.leaf("span", &[("class", &"blank")], ""));
            });
        }
    });
}

/// A legend of the colours and shapes of a drawing.
pub(crate) fn legend(m: &mut Markup, entries: &[(Series, &str)]) {
    let entries = entries.iter();
    key(
        m,
        entries.map(|(series, text)| (series.class(), series.symbol(), *text)),
    );
}

/// A legend with the class, the symbol and the text of each entry.
pub(crate) fn key<'a>(
    m: &mut Markup,
    entries: impl IntoIterator<Item = (&'static str, &'static str, &'a str)>,
) {
    m.node("p", &[("class", &"key")], |m| {
        for (class, symbol, text) in entries {
            m.node("span", &[("class", &"entry")], |m| {
                m.leaf(
                    "span",
                    &[
                        ("class", &format_args!("sample {class}")),
                        ("aria-hidden", &"true"),
                    ],
                    symbol,
                );
                m.text(" ");
                m.text(text);
            });
        }
    });
}

/// A legend of the colours of overlaid bars.
pub(crate) fn bar_legend(m: &mut Markup) {
    m.node("p", &[("class", &"key")], |m| {
        for (class, text) in [
            ("swatch both", "in both tables"),
            ("swatch real", "more in the real table"),
            ("swatch syn", "more in the synthetic table"),
        ] {
            m.node("span", &[("class", &"entry")], |m| {
                m.leaf("span", &[("class", &class), ("aria-hidden", &"true")], "");
                m.text(" ");
                m.text(text);
            });
        }
    });
}

/// An answer that may not exist.
pub(crate) fn yes_no(answer: Option<bool>) -> &'static str {
    match answer {
        Some(true) => "yes",
        Some(false) => "no",
        None => number::NONE,
    }
}

/// A value, or the reason why there is none.
pub(crate) fn or_reason(value: Option<f64>, reason: Option<Undefined>) -> String {
    match (value, reason) {
        (Some(value), _) => number::value(value),
        (None, Some(reason)) => format!("undefined: {}", reason.text()),
        (None, None) => number::NONE.to_owned(),
    }
}
