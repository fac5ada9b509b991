//! The Rust that each crate asks for covers what its dependencies ask for.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::workspace::metadata;

/// Major and minor version.
type Version = (u64, u64);

/// Crates whose `rust-version` is older than that of something they are built from by default.
///
/// What a crate uses of the standard library itself is checked by the lint
/// `clippy::incompatible_msrv`, which reads the same field.
pub(crate) fn too_old() -> Vec<String> {
    let metadata = metadata(&["--filter-platform", "x86_64-unknown-linux-gnu"]);
    let list = |value: &Value| value.as_array().cloned().unwrap_or_default();
    let versions: BTreeMap<String, Option<Version>> = list(&metadata["packages"])
        .iter()
        .map(|package| {
            (
                text(&package["id"]),
                package["rust_version"].as_str().map(parsed),
            )
        })
        .collect();
    let edges: BTreeMap<String, Vec<String>> = list(&metadata["resolve"]["nodes"])
        .iter()
        .map(|node| {
            let normal = list(&node["deps"]).into_iter().filter(|dependency| {
                list(&dependency["dep_kinds"])
                    .iter()
                    .any(|kind| kind["kind"].is_null())
            });
            (
                text(&node["id"]),
                normal.map(|dependency| text(&dependency["pkg"])).collect(),
            )
        })
        .collect();
    let mut found = Vec::new();
    for member in list(&metadata["workspace_members"]) {
        let member = text(&member);
        let Some(own) = versions[&member] else {
            found.push(format!("{member} states no rust-version"));
            continue;
        };
        let mut seen = BTreeSet::new();
        let mut open = vec![member.clone()];
        while let Some(next) = open.pop() {
            if seen.insert(next.clone()) {
                open.extend(edges[&next].iter().cloned());
                if versions[&next].is_some_and(|needed| needed > own) {
                    found.push(format!("{member} states {own:?}, but uses {next}"));
                }
            }
        }
    }
    found
}

fn text(value: &Value) -> String {
    value.as_str().expect("a text").to_owned()
}

fn parsed(version: &str) -> Version {
    let mut parts = version
        .split('.')
        .map(|part| part.parse().expect("a number"));
    (parts.next().expect("major"), parts.next().unwrap_or(0))
}
