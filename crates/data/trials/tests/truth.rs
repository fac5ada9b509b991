//! The truth file: effects, placebos, the null switch, and that the same seed gives the same trial.

use parable_seed::Seed;
use parable_table::{Table, Values};
use parable_trials::{Preset, Trial, TrialConfig, Truth};

fn simulate(config: &TrialConfig, seed: u64) -> Trial {
    Trial::simulate(config, &Seed::from_u64(seed)).expect("the size is possible")
}

#[test]
fn the_placebo_effect_is_exactly_zero_and_others_are_not() {
    for preset in Preset::ALL {
        for seed in 0..3 {
            let truth = simulate(&TrialConfig::new(preset), seed).truth;
            for outcome in &truth.outcomes {
                let zero = outcome.overall.own_units == 0.0 && outcome.fsm.own_units == 0.0;
                assert_eq!(zero, outcome.column == truth.placebo, "{}", outcome.column);
            }
        }
    }
}

#[test]
fn without_effects_every_outcome_has_exactly_none() {
    for preset in Preset::ALL {
        let config = TrialConfig::new(preset).with_null_effects(true);
        let truth = simulate(&config, 1).truth;
        assert!(truth.null_effects);
        for outcome in &truth.outcomes {
            for effect in [outcome.overall, outcome.fsm] {
                assert_eq!(
                    (effect.own_units, effect.control_sds),
                    (0.0, 0.0),
                    "{}",
                    outcome.column
                );
            }
        }
        let latent = truth.latent;
        assert_eq!(
            (latent.effect, latent.effect_fsm, latent.effect_school_sd),
            (0.0, 0.0, 0.0)
        );
    }
}

#[test]
fn the_null_switch_changes_nothing_about_the_control_arm() {
    for preset in Preset::ALL {
        let config = TrialConfig::new(preset);
        let with = simulate(&config, 2).truth;
        let without = simulate(&config.with_null_effects(true), 2).truth;
        for (with, without) in with.outcomes.iter().zip(&without.outcomes) {
            assert_eq!(with.control_mean, without.control_mean, "{}", with.column);
            assert_eq!(with.control_sd, without.control_sd, "{}", with.column);
            assert_eq!(with.icc, without.icc, "{}", with.column);
        }
    }
}

#[test]
fn effects_are_as_large_as_the_design_says() {
    // Effects on a score in its own SD are the latent's times the score's reliability (the root of
    // it), between 0.8 and 1 for the tests. The second subject has 0.8 tau - 0.4 tau over an SD of
    // 0.98, i.e. 0.41 of the primary's, plus 0.8 of the extra effect for pupils with free school
    // meals. SD of the school effects' mean: 0.08 / sqrt(420) in C, 0.0057 in B (targets).
    for (preset, tau, second) in [
        (Preset::A, 0.20, "post_vocab_std"),
        (Preset::B, 0.10, "post_reading_scaled"),
    ] {
        let truth = simulate(&TrialConfig::new(preset), 3).truth;
        let primary = truth.outcome(&truth.primary).expect("an outcome");
        let ratio = primary.overall.control_sds / tau;
        assert!((0.75..1.35).contains(&ratio), "{preset}: {ratio}");
        let other = truth.outcome(second).expect("an outcome");
        let ratio = other.overall.control_sds / primary.overall.control_sds;
        assert!((0.35..0.70).contains(&ratio), "{preset}: {ratio}");
        assert_eq!(primary.overall.pupils, truth.pupils);
        assert!(primary.fsm.pupils < truth.pupils / 2);
    }
    let truth = simulate(&TrialConfig::new(Preset::C), 3).truth;
    let effect = |column: &str| {
        truth
            .outcome(column)
            .expect("an outcome")
            .overall
            .control_sds
    };
    assert!(effect("ks4_attainment8") > 0.04);
    assert!(
        effect("exclusions") < 0.0,
        "more attainment, fewer exclusions"
    );
    assert!((effect("wellbeing_score") - 0.055).abs() < 0.02);
    let bands = ["em_below4", "em_4", "em_5plus"]
        .map(|band| truth.outcome(band).expect("an outcome").overall.own_units);
    assert!(
        bands.iter().sum::<f64>().abs() < 1e-12,
        "shares of bands move against each other"
    );
}

#[test]
fn pupils_with_free_school_meals_gain_more() {
    // Per trial the difference of the two effects varies with the mix of schools; over 20 trials of
    // B its SD is below 0.01, and the extra effect is 0.04 in SD of the latent.
    let mut extra = 0.0;
    for seed in 0..20 {
        let truth = simulate(&TrialConfig::new(Preset::B), seed).truth;
        let primary = truth.outcome(&truth.primary).expect("an outcome");
        extra += (primary.fsm.control_sds - primary.overall.control_sds) / 20.0;
    }
    assert!((0.01..0.05).contains(&extra), "{extra}");
}

#[test]
fn the_missing_shares_are_those_of_the_table() {
    for preset in Preset::ALL {
        let Trial { table, truth, .. } = simulate(&TrialConfig::new(preset), 4);
        let shares = table
            .schema()
            .fields()
            .iter()
            .zip(table.columns())
            .filter_map(|(field, column)| {
                let count = column.missing_count();
                (count > 0).then(|| (field.name.clone(), count as f64 / table.rows() as f64))
            });
        let found: Vec<(String, f64)> = truth
            .missing
            .columns
            .iter()
            .map(|c| (c.column.clone(), c.share))
            .collect();
        assert_eq!(shares.collect::<Vec<_>>(), found);
        let mean: f64 =
            found.iter().map(|(_, share)| share).sum::<f64>() / table.schema().len() as f64;
        assert!((mean - truth.missing.cells).abs() < 1e-12);
        for (column, _) in &found {
            let explained = truth
                .missing
                .mechanisms
                .iter()
                .any(|mechanism| mechanism.columns.contains(column));
            assert!(explained, "{column}");
        }
        let primary = truth.missing.primary;
        assert!(primary.latent_of_missing < primary.latent_of_observed);
        assert!(primary.fsm > primary.other);
    }
}

#[test]
fn the_truth_reads_back_from_its_file() {
    for preset in Preset::ALL {
        let truth = simulate(&TrialConfig::new(preset), 5).truth;
        let text = serde_json::to_string_pretty(&truth).expect("numbers are finite");
        assert_eq!(
            serde_json::from_str::<Truth>(&text).expect("what was written"),
            truth
        );
        let with_more = text.replacen('{', "{\"surprise\": 1,", 1);
        assert!(serde_json::from_str::<Truth>(&with_more).is_err());
        let newer = text.replacen("parable-truth-1", "parable-truth-2", 1);
        let refused = serde_json::from_str::<Truth>(&newer)
            .expect_err("another format")
            .to_string();
        assert!(
            refused.contains("expected the format `parable-truth-1`"),
            "{refused}"
        );
    }
}

#[test]
fn the_same_seed_gives_the_same_trial_and_another_gives_another() {
    for preset in [Preset::A, Preset::B] {
        let config = TrialConfig::new(preset);
        assert_eq!(simulate(&config, 6), simulate(&config, 6));
        assert_ne!(simulate(&config, 6).table, simulate(&config, 7).table);
    }
}

#[test]
fn any_size_is_possible() {
    for preset in Preset::ALL {
        for pupils in [32, 100, 257, 5_000] {
            let trial = simulate(&TrialConfig::new(preset).with_pupils(pupils), 8);
            assert_eq!(trial.table.rows(), pupils);
            let finite = trial.truth.outcomes.iter().all(|outcome| {
                outcome.overall.control_sds.is_finite()
                    && outcome.fsm.control_sds.is_finite()
                    && outcome.icc.is_finite()
            });
            assert!(finite);
        }
        let tiny = simulate(&TrialConfig::new(preset).with_pupils(16).with_schools(2), 8);
        assert_eq!((tiny.truth.schools, tiny.truth.treated_schools), (2, 1));
    }
    let large = simulate(&TrialConfig::new(Preset::B).with_pupils(100_000), 8);
    assert_eq!((large.table.rows(), large.truth.schools), (100_000, 1_333));
}

/// The cells of one row, as a person reads them.
fn row(table: &Table, row: usize) -> String {
    let cells = table
        .schema()
        .fields()
        .iter()
        .zip(table.columns())
        .map(|(field, column)| {
            if column.is_missing(row) {
                return String::new();
            }
            match column.values() {
                Values::Integer(values) => values[row].to_string(),
                Values::Continuous(values) => values[row].to_string(),
                Values::Codes(codes) => field
                    .kind
                    .levels()
                    .and_then(|l| l.get(codes[row]))
                    .unwrap_or("?")
                    .to_owned(),
                Values::Text(texts) => texts.get(row).to_owned(),
            }
        });
    cells.collect::<Vec<_>>().join("|")
}

#[test]
fn rows_for_a_fixed_seed_are_fixed() {
    let found = Preset::ALL.map(|preset| {
        let trial = simulate(&TrialConfig::new(preset), 7);
        let primary = trial
            .truth
            .outcome(&trial.truth.primary)
            .expect("an outcome");
        format!(
            "{} # {:.9}",
            row(&trial.table, 1_000),
            primary.overall.control_sds
        )
    });
    let expected = [
        "0972|042|0|Control|E12000003|Yorkshire and The Humber|F|12|Autumn|White British|0|0|Support|16|94.5|33|104.3||2|\
         0|1|0|0|Reading Together # 0.210439568",
        "4966|016|016-3|0|Control|6|East of England|Community school|Urban|1|42.5|M|3|134|WBRI|White British|N|N|N|None|\
         0.5029|1|15|17|60|108|98|0|1|0|19||19| # 0.104999097",
        "14397|005|1|Intervention|2022/23|E12000007|London|3|Sponsored academy|Urban|256|8.2|M|11|3|Asian|0|0|0|N|\
         No special needs|0.066|115|119|72.5|7|8|5 or more|0|0|1|17.81|1|0||Linked administrative file # 0.066102997",
    ];
    assert_eq!(found, expected);
}
