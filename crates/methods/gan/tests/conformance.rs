//! The public conformance suite, for every way to teach.

use parable_gan::{Gan, GanConfig, GanReader, Numbers, Teacher, Vae, VaeConfig, VaeReader};

/// Few steps: promises hold whatever was learnt.
fn quick(mut config: GanConfig) -> Gan {
    config.latent_dim = 16;
    config.hidden_units = vec![24];
    config.marginals.components = 60;
    config.marginals.max_bins = Some(24);
    config.marginals.rounds = Some(3);
    config.marginals.round_steps = 5;
    config.marginals.final_steps = 40;
    config.discriminator.hidden_units = vec![24];
    config.discriminator.batch = 40;
    config.discriminator.steps = 30;
    Gan::new(config)
}

#[test]
fn a_private_fit_from_counts_keeps_every_promise() {
    parable_testkit::check(&quick(GanConfig::default()), &GanReader);
}

#[test]
fn a_private_fit_from_a_discriminator_keeps_every_promise() {
    let config = GanConfig::default().with_teacher(Teacher::Discriminator);
    parable_testkit::check(&quick(config), &GanReader);
}

#[test]
fn a_private_fit_from_both_keeps_every_promise() {
    let config = GanConfig::default().with_teacher(Teacher::Both);
    parable_testkit::check(&quick(config), &GanReader);
}

#[test]
fn a_fit_from_rows_as_they_are_keeps_every_promise() {
    parable_testkit::check(&quick(GanConfig::default().non_private()), &GanReader);
}

#[test]
fn a_fit_that_writes_numbers_by_modes_or_by_bins_keeps_every_promise() {
    for numbers in [Numbers::Modes, Numbers::Bins] {
        let mut config = GanConfig::default().with_teacher(Teacher::Discriminator);
        config.discriminator.numbers = numbers;
        parable_testkit::check(&quick(config.non_private()), &GanReader);
    }
}

#[test]
fn an_autoencoder_keeps_every_promise_with_a_guarantee_and_without() {
    let mut config = VaeConfig::default();
    config.latent_dim = 6;
    config.hidden_units = vec![24];
    config.max_bins = Some(24);
    config.batch = 40;
    config.steps = 120;
    parable_testkit::check(&Vae::new(config.clone()), &VaeReader);
    parable_testkit::check(&Vae::new(config.non_private()), &VaeReader);
}
