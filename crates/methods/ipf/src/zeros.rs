//! Combinations that cannot occur.

use parable_core::FitError;
use parable_domain::AttrSet;
use parable_encode::{Codec, ColumnCodec, ValueCodes};
use parable_pgm::Factor;
use serde::{Deserialize, Serialize};

use crate::failed;

/// Combinations of levels of some columns that cannot occur: a public fact, such as that no boy is
/// pregnant.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StructuralZeros {
    /// Names of the columns: categories, or missing reasons of any column.
    pub columns: Vec<String>,
    /// Each one level or missing reason per column, as the source spells them.
    pub combinations: Vec<Vec<String>>,
}

impl StructuralZeros {
    /// These combinations.
    pub fn new<C: Into<String>, L: Into<String>>(
        columns: impl IntoIterator<Item = C>,
        combinations: impl IntoIterator<Item = Vec<L>>,
    ) -> Self {
        let texts = |texts: Vec<L>| texts.into_iter().map(Into::into).collect();
        Self {
            columns: columns.into_iter().map(Into::into).collect(),
            combinations: combinations.into_iter().map(texts).collect(),
        }
    }
}

/// One set with what is allowed in it, row-major.
#[derive(Clone, Debug)]
pub(crate) struct Rule {
    pub(crate) attrs: AttrSet,
    pub(crate) allowed: Vec<bool>,
}

impl Rule {
    pub(crate) fn factor(&self, codec: &Codec) -> Result<Factor, FitError> {
        Factor::allowed(codec.domain(), self.attrs.clone(), &self.allowed).map_err(failed)
    }
}

/// The settings as rules about codes.
pub(crate) fn rules(zeros: &[StructuralZeros], codec: &Codec) -> Result<Vec<Rule>, FitError> {
    zeros.iter().map(|zeros| rule(zeros, codec)).collect()
}

fn rule(zeros: &StructuralZeros, codec: &Codec) -> Result<Rule, FitError> {
    let bad = |problem: String| FitError::setting("zeros", problem);
    let domain = codec.domain();
    let mut own = Vec::with_capacity(zeros.columns.len());
    for name in &zeros.columns {
        let attr = domain.position(name);
        own.push(attr.ok_or_else(|| bad(format!("there is no column `{name}`")))?);
    }
    let attrs = AttrSet::new(own.iter().copied());
    if attrs.len() != own.len() || own.is_empty() {
        return Err(bad("a set names no column, or one twice".to_owned()));
    }
    let cells = domain.cells(&attrs).unwrap_or(u128::MAX);
    if cells > MAX_RULE_CELLS {
        let columns = zeros.columns.join(", ");
        return Err(bad(format!(
            "the columns {columns} have too many combinations"
        )));
    }
    let mut allowed = vec![true; cells as usize];
    for (number, combination) in zeros.combinations.iter().enumerate() {
        let number = number + 1;
        if combination.len() != own.len() {
            return Err(bad(format!(
                "combination {number} does not name one level per column"
            )));
        }
        let mut cell = 0;
        for attr in attrs.iter() {
            let at = own.iter().position(|&a| a == attr).unwrap_or(0);
            let column = &codec.columns()[attr as usize];
            let code = code_of(column, &combination[at]).ok_or_else(|| {
                bad(format!(
                    "combination {number}: column `{}` has no such level or missing reason",
                    column.name
                ))
            })?;
            cell = cell * domain.attrs()[attr as usize].levels as usize + code as usize;
        }
        allowed[cell] = false;
    }
    Ok(Rule { attrs, allowed })
}

const MAX_RULE_CELLS: u128 = 1 << 24;

fn code_of(column: &ColumnCodec, text: &str) -> Option<u32> {
    let level = match &column.values {
        ValueCodes::Levels(levels) => levels.code(text),
        _ => None,
    };
    let reason = || {
        let at = column
            .missing
            .iter()
            .position(|m| m.as_deref() == Some(text));
        at.map(|at| column.value_codes() + at as u32)
    };
    level.or_else(reason)
}
