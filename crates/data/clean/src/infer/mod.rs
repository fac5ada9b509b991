//! Guessing a schema from the rows, and saying why.
//!
//! Every fact of a guessed schema is [`Observed`](parable_table::Provenance::Observed). Guesses are
//! cautious: a column becomes something special only on evidence in its name and its values, and
//! the note on each column says which evidence, and what else the column could be.

mod categories;
mod codes;
mod dates;
mod grids;
mod leftovers;
mod missing;
mod names;
mod numbers;
mod people;
mod profile;
mod roles;
mod spelling;
mod units;

use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use self::profile::{Profile, Surroundings};
use parable_table::{
    Bounds, Field, Grid, Kind, Known, Levels, Note, RawTable, Role, Schema, Unreadable,
};

/// Options of schema inference.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[non_exhaustive]
pub struct InferOptions {
    /// Whether to guess roles (unit id, cluster id, treatment, weight, outcome) from names and
    /// values. Default: yes. Without, every column is a covariate.
    pub roles: bool,
    /// Whether to take conspicuous numbers such as -8 or 999 for missing codes. Default: yes.
    pub number_codes: bool,
    /// Most levels of a nominal column that is no cluster id; with more distinct texts a column is
    /// free text. Default 1000: above all usual classifications of occupations and industries.
    pub max_levels: usize,
}

impl Default for InferOptions {
    fn default() -> Self {
        Self {
            roles: true,
            number_codes: true,
            max_levels: 1000,
        }
    }
}

impl InferOptions {
    /// Sets whether to guess roles.
    #[must_use]
    pub fn with_roles(mut self, guess: bool) -> Self {
        self.roles = guess;
        self
    }

    /// Sets whether to take conspicuous numbers for missing codes.
    #[must_use]
    pub fn with_number_codes(mut self, guess: bool) -> Self {
        self.number_codes = guess;
        self
    }

    /// Sets the most levels of a nominal column.
    #[must_use]
    pub fn with_max_levels(mut self, levels: usize) -> Self {
        self.max_levels = levels;
        self
    }
}

/// A guessed schema and the reasons for it.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Inference {
    /// The schema, its columns in the order of the table.
    pub schema: Schema,
    /// One note per column, in the same order.
    pub notes: Vec<Note>,
}

/// Guesses the schema of a table of texts.
///
/// All distinct texts of all columns are looked at, so the guess fits every row: reading the table
/// with the guessed schema finds nothing wrong.
///
/// # Panics
/// If the header holds an empty name or a name twice, which [`csv::read`](parable_table::csv::read)
/// refuses.
#[must_use]
pub fn infer(raw: &RawTable, options: &InferOptions) -> Inference {
    let mut surroundings = Surroundings::of(raw);
    let measured = |position: usize| {
        let (name, column) = (&raw.names[position], &raw.columns[position]);
        let profile = Profile::of(name, column, &surroundings);
        let (present, _) = missing::split(&profile.texts);
        let note = &mut Note::new(name);
        numbers::guess(&profile, &present, options, &Role::Covariate, note).is_some()
            || dates::guess(&present, note).is_some()
    };
    surroundings.people = people::find(raw, measured);
    let (fields, notes): (Vec<Field>, Vec<Note>) = raw
        .names
        .par_iter()
        .zip(&raw.columns)
        .enumerate()
        .map(|(position, (name, column))| {
            let profile = Profile::of(name, column, &surroundings);
            let mut note = Note::new(name);
            let mut field = infer_column(&profile, options, &mut note);
            field.header = raw.header(position).map(str::to_owned);
            note.finish(&field);
            (field, note)
        })
        .unzip();
    let schema = Schema::new(fields).expect("names come from a checked header, facts from values");
    Inference { schema, notes }
}

fn infer_column(profile: &Profile<'_>, options: &InferOptions, note: &mut Note) -> Field {
    let role = match options.roles {
        true => roles::guess(profile, note),
        false => Role::Covariate,
    };
    let (present, absent) = missing::split(&profile.texts);
    if present.is_empty() {
        note.reason("no row has a value");
        let mut field =
            Field::new(profile.name, Kind::nominal(observed_levels(Vec::new()))).with_role(role);
        missing::declare(&mut field, &absent, Vec::new(), note);
        return field;
    }
    let guess = numbers::guess(profile, &present, options, &role, note)
        .or_else(|| dates::guess(&present, note))
        .unwrap_or_else(|| categories::guess(profile, &present, options, &role, note));
    // Nothing is named by a moment; a sequence of days is no list of ids.
    let dated = matches!(guess.kind, Kind::Date { .. } | Kind::DateTime { .. });
    let role = match role {
        Role::UnitId if dated => {
            note.reasons.retain(|reason| reason != roles::NAMES_UNITS);
            Role::Covariate
        }
        role => role,
    };
    let mut field = Field::new(profile.name, guess.kind).with_role(role);
    if guess.absent {
        field.unreadable = Unreadable::Absent;
    }
    missing::declare(&mut field, &absent, guess.missing_codes, note);
    field
}

/// A type, and the texts among the values that mean a missing one.
struct Guess {
    kind: Kind,
    missing_codes: Vec<String>,
    /// Whether other texts are left, which are read as absent.
    absent: bool,
}

impl From<Kind> for Guess {
    fn from(kind: Kind) -> Self {
        Self {
            kind,
            missing_codes: Vec::new(),
            absent: false,
        }
    }
}

fn observed_levels(texts: Vec<&str>) -> Known<Levels> {
    Known::observed(Levels::new(texts).expect("the texts of a dictionary are distinct"))
}
