//! Bootstrap samples of rows or of whole clusters.

use parable_seed::Rng;

/// Draws as many of these rows with replacement; whole clusters of them where `cluster` gives the
/// cluster of each row of the table.
#[must_use]
pub fn bootstrap(rows: &[u32], cluster: Option<&[u32]>, rng: &mut Rng) -> Vec<u32> {
    let Some(cluster) = cluster else {
        return rows
            .iter()
            .map(|_| rows[rng.below(rows.len() as u64) as usize])
            .collect();
    };
    let mut sorted: Vec<u32> = rows.to_vec();
    sorted.sort_by_key(|&row| (cluster[row as usize], row));
    let members: Vec<&[u32]> = sorted
        .chunk_by(|&a, &b| cluster[a as usize] == cluster[b as usize])
        .collect();
    let mut drawn = Vec::with_capacity(rows.len());
    for _ in 0..members.len() {
        drawn.extend(members[rng.below(members.len() as u64) as usize]);
    }
    drawn
}
