//! What the numbers mean, goal by goal: good, fair, poor or dangerous, and why.

use parable_core::{FitRecord, NoiseProvenance};
use parable_dp::Budget;
use parable_metrics::{Distance, EffectPair, TrialEffect};
use serde::Serialize;

use crate::band::{self, Band, Limits};
use crate::section::beyond_chance;
use crate::{MethodResult, number};

/// What synthetic data is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Goal {
    /// It looks like the real table.
    Fidelity,
    /// It gives an analyst the same answers.
    Utility,
    /// It tells nothing about a person.
    Privacy,
}

/// How one method does on one goal. The band is that of the worst finding: a table is as good as its weakest part.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct Verdict {
    pub(crate) goal: Goal,
    /// `None` if nothing could be judged.
    pub(crate) band: Option<Band>,
    /// The band in a word or two.
    pub(crate) word: &'static str,
    /// What that means, in a sentence.
    pub(crate) sentence: String,
    /// Why, best readable first.
    pub(crate) findings: Vec<Finding>,
}

/// One measurement behind a verdict.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct Finding {
    pub(crate) band: Option<Band>,
    pub(crate) text: String,
}

impl Goal {
    /// All goals in the order of the page.
    pub(crate) const ALL: [Self; 3] = [Self::Fidelity, Self::Utility, Self::Privacy];

    /// The name.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Fidelity => "Fidelity",
            Self::Utility => "Utility",
            Self::Privacy => "Privacy",
        }
    }

    /// The question the goal answers.
    pub(crate) const fn question(self) -> &'static str {
        match self {
            Self::Fidelity => "Does it look like the real table?",
            Self::Utility => "Does it give the same answers?",
            Self::Privacy => "Does it stay clear of real people?",
        }
    }
}

impl Verdict {
    /// The verdicts on all goals, in the order of [`Goal::ALL`].
    pub(crate) fn all(method: &MethodResult) -> Vec<Self> {
        vec![fidelity(method), utility(method), privacy(method)]
    }
}

/// A finding whose number falls into a band.
fn banded(limits: Limits, value: f64, text: String) -> Finding {
    Finding {
        band: Some(limits.band(value)),
        text,
    }
}

fn worst(findings: &[Finding]) -> Option<Band> {
    findings.iter().filter_map(|finding| finding.band).max()
}

fn fidelity(method: &MethodResult) -> Verdict {
    let evaluation = &method.evaluation;
    let mut findings = Vec::new();
    let tvds: Vec<(&str, f64, f64)> = evaluation
        .columns
        .iter()
        .filter_map(|column| Some((column.name.as_str(), column.tvd?, beyond_chance(column)?)))
        .collect();
    if let Some(worst) = tvds.iter().max_by(|a, b| a.2.total_cmp(&b.2)) {
        let mean = tvds.iter().map(|(_, tvd, _)| tvd).sum::<f64>() / tvds.len() as f64;
        let chances: Vec<f64> = evaluation
            .columns
            .iter()
            .filter_map(|column| column.tvd.and(column.tvd_resample))
            .collect();
        let chance = if chances.len() == tvds.len() {
            let mean = chances.iter().sum::<f64>() / chances.len() as f64;
            format!(" (a second sample of people: {})", number::share(mean))
        } else {
            String::new()
        };
        findings.push(banded(
            band::SHARES,
            mean,
            format!(
                "Single columns: {} of the rows would have to change their value, on average over {} columns{chance}; farthest beyond chance: {} ({}).",
                number::share(mean),
                tvds.len(),
                worst.0,
                number::share(worst.1)
            ),
        ));
    }
    if let Some(associations) = &evaluation.associations
        && let Some(rms) = associations.root_mean_square
    {
        let mut text = format!(
            "Relations between columns: strengths differ by {} (root mean square)",
            number::value(rms)
        );
        match associations.worst.first() {
            Some(pair) => text.push_str(&format!(
                "; most for {} and {}: {} in the real table, {} in the synthetic one.",
                pair.left,
                pair.right,
                number::fixed(pair.real, 2),
                number::fixed(pair.synthetic, 2)
            )),
            None => text.push('.'),
        }
        findings.push(banded(band::ASSOCIATIONS, rms, text));
    }
    if let Some(row) = evaluation
        .missing
        .columns
        .iter()
        .max_by(|a, b| a.difference.abs().total_cmp(&b.difference.abs()))
    {
        findings.push(banded(
            band::SHARES,
            row.difference.abs(),
            format!(
                "Missing values: shares differ by at most {} percentage points ({}).",
                number::fixed(row.difference.abs() * 100.0, 1),
                row.column
            ),
        ));
    }
    let rules = &evaluation.rules;
    if let Some(synthetic) = rules.rows_breaking_any.synthetic {
        let real = rules.rows_breaking_any.real.unwrap_or(0.0);
        findings.push(banded(
            band::RULES,
            synthetic - real,
            format!(
                "Rules: {} of synthetic rows break a declared rule ({} of real rows).",
                number::share(synthetic),
                number::share(real)
            ),
        ));
    }
    let band = worst(&findings);
    Verdict {
        goal: Goal::Fidelity,
        band,
        word: band.map_or("not judged", Band::quality),
        sentence: match band {
            None => "Nothing could be compared.",
            Some(Band::A) => "It is hard to tell from a second sample of the same people.",
            Some(Band::B) => "Small differences remain; describing the table from it is fine, small effects may shift.",
            Some(Band::C) => "An analyst would notice the differences; check the worst columns and pairs before use.",
            Some(Band::D) => "An important part of the real table is lost; good for testing programs, not for findings.",
        }
        .to_owned(),
        findings,
    }
}

/// The estimate that an evaluator would report: adjusted, with robust errors where there are clusters.
pub(crate) fn main_estimate(effect: &TrialEffect) -> &EffectPair {
    effect.adjusted_robust.as_ref().unwrap_or(&effect.adjusted)
}

fn utility(method: &MethodResult) -> Verdict {
    let evaluation = &method.evaluation;
    let mut findings = Vec::new();
    if let Some(trial) = &evaluation.trial {
        let estimates: Vec<&EffectPair> = trial.effects.iter().map(main_estimate).collect();
        // Clamped for the mean only: one far-off effect would otherwise outweigh all others.
        let overlaps: Vec<f64> = estimates
            .iter()
            .filter_map(|pair| Some(pair.overlap?.clamp(0.0, 1.0)))
            .collect();
        if !overlaps.is_empty() {
            let mean = overlaps.iter().sum::<f64>() / overlaps.len() as f64;
            let flipped = estimates
                .iter()
                .filter(|pair| pair.same_significance == Some(false))
                .count();
            let conclusions = match flipped {
                0 => "every conclusion (effect or no effect shown) is the same".to_owned(),
                1 => "one conclusion (effect or no effect shown) is another".to_owned(),
                _ => format!("{flipped} conclusions (effect or no effect shown) are others"),
            };
            findings.push(banded(
                band::OVERLAP,
                mean,
                format!(
                    "Treatment effects: intervals overlap by {} on average over {} {}; {conclusions}.",
                    number::fixed(mean, 2),
                    overlaps.len(),
                    if overlaps.len() == 1 { "effect" } else { "effects" },
                ),
            ));
        } else if !estimates.is_empty() {
            findings.push(Finding {
                band: Some(Band::D),
                text: "Treatment effects: none can be estimated from both tables.".to_owned(),
            });
        }
    }
    for cluster in &evaluation.clusters {
        let outcomes = cluster.icc.iter().any(|icc| icc.role == "outcome");
        let differences: Vec<(&str, f64)> = cluster
            .icc
            .iter()
            .filter(|icc| !outcomes || icc.role == "outcome")
            .filter_map(|icc| Some((icc.column.as_str(), icc.difference?.abs())))
            .collect();
        if let Some(most) = differences.iter().max_by(|a, b| a.1.total_cmp(&b.1)) {
            let mean = differences.iter().map(|(_, d)| d).sum::<f64>() / differences.len() as f64;
            findings.push(banded(
                band::ICC,
                mean,
                format!(
                    "Likeness within {}: intraclass correlations differ by {} on average{}, most for {} ({}).",
                    cluster.column,
                    number::value(mean),
                    if outcomes { " over outcomes" } else { "" },
                    most.0,
                    number::value(most.1)
                ),
            ));
        }
        if cluster.in_one_arm.real == Some(1.0)
            && let Some(synthetic) = cluster.in_one_arm.synthetic
        {
            findings.push(banded(
                band::ARMS,
                synthetic,
                format!(
                    "Design: every real {} is wholly in one arm; {} of the synthetic ones are.",
                    cluster.column,
                    number::share(synthetic)
                ),
            ));
        }
    }
    let band = worst(&findings);
    Verdict {
        goal: Goal::Utility,
        band,
        word: band.map_or("not judged", Band::quality),
        sentence: match band {
            None => {
                "No treatment or cluster column is declared, so there is no analysis to repeat."
            }
            Some(Band::A) => "An evaluator would draw the same conclusions from it.",
            Some(Band::B) => "The main answers are kept, with some loss.",
            Some(Band::C) => "Some answers change; do not report estimates from it.",
            Some(Band::D) => "The analysis gives other answers than on the real table.",
        }
        .to_owned(),
        findings,
    }
}

fn privacy(method: &MethodResult) -> Verdict {
    let section = &method.evaluation.privacy;
    let mut findings = Vec::new();
    let counts = &section.overlap.synthetic;
    if let Some(share) = counts.share_of_distinct_real_rows {
        let chance = section
            .overlap
            .holdout
            .as_ref()
            .and_then(|holdout| holdout.share_of_distinct_real_rows);
        let beyond = share - chance.unwrap_or(0.0);
        let copied = counts.distinct_real_rows_in_synthetic;
        let mut text = if copied == 0 {
            format!(
                "Copies: none of {} distinct real rows stands in the synthetic table.",
                number::count(counts.distinct_real_rows)
            )
        } else {
            format!(
                "Copies: {} of {} distinct real rows ({}) stand in the synthetic table",
                number::count(copied),
                number::count(counts.distinct_real_rows),
                number::share(share)
            )
        };
        match chance {
            _ if copied == 0 => {}
            Some(chance) => text.push_str(&format!("; {} would by chance.", number::share(chance))),
            None => {
                text.push_str("; without a holdout table nobody can say how many do by chance.")
            }
        }
        findings.push(banded(band::COPIES, beyond, text));
    }
    if let Some(near) = section
        .nearest
        .iter()
        .find(|near| near.distance == Distance::Gower)
        && let Some(share) = near.share_below_real_p01
    {
        findings.push(banded(
            band::CLOSENESS,
            share,
            format!(
                "Near copies: {} of synthetic rows are nearer to a real person than 99 % of real people are to each other ({}).",
                number::share(share),
                match near.holdout_below_real_p01 {
                    Some(holdout) => format!("people held out: {}", number::share(holdout)),
                    None => "a second sample of people: about 1 %".to_owned(),
                }
            ),
        ));
    }
    let guarantee = Guarantee::of(method.record.as_ref());
    let measured = worst(&findings);
    let band = if guarantee == Guarantee::Broken {
        Some(Band::D)
    } else {
        measured
    };
    findings.push(Finding {
        band: (guarantee == Guarantee::Broken).then_some(Band::D),
        text: guarantee.sentence(),
    });
    Verdict {
        goal: Goal::Privacy,
        band,
        word: band.map_or("not judged", Band::danger),
        sentence: match band {
            None => "Nothing was measured; treat the table like the real one.",
            Some(Band::A) => "No copied or suspiciously near rows. This does not prove that nothing leaks.",
            Some(Band::B) => "A few rows are close to real people; review them before anybody else sees the table.",
            Some(Band::C) => "Too many rows are close to real people; only for a safe setting, and only after a review.",
            Some(Band::D) if measured != band => "It was announced as private and is not; do not release it on that ground.",
            Some(Band::D) => "It contains real people's data; treat it like the real table and do not release it.",
        }
        .to_owned(),
        findings,
    }
}

/// What a method promises, apart from anything measured.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Guarantee {
    /// Nothing is known about the method.
    Unknown,
    /// The method reads rows without protection.
    None,
    /// The method is private, but its noise can be repeated by whoever knows the seed, or it read rows without protection.
    Broken,
    /// The loss is at most this.
    Promise(String),
}

impl Guarantee {
    /// What a fit promises.
    pub(crate) fn of(record: Option<&FitRecord>) -> Self {
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

    /// The promise in a sentence.
    pub(crate) fn sentence(&self) -> String {
        match self {
            Self::Unknown => "No formal guarantee: how the table was made is not recorded.".to_owned(),
            Self::None => "No formal guarantee: the method read the real rows without differential privacy.".to_owned(),
            Self::Broken => "The formal guarantee is void: the noise came from a seed, or rows were read without protection.".to_owned(),
            Self::Promise(loss) => format!("Formal guarantee: differential privacy with at most {loss}."),
        }
    }
}
