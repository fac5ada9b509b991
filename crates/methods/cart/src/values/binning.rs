//! Predictors: binnings of the columns of a table.

use parable_table::{Column, Field, Kind, Levels, Values};
use parable_tree::{Binning, MAX_BINS, Scale};

/// The binning of a column: at most `max_bins` bins of numbers, with at least `min_units` rows in
/// each, and a bin for each missing reason, absent first. `None` for text and for more levels than
/// can be binned.
pub(crate) fn binning_of(
    field: &Field,
    column: &Column,
    max_bins: usize,
    min_units: usize,
) -> Option<Binning> {
    let missing = field.missing_codes.len() + 1;
    let levels = || field.kind.levels().map_or(0, Levels::len);
    let scale = match (&field.kind, column.values()) {
        (Kind::Nominal { .. }, Values::Codes(_)) => Scale::Nominal(levels()),
        (_, Values::Codes(_)) => Scale::Ordinal(levels()),
        (_, Values::Integer(_) | Values::Continuous(_)) => {
            let mut numbers: Vec<f64> = (0..column.len())
                .filter_map(|row| column.number(row))
                .collect();
            numbers.sort_unstable_by(f64::total_cmp);
            Scale::of_sorted(&numbers, max_bins, min_units)
        }
        _ => return None,
    };
    let binning = Binning { scale, missing };
    (binning.bins() <= MAX_BINS).then_some(binning)
}

/// The bins of a column's rows.
pub(crate) fn encode(binning: &Binning, column: &Column) -> Vec<u16> {
    let values = binning.values();
    let mut bins: Vec<u16> = match column.values() {
        Values::Codes(codes) => codes.iter().map(|&code| code as u16).collect(),
        Values::Integer(numbers) => numbers
            .iter()
            .map(|&number| binning.bin_of_number(number as f64))
            .collect(),
        Values::Continuous(numbers) => numbers
            .iter()
            .map(|&number| binning.bin_of_number(number))
            .collect(),
        _ => vec![0; column.len()],
    };
    if let Some(missing) = column.missing_bytes() {
        for (bin, &byte) in bins.iter_mut().zip(missing) {
            if byte != 0 {
                *bin = (values + usize::from(byte) - 1) as u16;
            }
        }
    }
    bins
}
