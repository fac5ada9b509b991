//! Groups of alike synthetic people who agree in a sensitive column, made diverse.
//!
//! Where all synthetic people of an age, sex and education have the same income, whoever knows
//! these three of a real person learns the fourth, or believes so: attribute disclosure, as counted
//! by DiSCO. Fidelity does not prevent it. Other people drawn from the same population disclose as
//! much, because some groups do agree. An owner who wants no such group in the release can have it
//! broken here.
//!
//! The aim is `l`-diversity with `l` = 2 (Machanavajjhala, Kifer, Gehrke & Venkitasubramaniam 2007)
//! for groups of at least `min_rows` rows; the means is data swapping (Dalenius & Reiss 1982): one
//! row of the group exchanges its value with the row most like it that has another one. Every
//! column keeps its values, tables of columns without the target stay as they are, and those with
//! it change little.
//!
//! Only synthetic rows are looked at, so that this costs no privacy budget, and protects no more
//! than it says.

use std::collections::{BTreeMap, HashMap};
use std::ops::ControlFlow;

use parable_seed::{Rng, Seed};
use parable_table::{Column, Kind, Role, Table, Values, digests};
use serde::{Deserialize, Serialize};

use crate::{Observer, Progress, SampleError};

/// Rows that are compared, at most, in search of the one most like a given row.
const CANDIDATES: usize = 2_048;
/// Groups between two words to the observer.
const TELL: usize = 64;

/// A sensitive column, and what an intruder may know.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Diversity {
    /// The sensitive column: nominal, ordinal or boolean.
    pub target: String,
    /// The columns that make a group: rows with the same values in all of them.
    pub keys: Vec<String>,
    /// Groups of fewer rows are left as they are. At least 2; default 20. The smaller, the more
    /// values move: on 32,561 rows of Adult with five keys 62 pairs with 20, and 197 with 10.
    #[serde(default = "default_rows")]
    pub min_rows: usize,
}

fn default_rows() -> usize {
    20
}

impl Diversity {
    /// Groups of at least 20 rows that agree in all `keys` shall not agree in `target`.
    #[must_use]
    pub fn new<S: Into<String>>(
        target: impl Into<String>,
        keys: impl IntoIterator<Item = S>,
    ) -> Self {
        Self {
            target: target.into(),
            keys: keys.into_iter().map(Into::into).collect(),
            min_rows: default_rows(),
        }
    }

    /// The same for groups of at least this many rows.
    #[must_use]
    pub fn with_min_rows(mut self, rows: usize) -> Self {
        self.min_rows = rows;
        self
    }
}

/// What was done for one [`Diversity`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Diversified {
    /// Groups that agreed in the target; one pair of values was exchanged for each.
    pub exchanged: usize,
    /// Groups that still agree, because no other row could give a value without making its own
    /// group agree.
    pub left: usize,
}

/// Exchanges values of sensitive columns until no group of `min_rows` rows with the same keys
/// agrees in the target; one answer per rule.
///
/// Targets are columns of `table`; keys are columns of `known`, which has the same rows: the table
/// itself, or what it is after columns were put back that follow from others. The same tables,
/// rules and seed give the same bytes. Groups without a value of the target are left: they tell
/// nothing.
///
/// # Errors
/// [`SampleError::Diversity`] for a column that is not there, a target that is no category or
/// belongs to clusters, a target among its own keys, no keys, `min_rows` below 2, or tables of
/// different lengths; [`SampleError::Cancelled`].
pub fn diversify(
    table: &Table,
    known: &Table,
    rules: &[Diversity],
    seed: &Seed,
    observer: &dyn Observer,
) -> Result<(Table, Vec<Diversified>), SampleError> {
    let mut columns = table.columns().to_vec();
    let mut answers = Vec::with_capacity(rules.len());
    for (index, rule) in rules.iter().enumerate() {
        let target = target(table, &columns, rule)?;
        let exchange = Exchange {
            columns: &columns,
            target,
            groups: Groups::of(known.columns(), &keys(table, known, rule)?),
            min_rows: rule.min_rows,
        };
        let seed = seed.stream("diversity").index(index as u64);
        let (values, answer) = exchange.run(&seed, observer)?;
        columns[target] = values;
        answers.push(answer);
    }
    Ok((Table::new(table.schema().clone(), columns)?, answers))
}

fn refused(column: &str, problem: &'static str) -> SampleError {
    SampleError::Diversity {
        column: column.to_owned(),
        problem,
    }
}

/// The position of a target that can be exchanged.
fn target(table: &Table, columns: &[Column], rule: &Diversity) -> Result<usize, SampleError> {
    let refuse = |problem| Err(refused(&rule.target, problem));
    let schema = table.schema();
    let Some(target) = schema.position(&rule.target) else {
        return refuse(
            "the model makes no such column; where it follows from another one, name that one",
        );
    };
    let field = &schema.fields()[target];
    if !matches!(
        field.kind,
        Kind::Nominal { .. } | Kind::Ordinal { .. } | Kind::Boolean { .. }
    ) {
        return refuse("only categories can be exchanged");
    }
    let names_something = matches!(
        field.role,
        Role::Treatment | Role::ClusterId | Role::UnitId | Role::Weight
    );
    if names_something || of_clusters(table, columns, target) {
        return refuse(
            "it belongs to clusters, or names units or arms; exchanging it between rows would tear them apart",
        );
    }
    if rule.min_rows < 2 {
        return refuse("a group has at least 2 rows");
    }
    Ok(target)
}

/// The positions of the keys.
fn keys(table: &Table, known: &Table, rule: &Diversity) -> Result<Vec<usize>, SampleError> {
    if rule.keys.is_empty() {
        return Err(refused(&rule.target, "there are no keys"));
    }
    if rule.keys.contains(&rule.target) {
        return Err(refused(&rule.target, "it is one of its own keys"));
    }
    if known.rows() != table.rows() {
        return Err(refused(
            &rule.target,
            "the table of keys has another number of rows",
        ));
    }
    let find = |name: &String| {
        let position = known.schema().position(name);
        position.ok_or_else(|| refused(name, "there is no such column"))
    };
    rule.keys.iter().map(find).collect()
}

/// Whether a column is the same in all rows of each cluster of some column that names clusters.
fn of_clusters(table: &Table, columns: &[Column], target: usize) -> bool {
    let values = digests(columns, &[target]);
    let fields = table.schema().fields().iter().enumerate();
    fields
        .filter(|(_, field)| field.role == Role::ClusterId)
        .any(|(cluster, _)| {
            let groups = Groups::of(columns, &[cluster]);
            let several = groups.rows.iter().filter(|rows| rows.len() > 1);
            let mut several = several.peekable();
            let same = |rows: &Vec<usize>| rows.iter().all(|&row| values[row] == values[rows[0]]);
            several.peek().is_some() && several.all(same)
        })
}

/// Rows by equal keys.
struct Groups {
    /// The group of each row.
    of: Vec<usize>,
    /// The rows of each group, groups in the order of their first row.
    rows: Vec<Vec<usize>>,
}

impl Groups {
    fn of(columns: &[Column], keys: &[usize]) -> Self {
        let mut known: HashMap<u64, usize> = HashMap::new();
        let mut rows: Vec<Vec<usize>> = Vec::new();
        let of = digests(columns, keys)
            .into_iter()
            .enumerate()
            .map(|(row, digest)| {
                let group = *known.entry(digest).or_insert_with(|| {
                    rows.push(Vec::new());
                    rows.len() - 1
                });
                rows[group].push(row);
                group
            })
            .collect();
        Self { of, rows }
    }

    /// The value that all rows of a group have, if they have one and the same.
    fn agreed(&self, group: usize, values: &[Option<u32>]) -> Option<u32> {
        let rows = &self.rows[group];
        let first = values[rows[0]]?;
        rows.iter()
            .all(|&row| values[row] == Some(first))
            .then_some(first)
    }

    /// Whether a group of at least `min_rows` agrees on `value` once `row` has it.
    fn would_agree(&self, row: usize, value: u32, min_rows: usize, values: &[Option<u32>]) -> bool {
        let rows = &self.rows[self.of[row]];
        rows.len() >= min_rows
            && rows
                .iter()
                .all(|&other| other == row || values[other] == Some(value))
    }
}

/// A sensitive column and the groups that shall not agree in it.
struct Exchange<'a> {
    columns: &'a [Column],
    target: usize,
    groups: Groups,
    min_rows: usize,
}

impl Exchange<'_> {
    /// Exchanges values between rows; returns the column and what was done.
    fn run(
        &self,
        seed: &Seed,
        observer: &dyn Observer,
    ) -> Result<(Column, Diversified), SampleError> {
        let Self {
            columns,
            target,
            ref groups,
            min_rows,
        } = *self;
        let column = &columns[target];
        let mut values: Vec<Option<u32>> = (0..column.len()).map(|row| column.code(row)).collect();
        let likeness = Likeness::of(columns, target);
        let candidates = Candidates::of(&values);
        let agreeing: Vec<usize> = (0..groups.rows.len())
            .filter(|&group| groups.rows[group].len() >= min_rows)
            .filter(|&group| groups.agreed(group, &values).is_some())
            .collect();
        let mut answer = Diversified::default();
        for (index, &group) in agreeing.iter().enumerate() {
            if index % TELL == 0 {
                let progress = Progress::new("diversity", index as u64, agreeing.len() as u64);
                if observer.progress(progress) == ControlFlow::Break(()) {
                    return Err(SampleError::Cancelled);
                }
            }
            // An exchange before may have made it diverse.
            let Some(value) = groups.agreed(group, &values) else {
                continue;
            };
            let mut random = seed.index(group as u64).rng();
            let rows = &groups.rows[group];
            let row = rows[random.below(rows.len() as u64) as usize];
            let partner = candidates
                .without(value, &mut random)
                .into_iter()
                .filter(|&other| values[other].is_some_and(|own| own != value))
                .filter(|&other| !groups.would_agree(other, value, min_rows, &values))
                .map(|other| (likeness.distance(row, other), other))
                .min_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
            match partner {
                Some((_, partner)) => {
                    values.swap(row, partner);
                    answer.exchanged += 1;
                }
                None => answer.left += 1,
            }
        }
        let codes = values.iter().map(|value| value.unwrap_or(0)).collect();
        Ok((column.with_values(Values::Codes(codes)), answer))
    }
}

/// Rows that may give a value.
struct Candidates {
    /// Rows by the value that they had at the beginning; values without rows are left out.
    by_value: Vec<(u32, Vec<usize>)>,
}

impl Candidates {
    fn of(values: &[Option<u32>]) -> Self {
        let mut by_value: BTreeMap<u32, Vec<usize>> = BTreeMap::new();
        for (row, value) in values.iter().enumerate() {
            if let Some(value) = value {
                by_value.entry(*value).or_default().push(row);
            }
        }
        Self {
            by_value: by_value.into_iter().collect(),
        }
    }

    /// All rows that had another value, or [`CANDIDATES`] drawn from them where they are more.
    fn without(&self, value: u32, random: &mut Rng) -> Vec<usize> {
        let lists = || {
            let lists = self.by_value.iter();
            lists.filter(|(own, _)| *own != value).map(|(_, rows)| rows)
        };
        let all: usize = lists().map(Vec::len).sum();
        if all <= CANDIDATES {
            return lists().flatten().copied().collect();
        }
        let draw = |_| {
            let mut place = random.below(all as u64) as usize;
            for rows in lists() {
                match rows.get(place) {
                    Some(&row) => return row,
                    None => place -= rows.len(),
                }
            }
            unreachable!("the place lies within the lists")
        };
        (0..CANDIDATES).map(draw).collect()
    }
}

/// How unlike rows are in all columns but the target: 1 for different categories or reasons, the
/// difference of the shares of rows below for numbers.
struct Likeness {
    categories: Vec<Vec<u64>>,
    numbers: Vec<Vec<f32>>,
}

impl Likeness {
    fn of(columns: &[Column], target: usize) -> Self {
        let (mut categories, mut numbers) = (Vec::new(), Vec::new());
        for position in (0..columns.len()).filter(|&position| position != target) {
            match columns[position].values() {
                Values::Integer(_) | Values::Continuous(_) => {
                    numbers.push(ranks(&columns[position]));
                }
                _ => categories.push(digests(columns, &[position])),
            }
        }
        Self {
            categories,
            numbers,
        }
    }

    fn distance(&self, a: usize, b: usize) -> f32 {
        let categories = self.categories.iter();
        let differ = categories.filter(|of| of[a] != of[b]).count() as f32;
        let apart = self.numbers.iter().map(|of| (of[a] - of[b]).abs());
        differ + apart.sum::<f32>()
    }
}

/// The share of rows with a smaller number; -1 - reason where there is none.
fn ranks(column: &Column) -> Vec<f32> {
    let mut sorted: Vec<f64> = (0..column.len())
        .filter_map(|row| column.number(row))
        .collect();
    sorted.sort_unstable_by(f64::total_cmp);
    let all = sorted.len().max(1) as f32;
    (0..column.len())
        .map(|row| match (column.number(row), column.missing(row)) {
            (Some(number), _) => sorted.partition_point(|&other| other < number) as f32 / all,
            (None, reason) => -f32::from(reason.map_or(0, parable_table::Missing::to_byte)) - 1.0,
        })
        .collect()
}

#[cfg(test)]
mod tests;
