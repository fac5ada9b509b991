//! How the columns of a private fit are coded: by declared facts, and by bins that are paid for.
//!
//! Equal bins hide two things. Values that many rows share (no capital gain, full time) are blurred over their bin; and where the bounds are far wider than
//! the bulk of the rows, all of these fall into a few bins. Both are found in noisy histograms, each of which is one charge.

use parable_core::{Curator, FitError};
use parable_domain::{AttrSet, Codes};
use parable_dp::{Ledger, NoiseSource};
use parable_encode::{Bin, Codec, CodecConfig, ColumnCodec, ValueCodes};
use parable_pgm::{Groups, smooth};
use parable_table::{Column, Field, Grid, Kind, Schema, Table};

use crate::config::{Bins, MarginalConfig, setting};
use crate::synthesizer::refused;

/// Cells of the histogram that says where rows are.
const FINE: u32 = 1_024;
/// A cell is looked into when it holds this share of the rows, and a value gets a code of its own when it holds this share of them.
const HEAVY: f64 = 0.05;
const SPIKE: f64 = 0.01;
/// Standard deviations of the noise that a heavy cell stands out by.
const OUTSTANDING: f64 = 4.0;
/// Probability that noise alone makes a spike in a column.
const FAILURE: f64 = 0.05;
/// Points of a cell that are looked at.
const MOST_POINTS: f64 = 4_096.0;

/// The codec of a private fit, with so many bins of a number besides those of single values.
pub(crate) fn codec(
    method: &'static str,
    table: &Table,
    config: &MarginalConfig,
    declared: &CodecConfig,
    ledger: &mut Ledger,
    noise: &mut NoiseSource,
) -> Result<Codec, FitError> {
    let codec = Codec::declared_with(table.schema(), declared).map_err(refused(method))?;
    let wide: Vec<usize> = (0..codec.columns().len())
        .filter(|&at| bins_of(&codec.columns()[at]).is_some_and(|bins| bins.iter().any(is_wide)))
        .collect();
    if wide.is_empty() || config.bins_share == 0.0 {
        return Ok(codec);
    }
    let refuse = || setting("budget", "a private fit needs a finite budget");
    let rho = parable_core::allowance(ledger).ok_or_else(refuse)?.get();
    // Half for where the rows are, half for single values.
    let rho = 0.5 * config.bins_share * rho / wide.len() as f64;
    let mut columns = codec.columns().to_vec();
    for at in wide {
        let name = &codec.schema().fields()[at].name;
        let place = table.schema().position(name);
        let place = place.expect("a codec has the columns of its table");
        let mut numbers = Numbers {
            method,
            field: &table.schema().fields()[place],
            column: &table.columns()[place],
            ledger: &mut *ledger,
            noise: &mut *noise,
            rho,
        };
        let bins = bins_of(&codec.columns()[at]).unwrap_or_default();
        let bins = numbers.bins(bins, config.bins, declared.max_bins)?;
        columns[at] = ColumnCodec::of_bins(numbers.field, bins);
    }
    Codec::from_columns(codec.schema().clone(), columns).map_err(refused(method))
}

fn bins_of(column: &ColumnCodec) -> Option<&[Bin]> {
    match &column.values {
        ValueCodes::Bins(bins) => Some(bins),
        _ => None,
    }
}

fn is_wide(bin: &Bin) -> bool {
    bin.low < bin.high
}

/// A column of numbers, and what may be spent on each question about it.
struct Numbers<'n> {
    method: &'static str,
    field: &'n Field,
    column: &'n Column,
    ledger: &'n mut Ledger,
    noise: &'n mut NoiseSource,
    rho: f64,
}

impl Numbers<'_> {
    fn bins(&mut self, declared: &[Bin], how: Bins, most: u32) -> Result<Vec<Bin>, FitError> {
        let fine = self.fine()?;
        let (counts, sigma) = self.counts("bins", &fine)?;
        let rows = counts.iter().sum::<f64>().max(1.0);
        let least = (HEAVY * rows).max(OUTSTANDING * sigma);
        let grid = grid(self.field);
        let cells = fine.iter().zip(&counts);
        let heavy = cells.filter(|(cell, count)| is_wide(cell) && **count > least);
        let mut points: Vec<f64> = heavy.flat_map(|(cell, _)| points(cell, grid)).collect();
        points.dedup();
        let mut spikes = spikes(&fine, &counts, sigma, SPIKE * rows);
        if !points.is_empty() {
            let bins = cut(&fine, &points, grid);
            let (counts, sigma) = self.counts("single values", &bins)?;
            spikes.extend(self::spikes(&bins, &counts, sigma, SPIKE * rows));
            spikes.sort_by(f64::total_cmp);
            spikes.dedup();
        }
        let bins = match how {
            Bins::Uniform => declared.to_vec(),
            Bins::Quantile => {
                let estimate = smooth(&counts, sigma, counts.len(), rows);
                let groups = Groups::of(estimate, counts.len(), rows / f64::from(most));
                joined(&fine, &groups.of)
            }
        };
        Ok(cut(&bins, &spikes, grid))
    }

    /// Cells of equal width, or one for each value if there are few.
    fn fine(&self) -> Result<Vec<Bin>, FitError> {
        let schema = Schema::new(vec![self.field.clone()])
            .map_err(|error| setting("schema", &error.to_string()))?;
        let settings = CodecConfig::default().with_max_bins(FINE);
        let codec = Codec::declared_with(&schema, &settings).map_err(refused(self.method))?;
        Ok(bins_of(&codec.columns()[0]).unwrap_or_default().to_vec())
    }

    /// Noisy rows of each of these bins, and the standard deviation of the noise.
    fn counts(&mut self, purpose: &str, bins: &[Bin]) -> Result<(Vec<f64>, f64), FitError> {
        let schema = Schema::new(vec![self.field.clone()])
            .map_err(|error| setting("schema", &error.to_string()))?;
        let own = ColumnCodec::of_bins(self.field, bins.to_vec());
        let codec = Codec::from_columns(schema, vec![own]).map_err(refused(self.method))?;
        let codes = codec.encode_column(0, self.field, self.column);
        let codes = Codes::new(
            codec.domain().clone(),
            vec![codes.map_err(refused(self.method))?],
        );
        let source = codes.map_err(|error| FitError::Source(error.into()))?;
        let mut curator = Curator::new(&source, self.ledger, self.noise);
        let sigma = curator.sigma_for(self.rho, curator.unit().counts_squared())?;
        let noisy = curator.measure(purpose, &[(AttrSet::new([0]), sigma)])?;
        let noisy = &noisy[0];
        let cells = noisy.cells[..bins.len()].iter();
        Ok((cells.map(|&cell| cell as f64).collect(), noisy.sigma))
    }
}

/// Single values that so many rows have, as far as noise lets one see.
fn spikes(bins: &[Bin], counts: &[f64], sigma: f64, least: f64) -> Vec<f64> {
    // Which the largest of so many normal numbers exceeds with a small probability.
    let seen = sigma * (2.0 * (bins.len() as f64 / FAILURE).ln()).sqrt();
    let stands_out = |(bin, count): &(&Bin, &f64)| !is_wide(bin) && **count > least.max(seen);
    let found = bins.iter().zip(counts).filter(stands_out);
    found.map(|(bin, _)| bin.low).collect()
}

fn grid(field: &Field) -> Option<Grid> {
    match &field.kind {
        Kind::Continuous { grid, .. } => grid.as_ref().map(|known| known.value),
        _ => Some(Grid::Decimals(0)),
    }
}

/// Points of a cell that may be spikes, ascending: those of the grid; where these are too many, or there is no grid, the multiples of a power of ten
/// (times the step of the grid); and the ends of the cell.
fn points(cell: &Bin, grid: Option<Grid>) -> Vec<f64> {
    let width = cell.high - cell.low;
    let unit = grid.map_or(1.0, |grid| grid.step());
    let mut power = (width / unit / MOST_POINTS).log10().ceil() as i32;
    if grid.is_some() {
        power = power.max(0);
    }
    let step = |index: f64| match power {
        0.. => index * 10f64.powi(power),
        // Dividing by a power of ten gives the double nearest to the decimal number.
        _ => index / 10f64.powi(-power),
    };
    let origin = match grid {
        Some(Grid::Step { origin, .. }) => origin,
        _ => 0.0,
    };
    let at = |index: f64| match grid {
        Some(grid) => grid.round(origin + step(index) * unit),
        None => step(index),
    };
    let scale = step(1.0) * unit;
    let first = ((cell.low - origin) / scale).ceil();
    let last = ((cell.high - origin) / scale).floor();
    let mut points = vec![cell.low];
    let mut index = first;
    while index <= last {
        points.push(at(index));
        index += 1.0;
    }
    points.push(cell.high);
    points.retain(|point| (cell.low..=cell.high).contains(point));
    points.sort_by(f64::total_cmp);
    points.dedup();
    points
}

/// Bins cut so that each of these values, ascending, has one of its own.
fn cut(bins: &[Bin], values: &[f64], grid: Option<Grid>) -> Vec<Bin> {
    let step = grid.map(|grid| grid.step());
    let before = |value: f64| match (grid, step) {
        (Some(grid), Some(step)) => grid.round(value - step),
        _ => value.next_down(),
    };
    let after = |value: f64| match (grid, step) {
        (Some(grid), Some(step)) => grid.round(value + step),
        _ => value.next_up(),
    };
    let mut parts = Vec::with_capacity(bins.len() + 2 * values.len());
    for (at, bin) in bins.iter().enumerate() {
        // A value on the edge of two bins is in the upper one.
        let next = bins.get(at + 1).map_or(f64::INFINITY, |next| next.low);
        let from = values.partition_point(|value| *value < bin.low);
        let to = values.partition_point(|value| *value <= bin.high && *value < next);
        let mut low = bin.low;
        for &value in &values[from..to.max(from)] {
            if before(value) >= low {
                parts.push(Bin {
                    low,
                    high: before(value),
                });
            }
            parts.push(Bin {
                low: value,
                high: value,
            });
            low = after(value);
        }
        if low <= bin.high && low < next {
            parts.push(Bin {
                low,
                high: bin.high,
            });
        }
    }
    parts
}

/// Neighbouring cells of one group as one bin.
fn joined(fine: &[Bin], group: &[u32]) -> Vec<Bin> {
    let mut bins: Vec<Bin> = Vec::new();
    for (at, cell) in fine.iter().enumerate() {
        match bins.last_mut() {
            Some(bin) if at > 0 && group[at] == group[at - 1] => bin.high = cell.high,
            _ => bins.push(*cell),
        }
    }
    bins
}

#[cfg(test)]
mod tests {
    use parable_dp::{Budget, PrivacyUnit};
    use parable_seed::Seed;
    use parable_table::{Bounds, Known, NumberFormat, Values};

    use super::*;

    const ROWS: usize = 20_000;

    fn whole_numbers(values: impl Iterator<Item = i64>) -> Table {
        let kind = Kind::Integer {
            bounds: Some(Known::declared(Bounds {
                min: 0,
                max: 99_999,
            })),
            format: NumberFormat::default(),
        };
        let schema = Schema::new(vec![Field::new("gain", kind)]).expect("one field");
        let column = Column::complete(Values::Integer(values.collect()));
        Table::new(schema, vec![column]).expect("a column")
    }

    /// A gain that nine of ten do not have, within bounds far above it; 15,024 is had by one in twenty of all.
    fn gains() -> Table {
        let mut rng = Seed::from_u64(1).rng();
        whole_numbers((0..ROWS).map(|row| match row % 20 {
            0 => 15_024,
            1 => 100 + rng.below(9_000) as i64,
            _ => 0,
        }))
    }

    fn ledger() -> Ledger {
        let rho = parable_dp::Rho::new(0.02).expect("above 0");
        Ledger::open(PrivacyUnit::one_row(), Budget::zcdp(rho))
    }

    fn coded(table: &Table, config: &MarginalConfig, ledger: &mut Ledger) -> Codec {
        let mut noise = NoiseSource::insecure_seeded([3; 32]);
        let declared = CodecConfig::default().with_max_bins(128);
        codec("gan", table, config, &declared, ledger, &mut noise).expect("within the budget")
    }

    #[test]
    fn values_that_many_have_get_codes_of_their_own_and_come_back() {
        let mut ledger = ledger();
        let config = MarginalConfig::default();
        let table = gains();
        let codec = coded(&table, &config, &mut ledger);
        let single: Vec<f64> = bins_of(&codec.columns()[0])
            .expect("numbers")
            .iter()
            .filter(|bin| !is_wide(bin))
            .map(|bin| bin.low)
            .collect();
        assert_eq!(single, [0.0, 15_024.0]);
        let purposes: Vec<&str> = ledger.entries().iter().map(|e| &*e.purpose).collect();
        assert_eq!(purposes, ["bins: gain", "single values: gain"]);
        let spent = ledger.spent().rho.map(parable_dp::Rho::get);
        assert!(spent.is_some_and(|rho| rho <= 0.02 * config.bins_share));
        let codes = codec.encode(&table).expect("its own table");
        let back = codec.decode(&codes, &Seed::from_u64(2)).expect("its codes");
        for row in 0..ROWS {
            let (was, is) = (table.column(0).number(row), back.column(0).number(row));
            if row % 20 != 1 {
                assert_eq!(was, is);
            }
        }
        assert_eq!(codec.encode(&back).expect("made by it"), codes);
    }

    #[test]
    fn quantile_bins_lie_where_the_rows_are() {
        let config = MarginalConfig {
            bins: Bins::Quantile,
            ..MarginalConfig::default()
        };
        // Half of the rows below 700, nine of ten below 2,300.
        let mut rng = Seed::from_u64(6).rng();
        let values = (0..ROWS).map(|_| (-1_000.0 * rng.uniform_open().ln()) as i64);
        let codec = coded(&whole_numbers(values), &config, &mut ledger());
        let bins = bins_of(&codec.columns()[0]).expect("numbers");
        // Of equal bins two in a hundred begin there.
        let low = bins.iter().filter(|bin| bin.low < 2_300.0).count();
        assert!(2 * low > bins.len(), "{bins:?}");
    }

    #[test]
    fn nothing_is_asked_when_nothing_may_be_spent() {
        let mut ledger = ledger();
        let config = MarginalConfig {
            bins_share: 0.0,
            ..MarginalConfig::default()
        };
        let codec = coded(&gains(), &config, &mut ledger);
        assert_eq!(bins_of(&codec.columns()[0]).map(<[Bin]>::len), Some(128));
        assert!(ledger.entries().is_empty());
    }

    /// Whether the squared errors are what noise of this standard deviation makes: their mean over `n` cells has a relative standard deviation of
    /// `sqrt(2 / n)`; five of them.
    fn carries_noise(noisy: &[f64], exact: &[f64], sigma: f64) -> bool {
        let squares = noisy.iter().zip(exact).map(|(a, b)| (a - b).powi(2));
        let ratio = squares.sum::<f64>() / noisy.len() as f64 / (sigma * sigma);
        (ratio - 1.0).abs() < 5.0 * (2.0 / noisy.len() as f64).sqrt()
    }

    #[test]
    fn counts_carry_the_noise_that_is_charged() {
        let table = gains();
        let mut ledger = ledger();
        let mut noise = NoiseSource::insecure_seeded([4; 32]);
        let mut numbers = Numbers {
            method: "gan",
            field: &table.schema().fields()[0],
            column: &table.columns()[0],
            ledger: &mut ledger,
            noise: &mut noise,
            rho: 1e-4,
        };
        let bins = numbers.fine().expect("declared bounds");
        let (noisy, sigma) = numbers.counts("bins", &bins).expect("within the budget");
        let mut exact = vec![0.0; bins.len()];
        for row in 0..ROWS {
            let value = table.column(0).number(row).expect("no value is missing");
            exact[bins.partition_point(|bin| bin.low <= value) - 1] += 1.0;
        }
        assert!(carries_noise(&noisy, &exact, sigma));
        // What was charged is what this noise costs.
        let spent = ledger.spent().rho.expect("a budget of this kind").get();
        assert!((spent * 2.0 * sigma * sigma - 1.0).abs() < 1e-3);
        // The check sees a mechanism that adds nothing, or half of it.
        let halved: Vec<f64> = noisy
            .iter()
            .zip(&exact)
            .map(|(a, b)| 0.5 * (a + b))
            .collect();
        assert!(!carries_noise(&exact, &exact, sigma));
        assert!(!carries_noise(&halved, &exact, sigma));
    }

    #[test]
    fn cut_bins_ascend_cover_the_same_and_single_the_values_out() {
        let tenths = Some(Grid::Decimals(1));
        let bin = |low, high| Bin { low, high };
        for (grid, bins) in [
            (tenths, vec![bin(-1.0, 0.9), bin(1.0, 1.0), bin(1.1, 4.0)]),
            (None, vec![bin(-1.0, 1.0), bin(1.0, 2.5), bin(2.5, 4.0)]),
        ] {
            for values in [vec![], vec![-1.0, 1.0, 4.0], vec![0.0, 0.1, 2.5], vec![9.0]] {
                let parts = cut(&bins, &values, grid);
                assert!(parts.iter().all(|part| part.low <= part.high));
                for pair in parts.windows(2) {
                    let gap = pair[1].low - pair[0].high;
                    let step = grid.map_or(1e-9, |grid| grid.step() + 1e-9);
                    assert!(
                        pair[0].low < pair[1].low && (0.0..=step).contains(&gap),
                        "{parts:?}"
                    );
                }
                assert_eq!((parts[0].low, parts[parts.len() - 1].high), (-1.0, 4.0));
                let inside = values.iter().filter(|value| **value <= 4.0);
                for &value in inside {
                    let own = parts
                        .iter()
                        .rfind(|part| part.low <= value)
                        .expect("a part");
                    assert_eq!((own.low, own.high), (value, value));
                }
            }
        }
    }

    #[test]
    fn points_are_those_of_the_grid_or_round_numbers_and_both_ends() {
        let bin = |low, high| Bin { low, high };
        assert_eq!(
            points(&bin(3.0, 6.0), Some(Grid::Decimals(0))),
            [3.0, 4.0, 5.0, 6.0]
        );
        let many = points(&bin(1.0, 999_999.0), Some(Grid::Decimals(0)));
        assert_eq!((many[0], many[1], many[2]), (1.0, 1_000.0, 2_000.0));
        assert_eq!(many.last(), Some(&999_999.0));
        let free = points(&bin(0.0, 0.25), None);
        assert!(free.contains(&0.1) && free.contains(&0.25) && free.contains(&0.0));
        let step = Grid::Step {
            step: 0.25,
            origin: 0.1,
        };
        assert_eq!(points(&bin(0.35, 0.85), Some(step)), [0.35, 0.6, 0.85]);
    }
}
