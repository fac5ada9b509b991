//! The verdict on fidelity: does it look like the real table?

use parable_draw::number;
use parable_metrics::{ColumnDetail, Evaluation};

use super::headline::headlines;
use super::{Goal, Verdict, VerdictFinding, worst};
use crate::band::Band;
use crate::bands::Bands;

/// Returns the distance of a column beyond that of a second sample of the real column: with many
/// levels, samples are far apart by chance alone.
#[must_use]
pub fn beyond_chance(column: &ColumnDetail) -> Option<f64> {
    Some(column.tvd? - column.tvd_resample.unwrap_or(0.0))
}

pub(super) fn fidelity(evaluation: &Evaluation, bands: &Bands) -> Verdict {
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
        findings.push(VerdictFinding::judged(bands,
            "total_variation",
            "Single-column distributions",
            mean,
            format!(
                "Single-column distributions: on average over {} columns, {} of the rows would have to change their value{chance}; the largest excess over sampling noise is in {} ({}).",
                tvds.len(),
                number::share(mean),
                worst.0,
                number::share(worst.1)
            ),
        ));
    }
    if let Some(associations) = &evaluation.associations
        && let Some(rms) = associations.root_mean_square
    {
        // One outlying row can make a correlation of any size; on ranks it weighs like any other.
        let by_ranks = associations.root_mean_square_of_ranks.unwrap_or(rms);
        let mut text = format!(
            "Relationships between columns: strengths differ by {} (root mean square{})",
            number::value(rms),
            if bands.of_number("association_rms", by_ranks)
                < bands.of_number("association_rms", rms)
            {
                format!(
                    "; {} on ranks, which decides: the rest is the work of a few outlying rows",
                    number::value(by_ranks)
                )
            } else {
                String::new()
            }
        );
        match associations.worst.first() {
            Some(pair) => text.push_str(&format!(
                "; the largest difference is between {} and {}: {} in the real table, {} in the synthetic table.",
                pair.left,
                pair.right,
                number::fixed(pair.real, 2),
                number::fixed(pair.synthetic, 2)
            )),
            None => text.push('.'),
        }
        findings.push(VerdictFinding::judged(
            bands,
            "association_rms",
            "Relationships between columns",
            rms.min(by_ranks),
            text,
        ));
    }
    if let Some(row) = evaluation
        .missing
        .columns
        .iter()
        .max_by(|a, b| a.difference.abs().total_cmp(&b.difference.abs()))
    {
        findings.push(VerdictFinding::judged(
            bands,
            "missing_share_difference",
            "Missing values",
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
        findings.push(VerdictFinding::judged(
            bands,
            "rule_violations",
            "Declared rules",
            synthetic - real,
            format!(
                "Rules: {} of synthetic rows break a declared rule ({} of real rows).",
                number::share(synthetic),
                number::share(real)
            ),
        ));
    }
    headlines(&mut findings, evaluation, bands, Goal::Fidelity);
    let band = worst(&findings);
    Verdict {
        goal: Goal::Fidelity,
        band,
        word: band.map_or("not judged", Band::quality),
        sentence: match band {
            None => "Nothing could be compared.",
            Some(Band::A) => "It is hard to distinguish from a second sample of the same population.",
            Some(Band::B) => "Small differences remain. Descriptive results hold; small effects may shift.",
            Some(Band::C) => "An analyst would notice the differences; check the worst columns and pairs before use.",
            Some(Band::D) => "An important part of the real table is lost. Use it to test programs, not for findings.",
        }
        .to_owned(),
        findings,
    }
}
