//! The promises of the contract.

use parable_cart::{Cart, CartConfig, CartReader, Draws, Smoothing, VisitOrder};
use parable_testkit::check;

#[test]
fn cart_conforms() {
    check(&Cart::default(), &CartReader);
}

#[test]
fn cart_conforms_with_other_settings() {
    let config = CartConfig::default()
        .with_min_leaf_rows(2)
        .with_visit_order(VisitOrder::FewestLevelsFirst)
        .with_smoothing(Smoothing::Off)
        .with_draws(Draws::Independent)
        .with_exact_rows(0)
        .with_max_bins(8);
    check(&Cart::new(config), &CartReader);
}
