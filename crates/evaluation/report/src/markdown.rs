//! The page as Markdown with tables, from the same tree as the HTML. Drawings become their
//! descriptions.
use parable_draw::markup::{Element, MarkupNode, printable};

/// The nodes as Markdown.
pub(crate) fn markdown(nodes: &[MarkupNode]) -> String {
    let mut writer = Writer::default();
    writer.blocks(nodes);
    writer.flush();
    let mut text = writer.out;
    while text.ends_with('\n') {
        text.pop();
    }
    text.push('\n');
    text
}

#[derive(Default)]
struct Writer {
    out: String,
    /// A paragraph that is being collected from loose texts and inline elements.
    loose: String,
}

/// Elements whose content is a run of text.
const INLINE: [&str; 9] = [
    "a", "b", "bdi", "code", "em", "span", "strong", "sub", "sup",
];

impl Writer {
    fn blocks(&mut self, nodes: &[MarkupNode]) {
        for node in nodes {
            match node {
                MarkupNode::Text(text) => self.loose.push_str(&escaped(text)),
                MarkupNode::Style(_) => {}
                MarkupNode::Element(element) if INLINE.contains(&element.tag()) => {
                    let mut text = String::new();
                    inline(&mut text, node);
                    self.loose.push_str(&text);
                }
                MarkupNode::Element(element) => {
                    self.flush();
                    self.block(element);
                    self.flush();
                }
            }
        }
    }

    fn block(&mut self, element: &Element) {
        // What only a screen needs: links within the page, keys of drawings, the second copy of the
        // verdict for small screens.
        if matches!(element.tag(), "head" | "nav")
            || element.has_class("key")
            || element.has_class("strip")
        {
            return;
        }
        match element.tag() {
            "h1" => self.heading("#", element),
            "h2" => self.heading("##", element),
            "h3" => self.heading("###", element),
            "p" => self.paragraph(&run(element.children())),
            "caption" | "figcaption" | "summary" => {
                let text = run(element.children());
                if !text.trim().is_empty() {
                    self.paragraph(&format!("**{}**", text.trim()));
                }
            }
            "svg" if element.has_class("legend") => {}
            "svg" => {
                if let Some(description) = element.attribute("aria-label") {
                    self.paragraph(&format!(
                        "*Drawing in the HTML form: {}.*",
                        escaped(description)
                    ));
                }
            }
            "ul" | "ol" => self.list(element),
            "dl" => self.facts(element),
            "table" => self.table(element),
            "pre" => {
                let mut text = String::new();
                plain(&mut text, element.children());
                let fence = "`".repeat(longest_run(&text, '`').max(2) + 1);
                self.paragraph(&format!("{fence}\n{}\n{fence}", text.trim_end()));
            }
            _ => self.blocks(element.children()),
        }
    }

    fn heading(&mut self, marks: &str, element: &Element) {
        let text = run(element.children());
        self.paragraph(&format!("{marks} {}", text.trim()));
    }

    fn paragraph(&mut self, text: &str) {
        let text = text.trim();
        if !text.is_empty() {
            self.out.push_str(text);
            self.out.push_str("\n\n");
        }
    }

    fn flush(&mut self) {
        let text = std::mem::take(&mut self.loose);
        self.paragraph(&text);
    }

    fn list(&mut self, list: &Element) {
        for item in children(list, "li") {
            let text = run(item.children());
            let text = text.trim();
            if item.has_class("here") {
                self.out.push_str(&format!("- **{text}**\n"));
            } else {
                self.out.push_str(&format!("- {text}\n"));
            }
        }
        self.out.push('\n');
    }

    /// Names and what they stand for, each pair in an element of its own.
    fn facts(&mut self, list: &Element) {
        for fact in children(list, "div") {
            let part = |tag| -> String {
                children(fact, tag)
                    .map(|element| run(element.children()))
                    .collect()
            };
            self.out
                .push_str(&format!("- {}: {}\n", part("dt").trim(), part("dd").trim()));
        }
        self.out.push('\n');
    }

    fn table(&mut self, table: &Element) {
        for caption in children(table, "caption") {
            self.block(caption);
        }
        let rows_of = |tag: &'static str| {
            children(table, tag)
                .flat_map(|part| children(part, "tr"))
                .map(|row| {
                    row.children()
                        .iter()
                        .filter_map(|node| match node {
                            MarkupNode::Element(cell) => Some(cell),
                            _ => None,
                        })
                        .collect::<Vec<_>>()
                })
                .collect::<Vec<_>>()
        };
        let (heads, bodies) = (rows_of("thead"), rows_of("tbody"));
        let width = heads.iter().chain(&bodies).map(Vec::len).max().unwrap_or(0);
        if width == 0 {
            return;
        }
        let first = heads.first().map_or(&[][..], Vec::as_slice);
        self.row(first, width);
        self.out.push('|');
        for column in 0..width {
            let figures = first.get(column).is_some_and(|cell| cell.has_class("f"));
            self.out.push_str(if figures { " --: |" } else { " --- |" });
        }
        self.out.push('\n');
        for row in &bodies {
            self.row(row, width);
        }
        self.out.push('\n');
    }

    fn row(&mut self, cells: &[&Element], width: usize) {
        self.out.push('|');
        for column in 0..width {
            let text = cells.get(column).map_or_else(String::new, |cell| {
                let text = run(cell.children());
                if cell.attribute("colspan").is_some() {
                    format!("**{}**", text.trim())
                } else {
                    text
                }
            });
            self.out.push(' ');
            self.out.push_str(&text.trim().replace('\n', " "));
            self.out.push_str(" |");
        }
        self.out.push('\n');
    }
}

fn children<'a>(of: &'a Element, tag: &'a str) -> impl Iterator<Item = &'a Element> {
    of.children().iter().filter_map(move |node| match node {
        MarkupNode::Element(element) if element.tag() == tag => Some(element),
        _ => None,
    })
}

/// What is in a paragraph or a cell, on one line.
fn run(nodes: &[MarkupNode]) -> String {
    let mut text = String::new();
    nodes.iter().for_each(|node| inline(&mut text, node));
    text
}

fn inline(out: &mut String, node: &MarkupNode) {
    match node {
        MarkupNode::Text(text) => out.push_str(&escaped(text)),
        MarkupNode::Style(_) => {}
        MarkupNode::Element(element) => {
            if element.attribute("aria-hidden").is_some() || element.tag() == "svg" {
                return;
            }
            let text = run(element.children());
            let text = text.trim();
            let strong = matches!(element.tag(), "b" | "strong") || element.has_class("band");
            match () {
                () if element.has_class("blank") => out.push_str("\\_\\_\\_\\_\\_\\_\\_\\_"),
                () if text.is_empty() => {}
                () if element.has_class("sub") => out.push_str(&format!(" ({text})")),
                () if strong => out.push_str(&format!("**{text}** ")),
                () if INLINE.contains(&element.tag()) => out.push_str(&run(element.children())),
                () => out.push_str(&format!(" {text} ")),
            }
        }
    }
}

fn plain(out: &mut String, nodes: &[MarkupNode]) {
    for node in nodes {
        match node {
            MarkupNode::Text(text) => out.extend(text.chars().map(printable)),
            MarkupNode::Style(_) => {}
            MarkupNode::Element(element) => plain(out, element.children()),
        }
    }
}

fn longest_run(text: &str, of: char) -> usize {
    let (mut longest, mut now) = (0, 0);
    for character in text.chars() {
        now = if character == of { now + 1 } else { 0 };
        longest = longest.max(now);
    }
    longest
}

/// A text that Markdown takes as it is: marks are escaped, lines joined. An underscore inside a
/// word is no mark.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let characters: Vec<char> = text.chars().map(printable).collect();
    for (index, &character) in characters.iter().enumerate() {
        let word = |at: Option<usize>| {
            at.and_then(|at| characters.get(at))
                .is_some_and(|character| character.is_alphanumeric() || *character == '_')
        };
        match character {
            '\\' | '`' | '*' | '[' | ']' | '|' | '#' | '~' => out.extend(['\\', character]),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '&' => out.push_str("&amp;"),
            '_' if !(word(index.checked_sub(1)) && word(Some(index + 1))) => out.push_str("\\_"),
            '\n' | '\t' => out.push(' '),
            _ => out.push(character),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use parable_draw::markup::Markup;

    #[track_caller]
    fn check(build: impl FnOnce(&mut Markup), expected: &str) {
        let mut m = Markup::default();
        build(&mut m);
        assert_eq!(markdown(&m.into_nodes()), expected);
    }

    #[test]
    fn names_cannot_become_marks() {
        check(
            |m| m.leaf("p", &[], "post_reading _x_ **b** | <b> [a](b)\n# c"),
            "post_reading \\_x\\_ \\*\\*b\\*\\* \\| &lt;b&gt; \\[a\\](b) \\# c\n",
        );
    }

    #[test]
    fn tables_lists_and_facts_keep_their_shape() {
        check(
            |m| {
                crate::table::table(
                    m,
                    "Sizes",
                    &[
                        ("Name", crate::table::Words),
                        ("Rows", crate::table::Figures),
                    ],
                    |m| {
                        crate::table::row(m, |m| {
                            crate::table::head(m, "a|b");
                            crate::table::figures(m, 7);
                        });
                    },
                );
                m.node("ul", &[], |m| m.leaf("li", &[], "one"));
            },
            "**Sizes**\n\n| Name | Rows |\n| --- | --: |\n| a\\|b | 7 |\n\n- one\n",
        );
    }

    #[test]
    fn a_drawing_is_described() {
        check(
            |m| {
                m.node("svg", &[("aria-label", &"Histogram of age")], |m| {
                    m.leaf("text", &[], "12%");
                });
            },
            "*Drawing in the HTML form: Histogram of age.*\n",
        );
    }
}
