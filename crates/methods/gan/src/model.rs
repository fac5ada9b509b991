//! The fitted model.

use std::borrow::Cow;

use parable_core::{
    FitRecord, Model, Observer, Progress, Publication, SampleError, given_columns, redraw_broken,
};
use parable_domain::{Codes, Domain};
use parable_pgm::Groups;
use parable_seed::Seed;
use parable_table::{Column, Schema, Table};
use serde::{Deserialize, Serialize};

use crate::forward::{Forward, Latent};
use crate::numbers::coding::{Coding, Wish};
use crate::sample::{Given, Impossible, Mixture};

/// A point of the loss curve.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct LossPoint {
    /// Steps of the generator done.
    pub step: u64,
    /// Divergence of the measured counts from the generator, in nats per measured set; absent
    /// without the marginal teacher.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub marginals: Option<f64>,
    /// Loss of the generator against the discriminator: mean of `ln(1 + e^-score)` of synthetic
    /// rows, 0 when all pass as real.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub discriminator: Option<f64>,
    /// Mean loss of reconstructing a row, in nats; absent under a guarantee, and for a model
    /// without an encoder.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rows: Option<f64>,
    /// The approximate privacy loss (epsilon) charged until then; absent without a guarantee, and
    /// where a budget is kept in another measure.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub spent: Option<f64>,
}

/// A generator, how its columns are coded, and what was released to train it.
#[derive(Clone, Debug)]
pub struct GanModel {
    pub(crate) record: FitRecord,
    pub(crate) coding: Coding,
    pub(crate) groups: Vec<Groups>,
    /// The attributes with merged levels.
    pub(crate) domain: Domain,
    pub(crate) forward: Forward,
    pub(crate) latent: Latent,
    pub(crate) publication: Option<Publication>,
    pub(crate) curve: Vec<LossPoint>,
    /// The estimated number of rows, where the exact one is confidential.
    pub(crate) noisy_rows: Option<usize>,
}

impl GanModel {
    /// Returns what was released to the marginal teacher: noisy counts with their standard
    /// deviations, and what they cost. Absent when the fit was not private.
    #[must_use]
    pub fn publication(&self) -> Option<&Publication> {
        self.publication.as_ref()
    }

    /// Returns the loss curve. In a private fit it is computed from released counts and synthetic
    /// rows alone.
    #[must_use]
    pub fn curve(&self) -> &[LossPoint] {
        &self.curve
    }

    /// Returns the number of weights and biases of the generator.
    #[must_use]
    pub fn parameters(&self) -> usize {
        let layers = self.forward.layers().iter();
        layers
            .map(|layer| layer.bias.len() + layer.weights.len())
            .sum()
    }

    /// Returns rows with these values.
    fn rows(&self, rows: usize, asked: &Asked<'_>, seed: &Seed) -> Result<Table, SampleError> {
        // However few rows are asked for, given values choose among many components.
        let free = asked.given.is_empty();
        let wanted = if free { rows } else { usize::MAX };
        let mixture = Mixture::new(&self.forward, &self.latent, wanted, seed);
        let mixture = mixture.with_heads(self.coding.heads());
        let drawn = mixture.draw(&self.domain, rows, &asked.given, seed);
        let drawn = drawn.map_err(|Impossible| asked.impossible())?;
        let (_, columns) = drawn.codes.into_parts();
        let levels = seed.stream("gan/levels");
        let columns = columns.iter().zip(&self.groups).enumerate();
        let columns = columns
            .map(|(attr, (column, groups))| groups.draw_back(column, &levels.index(attr as u64)))
            .collect();
        let codes = Codes::new(self.coding.domain().clone(), columns);
        let codes = codes.map_err(|error| self.failed(error))?;
        let table = self.coding.read(codes, &drawn.positions, seed);
        let (schema, mut columns) = table.map_err(|error| self.failed(error))?.into_parts();
        for (column, &position) in asked.columns.iter().zip(&asked.positions) {
            columns[position] = column.clone().into_owned();
        }
        Ok(Table::new(schema, columns)?)
    }

    /// Returns rows that obey the rules of the schema, as far as drawing again achieves it.
    pub(crate) fn obedient_rows(
        &self,
        rows: usize,
        asked: &Asked<'_>,
        seed: &Seed,
        observer: &dyn Observer,
    ) -> Result<Table, SampleError> {
        check_rows(rows)?;
        report(observer, 0)?;
        let table = self.rows(rows, asked, seed)?;
        report(observer, 1)?;
        let again =
            |places: &[usize], seed: &Seed| self.rows(places.len(), &asked.take(places), seed);
        let table = redraw_broken(table, &seed.stream("gan/rules"), &again)?;
        report(observer, 2)?;
        Ok(table)
    }

    fn failed(&self, error: impl std::error::Error + Send + Sync + 'static) -> SampleError {
        SampleError::Method {
            method: self.record.method.clone(),
            source: Box::new(error),
        }
    }

    /// Given columns, with what they are to hold in merged levels.
    pub(crate) fn asked<'t>(&'t self, given: &'t Table) -> Result<Asked<'t>, SampleError> {
        let positions = given_columns(self.schema(), given)?;
        let fields = given.schema().fields().iter();
        let each = fields.zip(given.columns()).zip(&positions);
        let wanted = each.map(|((field, column), &position)| {
            let wishes = self.coding.wishes(position, field, column);
            let mut wishes = wishes.map_err(|_| SampleError::Given {
                column: field.name.clone(),
                problem: "a value is none that the model makes",
            })?;
            let of = &self.groups[position].of;
            for wish in &mut wishes {
                if let Wish::Level(level) = wish {
                    *level = of[*level as usize];
                }
            }
            Ok(Given {
                column: position,
                scale: self.coding.scale(position),
                wishes,
            })
        });
        Ok(Asked {
            given: wanted.collect::<Result<_, SampleError>>()?,
            columns: given.columns().iter().map(Cow::Borrowed).collect(),
            positions,
            names: given.schema(),
        })
    }
}

/// Values that rows are asked for with.
pub(crate) struct Asked<'t> {
    /// Positions of the columns.
    positions: Vec<usize>,
    /// Wishes of each row.
    given: Vec<Given<'t>>,
    columns: Vec<Cow<'t, Column>>,
    names: &'t Schema,
}

impl<'t> Asked<'t> {
    /// Nothing.
    pub(crate) fn nothing(names: &'t Schema) -> Self {
        Self {
            positions: Vec::new(),
            given: Vec::new(),
            columns: Vec::new(),
            names,
        }
    }

    /// Selects rows.
    fn take(&self, rows: &[usize]) -> Self {
        let columns = self.columns.iter();
        Self {
            positions: self.positions.clone(),
            given: self.given.iter().map(|own| own.take(rows)).collect(),
            columns: columns.map(|own| Cow::Owned(own.take(rows))).collect(),
            names: self.names,
        }
    }

    /// The model makes no row with these values.
    fn impossible(&self) -> SampleError {
        let names = self.names.fields().iter().map(|field| field.name.clone());
        SampleError::Rare {
            columns: names.collect::<Vec<_>>().join("`, `"),
            drawn: 0,
            unmatched: self.columns.first().map_or(0, |column| column.len()),
        }
    }
}

fn check_rows(rows: usize) -> Result<(), SampleError> {
    let limit = u32::MAX as usize;
    if rows > limit {
        return Err(SampleError::TooManyRows { rows, limit });
    }
    Ok(())
}

fn report(observer: &dyn Observer, done: u64) -> Result<(), SampleError> {
    let progress = Progress::new("sample", done, 2);
    if observer.progress(progress).is_break() {
        return Err(SampleError::Cancelled);
    }
    Ok(())
}
