//! The disclosure-control statement: what was checked, against which limits, what remains, and blanks for those who decide.

use parable_metrics::{Evaluation, Group, Score};

use super::{list, paragraph, remark, section};
use crate::MethodResult;
use crate::bands::{Banding, Bands};
use crate::spectrum::Placement;
use crate::table::{self, Figures, Words};
use crate::verdict::Guarantee;
use parable_draw::markup::Markup;
use parable_draw::number;

/// A check that decides about disclosure.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Check {
    pub(crate) title: String,
    /// The limits in words.
    pub(crate) limits: String,
    pub(crate) banding: Banding,
    /// The value, for the owner only.
    pub(crate) value: Option<f64>,
}

impl Check {
    /// The privacy scores with limits, worst first.
    pub(crate) fn all(evaluation: &Evaluation, bands: &Bands) -> Vec<Self> {
        let mut checks: Vec<Self> = evaluation
            .scores
            .iter()
            .filter(|score| score.group == Group::Privacy)
            .filter_map(|score| Self::of(score, bands))
            .collect();
        // Stable: equals stay in the order of the evaluation.
        checks.sort_by_key(|check| std::cmp::Reverse(check.banding.band()));
        checks
    }

    fn of(score: &Score, bands: &Bands) -> Option<Self> {
        let limits = bands.rule(&score.id)?.limits?;
        Some(Self {
            title: score.title.clone(),
            limits: limits.words(),
            banding: bands.of(score),
            value: score.value,
        })
    }

    /// `yes`, `no`, or why it was not decided.
    pub(crate) fn passed(&self) -> String {
        match &self.banding {
            Banding::Band(band) if *band <= crate::Band::B => "yes".to_owned(),
            Banding::Band(_) => "no".to_owned(),
            Banding::None(why) => format!("not decided: {why}"),
        }
    }
}

/// What remains after the checks, in sentences that hold no number.
pub(crate) fn residual_risk(
    guarantee: &Guarantee,
    evaluation: &Evaluation,
    checks: &[Check],
) -> Vec<String> {
    let mut risks = vec![guarantee.sentence()];
    let failed: Vec<&str> = checks
        .iter()
        .filter(|check| check.passed() == "no")
        .map(|check| check.title.as_str())
        .collect();
    risks.push(match failed.as_slice() {
        [] => "No check in the table failed.".to_owned(),
        failed => format!("Checks that failed: {}.", failed.join("; ")),
    });
    if evaluation.inputs.holdout_rows.is_none() {
        risks.push("No holdout table was given: how many agreements come by chance is not known, and attacks that need one were not made.".to_owned());
    }
    let attacked = evaluation.scores.iter().any(|score| {
        ["attack_", "membership"]
            .iter()
            .any(|attack| score.id.starts_with(attack) && score.value.is_some())
    });
    risks.push(if attacked {
        "The attacks made here are those that are described; an attacker who knows more or tries otherwise may do better.".to_owned()
    } else {
        "No attack was made. Comparing rows cannot show that nothing about a person can be learned.".to_owned()
    });
    risks.push("Small groups and people with rare combinations of facts carry the most risk; whether their number was enough for a release is the reviewer's judgement.".to_owned());
    risks
}

/// The owner's statement on one method.
pub(crate) fn statement(
    m: &mut Markup,
    prefix: &str,
    method: &MethodResult,
    bands: &Bands,
    placement: &Placement,
) {
    let lead = "To be completed and signed by those who decide. What is printed comes from the measurements; what is blank does not.";
    section(
        m,
        &format!("{prefix}statement"),
        "Disclosure-control statement",
        lead,
        |m| {
            let checks = Check::all(&method.evaluation, bands);
            table_of_checks(m, &checks);
            let guarantee = Guarantee::of(method.record.as_ref());
            list(
                m,
                "Residual risk",
                &residual_risk(&guarantee, &method.evaluation, &checks),
            );
            m.leaf("h3", &[], "Proposed access");
            paragraph(m, placement.access);
            blanks(m);
        },
    );
}

/// The checks with their limits and what was measured.
fn table_of_checks(m: &mut Markup, checks: &[Check]) {
    if checks.is_empty() {
        remark(m, "No privacy score has limits, so nothing was checked.");
        return;
    }
    let heads = [
        ("Check", Words),
        ("Limits", Words),
        ("Measured", Figures),
        ("Band", Words),
        ("Passed (A or B)", Words),
    ];
    table::table(m, "Checks and limits", &heads, |m| {
        for check in checks {
            table::row(m, |m| {
                table::head(m, &check.title);
                table::words(m, &check.limits);
                table::figures(m, number::or_none(check.value, number::value));
                m.node("td", &[("class", &"w")], |m| match &check.banding {
                    Banding::Band(band) => table::badge(m, *band, band.danger()),
                    Banding::None(why) => table::unbanded(m, why),
                });
                table::words(m, check.passed());
            });
        }
    });
}

/// What people write in.
pub(crate) fn blanks(m: &mut Markup) {
    m.leaf("h3", &[], "Review and decision");
    form(
        m,
        &[
            "Reviewed by (name, role, organisation)",
            "Second reviewer (name, role, organisation)",
            "Were the limits above agreed before the table was made? By whom?",
            "Checks made by hand (rare levels, free text, names, small schools)",
            "Residual risk accepted, and why",
            "Access level decided",
            "Conditions of use",
            "To be reviewed again on, or when",
        ],
    );
    m.node("div", &[("class", &"signatures")], |m| {
        for who in ["Data owner", "Reviewer", "Second reviewer"] {
            m.node("p", &[("class", &"signature")], |m| {
                m.leaf("span", &[("class", &"blank")], "");
                m.leaf(
                    "span",
                    &[("class", &"sub")],
                    format_args!("{who}: signature, name, date"),
                );
            });
        }
    });
}

/// Questions with room for an answer in handwriting.
pub(crate) fn form(m: &mut Markup, questions: &[&str]) {
    m.node("dl", &[("class", &"form")], |m| {
        for question in questions {
            m.node("div", &[], |m| {
                m.leaf("dt", &[], question);
                m.node("dd", &[], |m| m.leaf("span", &[("class", &"blank")], ""));
            });
        }
    });
}
