//! Texts of single people, planted at every place of a table where texts stand: neither a synthetic
//! table nor a model file holds six characters of one.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use parable::seed::{Rng, Seed};
use parable::table::csv;
use parable::{Cleaned, Fitted, Methods, Source};

const ROWS: usize = 400;
/// So many characters in a row are no accident.
const RUN: usize = 6;
const METHODS: [&str; 3] = ["cart", "ipf", "independent"];

/// How the texts of a column are spelled.
#[derive(Clone, Copy, Debug)]
enum Spelled {
    Name,
    Email,
    Note,
    Address,
    Code,
    Phone,
}

const ALL: [Spelled; 6] = [
    Spelled::Name,
    Spelled::Email,
    Spelled::Note,
    Spelled::Address,
    Spelled::Code,
    Spelled::Phone,
];

fn word(rng: &mut Rng, letters: usize) -> String {
    (0..letters)
        .map(|_| char::from(b"etaoinshrdlucmfw"[rng.below(16) as usize]))
        .collect()
}

fn name(rng: &mut Rng) -> String {
    let mut name = word(rng, 7);
    name[..1].make_ascii_uppercase();
    name
}

impl Spelled {
    fn text(self, rng: &mut Rng) -> String {
        match self {
            Self::Name => format!("{} {}", name(rng), name(rng)),
            Self::Email => format!("{}.{}@mail.example", word(rng, 5), word(rng, 6)),
            Self::Note => (0..8).map(|_| word(rng, 6)).collect::<Vec<_>>().join(" "),
            Self::Address => format!("{} {} Street", 1 + rng.below(300), name(rng)),
            Self::Code => format!("QX-{}", 10_000 + rng.below(90_000)),
            Self::Phone => format!(
                "+49 {} {}",
                200 + rng.below(700),
                2_000_000 + rng.below(5_000_000)
            ),
        }
    }

    fn planted(self) -> &'static str {
        match self {
            Self::Name => "Zebulon Quartermaine",
            Self::Email => "zq.kyxbygd@zyxwhost.quux",
            Self::Note => "zebulonq xylophonk bagpipex jigsawsy quetzalm vexillumq",
            Self::Address => "9917 Zyzzyva Crescent, Quorntown",
            Self::Code => "ZYQ-8817263",
            Self::Phone => "+37 810 9914173",
        }
    }
}

/// Where the planted text stands.
#[derive(Clone, Copy, Debug)]
enum Place {
    /// Among texts that differ from row to row.
    Text,
    /// Beside a few levels that many rows share, in one row or in two.
    Level(usize),
    /// The name of a cluster.
    Cluster,
    /// The name of a person with several rows.
    Person,
    /// In a column that most rows leave empty.
    Sparse,
    /// Among numbers, and among dates.
    Number,
    Date,
    /// In a table of few rows, each with a text of its own or with one that it shares with another.
    Few(usize),
}

const PLACES: [Place; 10] = [
    Place::Text,
    Place::Level(1),
    Place::Level(2),
    Place::Cluster,
    Place::Person,
    Place::Sparse,
    Place::Number,
    Place::Date,
    Place::Few(1),
    Place::Few(2),
];

fn date(rng: &mut Rng) -> String {
    format!(
        "19{}-{:02}-{:02}",
        30 + rng.below(70),
        1 + rng.below(12),
        1 + rng.below(28)
    )
}

/// A table as CSV.
fn table(spelled: Spelled, place: Place) -> String {
    let mut rng = Seed::from_u64(11).rng();
    let pool: Vec<String> = (0..100).map(|_| spelled.text(&mut rng)).collect();
    let births: Vec<String> = (0..100).map(|_| date(&mut rng)).collect();
    let sizes: Vec<u64> = (0..100).map(|_| 100 + rng.below(900)).collect();
    let column = match place {
        Place::Cluster => "school",
        _ => "entry",
    };
    let rows = match place {
        Place::Few(_) => 40,
        _ => ROWS,
    };
    let mut text = format!("age,sex,score,{column},told\n");
    for row in 0..rows {
        let planted = |is: bool, other: String| match is {
            true => spelled.planted().to_owned(),
            false => other,
        };
        let (entry, told) = match place {
            Place::Text => (planted(row == 133, spelled.text(&mut rng)), String::new()),
            Place::Level(rows) => {
                let level = pool[rng.below(6) as usize].clone();
                (
                    planted((133..133 + rows).contains(&row), level),
                    String::new(),
                )
            }
            Place::Cluster => (
                planted(row % 20 == 7, pool[row % 20].clone()),
                sizes[row % 20].to_string(),
            ),
            Place::Person => (
                planted(row % 100 == 7, pool[row % 100].clone()),
                births[row % 100].clone(),
            ),
            Place::Sparse if row % 40 == 13 => {
                (planted(row == 133, spelled.text(&mut rng)), String::new())
            }
            Place::Sparse => (String::new(), String::new()),
            Place::Number => (
                planted(row == 133, (100 + rng.below(900)).to_string()),
                String::new(),
            ),
            Place::Date => (planted(row == 133, date(&mut rng)), String::new()),
            Place::Few(shared) => (
                planted(row / shared == 7, pool[row / shared].clone()),
                String::new(),
            ),
        };
        // What people with several rows always say again.
        let sex = match place {
            Place::Person => ["m", "f"][row % 100 % 2],
            _ => ["m", "f"][rng.below(2) as usize],
        };
        let age = 18 + rng.below(60);
        let _ = writeln!(
            text,
            "{age},{sex},{},\"{entry}\",{told}",
            age / 2 + rng.below(9)
        );
    }
    text
}

/// The runs of characters that only the planted text has.
fn runs(planted: &str, table: &str) -> Vec<String> {
    let others = table.replace(planted, "");
    let characters: Vec<char> = planted.chars().collect();
    characters
        .windows(RUN)
        .map(|run| run.iter().collect::<String>())
        .filter(|run| !others.contains(run))
        .collect()
}

/// A synthetic table as CSV and the model file it came from.
fn made(text: &str, method: &str) -> (Fitted, String, String) {
    let source = Source::from_reader("planted", text.as_bytes(), None).expect("a table");
    let method = Methods::builtin().get(method, "").expect("a method");
    let fitted = source.fit(method).seed(1).run().expect("a fit");
    let made = fitted.sample(400).seed(2).run().expect("a sample");
    let mut rows = Vec::new();
    csv::write(&made.table, &mut rows, &fitted.dialect()).expect("written");
    let mut model = Vec::new();
    fitted.write(&mut model).expect("written");
    let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
    (fitted, text(rows), text(model))
}

#[test]
fn no_text_of_one_person_is_published_or_stored() {
    for place in PLACES {
        for spelled in ALL {
            let text = table(spelled, place);
            let runs = runs(spelled.planted(), &text);
            assert!(runs.len() > 5, "{spelled:?} has too few runs of its own");
            for method in METHODS {
                let (_, rows, model) = made(&text, method);
                for run in &runs {
                    assert!(!rows.contains(run), "{method} publishes `{run}`, {place:?}");
                    assert!(!model.contains(run), "{method} stores `{run}`, {place:?}");
                }
                // The check would see a text: one that everybody may know is there.
                assert!(rows.contains("score") && model.contains("score"));
            }
        }
    }
}

#[test]
fn a_level_that_is_kept_on_purpose_is_seen_by_this_check() {
    let text = table(Spelled::Name, Place::Level(2));
    let source = Source::from_reader("planted", text.as_bytes(), None).expect("a table");
    let method = Methods::builtin().get("independent", "").expect("a method");
    let cleaned = Cleaned::with_rare_levels(source.table(), method.capabilities()).expect("a plan");
    let fit = source.fit(method).seed(1).cleaned(&cleaned);
    let fitted = fit.run().expect("a fit");
    let mut model = Vec::new();
    fitted.write(&mut model).expect("written");
    assert!(String::from_utf8_lossy(&model).contains("Quarter"));
}

#[test]
fn no_name_of_a_person_with_several_rows_is_a_real_one() {
    for spelled in ALL {
        let text = table(spelled, Place::Person);
        let entry = |line: &str| line.split('"').nth(1).map(str::to_owned);
        let real: BTreeSet<String> = text.lines().skip(1).filter_map(entry).collect();
        assert_eq!(real.len(), 100);
        let (_, rows, model) = made(&text, "cart");
        let found = real.iter().find(|name| rows.contains(name.as_str()));
        assert!(found.is_none(), "{spelled:?}: {found:?}");
        let stored = real.iter().find(|name| model.contains(name.as_str()));
        assert!(stored.is_none(), "{spelled:?}: {stored:?}");
    }
}

#[test]
fn one_long_text_among_short_ones_is_no_obstacle() {
    let mut rng = Seed::from_u64(5).rng();
    for long in [1usize, 3] {
        let mut text = "age,note\n".to_owned();
        for row in 0..300usize {
            let words = match row % 40 == 0 && row / 40 < long {
                true => 40,
                false => 5 + rng.below(4) as usize,
            };
            let note: Vec<String> = (0..words).map(|_| word(&mut rng, 6)).collect();
            let _ = writeln!(text, "{},{}", 18 + rng.below(60), note.join(" "));
        }
        for method in METHODS {
            made(&text, method);
        }
    }
}
