//! What attacks on the synthetic table learned about people.

use serde::{Deserialize, Serialize};

use crate::result::risk::{Risk, SuccessRate};

/// An attack of the European data protection bodies' opinion 05/2014 on anonymisation (WP216).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum AttackKind {
    /// Is there exactly one person with this value of one column?
    SinglingOutUnivariate,
    /// Is there exactly one person with these values of several columns?
    SinglingOutMultivariate,
    /// Do two halves of a person's data, held by two sources, lead to the same synthetic row?
    Linkability,
    /// What is the value of a secret column of a person of whom everything else is known?
    Inference,
}

impl AttackKind {
    /// All of them, in order.
    pub const ALL: [Self; 4] = [
        Self::SinglingOutUnivariate,
        Self::SinglingOutMultivariate,
        Self::Linkability,
        Self::Inference,
    ];

    /// The name as files spell it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::SinglingOutUnivariate => "singling_out_univariate",
            Self::SinglingOutMultivariate => "singling_out_multivariate",
            Self::Linkability => "linkability",
            Self::Inference => "inference",
        }
    }
}

/// One attack: its success on real rows, on holdout rows, and by guessing without the synthetic
/// rows.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct AttackResult {
    /// Which attack.
    pub kind: AttackKind,
    /// What the attacker knows and does, in words: a number about an attack says nothing about
    /// stronger ones.
    pub attacker: String,
    /// The columns the attacker uses; of linkability those of the first source, of inference the
    /// secret one.
    pub columns: Vec<String>,
    /// Of linkability the columns of the second source.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub other_columns: Vec<String>,
    /// How the columns were chosen, in words.
    pub columns_chosen_by: String,
    /// How many attacks were asked for.
    pub asked: u64,
    /// Fewer attacks could be made than asked for: there are not enough rows, or not enough values
    /// that occur once.
    pub underpowered: bool,
    /// Success on rows of the real table.
    pub main: SuccessRate,
    /// Success expected on random samples of the real rows of the size of the holdout, which
    /// singling out is compared by: in a larger table fewer people are alone with a value.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub main_at_equal_size: Option<SuccessRate>,
    /// Success on rows of the holdout: what the table tells about people who were not in the data.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub control: Option<SuccessRate>,
    /// What guessing without the synthetic rows scores on the same rows of the real table.
    pub guesses: Vec<BlindGuess>,
    /// The gain of having been in the data; needs a holdout.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub risk: Option<Risk>,
    /// How to read it.
    pub conclusion: Conclusion,
}

/// A guess that does not look at the synthetic rows of the target.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct BlindGuess {
    /// What is guessed, in words.
    pub how: String,
    /// Successes over attacks, or the exact probability of success.
    pub share: f64,
}

/// What an attack shows. None of these means "safe".
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Conclusion {
    /// The attack does no better than guessing: it was too weak to say anything.
    NoConclusion,
    /// There is no holdout to tell what was learned about the rows from what was learned about
    /// everybody.
    NoControl,
    /// No difference between rows of the data and others was seen; a stronger attack may see one.
    NoDifference,
    /// The attack succeeds more often on rows of the data than on others (the 95 % interval of the
    /// risk is above 0).
    Leak,
}

impl Conclusion {
    /// In a sentence, for people.
    #[must_use]
    pub const fn text(self) -> &'static str {
        match self {
            Self::NoConclusion => {
                "no conclusion: the attack did no better than a blind guess, which says that it is weak and not that the table is safe"
            }
            Self::NoControl => {
                "without a holdout, success cannot be told from knowledge about everybody"
            }
            Self::NoDifference => {
                "this attack saw no difference between people in the data and others; a stronger one may"
            }
            Self::Leak => "people in the data are attacked with more success than others",
        }
    }
}
