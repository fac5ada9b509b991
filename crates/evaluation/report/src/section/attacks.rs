//! Attacks on the synthetic table and their success.

use parable_draw::markup::Markup;
use parable_draw::{ForestRow, Mark, Series, forest, number};
use parable_metrics::{AttackKind, AttackResult, Conclusion, Evaluation};

use super::{legend, remark};
use crate::table::{self, Figures, Words};

/// Attacks listed openly; the others of inference are folded.
const OPEN: usize = 11;

/// The three risks of the opinion 05/2014 with intervals, control and blind guess.
pub(crate) fn attacks(m: &mut Markup, evaluation: &Evaluation) {
    let attacks = &evaluation.privacy.attacks;
    if attacks.is_empty() {
        return;
    }
    m.leaf("h3", &[], "Attacks: singling out, linking, inferring");
    m.leaf(
        "p",
        &[],
        "Each attack is run on people in the real table, on people who were held out, and as a guess without the synthetic table. The risk is what being in the data adds: the success on people in the data beyond the success on people held out.",
    );
    let ranked = ranked(attacks);
    let (open, folded) = ranked.split_at(ranked.len().min(OPEN));
    risks(m, open);
    success(m, "Success of the attacks", open);
    if !folded.is_empty() {
        m.node("details", &[], |m| {
            m.leaf(
                "summary",
                &[],
                format_args!(
                    "{} more secrets, all inferred less well than these",
                    folded.len()
                ),
            );
            success(m, "Success of the other attacks", folded);
        });
    }
    attackers(m, attacks);
    remark(
        m,
        "No difference seen means that these attacks found none. Intervals: Wilson 1927; risk: Giomi et al. 2023.",
    );
}

/// Attacks in the order of their kinds, and within a kind by what they gain.
fn ranked(attacks: &[AttackResult]) -> Vec<&AttackResult> {
    let gain = |attack: &AttackResult| match attack.risk {
        Some(risk) => risk.unclamped,
        None => attack.main.share() - best_guess(attack).unwrap_or(0.0),
    };
    let mut ranked: Vec<&AttackResult> = attacks.iter().collect();
    ranked.sort_by(|a, b| a.kind.cmp(&b.kind).then(gain(b).total_cmp(&gain(a))));
    ranked
}

fn best_guess(attack: &AttackResult) -> Option<f64> {
    attack
        .guesses
        .iter()
        .map(|guess| guess.share)
        .reduce(f64::max)
}

/// Describes each kind of attacker once.
fn attackers(m: &mut Markup, attacks: &[AttackResult]) {
    m.node("ul", &[("class", &"log")], |m| {
        let mut told: Vec<AttackKind> = Vec::new();
        for attack in attacks {
            if told.contains(&attack.kind) {
                continue;
            }
            told.push(attack.kind);
            m.node("li", &[], |m| {
                m.leaf(
                    "strong",
                    &[],
                    match attack.kind {
                        AttackKind::Inference => "Inferring a secret".to_owned(),
                        _ => named(attack),
                    },
                );
                m.text(format_args!(
                    ": the attacker {}. Columns: {}.",
                    attack.attacker.trim_end_matches('.'),
                    attack.columns_chosen_by.trim_end_matches('.')
                ));
                if attack.underpowered {
                    m.text(format_args!(
                        " Underpowered: {} of the {} requested attacks could be run.",
                        number::count(attack.main.attacks),
                        number::count(attack.asked)
                    ));
                }
            });
        }
        let mut readings: Vec<Conclusion> = Vec::new();
        for attack in attacks {
            if !readings.contains(&attack.conclusion) {
                readings.push(attack.conclusion);
            }
        }
        for reading in readings {
            m.node("li", &[], |m| {
                m.leaf("strong", &[], super::capitalised(read(reading)));
                let text = reading.text();
                let rest = text.split_once(": ").map_or(text, |(_, rest)| rest);
                m.text(format_args!(": {rest}."));
            });
        }
    });
}

fn read(conclusion: Conclusion) -> &'static str {
    match conclusion {
        Conclusion::NoConclusion => "no conclusion",
        Conclusion::NoControl => "no control",
        Conclusion::NoDifference => "no difference seen",
        Conclusion::Leak => "leak",
        _ => number::NONE,
    }
}

/// The risks on one axis.
fn risks(m: &mut Markup, attacks: &[&AttackResult]) {
    let rows: Vec<ForestRow> = attacks
        .iter()
        .filter_map(|attack| {
            let risk = attack.risk?;
            Some(ForestRow {
                name: named(attack),
                marks: vec![Mark {
                    series: Series::Synthetic,
                    value: risk.value,
                    interval: Some((risk.low, risk.high)),
                }],
            })
        })
        .collect();
    if rows.is_empty() {
        remark(
            m,
            "No risk without a holdout: what an attack learns about people in the data cannot be separated from what is true of everyone.",
        );
        return;
    }
    m.node(
        "div",
        &[
            ("class", &"scroll"),
            ("tabindex", &"0"),
            ("role", &"region"),
            ("aria-label", &"Risks of the attacks"),
        ],
        |m| {
            m.drawing(forest(
                "Risk of each attack with its 95 % interval",
                "added risk from being in the data: 0 none, 1 certain",
                &rows,
                f64::INFINITY,
            ));
        },
    );
    legend(m, &[(Series::Synthetic, "risk with 95 % interval")]);
}

fn success(m: &mut Markup, caption: &str, attacks: &[&AttackResult]) {
    let heads = [
        ("Attack", Words),
        ("Attacks", Figures),
        ("Success, people in the data", Figures),
        ("People held out", Figures),
        ("Best blind guess", Figures),
        ("Risk", Figures),
        ("Conclusion", Words),
    ];
    table::table(m, caption, &heads, |m| {
        for attack in attacks {
            table::row(m, |m| {
                table::head(m, named(attack));
                table::figures(m, number::count(attack.main.attacks));
                let main = attack.main_at_equal_size.unwrap_or(attack.main);
                table::figures(m, number::share(main.share()));
                table::figures(
                    m,
                    number::or_none(attack.control.map(|control| control.share()), number::share),
                );
                table::figures(m, number::or_none(best_guess(attack), number::share));
                m.node("td", &[("class", &"f")], |m| match attack.risk {
                    Some(risk) => {
                        m.text(number::share(risk.value));
                        m.leaf(
                            "span",
                            &[("class", &"sub")],
                            format_args!(
                                "{} to {}",
                                number::share(risk.low),
                                number::share(risk.high)
                            ),
                        );
                    }
                    None => m.leaf("span", &[("class", &"undefined")], "needs a holdout"),
                });
                table::words(m, read(attack.conclusion));
            });
        }
    });
}

fn named(attack: &AttackResult) -> String {
    match attack.kind {
        AttackKind::SinglingOutUnivariate => "Singling out, one column".to_owned(),
        AttackKind::SinglingOutMultivariate => "Singling out, several columns".to_owned(),
        AttackKind::Linkability => "Linking two sources".to_owned(),
        AttackKind::Inference => format!("Inferring {}", attack.columns.join(", ")),
        _ => attack.kind.name().replace('_', " "),
    }
}
