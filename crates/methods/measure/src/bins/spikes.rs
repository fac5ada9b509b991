//! Values that many rows have, which get codes of their own.
//!
//! Equal bins hide two things. Values that many rows share (no capital gain, full time) are blurred
//! over their bin; and where the bounds are far wider than the bulk of the rows, all of these fall
//! into a few bins. Both are found in noisy histograms, each of which is one charge.

use parable_core::FitError;
use parable_dp::{Ledger, NoiseSource};
use parable_encode::Bin;
use parable_table::Grid;

use super::{Bins, Numbers, fine, grid, is_wide};

/// Share of the rows from which a cell is looked into.
const HEAVY: f64 = 0.05;
/// Share of the rows from which a value gets a code of its own.
const SPIKE: f64 = 0.01;
/// Standard deviations of the noise that a heavy cell stands out by.
const OUTSTANDING: f64 = 4.0;
/// Probability that noise alone makes a spike in a column.
const FAILURE: f64 = 0.05;
/// Points of a cell that are looked at.
const MOST_POINTS: f64 = 4_096.0;

/// Bins of a column, divided so that each value that many rows have has one of its own.
///
/// Half of the loss goes to where the rows are, half to single values.
pub(super) fn bins(
    declared: &[Bin],
    how: Bins,
    own: &Numbers<'_>,
    most: u32,
    ledger: &mut Ledger,
    noise: &mut NoiseSource,
) -> Result<Vec<Bin>, FitError> {
    let rho = 0.5 * own.rho;
    let fine = own.fine()?;
    let (counts, sigma) = own.counts("bins", &fine, rho, ledger, noise)?;
    let rows = counts.iter().sum::<f64>().max(1.0);
    let least = (HEAVY * rows).max(OUTSTANDING * sigma);
    let grid = grid(own.field);
    let cells = fine.iter().zip(&counts);
    let heavy = cells.filter(|(cell, count)| is_wide(cell) && **count > least);
    let mut points: Vec<f64> = heavy.flat_map(|(cell, _)| points(cell, grid)).collect();
    points.dedup();
    let mut found = spikes(&fine, &counts, sigma, SPIKE * rows);
    if !points.is_empty() {
        let bins = cut(&fine, &points, grid);
        let (counts, sigma) = own.counts("single values", &bins, rho, ledger, noise)?;
        found.extend(spikes(&bins, &counts, sigma, SPIKE * rows));
        found.sort_by(f64::total_cmp);
        found.dedup();
    }
    let bins = match how {
        Bins::Uniform => declared.to_vec(),
        Bins::Quantile => fine::quantiles(&fine, &counts, sigma, most),
        Bins::Privtree => {
            let problem = "a private tree gives no value a bin of its own";
            return Err(FitError::setting("bins", problem));
        }
    };
    Ok(cut(&bins, &found, grid))
}

/// Single values that so many rows have, as far as noise lets one see.
fn spikes(bins: &[Bin], counts: &[f64], sigma: f64, least: f64) -> Vec<f64> {
    // Which the largest of so many normal numbers exceeds with a small probability.
    let seen = sigma * (2.0 * (bins.len() as f64 / FAILURE).ln()).sqrt();
    let stands_out = |(bin, count): &(&Bin, &f64)| !is_wide(bin) && **count > least.max(seen);
    let found = bins.iter().zip(counts).filter(stands_out);
    found.map(|(bin, _)| bin.low).collect()
}

/// Points of a cell that may be spikes, ascending: those of the grid; where these are too many, or
/// there is no grid, the multiples of a power of ten (times the step of the grid); and the ends of
/// the cell.
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

#[cfg(test)]
mod tests {
    use parable_dp::{Budget, PrivacyUnit};
    use parable_encode::Codec;
    use parable_seed::Seed;
    use parable_table::{Bounds, Column, Field, Kind, Known, NumberFormat, Schema, Table, Values};

    use super::super::{Discretisation, bins_of, discretise};
    use super::*;

    const SHARE: f64 = 0.1;

    const ROWS: usize = 20_000;

    fn whole_numbers(values: impl Iterator<Item = i64>) -> Table {
        let kind = Kind::Integer {
            bounds: Some(Known::declared(Bounds {
                min: 0,
                max: 99_999,
            })),
            grid: None,
            format: NumberFormat::default(),
        };
        let schema = Schema::new(vec![Field::new("gain", kind)]).expect("one field");
        let column = Column::complete(Values::Integer(values.collect()));
        Table::new(schema, vec![column]).expect("a column")
    }

    /// A gain that nine of ten do not have, within bounds far above it; 15,024 is had by one in
    /// twenty of all.
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

    fn coded(table: &Table, how: Bins, share: f64, ledger: &mut Ledger) -> Codec {
        let mut noise = NoiseSource::insecure_seeded([3; 32]);
        let how = Discretisation {
            method: "test",
            max_bins: 128,
            bins: &|_| how,
            bins_share: share,
            bounds_share: 0.0,
            spikes: true,
            mostly_counts: false,
        };
        discretise(table, &how, ledger, &mut noise).expect("within the budget")
    }

    #[test]
    fn values_that_many_have_get_codes_of_their_own_and_come_back() {
        let mut ledger = ledger();
        let table = gains();
        let codec = coded(&table, Bins::Uniform, SHARE, &mut ledger);
        let single: Vec<f64> = bins_of(&codec.columns()[0])
            .iter()
            .filter(|bin| !is_wide(bin))
            .map(|bin| bin.low)
            .collect();
        assert_eq!(single, [0.0, 15_024.0]);
        let purposes: Vec<&str> = ledger.entries().iter().map(|e| &*e.purpose).collect();
        assert_eq!(purposes, ["bins: gain", "single values: gain"]);
        let spent = ledger.spent().rho.map(parable_dp::Rho::get);
        assert!(spent.is_some_and(|rho| rho <= 0.02 * SHARE));
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
        // Half of the rows below 700, nine of ten below 2,300.
        let mut rng = Seed::from_u64(6).rng();
        let values = (0..ROWS).map(|_| (-1_000.0 * rng.uniform_open().ln()) as i64);
        let table = whole_numbers(values);
        let codec = coded(&table, Bins::Quantile, SHARE, &mut ledger());
        let bins = bins_of(&codec.columns()[0]);
        // Of equal bins two in a hundred begin there.
        let low = bins.iter().filter(|bin| bin.low < 2_300.0).count();
        assert!(2 * low > bins.len(), "{bins:?}");
    }

    #[test]
    fn nothing_is_asked_when_nothing_may_be_spent() {
        let mut ledger = ledger();
        let codec = coded(&gains(), Bins::Uniform, 0.0, &mut ledger);
        assert_eq!(bins_of(&codec.columns()[0]).len(), 128);
        assert!(ledger.entries().is_empty());
    }

    /// Whether the squared errors are what noise of this standard deviation makes: their mean over
    /// `n` cells has a relative standard deviation of `sqrt(2 / n)`; five of them.
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
        let numbers = Numbers {
            method: "test",
            field: &table.schema().fields()[0],
            column: &table.columns()[0],
            rho: 1e-4,
        };
        let bins = numbers.fine().expect("declared bounds");
        let counts = numbers.counts("bins", &bins, 1e-4, &mut ledger, &mut noise);
        let (noisy, sigma) = counts.expect("within the budget");
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
