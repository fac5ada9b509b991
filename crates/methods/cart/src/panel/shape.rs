//! The rows of each subject in the order of time, and the columns that do not vary.

use parable_core::FitError;
use parable_table::{Column, Kind, Role, Schema, Table};

use crate::clusters::hierarchy::{self, Labels, cell};
use crate::config::{CartConfig, ReplicatedUniques, VisitOrder, setting_error};

/// Rows of a subject, at most; each makes the wide table wider by all columns that vary.
pub(crate) const MOST_ROWS: usize = 50;

/// The rows of each subject in the order of time.
pub(crate) type InTime = Vec<Vec<usize>>;

/// How rows stand in a wide table.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Shape {
    pub(crate) subject: usize,
    pub(crate) time: usize,
    /// The columns that do not vary within subjects.
    pub(crate) constant: Vec<usize>,
    /// For each number of rows from one on whether some subject has just so many; the last does.
    pub(crate) ends: Vec<bool>,
    pub(crate) labels: Labels,
    /// Real rows.
    pub(crate) rows: usize,
}

impl Shape {
    /// The shape, and the rows of each subject in the order of time.
    pub(crate) fn find(
        table: &Table,
        config: &CartConfig,
    ) -> Result<Option<(Self, InTime)>, FitError> {
        let Some(panel) = &config.panel else {
            return Ok(None);
        };
        refuse(config, table.schema())?;
        let (subject, time) = positions(table.schema(), &panel.subject, &panel.time)?;
        for (setting, position) in [("panel.subject", subject), ("panel.time", time)] {
            let missing = table.column(position).missing_count();
            if missing > 0 {
                let name = &table.schema().fields()[position].name;
                let problem = format!("column `{name}` has no value in {missing} rows");
                return Err(setting_error(setting, problem));
            }
        }
        let Some((of_row, labels)) = hierarchy::clusters(table.column(subject)) else {
            return Ok(None);
        };
        let mut rows: InTime = vec![Vec::new(); labels.len()];
        for (row, &subject) in of_row.iter().enumerate() {
            rows[subject as usize].push(row);
        }
        let when = table.column(time);
        for own in &mut rows {
            own.sort_by(|&a, &b| at(when, a).total_cmp(&at(when, b)).then(a.cmp(&b)));
        }
        let most = rows.iter().map(Vec::len).max().unwrap_or(0);
        if most > MOST_ROWS {
            let problem = format!(
                "a subject has {most} rows; at most {MOST_ROWS} can stand in the order of time"
            );
            return Err(setting_error("panel.subject", problem));
        }
        let mut ends = vec![false; most];
        rows.iter().for_each(|own| ends[own.len() - 1] = true);
        let same = |column: &Column| {
            let one = |own: &Vec<usize>| {
                own.iter()
                    .all(|&row| cell(column, own[0]) == cell(column, row))
            };
            rows.iter().all(one)
        };
        let constant = (0..table.schema().len())
            .filter(|&column| column != subject && column != time && same(table.column(column)))
            .collect();
        let shape = Self {
            subject,
            time,
            constant,
            ends,
            labels,
            rows: table.rows(),
        };
        Ok(Some((shape, rows)))
    }

    /// The most rows of a subject.
    pub(crate) fn most(&self) -> usize {
        self.ends.len()
    }

    /// The columns that vary, but for the time.
    pub(crate) fn varying(&self, schema: &Schema) -> Vec<usize> {
        (0..schema.len())
            .filter(|column| {
                *column != self.subject && *column != self.time && !self.constant.contains(column)
            })
            .collect()
    }
}

/// The positions of the two columns, if their kinds will do.
pub(crate) fn positions(
    schema: &Schema,
    subject: &str,
    time: &str,
) -> Result<(usize, usize), FitError> {
    let find = |setting: &str, name: &str| {
        let found = schema.position(name);
        found.ok_or_else(|| setting_error(setting, format!("the table has no column `{name}`")))
    };
    let (first, second) = (find("panel.subject", subject)?, find("panel.time", time)?);
    let kind = |position: usize| &schema.fields()[position].kind;
    if !kind(first).is_categorical() && !matches!(kind(first), Kind::Integer { .. }) {
        let problem = format!("column `{subject}` is neither levels nor whole numbers");
        return Err(setting_error("panel.subject", problem));
    }
    if !kind(second).is_numeric() && !matches!(kind(second), Kind::Ordinal { .. }) {
        let problem = format!("column `{time}` has no order: numbers, dates or ordered levels do");
        return Err(setting_error("panel.time", problem));
    }
    match first == second {
        true => Err(setting_error(
            "panel.time",
            "the column that names subjects cannot tell the time",
        )),
        false => Ok((first, second)),
    }
}

/// What cannot stand beside rows in the order of time.
fn refuse(config: &CartConfig, schema: &Schema) -> Result<(), FitError> {
    let no = |setting: &str, what: &str| {
        let problem = format!("{what} cannot stand beside `panel`");
        Err(setting_error(setting, problem))
    };
    if !config.rules.is_empty() {
        return no("rules", "rules of single rows");
    }
    if config.strata.is_some() {
        return no("strata", "strata");
    }
    if config.replicated_uniques != ReplicatedUniques::Keep {
        return no("replicated_uniques", "the removal of replicated uniques");
    }
    if config.visit_order == VisitOrder::Learnt {
        return no("visit_order", "an order that is learnt");
    }
    for (name, own) in &config.columns {
        let setting = format!("columns.{name}");
        if schema.position(name).is_none() {
            let problem = format!("the table has no column `{name}`");
            return Err(setting_error("columns", problem));
        }
        if own.names_others() {
            return no(&setting, "what depends on other columns by name");
        }
    }
    Ok(())
}

/// A time as a number: ordered levels count by their place.
pub(super) fn at(column: &Column, row: usize) -> f64 {
    let place = column.code(row).map(f64::from);
    column.number(row).or(place).unwrap_or(0.0)
}

/// Whether a column of this role keeps it in every row of a subject: what is dealt out by design,
/// or names groups, does so only where it does not vary.
pub(super) fn stays(role: &Role) -> bool {
    matches!(role, Role::Covariate | Role::Outcome | Role::Weight)
}
