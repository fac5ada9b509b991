//! The order in which columns are synthesized.

use std::sync::Arc;

use parable_core::{FitError, NoObserver};
use parable_seed::Seed;
use parable_table::{Field, Role, Table};
use parable_tree::{Binning, Scale};

use crate::clusters::hierarchy;
use crate::config::resolved::Resolved;
use crate::config::{CartConfig, VisitOrder, setting_error};
use crate::fit::mutual_information::{association, misfit};
use crate::fit::sequence;
use crate::fit::watch::Watch;
use crate::model::Common;
use crate::sample::table;
use crate::values::binning::binning_of;

/// Rows that orders are tried on.
const TRIAL_ROWS: usize = 3_000;

/// Returns the columns in the order in which they are synthesized.
pub(crate) fn order_of(
    table: &Table,
    config: &CartConfig,
    resolved: &Resolved,
    seed: &Seed,
    watch: &Watch<'_>,
) -> Result<Vec<usize>, FitError> {
    let order = match config.visit_order {
        VisitOrder::Learnt => learn(table, config, resolved, seed, watch)?,
        _ => wanted(table, config)?,
    };
    resolved.arrange(&order, table.schema())
}

/// Returns the order of the setting, before formulas and rules move columns.
pub(crate) fn wanted(table: &Table, config: &CartConfig) -> Result<Vec<usize>, FitError> {
    let fields = table.schema().fields();
    let group = |field: &Field| match field.role {
        Role::Treatment => 0u8,
        Role::Outcome => 2,
        Role::Descriptor { .. } => 3,
        _ => 1,
    };
    let mut order: Vec<usize> = (0..fields.len()).collect();
    match &config.visit_order {
        VisitOrder::Schema | VisitOrder::Learnt => {
            order.sort_by_key(|&column| group(&fields[column]));
        }
        VisitOrder::ByAssociation => {
            let groups: Vec<u8> = fields.iter().map(group).collect();
            order = by_association(table, &groups);
        }
        VisitOrder::FewestLevelsFirst => {
            let distinct: Vec<usize> = (0..fields.len())
                .map(|column| {
                    match binning_of(&fields[column], table.column(column), usize::MAX, 1) {
                        Some(Binning {
                            scale: Scale::Numeric { centres, .. },
                            ..
                        }) => centres.len(),
                        Some(binning) => binning.values(),
                        None => usize::MAX,
                    }
                })
                .collect();
            order.sort_by_key(|&column| (group(&fields[column]), distinct[column]));
        }
        VisitOrder::Given(names) => {
            let mut first = Vec::with_capacity(fields.len());
            for name in names {
                let column = table.schema().position(name).ok_or_else(|| {
                    setting_error("visit_order", format!("the table has no column `{name}`"))
                })?;
                if first.contains(&column) {
                    return Err(setting_error(
                        "visit_order",
                        format!("column `{name}` stands twice"),
                    ));
                }
                first.push(column);
            }
            order.sort_by_key(|&column| group(&fields[column]));
            order.retain(|column| !first.contains(column));
            first.extend(order);
            order = first;
        }
    }
    Ok(order)
}

/// Orders columns by association: within each group the next column is the one with the strongest
/// association to a column before it; the first has the strongest associations in total.
fn by_association(table: &Table, groups: &[u8]) -> Vec<usize> {
    let related = association(table);
    let mut order: Vec<usize> = Vec::with_capacity(groups.len());
    let mut open: Vec<usize> = (0..groups.len()).collect();
    while let Some(group) = open.iter().map(|&column| groups[column]).min() {
        let strength = |column: usize| -> f64 {
            match order.is_empty() {
                true => related.row(column).iter().sum(),
                false => order
                    .iter()
                    .map(|&before| related[[column, before]])
                    .fold(0.0, f64::max),
            }
        };
        let own = open
            .iter()
            .copied()
            .filter(|&column| groups[column] == group);
        let next = own.max_by(|&a, &b| strength(a).total_cmp(&strength(b)).then(b.cmp(&a)));
        let Some(next) = next else { break };
        order.push(next);
        open.retain(|&column| column != next);
    }
    order
}

/// Chooses between few levels first and by association: fits and samples a small table by both and
/// takes the order whose two-way tables fit better. A sample of rows cannot show how clusters come
/// out, so tables with clusters are ordered by few levels first.
fn learn(
    table: &Table,
    config: &CartConfig,
    resolved: &Resolved,
    seed: &Seed,
    watch: &Watch<'_>,
) -> Result<Vec<usize>, FitError> {
    if !hierarchy::find(table).is_empty() {
        let few = config
            .clone()
            .with_visit_order(VisitOrder::FewestLevelsFirst);
        return wanted(table, &few);
    }
    let mut rows: Vec<usize> = (0..table.rows()).collect();
    seed.stream("cart/order").rng().shuffle(&mut rows);
    rows.truncate(TRIAL_ROWS);
    let small = table.take(&rows);
    let mut best: Option<(f64, Vec<usize>)> = None;
    for order in [VisitOrder::FewestLevelsFirst, VisitOrder::ByAssociation] {
        let config = config.clone().with_visit_order(order);
        let order = resolved.arrange(&wanted(table, &config)?, table.schema())?;
        let common = Arc::new(Common {
            schema: small.schema().clone(),
            resolved: resolved.clone(),
            draws: config.draws,
            whole: true,
        });
        let quiet = Watch::new(&NoObserver, 0, 1);
        let fitted = sequence::fit(&small, &config, &common, &order, seed, &quiet)?;
        let made = table::columns(&fitted.model, small.rows(), seed, &NoObserver);
        watch.tick(0, 1)?;
        let Ok(made) = made else { continue };
        let missed = misfit(small.columns(), &made, small.schema().fields());
        if best.as_ref().is_none_or(|(least, _)| missed < *least) {
            best = Some((missed, order));
        }
    }
    best.map_or_else(|| wanted(table, config), |(_, order)| Ok(order))
}
