//! Functions of a few attributes.

use parable_domain::{AttrSet, Domain};

use crate::ModelError;
use crate::alignment::Alignment;
use crate::exponential::exp;

/// A function of a few attributes in log space: dense, row-major in the order of the attributes,
/// the last one varying fastest.
///
/// Minus infinity stands for a structural zero; all operations keep it so.
#[derive(Clone, Debug, PartialEq)]
pub struct Factor {
    attrs: AttrSet,
    levels: Vec<u32>,
    values: Vec<f64>,
}

impl Factor {
    /// The function with these logarithms.
    ///
    /// # Errors
    /// An attribute beyond the domain; another number of values than combinations; a NaN or plus
    /// infinity.
    pub fn new(domain: &Domain, attrs: AttrSet, values: Vec<f64>) -> Result<Self, ModelError> {
        let expected = domain.cells(&attrs)?;
        if expected != values.len() as u128 {
            return Err(ModelError::CellCount {
                attrs,
                expected,
                found: values.len(),
            });
        }
        if let Some(cell) = values
            .iter()
            .position(|v| v.is_nan() || *v == f64::INFINITY)
        {
            return Err(ModelError::BadMeasurement {
                attrs,
                what: "a logarithm that is no number below infinity",
                cell,
            });
        }
        let levels = domain.levels(&attrs)?;
        Ok(Self {
            attrs,
            levels,
            values,
        })
    }

    /// The function that is 1 for the allowed combinations and 0 for the others.
    ///
    /// # Errors
    /// As [`Factor::new`].
    pub fn allowed(domain: &Domain, attrs: AttrSet, allowed: &[bool]) -> Result<Self, ModelError> {
        let values = allowed
            .iter()
            .map(|&allowed| if allowed { 0.0 } else { f64::NEG_INFINITY });
        Self::new(domain, attrs, values.collect())
    }

    /// The attributes.
    #[must_use]
    pub fn attrs(&self) -> &AttrSet {
        &self.attrs
    }

    /// The numbers of levels, in the order of the attributes.
    #[must_use]
    pub fn levels(&self) -> &[u32] {
        &self.levels
    }

    /// The logarithms, row-major.
    #[must_use]
    pub fn values(&self) -> &[f64] {
        &self.values
    }

    /// The product with another function: a function of the attributes of both.
    #[must_use]
    pub fn product(&self, other: &Self) -> Self {
        let attrs = self.attrs.union(&other.attrs);
        let level_of = |attr: u32| {
            let find = |factor: &Self| {
                let position = factor.attrs.as_slice().binary_search(&attr).ok()?;
                Some(factor.levels[position])
            };
            find(self)
                .or_else(|| find(other))
                .expect("the attribute is in one of the two")
        };
        let levels: Vec<u32> = attrs.iter().map(level_of).collect();
        let cells = levels.iter().map(|&l| l as usize).product();
        let mut values = vec![0.0; cells];
        for factor in [self, other] {
            Alignment::new(&attrs, &levels, &factor.attrs).broadcast(
                &mut values,
                &factor.values,
                |cell, value| *cell += value,
            );
        }
        Self {
            attrs,
            levels,
            values,
        }
    }

    /// The sum over all attributes but these; attributes the function does not have are ignored.
    #[must_use]
    pub fn marginal(&self, attrs: &AttrSet) -> Self {
        let attrs = attrs.intersection(&self.attrs);
        let alignment = Alignment::new(&self.attrs, &self.levels, &attrs);
        let mut tops = vec![f64::NEG_INFINITY; alignment.small_len()];
        alignment.max_into(&self.values, &mut tops);
        let mut scaled = self.values.clone();
        alignment.broadcast(&mut scaled, &tops, |cell, top| {
            *cell = scaled_exp(*cell, top)
        });
        let mut values = alignment.sums(&scaled);
        for (value, top) in values.iter_mut().zip(tops) {
            *value = if top == f64::NEG_INFINITY {
                top
            } else {
                top + value.ln()
            };
        }
        let levels = self
            .attrs
            .iter()
            .zip(&self.levels)
            .filter(|(attr, _)| attrs.contains(*attr))
            .map(|(_, &levels)| levels)
            .collect();
        Self {
            attrs,
            levels,
            values,
        }
    }

    /// The logarithm of the sum over all combinations.
    #[must_use]
    pub fn log_sum(&self) -> f64 {
        self.marginal(&AttrSet::empty()).values[0]
    }
}

/// `exp(value - top)` where `top` is at least `value`; 0 if both are minus infinity.
#[inline(always)]
pub(crate) fn scaled_exp(value: f64, top: f64) -> f64 {
    exp(if top == f64::NEG_INFINITY {
        f64::NEG_INFINITY
    } else {
        value - top
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn domain() -> Domain {
        Domain::new([("a", 2), ("b", 3), ("c", 2)]).unwrap()
    }

    #[test]
    fn products_and_sums_are_those_of_the_joint_table() {
        let ab = Factor::new(
            &domain(),
            AttrSet::new([0, 1]),
            [1.0f64, 2.0, 3.0, 4.0, 5.0, 6.0].map(f64::ln).to_vec(),
        )
        .unwrap();
        let bc = Factor::new(
            &domain(),
            AttrSet::new([1, 2]),
            [1.0f64, 0.5, 2.0, 0.0, 3.0, 1.0].map(f64::ln).to_vec(),
        )
        .unwrap();
        let joint = ab.product(&bc);
        assert_eq!(joint.levels(), [2, 3, 2]);
        let a = joint.marginal(&AttrSet::new([0]));
        // a=0: 1*1.5 + 2*2 + 3*4; a=1: 4*1.5 + 5*2 + 6*4.
        assert!((a.values()[0] - 17.5f64.ln()).abs() < 1e-14);
        assert!((a.values()[1] - 40.0f64.ln()).abs() < 1e-14);
        assert!((joint.log_sum() - 57.5f64.ln()).abs() < 1e-14);
        let both = joint.marginal(&AttrSet::new([1, 2]));
        assert_eq!(both.values()[3], f64::NEG_INFINITY);
    }

    #[test]
    fn numbers_far_apart_do_not_overflow_and_zeros_stay_zeros() {
        let wide = Factor::new(&domain(), AttrSet::new([0]), vec![900.0, -900.0]).unwrap();
        assert_eq!(wide.log_sum(), 900.0);
        let none = Factor::allowed(&domain(), AttrSet::new([0]), &[false, false]).unwrap();
        assert_eq!(none.log_sum(), f64::NEG_INFINITY);
        assert_eq!(none.product(&wide).log_sum(), f64::NEG_INFINITY);
    }

    #[test]
    fn refuses_values_that_do_not_fit() {
        assert!(Factor::new(&domain(), AttrSet::new([0]), vec![0.0]).is_err());
        assert!(Factor::new(&domain(), AttrSet::new([9]), vec![0.0]).is_err());
        assert!(Factor::new(&domain(), AttrSet::new([0]), vec![0.0, f64::NAN]).is_err());
    }
}
