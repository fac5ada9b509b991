//! The first screen: the verdicts and the reasons for them.

use parable_draw::markup::Markup;
use parable_judge::{Band, Bands, Goal, Guarantee, Overall, Verdict};

use crate::table::{self, Words};
use crate::{MethodResult, ReportInput};

/// Writes one card per goal for the first method, and with several methods a table of all verdicts.
pub(crate) fn verdicts(m: &mut Markup, input: &ReportInput) {
    let Some(first) = input.methods.first() else {
        m.leaf(
            "p",
            &[("class", &"lead")],
            "No method was evaluated, so there is nothing to judge.",
        );
        return;
    };
    let several = input.methods.len() > 1;
    m.node(
        "section",
        &[("id", &"verdict"), ("aria-label", &"Verdict")],
        |m| {
            if several {
                m.leaf(
                    "p",
                    &[("class", &"lead")],
                    format_args!(
                        "Shown in full: {}. The other methods follow in the tables and below.",
                        first.name
                    ),
                );
            }
            let judgement = first.judged(&input.bands);
            strip(m, &judgement.verdicts);
            headline(m, &judgement.overall);
            m.node("div", &[("class", &"cards")], |m| {
                for verdict in &judgement.verdicts {
                    card(m, verdict);
                }
            });
            if several {
                comparison(m, &input.methods, &input.bands);
                for hint in trade_offs(&input.methods, &input.bands) {
                    m.leaf("p", &[("class", &"hint")], hint);
                }
            }
        },
    );
}

/// Writes the overall verdict in one word, with the reason and the advice.
pub(crate) fn headline(m: &mut Markup, overall: &Overall) {
    let class = match overall.band {
        Some(Band::A) => "headline a",
        Some(Band::B) => "headline b",
        Some(Band::C) => "headline c",
        Some(Band::D) if overall.word == "dangerous" => "headline d",
        Some(Band::D) => "headline c",
        None => "headline",
    };
    m.node("p", &[("class", &class)], |m| {
        m.leaf(
            "strong",
            &[],
            format_args!("{}.", capitalised(overall.word)),
        );
        m.text(" ");
        if !overall.because.is_empty() {
            m.text(format_args!("{} ", overall.because));
        }
        m.leaf("span", &[], &overall.advice);
    });
}

/// All goals in one line, for screens too narrow for cards side by side.
fn strip(m: &mut Markup, verdicts: &[Verdict]) {
    m.node("p", &[("class", &"strip")], |m| {
        for verdict in verdicts {
            m.node("span", &[("class", &"entry")], |m| {
                if let Some(band) = verdict.band {
                    table::badge(m, band, verdict.word);
                }
                m.text(format_args!(" {}: {}", verdict.goal.name(), verdict.word));
            });
        }
    });
}

fn card(m: &mut Markup, verdict: &Verdict) {
    let class = match verdict.band {
        // Finding no leak is not a proof of safety, so it is not painted as one.
        Some(Band::A) if verdict.goal == Goal::Privacy => "card",
        Some(Band::A) => "card a",
        Some(Band::B) => "card b",
        Some(Band::C) => "card c",
        Some(Band::D) => "card d",
        None => "card",
    };
    m.node("article", &[("class", &class)], |m| {
        m.node("p", &[("class", &"goal")], |m| {
            m.node("span", &[], |m| {
                m.leaf("b", &[], verdict.goal.name());
                m.text(" · ");
                m.text(verdict.goal.question());
            });
            if let Some(band) = verdict.band {
                table::badge(m, band, verdict.word);
            }
        });
        m.leaf("h2", &[], capitalised(verdict.word));
        m.leaf("p", &[("class", &"says")], &verdict.sentence);
        m.node("ul", &[("class", &"why")], |m| {
            // Worst first; what has no band last; equals in their order.
            let mut findings: Vec<_> = verdict.findings.iter().collect();
            findings.sort_by_key(|finding| std::cmp::Reverse(finding.band));
            for finding in findings {
                m.node("li", &[], |m| {
                    match finding.band {
                        Some(band) => {
                            table::badge(m, band, band.word(verdict.goal == Goal::Privacy));
                        }
                        None => m.leaf(
                            "span",
                            &[("class", &"band none"), ("aria-hidden", &"true")],
                            "·",
                        ),
                    }
                    m.leaf("span", &[], &finding.text);
                });
            }
        });
    });
}

fn comparison(m: &mut Markup, methods: &[MethodResult], bands: &Bands) {
    let heads = [
        ("Method", Words),
        ("Fidelity", Words),
        ("Utility", Words),
        ("Privacy", Words),
        ("Guarantee", Words),
    ];
    table::table(m, "Verdicts on all methods", &heads, |m| {
        for method in methods {
            table::row(m, |m| {
                table::head(m, &method.name);
                let judgement = method.judged(bands);
                for verdict in &judgement.verdicts {
                    m.node("td", &[("class", &"w")], |m| {
                        if let Some(band) = verdict.band {
                            table::badge(m, band, verdict.word);
                            m.text(" ");
                        }
                        m.text(verdict.word);
                    });
                }
                table::words(
                    m,
                    match &judgement.guarantee {
                        Guarantee::Promise(loss) => loss.as_str(),
                        Guarantee::Broken => "void",
                        _ => "none",
                    },
                );
            });
        }
    });
}

/// What choosing between the methods means, where the verdicts differ.
fn trade_offs(methods: &[MethodResult], bands: &Bands) -> Vec<String> {
    let all: Vec<(&str, Vec<Verdict>)> = methods
        .iter()
        .map(|method| (method.name.as_str(), method.judged(bands).verdicts))
        .collect();
    let best = |goal: usize| -> Option<(Band, Vec<&str>)> {
        let band = all
            .iter()
            .filter_map(|(_, verdicts)| verdicts[goal].band)
            .min()?;
        let names: Vec<&str> = all
            .iter()
            .filter(|(_, verdicts)| verdicts[goal].band == Some(band))
            .map(|(name, _)| *name)
            .collect();
        (names.len() < all.len()).then_some((band, names))
    };
    let mut hints: Vec<String> = (0..Goal::ALL.len())
        .filter_map(|goal| {
            let (band, names) = best(goal)?;
            Some(format!(
                "Best on {}: {} (band {}).",
                Goal::ALL[goal].name().to_lowercase(),
                names.join(", "),
                band.letter()
            ))
        })
        .collect();
    if let (Some((_, useful)), Some((_, private))) = (best(1).or_else(|| best(0)), best(2))
        && !useful.iter().any(|name| private.contains(name))
    {
        hints.push("The most useful method is not the one that protects people best: the choice is a trade-off, not a ranking.".to_owned());
    }
    hints
}

pub(crate) fn capitalised(word: &str) -> String {
    let mut characters = word.chars();
    characters.next().map_or_else(String::new, |first| {
        first.to_uppercase().chain(characters).collect()
    })
}
