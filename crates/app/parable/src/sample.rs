//! Sampling: from a model to a synthetic table in the source's columns.

use parable_core::{Diversified, Diversity, NoObserver, Observer, diversify};
use parable_seed::Seed;
use parable_table::Table;
use parable_table::constraints::Repair;

use crate::{Conditions, Error, Fitted, matching};

/// A synthetic table in the source's columns, order and types.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Synthetic {
    /// The table.
    pub table: Table,
    /// Repairs after sampling, one sentence each; empty is best.
    pub repairs: Vec<String>,
    /// One answer for each rule of [`SampleBuilder::diverse`].
    pub diversified: Vec<Diversified>,
}

impl Synthetic {
    /// Converts each row to a type of your own (feature `rows`).
    ///
    /// # Errors
    /// [`Error::Rows`] for a field without a column, and for values that the type does not take.
    #[cfg(feature = "rows")]
    pub fn to_rows<T: serde::de::DeserializeOwned>(&self) -> Result<Vec<T>, Error> {
        Ok(self.table.to_rows()?)
    }
}

impl Fitted {
    /// Sets up a sample of this many rows.
    ///
    /// ```
    /// use parable::Conditions;
    /// # use parable::trials::{Preset, Trial, TrialConfig};
    /// # let trial = Trial::simulate(&TrialConfig::new(Preset::A), &7.into())?;
    /// # let source = parable::Source::from_table("trial", trial.table);
    /// # let fitted = source.fit(parable::cart::Cart::default()).run()?;
    ///
    /// let synthetic = fitted.sample(1_200).seed(2).run()?;
    /// assert_eq!(synthetic.table.rows(), 1_200);
    ///
    /// let treated = Conditions::default().with("treatment", "1");
    /// let synthetic = fitted.sample(100).seed(3).given(&treated).run()?;
    /// # assert_eq!(synthetic.table.rows(), 100);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn sample(&self, rows: usize) -> SampleBuilder<'_> {
        SampleBuilder {
            fitted: self,
            rows,
            seed: Seed::from_u64(1),
            observer: &NoObserver,
            conditions: None,
            diversity: &[],
        }
    }

    /// Puts back what cleaning took out, and repairs what breaks a declared rule.
    pub(crate) fn restored(&self, sampled: &Table, seed: &Seed) -> Result<Synthetic, Error> {
        let (table, repairs) = self.recipe().restore(sampled, &seed.stream("restore"))?;
        Ok(Synthetic {
            table,
            repairs: repairs.iter().map(described).collect(),
            diversified: Vec::new(),
        })
    }
}

/// Sets up a sample; made by [`Fitted::sample`].
#[must_use = "nothing is sampled before `run`"]
pub struct SampleBuilder<'a> {
    fitted: &'a Fitted,
    rows: usize,
    seed: Seed,
    observer: &'a dyn Observer,
    conditions: Option<&'a Conditions>,
    diversity: &'a [Diversity],
}

impl<'a> SampleBuilder<'a> {
    /// Sets the seed (default 1). The same seed gives the same table.
    pub fn seed(mut self, seed: impl Into<Seed>) -> Self {
        self.seed = seed.into();
        self
    }

    /// Sets an observer of the progress, which may cancel.
    pub fn observer(mut self, observer: &'a dyn Observer) -> Self {
        self.observer = observer;
        self
    }

    /// Sets values that the rows must have; the other columns follow the model given them.
    pub fn given(mut self, conditions: &'a Conditions) -> Self {
        self.conditions = (!conditions.is_empty()).then_some(conditions);
        self
    }

    /// Sets rules of diversity: no group of rows with the same keys has a single value of the
    /// target.
    ///
    /// Targets are columns that the model generates, keys are columns of the source. See
    /// [`diversify`](parable_core::diversify()).
    pub fn diverse(mut self, rules: &'a [Diversity]) -> Self {
        self.diversity = rules;
        self
    }

    /// Samples the model, puts back what cleaning took out, and repairs what breaks a declared
    /// rule.
    ///
    /// # Errors
    /// [`Error::Sample`] for what the model refuses, such as a combination of values that it makes
    /// too rarely; [`Error::Given`] for conditions that do not fit the model, or that come together
    /// with rules of diversity; [`Error::is_cancelled`] when the observer cancels.
    pub fn run(self) -> Result<Synthetic, Error> {
        match self.conditions {
            Some(conditions) => self.conditional(conditions),
            None => self.free(),
        }
    }

    fn free(&self) -> Result<Synthetic, Error> {
        let (fitted, seed) = (self.fitted, &self.seed);
        let model = fitted.model();
        let sampled = model.sample_with(self.rows, &seed.stream("sample"), self.observer)?;
        let synthetic = fitted.restored(&sampled, seed)?;
        if self.diversity.is_empty() {
            return Ok(synthetic);
        }
        let whole = synthetic.table;
        let (diverse, answers) = diversify(&sampled, &whole, self.diversity, seed, self.observer)?;
        let mut synthetic = fitted.restored(&diverse, seed)?;
        synthetic.diversified = answers;
        Ok(synthetic)
    }

    fn conditional(&self, conditions: &Conditions) -> Result<Synthetic, Error> {
        if let Some(rule) = self.diversity.first() {
            return Err(Error::Given {
                column: rule.target.clone(),
                problem: "rows with given values cannot be made diverse",
            });
        }
        let given = conditions.resolve(self.fitted, self.rows)?;
        let cleaned = match &given.table {
            Some(table) if given.is_direct() => {
                let seed = self.seed.stream("sample");
                let model = self.fitted.model();
                model.sample_given(table, &seed, self.observer)?
            }
            _ => {
                let (table, repairs) =
                    matching::sample(self.fitted, &given, self.rows, &self.seed, self.observer)?;
                return Ok(Synthetic {
                    table,
                    repairs,
                    diversified: Vec::new(),
                });
            }
        };
        let mut synthetic = self.fitted.restored(&cleaned, &self.seed)?;
        if let Some(table) = &given.table {
            synthetic
                .repairs
                .extend(matching::lost(table, &synthetic.table));
        }
        Ok(synthetic)
    }
}

impl std::fmt::Debug for SampleBuilder<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SampleBuilder")
            .field("rows", &self.rows)
            .field("seed", &self.seed)
            .field("conditions", &self.conditions)
            .finish_non_exhaustive()
    }
}

fn described(repair: &Repair) -> String {
    format!("{} rows so that {}", repair.rows, repair.rule)
}
