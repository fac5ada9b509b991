//! Trees from a publication: each column asks about one earlier column, where both were counted
//! together.

use parable_core::{FitError, Publication, Recoding};
use parable_domain::SourceError;
use parable_measure::{
    Candidate, MEAN_ABSOLUTE, disturbed_cells, independent_cells, known_columns, merged_rows,
};

use crate::config::PrivateCartConfig;
use crate::grow::{Branches, Growing};
use crate::release::{finish, merged_column, order_of, root, scores_with};
use crate::trees::PrivateTrees;

/// Grows trees of at most one question from the pairs of a publication: for each column that with
/// the earlier column it depends on most. Nothing is charged.
pub(crate) fn grow(
    config: &PrivateCartConfig,
    publication: &Publication,
) -> Result<PrivateTrees, FitError> {
    let columns = publication.domain.len();
    if publication.ordered.len() != columns {
        return Err(FitError::setting(
            "publication",
            "its orders do not fit its columns",
        ));
    }
    let recoding = Recoding::new(&publication.domain, publication.merged.clone());
    let merged = recoding.map_err(SourceError::from)?.domain().clone();
    let known = known_columns(publication);
    let levels = publication.merged.iter().zip(&known.levels);
    let levels: Vec<Vec<f64>> = levels.map(|(map, rows)| merged_rows(map, rows)).collect();
    let mut scores = Vec::new();
    let mut pairs = Vec::new();
    for noisy in publication
        .marginals
        .iter()
        .filter(|own| own.attrs.len() == 2)
    {
        let expected = independent_cells(&levels, known.rows, &noisy.attrs);
        if expected.len() != noisy.cells.len() {
            let problem = "a marginal does not fit its merged levels";
            return Err(FitError::setting("publication", problem));
        }
        let off = noisy.cells.iter().zip(&expected);
        let off: f64 = off.map(|(&count, e)| (count as f64 - e).abs()).sum();
        let size = disturbed_cells(expected.iter().copied(), noisy.sigma);
        scores.push(Candidate {
            attrs: noisy.attrs.clone(),
            weight: 1.0,
            error: (off - MEAN_ABSOLUTE * noisy.sigma * size).max(0.0),
            size,
            required: false,
        });
        pairs.push(noisy);
    }
    let order = order_of(columns, &scores);
    let mut trees = Vec::with_capacity(columns);
    for (at, &target) in order.iter().enumerate() {
        let mut tree = Growing::new(target, root(publication, &known, target));
        let best = scores_with(&scores, target, &order[..at])
            .filter(|(_, scored)| config.max_depth > 0 && scored.error > 0.0)
            .max_by(|a, b| a.1.error.total_cmp(&b.1.error));
        let noisy = best.and_then(|(_, own)| pairs.iter().find(|pair| pair.attrs == own.attrs));
        if let (Some((other, _)), Some(noisy)) = (best, noisy) {
            let (rows, ordered) = merged_column(publication, &known, other);
            let (branches, width) = (rows.len(), levels[target as usize].len());
            let branch = Branches::new(other, &rows, ordered, branches);
            // Branches of the earlier column by levels of the target, the target fastest.
            let cell = |branch: usize, level: usize| match other < target {
                true => branch * width + level,
                false => level * branches + branch,
            };
            let places = (0..branches).flat_map(|b| (0..width).map(move |level| (b, level)));
            let cells: Vec<i64> = places
                .map(|(b, level)| noisy.cells[cell(b, level)])
                .collect();
            let most = config.max_nodes as usize;
            tree.grow(&merged, &branch, &cells, noisy.sigma.powi(2), most)?;
        }
        trees.push(tree);
    }
    Ok(finish(trees, publication, merged))
}
