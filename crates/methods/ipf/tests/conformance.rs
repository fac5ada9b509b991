//! The public conformance suite, with and without noise.

use parable_ipf::{Ipf, IpfConfig, IpfReader, Pairs};

#[test]
fn exact_margins_keep_every_promise() {
    parable_testkit::check(&Ipf::default(), &IpfReader);
}

#[test]
fn noisy_margins_keep_every_promise() {
    let config = IpfConfig::default().with_privacy();
    parable_testkit::check(&Ipf::new(config), &IpfReader);
}

#[test]
fn named_margins_keep_every_promise() {
    let config = IpfConfig::default()
        .with_privacy()
        .with_pairs(Pairs::None)
        .with_margin(["arm", "post"])
        .with_margin(["school_id", "arm"]);
    parable_testkit::check(&Ipf::new(config), &IpfReader);
}

#[test]
fn counts_of_any_source_are_enough() {
    parable_testkit::check_marginals(&Ipf::default(), &IpfReader);
    let config = IpfConfig::default().with_privacy();
    parable_testkit::check_marginals(&Ipf::new(config), &IpfReader);
}
