//! Classification and regression trees over codes: grow, split, prune, forest.
