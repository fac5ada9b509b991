//! Finding out what to do.

use serde::{Deserialize, Serialize};

use super::frame::Frame;
use super::levels::people;
use super::recipe::broken_rules;
use super::{
    CleanError, ClusterNames, ConstantColumn, FreshIds, ImputeColumns, ImputeConfig, Issue,
    IssueKind, MissingIndicator, MissingLevels, NumberLevels, Ranks, Recipe, Step, TextShapes,
    Turns, WithheldLevels, clusters, dependence, one_hot,
};
use parable_table::distinct::Distinct;
use parable_table::{Field, Kind, Levels, Role, Schema, Table, Values};

/// Options of planning a recipe. Each kind of step can be switched off.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[non_exhaustive]
pub struct PlanOptions {
    /// Drop constant and empty columns. Default yes: there is nothing to model.
    pub constants: bool,
    /// Drop columns that name rows. Default yes: a name of a real row must not reach a synthetic
    /// one.
    pub ids: bool,
    /// Replace free text by its shape. Default yes: no source text may pass through.
    pub text: bool,
    /// Withhold levels that fewer people than this have; 0 keeps all. Default 3: a level of one or
    /// two is about these people. Levels that the owner declared stay.
    pub rare_levels_below: usize,
    /// Undo one-hot blocks. Default yes: a model of separate columns would write rows with two ones
    /// or none.
    pub one_hot: bool,
    /// Drop columns that another one determines. Default yes: a model would break descriptions and
    /// bands.
    pub determined: bool,
    /// Also look for columns that two others determine. Default yes; needs `determined`.
    pub determined_by_pairs: bool,
    /// Note which columns do not vary within clusters. Default yes: arms belong to schools.
    pub clusters: bool,
    /// Take integer columns with at most this many different numbers as levels. Default 0, none:
    /// methods of this workspace take integers, and a schema says better than a count what is a
    /// code.
    pub number_levels_up_to: usize,
    /// Take ordinal columns as ranks, for methods that want numbers. Default no.
    pub ranks: bool,
    /// The treatment of missing values. Default: they stay.
    pub missing: MissingPlan,
    /// How missing values are filled where they are.
    pub impute: ImputeConfig,
}

impl Default for PlanOptions {
    fn default() -> Self {
        Self {
            constants: true,
            ids: true,
            text: true,
            rare_levels_below: 3,
            one_hot: true,
            determined: true,
            determined_by_pairs: true,
            clusters: true,
            number_levels_up_to: 0,
            ranks: false,
            missing: MissingPlan::Keep,
            impute: ImputeConfig::default(),
        }
    }
}

impl PlanOptions {
    /// A plan without any step, to switch on what is wanted.
    #[must_use]
    pub fn nothing() -> Self {
        Self {
            constants: false,
            ids: false,
            text: false,
            rare_levels_below: 0,
            one_hot: false,
            determined: false,
            determined_by_pairs: false,
            clusters: false,
            ..Self::default()
        }
    }

    /// Sets the treatment of missing values.
    #[must_use]
    pub fn with_missing(mut self, missing: MissingPlan) -> Self {
        self.missing = missing;
        self
    }

    /// Sets below how many people a level is withheld; 0 keeps all.
    #[must_use]
    pub fn with_rare_levels_below(mut self, people: usize) -> Self {
        self.rare_levels_below = people;
        self
    }

    /// Sets whether ordinal columns become ranks.
    #[must_use]
    pub fn with_ranks(mut self, ranks: bool) -> Self {
        self.ranks = ranks;
        self
    }

    /// Sets the most distinct numbers of an integer column that becomes levels.
    #[must_use]
    pub fn with_number_levels_up_to(mut self, levels: usize) -> Self {
        self.number_levels_up_to = levels;
        self
    }

    /// Sets how missing values are filled.
    #[must_use]
    pub fn with_impute(mut self, impute: ImputeConfig) -> Self {
        self.impute = impute;
        self
    }
}

/// The treatment of missing values.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum MissingPlan {
    /// They stay, with their reasons, for methods that model them.
    #[default]
    Keep,
    /// A level of their own in categories; in other columns an indicator column and an imputed
    /// value. All become missing again.
    Encode,
    /// Filled in every column and not made missing again.
    Fill,
}

/// Share of missing values from which a column is pointed out.
const MOSTLY: f64 = 0.95;
/// Fewest rows for which different values in all of them are taken for names.
const MIN_NAMED_ROWS: usize = 50;
/// One row in so many may lack its name.
const MAX_BLANK: usize = 20;
/// Texts of more words are sentences, not names.
const WORDS_OF_A_NAME: usize = 3;

impl Recipe {
    /// Looks at a table and writes down what to do to it, and everything a data owner should know
    /// about it.
    ///
    /// Steps are found in the order in which they are carried out: constants, names of rows, text,
    /// one-hot blocks, determined columns, rules within clusters, number codes, ranks, missing
    /// values; each looks at the table as the steps before it leave it. At least one column always
    /// stays, so that the number of rows does.
    ///
    /// # Errors
    /// A rule of the table's schema does not fit the columns it names.
    pub fn plan(table: &Table, options: &PlanOptions) -> Result<(Self, Vec<Issue>), CleanError> {
        let mut plan = Plan {
            frame: Frame::of(table),
            steps: Vec::new(),
            issues: broken_rules(table)?,
        };
        plan.note(table);
        if options.constants {
            plan.constants()?;
        }
        if options.ids {
            plan.ids()?;
        }
        if options.text {
            plan.each(|frame, at| TextShapes::of(frame, at).map(Step::TextShapes))?;
        }
        if options.rare_levels_below > 0 {
            plan.rare_levels(options.rare_levels_below)?;
        }
        if options.ids {
            plan.each(|frame, at| ClusterNames::of(frame, at).map(Step::ClusterNames))?;
        }
        if options.clusters {
            plan.each(|frame, at| Turns::of(frame, at).map(Step::Turns))?;
        }
        let mut created = Vec::new();
        if options.one_hot {
            for block in one_hot::detect(&plan.frame) {
                created.push(block.into.name.clone());
                plan.push(Step::OneHot(block))?;
            }
        }
        if options.determined {
            let found = dependence::detect(&plan.frame, &created, options.determined_by_pairs);
            plan.issues.extend(found.issues);
            for step in found.steps {
                plan.push(Step::Determined(step))?;
            }
        }
        if options.clusters {
            for rule in clusters::detect(&plan.frame) {
                plan.push(Step::FoundRule(rule))?;
            }
        }
        if options.number_levels_up_to > 0 {
            let levels = options.number_levels_up_to;
            plan.each(|frame, at| NumberLevels::of(frame, at, levels).map(Step::NumberLevels))?;
        }
        if options.ranks {
            plan.each(|frame, at| Ranks::of(frame, at).map(Step::Ranks))?;
        }
        plan.missing(options)?;
        Ok((Self::new(plan.source(table)?, plan.steps), plan.issues))
    }
}

/// A plan in the making.
struct Plan {
    frame: Frame,
    steps: Vec<Step>,
    issues: Vec<Issue>,
}

impl Plan {
    /// Adds a step and carries it out, so that the next search sees what it leaves.
    fn push(&mut self, step: Step) -> Result<(), CleanError> {
        // Nothing is unexpected in the table that the step was just made for.
        step.inner().apply(&mut self.frame, &mut Vec::new())?;
        self.steps.push(step);
        Ok(())
    }

    /// Adds the steps that a question about each column answers.
    fn each(&mut self, step: impl Fn(&Frame, usize) -> Option<Step>) -> Result<(), CleanError> {
        let names: Vec<String> = self
            .frame
            .fields
            .iter()
            .map(|field| field.name.clone())
            .collect();
        for name in names {
            let at = self.frame.find(&name)?;
            if let Some(step) = step(&self.frame, at) {
                self.push(step)?;
            }
        }
        Ok(())
    }

    /// What is worth knowing before anything is done.
    fn note(&mut self, table: &Table) {
        let repeated = repeated_rows(table);
        if repeated > 0 {
            self.issues.push(Issue::new(
                IssueKind::DuplicateRows,
                Vec::<String>::new(),
                repeated,
                format!("{repeated} rows are equal to an earlier row in every column"),
            ));
        }
        for (field, column) in table.schema().fields().iter().zip(table.columns()) {
            let missing = column.missing_count();
            if missing < table.rows() && missing as f64 >= MOSTLY * table.rows() as f64 {
                let message = format!(
                    "`{}` has a value in only {} of {} rows",
                    field.name,
                    table.rows() - missing,
                    table.rows()
                );
                self.issues.push(Issue::new(
                    IssueKind::MostlyMissing,
                    [&field.name],
                    missing,
                    message,
                ));
            }
        }
    }

    fn constants(&mut self) -> Result<(), CleanError> {
        let found: Vec<ConstantColumn> = (0..self.frame.fields.len())
            .filter_map(|position| ConstantColumn::detect(&self.frame, position))
            .collect();
        for step in found {
            let (name, empty) = (step.column.name.clone(), step.cell.is_missing());
            let (kind, what) = if empty {
                (IssueKind::Empty, "has no value in any row")
            } else {
                (IssueKind::Constant, "has the same value in every row")
            };
            self.issues
                .push(Issue::new(kind, [&name], 0, format!("`{name}` {what}")));
            if self.frame.fields.len() > 1 {
                self.push(Step::Constant(step))?;
            }
        }
        Ok(())
    }

    fn ids(&mut self) -> Result<(), CleanError> {
        for position in (0..self.frame.fields.len()).rev() {
            let (field, column) = (&self.frame.fields[position], &self.frame.columns[position]);
            let declared = field.role == Role::UnitId;
            if !declared && !names_rows(field, column) {
                continue;
            }
            if !declared {
                let message = format!(
                    "`{}` has a different text in every row; it is taken to name rows",
                    field.name
                );
                let issue = Issue::new(IssueKind::Identifier, [&field.name], 0, message);
                self.issues.push(issue);
            }
            if self.frame.fields.len() > 1 {
                self.push(Step::FreshIds(FreshIds::of(&self.frame, position)))?;
            }
        }
        Ok(())
    }

    fn rare_levels(&mut self, fewest: usize) -> Result<(), CleanError> {
        let people = people(&self.frame);
        // Shapes of texts are levels too, of this recipe's making.
        let shapes: Vec<String> = self
            .steps
            .iter()
            .filter_map(|step| match step {
                Step::TextShapes(step) => Some(step.column.name.clone()),
                _ => None,
            })
            .collect();
        let levels = |field: &Field| field.kind.levels().map_or(0, Levels::len);
        // A column with fewer levels may be determined by one with more, so it goes first.
        let mut order: Vec<(usize, String)> = self
            .frame
            .fields
            .iter()
            .filter(|field| !shapes.contains(&field.name))
            .map(|field| (levels(field), field.name.clone()))
            .collect();
        order.sort_by_key(|&(levels, _)| levels);
        for (_, name) in order {
            let position = self.frame.find(&name)?;
            let found = WithheldLevels::of(&self.frame, position, people.as_ref(), fewest);
            let Some((step, texts)) = found else {
                continue;
            };
            let stay = levels(&step.column);
            let rest = match stay {
                0 => "no level is left, so the column comes out empty",
                _ => "their rows count among other levels",
            };
            let message = format!(
                "{} levels of `{name}` that fewer than {fewest} people have are withheld, and {rest}; declare the levels in a schema, or use `--keep-rare-levels`, to keep them",
                texts.len()
            );
            let issue = Issue::new(IssueKind::WithheldLevels, [&name], texts.len(), message);
            self.issues.push(issue);
            self.push(Step::WithheldLevels(step))?;
            if stay < 2
                && self.frame.fields.len() > 1
                && let Some(step) = ConstantColumn::detect(&self.frame, position)
            {
                self.push(Step::Constant(step))?;
            }
        }
        Ok(())
    }

    /// The schema of the source without the names and levels that are withheld: it is stored with
    /// the recipe.
    fn source(&self, table: &Table) -> Result<Schema, CleanError> {
        let schema = table.schema();
        let mut fields = schema.fields().to_vec();
        for step in &self.steps {
            let (Step::WithheldLevels(WithheldLevels { column, .. })
            | Step::ClusterNames(ClusterNames { column })) = step
            else {
                continue;
            };
            if let Some(field) = fields.iter_mut().find(|field| field.name == column.name) {
                field.kind = column.kind.clone();
            }
        }
        Ok(Schema::with_constraints(
            fields,
            schema.constraints().to_vec(),
        )?)
    }

    fn missing(&mut self, options: &PlanOptions) -> Result<(), CleanError> {
        if options.missing == MissingPlan::Keep {
            return Ok(());
        }
        let encode = options.missing == MissingPlan::Encode;
        let incomplete = |frame: &Frame| -> Vec<String> {
            (0..frame.fields.len())
                .filter(|&at| frame.columns[at].missing_count() > 0)
                .filter(|&at| !matches!(frame.fields[at].kind, Kind::Text))
                .filter(|&at| !(encode && frame.fields[at].kind.is_categorical()))
                .map(|at| frame.fields[at].name.clone())
                .collect()
        };
        let columns = incomplete(&self.frame);
        if encode {
            for name in &columns {
                let at = self.frame.find(name)?;
                if let Some(step) = MissingIndicator::of(&self.frame, at) {
                    self.push(Step::MissingIndicator(step))?;
                }
            }
        }
        if !columns.is_empty() {
            let step = ImputeColumns::new(columns, options.impute.clone());
            self.push(Step::Impute(step))?;
        }
        if encode {
            self.each(|frame, at| MissingLevels::of(frame, at).map(Step::MissingLevels))?;
        }
        Ok(())
    }
}

/// Whether a column of texts has a different one in every row with a value, and these are names
/// rather than sentences.
fn names_rows(field: &Field, column: &parable_table::Column) -> bool {
    let texts = matches!(field.kind, Kind::Nominal { .. } | Kind::Text);
    if field.role == Role::ClusterId || !texts || column.len() < MIN_NAMED_ROWS {
        return false;
    }
    let distinct = Distinct::of(column);
    let rows = column.len() - column.missing_count();
    if distinct.values < rows || rows < column.len() - column.len() / MAX_BLANK {
        return false;
    }
    let sentence = |row: &usize| {
        column
            .text(*row)
            .is_some_and(|text| text.split_whitespace().count() > WORDS_OF_A_NAME)
    };
    let sentences = distinct.first_rows[..distinct.values]
        .iter()
        .filter(|row| sentence(row));
    2 * sentences.count() < rows
}

/// How many rows are equal to an earlier one in every column.
fn repeated_rows(table: &Table) -> usize {
    let mut hashes = vec![0u64; table.rows()];
    for column in table.columns() {
        let missing = column.missing_bytes();
        for (row, hash) in hashes.iter_mut().enumerate() {
            let byte = missing.map_or(0, |bytes| bytes[row]);
            let cell = match column.values() {
                _ if byte != 0 => u64::from(byte) << 56 | 1,
                Values::Integer(values) => values[row] as u64,
                Values::Continuous(values) => values[row].to_bits(),
                Values::Codes(codes) => u64::from(codes[row]),
                Values::Text(texts) => {
                    use std::hash::Hasher;
                    let mut hasher = rustc_hash::FxHasher::default();
                    hasher.write(texts.get(row).as_bytes());
                    hasher.finish()
                }
            };
            // The finaliser of splitmix64: every input bit reaches every output bit.
            let mut mixed = (*hash).rotate_left(23) ^ cell.wrapping_mul(0x9e37_79b9_7f4a_7c15);
            mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
            *hash = mixed ^ (mixed >> 31);
        }
    }
    hashes.sort_unstable();
    hashes.windows(2).filter(|pair| pair[0] == pair[1]).count()
}
