//! Preset C: a large trial followed up in administrative data.

use parable_table::Grid;

use crate::background as columns;
use crate::draws::StudentT;
use crate::key_columns::KeyColumns;
use crate::measure::{cut, logistic, round_to, skewed};
use crate::missing::Loss;
use crate::potential::Potential;
use crate::pupils::one_if;
use crate::questionnaire::Questionnaire;
use crate::sheet::{Banding, Entry, Sheet};
use crate::truth::MissingKind;
use crate::world::World;

/// Writes the 36 columns.
pub(crate) fn write(world: &World, sheet: &mut Sheet) -> KeyColumns {
    let yes = ["0", "1"];
    sheet.push(columns::pupil_id(world));
    sheet.push(columns::school_id(world));
    sheet.push(columns::treatment(world));
    sheet.push(columns::treatment_desc(world));
    sheet.push(cohort(world));
    sheet.push(columns::region_code(world));
    sheet.push(columns::region_name(world, "region_code"));
    school_type(world, sheet);
    sheet.push(columns::urban_rural(world, 1.7, 0.5));
    sheet.push(school_size(world));
    sheet.push(columns::school_pct_fsm(world));
    sheet.push(columns::sex(world));
    sheet.push(columns::birth_month(world));
    sheet.push(columns::ethnicity(
        world,
        "ethnicity_code",
        ["1", "2", "3", "4", "5", "6"],
    ));
    sheet.push(columns::ethnicity_desc(world));
    sheet.push(columns::eal(world, yes));
    sheet.push(columns::fsm(world, yes));
    sheet.push(columns::ever6_fsm(world, yes));
    sheet.push(columns::sen(world, "sen_code", ["N", "K", "E"]));
    sheet.push(
        columns::sen(
            world,
            "sen_desc",
            [
                "No special needs",
                "Support",
                "Education, health and care plan",
            ],
        )
        .restates(&["sen_code"]),
    );
    sheet.push(columns::idaci_score(world));
    sheet.push(key_stage_2(
        world,
        "ks2_reading_scaled",
        ScaledScore {
            mean: 104.0,
            sd: 8.6,
            skew: -0.30,
        },
        "Reading",
    ));
    sheet.push(key_stage_2(
        world,
        "ks2_maths_scaled",
        ScaledScore {
            mean: 104.5,
            sd: 8.2,
            skew: -0.35,
        },
        "Mathematics",
    ));
    attainment_8(world, sheet);
    english_and_maths(world, sheet);
    absence(world, sheet);
    exclusions(world, sheet);
    wellbeing(world, sheet);
    sheet.push(
        Entry::nominal(
            "data_source",
            ["Linked administrative file"],
            vec![0; world.rows()],
        )
        .label("Where the outcomes come from, the same everywhere"),
    );
    sheet.constant_within(
        "school_id",
        &[
            "treatment",
            "treatment_desc",
            "region_code",
            "region_name",
            "school_type",
            "school_type_desc",
            "urban_rural",
            "school_size",
            "school_pct_fsm",
        ],
    );
    KeyColumns {
        primary: "ks4_attainment8",
        placebo: "absence_rate",
        pre_test: "ks2_maths_scaled",
    }
}

/// Every school takes part with two year groups.
fn cohort(world: &World) -> Entry {
    let second = world.streams.chances("cohort", world.rows(), |_| 0.5);
    Entry::nominal(
        "cohort",
        ["2021/22", "2022/23"],
        second.into_iter().map(usize::from),
    )
    .label("School year of the examinations")
}

fn school_type(world: &World, sheet: &mut Sheet) {
    let types = columns::school_types(world, &[0.30, 0.34, 0.20, 0.10, 0.06]);
    let codes = (1..=5).map(|code: u8| code.to_string());
    sheet.push(
        Entry::nominal("school_type", codes, types.iter().copied()).label("Kind of school, code"),
    );
    sheet.push(
        Entry::nominal("school_type_desc", columns::SCHOOL_TYPES, types)
            .restates(&["school_type"])
            .label("Kind of school"),
    );
}

/// Pupils on the school's roll: about five year groups for the two in the trial, so two and a half
/// times its pupils, within some per cent.
fn school_size(world: &World) -> Entry {
    let sizes = world
        .streams
        .each("school/roll", world.schools.len(), |draws, school| {
            let roll = 2.5 * world.schools[school].pupils as f64 * (0.05 * draws.normal()).exp();
            roll.round().min(f64::from(LARGEST_ROLL))
        });
    Entry::integer("school_size", (1, LARGEST_ROLL), world.of_school(&sizes))
        .label("Pupils on the roll of the school")
}

/// Several times the largest school of England.
const LARGEST_ROLL: i32 = 10_000;

/// The distribution of a scaled score.
struct ScaledScore {
    mean: f64,
    sd: f64,
    skew: f64,
}

fn key_stage_2(world: &World, name: &str, score: ScaledScore, subject: &str) -> Entry {
    let ScaledScore { mean, sd, skew } = score;
    let pre = &world.latents.pre;
    let scores = world.streams.each(name, world.rows(), |draws, row| {
        let z = 0.9 * pre[row] + 0.44 * draws.normal();
        (mean + sd * skewed(z, skew)).round().clamp(80.0, 120.0)
    });
    Entry::integer(name, (80, 120), scores)
        .label(&format!(
            "{subject} at key stage 2, scaled score from 80 to 120"
        ))
        .lost(&[&world.losses.pre_test])
}

/// Points over eight subjects, in quarters; a pupil who sits no examination has 0.
fn attainment_8(world: &World, sheet: &mut Sheet) {
    let points = world
        .streams
        .both("ks4_attainment8", world.rows(), |draws, row| {
            let lot = draws.uniform();
            let latent = world.latents.post.pair(row);
            let z = world.post_standardised.pair(row);
            std::array::from_fn(|arm| {
                if lot < logistic(-5.2 - 1.0 * latent[arm]) {
                    0.0
                } else {
                    round_to((47.0 + 18.5 * skewed(z[arm], -0.22)).clamp(0.0, 90.0), 4.0)
                }
            })
        });
    let quarters = Grid::Step {
        step: 0.25,
        origin: 0.0,
    };
    let seen = points.observed(&world.pupils.treated);
    let entry = Entry::decimal("ks4_attainment8", quarters, (0.0, 90.0), seen)
        .label("Attainment 8, points in quarters: the primary outcome")
        .lost(&[&world.losses.school, &world.losses.pupil]);
    sheet.outcome(world, entry, "points of Attainment 8", &points);
}

/// Grades in English and mathematics, the band of both together, and the band's indicators.
fn english_and_maths(world: &World, sheet: &mut Sheet) {
    let treated = &world.pupils.treated;
    let losses = [&world.losses.school, &world.losses.pupil];
    let girls_ahead: Vec<f64> = world
        .pupils
        .male
        .iter()
        .map(|&male| if male { -0.125 } else { 0.125 })
        .collect();
    let english = grades(world, "gcse_english", |row| girls_ahead[row]);
    let maths = grades(world, "gcse_maths", |_| 0.0);
    for (name, label, grade) in [
        ("gcse_english", "Grade in English, 0 (none) to 9", &english),
        ("gcse_maths", "Grade in mathematics, 0 (none) to 9", &maths),
    ] {
        let entry = Entry::integer(name, (0, 9), grade.observed(treated))
            .label(label)
            .lost(&losses);
        sheet.outcome(world, entry, "grades", grade);
    }
    let lower = |left: &[f64], right: &[f64]| -> Vec<f64> {
        let grade = left.iter().zip(right).map(|(left, right)| left.min(*right));
        grade.map(|grade| cut(grade, &[4.0, 5.0]) as f64).collect()
    };
    let band = Potential {
        control: lower(&english.control, &maths.control),
        treated: lower(&english.treated, &maths.treated),
    };
    let seen = band.observed(treated);
    sheet.push(
        Entry::ordinal(
            "eng_maths_band",
            ["Below 4", "4", "5 or more"],
            seen.into_iter().map(|band| band as usize),
        )
        .restates(&["gcse_english", "gcse_maths"])
        .label("The lower of the grades in English and mathematics, in bands")
        .lost(&losses),
    );
    sheet.one_hot(
        world,
        Banding {
            parent: "eng_maths_band",
            band: &band,
            losses: &losses,
        },
        ["em_below4", "em_4", "em_5plus"],
        [
            "English or mathematics below grade 4",
            "English and mathematics at grade 4 or more, one of them at 4",
            "English and mathematics at grade 5 or more",
        ],
    );
}

fn grades(world: &World, name: &str, ahead: impl Fn(usize) -> f64) -> Potential {
    let cuts = [-2.3, -1.85, -1.35, -0.85, -0.35, 0.2, 0.75, 1.3, 1.9];
    world.streams.both(name, world.rows(), |draws, row| {
        let own = 0.37 * draws.normal() + ahead(row);
        let z = world.post_standardised.pair(row);
        z.map(|z| cut(0.93 * z + own, &cuts) as f64)
    })
}

/// The placebo: drawn from what the pupil would attain without the programme, in both arms; and the
/// flag for a tenth or more.
fn absence(world: &World, sheet: &mut Sheet) {
    let z = &world.post_standardised.control;
    let fsm = &world.pupils.fsm;
    let rates = world
        .streams
        .each("absence_rate", world.rows(), |draws, row| {
            let mean = logistic(-2.75 - 0.30 * z[row] + 0.45 * one_if(fsm[row]));
            round_to(100.0 * draws.beta(mean, 6.0), 100.0)
        });
    let flag = Entry::boolean(
        "persistent_absentee",
        ["0", "1"],
        rates.iter().map(|&rate| rate >= 10.0),
    )
    .restates(&["absence_rate"])
    .label("Whether the absence rate is 10 or more")
    .lost(&[&world.losses.administrative]);
    let entry = Entry::decimal(
        "absence_rate",
        Grid::Decimals(2),
        (0.0, 100.0),
        rates.clone(),
    )
    .label("Per cent of half days missed")
    .lost(&[&world.losses.administrative]);
    sheet.outcome(
        world,
        entry,
        "per cent of half days",
        &Potential::unaffected(rates),
    );
    sheet.push(flag);
}

fn exclusions(world: &World, sheet: &mut Sheet) {
    let pupils = &world.pupils;
    let count = world
        .streams
        .both("exclusions", world.rows(), |draws, row| {
            let lot = draws.uniform();
            // Mean 0.9 (1 - 0.4) / 0.4: the number of failures before 0.9 successes of probability
            // 0.4.
            let more = draws.negative_binomial(1.35, 0.9);
            let number = (1.0 + more).min(f64::from(MOST_EXCLUSIONS));
            let characteristics = 0.6 * one_if(pupils.fsm[row]) + 0.4 * one_if(pupils.male[row]);
            let z = world.post_standardised.pair(row);
            z.map(|z| {
                let none = logistic(2.6 + 0.35 * z - characteristics);
                if lot < none { 0.0 } else { number }
            })
        });
    let seen = count.observed(&pupils.treated);
    let entry = Entry::integer("exclusions", (0, MOST_EXCLUSIONS), seen)
        .label("Suspensions and exclusions over the trial");
    sheet.outcome(world, entry, "exclusions", &count);
}

/// Far above what the distribution gives (mean 2.35 of those with any).
const MOST_EXCLUSIONS: i32 = 60;

fn wellbeing(world: &World, sheet: &mut Sheet) {
    let heavy = StudentT::new(6.0);
    // What attainment leaves of a variance of one.
    let noise_sd = (1.0f64 - 0.12 * 0.12).sqrt();
    let score = world
        .streams
        .both("wellbeing_score", world.rows(), |draws, row| {
            let noise = noise_sd * heavy.sample(draws);
            let [control, treated] = world.post_standardised.pair(row).map(|z| 0.12 * z + noise);
            [control, treated + 0.05 * world.active]
                .map(|latent| (23.5 + 4.6 * latent).round().clamp(7.0, 35.0))
        });
    let returned = Questionnaire::draw(world);
    let not_asked = world
        .streams
        .chances("missing/wellbeing_school", world.schools.len(), |_| 0.22);
    let not_asked = Loss::new(
        "wellbeing_school",
        MissingKind::CompletelyAtRandom,
        "each school with probability 0.22",
        world.of_school(&not_asked),
    );
    let item = Questionnaire::item(world, "wellbeing_score");
    let entry = Entry::integer(
        "wellbeing_score",
        (7, 35),
        score.observed(&world.pupils.treated),
    )
    .label("Wellbeing scale, seven questions together, 7 to 35")
    .lost(&[
        &world.losses.school,
        &returned.school,
        &returned.pupil,
        &not_asked,
        &item,
    ]);
    sheet.outcome(world, entry, "points from 7 to 35", &score);
}
