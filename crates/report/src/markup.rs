//! A writer of HTML and SVG that cannot leave a tag open and cannot let a text become markup.

use std::fmt::{Display, Write};

/// Names and values of attributes. Names are ours; values may come from anywhere, they are escaped.
pub(crate) type Attributes<'a> = &'a [(&'a str, &'a dyn Display)];

/// Markup under construction. Elements nest as closures nest, so every tag that is opened is closed.
#[derive(Debug, Default)]
pub(crate) struct Markup {
    out: String,
}

impl Markup {
    /// An element with content.
    pub(crate) fn node(
        &mut self,
        tag: &str,
        attributes: Attributes<'_>,
        content: impl FnOnce(&mut Self),
    ) {
        self.open(tag, attributes);
        self.out.push('>');
        content(self);
        let _ = write!(self.out, "</{tag}>");
        if !INLINE.contains(&tag) {
            self.out.push('\n');
        }
    }

    /// An element that holds a text.
    pub(crate) fn leaf(&mut self, tag: &str, attributes: Attributes<'_>, text: impl Display) {
        self.node(tag, attributes, |m| m.text(text));
    }

    /// An element without content.
    pub(crate) fn single(&mut self, tag: &str, attributes: Attributes<'_>) {
        self.open(tag, attributes);
        self.out.push_str("/>");
    }

    /// A text, escaped.
    pub(crate) fn text(&mut self, text: impl Display) {
        let _ = write!(Escaping(&mut self.out), "{text}");
    }

    /// The page so far, for texts that this crate wrote: a document type, a style sheet.
    pub(crate) fn trusted(&mut self, text: &'static str) {
        self.out.push_str(text);
    }

    /// A style sheet, as it is: no text from outside may be part of it.
    pub(crate) fn style(&mut self, css: &str) {
        self.out.push_str("<style>\n");
        self.out.push_str(css);
        self.out.push_str("</style>\n");
    }

    /// What was written.
    pub(crate) fn finish(self) -> String {
        self.out
    }

    fn open(&mut self, tag: &str, attributes: Attributes<'_>) {
        let _ = write!(self.out, "<{tag}");
        for (name, value) in attributes {
            let _ = write!(self.out, " {name}=\"");
            let _ = write!(Escaping(&mut self.out), "{value}");
            self.out.push('"');
        }
    }
}

/// Elements after which a line break would show as a space.
const INLINE: [&str; 10] = [
    "a", "b", "bdi", "code", "em", "span", "strong", "sub", "sup", "tspan",
];

/// Escapes what is written through it. Control characters and those that change the direction of writing become `U+FFFD`: a column name must
/// not be able to reorder the text around it.
struct Escaping<'a>(&'a mut String);

impl Write for Escaping<'_> {
    fn write_str(&mut self, text: &str) -> std::fmt::Result {
        for character in text.chars() {
            match character {
                '&' => self.0.push_str("&amp;"),
                '<' => self.0.push_str("&lt;"),
                '>' => self.0.push_str("&gt;"),
                '"' => self.0.push_str("&quot;"),
                '\'' => self.0.push_str("&#39;"),
                '\n' | '\t' => self.0.push(character),
                '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{200e}' | '\u{200f}' => {
                    self.0.push('\u{fffd}');
                }
                _ if character.is_control() => self.0.push('\u{fffd}'),
                _ => self.0.push(character),
            }
        }
        Ok(())
    }
}

/// A text cut to so many characters, with an ellipsis where something was cut off.
pub(crate) fn shortened(text: &str, characters: usize) -> String {
    if text.chars().count() <= characters {
        return text.to_owned();
    }
    let mut short: String = text.chars().take(characters.saturating_sub(1)).collect();
    short.truncate(short.trim_end().len());
    short.push('…');
    short
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_stays_a_text_wherever_it_stands() {
        let hostile = "\"><script>alert('x')</script>\u{202e}\u{7}";
        let mut m = Markup::default();
        m.node("p", &[("title", &hostile)], |m| m.text(hostile));
        let safe = "&quot;&gt;&lt;script&gt;alert(&#39;x&#39;)&lt;/script&gt;\u{fffd}\u{fffd}";
        assert_eq!(m.finish(), format!("<p title=\"{safe}\">{safe}</p>\n"));
    }

    #[test]
    fn long_names_end_in_an_ellipsis() {
        assert_eq!(shortened("abcdef", 6), "abcdef");
        assert_eq!(shortened("abc defg", 5), "abc…");
        assert_eq!(shortened("ÄÖÜß", 3), "ÄÖ…");
    }
}
