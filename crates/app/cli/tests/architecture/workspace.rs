//! The crates of the workspace, where they are and what they use.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

/// The crates below `crates/`, by the name of their folder.
pub(crate) struct Workspace {
    pub(crate) root: PathBuf,
    pub(crate) crates: BTreeMap<String, Package>,
}

/// A crate of the workspace.
pub(crate) struct Package {
    pub(crate) floor: String,
    pub(crate) folder: PathBuf,
    /// Crates of the workspace that it needs to build, those behind features included.
    pub(crate) uses: BTreeSet<String>,
}

impl Workspace {
    /// Asks cargo.
    pub(crate) fn read() -> Self {
        let metadata = metadata(&["--no-deps"]);
        let root = PathBuf::from(text(&metadata["workspace_root"]));
        let packages = metadata["packages"].as_array().expect("a list");
        let folders: BTreeMap<&str, PathBuf> = packages
            .iter()
            .map(|package| {
                let manifest = Path::new(text(&package["manifest_path"]));
                let folder = manifest.parent().expect("a manifest is in a folder");
                (text(&package["name"]), folder.to_owned())
            })
            .filter(|(_, folder)| folder.starts_with(root.join("crates")))
            .collect();
        let crates = packages
            .iter()
            .filter_map(|package| {
                let folder = folders.get(text(&package["name"]))?;
                let dependencies = package["dependencies"].as_array().expect("a list");
                let uses = dependencies
                    .iter()
                    .filter(|dependency| dependency["kind"].is_null())
                    .filter_map(|dependency| folders.get(text(&dependency["name"])))
                    .map(|folder| last(folder))
                    .collect();
                let floor = last(folder.parent().expect("a floor"));
                let folder = folder.clone();
                Some((
                    last(&folder),
                    Package {
                        floor,
                        folder,
                        uses,
                    },
                ))
            })
            .collect();
        Self { root, crates }
    }

    /// Dependencies that are not also reached through another dependency.
    pub(crate) fn arrows_that_do_not_follow(&self) -> BTreeSet<(String, String)> {
        let mut arrows = BTreeSet::new();
        for (name, package) in &self.crates {
            for used in &package.uses {
                let others = package.uses.iter().filter(|other| *other != used);
                if !others.into_iter().any(|other| self.reaches(other, used)) {
                    arrows.insert((name.clone(), used.clone()));
                }
            }
        }
        arrows
    }

    fn reaches(&self, from: &str, to: &str) -> bool {
        let uses = &self.crates[from].uses;
        uses.contains(to) || uses.iter().any(|used| self.reaches(used, to))
    }
}

/// Returns what cargo says about the workspace, without the network if that is possible.
pub(crate) fn metadata(options: &[&str]) -> Value {
    let ask = |more: &[&str]| {
        let output = Command::new(env!("CARGO"))
            .args(["metadata", "--format-version", "1"])
            .args(options)
            .args(more)
            .current_dir(env!("CARGO_MANIFEST_DIR"))
            .output()
            .expect("cargo runs");
        output.status.success().then_some(output.stdout)
    };
    let answer = ask(&["--offline"]).or_else(|| ask(&[]));
    serde_json::from_slice(&answer.expect("cargo metadata succeeds")).expect("JSON")
}

fn text(value: &Value) -> &str {
    value.as_str().expect("a text")
}

fn last(path: &Path) -> String {
    let name = path.file_name().expect("a name");
    name.to_str().expect("UTF-8").to_owned()
}
