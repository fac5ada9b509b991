//! The public conformance suite, for private trees.

use parable_private_cart::{PrivateCart, PrivateCartConfig, PrivateCartReader};

#[test]
fn private_trees_keep_every_promise() {
    parable_testkit::check(&PrivateCart::default(), &PrivateCartReader);
}

#[test]
fn private_columns_without_questions_keep_every_promise() {
    let config = PrivateCartConfig::default()
        .with_max_depth(0)
        .with_max_bins(8);
    parable_testkit::check(&PrivateCart::new(config), &PrivateCartReader);
}

#[test]
fn counts_of_any_source_are_enough() {
    parable_testkit::check_marginals(&PrivateCart::default(), &PrivateCartReader);
}
