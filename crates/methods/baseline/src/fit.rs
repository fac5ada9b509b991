//! Fitting: one pass over the columns.

use parable_core::{Capabilities, FitContext, FitError, FitRecord, Synthesizer};
use parable_table::Table;

use crate::marginal::Marginal;
use crate::{INDEPENDENT, Independent, IndependentModel, SHUFFLE, Shuffle, ShuffleModel};

impl Synthesizer for Independent {
    type Model = IndependentModel;

    fn name(&self) -> &'static str {
        INDEPENDENT
    }

    fn capabilities(&self) -> Capabilities {
        Capabilities::default().with_missing().with_prefix()
    }

    fn fit(
        &self,
        table: &Table,
        context: &mut FitContext<'_>,
    ) -> Result<IndependentModel, FitError> {
        let _receipt =
            context.charge_non_private("every column's distribution is read as it is")?;
        FitError::unless_filled(table)?;
        let mut marginals = Vec::with_capacity(table.schema().len());
        for (field, column) in table.schema().fields().iter().zip(table.columns()) {
            marginals.push(Marginal::of(field, column)?);
            context.progress(marginals.len() as u64, table.schema().len() as u64)?;
        }
        let record = record(INDEPENDENT, table, context);
        Ok(IndependentModel { record, marginals })
    }
}

impl Synthesizer for Shuffle {
    type Model = ShuffleModel;

    fn name(&self) -> &'static str {
        SHUFFLE
    }

    fn capabilities(&self) -> Capabilities {
        Capabilities::default().with_missing().with_text()
    }

    fn fit(&self, table: &Table, context: &mut FitContext<'_>) -> Result<ShuffleModel, FitError> {
        let _receipt = context.charge_non_private("rows are kept as they are")?;
        FitError::unless_filled(table)?;
        context.progress(1, 1)?;
        let mut record = record(SHUFFLE, table, context);
        record
            .warnings
            .push("every value of the source stands in this model and in what it makes".to_owned());
        Ok(ShuffleModel {
            record,
            table: table.clone(),
        })
    }
}

fn record(method: &str, table: &Table, context: &FitContext<'_>) -> FitRecord {
    let no_settings = serde_json::json!({});
    FitRecord::non_private(
        method,
        env!("CARGO_PKG_VERSION"),
        &no_settings,
        table,
        context,
    )
}
