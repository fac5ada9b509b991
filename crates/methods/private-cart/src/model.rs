//! The fitted model.

use parable_core::FitRecord;
use parable_encode::Codec;

use crate::trees::PrivateTrees;

/// A fitted model: trees with noisy leaves, one for each column.
#[derive(Clone, Debug)]
pub struct PrivateCartModel {
    pub(crate) record: FitRecord,
    pub(crate) codec: Codec,
    pub(crate) trees: PrivateTrees,
}

impl PrivateCartModel {
    pub(crate) fn new(record: FitRecord, codec: Codec, trees: PrivateTrees) -> Self {
        Self {
            record,
            codec,
            trees,
        }
    }

    /// Returns the trees.
    #[must_use]
    pub fn trees(&self) -> &PrivateTrees {
        &self.trees
    }

    /// Returns the columns in the order they are drawn, each with the columns that its tree splits
    /// on, the first split first.
    pub fn questions(&self) -> impl Iterator<Item = (&str, Vec<&str>)> {
        let name = |attr: u32| &*self.trees.domain().attrs()[attr as usize].name;
        let trees = self.trees.trees().iter();
        trees.map(move |tree| (name(tree.attr()), tree.questions().map(name).collect()))
    }
}
