//! The public conformance suite, for every strategy.

use parable_mst::{Mst, MstConfig, MstReader, Strategy};

fn check(strategy: Strategy) {
    let mst = Mst::new(MstConfig::default().with_strategy(strategy));
    parable_testkit::check(&mst, &MstReader);
}

#[test]
fn swift_keeps_every_promise() {
    check(Strategy::Swift);
}

#[test]
fn the_published_tree_keeps_every_promise() {
    check(Strategy::Mst);
}

#[test]
fn independent_columns_keep_every_promise() {
    check(Strategy::Independent);
}

#[test]
fn chosen_marginals_keep_every_promise() {
    let marginals = vec![
        vec!["arm".into(), "post".into()],
        vec!["pre".into(), "post".into()],
    ];
    check(Strategy::Direct { marginals });
}

#[test]
fn counts_of_any_source_are_enough() {
    for strategy in [Strategy::Swift, Strategy::Aim { ways: 2 }] {
        let mst = Mst::new(MstConfig::default().with_strategy(strategy));
        parable_testkit::check_marginals(&mst, &MstReader);
    }
}
