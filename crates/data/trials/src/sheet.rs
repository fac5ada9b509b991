//! The table under construction: columns in order, with their types, roles, rules and truth.

use parable_table::{
    Bounds, Column, Condition, Constraint, Field, Grid, Kind, Known, Levels, NumberFormat, Role,
    Schema, Strings, Table, Values,
};

use crate::missing::Loss;
use crate::potential::Potential;
use crate::truth::{ColumnMissing, Mechanism, OutcomeTruth};
use crate::world::World;

/// The columns so far.
#[derive(Debug, Default)]
pub(crate) struct Sheet {
    fields: Vec<Field>,
    columns: Vec<Column>,
    constraints: Vec<Constraint>,
    outcomes: Vec<OutcomeTruth>,
    mechanisms: Vec<Mechanism>,
}

/// One column on its way into the sheet.
#[derive(Debug)]
pub(crate) struct Entry {
    field: Field,
    values: Values,
    missing: Vec<u8>,
    range: Option<(f64, f64)>,
    by: Vec<String>,
    mechanisms: Vec<Mechanism>,
}

/// The bands of a score.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Banding<'a> {
    /// The column that shows the score.
    pub(crate) parent: &'a str,
    /// The band that each score falls into.
    pub(crate) band: &'a Potential,
    /// The mechanisms that empty the score.
    pub(crate) losses: &'a [&'a Loss],
}

impl Entry {
    fn new(name: &str, kind: Kind, values: Values) -> Self {
        Self {
            missing: vec![0; values.len()],
            field: Field::new(name, kind),
            values,
            range: None,
            by: Vec::new(),
            mechanisms: Vec::new(),
        }
    }

    pub(crate) fn text(name: &str, values: Strings) -> Self {
        Self::new(name, Kind::Text, Values::Text(values))
    }

    /// Categories without order.
    pub(crate) fn nominal<S: Into<String>>(
        name: &str,
        levels: impl IntoIterator<Item = S>,
        codes: impl IntoIterator<Item = usize>,
    ) -> Self {
        Self::new(name, Kind::nominal(declared(levels)), codes_of(codes))
    }

    /// Categories from lowest to highest.
    pub(crate) fn ordinal<S: Into<String>>(
        name: &str,
        levels: impl IntoIterator<Item = S>,
        codes: impl IntoIterator<Item = usize>,
    ) -> Self {
        Self::new(name, Kind::ordinal(declared(levels)), codes_of(codes))
    }

    /// Two values, spelled so, false first.
    pub(crate) fn boolean(
        name: &str,
        levels: [&str; 2],
        values: impl IntoIterator<Item = bool>,
    ) -> Self {
        Self::new(
            name,
            Kind::boolean(declared(levels)),
            codes_of(values.into_iter().map(usize::from)),
        )
    }

    /// Whole numbers between these, both included.
    pub(crate) fn integer(
        name: &str,
        (min, max): (i32, i32),
        values: impl IntoIterator<Item = f64>,
    ) -> Self {
        let kind = Kind::Integer {
            bounds: Some(Known::declared(Bounds {
                min: i64::from(min),
                max: i64::from(max),
            })),
            grid: None,
            format: NumberFormat::default(),
        };
        let values = values.into_iter().map(|value| value as i64).collect();
        let mut entry = Self::new(name, kind, Values::Integer(values));
        entry.range = Some((f64::from(min), f64::from(max)));
        entry
    }

    /// Real numbers on a grid between these, both included.
    pub(crate) fn decimal(
        name: &str,
        grid: Grid,
        (min, max): (f64, f64),
        values: Vec<f64>,
    ) -> Self {
        let kind = Kind::Continuous {
            bounds: Some(Known::declared(Bounds { min, max })),
            grid: Some(Known::declared(grid)),
            format: NumberFormat::default(),
        };
        let mut entry = Self::new(name, kind, Values::Continuous(values));
        entry.range = Some((min, max));
        entry
    }

    pub(crate) fn role(mut self, role: Role) -> Self {
        self.field.role = role;
        self
    }

    pub(crate) fn label(mut self, label: &str) -> Self {
        self.field.label = Some(label.to_owned());
        self
    }

    /// Restates these columns.
    pub(crate) fn restates(mut self, columns: &[&str]) -> Self {
        self.by = columns.iter().map(|&column| column.to_owned()).collect();
        let of = self.by.clone();
        self.role(Role::Descriptor { of })
    }

    /// Empties the cells that these mechanisms lose. The filler of an empty cell is 0 or the first
    /// level.
    pub(crate) fn lost(mut self, losses: &[&Loss]) -> Self {
        for loss in losses {
            for (byte, _) in self
                .missing
                .iter_mut()
                .zip(&loss.rows)
                .filter(|&(_, &lost)| lost)
            {
                *byte = 1;
            }
            self.mechanisms.push(Mechanism {
                name: loss.name.to_owned(),
                kind: loss.kind,
                rule: loss.rule.clone(),
                columns: vec![self.field.name.clone()],
            });
        }
        let empty = self
            .missing
            .iter()
            .enumerate()
            .filter(|&(_, &byte)| byte != 0);
        match &mut self.values {
            Values::Integer(values) => empty.for_each(|(row, _)| values[row] = 0),
            Values::Continuous(values) => empty.for_each(|(row, _)| values[row] = 0.0),
            Values::Codes(codes) => empty.for_each(|(row, _)| codes[row] = 0),
            _ => {}
        }
        self
    }
}

fn declared<S: Into<String>>(levels: impl IntoIterator<Item = S>) -> Known<Levels> {
    Known::declared(Levels::new(levels).expect("the levels of a simulated column are distinct"))
}

fn codes_of(codes: impl IntoIterator<Item = usize>) -> Values {
    Values::Codes(codes.into_iter().map(|code| code as u32).collect())
}

impl Sheet {
    /// Adds a column at the right.
    pub(crate) fn push(&mut self, entry: Entry) {
        let name = entry.field.name.clone();
        if let Some((min, max)) = entry.range {
            self.constraints.push(Constraint::Range {
                column: name.clone(),
                min: Some(min),
                max: Some(max),
            });
        }
        if !entry.by.is_empty() {
            self.constraints.push(Constraint::Determines {
                by: entry.by,
                column: name,
            });
        }
        for mechanism in entry.mechanisms {
            match self
                .mechanisms
                .iter_mut()
                .find(|known| known.name == mechanism.name)
            {
                Some(known) => known.columns.extend(mechanism.columns),
                None => self.mechanisms.push(mechanism),
            }
        }
        self.fields.push(entry.field);
        self.columns
            .push(Column::with_missing(entry.values, entry.missing));
    }

    /// Adds an outcome, and the truth about it from both potential scores.
    pub(crate) fn outcome(&mut self, world: &World, entry: Entry, unit: &str, score: &Potential) {
        self.outcomes.push(OutcomeTruth::of(
            &entry.field.name,
            unit,
            score,
            &world.pupils,
            world.schools.len(),
        ));
        self.push(entry.role(Role::Outcome));
    }

    /// Adds 0/1 columns, one for each band of a score, of which exactly one is 1; all are empty
    /// where the score is.
    pub(crate) fn one_hot(
        &mut self,
        world: &World,
        banding: Banding<'_>,
        names: [&str; 3],
        labels: [&str; 3],
    ) {
        let Banding {
            parent,
            band,
            losses,
        } = banding;
        for (position, (name, label)) in names.into_iter().zip(labels).enumerate() {
            let inside = band.map(|band| f64::from(u8::from(band == position as f64)));
            let seen = inside.observed(&world.pupils.treated);
            let entry = Entry::boolean(name, ["0", "1"], seen.into_iter().map(|one| one == 1.0))
                .label(label)
                .lost(losses);
            self.outcome(world, entry, "share of pupils", &inside);
            let column = || name.to_owned();
            let parent = || parent.to_owned();
            self.constraints.push(Constraint::When {
                condition: Condition::Missing { column: parent() },
                then: Condition::Missing { column: column() },
            });
            self.constraints.push(Constraint::When {
                condition: Condition::Present { column: parent() },
                then: Condition::Present { column: column() },
            });
        }
        self.constraints.push(Constraint::OneHot {
            columns: names.map(str::to_owned).to_vec(),
        });
    }

    /// Adds a rule.
    pub(crate) fn rule(&mut self, rule: Constraint) {
        self.constraints.push(rule);
    }

    /// Adds the rule that these columns do not vary within a cluster.
    pub(crate) fn constant_within(&mut self, cluster: &str, columns: &[&str]) {
        self.rule(Constraint::ClusterConstant {
            cluster: cluster.to_owned(),
            columns: columns.iter().map(|&column| column.to_owned()).collect(),
        });
    }

    /// The finished table and what was recorded on the way.
    pub(crate) fn finish(self) -> (Table, Vec<OutcomeTruth>, Vec<Mechanism>) {
        let schema = Schema::with_constraints(self.fields, self.constraints)
            .expect("simulated columns have distinct names and sound facts");
        let table = Table::new(schema, self.columns).expect("simulated values fit their types");
        (table, self.outcomes, self.mechanisms)
    }
}

/// The share of each column that is empty, and the share of all cells.
pub(crate) fn missing_shares(table: &Table) -> (f64, Vec<ColumnMissing>) {
    let rows = table.rows() as f64;
    let mut empty = 0usize;
    let mut columns = Vec::new();
    for (field, column) in table.schema().fields().iter().zip(table.columns()) {
        let count = column.missing_count();
        empty += count;
        if count > 0 {
            columns.push(ColumnMissing {
                column: field.name.clone(),
                share: count as f64 / rows,
            });
        }
    }
    (empty as f64 / (rows * table.schema().len() as f64), columns)
}
