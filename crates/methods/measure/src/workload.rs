//! Which sets of columns matter, and how much.

use parable_core::FitError;
use parable_domain::{AttrSet, Domain};
use serde::{Deserialize, Serialize};

/// How much the error of some columns matters.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Weight {
    /// The name of one column, for everything it is part of, or of the columns of one set.
    pub columns: Vec<String>,
    /// Factor on the error, above 0; 1 for all that are not named.
    pub weight: f64,
}

/// The sets of columns that are measured in any case, and the weight of every set.
#[derive(Clone, Debug, PartialEq)]
pub struct Workload {
    required: Vec<AttrSet>,
    column_weights: Vec<f64>,
    set_weights: Vec<(AttrSet, f64)>,
}

impl Workload {
    /// A workload of these required sets and weights; single columns among the sets are left out,
    /// since every column is measured.
    ///
    /// # Errors
    /// [`FitError::Setting`] for a weight that is no number above 0, or that names no column of
    /// the domain.
    pub fn new(
        domain: &Domain,
        mut required: Vec<AttrSet>,
        weights: &[Weight],
    ) -> Result<Self, FitError> {
        required.retain(|set| set.len() > 1);
        required.sort();
        required.dedup();
        let mut column_weights = vec![1.0; domain.len()];
        let mut set_weights = Vec::new();
        for weight in weights {
            if !(weight.weight > 0.0 && weight.weight.is_finite()) {
                return Err(FitError::setting(
                    "weights",
                    "a weight is not a number above 0",
                ));
            }
            let set = columns_named(|name| domain.position(name), "weights", &weight.columns)?;
            match *set.as_slice() {
                [column] => column_weights[column as usize] = weight.weight,
                _ => set_weights.push((set, weight.weight)),
            }
        }
        Ok(Self {
            required,
            column_weights,
            set_weights,
        })
    }

    /// Sets of two and more columns that are measured in any case.
    #[must_use]
    pub fn required(&self) -> &[AttrSet] {
        &self.required
    }

    /// Weight of the error of each column.
    #[must_use]
    pub fn column_weights(&self) -> &[f64] {
        &self.column_weights
    }

    /// Weight of the error of a set: the product of those of its columns and its own.
    #[must_use]
    pub fn weight(&self, attrs: &AttrSet) -> f64 {
        let columns: f64 = attrs
            .iter()
            .map(|attr| self.column_weights[attr as usize])
            .product();
        let own = self.set_weights.iter().find(|(set, _)| set == attrs);
        columns * own.map_or(1.0, |(_, weight)| *weight)
    }
}

/// The set of the columns with these names, where `position` finds a column.
///
/// # Errors
/// [`FitError::Setting`], naming the setting, if there is no such column or no name.
pub fn columns_named(
    position: impl Fn(&str) -> Option<u32>,
    setting_name: &str,
    names: &[String],
) -> Result<AttrSet, FitError> {
    let position = |name: &String| {
        let problem = || format!("there is no column `{name}`");
        position(name).ok_or_else(|| FitError::setting(setting_name, problem()))
    };
    let attrs: Result<Vec<u32>, FitError> = names.iter().map(position).collect();
    let set = AttrSet::new(attrs?);
    if set.is_empty() {
        return Err(FitError::setting(setting_name, "a set names no column"));
    }
    Ok(set)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(names: &[&str]) -> Vec<String> {
        names.iter().map(|name| (*name).to_owned()).collect()
    }

    #[test]
    fn weights_of_columns_and_sets_multiply() {
        let domain = Domain::new([("a", 2), ("b", 3), ("c", 4)]).unwrap();
        let weight = |columns: &[&str], weight| Weight {
            columns: names(columns),
            weight,
        };
        let weights = [weight(&["a"], 3.0), weight(&["b", "a"], 2.0)];
        let required = vec![
            AttrSet::new([2]),
            AttrSet::new([0, 2]),
            AttrSet::new([0, 2]),
        ];
        let workload = Workload::new(&domain, required, &weights).unwrap();
        assert_eq!(workload.required(), [AttrSet::new([0, 2])]);
        assert_eq!(workload.weight(&AttrSet::new([0, 1])), 6.0);
        assert_eq!(workload.weight(&AttrSet::new([1, 2])), 1.0);
        assert!(Workload::new(&domain, Vec::new(), &[weight(&["a"], 0.0)]).is_err());
        let named = |own: &[&str]| columns_named(|name| domain.position(name), "a", &names(own));
        assert!(named(&["nobody"]).is_err() && named(&[]).is_err());
        assert_eq!(named(&["c", "a"]).unwrap(), AttrSet::new([0, 2]));
    }
}
