//! Two private fits share a budget through a ledger in a file, and a third fit is refused.
//! `parable privacy verify` checks such a file.

use std::error::Error;
use std::path::Path;

use parable::dp::{Budget, Event, Ledger, PrivacyUnit, Rho};
use parable::seed::Seed;
use parable::{Fitted, Methods, Source};
use serde::Serialize;

/// Zero-concentrated loss that all fits together may cost one pupil.
const RHO: f64 = 0.1;

/// Least loss that is worth a fit: with less, the noise hides the answers.
const LEAST: f64 = 0.04;

/// One pupil's answers.
#[derive(Serialize)]
struct Answers {
    travel: &'static str,
    lunch: &'static str,
    happy: bool,
}

/// Returns the answers of 2,000 pupils.
fn survey() -> Result<Source, parable::Error> {
    let mut rng = Seed::from_u64(7).rng();
    let mut answers = || {
        let happy = rng.chance(0.6);
        let travel = if rng.chance(0.5) { "bus" } else { "foot" };
        let lunch = if rng.chance(if happy { 0.7 } else { 0.3 }) {
            "school"
        } else {
            "home"
        };
        Answers {
            travel,
            lunch,
            happy,
        }
    };
    let rows: Vec<Answers> = (0..2_000).map(|_| answers()).collect();
    // The levels are printed on the form: they are public.
    Source::from_rows("survey", &rows, None)?.trust_observed()
}

/// Fits a method with half of the budget of the ledger in this file.
fn fit(source: &Source, method: &str, file: &Path) -> Result<Fitted, Box<dyn Error>> {
    let budget = Budget::zcdp(Rho::new(RHO)?);
    // Creates the file, or continues it. Another budget, unit or name of the data is refused.
    let mut ledger = Ledger::open_file(file, "survey 2026", PrivacyUnit::one_row(), budget)?;
    ledger.limit_to_share(0.5)?;
    // A plan charges nothing; it asks whether the ledger would admit the least that a fit needs.
    let fit = Event::Zcdp {
        rho: Rho::new(LEAST)?,
    };
    ledger.plan([(method, &fit)]).1?;

    let method = Methods::builtin().get(method, "")?;
    // Every charge is in the file before its noise is drawn.
    Ok(source.fit(method).ledger(&mut ledger).run()?)
}

fn main() -> Result<(), Box<dyn Error>> {
    let source = survey()?;
    let folder = tempfile::tempdir()?;
    let file = folder.path().join("survey.ledger");
    for method in ["swift", "mst"] {
        let fitted = fit(&source, method, &file)?;
        let charges = fitted.record().ledger.len();
        let rows = fitted.sample(1_000).seed(2).run()?.table.rows();
        println!("{method}: {rows} synthetic rows, {charges} charges in the ledger so far");
    }
    match fit(&source, "swift", &file) {
        Ok(_) => Err("a third half of the budget was admitted".into()),
        Err(error) => {
            println!("third fit refused: {error}");
            println!(
                "{} lines of ledger",
                std::fs::read_to_string(&file)?.lines().count()
            );
            Ok(())
        }
    }
}
