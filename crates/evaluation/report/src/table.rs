//! Tables of the page: each scrolls inside its own box when it is wider than the screen.

use std::fmt::Display;

use parable_draw::markup::Markup;
use parable_judge::Band;

/// The content of a column of a table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Words, from the left.
    Words,
    /// Figures, from the right.
    Figures,
}
pub(crate) use Kind::{Figures, Words};

/// A table with a caption and a head; the content writes the rows.
pub(crate) fn table(
    m: &mut Markup,
    caption: &str,
    heads: &[(&str, Kind)],
    rows: impl FnOnce(&mut Markup),
) {
    boxed(m, caption, |m| {
        m.node("thead", &[], |m| {
            m.node("tr", &[], |m| {
                for (text, kind) in heads {
                    let class = if *kind == Figures { "f" } else { "w" };
                    m.leaf("th", &[("scope", &"col"), ("class", &class)], text);
                }
            });
        });
        m.node("tbody", &[], rows);
    });
}

/// A table whose head and bodies the content writes.
pub(crate) fn boxed(m: &mut Markup, caption: &str, content: impl FnOnce(&mut Markup)) {
    m.node(
        "div",
        &[
            ("class", &"scroll"),
            ("role", &"region"),
            ("tabindex", &"0"),
            ("aria-label", &caption),
        ],
        |m| {
            m.node("table", &[], |m| {
                m.leaf("caption", &[], caption);
                content(m);
            });
        },
    );
}

/// A row.
pub(crate) fn row(m: &mut Markup, cells: impl FnOnce(&mut Markup)) {
    m.node("tr", &[], cells);
}

/// The name at the start of a row.
pub(crate) fn head(m: &mut Markup, name: impl Display) {
    m.node("th", &[("scope", &"row")], |m| m.leaf("bdi", &[], name));
}

/// A cell of words.
pub(crate) fn words(m: &mut Markup, text: impl Display) {
    m.node("td", &[("class", &"w")], |m| m.leaf("bdi", &[], text));
}

/// A cell of figures.
pub(crate) fn figures(m: &mut Markup, text: impl Display) {
    m.leaf("td", &[("class", &"f")], text);
}

/// A band as a letter in a coloured field, with its word for those who do not see it.
pub(crate) fn badge(m: &mut Markup, band: Band, word: &str) {
    m.leaf(
        "span",
        &[
            ("class", &class(band)),
            ("title", &word),
            (
                "aria-label",
                &format_args!("band {}, {word}", band.letter()),
            ),
        ],
        band.letter(),
    );
}

/// The class that gives the colour.
const fn class(band: Band) -> &'static str {
    match band {
        Band::A => "band a",
        Band::B => "band b",
        Band::C => "band c",
        Band::D => "band d",
    }
}

/// A dash in place of a band that does not exist.
pub(crate) fn unbanded(m: &mut Markup, why: &str) {
    m.leaf(
        "span",
        &[
            ("class", &"band none"),
            ("title", &format_args!("no band: {why}")),
        ],
        parable_draw::number::NONE,
    );
}
