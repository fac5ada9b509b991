//! All goals in one word.

use serde::Serialize;

use super::{Goal, Verdict};
use crate::band::Band;

/// All goals in one word, and what follows from it.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Overall {
    /// `good`, `acceptable`, `poor`, `dangerous` or `not judged`.
    pub word: &'static str,
    /// The band that gives the colour.
    pub band: Option<Band>,
    /// What decides it: goals and measurements in the worst band, without numbers. Empty if all is well.
    pub because: String,
    /// What follows for a release, in a sentence or two.
    pub advice: String,
}

impl Overall {
    /// All verdicts together: dangerous if people could be, and else as good as the weakest goal.
    #[must_use]
    pub fn of(verdicts: &[Verdict]) -> Self {
        let worst = |privacy: bool| {
            verdicts
                .iter()
                .filter(|verdict| (verdict.goal == Goal::Privacy) == privacy)
                .filter_map(|verdict| verdict.band)
                .max()
        };
        let (leak, kept) = (worst(true), worst(false));
        let mut advice = match leak {
            Some(Band::D) => "Do not release this table. Keep it where the real table is kept.",
            Some(Band::C) => {
                "Not for release: keep it in a safe setting until the privacy findings have been reviewed."
            }
            Some(Band::B) => {
                "Before a release: review the privacy findings, and have a second person check the decision."
            }
            Some(Band::A) => {
                "The privacy measurements found no obstacle to a release. They cannot prove that there is none: the decision stays with the data owner."
            }
            None => "Privacy was not measured. Treat the table like the real one.",
        }
        .to_owned();
        match kept {
            Some(Band::D) => {
                advice.push_str(" Use it to write and test programs, not to learn about people.")
            }
            Some(Band::C) => advice.push_str(" Check every finding from it on the real table."),
            _ => {}
        }
        let word = match (leak, leak.max(kept)) {
            (Some(Band::D), _) => "dangerous",
            (None, _) | (_, None) => "not judged",
            (_, Some(Band::A)) => "good",
            (_, Some(Band::B)) => "acceptable",
            _ => "poor",
        };
        // Not judged on privacy is never painted as good.
        let band = leak.and(leak.max(kept));
        let decides = match word {
            "dangerous" => Some(Band::D),
            _ => band.filter(|band| *band > Band::A),
        };
        Self {
            word,
            band,
            because: decides.map_or_else(String::new, |band| because(verdicts, band, word)),
            advice,
        }
    }
}

/// The measurements in the deciding band, goal by goal.
fn because(verdicts: &[Verdict], band: Band, word: &str) -> String {
    let goals: Vec<String> = verdicts
        .iter()
        .filter(|verdict| verdict.band == Some(band))
        .filter(|verdict| word != "dangerous" || verdict.goal == Goal::Privacy)
        .map(|verdict| {
            let mut measures: Vec<String> = Vec::new();
            for finding in verdict.findings.iter().filter(|f| f.band == Some(band)) {
                let measure = lowered(&finding.measure);
                if !measures.contains(&measure) {
                    measures.push(measure);
                }
            }
            format!(
                "{} ({})",
                verdict.goal.name().to_lowercase(),
                measures.join(", ")
            )
        })
        .collect();
    format!("because of {}.", goals.join(" and "))
}

/// With a small first letter, unless the first word is a name or an abbreviation.
fn lowered(text: &str) -> String {
    let mut characters = text.chars();
    match (characters.next(), characters.clone().next()) {
        (Some(first), Some(second)) if second.is_lowercase() => {
            first.to_lowercase().chain(characters).collect()
        }
        _ => text.to_owned(),
    }
}
