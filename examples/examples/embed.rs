//! A tool that embeds parable: its own structs go in, and synthetic structs come out. A model is
//! fitted once, kept in a file, and sampled whenever the tool needs test data.

use std::error::Error;
use std::fs::File;
use std::path::Path;
use std::time::Duration;

use parable::cart::Cart;
use parable::seed::Seed;
use parable::{Conditions, Evaluation, Fitted, Source};
use serde::{Deserialize, Serialize};

/// A visit as the rest of the tool knows it.
#[derive(Clone, Debug)]
struct Visit {
    id: u32,
    ward: Ward,
    age: u8,
    stay: Duration,
    /// In kilograms. Not every patient is weighed.
    weight: Option<f64>,
}

#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Ward {
    Medicine,
    Surgery,
}

/// A visit as a row of a table: a field for each column. The id is no column, because it says
/// nothing about a visit and everything about who it was.
#[derive(Serialize, Deserialize)]
struct VisitRow {
    ward: Ward,
    age: u8,
    hours: u64,
    weight: Option<f64>,
}

impl From<&Visit> for VisitRow {
    fn from(visit: &Visit) -> Self {
        Self {
            ward: visit.ward,
            age: visit.age,
            hours: visit.stay.as_secs() / 3600,
            weight: visit.weight,
        }
    }
}

impl VisitRow {
    /// Converts the row to a visit with a new id.
    fn into_visit(self, id: u32) -> Visit {
        Visit {
            id,
            ward: self.ward,
            age: self.age,
            stay: Duration::from_secs(3600 * self.hours),
            weight: self.weight,
        }
    }
}

/// Returns the visits that a real tool would have in its database.
fn recorded(count: u32) -> Vec<Visit> {
    let mut rng = Seed::from_u64(7).rng();
    let mut visit = |id| {
        let (ward, least) = match rng.chance(0.4) {
            true => (Ward::Surgery, 60),
            false => (Ward::Medicine, 12),
        };
        let kilograms = (rng.normal() * 12.0 + 74.0).clamp(40.0, 140.0);
        Visit {
            id,
            ward,
            age: 18 + rng.below(70) as u8,
            stay: Duration::from_secs(3600 * (least + rng.below(60))),
            weight: rng.chance(0.9).then_some((10.0 * kilograms).round() / 10.0),
        }
    };
    (1..=count).map(&mut visit).collect()
}

/// Samples visits from a model file; some conditions hold for all of them.
fn synthetic(model: &Path, rows: u32, given: &Conditions) -> Result<Vec<Visit>, Box<dyn Error>> {
    let fitted = Fitted::read(&mut File::open(model)?)?;
    let sample = fitted.sample(rows as usize).seed(2).given(given).run()?;
    let rows: Vec<VisitRow> = sample.to_rows()?;
    let numbered = (1..).zip(rows);
    Ok(numbered.map(|(id, row)| row.into_visit(id)).collect())
}

fn main() -> Result<(), Box<dyn Error>> {
    let visits = recorded(800);
    let rows: Vec<VisitRow> = visits.iter().map(VisitRow::from).collect();
    // Without a schema, columns have the types of their fields.
    let source = Source::from_rows("visits", &rows, None)?;
    let fitted = source.fit(Cart::default()).seed(1).run()?;
    let folder = tempfile::tempdir()?;
    let model = folder.path().join("visits.parable");
    fitted.write(&mut File::create(&model)?)?;

    let made = synthetic(&model, 500, &Conditions::default())?;
    let surgery = Conditions::default().with("ward", "surgery");
    let operated = synthetic(&model, 100, &surgery)?;
    assert!(operated.iter().all(|visit| visit.ward == Ward::Surgery));
    println!("{} and {} visits", made.len(), operated.len());
    for visit in made.iter().take(3) {
        println!("visit {}: {visit:?}", visit.id);
    }

    let table = fitted.sample(800).seed(3).run()?.table;
    let evaluation = Evaluation::of(source.table(), &table)
        .with_only(["mass_mad"])
        .run()?;
    println!("mass_mad: {:?}", evaluation.value("mass_mad"));
    Ok(())
}
