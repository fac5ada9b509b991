//! The verdict on utility: does it give the same answers?

use parable_draw::number;
use parable_metrics::{EffectPair, Evaluation, TrialEffect};

use super::headline::headlines;
use super::{GROUP_SIMILARITY, Goal, TRIAL_DESIGN, Verdict, VerdictFinding, worst};
use crate::band::Band;
use crate::bands::Bands;

/// Returns the estimate that an evaluator would report: adjusted, with cluster-robust errors where
/// there are clusters.
#[must_use]
pub fn main_estimate(effect: &TrialEffect) -> &EffectPair {
    effect.adjusted_robust.as_ref().unwrap_or(&effect.adjusted)
}

pub(super) fn utility(evaluation: &Evaluation, bands: &Bands) -> Verdict {
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
                0 => "No effect gains or loses its statistical significance.".to_owned(),
                _ => {
                    let changed = number::in_words(flipped as u64);
                    let (first, rest) = changed.split_at(1);
                    format!(
                        "{}{rest} of {} {} from significant to not significant, or back.",
                        first.to_uppercase(),
                        match estimates.len() {
                            1 => "one effect".to_owned(),
                            all => format!("{} effects", number::in_words(all as u64)),
                        },
                        if flipped == 1 { "changes" } else { "change" },
                    )
                }
            };
            findings.push(VerdictFinding::judged(bands,
                "effect_overlap",
                "Treatment effects",
                mean,
                format!(
                    "Treatment effects: confidence intervals overlap by {} on average over {} {}. {conclusions}",
                    number::fixed(mean, 2),
                    overlaps.len(),
                    if overlaps.len() == 1 {
                        "effect"
                    } else {
                        "effects"
                    },
                ),
            ));
        } else if !estimates.is_empty() {
            findings.push(VerdictFinding {
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
            findings.push(VerdictFinding::judged(bands,
                "icc_difference",
                GROUP_SIMILARITY,
                mean,
                format!(
                    "Similarity within {}: intraclass correlations differ by {} on average{}, most for {} ({}).",
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
            findings.push(VerdictFinding::judged(bands,
                "clusters_in_one_arm_difference",
                TRIAL_DESIGN,
                synthetic,
                format!(
                    "Trial design: every real {} is entirely in one arm; {} of the synthetic ones are.",
                    cluster.column,
                    number::share(synthetic)
                ),
            ));
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
            Some(Band::B) => "The main results hold, with some loss.",
            Some(Band::C) => "Some results change. Do not report estimates from it.",
            Some(Band::D) => "The analysis gives different answers from the real data.",
        }
        .to_owned(),
        findings,
    }
}
