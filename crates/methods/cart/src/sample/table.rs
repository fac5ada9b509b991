//! Whole tables: strata, and rows that match unique people.

use parable_core::{Observer, SampleError};
use parable_seed::Seed;
use parable_table::{Column, Table, digests};

use super::sampler::{Frame, Sampler};
use crate::clusters::icc::{Goal, Nesting, Series, icc};
use crate::model::{CartModel, Sequence};

/// Most tables that are drawn to replace rows that match unique people.
const MAX_REDRAWS: u64 = 50;

pub(crate) fn sample(
    model: &CartModel,
    rows: usize,
    seed: &Seed,
    observer: &dyn Observer,
) -> Result<Table, SampleError> {
    let mut made = all(model, rows, seed, observer)?;
    let Some(uniques) = &model.uniques else {
        return Ok(Table::new(model.record.schema.clone(), made)?);
    };
    let mut replicated = uniques.replicated(&made);
    let mut drawn = 0;
    for round in 0..MAX_REDRAWS {
        if replicated.is_empty() {
            return Ok(Table::new(model.record.schema.clone(), made)?);
        }
        let count = 2 * replicated.len() + 8;
        let fresh = all(
            model,
            count,
            &seed.stream("cart/redraw").index(round),
            observer,
        )?;
        drawn += count;
        let mut source: Vec<usize> = (0..rows).collect();
        for (row, digest) in digests(&fresh, &uniques.columns).into_iter().enumerate() {
            if !uniques.holds(digest)
                && let Some(place) = replicated.pop()
            {
                source[place] = rows + row;
            }
        }
        made = made
            .iter()
            .zip(&fresh)
            .map(|(made, fresh)| Column::concat([made, fresh]).take(&source))
            .collect();
    }
    let names = uniques
        .columns
        .iter()
        .map(|&column| model.record.schema.fields()[column].name.clone());
    Err(SampleError::Rare {
        columns: names.collect::<Vec<_>>().join("`, `"),
        drawn,
        unmatched: replicated.len(),
    })
}

/// Draws rows of all strata in their real proportions, in random order unless they are in clusters.
pub(crate) fn all(
    model: &CartModel,
    rows: usize,
    seed: &Seed,
    observer: &dyn Observer,
) -> Result<Vec<Column>, SampleError> {
    if let [only] = model.sequences.as_slice() {
        return columns(only, rows, seed, observer);
    }
    let weights: Vec<usize> = model
        .sequences
        .iter()
        .map(|sequence| sequence.rows)
        .collect();
    let mut parts = Vec::with_capacity(weights.len());
    for (index, (sequence, count)) in model
        .sequences
        .iter()
        .zip(shares(&weights, rows))
        .enumerate()
    {
        let seed = seed.stream("cart/stratum").index(index as u64);
        parts.push(columns(sequence, count, &seed, observer)?);
    }
    let mut order: Vec<usize> = (0..rows).collect();
    if model
        .sequences
        .iter()
        .all(|sequence| sequence.levels.is_empty())
    {
        seed.stream("cart/strata").rng().shuffle(&mut order);
    }
    let joined =
        |column: usize| Column::concat(parts.iter().map(|part| &part[column])).take(&order);
    Ok((0..parts[0].len()).map(joined).collect())
}

/// Draws the columns of one stratum, in the order of the schema.
pub(crate) fn columns(
    model: &Sequence,
    rows: usize,
    seed: &Seed,
    observer: &dyn Observer,
) -> Result<Vec<Column>, SampleError> {
    let mut sampler = Sampler::new(model, rows, seed, &[]);
    sampler.make(observer)?;
    Ok(sampler.assemble())
}

/// Draws rows and returns their intraclass correlations, for pairs of the trees' directions: see
/// [`icc`].
pub(crate) fn probe(
    model: &Sequence,
    rows: usize,
    seed: &Seed,
    goals: &[Goal],
    pairs: &[(usize, usize)],
    observer: &dyn Observer,
) -> Result<Vec<Vec<Option<f64>>>, SampleError> {
    let mut sampler = Sampler::new(model, rows, seed, goals);
    sampler.make(observer)?;
    let series = std::mem::take(&mut sampler.series).into_iter().flatten();
    let series: Vec<Series> = series.collect();
    let base = model.levels.len();
    let mut above: Vec<Vec<&[u32]>> = Vec::with_capacity(base + 1);
    for frame in &sampler.frames {
        above.push(frame.above.iter().map(Vec::as_slice).collect());
    }
    let clusters = sampler.frames[..base].iter().map(Frame::units).collect();
    Ok(icc(&series, pairs, &Nesting { above, clusters }))
}

/// Apportions rows to strata in proportion to their real rows, by largest remainders.
fn shares(weights: &[usize], rows: usize) -> Vec<usize> {
    let all: usize = weights.iter().sum();
    let exact = |weight: usize| rows as f64 * weight as f64 / all.max(1) as f64;
    let mut made: Vec<usize> = weights
        .iter()
        .map(|&weight| exact(weight) as usize)
        .collect();
    let mut order: Vec<usize> = (0..weights.len()).collect();
    order.sort_by(|&a, &b| {
        exact(weights[b])
            .fract()
            .total_cmp(&exact(weights[a]).fract())
            .then(a.cmp(&b))
    });
    let left = rows - made.iter().sum::<usize>().min(rows);
    (0..left).for_each(|place| made[order[place % order.len()]] += 1);
    made
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_of_rows_add_up() {
        assert_eq!(shares(&[60, 30, 10], 100), [60, 30, 10]);
        assert_eq!(shares(&[60, 30, 10], 7), [4, 2, 1]);
        assert_eq!(shares(&[1, 1, 1], 2), [1, 1, 0]);
        assert_eq!(shares(&[5], 0), [0]);
    }
}
