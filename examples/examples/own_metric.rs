//! A metric of your own: whether the most frequent level of each column is the same in both
//! tables, with a section that lists the columns. `docs/adding-a-metric.md` walks through it.

use std::collections::BTreeMap;
use std::error::Error;

use parable::Evaluation;
use parable::metrics::{
    CustomSection, Direction, Group, Metric, MetricContext, MetricError, MetricInfo, Outcome,
    SectionTable, Undefined, Unit, conformance,
};
use parable::report::{MethodResult, Report, ReportInput};
use parable::seed::Seed;
use parable::table::{Column, Field, Kind, Known, Levels, Schema, Table, Values};

/// Share of the columns of levels whose most frequent level is the same in both tables.
struct SameMode;

static SAME_MODE: MetricInfo = MetricInfo::new(
    "same_mode",
    "Columns with the same most frequent level",
    "Whether the most common answer to each question is still the most common one.",
)
.with_group(Group::Univariate)
.with_direction(Direction::Max1);

impl Metric for SameMode {
    fn info(&self) -> &MetricInfo {
        &SAME_MODE
    }

    fn compute(&self, context: &MetricContext<'_>) -> Result<Outcome, MetricError> {
        let (real, synthetic) = (context.real(), context.synthetic());
        let mut table = SectionTable::new(
            "Share of rows with the level that is most frequent in the real table",
            ["real", "synthetic"],
        );
        let (mut columns, mut same) = (0, 0);
        for field in real.schema().fields() {
            let (in_real, in_synthetic) =
                (shares(real, &field.name), shares(synthetic, &field.name));
            let (Some(mode), Some(other)) = (mode(&in_real), mode(&in_synthetic)) else {
                continue;
            };
            columns += 1;
            same += usize::from(mode == other);
            let share =
                |shares: &BTreeMap<String, f64>| Some(shares.get(mode).copied().unwrap_or(0.0));
            table = table.with_row(field.name.as_str(), [share(&in_real), share(&in_synthetic)]);
        }
        let value = match columns {
            0 => Err(Undefined::NoColumns),
            n => Ok(same as f64 / n as f64),
        };
        let score = self.info().score(value).with_used(columns, Unit::Columns);
        let section = CustomSection::new("Most frequent levels")
            .with_paragraph("How often the most common answer occurs in each table.")
            .with_table(table);
        Ok(Outcome::from(score).with_section(section))
    }
}

/// The share of each level among the values that are there; empty for other columns.
fn shares(table: &Table, name: &str) -> BTreeMap<String, f64> {
    let mut shares = BTreeMap::new();
    let Some(position) = table.schema().position(name) else {
        return shares;
    };
    let column = table.column(position);
    let (Some(levels), Values::Codes(codes)) = (table.levels(position), column.values()) else {
        return shares;
    };
    let given = (column.len() - column.missing_count()) as f64;
    for (row, &code) in codes.iter().enumerate() {
        if !column.is_missing(row) {
            let level = levels.get(code).unwrap_or_default().to_owned();
            *shares.entry(level).or_insert(0.0) += 1.0 / given;
        }
    }
    shares
}

/// The most frequent level; of equally frequent ones the first in alphabetical order.
fn mode(shares: &BTreeMap<String, f64>) -> Option<&String> {
    let most = shares.values().copied().fold(f64::NEG_INFINITY, f64::max);
    shares
        .iter()
        .find(|(_, share)| **share >= most - 1e-9)
        .map(|(level, _)| level)
}

fn survey(seed: u64, rows: usize) -> Result<Table, Box<dyn Error>> {
    let mut rng = Seed::from_u64(seed).rng();
    let levels = |names: [&str; 3]| Levels::new(names).map(Known::declared);
    let schema = Schema::new(vec![
        Field::new("travel", Kind::nominal(levels(["bus", "car", "foot"])?)),
        Field::new("lunch", Kind::nominal(levels(["home", "none", "school"])?)),
    ])?;
    let mut codes = || (0..rows).map(|_| rng.below(3) as u32).collect();
    let columns = vec![
        Column::complete(Values::Codes(codes())),
        Column::complete(Values::Codes(codes())),
    ];
    Ok(Table::new(schema, columns)?)
}

fn main() -> Result<(), Box<dyn Error>> {
    // What is asked of every metric of the crate is asked of this one.
    conformance::check(&SameMode);

    let (real, synthetic) = (survey(1, 400)?, survey(2, 400)?);
    let evaluation = Evaluation::of(&real, &synthetic)
        .with_metric(SameMode)
        .run()?;
    let score = evaluation.score("same_mode").ok_or("not computed")?;
    println!("{}: {:?}", score.title, score.value);
    println!("by sampling alone: {:?}", score.baseline.resample);

    let schema = real.schema().clone();
    let input = ReportInput::new("Survey", "survey.csv", 400, 2, schema)
        .with_method(MethodResult::new("another draw", evaluation));
    let page = std::env::temp_dir().join("own_metric.html");
    std::fs::write(&page, Report::new(input).to_html())?;
    println!("the page with its section: {}", page.display());
    Ok(())
}
