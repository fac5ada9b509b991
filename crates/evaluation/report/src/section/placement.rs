//! The place on the spectrum from structure to replica, and the proposed access.

use parable_draw::markup::Markup;
use parable_judge::{Level, Placement};

use super::{paragraph, remark, section};
use crate::table::{self, Words};

/// The place, its evidence, and the access that goes with it. `found`: whether to print what was
/// measured.
pub(crate) fn placement(m: &mut Markup, prefix: &str, placement: &Placement, found: bool) {
    let lead = "How much of the real table this one retains, judged by how it was made and by measurement. A proposal for the owner's decision.";
    section(
        m,
        &format!("{prefix}placement"),
        "Place on the spectrum",
        lead,
        |m| {
            ladder(m, placement);
            m.node("div", &[("class", &"statement")], |m| {
                m.leaf(
                    "p",
                    &[("class", &"promise")],
                    format_args!("Placed as: {}.", placement.level.name()),
                );
                paragraph(m, placement.level.purpose());
                if placement.raised {
                    let above = if placement.treat_as == placement.level {
                        "the real table itself".to_owned()
                    } else {
                        format!("the level above: {}", placement.treat_as.name())
                    };
                    m.node("p", &[], |m| {
                        m.leaf("strong", &[], format_args!("Treat as {above}."));
                        m.text(" A privacy result is in band D.");
                    });
                }
                m.node("p", &[], |m| {
                    m.leaf("strong", &[], "Access: ");
                    m.text(placement.access);
                });
            });
            if let Some(made_from) = placement.made_from {
                paragraph(m, format_args!("Made from {}.", made_from.text()));
            }
            for text in &placement.remarks {
                paragraph(m, text);
            }
            let mut heads = vec![("Level", Words), ("Condition", Words), ("Holds", Words)];
            if found {
                heads.push(("Measured", Words));
            }
            table::table(m, "Evidence", &heads, |m| {
                for line in &placement.evidence {
                    table::row(m, |m| {
                        table::head(m, line.level.name());
                        table::words(m, line.condition);
                        table::words(
                            m,
                            match line.met {
                                Some(true) => "yes",
                                Some(false) => "no",
                                None => "not measured",
                            },
                        );
                        if found {
                            table::words(
                                m,
                                line.found.as_deref().unwrap_or(parable_draw::number::NONE),
                            );
                        }
                    });
                }
            });
            remark(
                m,
                "Levels: Office for National Statistics, working paper 16 (Bates et al. 2018); the conditions are proposals. Retained: one minus the root mean square difference of all associations over that of the real columns shuffled one by one.",
            );
        },
    );
}

/// The levels in a row, the placed one marked.
fn ladder(m: &mut Markup, placement: &Placement) {
    m.node("ol", &[("class", &"ladder")], |m| {
        for level in Level::ALL {
            let class = match () {
                () if level == placement.level => "here",
                () if level == placement.treat_as => "raised",
                () => "",
            };
            m.leaf("li", &[("class", &class)], level.name());
        }
    });
}
