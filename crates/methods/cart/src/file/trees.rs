//! Trees as variable-length integers.

use parable_tree::{Node, SplitRule};

use super::visit::{Visit, ensure};
use crate::model::Stage;
use crate::tree::{Leaves, Tree};

fn put(bytes: &mut Vec<u8>, mut number: u64) {
    while number >= 0x80 {
        bytes.push(number as u8 | 0x80);
        number >>= 7;
    }
    bytes.push(number as u8);
}

/// Writes the tree of a stage.
pub(super) fn put_tree(bytes: &mut Vec<u8>, stage: &Stage) {
    let tree = &stage.tree;
    put(bytes, tree.roots.len() as u64);
    for &root in &tree.roots {
        put(bytes, u64::from(root));
    }
    put(bytes, tree.nodes.len() as u64);
    for (index, node) in tree.nodes.iter().enumerate() {
        let Node::Split {
            feature,
            rule,
            right,
        } = node
        else {
            put(bytes, LEAF);
            continue;
        };
        match rule {
            SplitRule::Cut { last, missing } => {
                put(bytes, CUT);
                put(bytes, u64::from(*feature));
                put(bytes, u64::from(*last));
                put(bytes, *missing);
            }
            SplitRule::Set(words) => {
                put(bytes, SET);
                put(bytes, u64::from(*feature));
                words.iter().for_each(|&word| put(bytes, word));
            }
        }
        put(bytes, u64::from(*right) - index as u64);
    }
    let leaves = &tree.leaves;
    for leaf in 0..leaves.len() {
        let range = leaves.range(leaf);
        put(bytes, range.len() as u64);
        let mut before = 0;
        for entry in range {
            put(bytes, u64::from(leaves.codes[entry]));
            put(bytes, u64::from(leaves.running[entry] - before));
            before = leaves.running[entry];
        }
    }
}

const LEAF: u64 = 0;
const CUT: u64 = 1;
const SET: u64 = 2;

/// Bytes that are left to read.
pub(super) struct Bytes<'a>(pub(super) &'a [u8]);

impl Bytes<'_> {
    fn take(&mut self) -> Result<u64, String> {
        let mut number = 0u64;
        for shift in (0..64).step_by(7) {
            let (&byte, rest) = self.0.split_first().ok_or("the trees end early")?;
            self.0 = rest;
            number |= u64::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                return Ok(number);
            }
        }
        Err("a number that does not end".to_owned())
    }

    fn take_u32(&mut self) -> Result<u32, String> {
        u32::try_from(self.take()?).map_err(|_| "a number that is too large".to_owned())
    }

    /// A count of items each of which takes at least one byte.
    fn take_count(&mut self) -> Result<usize, String> {
        let count = self.take()?;
        ensure(count <= self.0.len() as u64, "more entries than bytes")?;
        Ok(count as usize)
    }
}

/// Reads a tree that splits only on predictors that are known before it.
pub(super) fn take_tree(
    bytes: &mut Bytes<'_>,
    visit: &Visit<'_>,
    level: usize,
    codes: usize,
) -> Result<Tree, String> {
    let trees = bytes.take_count()?;
    let roots = (0..trees)
        .map(|_| bytes.take_u32())
        .collect::<Result<Vec<_>, _>>()?;
    let count = bytes.take_count()?;
    ensure(count > 0, "a tree without nodes")?;
    let placed = roots.first() == Some(&0)
        && roots.is_sorted()
        && roots.iter().all(|&root| (root as usize) < count);
    ensure(placed, "trees that begin nowhere")?;
    let mut nodes = Vec::with_capacity(count);
    let mut leaf_count = 0u32;
    for index in 0..count {
        let kind = bytes.take()?;
        if kind == LEAF {
            nodes.push(Node::Leaf(leaf_count));
            leaf_count += 1;
            continue;
        }
        let position = bytes.take()? as usize;
        let feature = visit
            .features
            .get(position)
            .ok_or("a question about no predictor")?;
        let usable = visit.made[position] && (feature.from..=feature.to).contains(&level);
        ensure(usable, "a question about what is not made yet")?;
        let rule = match kind {
            CUT => SplitRule::Cut {
                last: u16::try_from(bytes.take()?).map_err(|_| "a cut beyond the bins")?,
                missing: bytes.take()?,
            },
            SET => {
                let words = feature.binning.bins().div_ceil(64);
                SplitRule::Set((0..words).map(|_| bytes.take()).collect::<Result<_, _>>()?)
            }
            _ => return Err("a node of no known kind".to_owned()),
        };
        let right = index as u64 + bytes.take()?.min(u64::from(u32::MAX));
        ensure(
            right > index as u64 + 1 && right < count as u64,
            "a node without a child",
        )?;
        nodes.push(Node::Split {
            feature: position as u16,
            rule,
            right: right as u32,
        });
    }
    ensure(
        matches!(nodes.last(), Some(Node::Leaf(_))),
        "a tree that does not end in a leaf",
    )?;
    let mut leaves = Leaves::default();
    for _ in 0..leaf_count {
        let entries = bytes.take_count()?;
        ensure(entries > 0, "an empty leaf")?;
        let mut held = Vec::with_capacity(entries);
        let mut sum = 0u64;
        for _ in 0..entries {
            let (code, rows) = (bytes.take_u32()?, bytes.take_u32()?);
            sum += u64::from(rows);
            let fits = (code as usize) < codes && rows > 0 && sum <= u64::from(u32::MAX);
            ensure(fits, "a leaf with a code that the column does not have")?;
            held.push((code, rows));
        }
        leaves.push(held);
    }
    Ok(Tree {
        roots,
        nodes,
        leaves,
    })
}
