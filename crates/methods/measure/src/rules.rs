//! Rules about codes: kept when levels are merged, in the fit and in the rows.
//!
//! Levels that a rule tells apart are never merged, so that a rule about levels is the same rule
//! about groups of them: a table with minus infinity where nothing can be. The exception are
//! functional dependencies ("the area determines the region"): regions may merge as they like,
//! areas merge within merged regions, and the region of a row is read off its area in the end. No
//! table of areas times regions is needed.

use std::collections::BTreeMap;

use parable_core::{FitError, Publication};
use parable_domain::{AttrSet, Domain};
use parable_encode::CodeRule;
use parable_pgm::{Factor, Groups, ModelError};

/// A functional dependency: position of the determining column, of the determined one, and the code
/// for each code.
pub type Dependency<'a> = (usize, usize, &'a [Option<u32>]);

/// Checks that rules, perhaps read from a file, fit the domain.
///
/// # Errors
/// [`FitError::Setting`] for a rule that names other columns or levels.
pub fn check(rules: &[CodeRule], domain: &Domain) -> Result<(), FitError> {
    let levels = |column: u32| {
        domain
            .attrs()
            .get(column as usize)
            .map(|attr| attr.levels as usize)
    };
    let below = |codes: &[u32], column: u32| {
        levels(column).is_some_and(|levels| codes.iter().all(|&code| (code as usize) < levels))
    };
    let fits = rules.iter().all(|rule| match rule {
        CodeRule::Never { all } => {
            let set = AttrSet::new(all.iter().map(|set| set.column));
            set.len() == all.len()
                && !all.is_empty()
                && all.iter().all(|set| below(&set.codes, set.column))
        }
        CodeRule::Determines { by, column, codes } => {
            let known: Vec<u32> = codes.iter().copied().flatten().collect();
            by != column && levels(*by) == Some(codes.len()) && below(&known, *column)
        }
        CodeRule::AtMost {
            left,
            right,
            left_values,
            right_values,
        } => {
            left != right
                && levels(*left) == Some(left_values.len())
                && levels(*right) == Some(right_values.len())
        }
        _ => false,
    });
    if fits {
        Ok(())
    } else {
        Err(FitError::setting(
            "rules",
            "a rule does not fit the columns it names",
        ))
    }
}

/// Returns the dependencies whose determined column is read off the determining one, sources first:
/// those that make no circle and whose determined column nothing else determines. The other ones
/// hold all the same, as rules that forbid combinations.
#[must_use]
pub fn dependencies(rules: &[CodeRule]) -> Vec<Dependency<'_>> {
    let mut kept: Vec<Dependency<'_>> = Vec::new();
    for rule in rules {
        let CodeRule::Determines { by, column, codes } = rule else {
            continue;
        };
        let (by, column) = (*by as usize, *column as usize);
        let others = rules.iter().filter(|other| {
            matches!(other, CodeRule::Determines { column: own, .. } if *own as usize == column)
        });
        let mut reached = vec![column];
        let mut next = 0;
        while next < reached.len() {
            let from = reached[next];
            reached.extend(kept.iter().filter(|own| own.0 == from).map(|own| own.1));
            next += 1;
        }
        if others.count() == 1 && !reached.contains(&by) {
            kept.push((by, column, codes));
        }
    }
    // Sources first: no dependency before one that determines its source.
    let mut ordered: Vec<Dependency<'_>> = Vec::with_capacity(kept.len());
    while !kept.is_empty() {
        let free = kept
            .iter()
            .position(|own| !kept.iter().any(|other| other.1 == own.0))
            .unwrap_or(0);
        ordered.push(kept.remove(free));
    }
    ordered
}

/// Merges rare levels: for each column the merged level of every level.
///
/// Groups hold at least `least(column)` rows where possible; none joins levels that a rule tells
/// apart.
#[must_use]
pub fn merge(
    publication: &Publication,
    levels: &[Vec<f64>],
    least: impl Fn(usize) -> f64,
) -> Vec<Vec<u32>> {
    let rules = &publication.rules;
    let read_off = dependencies(rules);
    let mut maps: Vec<Vec<u32>> = vec![Vec::new(); levels.len()];
    // Determined columns before those that determine them.
    let mut order: Vec<usize> = read_off.iter().rev().map(|own| own.1).collect();
    order.extend((0..levels.len()).filter(|column| !read_off.iter().any(|own| own.1 == *column)));
    for column in order {
        let classes = classes(rules, &read_off, column, levels[column].len(), &maps);
        let ordered = publication.ordered[column] as usize;
        maps[column] = Groups::within(levels[column].clone(), &classes, ordered, least(column)).of;
    }
    maps
}

/// For each level of a column what the rules say about it, as a number.
fn classes(
    rules: &[CodeRule],
    read_off: &[Dependency<'_>],
    column: usize,
    levels: usize,
    maps: &[Vec<u32>],
) -> Vec<u32> {
    let mut marks: Vec<Vec<u32>> = vec![Vec::new(); levels];
    for rule in rules {
        match rule {
            CodeRule::Never { all } => {
                if let Some(set) = all.iter().find(|set| set.column as usize == column) {
                    let mut inside = vec![0; levels];
                    set.codes.iter().for_each(|&code| inside[code as usize] = 1);
                    marks
                        .iter_mut()
                        .zip(inside)
                        .for_each(|(mark, is)| mark.push(is));
                }
            }
            CodeRule::Determines {
                by,
                column: determined,
                codes,
            } => {
                let (by, determined) = (*by as usize, *determined as usize);
                let merged = read_off
                    .iter()
                    .any(|own| (own.0, own.1) == (by, determined));
                for (level, mark) in marks.iter_mut().enumerate() {
                    if by == column {
                        // 0 where nothing is determined.
                        mark.push(codes[level].map_or(0, |code| {
                            1 + if merged {
                                maps[determined][code as usize]
                            } else {
                                code
                            }
                        }));
                    } else if determined == column && !merged {
                        mark.push(level as u32);
                    }
                }
            }
            _ => {}
        }
    }
    let mut known: BTreeMap<&[u32], u32> = BTreeMap::new();
    marks
        .iter()
        .map(|mark| {
            let next = known.len() as u32;
            *known.entry(mark).or_insert(next)
        })
        .collect()
}

/// Returns the rules about merged levels: for each set of columns which combinations are possible.
///
/// Rules that need a table of more than `most` cells are left out; their positions are the second
/// answer.
///
/// # Errors
/// A rule about columns that the domain does not have.
pub fn factors(
    publication: &Publication,
    merged: &Domain,
    most: u64,
) -> Result<(Vec<Factor>, Vec<usize>), ModelError> {
    let mut tables: BTreeMap<AttrSet, Vec<bool>> = BTreeMap::new();
    let mut left = Vec::new();
    for (index, rule) in publication.rules.iter().enumerate() {
        let set = AttrSet::new(rule.columns());
        let cells = merged.cells(&set)?;
        if cells > u128::from(most) {
            left.push(index);
            continue;
        }
        let levels = merged.levels(&set)?;
        let table = tables
            .entry(set.clone())
            .or_insert_with(|| vec![true; cells as usize]);
        let test = Test::new(rule, &set, &publication.merged);
        let mut codes = vec![0u32; levels.len()];
        for allowed in table.iter_mut() {
            *allowed &= test.allows(&codes);
            for position in (0..codes.len()).rev() {
                codes[position] += 1;
                if codes[position] < levels[position] {
                    break;
                }
                codes[position] = 0;
            }
        }
    }
    let factors = tables
        .into_iter()
        .filter(|(_, allowed)| allowed.contains(&false))
        .map(|(set, allowed)| Factor::allowed(merged, set, &allowed))
        .collect::<Result<_, _>>()?;
    Ok((factors, left))
}

/// A rule about groups; codes come in the order of the columns' positions.
enum Test {
    /// Which groups of each column it excludes together.
    Never(Vec<Vec<bool>>),
    /// Place of the determining column among the codes, of the determined one, and the group for
    /// each group.
    Determines(usize, usize, Vec<Option<u32>>),
    /// The places, the smallest left value of each group and the largest right one; nothing where a
    /// member has none.
    AtMost(usize, usize, Vec<Option<f64>>, Vec<Option<f64>>),
}

impl Test {
    fn new(rule: &CodeRule, set: &AttrSet, maps: &[Vec<u32>]) -> Self {
        let place = |column: u32| set.iter().position(|attr| attr == column).unwrap_or(0);
        let groups = |column: u32| {
            let map = &maps[column as usize];
            map.iter().max().map_or(0, |&group| group as usize + 1)
        };
        match rule {
            CodeRule::Never { all } => {
                let mut masks = vec![Vec::new(); all.len()];
                for own in all {
                    let mut mask = vec![false; groups(own.column)];
                    for &code in &own.codes {
                        mask[maps[own.column as usize][code as usize] as usize] = true;
                    }
                    masks[place(own.column)] = mask;
                }
                Self::Never(masks)
            }
            CodeRule::Determines { by, column, codes } => {
                let mut target = vec![None; groups(*by)];
                for (&group, code) in maps[*by as usize].iter().zip(codes) {
                    target[group as usize] = code.map(|code| maps[*column as usize][code as usize]);
                }
                Self::Determines(place(*by), place(*column), target)
            }
            CodeRule::AtMost {
                left,
                right,
                left_values,
                right_values,
            } => {
                let ends = |column: u32, values: &[Option<(f64, f64)>], high: bool| {
                    let mut ends: Vec<Option<f64>> = vec![Some(f64::NAN); groups(column)];
                    for (&group, value) in maps[column as usize].iter().zip(values) {
                        let end = &mut ends[group as usize];
                        *end = match (*end, value) {
                            // The minimum of NaN and a number is the number.
                            (Some(end), Some((_, own))) if high => Some(end.max(*own)),
                            (Some(end), Some((own, _))) => Some(end.min(*own)),
                            _ => None,
                        };
                    }
                    ends
                };
                Self::AtMost(
                    place(*left),
                    place(*right),
                    ends(*left, left_values, false),
                    ends(*right, right_values, true),
                )
            }
            _ => Self::Never(Vec::new()),
        }
    }

    fn allows(&self, codes: &[u32]) -> bool {
        match self {
            Self::Never(masks) => {
                masks.is_empty()
                    || masks
                        .iter()
                        .zip(codes)
                        .any(|(mask, &code)| !mask[code as usize])
            }
            Self::Determines(by, column, target) => {
                target[codes[*by] as usize].is_none_or(|group| group == codes[*column])
            }
            Self::AtMost(left, right, low, high) => {
                match (low[codes[*left] as usize], high[codes[*right] as usize]) {
                    (Some(low), Some(high)) => low <= high,
                    _ => true,
                }
            }
        }
    }
}

/// Reads determined columns off those that determine them.
pub fn read_off(dependencies: &[(usize, usize, Vec<Option<u32>>)], columns: &mut [Vec<u32>]) {
    for (by, column, codes) in dependencies {
        let determined: Vec<Option<u32>> = columns[*by]
            .iter()
            .map(|&code| codes[code as usize])
            .collect();
        for (code, determined) in columns[*column].iter_mut().zip(determined) {
            *code = determined.unwrap_or(*code);
        }
    }
}

/// Reconciles estimates of columns with those of the columns that determine them.
///
/// What is known of a region, from its own count and from the sum of its areas, is combined by
/// precision.
pub fn agree(rules: &[CodeRule], levels: &mut [Vec<f64>], sigmas: &[f64], rows: f64) {
    for (by, column, codes) in dependencies(rules) {
        let (fine, coarse) = (sigmas[by], sigmas[column]);
        if !fine.is_finite() || !coarse.is_finite() {
            continue;
        }
        let mut sums = vec![0.0; levels[column].len()];
        let mut members = vec![0.0; levels[column].len()];
        let mut free = 0.0;
        for (code, &own) in codes.iter().zip(&levels[by]) {
            match code {
                Some(code) => {
                    sums[*code as usize] += own;
                    members[*code as usize] += 1.0;
                }
                None => free += own,
            }
        }
        let mut factors = vec![0.0; sums.len()];
        for (code, total) in sums.iter_mut().enumerate() {
            let sum = *total;
            if members[code] == 0.0 {
                continue;
            }
            // Rows whose determining value is missing are spread as all are.
            let elsewhere = free * levels[column][code] / rows;
            let by_sum = 1.0 / (members[code] * fine * fine);
            let own = 1.0 / (coarse * coarse);
            let seen = (levels[column][code] - elsewhere).max(0.0);
            let both = (sum * by_sum + seen * own) / (by_sum + own);
            levels[column][code] = both + elsewhere;
            factors[code] = if sum > 0.0 { both / sum } else { 0.0 };
            *total = both;
        }
        for (code, own) in codes.iter().zip(&mut levels[by]) {
            if let Some(code) = code {
                let code = *code as usize;
                *own = if factors[code] > 0.0 {
                    *own * factors[code]
                } else {
                    sums[code] / members[code]
                };
            }
        }
        for own in [by, column] {
            let sum: f64 = levels[own].iter().sum();
            if sum > 0.0 {
                levels[own]
                    .iter_mut()
                    .for_each(|level| *level *= rows / sum);
            }
        }
    }
}
