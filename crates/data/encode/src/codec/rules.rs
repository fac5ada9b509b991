//! The rules of a schema as rules about codes, for methods that count.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::bins::{self, Bin};
use super::{Codec, CodecError, ColumnCodec, ValueCodes};
use parable_table::constraints::{OneValue, Predicate, ResolvedRule, Test};
use parable_table::{Constraint, Grid};

/// A rule about the codes of a row.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "rule", rename_all = "snake_case", deny_unknown_fields)]
#[non_exhaustive]
pub enum CodeRule {
    /// No row has a code of each of these sets at once. No column comes twice.
    Never {
        /// The sets, by column.
        all: Vec<CodeSet>,
    },
    /// The code of one column determines that of another.
    Determines {
        /// Position of the determining column.
        by: u32,
        /// Position of the determined column.
        column: u32,
        /// For each code of the determining column the one it determines; nothing where all are
        /// possible.
        codes: Vec<Option<u32>>,
    },
    /// The value of the left column is at most that of the right one, where both have one.
    AtMost {
        /// Position of the left column.
        left: u32,
        /// Position of the right column.
        right: u32,
        /// Smallest and largest value behind each code of the left column; nothing for missing
        /// values.
        left_values: Vec<Option<(f64, f64)>>,
        /// The same for the right column.
        right_values: Vec<Option<(f64, f64)>>,
    },
}

/// Codes of one column.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CodeSet {
    /// Position of the column.
    pub column: u32,
    /// The codes, ascending.
    pub codes: Vec<u32>,
}

/// The result of [`Codec::rules`].
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct CodeRules {
    /// The rules that codes can keep.
    pub rules: Vec<CodeRule>,
    /// Positions, in the schema's list, of the rules that codes keep only in part or not at all: a
    /// bin holds values on both sides of a bound, or nothing says which value belongs to which.
    /// Rules about clusters are not among them.
    pub left: Vec<usize>,
}

/// Cells of the largest table of pairs that is looked through for a functional dependency.
const MOST_CELLS: usize = 1 << 24;

impl CodeRule {
    /// Positions of the columns the rule is about.
    #[must_use]
    pub fn columns(&self) -> Vec<u32> {
        match self {
            Self::Never { all } => all.iter().map(|set| set.column).collect(),
            Self::Determines { by, column, .. } => vec![*by, *column],
            Self::AtMost { left, right, .. } => vec![*left, *right],
        }
    }
}

impl Codec {
    /// The rules of the schema, as far as they can be said about codes. Conditions that together
    /// leave one code of a column for each value of another ("areas A, B and C lie in region 1",
    /// and so on) become a functional dependency.
    ///
    /// # Errors
    /// A rule does not fit the columns it names.
    pub fn rules(&self) -> Result<CodeRules, CodecError> {
        let mut found = CodeRules::default();
        for (index, constraint) in self.schema().constraints().iter().enumerate() {
            if matches!(constraint, Constraint::ClusterConstant { .. }) {
                continue;
            }
            let rule = ResolvedRule::new(constraint, self.schema(), index)?;
            let whole = !matches!(
                rule,
                ResolvedRule::AtMost { .. } | ResolvedRule::Determines { .. }
            );
            match self.coded(&rule) {
                Some(mut rules) => {
                    found.rules.append(&mut rules);
                    if !whole {
                        found.left.push(index);
                    }
                }
                None => found.left.push(index),
            }
        }
        found.rules = self.with_dependencies(found.rules);
        Ok(found)
    }

    /// The codec with its bins cut wherever a rule of the schema draws a line, so that no bin lies
    /// on both sides.
    ///
    /// # Errors
    /// A rule does not fit the columns it names.
    pub fn cut_at_rules(&self) -> Result<Self, CodecError> {
        let mut columns = self.columns().to_vec();
        for (index, constraint) in self.schema().constraints().iter().enumerate() {
            let cuts = match ResolvedRule::new(constraint, self.schema(), index)? {
                ResolvedRule::Range { column, min, max } => vec![(column, min, max)],
                ResolvedRule::When { condition, then } => cuts_of(&[condition, then]),
                ResolvedRule::Never { all } => cuts_of(&all),
                _ => Vec::new(),
            };
            for (column, from, to) in cuts {
                let grid = bins::grid(&self.schema().fields()[column]);
                if let ValueCodes::Bins(bins) = &mut columns[column].values {
                    *bins = bins
                        .iter()
                        .flat_map(|bin| split(*bin, from, grid, false))
                        .flat_map(|bin| split(bin, to, grid, true))
                        .collect();
                    // Bins without a grid share their ends: what is cut off a bin at its end
                    // belongs to the next.
                    bins.dedup_by(|next, bin| {
                        let same = next.low <= bin.low;
                        if same {
                            bin.high = bin.high.max(next.high);
                        }
                        same
                    });
                }
            }
        }
        Self::new(self.schema().clone(), columns)
    }

    /// A resolved rule as rules about codes; `None` if a bin lies on both sides of it.
    fn coded(&self, rule: &ResolvedRule) -> Option<Vec<CodeRule>> {
        let never = |masks: Vec<(usize, Vec<bool>)>| -> Vec<CodeRule> {
            let mut sets: BTreeMap<usize, Vec<bool>> = BTreeMap::new();
            for (column, mask) in masks {
                let own = sets.entry(column).or_insert_with(|| vec![true; mask.len()]);
                own.iter_mut().zip(mask).for_each(|(own, is)| *own &= is);
            }
            let codes = |mask: &[bool]| -> Vec<u32> {
                (0u32..)
                    .zip(mask)
                    .filter(|(_, is)| **is)
                    .map(|(code, _)| code)
                    .collect()
            };
            let all: Vec<CodeSet> = sets
                .iter()
                .map(|(&column, mask)| CodeSet {
                    column: column as u32,
                    codes: codes(mask),
                })
                .collect();
            // A condition that never holds excludes nothing.
            if all.is_empty() || all.iter().any(|set| set.codes.is_empty()) {
                return Vec::new();
            }
            vec![CodeRule::Never { all }]
        };
        let no = |(column, mask): (usize, Vec<bool>)| (column, mask.iter().map(|is| !is).collect());
        match rule {
            ResolvedRule::Range { column, min, max } => {
                let codec = &self.columns()[*column];
                let inside = codec.mask(&|bin| {
                    if bin.low >= *min && bin.high <= *max {
                        Some(true)
                    } else {
                        (bin.high < *min || bin.low > *max).then_some(false)
                    }
                })?;
                let present = (*column, codec.present());
                Some(never(vec![present, no((*column, inside))]))
            }
            ResolvedRule::Levels { column, allowed } => {
                let codec = &self.columns()[*column];
                let allowed = codec.codes_in(allowed);
                Some(never(vec![
                    (*column, codec.present()),
                    no((*column, allowed)),
                ]))
            }
            ResolvedRule::When { condition, then } => Some(never(vec![
                self.mask_of(condition)?,
                no(self.mask_of(then)?),
            ])),
            ResolvedRule::Never { all } => Some(never(
                all.iter()
                    .map(|own| self.mask_of(own))
                    .collect::<Option<_>>()?,
            )),
            ResolvedRule::OneHot { columns } => {
                let ones: Vec<(usize, Vec<bool>)> = columns
                    .iter()
                    .map(|&(column, one)| Some((column, self.columns()[column].ones(one)?)))
                    .collect::<Option<_>>()?;
                let mut rules = Vec::new();
                for (index, first) in ones.iter().enumerate() {
                    for second in &ones[index + 1..] {
                        rules.extend(never(vec![first.clone(), second.clone()]));
                    }
                }
                let zeros = ones.iter().flat_map(|one| {
                    let present = (one.0, self.columns()[one.0].present());
                    [present, no(one.clone())]
                });
                rules.extend(never(zeros.collect()));
                Some(rules)
            }
            ResolvedRule::AtMost { left, right } => {
                let values = |at: usize| -> Vec<Option<(f64, f64)>> {
                    let codec = &self.columns()[at];
                    let value = |code: u32| match &codec.values {
                        ValueCodes::Bins(bins) => {
                            bins.get(code as usize).map(|bin| (bin.low, bin.high))
                        }
                        ValueCodes::Levels(_) => (code < codec.value_codes())
                            .then_some((f64::from(code), f64::from(code))),
                    };
                    (0..codec.codes()).map(value).collect()
                };
                Some(vec![CodeRule::AtMost {
                    left: *left as u32,
                    right: *right as u32,
                    left_values: values(*left),
                    right_values: values(*right),
                }])
            }
            ResolvedRule::Holds { condition } => self.zeros(condition),
            ResolvedRule::Determines { .. } => None,
        }
    }

    fn mask_of(&self, predicate: &Predicate) -> Option<(usize, Vec<bool>)> {
        let codec = &self.columns()[predicate.column];
        let mask = match &predicate.test {
            Test::Codes(codes) => codec.codes_in(codes),
            Test::Numbers(numbers) => codec.mask(&|bin| {
                let inside = numbers.iter().any(|n| (bin.low..=bin.high).contains(n));
                (!inside || bin.low == bin.high).then_some(inside)
            })?,
            Test::Below(value) => codec.below(*value)?,
            Test::AtLeast(value) => {
                let below = codec.below(*value)?;
                let present = codec.present();
                present
                    .iter()
                    .zip(below)
                    .map(|(&is, below)| is && !below)
                    .collect()
            }
            Test::Missing => codec.present().iter().map(|is| !is).collect(),
            Test::Present => codec.present(),
        };
        Some((predicate.column, mask))
    }

    /// Replaces rules about pairs of columns by a dependency where they leave exactly one code for
    /// every value.
    fn with_dependencies(&self, rules: Vec<CodeRule>) -> Vec<CodeRule> {
        let mut pairs: BTreeMap<(u32, u32), Vec<usize>> = BTreeMap::new();
        for (index, rule) in rules.iter().enumerate() {
            if let CodeRule::Never { all } = rule
                && let [first, second] = &all[..]
            {
                pairs
                    .entry((first.column, second.column))
                    .or_default()
                    .push(index);
            }
        }
        let mut replaced = Vec::new();
        let mut found = Vec::new();
        for ((first, second), members) in pairs {
            let codes = |at: u32| self.columns()[at as usize].codes() as usize;
            let (rows, width) = (codes(first), codes(second));
            if rows.saturating_mul(width) > MOST_CELLS {
                continue;
            }
            let mut allowed = vec![true; rows * width];
            for &member in &members {
                if let CodeRule::Never { all } = &rules[member] {
                    for &a in &all[0].codes {
                        for &b in &all[1].codes {
                            allowed[a as usize * width + b as usize] = false;
                        }
                    }
                }
            }
            let across = |by: u32, at: &dyn Fn(usize, usize) -> usize, others: usize| {
                let codec = &self.columns()[by as usize];
                let mut determined = Vec::with_capacity(codec.codes() as usize);
                for code in 0..codec.codes() as usize {
                    let mut open = (0..others).filter(|&other| allowed[at(code, other)]);
                    match (open.next(), open.count()) {
                        (Some(only), 0) => determined.push(Some(only as u32)),
                        (Some(_), more)
                            if more + 1 == others && code >= codec.value_codes() as usize =>
                        {
                            determined.push(None);
                        }
                        _ => return None,
                    }
                }
                Some(determined)
            };
            let forward =
                across(first, &|a, b| a * width + b, width).map(|codes| (first, second, codes));
            let backward =
                || across(second, &|b, a| a * width + b, rows).map(|codes| (second, first, codes));
            if let Some((by, column, codes)) = forward.or_else(backward) {
                found.push(CodeRule::Determines { by, column, codes });
                replaced.extend(members);
            }
        }
        let kept = rules.into_iter().enumerate();
        let kept = kept.filter(|(index, _)| !replaced.contains(index));
        kept.map(|(_, rule)| rule).chain(found).collect()
    }
}

impl ColumnCodec {
    /// For each code whether it stands for a value.
    fn present(&self) -> Vec<bool> {
        (0..self.codes())
            .map(|code| code < self.value_codes())
            .collect()
    }

    fn codes_in(&self, codes: &[u32]) -> Vec<bool> {
        let present = self.present();
        (0u32..)
            .zip(present)
            .map(|(code, is)| is && codes.contains(&code))
            .collect()
    }

    /// For each code whether all its values pass a test; `None` if of some code only a part does.
    /// Missing values pass none.
    fn mask(&self, test: &dyn Fn(&Bin) -> Option<bool>) -> Option<Vec<bool>> {
        let mut mask = match &self.values {
            ValueCodes::Bins(bins) => bins.iter().map(test).collect::<Option<Vec<bool>>>()?,
            ValueCodes::Levels(levels) => vec![false; levels.len()],
        };
        mask.resize(self.codes() as usize, false);
        Some(mask)
    }

    fn below(&self, value: f64) -> Option<Vec<bool>> {
        self.mask(&|bin| {
            if bin.high < value {
                Some(true)
            } else {
                (bin.low >= value).then_some(false)
            }
        })
    }

    fn ones(&self, one: OneValue) -> Option<Vec<bool>> {
        match one {
            OneValue::Code(code) => Some(self.codes_in(&[code])),
            OneValue::Number => self.mask(&|bin| {
                let inside = (bin.low..=bin.high).contains(&1.0);
                (!inside || bin.low == bin.high).then_some(inside)
            }),
        }
    }
}

/// Columns with the stretches of numbers that conditions tell apart from the rest.
fn cuts_of(predicates: &[Predicate]) -> Vec<(usize, f64, f64)> {
    let mut cuts = Vec::new();
    for predicate in predicates {
        match &predicate.test {
            Test::Numbers(numbers) => {
                cuts.extend(
                    numbers
                        .iter()
                        .map(|&number| (predicate.column, number, number)),
                );
            }
            Test::Below(value) | Test::AtLeast(value) => {
                cuts.push((predicate.column, *value, f64::INFINITY));
            }
            _ => {}
        }
    }
    cuts
}

/// A bin cut in two: before a number and from it on, or up to it and behind it.
fn split(bin: Bin, at: f64, grid: Option<Grid>, behind: bool) -> Vec<Bin> {
    let outside = |number: f64| if behind { number > at } else { number >= at };
    if outside(bin.low) || !outside(bin.high) || !at.is_finite() {
        return vec![bin];
    }
    let (before, after) = match grid {
        Some(grid) => {
            // The nearest point is at most half a step away.
            let mut after = grid.round(at);
            if !outside(after) {
                after = grid.round(after + grid.step());
            }
            (grid.round(after - grid.step()), after)
        }
        None if behind => (at, at.next_up()),
        None => (at.next_down(), at),
    };
    let sound = |bin: &Bin| bin.low <= bin.high;
    [
        Bin {
            low: bin.low,
            high: before.min(bin.high),
        },
        Bin {
            low: after.max(bin.low),
            high: bin.high,
        },
    ]
    .into_iter()
    .filter(sound)
    .collect()
}
