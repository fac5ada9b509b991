//! Fidelity against privacy, all methods on one drawing.

use parable_draw::markup::Markup;
use parable_draw::{Axis, Guide, Line, Plot, Point, Series, number, plot};
use parable_metrics::{Evaluation, Score};

use super::{remark, section};
use crate::ReportInput;
use crate::table::{self, Figures, Words};

/// Where one method stands.
#[derive(Clone, Debug, PartialEq)]
struct Place {
    name: String,
    /// Share of the association that is kept; more is better.
    kept: f64,
    /// The measure of danger; less is better.
    danger: f64,
    /// Its 95 % interval.
    interval: Option<(f64, f64)>,
}

/// What stands for danger on the upright axis.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Danger {
    /// The largest risk of the attacks that were made with a control.
    Attacks,
    /// The share of synthetic rows nearer to somebody than 99 % of people are to each other.
    Near,
}

/// The trade-off between the methods; nothing with fewer than two.
pub(crate) fn tradeoff(m: &mut Markup, input: &ReportInput) {
    if input.methods.len() < 2 {
        return;
    }
    let lead = "How much of the relationships between columns each method retains, and how much it endangers real people. Up and to the right is better.";
    section(m, "tradeoff", "Trade-off", lead, |m| {
        let danger = [Danger::Attacks, Danger::Near].into_iter().find(|danger| {
            input
                .methods
                .iter()
                .all(|method| danger.of(&method.evaluation).is_some())
        });
        let Some(danger) = danger else {
            remark(m, "No privacy measure is available for all methods.");
            return;
        };
        let places: Vec<Place> = input
            .methods
            .iter()
            .filter_map(|method| {
                let (value, interval) = danger.of(&method.evaluation)?;
                Some(Place {
                    name: method.name.clone(),
                    kept: method.evaluation.value("association_retained")?,
                    danger: value,
                    interval,
                })
            })
            .collect();
        if places.len() < 2 {
            remark(
                m,
                "The share of association retained is available for fewer than two methods.",
            );
            return;
        }
        let first = &input.methods[0].evaluation;
        draw(m, &places, danger, first);
        listing(m, &places, danger);
        remark(
            m,
            "Ringed: no other method is better in one respect and at least as good in the other (the Pareto set). The choice among them is a decision, not a calculation.",
        );
    });
}

impl Danger {
    fn of(self, evaluation: &Evaluation) -> Option<(f64, Option<(f64, f64)>)> {
        match self {
            Self::Attacks => {
                let risks = evaluation
                    .scores
                    .iter()
                    .filter(|score| score.id.starts_with("attack_"));
                let worst = risks
                    .filter(|score| score.value.is_some())
                    .max_by(|a, b| a.value.unwrap_or(0.0).total_cmp(&b.value.unwrap_or(0.0)))?;
                let interval = worst.ci.map(|ci| (ci.low, ci.high));
                Some((worst.value?, interval))
            }
            Self::Near => {
                let score = evaluation.score("nearest_gower_share_below_real_p01")?;
                let share = score.value?;
                let rows = evaluation.inputs.synthetic_rows as f64;
                let half = 1.959_964 * (share * (1.0 - share) / rows.max(1.0)).sqrt();
                Some((
                    share,
                    Some(((share - half).max(0.0), (share + half).min(1.0))),
                ))
            }
        }
    }

    const fn axis(self) -> &'static str {
        match self {
            Self::Attacks => "largest risk of an attack, 95 % interval (up is better)",
            Self::Near => {
                "synthetic rows closer to a person than 99 % of people are (up is better)"
            }
        }
    }

    const fn head(self) -> &'static str {
        match self {
            Self::Attacks => "Largest risk of an attack",
            Self::Near => "Rows closer than 99 % of people",
        }
    }
}

/// Whether no other place is better in one respect and at least as good in the other.
fn undominated(places: &[Place], at: usize) -> bool {
    let own = &places[at];
    !places.iter().any(|other| {
        other.kept >= own.kept
            && other.danger <= own.danger
            && (other.kept > own.kept || other.danger < own.danger)
    })
}

fn draw(m: &mut Markup, places: &[Place], danger: Danger, first: &Evaluation) {
    let mut guides = Vec::new();
    let retained = first.score("association_retained");
    if let Some(resample) = retained.and_then(|score| score.baseline.resample) {
        guides.push(upright(resample, "a second sample of people"));
    }
    guides.push(upright(0.0, "columns shuffled one by one"));
    if danger == Danger::Near {
        let chance = first
            .score("nearest_gower_share_below_real_p01")
            .and_then(holdout)
            .unwrap_or(0.01);
        guides.push(Guide {
            at: chance,
            vertical: false,
            name: "real people among themselves".to_owned(),
        });
    }
    let most = places
        .iter()
        .map(|place| place.interval.map_or(place.danger, |(_, high)| high))
        .fold(0.02, f64::max);
    let mut pareto: Vec<(f64, f64)> = (0..places.len())
        .filter(|&at| undominated(places, at))
        .map(|at| (places[at].kept, places[at].danger))
        .collect();
    pareto.sort_by(|a, b| a.0.total_cmp(&b.0));
    m.drawing(plot(&Plot {
        description: "Methods by association retained and by danger to people",
        x: Axis {
            name: "share of the association between columns that is retained",
            range: (-0.03, 1.05),
            form: percent,
            reversed: false,
        },
        y: Axis {
            name: danger.axis(),
            // Room above 0, where the names of the best stand.
            range: (-0.12 * most, most * 1.1),
            form: |at, text| {
                if at < -1e-12 {
                    String::new()
                } else {
                    percent(at, text)
                }
            },
            reversed: true,
        },
        guides,
        lines: vec![Line {
            class: "pareto",
            points: pareto,
        }],
        points: places
            .iter()
            .enumerate()
            .map(|(at, place)| Point {
                x: place.kept,
                y: place.danger,
                name: place.name.clone(),
                series: Series::Synthetic,
                y_interval: place.interval,
                ring: undominated(places, at),
            })
            .collect(),
    }));
}

fn percent(at: f64, _: &str) -> String {
    format!("{}%", number::round((at * 1e4).round() / 1e2))
}

fn upright(at: f64, name: &str) -> Guide {
    Guide {
        at,
        vertical: true,
        name: name.to_owned(),
    }
}

fn holdout(score: &Score) -> Option<f64> {
    score.baseline.holdout
}

fn listing(m: &mut Markup, places: &[Place], danger: Danger) {
    let heads = [
        ("Method", Words),
        ("Association retained", Figures),
        (danger.head(), Figures),
        ("In the Pareto set", Words),
    ];
    table::table(m, "The methods compared", &heads, |m| {
        for (at, place) in places.iter().enumerate() {
            table::row(m, |m| {
                table::head(m, &place.name);
                table::figures(m, number::share(place.kept));
                let interval = place.interval.map_or_else(String::new, |(low, high)| {
                    format!(" ({} to {})", number::share(low), number::share(high))
                });
                table::figures(m, format_args!("{}{interval}", number::share(place.danger)));
                table::words(m, if undominated(places, at) { "yes" } else { "no" });
            });
        }
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_another_beats_in_both_respects_is_not_in_the_pareto_set() {
        let place = |kept: f64, danger: f64| Place {
            name: String::new(),
            kept,
            danger,
            interval: None,
        };
        let places = [
            place(0.9, 0.05),
            place(0.8, 0.01),
            place(0.7, 0.02),
            place(0.8, 0.01),
            place(0.9, 0.06),
        ];
        let set: Vec<bool> = (0..places.len())
            .map(|at| undominated(&places, at))
            .collect();
        // Equal places do not push each other out.
        assert_eq!(set, [true, true, false, true, false]);
    }
}
