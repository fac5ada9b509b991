//! Levels that only one or two people have: withheld.

use parable_seed::Seed;
use rustc_hash::{FxHashMap, FxHashSet};
use serde::{Deserialize, Serialize};

use super::frame::Frame;
use super::ids::pattern;
use super::step::Apply;
use super::{CleanError, Issue};
use parable_table::constraints::Repair;
use parable_table::distinct::Distinct;
use parable_table::{Column, Constraint, Field, Kind, Known, Levels, Provenance, Role, Values};

/// Takes levels that few people have out of a column. Their rows go to the nearest level of an
/// order, to a level of others, or to the other levels in turn. Holds only the levels that stay.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct WithheldLevels {
    /// The column, with the levels that stay.
    pub column: Field,
    /// How many levels were taken out.
    pub withheld: usize,
    /// The fewest people of a level that stays.
    pub fewest: usize,
    /// Columns that this one determines: a row without a level of its own gets that of a row with
    /// the same values there.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub within: Vec<String>,
}

/// Words for all the rest.
const OTHERS: [&str; 8] = [
    "other",
    "others",
    "else",
    "misc",
    "miscellaneous",
    "andere",
    "autre",
    "otro",
];

impl WithheldLevels {
    /// The step for the column at this position, with the withheld levels as texts; `None` if every
    /// level has enough people or is declared.
    pub(super) fn of(
        frame: &Frame,
        position: usize,
        people: Option<&Distinct>,
        fewest: usize,
    ) -> Option<(Self, Vec<String>)> {
        let (field, column) = (&frame.fields[position], &frame.columns[position]);
        let levels = match &field.kind {
            Kind::Nominal { levels } | Kind::Ordinal { levels } => levels.as_ref()?,
            _ => return None,
        };
        if levels.provenance != Provenance::Observed
            || !matches!(field.role, Role::Covariate | Role::Outcome)
            || is_in_a_rule(frame, field)
        {
            return None;
        }
        let Values::Codes(codes) = column.values() else {
            return None;
        };
        let mut counts = vec![0usize; levels.value.len()];
        let mut seen: FxHashSet<(u32, u32)> = FxHashSet::default();
        for row in (0..frame.rows).filter(|&row| !column.is_missing(row)) {
            let new = people.is_none_or(|people| seen.insert((codes[row], people.codes[row])));
            counts[codes[row] as usize] += usize::from(new);
        }
        let (kept, rare): (Vec<usize>, Vec<usize>) = (0..counts.len())
            .filter(|&code| counts[code] > 0)
            .partition(|&code| counts[code] >= fewest);
        if rare.is_empty() {
            return None;
        }
        let text = |&code: &usize| levels.value.get(code as u32).unwrap_or_default().to_owned();
        let names = Known::observed(Levels::new(kept.iter().map(text)).ok()?);
        let mut stays = field.clone();
        stays.kind = match &field.kind {
            Kind::Ordinal { .. } => Kind::ordinal(names),
            _ => Kind::nominal(names),
        };
        let step = Self {
            column: stays,
            withheld: rare.len(),
            fewest,
            within: determined(frame, position, codes),
        };
        Some((step, rare.iter().map(text).collect()))
    }

    /// For each level of the table the level that takes its rows; `None` if they go to all in turn.
    fn targets(&self, levels: &Levels) -> Vec<Option<u32>> {
        let kept = self.column.kind.levels();
        let own = |text: &str| kept.and_then(|kept| kept.code(text));
        let all: Vec<Option<u32>> = levels.iter().map(own).collect();
        let ordered = matches!(self.column.kind, Kind::Ordinal { .. });
        let others = kept.and_then(|kept| {
            kept.iter()
                .position(|text| OTHERS.contains(&text.trim().to_lowercase().as_str()))
        });
        (0..all.len())
            .map(|at| {
                let nearest = || {
                    (1..all.len()).find_map(|step| {
                        let below = at.checked_sub(step).and_then(|at| all[at]);
                        below.or_else(|| all.get(at + step).copied().flatten())
                    })
                };
                all[at].or_else(|| match ordered {
                    true => nearest(),
                    false => others.map(|at| at as u32),
                })
            })
            .collect()
    }
}

impl Apply for WithheldLevels {
    fn describe(&self) -> String {
        format!(
            "Withhold {} levels of `{}` that fewer than {} people have; their rows count among other levels.",
            self.withheld, self.column.name, self.fewest
        )
    }

    fn apply(&self, frame: &mut Frame, _issues: &mut Vec<Issue>) -> Result<(), CleanError> {
        let position = frame.find_like(&self.column)?;
        let column = &frame.columns[position];
        let (Some(levels), Values::Codes(codes)) =
            (frame.fields[position].kind.levels(), column.values())
        else {
            return Ok(());
        };
        let targets = self.targets(levels);
        let own = |row: usize| {
            let present = !column.is_missing(row);
            present.then(|| targets[codes[row] as usize]).flatten()
        };
        // Rows without a level of their own take those of the rows before and after, in turn:
        // of rows with the same values in the columns that this one determines, else of any.
        let within: Vec<&Column> = self
            .within
            .iter()
            .filter_map(|name| Some(&frame.columns[frame.position(name)?]))
            .collect();
        let group = |row: usize| -> Vec<Option<u32>> {
            within.iter().map(|column| column.code(row)).collect()
        };
        let mut known: FxHashMap<Vec<Option<u32>>, Vec<u32>> = FxHashMap::default();
        let mut all = Vec::new();
        for row in 0..frame.rows {
            if let Some(code) = own(row) {
                known.entry(group(row)).or_default().push(code);
                all.push(code);
            }
        }
        let mut missing = column
            .missing_bytes()
            .map_or(vec![0; frame.rows], <[u8]>::to_vec);
        let mut turn = all.len() / 2;
        let codes = (0..frame.rows)
            .map(|row| {
                own(row).unwrap_or_else(|| {
                    turn = turn.wrapping_add(7919);
                    let alike = known.get(&group(row)).unwrap_or(&all);
                    match alike.is_empty() {
                        // No level stays: the column becomes empty.
                        true => {
                            missing[row] = missing[row].max(1);
                            0
                        }
                        false => alike[turn % alike.len()],
                    }
                })
            })
            .collect();
        frame.columns[position] = Column::with_missing(Values::Codes(codes), missing);
        frame.fields[position].kind = self.column.kind.clone();
        Ok(())
    }
}

/// The columns of names whose value every level of the column at this position fixes.
fn determined(frame: &Frame, position: usize, codes: &[u32]) -> Vec<String> {
    const UNSET: Option<Option<u32>> = None;
    let column = &frame.columns[position];
    let levels = |at: usize| frame.fields[at].kind.levels().map_or(0, Levels::len);
    let is_fixed = |other: usize| {
        let mut first = vec![UNSET; levels(position)];
        (0..frame.rows)
            .filter(|&row| !column.is_missing(row))
            .all(|row| {
                let cell = frame.columns[other].code(row);
                *first[codes[row] as usize].get_or_insert(cell) == cell
            })
    };
    (0..frame.fields.len())
        .filter(|&other| other != position && (2..levels(position)).contains(&levels(other)))
        .filter(|&other| is_fixed(other))
        .map(|other| frame.fields[other].name.clone())
        .collect()
}

/// Gives clusters and people with several rows fresh names before a model sees them; synthetic
/// rows get them in another order.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct ClusterNames {
    /// The column, with the fresh names as levels.
    pub column: Field,
}

impl ClusterNames {
    /// The step for the column at this position, if it is one of cluster names that the owner did
    /// not declare.
    pub(super) fn of(frame: &Frame, position: usize) -> Option<Self> {
        let field = &frame.fields[position];
        let Kind::Nominal {
            levels: Some(levels),
        } = &field.kind
        else {
            return None;
        };
        let observed = levels.provenance == Provenance::Observed && !levels.value.is_empty();
        if field.role != Role::ClusterId || !observed || is_in_a_rule(frame, field) {
            return None;
        }
        let real: Vec<&str> = levels.value.iter().collect();
        let mut column = field.clone();
        column.kind = Kind::nominal(Known::observed(Levels::new(fresh_names(&real)).ok()?));
        Some(Self { column })
    }
}

/// Names of the look of the real ones, as many, none of which is a real one or holds one.
fn fresh_names(real: &[&str]) -> Vec<String> {
    let known: FxHashSet<&str> = real.iter().copied().collect();
    let drawn = pattern(real).draw(8 * real.len(), &mut Seed::from_u64(0).rng());
    let mut fresh: Vec<String> = drawn
        .into_iter()
        .filter(|name| !known.contains(name.as_str()))
        .take(real.len())
        .collect();
    let mut taken: FxHashSet<String> = fresh.iter().cloned().collect();
    let mut number = 0usize;
    while fresh.len() < real.len() {
        number += 1;
        let name = number.to_string();
        if !known.contains(name.as_str()) && taken.insert(name.clone()) {
            fresh.push(name);
        }
    }
    fresh
}

/// Whether a declared rule says something about single values of a column.
fn is_in_a_rule(frame: &Frame, field: &Field) -> bool {
    frame.constraints.iter().any(|rule| {
        !matches!(rule, Constraint::ClusterConstant { .. })
            && rule.columns().contains(&field.name.as_str())
    })
}

/// Rows of a person on average up to which the finest clusters are people.
const ROWS_OF_A_PERSON: usize = 10;

/// The column that says which rows are about the same person, if people have several.
pub(super) fn people(frame: &Frame) -> Option<Distinct> {
    (0..frame.fields.len())
        .filter(|&at| frame.fields[at].role == Role::ClusterId)
        .map(|at| Distinct::of(&frame.columns[at]))
        .filter(|cells| frame.rows <= ROWS_OF_A_PERSON * cells.values)
        .max_by_key(|cells| cells.values)
}

impl Apply for ClusterNames {
    fn describe(&self) -> String {
        format!(
            "Replace the names in `{}` by fresh ones that look alike.",
            self.column.name
        )
    }

    fn apply(&self, frame: &mut Frame, _issues: &mut Vec<Issue>) -> Result<(), CleanError> {
        let position = frame.find_like(&self.column)?;
        let column = &frame.columns[position];
        let room = self.column.kind.levels().map_or(0, Levels::len) as u32;
        let (Values::Codes(codes), true) = (column.values(), room > 0) else {
            return Ok(());
        };
        let codes = codes.iter().map(|code| code % room).collect();
        frame.columns[position] = column.with_values(Values::Codes(codes));
        frame.fields[position].kind = self.column.kind.clone();
        Ok(())
    }

    fn restore(
        &self,
        frame: &mut Frame,
        seed: &Seed,
        _repairs: &mut Vec<Repair>,
    ) -> Result<(), CleanError> {
        let position = frame.find_like(&self.column)?;
        let own: Vec<&str> = self
            .column
            .kind
            .levels()
            .map_or(Vec::new(), |l| l.iter().collect());
        let mut shuffled = own.clone();
        seed.rng().shuffle(&mut shuffled);
        let other: FxHashMap<&str, &str> = own.iter().copied().zip(shuffled).collect();
        let Some(levels) = frame.fields[position].kind.levels() else {
            return Ok(());
        };
        let renamed = levels.iter().map(|name| *other.get(name).unwrap_or(&name));
        let renamed = Levels::new(renamed.map(str::to_owned).collect::<Vec<_>>())?;
        frame.fields[position].kind = Kind::nominal(Known::observed(renamed));
        Ok(())
    }
}
