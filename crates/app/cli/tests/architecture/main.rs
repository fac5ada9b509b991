//! The structure that `docs/architecture.md` and `CONTRIBUTING.md` describe is the structure of the
//! sources: floors, arrows, files, names, and no circle of imports.

mod modules;
mod rust_versions;
mod sources;
mod workspace;

use std::collections::{BTreeMap, BTreeSet};

use modules::Modules;
use sources::Source;
use workspace::Workspace;

/// Floors from the ground up: a crate may use its own floor and those before it.
const FLOORS: [&str; 6] = ["base", "learning", "data", "methods", "evaluation", "app"];

/// Crates of the floor `methods` that methods share; the others are methods and do not know each other.
const SHARED_BY_METHODS: [&str; 4] = ["core", "measure", "nn", "testkit"];

/// Files that every method has, whatever else it has.
const METHOD_FILES: [&str; 5] = ["lib.rs", "config.rs", "fit.rs", "model.rs", "file.rs"];

/// Lines a file may have, tests and vectors apart. The aim is 500.
const MAX_FILE_LINES: usize = 700;

/// Columns that a comment or a Markdown line of prose may reach.
const MAX_COMMENT_COLUMNS: usize = 100;

/// Parameters that a function may take, `self` included. The aim is 5.
const MAX_PARAMETERS: usize = 7;

/// Files that hold lists of different lengths as `Vec<Vec<f64>>`. Matrices are `ndarray::Array2`, and
/// a list that many files share has a named type: the number may only fall.
const MAX_RAGGED_FILES: usize = 18;

/// The one known circle: a recipe lists its steps, and each step plans itself for a recipe.
const KNOWN_CIRCLE: &str = "clean: blank -> ";

/// Types of two crates that share a name: settings of a column in cart, a method in core.
const KNOWN_NAMES: [&str; 1] = ["Method"];

#[track_caller]
fn none(violations: Vec<String>, rule: &str) {
    assert!(
        violations.is_empty(),
        "{rule}; {} exceptions:\n{}",
        violations.len(),
        violations.join("\n")
    );
}

#[test]
fn crates_use_their_own_floor_and_those_below() {
    let workspace = Workspace::read();
    let height = |name: &str| {
        let floor = &workspace.crates[name].floor;
        FLOORS.iter().position(|known| known == floor)
    };
    let mut violations = Vec::new();
    for (name, package) in &workspace.crates {
        if height(name).is_none() {
            violations.push(format!("{name} is on the unknown floor {}", package.floor));
        }
        for used in &package.uses {
            if height(used) > height(name) {
                violations.push(format!("{name} uses {used}, which is on a higher floor"));
            }
        }
    }
    none(violations, "a crate uses its own floor and those below");
}

#[test]
fn methods_do_not_know_each_other() {
    let workspace = Workspace::read();
    let is_method = |name: &str| {
        workspace.crates[name].floor == "methods" && !SHARED_BY_METHODS.contains(&name)
    };
    let mut violations = Vec::new();
    for (name, package) in workspace.crates.iter().filter(|(name, _)| is_method(name)) {
        for used in package.uses.iter().filter(|used| is_method(used)) {
            violations.push(format!("{name} uses {used}"));
        }
        for file in METHOD_FILES {
            let own = package.folder.join("src").join(file);
            let folder = own.with_extension("").join("mod.rs");
            if !own.is_file() && !folder.is_file() {
                violations.push(format!("{name} has no {file}"));
            }
        }
    }
    none(
        violations,
        "a method knows no other method and has the five standard files",
    );
}

#[test]
fn arrows_of_the_map_are_the_dependencies() {
    let workspace = Workspace::read();
    let page = std::fs::read_to_string(workspace.root.join("docs/architecture.md"))
        .expect("docs/architecture.md");
    let drawn: BTreeSet<(String, String)> = page
        .lines()
        .filter_map(|line| line.trim().split_once(" --> "))
        .map(|(from, to)| (from.replace('_', "-"), to.replace('_', "-")))
        .collect();
    let real = workspace.arrows_that_do_not_follow();
    let missing = real
        .difference(&drawn)
        .map(|(a, b)| format!("{a} --> {b} is not drawn"));
    let wrong = drawn
        .difference(&real)
        .map(|(a, b)| format!("{a} --> {b} is drawn, but is no dependency or follows from others"));
    none(
        missing.chain(wrong).collect(),
        "docs/architecture.md draws the dependencies, without those that follow from others",
    );
}

#[test]
fn files_of_one_crate_import_each_other_without_circles() {
    let workspace = Workspace::read();
    let mut violations = Vec::new();
    for (name, package) in &workspace.crates {
        for circle in Modules::read(package).circles() {
            let circle = format!("{name}: {}", circle.join(" -> "));
            if !circle.starts_with(KNOWN_CIRCLE) {
                violations.push(circle);
            }
        }
    }
    none(
        violations,
        "files of one crate import each other without circles",
    );
}

#[test]
fn files_comments_and_parameter_lists_stay_short() {
    let workspace = Workspace::read();
    let mut violations = Vec::new();
    for package in workspace.crates.values() {
        for source in Source::all(package) {
            violations.extend(source.violations(
                MAX_FILE_LINES,
                MAX_COMMENT_COLUMNS,
                MAX_PARAMETERS,
            ));
        }
    }
    violations.extend(sources::long_markdown_lines(
        &workspace.root,
        MAX_COMMENT_COLUMNS,
    ));
    none(
        violations,
        "files, comments, pages and parameter lists stay short",
    );
}

#[test]
fn each_idea_has_one_home() {
    // The text that gives an idea away, and the crate it lives in.
    let homes = [
        ("<svg", "draw"),
        ("ChaCha", "seed"),
        ("fn cholesky", "linalg"),
    ];
    let workspace = Workspace::read();
    let (mut violations, mut ragged) = (Vec::new(), Vec::new());
    for (name, package) in &workspace.crates {
        for source in Source::all(package) {
            if source.code().contains("Vec<Vec<f64>>") {
                ragged.push(source.name.clone());
            }
            for (text, home) in homes {
                if name != home && source.code().contains(text) {
                    violations.push(format!("{}: `{text}` belongs to {home}", source.name));
                }
            }
        }
    }
    none(violations, "each idea has one home");
    assert!(
        ragged.len() <= MAX_RAGGED_FILES,
        "{} files hold `Vec<Vec<f64>>`: {ragged:?}",
        ragged.len()
    );
}

#[test]
fn crates_state_the_rust_that_their_dependencies_need() {
    none(
        rust_versions::too_old(),
        "a crate states a rust-version that its dependencies build with",
    );
}

#[test]
fn public_types_have_unique_names() {
    let workspace = Workspace::read();
    let mut homes: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for (name, package) in &workspace.crates {
        for source in Source::all(package) {
            for item in source.public_types() {
                homes.entry(item).or_default().insert(name.clone());
            }
        }
    }
    // Every crate has errors of its own under this name, as crates of the ecosystem do.
    homes.remove("Error");
    for name in KNOWN_NAMES {
        homes.remove(name);
    }
    let shared = homes.into_iter().filter(|(_, crates)| crates.len() > 1);
    none(
        shared
            .map(|(item, crates)| format!("{item}: {crates:?}"))
            .collect(),
        "a public type has a name that no other crate gives to another type",
    );
}
