//! One column of a schema.

use serde::{Deserialize, Serialize};

use crate::Kind;

/// One column of a schema: its name, type, role and missing values.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Field {
    /// The name in the header; unique in a schema.
    pub name: String,
    /// The text in the header of the source, where it is no name of its own: blank, or that of an
    /// earlier column.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub header: Option<String>,
    /// The type of its values.
    pub kind: Kind,
    /// The role in an analysis.
    #[serde(default, skip_serializing_if = "Role::is_covariate")]
    pub role: Role,
    /// How a missing value without a stated reason is written; an empty field is always read as
    /// one.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub absent: String,
    /// Texts that stand for a reason why there is no value, such as `-8`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub missing_codes: Vec<MissingCode>,
    /// What becomes of a cell that the type of the column cannot read.
    #[serde(default, skip_serializing_if = "Unreadable::is_default")]
    pub unreadable: Unreadable,
    /// The description for people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub label: Option<String>,
}

impl Field {
    /// A covariate of this type, its missing values written as empty fields.
    pub fn new(name: impl Into<String>, kind: Kind) -> Self {
        Self {
            name: name.into(),
            header: None,
            kind,
            role: Role::Covariate,
            absent: String::new(),
            missing_codes: Vec::new(),
            unreadable: Unreadable::Refuse,
            label: None,
        }
    }

    /// Sets the role (default: covariate).
    #[must_use]
    pub fn with_role(mut self, role: Role) -> Self {
        self.role = role;
        self
    }

    /// Sets the texts that stand for a reason why a value is missing.
    #[must_use]
    pub fn with_missing_codes<S: Into<String>>(
        mut self,
        codes: impl IntoIterator<Item = S>,
    ) -> Self {
        self.missing_codes = codes
            .into_iter()
            .map(|text| MissingCode {
                text: text.into(),
                meaning: None,
            })
            .collect();
        self
    }

    /// Sets what becomes of a cell that the type of the column cannot read (default: refused).
    #[must_use]
    pub fn with_unreadable(mut self, unreadable: Unreadable) -> Self {
        self.unreadable = unreadable;
        self
    }

    /// Sets the description for people.
    #[must_use]
    pub fn with_label(mut self, label: impl Into<String>) -> Self {
        self.label = Some(label.into());
        self
    }

    /// Returns the code of the level that means yes, for a categorical column whose two levels are
    /// one of the usual pairs; codes of a boolean column are in the order false, true.
    #[must_use]
    pub fn yes_code(&self) -> Option<u32> {
        if let Kind::Boolean { .. } = self.kind {
            return Some(1);
        }
        let levels = self.kind.levels()?;
        if levels.len() != 2 {
            return None;
        }
        let texts: Vec<String> = levels.iter().map(str::to_lowercase).collect();
        YES_NO.iter().find_map(|&(no, yes)| {
            if texts[0] == no && texts[1] == yes {
                Some(1)
            } else if texts[1] == no && texts[0] == yes {
                Some(0)
            } else {
                None
            }
        })
    }
}

/// Usual pairs of levels that mean no and yes, in lower case.
const YES_NO: [(&str, &str); 5] = [
    ("0", "1"),
    ("no", "yes"),
    ("n", "y"),
    ("false", "true"),
    ("f", "t"),
];

/// What becomes of a cell that the type of its column cannot read: a word among numbers, a day that
/// does not exist.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Unreadable {
    /// The table is refused, with the row of the cell.
    #[default]
    Refuse,
    /// The cell is read as a missing value without a reason, with a warning.
    Absent,
}

impl Unreadable {
    fn is_default(&self) -> bool {
        *self == Self::default()
    }
}

/// A text in the source that stands for a reason why a value is missing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MissingCode {
    /// The text as the source writes it, e.g. `-8`.
    pub text: String,
    /// What it means, e.g. "not applicable".
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub meaning: Option<String>,
}

/// The role of a column in an analysis.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Role {
    /// Describes the unit; the usual case.
    #[default]
    Covariate,
    /// Names the unit (a pupil); never modelled, replaced by fresh names.
    UnitId,
    /// Names the group a unit belongs to (a school, a class).
    ClusterId,
    /// The arm of a trial.
    Treatment,
    /// What the trial or survey measures; modelled after the rest.
    Outcome,
    /// A survey weight.
    Weight,
    /// Restates other columns in words or bands and is wholly determined by them.
    Descriptor {
        /// The columns that determine it.
        of: Vec<String>,
    },
}

impl Role {
    /// Whether this is the usual case.
    #[must_use]
    pub fn is_covariate(&self) -> bool {
        matches!(self, Self::Covariate)
    }

    /// The name of the role as schemas spell it.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Covariate => "covariate",
            Self::UnitId => "unit_id",
            Self::ClusterId => "cluster_id",
            Self::Treatment => "treatment",
            Self::Outcome => "outcome",
            Self::Weight => "weight",
            Self::Descriptor { .. } => "descriptor",
        }
    }
}
