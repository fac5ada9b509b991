//! Preset A: a small trial of a reading programme, with a questionnaire.

use parable_table::{Condition, Constraint, Grid};

use crate::background as columns;
use crate::key_columns::KeyColumns;
use crate::measure::{beta_binomial_pair, cut, logistic, round_to, skewed};
use crate::missing::Loss;
use crate::potential::Potential;
use crate::pupils::{ETHNICITIES, one_if};
use crate::questionnaire::Questionnaire;
use crate::sheet::{Banding, Entry, Sheet};
use crate::world::World;

/// Writes the 24 columns.
pub(crate) fn write(world: &World, sheet: &mut Sheet) -> KeyColumns {
    let post = [&world.losses.school, &world.losses.pupil];
    sheet.push(columns::pupil_id(world));
    sheet.push(columns::school_id(world));
    sheet.push(columns::treatment(world));
    sheet.push(columns::treatment_desc(world));
    sheet.push(columns::region_code(world));
    sheet.push(columns::region_name(world, "region_code"));
    sheet.push(columns::sex(world));
    sheet.push(columns::birth_month(world));
    sheet.push(columns::term_of_birth(world));
    sheet.push(columns::ethnicity(world, "ethnicity", ETHNICITIES));
    sheet.push(columns::eal(world, ["0", "1"]));
    sheet.push(columns::fsm(world, ["0", "1"]));
    sheet.push(columns::sen(world, "sen", ["None", "Support", "EHC plan"]));
    sheet.push(pre_reading(world));
    attendance(world, sheet);
    let reading = post_reading(world);
    sheet.outcome(
        world,
        Entry::integer(
            "post_reading",
            (0, 60),
            reading.observed(&world.pupils.treated),
        )
        .label("Reading test after the programme, items right of 60: the primary outcome")
        .lost(&post),
        "items right of 60",
        &reading,
    );
    vocabulary(world, sheet, &post);
    questionnaire(world, sheet);
    let band = reading.map(|score| cut(score, &[28.0, 46.0]) as f64);
    sheet.one_hot(
        world,
        Banding {
            parent: "post_reading",
            band: &band,
            losses: &post,
        },
        ["band_below", "band_expected", "band_higher"],
        [
            "Reading score below 28",
            "Reading score from 28 to 45",
            "Reading score of 46 or more",
        ],
    );
    sheet.push(sessions(world));
    sheet.push(
        Entry::nominal("trial_name", ["Reading Together"], vec![0; world.rows()])
            .label("Name of the trial, the same everywhere"),
    );
    sheet.constant_within(
        "school_id",
        &["treatment", "treatment_desc", "region_code", "region_name"],
    );
    sheet.rule(Constraint::When {
        condition: Condition::OneOf {
            column: "treatment".to_owned(),
            values: vec!["0".to_owned()],
        },
        then: Condition::Below {
            column: "sessions_attended".to_owned(),
            value: 1.0,
        },
    });
    KeyColumns {
        primary: "post_reading",
        placebo: "attendance_pct",
        pre_test: "pre_reading",
    }
}

fn pre_reading(world: &World) -> Entry {
    let pre = &world.latents.pre;
    let scores = world
        .streams
        .each("pre_reading", world.rows(), |draws, row| {
            let mean = logistic(0.25 + 0.80 * pre[row]);
            beta_binomial_pair(draws, 50, [mean, mean], 70.0)[0]
        });
    Entry::integer("pre_reading", (0, 50), scores)
        .label("Reading test before the programme, items right of 50")
        .lost(&[&world.losses.pre_test])
}

/// The placebo: it depends on attainment before the trial and on free school meals only.
fn attendance(world: &World, sheet: &mut Sheet) {
    let (pre, fsm) = (&world.latents.pre, &world.pupils.fsm);
    let shares = world
        .streams
        .each("attendance_pct", world.rows(), |draws, row| {
            let mean = logistic(2.9 + 0.25 * pre[row] - 0.35 * one_if(fsm[row]));
            round_to(100.0 * draws.beta(mean, 30.0), 10.0)
        });
    let entry = Entry::decimal(
        "attendance_pct",
        Grid::Decimals(1),
        (0.0, 100.0),
        shares.clone(),
    )
    .label("Per cent of sessions the pupil was at school")
    .lost(&[&world.losses.administrative]);
    sheet.outcome(
        world,
        entry,
        "per cent of school sessions",
        &Potential::unaffected(shares),
    );
}

fn post_reading(world: &World) -> Potential {
    world
        .streams
        .both("post_reading", world.rows(), |draws, row| {
            let means = world
                .latents
                .post
                .pair(row)
                .map(|y| logistic(0.45 + 0.85 * y));
            beta_binomial_pair(draws, 60, means, 80.0)
        })
}

fn vocabulary(world: &World, sheet: &mut Sheet, post: &[&Loss]) {
    let score = world
        .second_standardised
        .map(|z| round_to((100.0 + 15.0 * skewed(z, 0.25)).clamp(69.0, 141.0), 10.0));
    let seen = score.observed(&world.pupils.treated);
    let entry = Entry::decimal("post_vocab_std", Grid::Decimals(1), (69.0, 141.0), seen)
        .label("Vocabulary test after the programme, standardised score")
        .lost(post);
    sheet.outcome(world, entry, "points of the standardised score", &score);
}

fn questionnaire(world: &World, sheet: &mut Sheet) {
    let returned = Questionnaire::draw(world);
    let items = [
        (
            "likert_enjoy",
            0.3,
            "I enjoy reading: 1 disagree strongly to 5 agree strongly",
        ),
        (
            "likert_confidence",
            0.6,
            "I am a confident reader: 1 disagree strongly to 5 agree strongly",
        ),
    ];
    for (name, noise_sd, label) in items {
        let answer = world.streams.both(name, world.rows(), |draws, row| {
            let noise = noise_sd * draws.normal();
            let pair = world.latents.attitude.pair(row);
            pair.map(|attitude| 1.0 + cut(attitude + noise, &[-1.6, -0.8, 0.1, 1.1]) as f64)
        });
        let seen = answer.observed(&world.pupils.treated);
        let item = Questionnaire::item(world, name);
        let entry = Entry::ordinal(
            name,
            (1..=5).map(|answer: u8| answer.to_string()),
            seen.into_iter().map(|answer| answer as usize - 1),
        )
        .label(label)
        .lost(&[
            &world.losses.school,
            &returned.school,
            &returned.pupil,
            &item,
        ]);
        sheet.outcome(world, entry, "points from 1 to 5", &answer);
    }
}

fn sessions(world: &World) -> Entry {
    let treated = &world.pupils.treated;
    let attended = world
        .streams
        .each("sessions_attended", world.rows(), |draws, row| {
            let never = draws.chance(0.10);
            let share = draws.beta(5.0 / 6.6, 6.6);
            let sessions = draws.binomial(24, share) as f64;
            if treated[row] && !never {
                sessions
            } else {
                0.0
            }
        });
    Entry::integer("sessions_attended", (0, 24), attended)
        .label("Sessions of the programme the pupil came to, of 24; none in the control arm")
}
