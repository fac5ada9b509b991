//! Sequential synthesis with classification and regression trees.
