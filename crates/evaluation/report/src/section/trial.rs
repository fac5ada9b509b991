//! The trial's analysis on both tables.

use parable_draw::markup::Markup;
use parable_draw::{ForestRow, Mark, Series, forest, number};
use parable_judge::main_estimate;
use parable_metrics::{
    BalanceRow, EffectEstimate, EffectPair, Evaluation, TrialSection, Undefined,
};

use super::{legend, remark, section};
use crate::KnownTruth;
use crate::table::{self, Figures, Words};

/// Lines of the balance drawing; the table of scores counts all.
const BALANCE_ROWS: usize = 24;
/// End of the balance axis: what exists in one arm only would otherwise press all else together.
const BALANCE_REACH: f64 = 1.0;

/// Treatment effects, arms, loss of outcomes by arm, and balance at baseline.
pub(crate) fn trial(
    m: &mut Markup,
    prefix: &str,
    evaluation: &Evaluation,
    truth: Option<&KnownTruth>,
) {
    let Some(trial) = &evaluation.trial else {
        return;
    };
    let lead = "The trial's analysis, run on both tables. A good synthetic table gives nearly the same estimate with nearly the same uncertainty.";
    section(
        m,
        &format!("{prefix}trial"),
        "Treatment effects",
        lead,
        |m| {
            design(m, trial);
            if trial.effects.is_empty() {
                remark(m, "No outcome has an effect that could be estimated.");
            } else {
                effect_forest(m, trial, truth);
                effect_table(m, trial, truth);
            }
            for (outcome, reason) in &trial.left_out {
                remark(m, format_args!("No effect on {outcome}: {reason}."));
            }
            arms(m, trial);
            attrition(m, trial);
            balance(m, &trial.balance);
        },
    );
}

fn design(m: &mut Markup, trial: &TrialSection) {
    let mut text = format!(
        "Arms from {}, each compared with {}.",
        trial.treatment, trial.control
    );
    if trial.covariates.is_empty() {
        text.push_str(" No adjustment: no baseline covariate was found.");
    } else {
        text.push_str(&format!(
            " Adjusted for {} ({}).",
            trial.covariates.join(", "),
            trial.covariates_chosen_by
        ));
    }
    match &trial.cluster {
        Some(cluster) => text.push_str(&format!(" Intervals are cluster-robust by {cluster}.")),
        None => text.push_str(" Intervals treat rows as independent."),
    }
    m.leaf("p", &[], text);
}

/// The name of an effect: its outcome, with the arm if there are several.
fn named(trial: &TrialSection, outcome: &str, arm: &str) -> String {
    if trial.arms.len() > 2 {
        format!("{outcome} · {arm}")
    } else {
        outcome.to_owned()
    }
}

fn marks(pair: &EffectPair) -> Vec<Mark> {
    [
        (Series::Real, &pair.real),
        (Series::Synthetic, &pair.synthetic),
    ]
    .into_iter()
    .filter_map(|(series, effect)| {
        let effect = effect.as_ref()?;
        Some(Mark {
            series,
            value: effect.value,
            interval: Some((effect.ci.low, effect.ci.high)),
        })
    })
    .collect()
}

fn effect_forest(m: &mut Markup, trial: &TrialSection, truth: Option<&KnownTruth>) {
    let mut knows_truth = false;
    let rows: Vec<ForestRow> = trial
        .effects
        .iter()
        .map(|effect| {
            let mut marks = marks(&effect.adjusted_effect_size);
            let known =
                truth.and_then(|truth| truth.effect(&effect.outcome, &effect.arm)?.effect_size);
            if let Some(value) = known {
                knows_truth = true;
                marks.push(Mark {
                    series: Series::Truth,
                    value,
                    interval: None,
                });
            }
            ForestRow {
                name: named(trial, &effect.outcome, &effect.arm),
                marks,
            }
        })
        .collect();
    let mut entries = vec![
        (Series::Real, "real table"),
        (Series::Synthetic, "synthetic table"),
    ];
    if knows_truth {
        entries.push((Series::Truth, "truth of the simulation"));
    }
    legend(m, &entries);
    m.node(
        "div",
        &[
            ("class", &"scroll"),
            ("tabindex", &"0"),
            ("role", &"region"),
            ("aria-label", &"Forest plot of treatment effects"),
        ],
        |m| {
            m.drawing(forest(
                "Adjusted treatment effects with 95 % intervals",
                "adjusted effect, in standard deviations of the outcome",
                &rows,
                f64::INFINITY,
            ));
        },
    );
}

fn effect_table(m: &mut Markup, trial: &TrialSection, truth: Option<&KnownTruth>) {
    let truth = truth.filter(|truth| !truth.effects.is_empty());
    let mut heads = vec![
        ("Outcome", Words),
        ("Hedges' g, real", Figures),
        ("synthetic", Figures),
        ("Adjusted effect, real", Figures),
        ("synthetic", Figures),
    ];
    if truth.is_some() {
        heads.push(("truth", Figures));
    }
    heads.extend([
        ("Overlap", Figures),
        ("Same sign", Words),
        ("Same conclusion", Words),
        ("Rows, real / synthetic", Figures),
    ]);
    table::table(m, "Treatment effects with 95 % intervals", &heads, |m| {
        for effect in &trial.effects {
            let main = main_estimate(effect);
            table::row(m, |m| {
                table::head(m, named(trial, &effect.outcome, &effect.arm));
                for side in [&effect.hedges_g.real, &effect.hedges_g.synthetic] {
                    estimate(m, side.as_ref(), &effect.hedges_g);
                }
                for side in [&main.real, &main.synthetic] {
                    estimate(m, side.as_ref(), main);
                }
                if let Some(truth) = truth {
                    let known = truth
                        .effect(&effect.outcome, &effect.arm)
                        .map(|known| known.value);
                    // As many decimals as the estimate beside it.
                    let text = match (known, &main.real) {
                        (Some(known), Some(real)) => {
                            number::fixed(known, number::decimals(real.ci.low, real.ci.high))
                        }
                        (known, _) => number::or_none(known, number::plain),
                    };
                    table::figures(m, text);
                }
                table::figures(
                    m,
                    number::or_none(main.overlap, |overlap| number::fixed(overlap, 2)),
                );
                table::words(m, super::yes_no(main.same_sign));
                table::words(m, super::yes_no(main.same_significance));
                let rows = |effect: &Option<EffectEstimate>| match effect {
                    Some(effect) => number::count(effect.treated_rows + effect.control_rows),
                    None => number::NONE.to_owned(),
                };
                table::figures(
                    m,
                    format_args!("{} / {}", rows(&main.real), rows(&main.synthetic)),
                );
            });
        }
    });
    remark(
        m,
        "Hedges' g: unadjusted difference between the arms in standard deviations. Adjusted effect: in units of the outcome, from a least-squares fit with the covariates. Overlap: 1 if both intervals are the same, 0 or less if they do not meet.",
    );
    if let Some(note) = truth.and_then(|truth| truth.note.as_ref()) {
        remark(m, note);
    }
}

fn estimate(m: &mut Markup, effect: Option<&EffectEstimate>, pair: &EffectPair) {
    m.node("td", &[("class", &"f")], |m| match effect {
        Some(effect) => {
            let form =
                |value: f64| number::fixed(value, number::decimals(effect.ci.low, effect.ci.high));
            m.text(form(effect.value));
            m.leaf(
                "span",
                &[("class", &"sub")],
                format_args!("{} to {}", form(effect.ci.low), form(effect.ci.high)),
            );
        }
        None => m.leaf(
            "span",
            &[("class", &"undefined")],
            pair.reason.map_or("undefined", Undefined::text),
        ),
    });
}

fn arms(m: &mut Markup, trial: &TrialSection) {
    if trial.arms.is_empty() {
        return;
    }
    let heads = [
        ("Arm", Words),
        ("Rows, real", Figures),
        ("synthetic", Figures),
        ("Share, real", Figures),
        ("synthetic", Figures),
    ];
    table::table(m, "Size of the arms", &heads, |m| {
        for arm in &trial.arms {
            table::row(m, |m| {
                table::head(m, &arm.arm);
                table::figures(m, number::count(arm.rows.real));
                table::figures(m, number::count(arm.rows.synthetic));
                table::figures(m, number::or_none(arm.share.real, number::share));
                table::figures(m, number::or_none(arm.share.synthetic, number::share));
            });
        }
    });
}

/// Shares of the rows of an arm without the outcome, from the rows that entered the raw difference
/// of means.
fn attrition(m: &mut Markup, trial: &TrialSection) {
    let rows_of = |name: &str| {
        trial
            .arms
            .iter()
            .find(|arm| arm.arm == name)
            .map(|arm| arm.rows)
    };
    let lost = |used: Option<u64>, all: Option<u64>| -> String {
        match (used, all) {
            (Some(used), Some(all)) if all > 0 => number::share(1.0 - used as f64 / all as f64),
            _ => number::NONE.to_owned(),
        }
    };
    if trial.effects.is_empty() {
        return;
    }
    let heads = [
        ("Outcome", Words),
        ("Control, real", Figures),
        ("synthetic", Figures),
        ("Treated, real", Figures),
        ("synthetic", Figures),
    ];
    table::table(
        m,
        "Attrition: rows without the outcome, by arm",
        &heads,
        |m| {
            for effect in &trial.effects {
                let (control, treated) = (rows_of(&trial.control), rows_of(&effect.arm));
                let (real, synthetic) = (
                    effect.mean_difference.real,
                    effect.mean_difference.synthetic,
                );
                table::row(m, |m| {
                    table::head(m, named(trial, &effect.outcome, &effect.arm));
                    table::figures(
                        m,
                        lost(real.map(|e| e.control_rows), control.map(|rows| rows.real)),
                    );
                    table::figures(
                        m,
                        lost(
                            synthetic.map(|e| e.control_rows),
                            control.map(|rows| rows.synthetic),
                        ),
                    );
                    table::figures(
                        m,
                        lost(real.map(|e| e.treated_rows), treated.map(|rows| rows.real)),
                    );
                    table::figures(
                        m,
                        lost(
                            synthetic.map(|e| e.treated_rows),
                            treated.map(|rows| rows.synthetic),
                        ),
                    );
                });
            }
        },
    );
}

fn balance(m: &mut Markup, balance: &[BalanceRow]) {
    let size = |row: &BalanceRow| {
        let side = |value: Option<f64>| value.map_or(0.0, f64::abs);
        side(row.standardised_difference.real).max(side(row.standardised_difference.synthetic))
    };
    let mut rows: Vec<&BalanceRow> = balance
        .iter()
        .filter(|row| {
            row.standardised_difference.real.is_some()
                || row.standardised_difference.synthetic.is_some()
        })
        .collect();
    if rows.is_empty() {
        return;
    }
    rows.sort_by(|a, b| size(b).total_cmp(&size(a)));
    let several_arms = rows.iter().any(|row| row.arm != rows[0].arm);
    m.leaf("h3", &[], "Balance of the arms at baseline");
    legend(
        m,
        &[
            (Series::Real, "real table"),
            (Series::Synthetic, "synthetic table"),
        ],
    );
    let lines: Vec<ForestRow> = rows
        .iter()
        .take(BALANCE_ROWS)
        .map(|row| {
            let mut name = row.column.clone();
            if let Some(level) = &row.level {
                name.push_str(&format!(" = {level}"));
            }
            if several_arms {
                name.push_str(&format!(" · {}", row.arm));
            }
            let sides = [
                (Series::Real, row.standardised_difference.real),
                (Series::Synthetic, row.standardised_difference.synthetic),
            ];
            ForestRow {
                name,
                marks: sides
                    .into_iter()
                    .filter_map(|(series, value)| {
                        Some(Mark {
                            series,
                            value: value?,
                            interval: None,
                        })
                    })
                    .collect(),
            }
        })
        .collect();
    m.node(
        "div",
        &[
            ("class", &"scroll"),
            ("tabindex", &"0"),
            ("role", &"region"),
            ("aria-label", &"Balance of the arms"),
        ],
        |m| {
            m.drawing(forest(
                "Standardised differences of baseline columns between the arms",
                "arm minus control, in pooled standard deviations",
                &lines,
                BALANCE_REACH,
            ));
        },
    );
    if rows.first().is_some_and(|row| size(row) > BALANCE_REACH) {
        remark(m, "Marks at the end of the axis are beyond it.");
    }
    if rows.len() > BALANCE_ROWS {
        remark(
            m,
            format_args!(
                "The {BALANCE_ROWS} largest of {} differences; the others are smaller.",
                rows.len()
            ),
        );
    }
}
