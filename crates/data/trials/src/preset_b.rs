//! Preset B: a middle-sized trial of a mathematics programme, with classes within schools.

use parable_table::{Condition, Constraint, Role};

use crate::background as columns;
use crate::key_columns::KeyColumns;
use crate::measure::{beta_binomial_pair, cut, logistic, skewed};
use crate::missing::Loss;
use crate::potential::Potential;
use crate::pupils::one_if;
use crate::sheet::{Banding, Entry, Sheet};
use crate::truth::MissingKind;
use crate::world::World;

/// Writes the 34 columns.
pub(crate) fn write(world: &World, sheet: &mut Sheet) -> KeyColumns {
    let yes = ["N", "Y"];
    let classes = Classes::deal(world);
    sheet.push(columns::pupil_id(world));
    sheet.push(columns::school_id(world));
    sheet.push(classes.ids());
    sheet.push(columns::treatment(world));
    sheet.push(columns::treatment_desc(world));
    sheet.push(columns::strata(world));
    sheet.push(columns::region_name(world, "strata"));
    sheet.push(school_type(world));
    sheet.push(columns::urban_rural(world, 1.6, 0.6));
    sheet.push(ofsted(world));
    sheet.push(columns::school_pct_fsm(world));
    sheet.push(columns::sex(world));
    sheet.push(columns::birth_month(world));
    sheet.push(age_months(world));
    sheet.push(columns::ethnicity(
        world,
        "ethnicity_code",
        ["WBRI", "WOTH", "ASIA", "BLAC", "MIXD", "OTHR"],
    ));
    sheet.push(columns::ethnicity_desc(world));
    sheet.push(columns::eal(world, yes));
    sheet.push(columns::fsm(world, yes));
    sheet.push(columns::ever6_fsm(world, yes));
    sheet.push(columns::sen(world, "sen", ["None", "Support", "EHC plan"]));
    sheet.push(columns::idaci_score(world));
    sheet.push(idaci_decile(world));
    sheet.push(key_stage_1(
        world,
        "pre_ks1_reading",
        "Reading at key stage 1, points",
    ));
    sheet.push(key_stage_1(
        world,
        "pre_ks1_maths",
        "Mathematics at key stage 1, points",
    ));
    tests(world, sheet);
    absence(world, sheet);
    sheet.push(sessions(world));
    sheet.push(classes.teacher_years(world));
    sheet.push(
        Entry::nominal(
            "withdrawal_reason",
            ["Moved school", "Parent withdrew consent", "School withdrew"],
            vec![0; world.rows()],
        )
        .label("Why the pupil left the trial; nobody's reason was recorded")
        .lost(&[&Loss::new(
            "never_recorded",
            MissingKind::Structural,
            "every pupil",
            vec![true; world.rows()],
        )]),
    );
    rules(sheet);
    KeyColumns {
        primary: "post_maths_raw",
        placebo: "absence_sessions",
        pre_test: "pre_ks1_maths",
    }
}

fn rules(sheet: &mut Sheet) {
    sheet.constant_within(
        "school_id",
        &[
            "treatment",
            "treatment_desc",
            "strata",
            "region_name",
            "school_type",
            "urban_rural",
            "ofsted",
            "school_pct_fsm",
        ],
    );
    sheet.constant_within("class_id", &["school_id", "teacher_years"]);
    sheet.rule(Constraint::When {
        condition: Condition::OneOf {
            column: "treatment".to_owned(),
            values: vec!["0".to_owned()],
        },
        then: Condition::Missing {
            column: "sessions_attended".to_owned(),
        },
    });
}

/// The classes of all schools, numbered through.
struct Classes {
    /// Names: the school's, a hyphen, and a number from 1.
    names: Vec<String>,
    /// The class of each pupil.
    of_pupil: Vec<usize>,
}

impl Classes {
    /// One class for every 28 pupils of a school and one more, pupils dealt in turn.
    fn deal(world: &World) -> Self {
        let mut names = Vec::new();
        let mut of_pupil = Vec::with_capacity(world.rows());
        for (school, name) in world.schools.iter().zip(columns::school_names(world)) {
            let count = school.pupils / 28 + 1;
            let first = names.len();
            of_pupil.extend((0..school.pupils).map(|pupil| first + pupil % count));
            names.extend((1..=count).map(|class| format!("{name}-{class}")));
        }
        Self { names, of_pupil }
    }

    fn ids(&self) -> Entry {
        Entry::nominal(
            "class_id",
            self.names.iter().cloned(),
            self.of_pupil.iter().copied(),
        )
        .role(Role::ClusterId)
        .label("Class within the school")
    }

    /// Years of teaching of the class's teacher, unknown for one class in ten.
    fn teacher_years(&self, world: &World) -> Entry {
        let years = world
            .streams
            .each("teacher_years", self.names.len(), |draws, _| {
                draws.gamma(1.6, 5.5).round().min(45.0)
            });
        let unknown = world
            .streams
            .chances("missing/teacher", self.names.len(), |_| 0.10);
        Entry::integer(
            "teacher_years",
            (0, 45),
            self.of_pupil.iter().map(|&class| years[class]),
        )
        .label("Years of teaching of the class's teacher")
        .lost(&[&Loss::new(
            "teacher",
            MissingKind::CompletelyAtRandom,
            "each class with probability 0.10",
            self.of_pupil.iter().map(|&class| unknown[class]).collect(),
        )])
    }
}

fn school_type(world: &World) -> Entry {
    let types = columns::school_types(world, &[0.38, 0.27, 0.11, 0.18, 0.06]);
    Entry::nominal("school_type", columns::SCHOOL_TYPES, types).label("Kind of school")
}

/// Grades from 1 (best) to 4, worse where the intake is disadvantaged, unknown for 4 % of schools.
fn ofsted(world: &World) -> Entry {
    let count = world.schools.len();
    let grades = world.streams.each("school/ofsted", count, |draws, school| {
        let latent = 0.4 * world.schools[school].disadvantage + draws.normal();
        cut(latent, &[-0.95, 1.15, 2.1])
    });
    let unknown = world.streams.chances("missing/ofsted", count, |_| 0.04);
    Entry::ordinal("ofsted", ["1", "2", "3", "4"], world.of_school(&grades))
        .label("Grade of the school's last inspection, 1 outstanding to 4 inadequate")
        .lost(&[&Loss::new(
            "ofsted",
            MissingKind::CompletelyAtRandom,
            "each school with probability 0.04",
            world.of_school(&unknown),
        )])
}

/// Age at the test in May or June of year 6: the oldest are born in September.
fn age_months(world: &World) -> Entry {
    let months = &world.pupils.birth_month;
    let ages = world
        .streams
        .each("age_months", world.rows(), |draws, row| {
            let after_september = (months[row] + 3) % 12;
            140.0 - f64::from(after_september) + one_if(draws.chance(0.5))
        });
    Entry::integer("age_months_at_test", (129, 141), ages)
        .label("Age at the test after the programme, whole months")
        .lost(&[&world.losses.administrative])
}

/// Decile of the neighbourhood: 10 least deprived.
fn idaci_decile(world: &World) -> Entry {
    let cuts = [0.05, 0.08, 0.11, 0.14, 0.18, 0.22, 0.27, 0.33, 0.42];
    let codes = world
        .pupils
        .idaci
        .iter()
        .map(|&score| 9 - cut(score, &cuts));
    Entry::ordinal(
        "idaci_decile",
        (1..=10).map(|decile: u8| decile.to_string()),
        codes,
    )
    .restates(&["idaci_score"])
    .label("Decile of the deprivation score, 1 most deprived to 10 least deprived")
    .lost(&[&world.losses.administrative])
}

fn key_stage_1(world: &World, name: &str, label: &str) -> Entry {
    let points = [3.0, 7.0, 9.0, 13.0, 15.0, 17.0, 21.0];
    let pre = &world.latents.pre;
    let scores = world.streams.each(name, world.rows(), |draws, row| {
        let z = 0.9 * pre[row] + 0.44 * draws.normal();
        points[cut(z, &[-2.2, -1.5, -1.0, -0.45, 0.25, 1.0])]
    });
    Entry::integer(name, (3, 21), scores)
        .label(label)
        .lost(&[&world.losses.pre_test])
}

/// The tests after the programme: mathematics raw, scaled and in levels, and reading.
fn tests(world: &World, sheet: &mut Sheet) {
    let (school, pupil) = (&world.losses.school, &world.losses.pupil);
    let treated = &world.pupils.treated;
    let rows = world.rows();
    let raw = world.streams.both("post_maths_raw", rows, |draws, row| {
        let means = world
            .latents
            .post
            .pair(row)
            .map(|y| logistic(0.30 + 0.90 * y));
        beta_binomial_pair(draws, 90, means, 90.0)
    });
    let raw_seen = raw.observed(treated);
    let not_scaled = Loss::new(
        "too_low_to_scale",
        MissingKind::AtRandom,
        "raw mathematics score below 6",
        raw_seen.iter().map(|&score| score < 6.0).collect(),
    );
    sheet.outcome(
        world,
        Entry::integer("post_maths_raw", (0, 90), raw_seen)
            .label("Mathematics test after the programme, marks of 90: the primary outcome")
            .lost(&[school, pupil]),
        "marks of 90",
        &raw,
    );
    let scaled = world.streams.both("post_maths_scaled", rows, |draws, row| {
        let noise = 0.6 * draws.normal();
        raw.pair(row).map(|marks| {
            (80.0 + 40.0 * (marks / 90.0).powf(0.80) + noise)
                .round()
                .clamp(80.0, 120.0)
        })
    });
    let scaled_losses = [school, pupil, &not_scaled];
    sheet.outcome(
        world,
        Entry::integer("post_maths_scaled", (80, 120), scaled.observed(treated))
            .label("Mathematics test after the programme, scaled score from 80 to 120; none below 6 marks")
            .lost(&scaled_losses),
        "points of the scaled score",
        &scaled,
    );
    let reading = world
        .second_standardised
        .map(|z| (104.0 + 8.6 * skewed(z, -0.30)).round().clamp(80.0, 120.0));
    let absent = Loss::new(
        "reading_absence",
        MissingKind::CompletelyAtRandom,
        "each pupil with probability 0.03",
        world.streams.chances("missing/reading", rows, |_| 0.03),
    );
    sheet.outcome(
        world,
        Entry::integer("post_reading_scaled", (80, 120), reading.observed(treated))
            .label("Reading test after the programme, scaled score from 80 to 120")
            .lost(&[school, pupil, &absent]),
        "points of the scaled score",
        &reading,
    );
    sheet.one_hot(
        world,
        Banding {
            parent: "post_maths_scaled",
            band: &scaled.map(|score| cut(score, &[100.0, 110.0]) as f64),
            losses: &scaled_losses,
        },
        ["level_below", "level_expected", "level_higher"],
        [
            "Scaled mathematics score below 100",
            "Scaled mathematics score from 100 to 109",
            "Scaled mathematics score of 110 or more",
        ],
    );
}

/// The placebo: it depends on attainment before the trial and on free school meals only.
fn absence(world: &World, sheet: &mut Sheet) {
    let (pre, fsm) = (&world.latents.pre, &world.pupils.fsm);
    let sessions = world
        .streams
        .each("absence_sessions", world.rows(), |draws, row| {
            let mean = 13.0 * (0.35 * one_if(fsm[row]) - 0.15 * pre[row]).exp();
            draws
                .negative_binomial(mean, 1.1)
                .min(f64::from(SESSIONS_A_YEAR))
        });
    let entry = Entry::integer(
        "absence_sessions",
        (0, SESSIONS_A_YEAR),
        sessions.iter().copied(),
    )
    .label("Half days missed in the year")
    .lost(&[&world.losses.administrative]);
    sheet.outcome(world, entry, "half days", &Potential::unaffected(sessions));
}

/// Half days of an English school year.
const SESSIONS_A_YEAR: i32 = 380;

fn sessions(world: &World) -> Entry {
    let treated = &world.pupils.treated;
    let rows = world.rows();
    let attended = world.streams.each("sessions_attended", rows, |draws, _| {
        let never = draws.chance(0.08);
        let share = draws.beta(6.0 / 8.0, 8.0);
        let sessions = draws.binomial(30, share) as f64;
        if never { 0.0 } else { sessions }
    });
    let unknown = world
        .streams
        .chances("missing/sessions", rows, |row| 0.06 * one_if(treated[row]));
    Entry::integer("sessions_attended", (0, 30), attended)
        .label("Sessions of the programme the pupil came to, of 30; empty in the control arm")
        .lost(&[
            &Loss::new(
                "no_programme",
                MissingKind::Structural,
                "every pupil of the control arm",
                treated.iter().map(|&treated| !treated).collect(),
            ),
            &Loss::new(
                "register",
                MissingKind::CompletelyAtRandom,
                "each treated pupil with probability 0.06",
                unknown,
            ),
        ])
}
