//! The page of a release.

use parable_draw::markup::{Markup, MarkupNode};
use parable_draw::{self as draw, Bar, Shares, number};
use parable_judge::{Band, Goal};

use super::{Release, Released, ReleasedColumn, ReleasedVerdict};
use crate::page::document;
use crate::section::{
    bar_legend, blanks, capitalised, headline, list, paragraph, placement, remark, section, uses,
};
use crate::table::{self, Words};

/// The page.
pub(crate) fn page(release: &Release) -> Vec<MarkupNode> {
    document(&release.title, |m| {
        header(m, release);
        m.node("main", &[], |m| {
            for (index, method) in release.methods.iter().enumerate() {
                let prefix = if index == 0 {
                    String::new()
                } else {
                    format!("m{}-", index + 1)
                };
                one(m, &prefix, release, method);
            }
            limits(m, release);
        });
        m.node("footer", &[], |m| {
            m.leaf("p", &[], "Synthetic, not real. Bands summarise measurements; the decision to release a table is its owner's.");
        });
    })
}

fn header(m: &mut Markup, release: &Release) {
    m.node("header", &[], |m| {
        m.node("p", &[("class", &"labels")], |m| {
            m.leaf("strong", &[("class", &"label loud")], "Synthetic, not real");
            m.leaf(
                "span",
                &[("class", &"label")],
                "Release form: bands instead of numbers; to be approved by the data owner",
            );
        });
        m.leaf("h1", &[], &release.title);
        m.node("dl", &[("class", &"facts")], |m| {
            let mut facts = vec![
                ("Real table", release.data_name.clone()),
                ("Real rows", release.real_rows.clone()),
                ("Columns", number::count(release.fields.len() as u64)),
                ("Tool", format!("parable {}", release.written_by)),
            ];
            if let Some(first) = release.methods.first() {
                facts.push(("Synthetic rows", number::count(first.synthetic_rows)));
            }
            facts.extend(
                release
                    .generated_at
                    .iter()
                    .map(|time| ("Made", time.clone())),
            );
            for (name, text) in facts {
                m.node("div", &[], |m| {
                    m.leaf("dt", &[], name);
                    m.leaf("dd", &[], text);
                });
            }
        });
    });
}

fn one(m: &mut Markup, prefix: &str, release: &Release, method: &Released) {
    m.node(
        "section",
        &[("id", &format_args!("{prefix}verdict"))],
        |m| {
            if release.methods.len() > 1 {
                m.node("h2", &[], |m| m.leaf("bdi", &[], &method.name));
            }
            headline(m, &method.overall);
            m.node("div", &[("class", &"cards")], |m| {
                method.verdicts.iter().for_each(|verdict| card(m, verdict));
            });
            m.leaf("p", &[], &method.guarantee);
        },
    );
    let mut place = method.placement.public.clone();
    // They follow in the statement.
    place.remarks.clear();
    placement(m, prefix, &place, false);
    scores(m, prefix, method);
    columns(m, prefix, method);
    effects(m, prefix, method);
    model_card(m, prefix, release, method);
    statement(m, prefix, method);
}

fn card(m: &mut Markup, verdict: &ReleasedVerdict) {
    let privacy = verdict.goal == Goal::Privacy;
    let class = match verdict.band {
        Some(Band::A) if privacy => "card",
        Some(Band::A) => "card a",
        Some(Band::B) => "card b",
        Some(Band::C) => "card c",
        Some(Band::D) => "card d",
        None => "card",
    };
    m.node("article", &[("class", &class)], |m| {
        m.node("p", &[("class", &"goal")], |m| {
            m.leaf("b", &[], verdict.goal.name());
            if let Some(band) = verdict.band {
                table::badge(m, band, verdict.word);
            }
        });
        m.leaf("h2", &[], capitalised(verdict.word));
        m.leaf("p", &[("class", &"says")], &verdict.sentence);
        m.node("ul", &[("class", &"why")], |m| {
            for finding in verdict.findings.iter() {
                let Some(band) = finding.band else { continue };
                m.node("li", &[], |m| {
                    table::badge(m, band, band.word(privacy));
                    m.leaf(
                        "span",
                        &[],
                        format_args!("{}: {}", finding.measure, band.word(privacy)),
                    );
                });
            }
        });
    });
}

fn scores(m: &mut Markup, prefix: &str, method: &Released) {
    let lead = "The band of every score, from A (best) to D. Exact values stay with the owner: together they could help to reconstruct the real table.";
    section(m, &format!("{prefix}scores"), "Scores", lead, |m| {
        let heads = [("Score", Words), ("Band", Words), ("In words", Words)];
        for goal in Goal::ALL {
            let results: Vec<_> = method
                .results
                .iter()
                .filter(|result| goal.groups().contains(&result.group))
                .collect();
            if results.is_empty() {
                continue;
            }
            table::table(m, goal.name(), &heads, |m| {
                for result in results {
                    table::row(m, |m| {
                        table::head(m, &result.title);
                        m.node("td", &[("class", &"w")], |m| match result.band {
                            Some(band) => {
                                table::badge(m, band, band.word(goal == Goal::Privacy));
                            }
                            None => m.text(number::NONE),
                        });
                        let words = match (result.band, &result.band_reason) {
                            (Some(band), _) => band.word(goal == Goal::Privacy).to_owned(),
                            (None, why) => why.clone().unwrap_or_default(),
                        };
                        table::words(m, words);
                    });
                }
            });
        }
    });
}

fn columns(m: &mut Markup, prefix: &str, method: &Released) {
    let lead = "Shares in whole percents, in cells with enough real people. Edges are round numbers of the synthetic table; the ends are open.";
    section(m, &format!("{prefix}columns"), "Columns", lead, |m| {
        if method.columns.iter().any(|column| !column.cells.is_empty()) {
            bar_legend(m);
            m.node("div", &[("class", &"grid")], |m| {
                for column in method.columns.iter().filter(|c| !c.cells.is_empty()) {
                    figure(m, column);
                }
            });
        }
        let heads = [
            ("Column", Words),
            ("Distribution", Words),
            ("Worst relationship", Words),
        ];
        table::table(m, "Bands of all columns", &heads, |m| {
            for column in &method.columns {
                table::row(m, |m| {
                    table::head(m, &column.name);
                    for band in [column.band, column.relations] {
                        m.node("td", &[("class", &"w")], |m| match band {
                            Some(band) => table::badge(m, band, band.quality()),
                            None => m.text(number::NONE),
                        });
                    }
                });
            }
        });
    });
}

fn figure(m: &mut Markup, column: &ReleasedColumn) {
    m.node("figure", &[], |m| {
        m.node("figcaption", &[], |m| m.leaf("bdi", &[], &column.name));
        let bars: Vec<Bar> = column
            .cells
            .iter()
            .map(|cell| {
                let share = Shares::new(
                    f64::from(cell.real_percent) / 100.0,
                    f64::from(cell.synthetic_percent) / 100.0,
                );
                let bar = Bar::new(&cell.label, share);
                if cell.apart { bar.apart() } else { bar }
            })
            .collect();
        m.drawing(draw::bars(&column.name, &bars, |share| {
            format!("{}\u{202f}%", number::fixed(share * 100.0, 0))
        }));
    });
}

fn effects(m: &mut Markup, prefix: &str, method: &Released) {
    if method.effects.is_empty() {
        return;
    }
    let lead =
        "How well the interval of each treatment effect agrees with that from the real table.";
    section(
        m,
        &format!("{prefix}trial"),
        "Treatment effects",
        lead,
        |m| {
            let heads = [
                ("Outcome", Words),
                ("Arm", Words),
                ("Overlap of intervals", Words),
            ];
            table::table(m, "Effects", &heads, |m| {
                for effect in &method.effects {
                    table::row(m, |m| {
                        table::head(m, &effect.outcome);
                        table::words(m, &effect.arm);
                        m.node("td", &[("class", &"w")], |m| match effect.band {
                            Some(band) => {
                                table::badge(m, band, band.quality());
                                m.text(format_args!(" {}", band.quality()));
                            }
                            None => m.text("not estimated"),
                        });
                    });
                }
            });
        },
    );
}

fn model_card(m: &mut Markup, prefix: &str, release: &Release, method: &Released) {
    let lead = "How the table was made, what it is for, and what it is not for.";
    section(m, &format!("{prefix}method"), "Model card", lead, |m| {
        match &method.method {
            None => remark(m, "How this table was made is not recorded."),
            Some(made) => {
                m.node("dl", &[("class", &"facts tall")], |m| {
                    for (name, text) in [
                        ("Method", format!("{} {}", made.name, made.version)),
                        (
                            "Differentially private",
                            if made.private { "yes" } else { "no" }.to_owned(),
                        ),
                        (
                            "Cleaning",
                            format!(
                                "{} steps; the log stays with the owner",
                                made.cleaning_steps
                            ),
                        ),
                        ("Seeds", "stay with the owner".to_owned()),
                    ] {
                        m.node("div", &[], |m| {
                            m.leaf("dt", &[], name);
                            m.leaf("dd", &[], text);
                        });
                    }
                });
                m.node("details", &[], |m| {
                    m.leaf("summary", &[], "Settings of the method");
                    let settings = serde_json::to_string_pretty(&made.settings).unwrap_or_default();
                    m.node("pre", &[("class", &"scroll"), ("tabindex", &"0")], |m| {
                        m.text(settings);
                    });
                });
                if made.private {
                    let heads = [("Release", Words), ("Kind", Words)];
                    table::table(m, "Privacy ledger", &heads, |m| {
                        for (purpose, kind) in &made.ledger {
                            table::row(m, |m| {
                                table::head(m, purpose);
                                table::words(m, kind);
                            });
                        }
                    });
                }
            }
        }
        m.node("details", &[], |m| {
            m.leaf("summary", &[], "Roles of the columns");
            let heads = [
                ("Column", Words),
                ("Type", Words),
                ("Role", Words),
                ("Meaning", Words),
            ];
            table::table(m, "Columns", &heads, |m| {
                for field in &release.fields {
                    table::row(m, |m| {
                        table::head(m, &field.name);
                        table::words(m, field.kind);
                        table::words(m, field.role);
                        table::words(m, field.label.as_deref().unwrap_or(number::NONE));
                    });
                }
            });
        });
        uses(m, method.placement.treat_as);
    });
}

fn statement(m: &mut Markup, prefix: &str, method: &Released) {
    let lead = "To be completed and signed by those who decide.";
    section(
        m,
        &format!("{prefix}statement"),
        "Disclosure-control statement",
        lead,
        |m| {
            let heads = [
                ("Check", Words),
                ("Limits", Words),
                ("Band", Words),
                ("Passed (A or B)", Words),
            ];
            table::table(m, "Checks and limits", &heads, |m| {
                for check in &method.checks {
                    table::row(m, |m| {
                        table::head(m, &check.title);
                        table::words(m, &check.limits);
                        m.node("td", &[("class", &"w")], |m| match check.band {
                            Some(band) => table::badge(m, band, band.danger()),
                            None => m.text(number::NONE),
                        });
                        table::words(m, &check.passed);
                    });
                }
            });
            list(m, "Residual risk", &method.residual_risk);
            m.leaf("h3", &[], "Proposed access");
            paragraph(m, &method.placement.access);
            for text in &method.placement.remarks {
                paragraph(m, text);
            }
            blanks(m);
        },
    );
}

fn limits(m: &mut Markup, release: &Release) {
    remark(
        m,
        format_args!(
            "Not included: exact values, record-level figures and files, smallest and largest real values, counts and cells of fewer than {} people, seeds, digests and logs.",
            release.min_cell
        ),
    );
}
