//! Judging a synthetic table.

use parable_core::{Observer, Progress};
use parable_metrics::{Evaluation, Pair};
use parable_seed::Seed;
use parable_table::Table;

use crate::Error;

/// Compares a synthetic table with the real one by every default metric, with what each column is for taken from the real table's schema.
///
/// `holdout`: real rows the method never saw; without them the numbers that need them are absent, never guessed.
///
/// # Errors
/// Tables with different columns; [`Error::is_cancelled`] when the observer stops the work.
pub fn judge(
    real: &Table,
    synthetic: &Table,
    holdout: Option<&Table>,
    seed: &Seed,
    observer: &dyn Observer,
) -> Result<Evaluation, Error> {
    let pair = Pair::new(real, synthetic)?;
    let pair = match holdout {
        Some(holdout) => pair.with_holdout(holdout)?,
        None => pair,
    };
    let tell = |_: &str, share: f64| {
        observer.progress(Progress::new("evaluate", (share * 1_000.0) as u64, 1_000))
    };
    Ok(Evaluation::of(pair)
        .with_default_metrics()
        .run_with(seed, &tell)?)
}
