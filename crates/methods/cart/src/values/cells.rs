//! Cells of numbers, so that leaves hold nobody's own number.
//!
//! The sorted column is divided once into cells. A number that enough rows share is a cell of its
//! own and may be repeated. The others form cells of several neighbouring rows each, and a draw
//! from such a cell is on the line through the midpoints of neighbouring order statistics, rounded
//! to the column's grid. A number far from the rows next to it is one person rather than a place
//! where data lie, and its rows count for the nearest cell that others support.

use parable_table::{Field, Grid, Kind};

use crate::config::Smoothing;
use crate::values::density::Density;

/// The cells of a numeric column, ascending.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct ValueCells {
    /// One number (repeated as it is) or at least two ascending ones (a line to draw from) per
    /// cell.
    pub(crate) cells: Vec<Vec<f64>>,
    pub(crate) grid: Option<Grid>,
}

/// Cells a column without common numbers is divided into: half a per cent of the rows each, which
/// is finer than a leaf can tell.
const CELLS: usize = 200;
/// Pieces of the line through a cell.
const PIECES: usize = 8;
/// Pieces of the line through a group.
const GROUP_PIECES: usize = 64;
/// Times the shared rows that are looked at on each side to learn how densely a neighbourhood is
/// populated.
const NEIGHBOURHOOD: usize = 4;

/// A distinct number and where its rows stand in the sorted column.
struct Distinct {
    number: f64,
    start: usize,
    end: usize,
}

impl ValueCells {
    /// Divides sorted numbers into cells; also says which cell each distinct number belongs to.
    pub(crate) fn of(
        sorted: &[f64],
        grid: Option<Grid>,
        shared: usize,
        smoothing: Smoothing,
    ) -> (Self, Vec<(f64, u32)>) {
        let distinct = distinct(sorted);
        if smoothing == Smoothing::Off {
            let cells = distinct.iter().map(|d| vec![d.number]).collect();
            let of = distinct
                .iter()
                .enumerate()
                .map(|(cell, d)| (d.number, cell as u32))
                .collect();
            return (Self { cells, grid }, of);
        }
        let step = grid.map_or(0.0, |grid| grid.step());
        let fates: Vec<Fate> = distinct
            .iter()
            .map(|d| fate(d, sorted, shared, step))
            .collect();
        let loose: usize = distinct
            .iter()
            .zip(&fates)
            .filter(|(_, fate)| **fate == Fate::Loose)
            .map(|(d, _)| d.end - d.start)
            .sum();
        let rows_per_cell = (2 * shared).max(loose.div_ceil(CELLS));
        let mut cells: Vec<Vec<f64>> = Vec::new();
        let mut cell_of: Vec<Option<u32>> = vec![None; distinct.len()];
        let mut index = 0;
        while index < distinct.len() {
            match fates[index] {
                Fate::Common => {
                    cell_of[index] = Some(cells.len() as u32);
                    cells.push(vec![distinct[index].number]);
                    index += 1;
                }
                Fate::Isolated => index += 1,
                Fate::Loose => {
                    let mut end = index + 1;
                    while end < distinct.len() && fates[end] == Fate::Loose {
                        end += 1;
                    }
                    let before = index.checked_sub(1).filter(|&i| fates[i] == Fate::Common);
                    let after =
                        Some(end).filter(|&i| i < distinct.len() && fates[i] == Fate::Common);
                    let around = (
                        before.map(|i| distinct[i].number),
                        after.map(|i| distinct[i].number),
                    );
                    let stretch = Stretch {
                        sorted,
                        shared,
                        rows_per_cell,
                        around,
                    };
                    stretch.divide(&distinct, index..end, &mut cells, &mut cell_of);
                    index = end;
                }
            }
        }
        if cells.is_empty() && !sorted.is_empty() {
            // Too few rows for any support: one cell around their mean.
            cells.push(vec![sorted.iter().sum::<f64>() / sorted.len() as f64]);
        }
        let nearest = |number: f64| {
            let distance = |cell: &Vec<f64>| {
                let (low, high) = (cell[0], cell[cell.len() - 1]);
                (low - number).max(number - high).max(0.0)
            };
            let best = (0..cells.len())
                .min_by(|&a, &b| distance(&cells[a]).total_cmp(&distance(&cells[b])));
            best.unwrap_or(0) as u32
        };
        let of = distinct
            .iter()
            .zip(&cell_of)
            .map(|(d, cell)| (d.number, cell.unwrap_or_else(|| nearest(d.number))))
            .collect();
        if smoothing == Smoothing::Density {
            let loose = distinct.iter().zip(&cell_of).zip(&fates);
            let loose = loose.filter(|(_, fate)| **fate == Fate::Loose);
            smooth(
                &mut cells,
                sorted,
                loose.filter_map(|((d, cell), _)| Some((d, (*cell)?))),
            );
        }
        (Self { cells, grid }, of)
    }

    /// Divides sorted numbers into so many groups with about equal rows, each a cell; also says
    /// which group each distinct number belongs to.
    pub(crate) fn grouped(
        sorted: &[f64],
        grid: Option<Grid>,
        shared: usize,
        groups: usize,
    ) -> (Self, Vec<(f64, u32)>) {
        // Outliers are dealt with by the cells of the whole column; a group strings together the
        // cells it covers.
        let (fine, of) = Self::of(sorted, grid, shared, Smoothing::Neighbours);
        let mut rows = vec![0usize; fine.cells.len()];
        let mut place = 0;
        for &(number, cell) in &of {
            while place < sorted.len() && sorted[place] <= number {
                rows[cell as usize] += 1;
                place += 1;
            }
        }
        let mut group_of = vec![0u32; fine.cells.len()];
        let mut cells: Vec<Vec<f64>> = Vec::new();
        let mut before = 0;
        for (cell, knots) in fine.cells.iter().enumerate() {
            let group = before * groups / sorted.len().max(1);
            if cells.is_empty() || group > cells.len() - 1 && before > 0 {
                cells.push(Vec::new());
            }
            group_of[cell] = cells.len() as u32 - 1;
            // As many pieces of the line as the cell has parts of the group's rows.
            let pieces = (rows[cell] * GROUP_PIECES * groups)
                .div_ceil(sorted.len().max(1))
                .max(1);
            let line = cells.last_mut().expect("a group was begun");
            let last = knots.len() - 1;
            line.extend((0..=pieces).map(|piece| {
                let position = piece as f64 / pieces as f64 * last as f64;
                let left = (position as usize).min(last.saturating_sub(1));
                let right = (left + 1).min(last);
                knots[left] + (position - left as f64) * (knots[right] - knots[left])
            }));
            before += rows[cell];
        }
        let of = of
            .iter()
            .map(|&(number, cell)| (number, group_of[cell as usize]))
            .collect();
        (Self { cells, grid }, of)
    }

    /// The cell that makes a number; `None` if it lies beyond the outermost ones.
    pub(crate) fn cell_of(&self, number: f64) -> Option<u32> {
        let ends = |cell: &Vec<f64>| (cell[0], cell[cell.len() - 1]);
        let half = self.grid.map_or(0.0, |grid| grid.step() / 2.0);
        let (low, high) = (
            ends(self.cells.first()?).0 - half,
            ends(self.cells.last()?).1 + half,
        );
        if !(low..=high).contains(&number) {
            return None;
        }
        let distance = |cell: &Vec<f64>| {
            let (low, high) = ends(cell);
            (low - number).max(number - high).max(0.0)
        };
        // Of cells that touch, a number that is repeated as it is goes first.
        let key = |&cell: &usize| (distance(&self.cells[cell]), self.cells[cell].len());
        let nearest = (0..self.cells.len()).min_by(|a, b| {
            let (a, b) = (key(a), key(b));
            a.0.total_cmp(&b.0).then(a.1.cmp(&b.1))
        });
        nearest.map(|cell| cell as u32)
    }

    /// A number from a cell, `share` (0 to 1) of the way through it.
    pub(crate) fn draw(&self, cell: u32, share: f64) -> f64 {
        let knots = &self.cells[cell as usize];
        if knots.len() == 1 {
            return knots[0];
        }
        let position = share * (knots.len() - 1) as f64;
        let left = (position as usize).min(knots.len() - 2);
        let weight = position - left as f64;
        let number = knots[left] * (1.0 - weight) + knots[left + 1] * weight;
        self.grid.map_or(number, |grid| grid.round(number))
    }
}

/// The grid of a column: declared, whole numbers, or the fewest decimals that hold every number.
pub(crate) fn grid_of(field: &Field, sorted: &[f64]) -> Option<Grid> {
    match &field.kind {
        Kind::Continuous {
            grid: Some(grid), ..
        } => Some(grid.value),
        Kind::Continuous { grid: None, .. } => (0..=6)
            .map(Grid::Decimals)
            .find(|grid| sorted.iter().all(|&number| grid.round(number) == number)),
        _ => Some(Grid::Decimals(0)),
    }
}

/// Lays the lines through cells of loose numbers along the quantiles of their density, within the
/// range of the loose numbers.
fn smooth<'a>(
    cells: &mut [Vec<f64>],
    sorted: &[f64],
    loose: impl Iterator<Item = (&'a Distinct, u32)>,
) {
    let mut numbers: Vec<f64> = Vec::new();
    let mut ends: Vec<(u32, usize)> = Vec::new();
    for (own, cell) in loose {
        numbers.extend(&sorted[own.start..own.end]);
        match ends.last_mut() {
            Some((last, end)) if *last == cell => *end = numbers.len(),
            _ => ends.push((cell, numbers.len())),
        }
    }
    let Some(density) = Density::of(&numbers) else {
        return;
    };
    let (low, high) = (numbers[0], numbers[numbers.len() - 1]);
    let mut start = 0;
    for (cell, end) in ends {
        let share = |piece: usize| {
            (start as f64 + (end - start) as f64 * piece as f64 / PIECES as f64)
                / numbers.len() as f64
        };
        cells[cell as usize] = (0..=PIECES)
            .map(|piece| density.quantile(share(piece)).clamp(low, high))
            .collect();
        start = end;
    }
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Fate {
    Common,
    Loose,
    Isolated,
}

fn distinct(sorted: &[f64]) -> Vec<Distinct> {
    let mut distinct: Vec<Distinct> = Vec::new();
    for (row, &number) in sorted.iter().enumerate() {
        match distinct.last_mut() {
            Some(last) if last.number == number => last.end = row + 1,
            _ => distinct.push(Distinct {
                number,
                start: row,
                end: row + 1,
            }),
        }
    }
    distinct
}

/// A number is isolated if the `shared - 1` other rows nearest to it are farther away than the
/// neighbourhood on either side is wide, and not just next to it on the grid.
fn fate(own: &Distinct, sorted: &[f64], shared: usize, step: f64) -> Fate {
    if own.end - own.start >= shared {
        return Fate::Common;
    }
    let (mut low, mut high) = (own.start, own.end);
    let mut reach: f64 = 0.0;
    // Rows that share the number count as nearest.
    for _ in own.end - own.start..shared {
        let below = low.checked_sub(1).map(|row| own.number - sorted[row]);
        let above = sorted.get(high).map(|next| next - own.number);
        reach = match (below, above) {
            (Some(b), Some(a)) if b <= a => {
                low -= 1;
                reach.max(b)
            }
            (_, Some(a)) => {
                high += 1;
                reach.max(a)
            }
            (Some(b), None) => {
                low -= 1;
                reach.max(b)
            }
            (None, None) => return Fate::Isolated,
        };
    }
    let width = NEIGHBOURHOOD * shared;
    let below = &sorted[own.start.saturating_sub(width)..own.start];
    let above = &sorted[own.end..(own.end + width).min(sorted.len())];
    let spread = |rows: &[f64]| match rows {
        [first, .., last] => last - first,
        _ => 0.0,
    };
    if reach > spread(below).max(spread(above)).max(1.5 * step) {
        Fate::Isolated
    } else {
        Fate::Loose
    }
}

/// Neighbouring numbers that few rows share, between two common ones, isolated ones or the ends of
/// the column.
struct Stretch<'a> {
    sorted: &'a [f64],
    shared: usize,
    rows_per_cell: usize,
    /// The common numbers next to it, if it is they that end it.
    around: (Option<f64>, Option<f64>),
}

impl Stretch<'_> {
    fn divide(
        &self,
        distinct: &[Distinct],
        range: std::ops::Range<usize>,
        cells: &mut Vec<Vec<f64>>,
        cell_of: &mut [Option<u32>],
    ) {
        let rows = distinct[range.end - 1].end - distinct[range.start].start;
        let inside = self.around.0.is_some() && self.around.1.is_some();
        if rows < self.shared && !inside {
            // At an end of the column or beside a gap too few rows support each other; they count
            // for the nearest cell.
            return;
        }
        let pieces = (rows / self.rows_per_cell).max(1);
        let (mut first, mut made) = (range.start, 0);
        let start = distinct[range.start].start;
        for index in range.clone() {
            let reached = (distinct[index].end - start) * pieces / rows;
            if reached > made || index + 1 == range.end {
                let low = match first == range.start {
                    true => self.around.0,
                    false => Some(distinct[first - 1].number),
                };
                let high = match index + 1 == range.end {
                    true => self.around.1,
                    false => Some(distinct[index + 1].number),
                };
                let rows = &self.sorted[distinct[first].start..distinct[index].end];
                let cell = cells.len() as u32;
                cell_of[first..=index].fill(Some(cell));
                cells.push(knots(rows, low, high));
                first = index + 1;
                made = reached;
            }
        }
    }
}

/// The line through a cell: from half-way to the number below (but not farther than rows of the
/// cell are apart on average) over midpoints of neighbouring rows to half-way to the number above.
/// At an end of the column it begins between the two outermost rows.
fn knots(rows: &[f64], below: Option<f64>, above: Option<f64>) -> Vec<f64> {
    let (first, last) = (rows[0], rows[rows.len() - 1]);
    // Rows that share one number say nothing about how far neighbours are apart.
    let apart = if last > first {
        (last - first) / (rows.len() - 1) as f64
    } else {
        f64::INFINITY
    };
    let between = |row: usize| f64::midpoint(rows[row], rows[row + 1]);
    let mut knots = Vec::with_capacity(PIECES + 1);
    match below {
        Some(below) => knots.push(f64::midpoint(below, first).max(first - apart)),
        None if rows.len() > 1 => knots.push(between(0)),
        None => {}
    }
    let inner = rows.len().saturating_sub(1);
    let pieces = PIECES.min(inner);
    for piece in 1..pieces {
        knots.push(between(piece * inner / pieces));
    }
    match above {
        Some(above) => knots.push(f64::midpoint(last, above).min(last + apart)),
        None if rows.len() > 1 => knots.push(between(rows.len() - 2)),
        None => {}
    }
    if knots.is_empty() {
        knots.push(first);
    }
    knots
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cells(sorted: &[f64]) -> (ValueCells, Vec<(f64, u32)>) {
        ValueCells::of(sorted, Some(Grid::Decimals(0)), 3, Smoothing::Neighbours)
    }

    fn draws(cells: &ValueCells) -> Vec<f64> {
        let shares = (0..=50).map(|share| f64::from(share) / 50.0);
        let one = |cell: usize| shares.clone().map(move |share| (cell as u32, share));
        let mut all: Vec<f64> = (0..cells.cells.len())
            .flat_map(one)
            .map(|(c, s)| cells.draw(c, s))
            .collect();
        all.sort_unstable_by(f64::total_cmp);
        all
    }

    #[test]
    fn numbers_that_enough_rows_share_are_repeated() {
        let sorted = [1.0, 1.0, 1.0, 2.0, 2.0, 2.0, 2.0, 9.0, 9.0, 9.0];
        let (cells, of) = cells(&sorted);
        assert_eq!(cells.cells, [vec![1.0], vec![2.0], vec![9.0]]);
        assert_eq!(of, [(1.0, 0), (2.0, 1), (9.0, 2)]);
    }

    #[test]
    fn a_person_far_from_all_others_is_pulled_to_where_others_are() {
        let mut sorted: Vec<f64> = (0..1_000).map(|row| f64::from(row) * 10.0).collect();
        sorted.push(5_000_000.0);
        sorted.insert(0, -77_777.0);
        let (cells, _) = cells(&sorted);
        let all = draws(&cells);
        assert!(
            all[0] >= 0.0 && all[all.len() - 1] <= 9_990.0,
            "{} {}",
            all[0],
            all[all.len() - 1]
        );
    }

    #[test]
    fn a_gap_is_not_bridged() {
        let mut sorted: Vec<f64> = (0..300).map(f64::from).collect();
        sorted.push(5_000.0);
        sorted.extend((0..300).map(|row| 10_000.0 + f64::from(row)));
        let (cells, _) = cells(&sorted);
        let between = draws(&cells)
            .iter()
            .filter(|&&x| x > 310.0 && x < 9_990.0)
            .count();
        // One cell holds rows from both sides of the gap: its line has one piece of eight across.
        assert!(between <= 8, "{between}");
    }

    #[test]
    fn two_rows_between_common_numbers_stay_between_them() {
        let mut sorted = vec![56.0; 5];
        sorted.extend([57.0, 57.0]);
        sorted.extend([58.0; 5]);
        sorted.push(70.0);
        let (cells, of) = cells(&sorted);
        assert_eq!(cells.cells[1], [56.5, 57.5]);
        assert_eq!(
            of[3],
            (70.0, 2),
            "the last row counts for the common number below"
        );
    }

    #[test]
    fn a_few_rows_give_their_mean() {
        assert_eq!(cells(&[4.0]).0.cells, [[4.0]]);
        assert_eq!(cells(&[4.0, 8.0]).0.cells, [[6.0]]);
        assert!(cells(&[]).0.cells.is_empty());
    }

    #[test]
    fn groups_have_equal_rows_and_draws_stay_in_them() {
        let sorted: Vec<f64> = (0..1_000).map(|row| f64::from(row / 2)).collect();
        let (cells, of) = ValueCells::grouped(&sorted, Some(Grid::Decimals(0)), 7, 5);
        assert_eq!(cells.cells.len(), 5);
        for group in 0..5 {
            let held: Vec<f64> = of
                .iter()
                .filter(|(_, g)| *g == group)
                .map(|(x, _)| *x)
                .collect();
            assert!((80..=120).contains(&held.len()), "{}", held.len());
            for share in [0.0, 0.3, 0.5, 0.99, 1.0] {
                let drawn = cells.draw(group, share);
                assert!(drawn >= held[0] - 8.0 && drawn <= held[held.len() - 1] + 8.0);
                let expected = held[0] + share * held.len() as f64;
                assert!(
                    (drawn - expected).abs() < 10.0,
                    "{drawn} against {expected}"
                );
            }
        }
    }

    #[test]
    fn a_density_reaches_no_farther_than_the_numbers_it_smooths() {
        let sorted: Vec<f64> = (0..500).map(|row| f64::from(row).powi(2)).collect();
        let (cells, _) = ValueCells::of(&sorted, None, 7, Smoothing::Density);
        let (plain, _) = ValueCells::of(&sorted, None, 7, Smoothing::Neighbours);
        let all = draws(&cells);
        assert!(all[0] >= 0.0 && all[all.len() - 1] <= 499.0 * 499.0);
        assert!(all.iter().all(|x| x.is_finite()) && cells != plain);
    }

    #[test]
    fn draws_of_many_rows_keep_their_distribution() {
        let sorted: Vec<f64> = (0..10_000)
            .map(|row| f64::from(row) * f64::from(row))
            .collect();
        let (cells, of) = cells(&sorted);
        assert!(
            (150..=250).contains(&cells.cells.len()),
            "{}",
            cells.cells.len()
        );
        for (number, cell) in of {
            let (low, high) = (cells.draw(cell, 0.0), cells.draw(cell, 1.0));
            // A cell is half a per cent of the rows: 50 steps of the square root.
            assert!(high.sqrt() - low.sqrt() <= 110.0 && low.sqrt() <= number.sqrt() + 110.0);
        }
    }
}
