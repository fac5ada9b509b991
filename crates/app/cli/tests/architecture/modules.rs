//! Which file of a crate imports from which, and the circles among them.

use std::collections::{BTreeMap, BTreeSet};

use syn::visit::Visit;
use syn::{Item, UseTree};

use crate::sources::{files, is_for_tests, is_test};
use crate::workspace::Package;

type ModulePath = Vec<String>;

/// The modules of a crate that have a file of their own.
pub(crate) struct Modules {
    files: BTreeMap<ModulePath, syn::File>,
    /// For each module the items it passes on: the name, and the path it comes from.
    reexports: BTreeMap<ModulePath, BTreeMap<String, ModulePath>>,
}

impl Modules {
    /// Parses the sources of a crate, tests apart.
    pub(crate) fn read(package: &Package) -> Self {
        let src = package.folder.join("src");
        let mut parsed = BTreeMap::new();
        for path in files(&src, "rs").into_iter().filter(|path| !is_test(path)) {
            let below = path
                .strip_prefix(&src)
                .expect("below src")
                .with_extension("");
            let mut module: ModulePath = below
                .components()
                .map(|part| part.as_os_str().to_str().expect("UTF-8").to_owned())
                .collect();
            if module.last().is_some_and(|last| last == "mod")
                || module == ["lib"]
                || module == ["main"]
            {
                module.pop();
            }
            let text = std::fs::read_to_string(&path).expect("readable");
            parsed.insert(module, syn::parse_file(&text).expect("Rust"));
        }
        let mut modules = Self {
            files: parsed,
            reexports: BTreeMap::new(),
        };
        modules.reexports = modules.find_reexports();
        modules
    }

    fn find_reexports(&self) -> BTreeMap<ModulePath, BTreeMap<String, ModulePath>> {
        let mut all = BTreeMap::new();
        for (module, file) in &self.files {
            let mut own = BTreeMap::new();
            for item in &file.items {
                if let Item::Use(item) = item
                    && !matches!(item.vis, syn::Visibility::Inherited)
                {
                    for (path, name) in leaves(&item.tree) {
                        own.insert(name, absolute(module, &path));
                    }
                }
            }
            all.insert(module.clone(), own);
        }
        all
    }

    /// Groups of files each of which imports, directly or through others, from every other.
    ///
    /// A folder's own file (`mod.rs`, `lib.rs`) declares and passes on; what counts is where an
    /// item is defined.
    pub(crate) fn circles(&self) -> Vec<Vec<String>> {
        let edges: BTreeMap<&ModulePath, BTreeSet<ModulePath>> = self
            .files
            .iter()
            .map(|(module, file)| (module, self.imports(module, file)))
            .collect();
        let mut reach: BTreeMap<&ModulePath, BTreeSet<&ModulePath>> = BTreeMap::new();
        for &start in edges.keys() {
            let mut seen = BTreeSet::new();
            let mut open: Vec<&ModulePath> = edges[start].iter().collect();
            while let Some(next) = open.pop() {
                if seen.insert(next) {
                    open.extend(edges.get(next).into_iter().flatten());
                }
            }
            reach.insert(start, seen);
        }
        let mut groups: BTreeSet<Vec<String>> = BTreeSet::new();
        for (&module, reached) in &reach {
            if reached.contains(module) {
                let mutual = reach
                    .iter()
                    .filter(|(other, back)| reached.contains(*other) && back.contains(module));
                let names: Vec<String> = mutual.map(|(other, _)| other.join("::")).collect();
                groups.insert(names);
            }
        }
        groups.into_iter().filter(|group| group.len() > 1).collect()
    }

    fn imports(&self, module: &ModulePath, file: &syn::File) -> BTreeSet<ModulePath> {
        let mut visitor = Paths {
            module,
            found: Vec::new(),
        };
        visitor.visit_file(file);
        visitor
            .found
            .iter()
            .map(|path| self.home(path, 0))
            .filter(|home| home != module)
            .collect()
    }

    /// The file that defines what a path names.
    fn home(&self, path: &ModulePath, depth: usize) -> ModulePath {
        let longest = (0..=path.len())
            .rev()
            .find(|&length| self.files.contains_key(&path[..length]))
            .unwrap_or(0);
        let (module, rest) = path.split_at(longest);
        let passed_on = rest
            .first()
            .and_then(|name| self.reexports.get(module)?.get(name));
        match passed_on {
            Some(source) if depth < 8 && source != path => {
                let mut source = source.clone();
                source.extend_from_slice(&rest[1..]);
                self.home(&source, depth + 1)
            }
            _ => module.to_vec(),
        }
    }
}

/// The paths inside the crate that a file names.
struct Paths<'a> {
    module: &'a ModulePath,
    found: Vec<ModulePath>,
}

impl<'ast> Visit<'ast> for Paths<'_> {
    fn visit_item_use(&mut self, item: &'ast syn::ItemUse) {
        // Passing an item on is no use of it.
        if matches!(item.vis, syn::Visibility::Inherited) && !is_for_tests(&item.attrs) {
            for (path, _) in leaves(&item.tree) {
                if matches!(path[0].as_str(), "crate" | "super" | "self") {
                    self.found.push(absolute(self.module, &path));
                }
            }
        }
    }

    fn visit_path(&mut self, path: &'ast syn::Path) {
        let names: ModulePath = path
            .segments
            .iter()
            .map(|part| part.ident.to_string())
            .collect();
        if names.len() > 1 && matches!(names[0].as_str(), "crate" | "super") {
            self.found.push(absolute(self.module, &names));
        }
        syn::visit::visit_path(self, path);
    }

    fn visit_item_mod(&mut self, module: &'ast syn::ItemMod) {
        // Modules inside a file are tests here; their `super` is the file.
        if !is_for_tests(&module.attrs) && module.content.is_some() {
            syn::visit::visit_item_mod(self, module);
        }
    }
}

/// The paths of a `use` item and the names they get.
fn leaves(tree: &UseTree) -> Vec<(ModulePath, String)> {
    let below = |name: String, tree: &UseTree| {
        let inner = leaves(tree).into_iter();
        inner
            .map(|(path, own)| {
                let own = if own == "self" { name.clone() } else { own };
                let path = path
                    .into_iter()
                    .filter(|part| part != "self" || name == "self");
                (std::iter::once(name.clone()).chain(path).collect(), own)
            })
            .collect()
    };
    match tree {
        UseTree::Path(path) => below(path.ident.to_string(), &path.tree),
        UseTree::Name(name) => vec![(vec![name.ident.to_string()], name.ident.to_string())],
        UseTree::Rename(rename) => {
            vec![(vec![rename.ident.to_string()], rename.rename.to_string())]
        }
        UseTree::Glob(_) => vec![(Vec::new(), "*".to_owned())],
        UseTree::Group(group) => group.items.iter().flat_map(leaves).collect(),
    }
}

/// The path from the root of the crate, of a path as written in a module.
fn absolute(module: &[String], path: &[String]) -> ModulePath {
    let mut base = module.to_vec();
    let mut rest = path;
    match path.first().map(String::as_str) {
        Some("crate") => {
            base.clear();
            rest = &path[1..];
        }
        Some("self") => rest = &path[1..],
        _ => {}
    }
    while rest.first().is_some_and(|part| part == "super") {
        base.pop();
        rest = &rest[1..];
    }
    base.extend_from_slice(rest);
    base
}
