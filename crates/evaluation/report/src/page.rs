//! The page as a whole.

use parable_draw::markup::{Markup, MarkupNode};

use crate::section::{
    associations, card, clusters, columns, cost, custom, custom_id, header, missing, placement,
    predictions, privacy, regressions, remark, rules, section, statement, subgroups, summary,
    tradeoff, trial, verdicts, whole,
};
use crate::{MethodResult, ReportInput};

const STYLE: &str = include_str!("style.css");

/// No script, no request, whatever stands in the texts: the browser enforces it too.
const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'";

/// The page.
pub(crate) fn page(input: &ReportInput) -> Vec<MarkupNode> {
    document(&input.title, |m| {
        header(m, input);
        m.node("main", &[], |m| body(m, input));
        m.node("footer", &[], |m| {
            m.leaf("p", &[], "Synthetic, not real. Bands and verdicts summarise measurements; the decision to release a table is its owner's.");
        });
    })
}

/// A document with this title and body.
pub(crate) fn document(title: &str, body: impl FnOnce(&mut Markup)) -> Vec<MarkupNode> {
    let mut m = Markup::default();
    m.node("html", &[("lang", &"en")], |m| {
        m.node("head", &[], |m| {
            m.single("meta", &[("charset", &"utf-8")]);
            m.single(
                "meta",
                &[
                    ("http-equiv", &"Content-Security-Policy"),
                    ("content", &POLICY),
                ],
            );
            m.single(
                "meta",
                &[
                    ("name", &"viewport"),
                    ("content", &"width=device-width, initial-scale=1"),
                ],
            );
            m.single(
                "meta",
                &[("name", &"color-scheme"), ("content", &"light dark")],
            );
            m.single("meta", &[("name", &"robots"), ("content", &"noindex")]);
            m.leaf("title", &[], format_args!("{title} · synthetic, not real"));
            m.style(STYLE);
            m.style(parable_draw::page_style());
        });
        m.node("body", &[], body);
    });
    m.into_nodes()
}

fn body(m: &mut Markup, input: &ReportInput) {
    verdicts(m, input);
    let Some(first) = input.methods.first() else {
        notes(m, input);
        return;
    };
    navigation(m, first, input.methods.len() > 1);
    summary(m, input);
    tradeoff(m, input);
    details(m, "", first, input);
    for (index, method) in input.methods.iter().enumerate().skip(1) {
        m.node("details", &[("class", &"method")], |m| {
            m.node("summary", &[], |m| {
                m.text("Details of ");
                m.leaf("bdi", &[], &method.name);
            });
            details(m, &format!("m{}-", index + 1), method, input);
        });
    }
    notes(m, input);
    cost(m, input);
}

fn details(m: &mut Markup, prefix: &str, method: &MethodResult, input: &ReportInput) {
    let evaluation = &method.evaluation;
    let judgement = method.judged(&input.bands);
    placement(m, prefix, &judgement.placement, true);
    columns(m, prefix, evaluation);
    associations(m, prefix, evaluation);
    whole(m, prefix, evaluation);
    trial(m, prefix, evaluation, input.truth.as_ref());
    regressions(m, prefix, evaluation);
    predictions(m, prefix, evaluation);
    subgroups(m, prefix, evaluation);
    clusters(m, prefix, evaluation, input.truth.as_ref());
    missing(m, prefix, evaluation);
    rules(m, prefix, evaluation);
    privacy(m, prefix, method, &judgement.guarantee);
    custom(m, prefix, evaluation);
    card(m, prefix, method, &input.schema, &judgement.placement);
    statement(m, prefix, &judgement);
}

fn navigation(m: &mut Markup, first: &MethodResult, several: bool) {
    let evaluation = &first.evaluation;
    let links = [
        ("scores", "Scores", true),
        ("tradeoff", "Trade-off", several),
        ("placement", "Spectrum", true),
        ("columns", "Columns", true),
        ("pairs", "Pairs", true),
        (
            "whole",
            "Whole table",
            !evaluation.propensity.models.is_empty() || evaluation.projection.is_some(),
        ),
        ("trial", "Treatment effects", evaluation.trial.is_some()),
        (
            "regressions",
            "Regressions",
            !evaluation.regressions.is_empty(),
        ),
        (
            "predictions",
            "Predictions",
            !evaluation.predictions.is_empty(),
        ),
        ("subgroups", "Subgroups", !evaluation.subgroups.is_empty()),
        ("clusters", "Groups", !evaluation.clusters.is_empty()),
        ("missing", "Missing values", true),
        ("rules", "Rules", true),
        ("privacy", "Privacy", true),
        ("method", "Model card", true),
        ("statement", "Statement", true),
        ("cleaning", "Cleaning", true),
        ("cost", "Cost", true),
    ];
    m.node("nav", &[("aria-label", &"Sections")], |m| {
        for (id, text, present) in links {
            if present {
                m.leaf("a", &[("href", &format_args!("#{id}"))], text);
                m.text(" ");
            }
        }
        for (index, own) in evaluation.sections.iter().enumerate() {
            let target = format!("#{}", custom_id("", index));
            m.leaf("a", &[("href", &target)], &own.title);
            m.text(" ");
        }
    });
}

fn notes(m: &mut Markup, input: &ReportInput) {
    section(m, "cleaning", "Cleaning log", "", |m| {
        if input.notes.is_empty() {
            remark(m, "No cleaning was recorded.");
            return;
        }
        m.node("ul", &[("class", &"log")], |m| {
            for note in &input.notes {
                m.leaf("li", &[], note);
            }
        });
    });
}
