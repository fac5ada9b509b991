//! What can be read off a single source file or page.

use std::path::{Path, PathBuf};

use syn::visit::Visit;

use crate::workspace::Package;

/// A source file of a crate, without its tests.
pub(crate) struct Source {
    /// The path below `crates/`.
    pub(crate) name: String,
    text: String,
}

impl Source {
    /// Every file below `src` that is not a test.
    pub(crate) fn all(package: &Package) -> Vec<Self> {
        files(&package.folder.join("src"), "rs")
            .into_iter()
            .filter(|path| !is_test(path))
            .map(|path| {
                let below = path.strip_prefix(package.folder.join("../..").as_path());
                let name = below.unwrap_or(&path).display().to_string();
                let text = std::fs::read_to_string(&path).expect("readable");
                Self { name, text }
            })
            .collect()
    }

    /// The text before the tests at the end of the file, without comments.
    pub(crate) fn code(&self) -> String {
        let lines = self.text.lines();
        lines
            .take_while(|line| !line.starts_with("#[cfg(test)]"))
            .filter(|line| !line.trim_start().starts_with("//"))
            .map(|line| format!("{line}\n"))
            .collect()
    }

    /// What is longer than it should be.
    pub(crate) fn violations(
        &self,
        lines: usize,
        columns: usize,
        parameters: usize,
    ) -> Vec<String> {
        let mut found = Vec::new();
        let count = self.text.lines().count();
        if count > lines {
            found.push(format!("{}: {count} lines", self.name));
        }
        let mut example = false;
        for (number, line) in self.text.lines().enumerate() {
            let comment = line.trim_start().starts_with("//");
            if comment && line.contains("```") {
                example = !example;
            }
            let wide = line.chars().count() > columns;
            if wide && comment && !example {
                found.push(format!("{}:{}: a wide comment", self.name, number + 1));
            }
        }
        let mut visitor = Functions {
            parameters,
            found: Vec::new(),
        };
        visitor.visit_file(&self.parsed());
        let functions = visitor.found.into_iter();
        found.extend(functions.map(|function| format!("{}: {function}", self.name)));
        found
    }

    /// Names of structs, enums and traits that are public in their module.
    pub(crate) fn public_types(&self) -> Vec<String> {
        let public = |vis: &syn::Visibility| matches!(vis, syn::Visibility::Public(_));
        let parsed = self.parsed();
        let names = parsed.items.iter().filter_map(|item| match item {
            syn::Item::Struct(item) if public(&item.vis) => Some(item.ident.to_string()),
            syn::Item::Enum(item) if public(&item.vis) => Some(item.ident.to_string()),
            syn::Item::Trait(item) if public(&item.vis) => Some(item.ident.to_string()),
            _ => None,
        });
        names.collect()
    }

    fn parsed(&self) -> syn::File {
        syn::parse_file(&self.text).unwrap_or_else(|error| panic!("{}: {error}", self.name))
    }
}

/// Functions with too many parameters.
struct Functions {
    parameters: usize,
    found: Vec<String>,
}

impl<'ast> Visit<'ast> for Functions {
    fn visit_signature(&mut self, signature: &'ast syn::Signature) {
        let count = signature.inputs.len();
        if count > self.parameters {
            self.found
                .push(format!("fn {} takes {count} parameters", signature.ident));
        }
    }

    fn visit_item_mod(&mut self, module: &'ast syn::ItemMod) {
        if !is_for_tests(&module.attrs) {
            syn::visit::visit_item_mod(self, module);
        }
    }
}

/// Whether an item is compiled for tests alone.
pub(crate) fn is_for_tests(attributes: &[syn::Attribute]) -> bool {
    attributes.iter().any(|attribute| {
        attribute.path().is_ident("cfg")
            && attribute
                .parse_args::<syn::Path>()
                .is_ok_and(|path| path.is_ident("test"))
    })
}

/// Lines of prose in the pages that are too long; tables, links on their own and code cannot wrap.
pub(crate) fn long_markdown_lines(root: &Path, columns: usize) -> Vec<String> {
    let mut pages = files(&root.join("docs"), "md");
    pages.extend(["README.md", "CHANGELOG.md", "CONTRIBUTING.md"].map(|name| root.join(name)));
    let mut found = Vec::new();
    for page in pages {
        let text = std::fs::read_to_string(&page).expect("readable");
        let mut code = false;
        for (number, line) in text.lines().enumerate() {
            if line.trim_start().starts_with("```") {
                code = !code;
            }
            let wraps = !code && !line.trim_start().starts_with('|') && line.trim().contains(' ');
            if wraps && line.chars().count() > columns {
                let name = page.strip_prefix(root).unwrap_or(&page).display();
                found.push(format!("{name}:{}: a wide line", number + 1));
            }
        }
    }
    found
}

/// Files with this ending below a folder, sorted.
pub(crate) fn files(folder: &Path, ending: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut open = vec![folder.to_owned()];
    while let Some(next) = open.pop() {
        for entry in std::fs::read_dir(&next).expect("a folder") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                open.push(path);
            } else if path.extension().is_some_and(|own| own == ending) {
                found.push(path);
            }
        }
    }
    found.sort();
    found
}

/// Files that only tests are compiled from.
pub(crate) fn is_test(path: &Path) -> bool {
    let named = |name: &str| path.file_name().is_some_and(|file| file == name);
    named("tests.rs")
        || named("testing.rs")
        || named("vectors.rs")
        || path.components().any(|part| part.as_os_str() == "tests")
}
