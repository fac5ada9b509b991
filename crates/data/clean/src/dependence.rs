//! Finding columns that others determine.
//!
//! A column *y* is determined by *x* if rows with the same cell in *x* (missing counts as a cell)
//! have the same cell in *y*. Among few rows that happens by chance, so a find also has to be
//! *surprising*: were *y* independent of *x*, the probability of so many pure groups, `prod over
//! groups of sum over cells p(cell)^rows`, must be below 10^-9 after division by the number of
//! pairs tried. Bands of a numeric *x* with nearly as many values as rows have no pure groups to
//! speak of; there the surprise is that each cell of *y* covers one interval: `k! prod(m!) / m!`
//! over the distinct values of *x*. For pairs of determining columns the probability is taken given
//! each of them alone, so that the second column has to add something.

use std::collections::{BTreeMap, BTreeSet};

use rayon::prelude::*;

use super::chance::{chance_of_intervals, chance_of_purity};
use super::determined::{Determined, DeterminedBy, MapEntry};
use super::frame::Frame;
use super::levels::people;
use super::{Issue, IssueKind};
use parable_table::distinct::Distinct;
use parable_table::{Cell, Kind, Role};

/// Probability of a coincidence among all pairs that is accepted.
const COINCIDENCE: f64 = 1e-9;
/// Fewest rows per cell of a determining column, on average, for a list of entries.
const MIN_MEAN_ROWS: usize = 3;
/// Fewest people behind an entry that can be trusted, and smallest share of the rows with such an
/// entry.
const MIN_PEOPLE: usize = 3;
const MIN_FIRM: f64 = 0.9;
/// Most entries of a list, and most bands.
const MAX_ENTRIES: usize = 5_000;
const MAX_BANDS: usize = 100;
/// Largest share of rows whose determined cell may be absent without reason.
const MAX_ABSENT: f64 = 0.01;
/// Fewest rows per cell of a column that almost determines another, on average: with fewer, nearly
/// every column would.
const ALMOST_MEAN_ROWS: usize = 20;
/// Share of rows from which a column counts as almost determined.
const ALMOST: f64 = 0.99;
/// Largest tables of pairs of columns that are counted in search of almost determined columns.
const MAX_TABLE: usize = 200_000;
/// Most cells of a column determined by two others, and of those two.
const MAX_PAIR_CELLS: usize = 20;
const MAX_PAIR_LEVELS: usize = 40;
/// Above this many columns only neighbours are compared.
const ALL_PAIRS: usize = 400;
const NEIGHBOURS: usize = 40;

/// The result of the search: steps in the order in which they can be applied, and issues for the
/// data owner.
pub(super) struct Found {
    pub(super) steps: Vec<Determined>,
    pub(super) issues: Vec<Issue>,
}

/// A column seen by the search.
struct Candidate {
    cells: Distinct,
    counts: Vec<usize>,
    /// People per cell, where people have several rows; otherwise rows.
    people: Vec<usize>,
    determines: bool,
    determined: bool,
    keep: (u8, u8, u8, usize),
}

/// How one column determines another.
enum How {
    /// For each cell of x the cell of y.
    Map(Vec<u32>),
    /// For each value of x in order the cell of y; cuts where it changes.
    Cuts(Vec<u32>),
}

impl Candidate {
    /// Whether nearly all rows are of cells that enough people have: a list of the others would be
    /// one of people.
    fn generalises(&self) -> bool {
        let rows: usize = self.counts.iter().sum();
        let firm: usize = self
            .counts
            .iter()
            .zip(&self.people)
            .filter(|&(_, &people)| people >= MIN_PEOPLE)
            .map(|(&count, _)| count)
            .sum();
        firm as f64 >= MIN_FIRM * rows as f64
    }
}

struct Hit {
    by: usize,
    how: How,
    also_absent: f64,
}

/// Searches the frame; `created` are columns that no source column corresponds to.
pub(super) fn detect(frame: &Frame, created: &[String], pairs: bool) -> Found {
    let columns = frame.fields.len();
    let people = people(frame);
    let candidates: Vec<Option<Candidate>> = (0..columns)
        .into_par_iter()
        .map(|position| candidate(frame, position, created, people.as_ref()))
        .collect();
    let mut issues = Vec::new();
    if columns > ALL_PAIRS {
        issues.push(Issue::new(
            IssueKind::NotSearched,
            Vec::<String>::new(),
            0,
            format!(
                "with {columns} columns, determined columns were only looked for among the {NEIGHBOURS} neighbours on either side"
            ),
        ));
    }
    let near = |a: usize, b: usize| columns <= ALL_PAIRS || a.abs_diff(b) <= NEIGHBOURS;
    let threshold = COINCIDENCE.ln() - ((columns * columns).max(1) as f64).ln();
    // For each column every single column that determines it, best first.
    let hits: Vec<Vec<Hit>> = (0..columns)
        .into_par_iter()
        .map(|y| {
            let Some(target) = candidates[y].as_ref().filter(|c| c.determined) else {
                return Vec::new();
            };
            let mut hits: Vec<Hit> = (0..columns)
                .filter(|&x| x != y && near(x, y) && roles_allow(frame, x, y))
                .filter_map(|x| {
                    let source = candidates[x].as_ref().filter(|c| c.determines)?;
                    let numeric = frame.fields[x].kind.is_numeric();
                    let declared = is_declared(frame, x, y);
                    single(source, target, numeric, declared, threshold).map(
                        |(how, also_absent)| Hit {
                            by: x,
                            how,
                            also_absent,
                        },
                    )
                })
                .collect();
            let rank = |hit: &Hit| {
                let source = candidates[hit.by].as_ref().expect("hits are candidates");
                (
                    !is_declared(frame, hit.by, y),
                    source.cells.len(),
                    source.keep,
                )
            };
            hits.sort_by_key(rank);
            hits
        })
        .collect();
    let mut by: Vec<Option<Vec<usize>>> = vec![None; columns];
    let mut chosen: Vec<(usize, Determined)> = Vec::new();
    for y in 0..columns {
        let both_ways = |x: usize| hits[x].iter().any(|hit| hit.by == y);
        let keep = |column: usize| candidates[column].as_ref().map(|c| c.keep);
        let hit = hits[y].iter().find(|hit| {
            (!both_ways(hit.by) || keep(hit.by) < keep(y)) && !rests_on(&by, hit.by, y)
        });
        if let Some(hit) = hit {
            by[y] = Some(vec![hit.by]);
            chosen.push((y, step(frame, &candidates, y, hit)));
        }
    }
    if pairs && columns <= ALL_PAIRS {
        let open: Vec<usize> = (0..columns)
            .filter(|&y| {
                by[y].is_none()
                    && candidates[y].as_ref().is_some_and(|c| {
                        c.determined && (2..=MAX_PAIR_CELLS).contains(&c.cells.len())
                    })
            })
            .collect();
        let found: Vec<(usize, Option<[usize; 2]>)> = open
            .into_par_iter()
            .map(|y| (y, pair(frame, &candidates, &by, y, threshold)))
            .collect();
        for (y, pair) in found {
            if let Some(pair) = pair.filter(|pair| pair.iter().all(|&x| !rests_on(&by, x, y))) {
                by[y] = Some(pair.to_vec());
                chosen.push((y, pair_step(frame, &candidates, y, pair)));
            }
        }
    }
    issues.extend(almost(frame, &candidates, &by, &near));
    Found {
        steps: in_order(chosen, &by),
        issues,
    }
}

/// Steps in an order in which each finds the columns it rests on: those that nothing rests on go
/// first.
fn in_order(chosen: Vec<(usize, Determined)>, by: &[Option<Vec<usize>>]) -> Vec<Determined> {
    let mut resting = vec![0usize; by.len()];
    by.iter()
        .flatten()
        .flatten()
        .for_each(|&source| resting[source] += 1);
    let mut steps: BTreeMap<usize, Determined> = chosen.into_iter().collect();
    let mut free: BTreeSet<usize> = steps.keys().copied().filter(|&y| resting[y] == 0).collect();
    let mut order = Vec::with_capacity(steps.len());
    while let Some(y) = free.pop_first() {
        order.extend(steps.remove(&y));
        for &source in by[y].iter().flatten() {
            resting[source] -= 1;
            if resting[source] == 0 && steps.contains_key(&source) {
                free.insert(source);
            }
        }
    }
    order
}

/// Whether `column` is determined, directly or through others, by `base`.
fn rests_on(by: &[Option<Vec<usize>>], column: usize, base: usize) -> bool {
    column == base
        || by[column]
            .as_ref()
            .is_some_and(|sources| sources.iter().any(|&source| rests_on(by, source, base)))
}

fn candidate(
    frame: &Frame,
    position: usize,
    created: &[String],
    people: Option<&Distinct>,
) -> Option<Candidate> {
    let field = &frame.fields[position];
    if matches!(field.role, Role::UnitId | Role::ClusterId | Role::Weight)
        || matches!(field.kind, Kind::Text)
    {
        return None;
    }
    let cells = Distinct::of(&frame.columns[position]);
    let counts = cells.counts();
    let several = cells.values >= 1 && cells.len() >= 2;
    let people = people.map_or_else(|| counts.clone(), |people| people_per_cell(&cells, people));
    Some(Candidate {
        people,
        determines: several,
        determined: several && cells.len() <= MAX_ENTRIES,
        keep: keep_order(frame, position, created),
        cells,
        counts,
    })
}

fn people_per_cell(cells: &Distinct, people: &Distinct) -> Vec<usize> {
    let mut pairs: Vec<(u32, u32)> = cells
        .codes
        .iter()
        .copied()
        .zip(people.codes.iter().copied())
        .collect();
    pairs.sort_unstable();
    pairs.dedup();
    let mut counts = vec![0; cells.len()];
    pairs
        .iter()
        .for_each(|&(cell, _)| counts[cell as usize] += 1);
    counts
}

/// Of two columns that determine each other, the one that sorts first is kept.
fn keep_order(frame: &Frame, position: usize, created: &[String]) -> (u8, u8, u8, usize) {
    let field = &frame.fields[position];
    let role = match field.role {
        Role::Treatment | Role::Outcome => 0,
        Role::Descriptor { .. } => 2,
        _ => 1,
    };
    let made = u8::from(created.contains(&field.name));
    let words = match &field.kind {
        Kind::Boolean { .. } | Kind::Integer { .. } => 0,
        Kind::Nominal {
            levels: Some(levels),
        }
        | Kind::Ordinal {
            levels: Some(levels),
        } => {
            let number = |text: &str| text.trim().parse::<f64>().is_ok();
            if levels.value.iter().all(number) {
                0
            } else {
                1
            }
        }
        _ => 1,
    };
    (role, made, words, position)
}

/// Arms and outcomes are never worked out from anything but arms and outcomes.
fn roles_allow(frame: &Frame, x: usize, y: usize) -> bool {
    let (source, target) = (&frame.fields[x].role, &frame.fields[y].role);
    match target {
        Role::Treatment | Role::Outcome => source == target,
        _ => true,
    }
}

/// Whether the schema says that y describes x alone.
fn is_declared(frame: &Frame, x: usize, y: usize) -> bool {
    matches!(&frame.fields[y].role, Role::Descriptor { of } if of.len() == 1 && of[0] == frame.fields[x].name)
}

/// How x determines y, if it does and that is no coincidence.
fn single(
    source: &Candidate,
    target: &Candidate,
    numeric: bool,
    declared: bool,
    threshold: f64,
) -> Option<(How, f64)> {
    let (map, absent) = map_of(&source.cells.codes, source.cells.len(), &target.cells)?;
    let rows = source.cells.codes.len();
    if absent as f64 > MAX_ABSENT * rows as f64 {
        return None;
    }
    let given: usize = map
        .iter()
        .zip(&source.counts)
        .filter(|(cell, _)| !target.cells.is_missing(**cell))
        .map(|(_, &count)| count)
        .sum();
    let also_absent = if absent == 0 {
        0.0
    } else {
        absent as f64 / given as f64
    };
    let bands = &map[..source.cells.values];
    let changes = bands.windows(2).filter(|pair| pair[0] != pair[1]).count();
    let used = {
        let mut cells = bands.to_vec();
        cells.sort_unstable();
        cells.dedup();
        cells.len()
    };
    if numeric
        && used >= 2
        && changes + 1 == used
        && used <= MAX_BANDS
        && bands.len() >= 2 * used
        && (declared || chance_of_intervals(bands, used) < threshold)
    {
        return Some((How::Cuts(map), also_absent));
    }
    let repeated = source.counts.iter().filter(|&&count| count >= 2).count();
    let supported = source.cells.len() <= MAX_ENTRIES
        && rows >= MIN_MEAN_ROWS * source.cells.len()
        && 2 * repeated >= source.cells.len()
        && source.generalises();
    let shares = shares(&target.counts);
    let surprising = || chance_of_purity(&source.counts, &shares) < threshold;
    (declared || (supported && surprising())).then_some((How::Map(map), also_absent))
}

fn shares(counts: &[usize]) -> Vec<f64> {
    let rows: usize = counts.iter().sum();
    counts
        .iter()
        .map(|&count| count as f64 / rows as f64)
        .collect()
}

/// For each group the cell of y, and how many rows are absent against their group; `None` if a
/// group holds two values, or two reasons.
fn map_of(groups: &[u32], group_count: usize, target: &Distinct) -> Option<(Vec<u32>, usize)> {
    const UNSET: u32 = u32::MAX;
    // Value and missing cell of each group apart, so that a few absent cells do not hide a rule.
    let mut value = vec![UNSET; group_count];
    let mut reason = vec![UNSET; group_count];
    let mut mixed = false;
    for (&group, &cell) in groups.iter().zip(&target.codes) {
        let slot = if target.is_missing(cell) {
            &mut reason[group as usize]
        } else {
            &mut value[group as usize]
        };
        if *slot == UNSET {
            *slot = cell;
            mixed |= value[group as usize] != UNSET && reason[group as usize] != UNSET;
        } else if *slot != cell {
            return None;
        }
    }
    let mut absent = 0;
    if mixed {
        for (&group, &cell) in groups.iter().zip(&target.codes) {
            absent += usize::from(target.is_missing(cell) && value[group as usize] != UNSET);
        }
        // Only cells without a stated reason can be drawn again.
        let several = target.len() > target.values + 1;
        if several {
            return None;
        }
    }
    let map = value
        .into_iter()
        .zip(reason)
        .map(|(value, reason)| if value == UNSET { reason } else { value })
        .collect();
    Some((map, absent))
}

fn read(frame: &Frame, column: usize, row: usize) -> Cell {
    Cell::read(&frame.fields[column], &frame.columns[column], row)
}

/// The step that the hit stands for.
fn step(frame: &Frame, candidates: &[Option<Candidate>], y: usize, hit: &Hit) -> Determined {
    let source = &candidates[hit.by]
        .as_ref()
        .expect("hits are candidates")
        .cells;
    let target = &candidates[y].as_ref().expect("hits are candidates").cells;
    let when = |cell: usize| read(frame, hit.by, source.first_rows[cell]);
    let then = |cell: u32| read(frame, y, target.first_rows[cell as usize]);
    let entry = |(cell, &y): (usize, &u32)| MapEntry::new(vec![when(cell)], then(y));
    let rule = match &hit.how {
        How::Map(map) => DeterminedBy::Map {
            entries: map.iter().enumerate().map(entry).collect(),
        },
        How::Cuts(map) => {
            let bands = &map[..source.values];
            let mut cuts = Vec::new();
            let mut cells = vec![then(bands[0])];
            for upper in (1..bands.len()).filter(|&cell| bands[cell - 1] != bands[cell]) {
                let ends = (when(upper - 1).number(), when(upper).number());
                let (Some(low), Some(high)) = ends else {
                    unreachable!("values of a numeric column are numbers")
                };
                cuts.push(round_cut(low, high));
                cells.push(then(bands[upper]));
            }
            DeterminedBy::Cuts {
                cuts,
                cells,
                missing: map
                    .iter()
                    .enumerate()
                    .skip(source.values)
                    .map(entry)
                    .collect(),
            }
        }
    };
    Determined {
        column: frame.fields[y].clone(),
        by: vec![frame.fields[hit.by].name.clone()],
        rule,
        also_absent: hit.also_absent,
    }
}

/// The roundest number above `low` and not above `high`: people cut at 100 rather than at 99.7.
fn round_cut(low: f64, high: f64) -> f64 {
    for step in [1000.0, 100.0, 50.0, 10.0, 5.0, 1.0] {
        let candidate = ((low / step).floor() + 1.0) * step;
        if candidate > low && candidate <= high {
            return candidate;
        }
    }
    for decimals in 1..=12 {
        let scale = 10f64.powi(decimals);
        let candidate = ((low * scale).floor() + 1.0) / scale;
        if candidate > low && candidate <= high {
            return candidate;
        }
    }
    high
}

/// Two columns that determine y together, neither alone.
fn pair(
    frame: &Frame,
    candidates: &[Option<Candidate>],
    by: &[Option<Vec<usize>>],
    y: usize,
    threshold: f64,
) -> Option<[usize; 2]> {
    let target = candidates[y].as_ref()?;
    let rows = frame.rows;
    let usable: Vec<usize> = (0..candidates.len())
        .filter(|&x| x != y && roles_allow(frame, x, y) && !rests_on(by, x, y))
        // A column that follows from another adds nothing that the other does not.
        .filter(|&x| by[x].is_none())
        .filter(|&x| {
            candidates[x]
                .as_ref()
                .is_some_and(|c| c.determines && c.cells.len() <= MAX_PAIR_LEVELS)
        })
        .collect();
    let mut best: Option<([usize; 2], usize)> = None;
    for (index, &a) in usable.iter().enumerate() {
        for &b in &usable[index + 1..] {
            let (ca, cb) = (candidates[a].as_ref()?, candidates[b].as_ref()?);
            let combinations = ca.cells.len() * cb.cells.len();
            if combinations < target.cells.len()
                || best.is_some_and(|(_, fewest)| combinations >= fewest)
                || rows < MIN_MEAN_ROWS * combinations
            {
                continue;
            }
            let joint = |row: usize| {
                ca.cells.codes[row] as usize * cb.cells.len() + cb.cells.codes[row] as usize
            };
            // Where questions were skipped says whether others were asked; that is no description,
            // and models of missing values keep it.
            let skipped = |row: usize| {
                let gap = |cells: &Distinct| usize::from(cells.is_missing(cells.codes[row]));
                2 * gap(&ca.cells) + gap(&cb.cells)
            };
            let cells = &target.cells.codes;
            if !is_pure(rows, combinations, joint, cells) || is_pure(rows, 4, skipped, cells) {
                continue;
            }
            let given_a = chance_given(&ca.cells, &cb.cells, target);
            let given_b = chance_given(&cb.cells, &ca.cells, target);
            if given_a.max(given_b) < threshold {
                best = Some(([a, b], combinations));
            }
        }
    }
    best.map(|(pair, _)| pair)
}

fn is_pure(rows: usize, groups: usize, group: impl Fn(usize) -> usize, cells: &[u32]) -> bool {
    let mut first = vec![u32::MAX; groups];
    (0..rows).all(|row| {
        let first = &mut first[group(row)];
        if *first == u32::MAX {
            *first = cells[row];
        }
        *first == cells[row]
    })
}

/// Logarithm of the probability that the combinations are pure when y depends on `known` alone.
fn chance_given(known: &Distinct, other: &Distinct, target: &Candidate) -> f64 {
    let (ny, no) = (target.cells.len(), other.len());
    let mut table = vec![0usize; known.len() * ny];
    let mut sizes = vec![0usize; known.len() * no];
    for row in 0..known.codes.len() {
        let k = known.codes[row] as usize;
        table[k * ny + target.cells.codes[row] as usize] += 1;
        sizes[k * no + other.codes[row] as usize] += 1;
    }
    table
        .chunks(ny)
        .zip(sizes.chunks(no))
        .map(|(counts, sizes)| {
            let present: Vec<usize> = sizes.iter().copied().filter(|&size| size > 0).collect();
            chance_of_purity(&present, &shares(counts))
        })
        .sum()
}

fn pair_step(
    frame: &Frame,
    candidates: &[Option<Candidate>],
    y: usize,
    pair: [usize; 2],
) -> Determined {
    let cells = |x: usize| &candidates[x].as_ref().expect("pairs are candidates").cells;
    let (groups, count) = Distinct::combinations(&[cells(pair[0]), cells(pair[1])]);
    let mut first_rows = vec![usize::MAX; count];
    for (row, &group) in groups.iter().enumerate() {
        let first = &mut first_rows[group as usize];
        *first = (*first).min(row);
    }
    first_rows.retain(|&row| row != usize::MAX);
    first_rows.sort_by_key(|&row| pair.map(|x| cells(x).codes[row]));
    let entries = first_rows
        .into_iter()
        .map(|row| {
            let when = pair.iter().map(|&x| read(frame, x, row)).collect();
            MapEntry::new(when, read(frame, y, row))
        })
        .collect();
    Determined {
        column: frame.fields[y].clone(),
        by: pair.iter().map(|&x| frame.fields[x].name.clone()).collect(),
        rule: DeterminedBy::Map { entries },
        also_absent: 0.0,
    }
}

/// Columns that others determine in nearly every row, and columns declared to describe others that
/// do not.
fn almost(
    frame: &Frame,
    candidates: &[Option<Candidate>],
    by: &[Option<Vec<usize>>],
    near: &(dyn Fn(usize, usize) -> bool + Sync),
) -> Vec<Issue> {
    let rows = frame.rows;
    if rows == 0 {
        return Vec::new();
    }
    let name = |column: usize| frame.fields[column].name.clone();
    (0..candidates.len())
        .into_par_iter()
        .filter(|&y| by[y].is_none())
        .filter_map(|y| {
            if let Role::Descriptor { of } = &frame.fields[y].role {
                let columns = std::iter::once(name(y)).chain(of.iter().cloned());
                let message = format!(
                    "the schema says that `{}` describes {}, which do not determine it in every row; it is modelled like any column",
                    name(y),
                    of.join(" and ")
                );
                return Some(Issue::new(IssueKind::AlmostDetermined, columns, 0, message));
            }
            let target = candidates[y].as_ref().filter(|c| c.determined)?;
            let baseline = rows - target.counts.iter().copied().max().unwrap_or(0);
            let (x, errors) = (0..candidates.len())
                .filter(|&x| x != y && near(x, y) && !rests_on(by, x, y))
                .filter_map(|x| {
                    let source = candidates[x].as_ref().filter(|c| c.determines)?;
                    let fits = source.cells.len() * target.cells.len() <= MAX_TABLE
                        && rows >= ALMOST_MEAN_ROWS * source.cells.len()
                        // The reverse of a rule that is already used says nothing new.
                        && by[x].as_deref() != Some(&[y]);
                    fits.then(|| (x, errors(&source.cells, target)))
                })
                .min_by_key(|&(x, errors)| (errors, x))?;
            let close = errors > 0
                && errors as f64 <= (1.0 - ALMOST) * rows as f64
                && 10 * errors <= baseline;
            close.then(|| {
                let message = format!(
                    "`{}` follows from `{}` in all but {errors} of {rows} rows; if these are mistakes, mend them and it will be worked out, otherwise it is modelled like any column",
                    name(y),
                    name(x)
                );
                Issue::new(IssueKind::AlmostDetermined, [name(y), name(x)], errors, message)
            })
        })
        .collect()
}

/// How many rows differ from the most frequent cell of their group.
fn errors(source: &Distinct, target: &Candidate) -> usize {
    let ny = target.cells.len();
    let mut table = vec![0u32; source.len() * ny];
    for (&x, &y) in source.codes.iter().zip(&target.cells.codes) {
        table[x as usize * ny + y as usize] += 1;
    }
    let right: u64 = table
        .chunks(ny)
        .map(|counts| u64::from(counts.iter().copied().max().unwrap_or(0)))
        .sum();
    source.codes.len() - right as usize
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cuts_are_the_roundest_numbers_between_two_values() {
        for (low, high, cut) in [
            (99.7, 100.3, 100.0),
            (27.0, 28.0, 28.0),
            (0.123, 0.128, 0.124),
            (-3.0, 8.0, 0.0),
            (9.98, 10.0, 10.0),
            (0.1, 0.1 + 1e-16, 0.1 + 1e-16),
        ] {
            assert_eq!(round_cut(low, high), cut, "{low} {high}");
        }
    }

    #[test]
    fn chances_are_those_of_the_formula() {
        // Two groups of two rows, two equally frequent cells: each pure with probability 1/2.
        assert!((chance_of_purity(&[2, 2], &[0.5, 0.5]) - 0.25f64.ln()).abs() < 1e-12);
        // Three values in one band and two in another: 2 orders of 5!/(3! 2!) = 10.
        assert!((chance_of_intervals(&[0, 0, 0, 1, 1], 2) - 0.2f64.ln()).abs() < 1e-12);
        assert!(chance_of_purity(&[1_000_000], &[0.9, 0.1]).is_finite());
    }
}
