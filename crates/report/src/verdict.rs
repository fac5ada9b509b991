//! What the numbers mean, goal by goal: good, fair, poor or dangerous, and why.

use parable_core::{FitRecord, NoiseProvenance};
use parable_dp::Budget;
use parable_metrics::{Detail, Distance, EffectPair, Evaluation, Group, Score, TrialEffect};
use serde::Serialize;

use crate::band::Band;
use crate::bands::Bands;
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
    /// What was measured, in a few words that tell nothing about the table.
    pub(crate) measure: String,
    pub(crate) band: Option<Band>,
    /// What was found, with its numbers.
    pub(crate) text: String,
}

/// All goals in one word, and what follows from it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct Overall {
    /// `good`, `acceptable`, `poor`, `dangerous` or `not judged`.
    pub(crate) word: &'static str,
    /// The band that gives the colour.
    pub(crate) band: Option<Band>,
    /// What decides it: goals and measurements in the worst band, without numbers. Empty if all is well.
    pub(crate) because: String,
    /// What follows for a release, in a sentence or two.
    pub(crate) advice: String,
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

    /// The groups of scores that serve the goal.
    pub(crate) const fn groups(self) -> &'static [Group] {
        match self {
            Self::Fidelity => &[
                Group::Structure,
                Group::Univariate,
                Group::Bivariate,
                Group::Multivariate,
            ],
            Self::Utility => &[Group::Utility],
            Self::Privacy => &[Group::Privacy],
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
    pub(crate) fn all(method: &MethodResult, bands: &Bands) -> Vec<Self> {
        vec![
            fidelity(method, bands),
            utility(method, bands),
            privacy(method, bands),
        ]
    }
}

impl Overall {
    /// All verdicts together: dangerous if people could be, and else as good as the weakest goal.
    pub(crate) fn of(verdicts: &[Verdict]) -> Self {
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

/// Adds a finding if its metric has limits.
fn add(
    findings: &mut Vec<Finding>,
    bands: &Bands,
    metric: &str,
    measure: &str,
    value: f64,
    text: String,
) {
    findings.push(Finding {
        measure: measure.to_owned(),
        band: bands.of_number(metric, value),
        text,
    });
}

/// Scores of the goal that count on the first screen and have no finding of their own.
fn headlines(findings: &mut Vec<Finding>, evaluation: &Evaluation, bands: &Bands, goal: Goal) {
    let scores = evaluation.scores.iter().filter(|score| {
        goal.groups().contains(&score.group)
            && !COVERED.contains(&score.id.as_str())
            && bands.rule(&score.id).is_some_and(|rule| rule.headline)
    });
    for score in scores {
        let (Some(band), Some(value)) = (bands.of(score).band(), score.value) else {
            continue;
        };
        findings.push(Finding {
            measure: measure(score).to_owned(),
            band: Some(band),
            text: sentence(score, value),
        });
    }
}

/// What a headline score measures, in a few words.
fn measure(score: &Score) -> &str {
    match score.id.as_str() {
        "propensity_logit_ratio" => "A model that looks for the difference",
        "prediction_difference" => "Predictions",
        "regression_overlap" => "Regression coefficients",
        "attack_singling_out_univariate" => "Singling out by one column",
        "attack_singling_out_multivariate" => "Singling out by several columns",
        "attack_linkability" => "Linking two sources",
        "attack_inference" => "Inferring a secret",
        "membership_distance" => "Membership, told by distance",
        "membership_density_ratio" => "Membership, told by density",
        "disclosure_worst_excess" => "What known facts tell",
        _ => &score.title,
    }
}

/// What a headline score found.
fn sentence(score: &Score, value: f64) -> String {
    let measure = measure(score);
    let interval = |form: fn(f64) -> String| {
        score.ci.map_or_else(String::new, |ci| {
            format!(" ({} to {})", form(ci.low), form(ci.high))
        })
    };
    let fixed: fn(f64) -> String = |value| number::fixed(value, 3);
    let detail = |name: &str| match score.details.get(name) {
        Some(Detail::Text(text)) => format!(", {text}"),
        _ => String::new(),
    };
    match score.id.as_str() {
        "propensity_logit_ratio" => format!(
            "{measure}: its error is {} times what a synthesis without fault gives (main effects only).",
            number::fixed(value, 1)
        ),
        "prediction_difference" => format!(
            "{measure}: training on synthetic rows loses {} of F1 or R².",
            fixed(value)
        ),
        "regression_overlap" => format!(
            "{measure}: intervals overlap by {} on average.",
            number::fixed(value, 2)
        ),
        id if id.starts_with("attack_") => format!(
            "{measure}{}: risk {}{}; the upper end is judged.",
            detail("worst_secret"),
            number::share(value),
            interval(number::share)
        ),
        id if id.starts_with("membership_") => format!(
            "{measure}: area under the curve {}{}, 0.5 is guessing; the upper end is judged.",
            fixed(value),
            interval(fixed)
        ),
        "disclosure_worst_excess" => format!(
            "{measure}: the worst keys tell {} of people beyond guessing{}.",
            number::share(value),
            score.baseline.holdout.map_or_else(String::new, |held| {
                format!(" ({} of people held out)", number::share(held))
            })
        ),
        _ => format!(
            "{measure}: {}{}.",
            number::value(value),
            interval(number::value)
        ),
    }
}

/// Scores that a sentence of their own tells about.
const COVERED: [&str; 6] = [
    "mass_mad",
    "total_variation",
    "association_rms",
    "effect_overlap",
    "icc_difference",
    "overlap_distinct_real_rows",
];

fn worst(findings: &[Finding]) -> Option<Band> {
    findings.iter().filter_map(|finding| finding.band).max()
}

fn fidelity(method: &MethodResult, bands: &Bands) -> Verdict {
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
        add(
            &mut findings,
            bands,
            "total_variation",
            "Single columns",
            mean,
            format!(
                "Single columns: {} of the rows would have to change their value, on average over {} columns{chance}; farthest beyond chance: {} ({}).",
                number::share(mean),
                tvds.len(),
                worst.0,
                number::share(worst.1)
            ),
        );
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
        add(
            &mut findings,
            bands,
            "association_rms",
            "Relations between columns",
            rms,
            text,
        );
    }
    if let Some(row) = evaluation
        .missing
        .columns
        .iter()
        .max_by(|a, b| a.difference.abs().total_cmp(&b.difference.abs()))
    {
        add(
            &mut findings,
            bands,
            "missing_share_difference",
            "Missing values",
            row.difference.abs(),
            format!(
                "Missing values: shares differ by at most {} percentage points ({}).",
                number::fixed(row.difference.abs() * 100.0, 1),
                row.column
            ),
        );
    }
    let rules = &evaluation.rules;
    if let Some(synthetic) = rules.rows_breaking_any.synthetic {
        let real = rules.rows_breaking_any.real.unwrap_or(0.0);
        add(
            &mut findings,
            bands,
            "rule_violations",
            "Declared rules",
            synthetic - real,
            format!(
                "Rules: {} of synthetic rows break a declared rule ({} of real rows).",
                number::share(synthetic),
                number::share(real)
            ),
        );
    }
    headlines(&mut findings, evaluation, bands, Goal::Fidelity);
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

fn utility(method: &MethodResult, bands: &Bands) -> Verdict {
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
            add(
                &mut findings,
                bands,
                "effect_overlap",
                "Treatment effects",
                mean,
                format!(
                    "Treatment effects: intervals overlap by {} on average over {} {}; {conclusions}.",
                    number::fixed(mean, 2),
                    overlaps.len(),
                    if overlaps.len() == 1 {
                        "effect"
                    } else {
                        "effects"
                    },
                ),
            );
        } else if !estimates.is_empty() {
            findings.push(Finding {
                measure: "Treatment effects".to_owned(),
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
            add(
                &mut findings,
                bands,
                "icc_difference",
                "Likeness within groups",
                mean,
                format!(
                    "Likeness within {}: intraclass correlations differ by {} on average{}, most for {} ({}).",
                    cluster.column,
                    number::value(mean),
                    if outcomes { " over outcomes" } else { "" },
                    most.0,
                    number::value(most.1)
                ),
            );
        }
        if cluster.in_one_arm.real == Some(1.0)
            && let Some(synthetic) = cluster.in_one_arm.synthetic
        {
            add(
                &mut findings,
                bands,
                "clusters_in_one_arm_difference",
                "Design of the trial",
                synthetic,
                format!(
                    "Design: every real {} is wholly in one arm; {} of the synthetic ones are.",
                    cluster.column,
                    number::share(synthetic)
                ),
            );
        }
    }
    headlines(&mut findings, evaluation, bands, Goal::Utility);
    let band = worst(&findings);
    Verdict {
        goal: Goal::Utility,
        band,
        word: band.map_or("not judged", Band::quality),
        sentence: match band {
            None => {
                "No treatment, cluster or formula is declared, so there is no analysis to repeat."
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

fn privacy(method: &MethodResult, bands: &Bands) -> Verdict {
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
        add(
            &mut findings,
            bands,
            "overlap_distinct_real_rows",
            "Copied rows",
            beyond,
            text,
        );
    }
    if let Some(near) = section
        .nearest
        .iter()
        .find(|near| near.distance == Distance::Gower)
        && let Some(share) = near.share_below_real_p01
    {
        add(
            &mut findings,
            bands,
            "nearest_gower_share_below_real_p01",
            "Near copies",
            share,
            format!(
                "Near copies: {} of synthetic rows are nearer to a real person than 99 % of real people are to each other ({}).",
                number::share(share),
                match near.holdout_below_real_p01 {
                    Some(holdout) => format!("people held out: {}", number::share(holdout)),
                    None => "a second sample of people: about 1 %".to_owned(),
                }
            ),
        );
    }
    let rows = worst(&findings);
    headlines(&mut findings, &method.evaluation, bands, Goal::Privacy);
    if method.evaluation.inputs.holdout_rows.is_none() && method.evaluation.disclosure.is_some() {
        findings.push(Finding {
            measure: "Attacks".to_owned(),
            band: None,
            text: "Attacks and what known facts tell: not judged. Without a holdout table they cannot be told from what is true of everybody; pass one.".to_owned(),
        });
    }
    let guarantee = Guarantee::of(method.record.as_ref());
    let measured = worst(&findings);
    let band = if guarantee == Guarantee::Broken {
        Some(Band::D)
    } else {
        measured
    };
    findings.push(Finding {
        measure: "Formal guarantee".to_owned(),
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
            Some(Band::B) if rows == band => "A few rows are close to real people; review them before anybody else sees the table.",
            Some(Band::B) => "Small risks were found or could not be excluded; review them before anybody else sees the table.",
            Some(Band::C) if rows == band => "Too many rows are close to real people; only for a safe setting, and only after a review.",
            Some(Band::C) => "Risks that need a decision were found or could not be excluded; only for a safe setting, and only after a review.",
            Some(Band::D) if measured != band => "It was announced as private and is not; do not release it on that ground.",
            Some(Band::D) if rows == band => "It contains real people's data; treat it like the real table and do not release it.",
            Some(Band::D) => "An attack learns about people, or nothing excludes that one does; do not release it before the cause is known.",
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
