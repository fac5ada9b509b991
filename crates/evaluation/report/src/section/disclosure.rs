//! Attribute disclosure: what a few known facts about a person reveal.

use parable_draw::markup::Markup;
use parable_draw::number;
use parable_metrics::{DisclosureSection, Evaluation};

use super::{paragraph, remark};
use crate::table::{self, Figures, Words};

/// The worst sets of keys and the means over all sets for each target.
pub(crate) fn disclosure(m: &mut Markup, evaluation: &Evaluation) {
    let Some(section) = &evaluation.disclosure else {
        return;
    };
    m.leaf("h3", &[], "Attribute disclosure");
    paragraph(
        m,
        format_args!(
            "An intruder who knows some of {} looks a person up in the synthetic table. {} combinations of up to three known facts and a target were tried ({}).",
            section.keys.join(", "),
            number::count(section.looked_at),
            section.keys_chosen_by
        ),
    );
    worst(m, section);
    heat_map(m, section);
    by_target(m, section);
    remark(
        m,
        "Disclosed: share of all real rows whose known facts point to a single value in the synthetic table that is correct (DiSCO). Beyond guessing: less the success of the same guesses without known facts. What the table reveals about people who were held out is general knowledge, not a leak.",
    );
    if section.determined > 0 {
        remark(
            m,
            format_args!(
                "{} combinations are left out because the known facts determine the target.",
                number::count(section.determined)
            ),
        );
    }
}

fn worst(m: &mut Markup, section: &DisclosureSection) {
    if section.worst.is_empty() {
        return;
    }
    let heads = [
        ("Known", Words),
        ("Target", Words),
        ("Disclosed, share of people", Figures),
        ("Beyond guessing", Figures),
        ("People held out, beyond guessing", Figures),
        ("Real table itself, beyond guessing", Figures),
        ("Correct when disclosed", Figures),
        ("Replicated uniques", Figures),
    ];
    table::table(m, "The most revealing combinations", &heads, |m| {
        for row in &section.worst {
            let measures = &row.measures;
            table::row(m, |m| {
                table::head(m, row.keys.join(" + "));
                table::words(m, &row.target);
                table::figures(m, number::or_none(measures.disclosed_share, number::share));
                table::figures(m, number::or_none(measures.excess, number::share));
                table::figures(m, number::or_none(row.holdout_excess, number::share));
                table::figures(m, number::share(row.real_excess));
                table::figures(m, number::or_none(measures.tcap, number::share));
                table::figures(
                    m,
                    number::or_none(measures.replicated_uniques, number::share),
                );
            });
        }
    });
}

fn by_target(m: &mut Markup, section: &DisclosureSection) {
    if section.by_target.is_empty() {
        return;
    }
    let mut targets: Vec<_> = section.by_target.iter().collect();
    targets.sort_by(|a, b| b.excess.total_cmp(&a.excess));
    let most = targets
        .iter()
        .map(|target| target.excess.abs())
        .fold(0.0, f64::max);
    let heads = [
        ("Target", Words),
        ("Disclosed", Figures),
        ("in the real table", Figures),
        ("Beyond guessing", Figures),
    ];
    m.node("details", &[], |m| {
        m.leaf(
            "summary",
            &[],
            format_args!("Means over all known facts, for {} targets", targets.len()),
        );
        table::table(m, "Mean over sets of known facts, by target", &heads, |m| {
            for target in targets {
                table::row(m, |m| {
                    table::head(m, &target.target);
                    table::figures(m, number::share(target.disclosed_share));
                    table::figures(m, number::share(target.disclosive_in_real));
                    let depth = heat(target.excess, most);
                    m.leaf(
                        "td",
                        &[("class", &format_args!("f heat h{depth}"))],
                        number::share(target.excess),
                    );
                });
            }
        });
    });
}

/// The mean excess for each key and target, as colours.
fn heat_map(m: &mut Markup, section: &DisclosureSection) {
    let mut keys: Vec<&str> = Vec::new();
    let mut targets: Vec<&str> = Vec::new();
    for mean in &section.by_key {
        if !keys.contains(&mean.key.as_str()) {
            keys.push(&mean.key);
        }
        if !targets.contains(&mean.target.as_str()) {
            targets.push(&mean.target);
        }
    }
    if keys.is_empty() {
        return;
    }
    let of = |key: &str, target: &str| {
        section
            .by_key
            .iter()
            .find(|mean| mean.key == key && mean.target == target)
    };
    let most = section
        .by_key
        .iter()
        .map(|mean| mean.excess)
        .fold(0.0, f64::max);
    let mut heads = vec![("Target", Words)];
    heads.extend(keys.iter().map(|key| (*key, Figures)));
    table::table(
        m,
        "Beyond guessing, mean over the sets that contain a known fact",
        &heads,
        |m| {
            for target in targets {
                table::row(m, |m| {
                    table::head(m, target);
                    for key in &keys {
                        match of(key, target) {
                            Some(mean) => {
                                let depth = heat(mean.excess, most);
                                m.leaf(
                                    "td",
                                    &[("class", &format_args!("f heat h{depth}"))],
                                    format_args!(
                                        "{}\u{202f}%",
                                        number::fixed(mean.excess * 100.0, 1)
                                    ),
                                );
                            }
                            None => table::figures(m, number::NONE),
                        }
                    }
                });
            }
        },
    );
}

/// A depth of colour from 0 to 5.
fn heat(value: f64, most: f64) -> usize {
    if most > 0.0 && value > 0.0 {
        (value / most * 5.0).round() as usize
    } else {
        0
    }
}
