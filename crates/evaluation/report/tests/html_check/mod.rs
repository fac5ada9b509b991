//! A small checker of pages: tags that nest, attributes that are well formed, and nothing that
//! loads or runs.

const EMPTY: [&str; 2] = ["meta", "br"];

/// Panics with the place if the page is not well formed, or holds what a page of ours must never
/// hold.
#[track_caller]
pub(crate) fn check(html: &str) {
    let body = html
        .strip_prefix("<!DOCTYPE html>")
        .expect("a document type");
    let mut open: Vec<&str> = Vec::new();
    let mut ids: Vec<&str> = Vec::new();
    let mut rest = body;
    while let Some(start) = rest.find('<') {
        assert!(
            !rest[..start].contains('>') || open.last() == Some(&"style"),
            "a bare > in text: {}",
            &rest[..start]
        );
        rest = &rest[start..];
        let end = rest.find('>').expect("a tag that ends");
        let tag = &rest[1..end];
        rest = &rest[end + 1..];
        if let Some(name) = tag.strip_prefix('/') {
            assert_eq!(
                open.pop(),
                Some(name),
                "closing tag out of order after {open:?}"
            );
            continue;
        }
        let name = tag.split([' ', '/']).next().expect("a name");
        assert!(
            name.bytes()
                .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit()),
            "tag <{tag}>"
        );
        assert!(
            ![
                "script",
                "iframe",
                "object",
                "embed",
                "link",
                "img",
                "base",
                "form",
                "foreignObject"
            ]
            .contains(&name),
            "<{name}>"
        );
        attributes(&tag[name.len()..], &mut ids);
        if name == "style" {
            let end = rest.find("</style>").expect("a style that ends");
            assert!(!rest[..end].contains("url(") && !rest[..end].contains("@import"));
            assert_eq!(
                rest[..end].matches('{').count(),
                rest[..end].matches('}').count()
            );
            rest = &rest[end..];
        }
        if !tag.ends_with('/') {
            assert!(!EMPTY.contains(&name));
            open.push(name);
        }
    }
    assert!(open.is_empty(), "left open: {open:?}");
    let mut sorted = ids.clone();
    sorted.sort_unstable();
    sorted.dedup();
    assert_eq!(sorted.len(), ids.len(), "ids stand once: {ids:?}");
    for link in html.split("href=\"").skip(1) {
        let target = link.split('"').next().expect("a target");
        assert!(
            target.strip_prefix('#').is_some_and(|id| ids.contains(&id)),
            "link to {target}"
        );
    }
    assert!(!html.contains("src="), "nothing is loaded");
}

/// Attributes are `name="value"`; numbers of drawings are numbers; none is an event handler.
#[track_caller]
fn attributes<'a>(mut text: &'a str, ids: &mut Vec<&'a str>) {
    loop {
        text = text.trim_start().trim_end_matches('/');
        if text.is_empty() {
            return;
        }
        let (name, rest) = text.split_once("=\"").expect("a value in quotes");
        let (value, rest) = rest.split_once('"').expect("a quote that ends");
        assert!(
            !name.starts_with("on") && name != "style",
            "attribute {name}"
        );
        match name {
            "x" | "y" | "x1" | "x2" | "y1" | "y2" | "cx" | "cy" | "r" | "width" | "height"
            | "font-size" => {
                assert!(
                    value.parse::<f64>().is_ok_and(f64::is_finite),
                    "{name}={value}"
                );
            }
            "d" | "viewBox" => {
                let fine = |c: char| c.is_ascii_digit() || " .-MLZhvz".contains(c);
                assert!(value.chars().all(fine), "{name}={value}");
            }
            "id" => ids.push(value),
            _ => {}
        }
        text = rest;
    }
}
