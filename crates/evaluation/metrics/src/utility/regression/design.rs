//! From a formula to a design matrix.

use std::borrow::Cow;

use crate::data::design::{Design, indicator};
use crate::data::formula::{Factor, Term};
use crate::data::frame::{Frame, FrameColumn, Side};
use crate::utility::trial::{TrialOptions, control_arm};
use crate::{ColumnScale, Formula, MetricError};
use parable_table::Role;

/// A formula whose columns were found in the tables.
pub(super) struct Model<'a> {
    pub(super) formula: &'a Formula,
    frame: &'a Frame,
    response: &'a FrameColumn,
    /// For a response of levels: the level that is no event.
    failure: Option<u32>,
    /// The level others are compared with, for each column of levels among the factors.
    bases: Vec<(&'a str, u32)>,
}

/// The rows of one table as the model sees them.
pub(super) struct Rows {
    pub(super) response: Vec<f64>,
    /// The terms, the intercept first if there is one.
    pub(super) design: Design,
    /// Group numbers of the rows for each fixed effect.
    pub(super) absorbed: Vec<Vec<u32>>,
    pub(super) clusters: Option<Vec<u32>>,
}

impl<'a> Model<'a> {
    pub(super) fn new(
        formula: &'a Formula,
        frame: &'a Frame,
        control: Option<&str>,
    ) -> Result<Self, MetricError> {
        let bad = |column: &str, rule| MetricError::BadFormula {
            formula: formula.to_string(),
            column: column.to_owned(),
            rule,
        };
        let find = |name: &'a str| {
            frame.named(name).ok_or_else(|| {
                bad(
                    name,
                    "expected a column of the tables that is no row id or free text",
                )
            })
        };
        let response = find(&formula.response)?;
        let mut failure = None;
        if let Some((labels, codes)) = response.codes()
            && response.scale == ColumnScale::Nominal
        {
            let seen = crate::data::frame::seen(&codes.real, labels.len());
            let occurring: Vec<u32> = (1..seen.len() as u32)
                .filter(|&code| seen[code as usize])
                .collect();
            if occurring.len() > 2 {
                let rule = "expected a response of numbers, ordered levels or two levels";
                return Err(bad(&response.name, rule));
            }
            failure = Some(occurring.first().copied().unwrap_or(1));
        }
        let mut bases: Vec<(&str, u32)> = Vec::new();
        for factor in formula.terms.iter().flat_map(|term| &term.0) {
            let column = find(&factor.column)?;
            match column.codes() {
                Some(_) if column.scale == ColumnScale::Nominal && factor.power > 1 => {
                    return Err(bad(&factor.column, "expected numbers to raise to a power"));
                }
                Some((labels, codes)) if column.scale == ColumnScale::Nominal => {
                    let base = if column.role == Role::Treatment {
                        let options = TrialOptions {
                            adjust_for: Vec::new(),
                            control_arm: control.map(str::to_owned),
                        };
                        control_arm(column, labels, &options)?
                    } else {
                        let seen = crate::data::frame::seen(&codes.real, labels.len());
                        let first = (1..seen.len()).find(|&code| seen[code]);
                        first.unwrap_or(1) as u32
                    };
                    bases.push((&column.name, base));
                }
                _ => {}
            }
        }
        for name in formula
            .absorbed
            .iter()
            .map(String::as_str)
            .chain(formula.cluster_column())
        {
            if find(name)?.codes().is_none() {
                let rule = "expected a column of levels for fixed effects and clusters";
                return Err(bad(name, rule));
            }
        }
        Ok(Self {
            formula,
            frame,
            response,
            failure,
            bases,
        })
    }

    pub(super) fn is_logistic(&self) -> bool {
        self.failure.is_some()
    }

    /// The level of the response that is the event, by name.
    pub(super) fn event(&self) -> Option<String> {
        let failure = self.failure?;
        let (labels, codes) = self.response.codes()?;
        let seen = crate::data::frame::seen(&codes.real, labels.len());
        let event = (1..seen.len()).find(|&code| seen[code] && code as u32 != failure)?;
        Some(labels[event - 1].clone())
    }

    fn column(&self, name: &str) -> &'a FrameColumn {
        self.frame
            .named(name)
            .expect("found when the model was made")
    }

    /// The rows of one table that are complete in all columns of the formula.
    pub(super) fn design(&self, side: Side) -> Rows {
        let response: Cow<'_, [f64]> = match self.failure {
            Some(failure) => {
                let (_, codes) = self.response.codes().expect("a response of levels");
                let number = |&code: &u32| match code {
                    0 => f64::NAN,
                    code => f64::from(u8::from(code != failure)),
                };
                Cow::Owned(codes.of(side).iter().map(number).collect())
            }
            None => self
                .response
                .as_numbers(side)
                .expect("numbers or ordered levels"),
        };
        let mut used: Vec<Values<'_>> = Vec::new();
        for name in &self.formula.columns()[1..] {
            used.push(Values::of(self.column(name), side));
        }
        let rows: Vec<usize> = (0..response.len())
            .filter(|&row| !response[row].is_nan() && used.iter().all(|values| values.given(row)))
            .collect();
        let groups = |name: &str| -> Vec<u32> {
            let (_, codes) = self.column(name).codes().expect("checked before");
            rows.iter().map(|&row| codes.of(side)[row]).collect()
        };
        let mut design = Design::new(rows.len());
        let all = Rows {
            response: rows.iter().map(|&row| response[row]).collect(),
            design: Design::new(0),
            absorbed: self
                .formula
                .absorbed
                .iter()
                .map(|name| groups(name))
                .collect(),
            clusters: self.formula.cluster_column().map(groups),
        };
        // Fixed effects hold every constant already.
        let constant = self.formula.intercept && self.formula.absorbed.is_empty();
        if constant {
            design.push_intercept("(intercept)");
        }
        let mut constant = self.formula.intercept || !self.formula.absorbed.is_empty();
        for term in &self.formula.terms {
            let mut parts: Vec<(String, Vec<f64>)> = vec![(String::new(), vec![1.0; rows.len()])];
            for factor in &term.0 {
                let all_levels = !self.has_margin(term, factor, &mut constant);
                let own = self.part(factor, side, &rows, all_levels);
                parts = parts
                    .iter()
                    .flat_map(|(name, values)| {
                        own.iter().map(move |(own_name, own_values)| {
                            let joined = match name.as_str() {
                                "" => own_name.clone(),
                                name => format!("{name}:{own_name}"),
                            };
                            let product = values.iter().zip(own_values).map(|(a, b)| a * b);
                            (joined, product.collect())
                        })
                    })
                    .collect();
            }
            for (name, values) in parts {
                design.push(name, values);
            }
        }
        Rows { design, ..all }
    }

    /// Whether the term without this factor is in the model, so that one of its levels is known
    /// from the others. The first column of levels of a model without a constant gets all its
    /// levels, and is the constant of those that follow.
    fn has_margin(&self, term: &Term, factor: &Factor, constant: &mut bool) -> bool {
        let rest: Vec<Factor> = term
            .0
            .iter()
            .filter(|own| *own != factor)
            .cloned()
            .collect();
        if rest.is_empty() {
            let levels = self.bases.iter().any(|(name, _)| *name == factor.column);
            return std::mem::replace(constant, *constant || levels);
        }
        let rest = Term(rest);
        self.formula.terms.iter().any(|other| other.same(&rest))
    }

    /// The columns of one factor: its number, or one indicator per level but the base.
    fn part(
        &self,
        factor: &Factor,
        side: Side,
        rows: &[usize],
        all_levels: bool,
    ) -> Vec<(String, Vec<f64>)> {
        let column = self.column(&factor.column);
        let base = self.bases.iter().find(|(name, _)| *name == factor.column);
        let (Some(&(_, base)), Some((labels, codes))) = (base, column.codes()) else {
            let numbers = column.as_numbers(side).expect("numbers or ordered levels");
            let power = factor.power as i32;
            let values = rows.iter().map(|&row| numbers[row].powi(power)).collect();
            let name = match power {
                1 => factor.column.clone(),
                power => format!("{}^{power}", factor.column),
            };
            return vec![(name, values)];
        };
        let codes = codes.of(side);
        // The base comes first where it has an indicator of its own, others in their order.
        let levels = (1..=labels.len() as u32).filter(|&code| code != base);
        all_levels
            .then_some(base)
            .into_iter()
            .chain(levels)
            .map(|level| {
                let is = |&row: &usize| indicator(codes[row] == level);
                (
                    format!("{} = {}", factor.column, labels[level as usize - 1]),
                    rows.iter().map(is).collect(),
                )
            })
            .collect()
    }

    /// How many columns the design has at most.
    pub(super) fn width(&self) -> usize {
        let width = |factor: &Factor| {
            let levels = self.bases.iter().any(|(name, _)| *name == factor.column);
            match self.column(&factor.column).codes() {
                Some((labels, _)) if levels => labels.len(),
                _ => 1,
            }
        };
        let of_term = |term: &Term| term.0.iter().map(width).product::<usize>();
        1 + self.formula.terms.iter().map(of_term).sum::<usize>()
    }
}

/// A column by which rows are left out where it is missing.
enum Values<'a> {
    Numbers(&'a [f64]),
    Codes(&'a [u32]),
}

impl<'a> Values<'a> {
    fn of(column: &'a FrameColumn, side: Side) -> Self {
        match (column.numbers(), column.codes()) {
            (Some(numbers), _) => Self::Numbers(numbers.of(side)),
            (None, Some((_, codes))) => Self::Codes(codes.of(side)),
            (None, None) => Self::Codes(&[]),
        }
    }

    fn given(&self, row: usize) -> bool {
        match self {
            Self::Numbers(numbers) => !numbers[row].is_nan(),
            Self::Codes(codes) => codes[row] != 0,
        }
    }
}
