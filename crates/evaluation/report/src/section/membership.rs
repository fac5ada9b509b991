//! Membership inference: who can be recognised as part of the data.

use parable_draw::markup::Markup;
use parable_draw::{Axis, Line, Plot, Series, number, plot};
use parable_metrics::{Bootstrapped, Evaluation, MembershipAttack, MembershipKind};

use super::{legend, remark};
use crate::table::{self, Figures, Words};

/// ROC curves of the attacks, and what they recognise at few false alarms.
pub(crate) fn membership(m: &mut Markup, evaluation: &Evaluation) {
    let attacks = &evaluation.privacy.membership;
    if attacks.is_empty() {
        return;
    }
    m.leaf("h3", &[], "Membership inference");
    m.leaf(
        "p",
        &[],
        "An intruder who knows everything about a person guesses whether that person was in the data. The further the curve lies above the diagonal, the more often the guess is right.",
    );
    m.node("div", &[("class", &"pair")], |m| {
        m.node("figure", &[], |m| curves(m, attacks));
        m.node("div", &[], |m| listing(m, attacks));
    });
    for attack in attacks {
        remark(
            m,
            format_args!(
                "{}: the attacker {}. Scored: {} people in the data, {} held out. Largest advantage {} (by chance alone {}).",
                named(attack.kind),
                attack.attacker.trim_end_matches('.'),
                number::count(attack.members),
                number::count(attack.others),
                number::fixed(attack.advantage.value, 3),
                number::fixed(attack.advantage_by_chance, 3),
            ),
        );
    }
}

fn curves(m: &mut Markup, attacks: &[MembershipAttack]) {
    let mut lines = vec![Line {
        class: "pareto",
        points: vec![(0.0, 0.0), (1.0, 1.0)],
    }];
    let mut entries = Vec::new();
    for (attack, series) in attacks
        .iter()
        .zip([Series::Synthetic, Series::Real, Series::Holdout])
    {
        lines.push(Line {
            class: series.class(),
            points: attack
                .false_positive_rate
                .iter()
                .copied()
                .zip(attack.true_positive_rate.iter().copied())
                .collect(),
        });
        entries.push((series, named(attack.kind)));
    }
    let percent: fn(f64, &str) -> String = |at, _| format!("{}%", number::fixed(at * 100.0, 0));
    m.drawing(plot(&Plot {
        description: "Curves of the membership attacks",
        x: Axis {
            name: "people held out who are mistaken for people in the data",
            form: percent,
            ..Axis::default()
        },
        y: Axis {
            name: "people in the data who are recognised",
            form: percent,
            ..Axis::default()
        },
        lines,
        ..Plot::default()
    }));
    legend(m, &entries);
}

fn listing(m: &mut Markup, attacks: &[MembershipAttack]) {
    let heads = [
        ("Attack", Words),
        ("Area under the curve", Figures),
        ("False alarms", Figures),
        ("Recognised", Figures),
    ];
    table::table(m, "Recognised at few false alarms", &heads, |m| {
        for attack in attacks {
            for (index, at) in attack.true_positives.iter().enumerate() {
                table::row(m, |m| {
                    table::head(m, named(attack.kind));
                    if index == 0 {
                        interval(m, &attack.auc, |value| number::fixed(value, 3));
                    } else {
                        table::figures(m, "");
                    }
                    table::figures(m, number::share(at.false_positive_rate));
                    interval(m, &at.true_positive_rate, number::share);
                });
            }
        }
    });
    remark(
        m,
        "Area: 0.5 is guessing, 1 is certainty. A share recognised equal to the share of false alarms is guessing too. Intervals: 95 %, bootstrap.",
    );
}

fn interval(m: &mut Markup, number: &Bootstrapped, form: fn(f64) -> String) {
    m.node("td", &[("class", &"f")], |m| {
        m.text(form(number.value));
        m.leaf(
            "span",
            &[("class", &"sub")],
            format_args!("{} to {}", form(number.low), form(number.high)),
        );
    });
}

const fn named(kind: MembershipKind) -> &'static str {
    match kind {
        MembershipKind::Distance => "By distance",
        MembershipKind::DensityRatio => "By density",
        _ => "Other",
    }
}
