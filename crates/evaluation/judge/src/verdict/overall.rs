//! The verdict on all goals together.

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
    /// Goals and measurements in the worst band, in sentences without numbers. Empty if all is
    /// well.
    pub because: String,
    /// Advice for a release, in a sentence or two.
    pub advice: String,
}

impl Overall {
    /// Combines the verdicts: dangerous if people are at risk, and else as good as the weakest
    /// goal.
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
                "Before a release, review the privacy findings and have a second person check the decision."
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
        // A table without a verdict on privacy is never called good.
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

/// The measurements in the deciding band, a sentence for each goal.
fn because(verdicts: &[Verdict], band: Band, word: &str) -> String {
    let deciding = verdicts
        .iter()
        .filter(|verdict| verdict.band == Some(band))
        .filter(|verdict| word != "dangerous" || verdict.goal == Goal::Privacy);
    let mut sentences: Vec<String> = Vec::new();
    for verdict in deciding {
        let mut measures: Vec<String> = Vec::new();
        for finding in verdict.findings.iter().filter(|f| f.band == Some(band)) {
            let measure = lowered(&finding.measure);
            if !measures.contains(&measure) {
                measures.push(measure);
            }
        }
        let (goal, measures) = (verdict.goal.name(), listed(&measures));
        sentences.push(match (word, sentences.is_empty()) {
            ("dangerous", _) => format!("The reason is privacy: {measures}."),
            (_, true) => format!("{goal} holds it back: {measures}."),
            _ => format!("So does {}: {measures}.", goal.to_lowercase()),
        });
    }
    sentences.join(" ")
}

/// A list in a sentence: `a`, `a and b`, `a, b, and c`.
fn listed(items: &[String]) -> String {
    match items {
        [] => String::new(),
        [one] => one.clone(),
        [first, second] => format!("{first} and {second}"),
        [first @ .., last] => format!("{}, and {last}", first.join(", ")),
    }
}

/// The text with a small first letter, unless the first word is an abbreviation.
fn lowered(text: &str) -> String {
    let mut characters = text.chars();
    match (characters.next(), characters.clone().next()) {
        (Some(first), Some(second)) if second.is_lowercase() || second == ' ' => {
            first.to_lowercase().chain(characters).collect()
        }
        _ => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::VerdictFinding;

    fn verdict(goal: Goal, band: Band, measures: &[&str]) -> Verdict {
        let finding = |measure: &&str| VerdictFinding {
            measure: (*measure).to_owned(),
            band: Some(band),
            text: String::new(),
        };
        Verdict {
            goal,
            band: Some(band),
            word: band.quality(),
            sentence: String::new(),
            findings: measures.iter().map(finding).collect(),
        }
    }

    #[test]
    fn the_weakest_goals_are_named_with_their_measurements() {
        let measures = [
            "Single-column distributions",
            "Relationships between columns",
            "A classifier that can tell the tables apart",
        ];
        let mut verdicts = vec![
            verdict(Goal::Fidelity, Band::B, &measures),
            verdict(Goal::Privacy, Band::A, &["Copied rows"]),
        ];
        let overall = Overall::of(&verdicts);
        assert_eq!(overall.word, "acceptable");
        assert_eq!(
            overall.because,
            "Fidelity holds it back: single-column distributions, relationships between columns, \
             and a classifier that can tell the tables apart."
        );
        verdicts[1] = verdict(Goal::Privacy, Band::B, &["Near copies", "Copied rows"]);
        let both = Overall::of(&verdicts).because;
        assert!(both.ends_with("So does privacy: near copies and copied rows."));
        verdicts[1].band = Some(Band::D);
        verdicts[1].findings[0].band = Some(Band::D);
        let dangerous = Overall::of(&verdicts).because;
        assert_eq!(dangerous, "The reason is privacy: near copies.");
    }
}
