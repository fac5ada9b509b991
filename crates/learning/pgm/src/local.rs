//! Consistent marginals where no junction tree fits: local tables that agree on what they share,
//! without a joint distribution behind them.

use std::collections::BTreeMap;

use parable_domain::{AttrSet, Domain};

use crate::alignment::Alignment;
use crate::measurement::total as total_of;
use crate::{EstimateConfig, JunctionTree, MarkovField, Measurement, ModelError, Tables, estimate};

/// Marginals of the measured sets that agree with each other on every attribute they share, are
/// nowhere negative, and have one total.
///
/// They need not be the marginals of any joint distribution, which is what makes them cheap: their
/// cells are those of the measured sets, however these overlap. Good for the error of measurements
/// and for questions about measured sets; rows come from [`LocalMarginals::field`].
#[derive(Clone, Debug)]
pub struct LocalMarginals {
    domain: Domain,
    total: f64,
    regions: Vec<AttrSet>,
    tables: Tables,
    /// Half the sum of squared residuals in units of their standard deviations.
    objective: f64,
}

/// The consistent, non-negative local marginals that agree best with the measurements, by least
/// squares weighted with the precision of each.
///
/// A marginal is a sum of residuals, one for each subset of its attributes: what the counts of the
/// subset add to those of smaller ones (as in the analysis of variance). Residuals of different
/// subsets are orthogonal, so that the best consistent marginals are precision-weighted means,
/// residual by residual: closed form (residual reconstruction: Mullins, Fuentes, Xiao, Kifer, Musco
/// & Sheldon 2024). Where it is negative, the alternating direction method of multipliers solves
/// the problem with the bounds, each step again in closed form; what is then left below 0 is lifted
/// by mixing in the even distribution, which keeps everything consistent. Stops after `iterations`,
/// or when no cell moves by more than `tolerance` times the mean cell. Measurements whose cells
/// differ in precision count with their mean variance.
///
/// # Errors
/// [`ModelError::TooLarge`] if the measured sets alone have more cells than the limit.
pub fn reconstruct(
    domain: &Domain,
    measurements: &[Measurement],
    config: &EstimateConfig,
) -> Result<LocalMarginals, ModelError> {
    let total = config
        .total
        .or_else(|| total_of(measurements).map(|(total, _)| total))
        .unwrap_or(1.0)
        .max(1.0);
    let regions = regions(domain, measurements);
    check_size(domain, &regions, config.max_cells)?;
    let mut measured = Residuals::default();
    for measurement in measurements {
        let variance = measurement.sigmas().iter().map(|s| s * s).sum::<f64>()
            / measurement.sigmas().len().max(1) as f64;
        measured.add(
            domain,
            measurement.attrs(),
            measurement.counts(),
            1.0 / variance,
        )?;
    }
    // How firmly a region is held to its bounds: as firmly as it was measured.
    let hold: Vec<f64> = regions
        .iter()
        .map(|region| {
            measured
                .0
                .get(region)
                .map_or(1.0, |own| own.weight.max(1e-12))
        })
        .collect();
    let mut tables = measured.tables(domain, &regions, total)?;
    let mut slack: Tables = tables.iter().map(|table| vec![0.0; table.len()]).collect();
    let cell = total / tables.iter().map(Vec::len).max().unwrap_or(1) as f64;
    for _ in 0..config.iterations {
        let mut next = measured.clone();
        for ((region, table), (slack, &hold)) in
            regions.iter().zip(&tables).zip(slack.iter_mut().zip(&hold))
        {
            let pulled: Vec<f64> = table
                .iter()
                .zip(slack.iter_mut())
                .map(|(&own, slack)| {
                    let bounded = (own + *slack).max(0.0);
                    *slack += own - bounded;
                    bounded - *slack
                })
                .collect();
            next.add(domain, region, &pulled, hold)?;
        }
        let next = next.tables(domain, &regions, total)?;
        let moved = next.iter().flatten().zip(tables.iter().flatten());
        let moved = moved.map(|(a, b)| (a - b).abs()).fold(0.0, f64::max);
        tables = next;
        if moved <= config.tolerance * cell {
            break;
        }
    }
    lift(&mut tables, total);
    let mut found = LocalMarginals {
        domain: domain.clone(),
        total,
        regions,
        tables,
        objective: 0.0,
    };
    found.objective = measurements
        .iter()
        .filter_map(|measurement| Some((measurement, found.marginal(measurement.attrs())?)))
        .map(|(measurement, model)| {
            let off = model
                .iter()
                .zip(measurement.counts())
                .zip(measurement.sigmas());
            0.5 * off.map(|((m, c), s)| ((m - c) / s).powi(2)).sum::<f64>()
        })
        .sum();
    Ok(found)
}

impl LocalMarginals {
    /// The sets whose tables are kept: the measured ones that lie in no other, and single
    /// attributes that nothing measured.
    #[must_use]
    pub fn regions(&self) -> &[AttrSet] {
        &self.regions
    }

    /// The number of rows.
    #[must_use]
    pub fn total(&self) -> f64 {
        self.total
    }

    /// Half the sum of squared residuals in units of their standard deviations.
    #[must_use]
    pub fn objective(&self) -> f64 {
        self.objective
    }

    /// The expected counts of the combinations of attributes that lie in one region, row-major;
    /// `None` for others.
    #[must_use]
    pub fn marginal(&self, attrs: &AttrSet) -> Option<Vec<f64>> {
        let inside = |region: &&AttrSet| attrs.is_subset(region);
        let region = self.regions.iter().find(inside)?;
        let at = self.regions.iter().position(|own| own == region)?;
        let levels = self.domain.levels(region).ok()?;
        Some(Alignment::new(region, &levels, attrs).sums(&self.tables[at]))
    }

    /// A model with a joint distribution, for rows: of the regions as many as fit into a junction
    /// tree of so many cells, those farthest from independence first; the others are dropped, and
    /// their attributes are related only through what is kept.
    ///
    /// # Errors
    /// [`ModelError::TooLarge`] if not even single attributes fit.
    pub fn field(&self, max_cells: u64) -> Result<MarkovField, ModelError> {
        let mut order: Vec<(f64, usize)> = Vec::with_capacity(self.regions.len());
        for (at, region) in self.regions.iter().enumerate() {
            order.push((self.strength(region, &self.tables[at])?, at));
        }
        order.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
        let mut kept: Vec<AttrSet> = Vec::new();
        let mut measurements = Vec::new();
        for (_, at) in order {
            let region = &self.regions[at];
            let mut tried = kept.clone();
            tried.push(region.clone());
            let fits = JunctionTree::build(&self.domain, &tried)?.cells() <= u128::from(max_cells);
            let parts = if fits {
                kept = tried;
                vec![region.clone()]
            } else {
                region.iter().map(|attr| AttrSet::new([attr])).collect()
            };
            for part in parts {
                let counts = self.marginal(&part).unwrap_or_default();
                // All tables agree: one weight for all of them will do.
                measurements.push(Measurement::new(&self.domain, part, counts, 1.0)?);
            }
        }
        let config = EstimateConfig::default()
            .with_max_cells(max_cells)
            .with_total(self.total);
        Ok(estimate(&self.domain, &measurements, &[], None, &config)?.field)
    }

    /// Returns the distance of a table from the product of its columns, in rows.
    fn strength(&self, region: &AttrSet, table: &[f64]) -> Result<f64, ModelError> {
        let levels = self.domain.levels(region)?;
        let mut product = vec![self.total; table.len()];
        for attr in region.iter() {
            let alignment = Alignment::new(region, &levels, &AttrSet::new([attr]));
            let shares = alignment.sums(table);
            alignment.broadcast(&mut product, &shares, |cell, own| *cell *= own / self.total);
        }
        Ok(table
            .iter()
            .zip(product)
            .map(|(own, product)| (own - product).abs())
            .sum())
    }
}

/// Measured sets that lie in no other, and attributes that lie in none.
fn regions(domain: &Domain, measurements: &[Measurement]) -> Vec<AttrSet> {
    let single = (0..domain.len() as u32).map(|attr| AttrSet::new([attr]));
    let mut sets: Vec<AttrSet> = measurements
        .iter()
        .map(|m| m.attrs().clone())
        .chain(single)
        .collect();
    sets.sort();
    sets.dedup();
    let within = |set: &AttrSet| {
        sets.iter()
            .any(|other| other != set && set.is_subset(other))
    };
    sets.iter()
        .filter(|set| !set.is_empty() && !within(set))
        .cloned()
        .collect()
}

fn check_size(domain: &Domain, regions: &[AttrSet], limit: u64) -> Result<(), ModelError> {
    let mut cells = 0u128;
    let mut largest = (0u128, String::new());
    for region in regions {
        let own = domain.cells(region)?;
        cells = cells.saturating_add(own);
        if own > largest.0 {
            largest = (own, region.to_string());
        }
    }
    if cells <= u128::from(limit) {
        return Ok(());
    }
    Err(ModelError::TooLarge {
        cells,
        bytes: cells.saturating_mul(8),
        limit,
        clique: largest.1,
        clique_cells: largest.0,
        advice: String::new(),
    })
}

/// Mixes in the even distribution, as much as the lowest cell needs to reach 0.
fn lift(tables: &mut [Vec<f64>], total: f64) {
    let share = tables
        .iter()
        .map(|table| {
            let even = total / table.len() as f64;
            let lowest = table.iter().copied().fold(0.0, f64::min);
            -lowest / (even - lowest)
        })
        .fold(0.0, f64::max);
    if share > 0.0 {
        for table in tables {
            let even = total / table.len() as f64;
            table
                .iter_mut()
                .for_each(|cell| *cell = (*cell + share * (even - *cell)).max(0.0));
        }
    }
}

/// A weighted sum of estimates of one residual.
#[derive(Clone, Debug)]
struct Residual {
    sum: Vec<f64>,
    weight: f64,
}

/// Residuals by their attributes.
#[derive(Clone, Debug, Default)]
struct Residuals(BTreeMap<AttrSet, Residual>);

impl Residuals {
    /// Adds what a table with this precision per cell says about the residuals of all subsets of
    /// its attributes.
    fn add(
        &mut self,
        domain: &Domain,
        attrs: &AttrSet,
        table: &[f64],
        precision: f64,
    ) -> Result<(), ModelError> {
        let levels = domain.levels(attrs)?;
        for subset in subsets(attrs) {
            let mut own = Alignment::new(attrs, &levels, &subset).sums(table);
            let own_levels = domain.levels(&subset)?;
            for axis in 0..own_levels.len() {
                centre(&mut own, &own_levels, axis);
            }
            // Each cell of the sum has the noise of as many cells.
            let summed = table.len() as f64 / own.len().max(1) as f64;
            let weight = precision / summed;
            let known = self.0.entry(subset).or_insert_with(|| Residual {
                sum: vec![0.0; own.len()],
                weight: 0.0,
            });
            known.weight += weight;
            known
                .sum
                .iter_mut()
                .zip(&own)
                .for_each(|(sum, own)| *sum += weight * own);
        }
        Ok(())
    }

    /// The marginals that the weighted means of the residuals add up to. The residual of no
    /// attribute is the total; unknown ones are 0.
    fn tables(
        &self,
        domain: &Domain,
        regions: &[AttrSet],
        total: f64,
    ) -> Result<Tables, ModelError> {
        let mut tables = Vec::with_capacity(regions.len());
        for region in regions {
            let levels = domain.levels(region)?;
            let cells = levels.iter().map(|&l| l as usize).product::<usize>();
            let mut table = vec![total / cells as f64; cells];
            for subset in subsets(region).filter(|subset| !subset.is_empty()) {
                if let Some(known) = self.0.get(&subset).filter(|known| known.weight > 0.0) {
                    let scale = known.sum.len() as f64 / cells as f64 / known.weight;
                    Alignment::new(region, &levels, &subset).broadcast(
                        &mut table,
                        &known.sum,
                        |cell, own| *cell += scale * own,
                    );
                }
            }
            tables.push(table);
        }
        Ok(tables)
    }
}

/// All subsets of a set of attributes, the empty one and the set itself among them.
fn subsets(attrs: &AttrSet) -> impl Iterator<Item = AttrSet> + '_ {
    (0..1u32 << attrs.len()).map(move |bits| {
        let chosen = attrs
            .iter()
            .enumerate()
            .filter(move |(at, _)| bits >> at & 1 == 1);
        AttrSet::new(chosen.map(|(_, attr)| attr))
    })
}

/// Subtracts the mean along one axis of a row-major table.
fn centre(table: &mut [f64], levels: &[u32], axis: usize) {
    let inner: usize = levels[axis + 1..].iter().map(|&l| l as usize).product();
    let length = levels[axis] as usize;
    for block in table.chunks_exact_mut(inner * length) {
        for at in 0..inner {
            let mean = (0..length)
                .map(|step| block[at + step * inner])
                .sum::<f64>()
                / length as f64;
            (0..length).for_each(|step| block[at + step * inner] -= mean);
        }
    }
}
