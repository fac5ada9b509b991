//! The disclosure-control statement: checks and limits, residual risk, and blanks to fill in.

use parable_draw::markup::Markup;
use parable_draw::number;
use parable_judge::{Banding, Check, Judgement};

use super::{form, list, paragraph, remark, section};
use crate::table::{self, Figures, Words};

/// The owner's statement on one method.
pub(crate) fn statement(m: &mut Markup, prefix: &str, judgement: &Judgement) {
    let lead = "To be completed and signed by those who decide. Printed entries come from the measurements; please fill in the blanks.";
    section(
        m,
        &format!("{prefix}statement"),
        "Disclosure-control statement",
        lead,
        |m| {
            table_of_checks(m, &judgement.checks);
            list(m, "Residual risk", &judgement.residual_risk);
            m.leaf("h3", &[], "Proposed access");
            paragraph(m, judgement.placement.access);
            blanks(m);
        },
    );
}

/// The checks with their limits and results.
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
                table::words(m, check.limits.words());
                table::figures(m, number::or_none(check.value, number::value));
                m.node("td", &[("class", &"w")], |m| match &check.banding {
                    Banding::Band(band) => table::badge(m, *band, band.danger()),
                    Banding::None(why) => table::unbanded(m, why),
                });
                table::words(m, check.outcome());
            });
        }
    });
}

/// Blanks for the review and the decision.
pub(crate) fn blanks(m: &mut Markup) {
    m.leaf("h3", &[], "Review and decision");
    form(
        m,
        &[
            "Reviewed by (name, role, organisation)",
            "Second reviewer (name, role, organisation)",
            "Were the limits above agreed before the table was made? By whom?",
            "Manual checks (rare levels, free text, names, small schools)",
            "Residual risk accepted, and why",
            "Access level decided",
            "Conditions of use",
            "Next review: date or event",
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
