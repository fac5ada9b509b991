//! Fitting the method.

mod bootstrap;
mod calibrate;
mod edges;
mod grow_all;
mod mutual_information;
mod plan;
mod response;
mod sequence;
mod strata;
mod visit_order;
mod watch;

use std::sync::Arc;

use parable_core::{Capabilities, FitContext, FitError, FitRecord, Synthesizer};
use parable_table::{Role, Table, Values};

use crate::NAME;
use crate::config::resolved::Resolved;
use crate::config::{CartConfig, ReplicatedUniques, setting_error};
use crate::model::{CartModel, Common};
use crate::panel::shape::Shape;
use crate::values::uniques::Uniques;
use grow_all::FEW_ROWS;
use watch::Watch;

/// Sequential synthesis with classification and regression trees. Not private.
///
/// Every column is predicted from those before it by a tree, and a synthetic row takes its value
/// from the leaf it reaches. Missing values are drawn with their reasons before values, and
/// frequent numbers before the others. Clusters (columns of role
/// [`ClusterId`](parable_table::Role::ClusterId)) are drawn before their members, so that an arm is
/// constant within a school and members of a cluster are correlated. See `docs/methods/cart.md`.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Cart {
    config: CartConfig,
}

impl Cart {
    /// Creates a synthesizer with these settings, which the fit checks.
    #[must_use]
    pub fn new(config: CartConfig) -> Self {
        Self { config }
    }

    /// Returns the settings.
    #[must_use]
    pub fn config(&self) -> &CartConfig {
        &self.config
    }
}

/// Clusters below which the record of the fit warns that a synthetic trial keeps less.
const FEW_CLUSTERS: usize = 60;

impl Synthesizer for Cart {
    type Model = CartModel;

    fn name(&self) -> &'static str {
        NAME
    }

    fn capabilities(&self) -> Capabilities {
        Capabilities::default().with_missing().with_clusters()
    }

    fn fit(&self, table: &Table, context: &mut FitContext<'_>) -> Result<CartModel, FitError> {
        let _receipt = context.charge_non_private("trees are grown on the rows as they are")?;
        self.config.check()?;
        FitError::unless_filled(table)?;
        for (field, column) in table.schema().fields().iter().zip(table.columns()) {
            if matches!(column.values(), Values::Text(_)) {
                return Err(FitError::Unsupported {
                    method: NAME,
                    column: field.name.clone(),
                    kind: field.kind.name(),
                });
            }
        }
        let mut record = FitRecord::non_private(
            NAME,
            env!("CARGO_PKG_VERSION"),
            &self.config,
            table,
            context,
        );
        let spread = self.spread(table)?;
        let (inner, table, shape) = match &spread {
            Some((inner, table, shape)) => (inner, table, Some(shape.clone())),
            None => (self, table, None),
        };
        let resolved = Resolved::of(&inner.config, table.schema())?;
        record.warnings.extend(resolved.broken_formulas(table));
        let coded = resolved.coded(table).transpose()?;
        let table = coded.as_ref().unwrap_or(table);
        let uniques = inner.uniques(table, &mut record.warnings)?;
        let sequences = inner.sequences(table, resolved, context, &mut record.warnings)?;
        Ok(CartModel {
            record,
            sequences,
            uniques,
            shape,
        })
    }
}

impl Cart {
    /// The wide table of rows in order of time, its settings and its shape.
    fn spread(&self, table: &Table) -> Result<Option<(Self, Table, Shape)>, FitError> {
        let Some((shape, rows)) = Shape::find(table, &self.config)? else {
            return Ok(None);
        };
        let order = visit_order::wanted(table, &self.config)?;
        let config = shape.config(&self.config, table.schema(), &order);
        let wide = shape.spread(table, &rows)?;
        Ok(Some((Self::new(config), wide, shape)))
    }

    fn sequences(
        &self,
        table: &Table,
        resolved: Resolved,
        context: &FitContext<'_>,
        warnings: &mut Vec<String>,
    ) -> Result<Vec<crate::model::Sequence>, FitError> {
        let config = &self.config;
        let common = Arc::new(Common {
            schema: table.schema().clone(),
            resolved,
            draws: config.draws,
            whole: config.strata.is_none(),
        });
        let strata = match &config.strata {
            None => vec![None],
            Some(strata) => {
                let divided = strata::divide(table, strata)?;
                if divided.merged > 0 {
                    let problem = format!(
                        "{} strata of fewer than {} rows were modelled together",
                        divided.merged, strata.min_rows
                    );
                    warnings.push(problem);
                }
                divided.rows.into_iter().map(Some).collect()
            }
        };
        let parts = strata.len();
        let mut sequences = Vec::with_capacity(parts);
        for (part, rows) in strata.into_iter().enumerate() {
            let watch = Watch::new(context.observer, part, parts);
            let seed = match part {
                0 => context.seed,
                _ => context.seed.stream("cart/stratum").index(part as u64),
            };
            let own = rows.map(|rows| table.take(&rows));
            let mut own = own.as_ref().unwrap_or(table);
            let drawn = config
                .proper
                .then(|| bootstrap::resample(own, &seed))
                .transpose()?;
            own = drawn.as_ref().unwrap_or(own);
            let order = visit_order::order_of(own, config, &common.resolved, &seed, &watch)?;
            let fitted = sequence::fit(own, config, &common, &order, &seed, &watch)?;
            let levels = &fitted.model.levels;
            let clusters = levels.first().map(|level| level.labels.len());
            if part == 0 {
                warnings.extend(few(own.rows(), clusters));
                warnings.extend(unpredicted(table, &fitted.unpredicted));
            }
            sequences.push(fitted.model);
        }
        Ok(sequences)
    }

    fn uniques(
        &self,
        table: &Table,
        warnings: &mut Vec<String>,
    ) -> Result<Option<Uniques>, FitError> {
        let ReplicatedUniques::Remove(names) = &self.config.replicated_uniques else {
            return Ok(None);
        };
        let schema = table.schema();
        if !schema.with_role(|role| *role == Role::ClusterId).is_empty() {
            let problem = "rows cannot be drawn anew one by one where they stand in clusters";
            return Err(setting_error("replicated_uniques", problem));
        }
        let position = |name: &String| {
            let found = schema.position(name);
            found.ok_or_else(|| {
                setting_error(
                    "replicated_uniques",
                    format!("the table has no column `{name}`"),
                )
            })
        };
        let columns = match names.is_empty() {
            true => (0..schema.len()).collect(),
            false => names.iter().map(position).collect::<Result<_, _>>()?,
        };
        let found = Uniques::of(table, columns);
        warnings.push(format!(
            "replicated uniques are removed: the model file holds a digest of each of {} unique people, so that who has the file can test whether a person with \
             given values was among them; and that a plausible row never appears in many synthetic tables tells that such a person exists",
            found.digests.len()
        ));
        Ok(Some(found))
    }
}

/// A warning about columns whose relations did not hold up in held-out rows.
fn unpredicted(table: &Table, columns: &[usize]) -> Option<String> {
    let fields = table.schema().fields();
    let names: Vec<&str> = columns
        .iter()
        .map(|&column| fields[column].name.as_str())
        .collect();
    (!names.is_empty()).then(|| {
        format!(
            "no relation with columns made before held up in rows left out for `{}`: the means of arms and intraclass correlations are kept, but relations with \
             other columns are not",
            names.join("`, `")
        )
    })
}

/// Warnings about few rows or clusters.
fn few(rows: usize, clusters: Option<usize>) -> Vec<String> {
    let mut warnings = Vec::new();
    if rows < FEW_ROWS {
        warnings.push(format!(
            "learnt from {rows} rows: means, shares and strong relations are kept; interactions, and differences that concern a few dozen rows, mostly are not"
        ));
    }
    if let Some(clusters) = clusters.filter(|&clusters| clusters < FEW_CLUSTERS) {
        warnings.push(format!(
            "learnt from {clusters} clusters: intraclass correlations are uncertain by several hundredths in the real table already, and relations between \
             columns of clusters are kept only where they are strong"
        ));
    }
    warnings
}
