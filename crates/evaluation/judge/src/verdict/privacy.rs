//! The verdict on privacy: does it protect the people in the data?

use parable_core::{FitRecord, NoiseProvenance};
use parable_dp::Budget;
use parable_draw::number;
use parable_metrics::{Distance, Evaluation};

use super::headline::headlines;
use super::{Goal, Verdict, VerdictFinding, worst};
use crate::band::Band;
use crate::bands::Bands;

pub(super) fn privacy(evaluation: &Evaluation, guarantee: &Guarantee, bands: &Bands) -> Verdict {
    let section = &evaluation.privacy;
    let mut findings = Vec::new();
    let counts = &section.overlap.synthetic;
    if let Some(share) = counts.share_of_distinct_real_rows {
        let chance = section
            .overlap
            .holdout
            .as_ref()
            .and_then(|holdout| holdout.share_of_distinct_real_rows);
        // Without a holdout, rows that chance gives: many people have them, or columns drawn one by
        // one meet in them.
        let by_chance = counts
            .by_chance
            .map(|chance| chance.distinct_real_rows)
            .filter(|_| chance.is_none());
        let beyond = share - chance.or(by_chance).unwrap_or(0.0);
        let copied = counts.distinct_real_rows_in_synthetic;
        let mut text = if copied == 0 {
            format!(
                "None of the {} distinct real rows appears in the synthetic table.",
                number::count(counts.distinct_real_rows)
            )
        } else {
            format!(
                "{} of {} distinct real rows ({}) appear in the synthetic table",
                number::count(copied),
                number::count(counts.distinct_real_rows),
                number::share(share)
            )
        };
        match chance {
            _ if copied == 0 => {}
            Some(chance) => text.push_str(&format!(
                "; by chance it would be {}.",
                number::share(chance)
            )),
            None if by_chance.is_some_and(|chance| chance >= 0.001) => text.push_str(&format!(
                "; chance alone gives up to {}: rows that several people have, and rows in which columns meet that are drawn one by one.",
                number::share(by_chance.unwrap_or(0.0))
            )),
            None => {
                text.push_str("; without a holdout table it is unknown how many would by chance.")
            }
        }
        findings.push(VerdictFinding::judged(
            bands,
            "overlap_distinct_real_rows",
            "Copied rows",
            beyond,
            text,
        ));
    }
    if let Some(near) = section
        .nearest
        .iter()
        .find(|near| near.distance == Distance::Gower)
        && let Some(share) = near.share_below_real_p01
    {
        findings.push(VerdictFinding::judged(bands,
            "nearest_gower_share_below_real_p01",
            "Near copies",
            share,
            format!(
                "Near copies: {} of synthetic rows are closer to a real person than almost any two real people are to each other ({}).",
                number::share(share),
                match near.holdout_below_real_p01 {
                    Some(holdout) => format!("people held out: {}", number::share(holdout)),
                    None => "in a second sample of people it is about 1 %".to_owned(),
                }
            ),
        ));
    }
    let rows = worst(&findings);
    headlines(&mut findings, evaluation, bands, Goal::Privacy);
    if evaluation.inputs.holdout_rows.is_none() && evaluation.disclosure.is_some() {
        findings.push(VerdictFinding {
            measure: "Attacks".to_owned(),
            band: None,
            text: "Attacks and attribute disclosure were not assessed: they need a holdout. Use `--holdout`.".to_owned(),
        });
    }
    let measured = worst(&findings);
    let band = if *guarantee == Guarantee::Broken {
        Some(Band::D)
    } else {
        measured
    };
    findings.push(VerdictFinding {
        measure: "Formal guarantee".to_owned(),
        band: (*guarantee == Guarantee::Broken).then_some(Band::D),
        text: guarantee.sentence(),
    });
    Verdict {
        goal: Goal::Privacy,
        band,
        word: band.map_or("not judged", Band::danger),
        sentence: match band {
            None => "Nothing was measured; treat the table like the real one.",
            Some(Band::A) => "No copied rows and no suspiciously close ones. This does not prove that nothing leaks.",
            Some(Band::B) if rows == band => "A few rows are close to real people; review them before anyone else sees the table.",
            Some(Band::B) => "Small risks were found or could not be excluded; review them before anyone else sees the table.",
            Some(Band::C) if rows == band => "Too many rows are close to real people. Use it only in a safe setting and after a review.",
            Some(Band::C) => "Risks that need a decision were found or could not be excluded. Use it only in a safe setting and after a review.",
            Some(Band::D) if measured != band => "It was presented as private but is not. Do not release it as private.",
            Some(Band::D) if rows == band => "It contains real people's data. Treat it like the real table and do not release it.",
            Some(Band::D) => "An attack learns about people, or may do so. Do not release it before the cause is known.",
        }
        .to_owned(),
        findings,
    }
}

/// The formal guarantee of a method, apart from anything measured.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Guarantee {
    /// Nothing is known about the method.
    Unknown,
    /// The method reads rows without protection.
    None,
    /// The method is private, but anyone who knows the seed can repeat its noise, or it read rows
    /// without protection.
    Broken,
    /// The loss is at most this.
    Promise(String),
}

impl Guarantee {
    /// Returns the guarantee of a fit.
    #[must_use]
    pub fn of(record: Option<&FitRecord>) -> Self {
        let Some(record) = record else {
            return Self::Unknown;
        };
        if !record.private {
            return Self::None;
        }
        if record.noise == NoiseProvenance::InsecureSeed || record.read_rows_unprotected() {
            return Self::Broken;
        }
        match record.budget {
            Budget::Zcdp { rho } => Self::Promise(format!(
                "ρ = {} (zero-concentrated)",
                number::plain(rho.get())
            )),
            Budget::Approx { epsilon, delta } | Budget::Gaussian { epsilon, delta }
                if delta.get() > 0.0 =>
            {
                Self::Promise(format!(
                    "ε = {}, δ = {}",
                    number::plain(epsilon.get()),
                    number::plain(delta.get())
                ))
            }
            Budget::Approx { epsilon, .. } => {
                Self::Promise(format!("ε = {}", number::plain(epsilon.get())))
            }
            _ => Self::Broken,
        }
    }

    /// Returns the guarantee as a sentence.
    #[must_use]
    pub fn sentence(&self) -> String {
        match self {
            Self::Unknown => "No formal guarantee: how the table was made is not recorded.".to_owned(),
            Self::None => "No formal guarantee: the method read the real rows without differential privacy.".to_owned(),
            Self::Broken => "The formal guarantee is void: the noise came from a seed, or rows were read without protection.".to_owned(),
            Self::Promise(loss) => format!("Formal guarantee: differential privacy with at most {loss}."),
        }
    }
}
