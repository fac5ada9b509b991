//! Fitted models: one distribution per column, or the table itself.

use parable_core::{FitRecord, Observer, Progress, SampleError};
use parable_seed::Seed;
use parable_table::{Column, Table};

use crate::marginal::Marginal;

/// The one-way distributions of a table.
#[derive(Clone, Debug, PartialEq)]
pub struct IndependentModel {
    pub(crate) record: FitRecord,
    pub(crate) marginals: Vec<Marginal>,
}

/// The table whose columns are shuffled.
#[derive(Clone, Debug)]
pub struct ShuffleModel {
    pub(crate) record: FitRecord,
    pub(crate) table: Table,
}

impl IndependentModel {
    pub(crate) fn draw(
        &self,
        rows: usize,
        seed: &Seed,
        observer: &dyn Observer,
    ) -> Result<Table, SampleError> {
        let seed = seed.stream("independent/sample");
        let fields = self.record.schema.fields();
        let mut columns = Vec::with_capacity(fields.len());
        for (index, (field, marginal)) in fields.iter().zip(&self.marginals).enumerate() {
            columns.push(marginal.draw(field, rows, &mut seed.index(index as u64).rng()));
            observe(observer, index + 1, fields.len())?;
        }
        Ok(Table::new(self.record.schema.clone(), columns)?)
    }
}

impl ShuffleModel {
    pub(crate) fn draw(
        &self,
        rows: usize,
        seed: &Seed,
        observer: &dyn Observer,
    ) -> Result<Table, SampleError> {
        let seed = seed.stream("shuffle/sample");
        let mut columns: Vec<Column> = Vec::with_capacity(self.table.columns().len());
        for (index, column) in self.table.columns().iter().enumerate() {
            let mut rng = seed.index(index as u64).rng();
            let mut order: Vec<usize> = Vec::with_capacity(rows);
            while order.len() < rows {
                let mut round: Vec<usize> = (0..self.table.rows()).collect();
                rng.shuffle(&mut round);
                round.truncate(rows - order.len());
                order.append(&mut round);
            }
            columns.push(column.take(&order));
            observe(observer, index + 1, self.table.columns().len())?;
        }
        Ok(Table::new(self.table.schema().clone(), columns)?)
    }
}

fn observe(observer: &dyn Observer, done: usize, total: usize) -> Result<(), SampleError> {
    let progress = Progress::new("sample", done as u64, total as u64);
    match observer.progress(progress).is_break() {
        true => Err(SampleError::Cancelled),
        false => Ok(()),
    }
}
