//! Small tables that have tripped synthesizers.

use parable_seed::Seed;
use parable_table::{
    Column, Condition, Constraint, Field, Kind, Known, Levels, NumberFormat, Role, Schema, Strings,
    Table, Values,
};

/// 400 pupils in 20 schools: every type of column but free text, missing values with reasons where
/// the method takes them, a school level column, an arm per school.
pub(crate) fn trial(missing: bool) -> Table {
    let mut rng = Seed::from_u64(11).rng();
    let rows = 400;
    let school: Vec<u32> = (0..rows).map(|row| row / 20).collect();
    let arm: Vec<u32> = school.iter().map(|school| school % 2).collect();
    let size: Vec<i64> = school
        .iter()
        .map(|school| 100 + 10 * i64::from(*school))
        .collect();
    let pre: Vec<f64> = school
        .iter()
        .map(|&s| (500.0 + 10.0 * (rng.normal() + f64::from(s % 3))).round() / 10.0)
        .collect();
    let post: Vec<i64> = pre
        .iter()
        .zip(&arm)
        .map(|(p, &a)| (p + f64::from(a) + 2.0 * rng.normal()).round() as i64)
        .collect();
    let grade: Vec<u32> = post
        .iter()
        .map(|&p| u32::from(p >= 50) + u32::from(p >= 53))
        .collect();
    let born: Vec<i64> = (0..rows).map(|_| 14_000 + rng.below(365) as i64).collect();
    let mut holes = |code: bool| -> Vec<u8> {
        (0..rows)
            .map(|_| {
                if !missing || rng.chance(0.8) {
                    0
                } else {
                    1 + u8::from(code && rng.chance(0.5))
                }
            })
            .collect()
    };
    let schools = (0..20).map(|school| format!("S{school:02}"));
    let fields = vec![
        Field::new("school_id", levels(schools)).with_role(Role::ClusterId),
        Field::new("arm", levels(["control", "treated"])).with_role(Role::Treatment),
        Field::new("school_size", Kind::integer()),
        Field::new("pre", Kind::continuous(1)),
        Field::new("post", Kind::integer())
            .with_role(Role::Outcome)
            .with_missing_codes(["-9"]),
        Field::new(
            "grade",
            Kind::ordinal(Known::declared(
                Levels::new(["low", "middle", "high"]).expect("distinct"),
            )),
        ),
        Field::new(
            "born",
            Kind::Date {
                format: "%Y-%m-%d".into(),
                also: Vec::new(),
                bounds: None,
            },
        ),
    ];
    let columns = vec![
        Column::complete(Values::Codes(school)),
        Column::complete(Values::Codes(arm)),
        Column::complete(Values::Integer(size)),
        Column::with_missing(Values::Continuous(pre), holes(false)),
        Column::with_missing(Values::Integer(post), holes(true)),
        Column::with_missing(Values::Codes(grade), holes(false)),
        Column::complete(Values::Integer(born)),
    ];
    let constant = Constraint::ClusterConstant {
        cluster: "school_id".into(),
        columns: vec!["arm".into(), "school_size".into()],
    };
    let schema = Schema::with_constraints(fields, vec![constant]).expect("a valid schema");
    Table::new(schema, columns).expect("columns that fit")
}

/// The same table with every fact declared, as a private fit needs it.
pub(crate) fn declared_trial(missing: bool) -> Table {
    let table = trial(missing);
    let (schema, columns) = table.into_parts();
    let mut fields = schema.fields().to_vec();
    for field in &mut fields {
        let bounds = |min, max| Some(Known::declared(parable_table::Bounds { min, max }));
        field.kind = match &field.kind {
            Kind::Integer { .. } => Kind::Integer {
                bounds: bounds(0, 400),
                grid: None,
                format: NumberFormat::default(),
            },
            Kind::Date { format, .. } => Kind::Date {
                format: format.clone(),
                also: Vec::new(),
                bounds: bounds(13_900, 14_500),
            },
            Kind::Continuous { grid, format, .. } => Kind::Continuous {
                bounds: Some(Known::declared(parable_table::Bounds {
                    min: 0.0,
                    max: 100.0,
                })),
                grid: grid.clone(),
                format: format.clone(),
            },
            other => other.clone(),
        };
    }
    let schema =
        Schema::with_constraints(fields, schema.constraints().to_vec()).expect("a valid schema");
    Table::new(schema, columns).expect("columns that fit")
}

/// The same table with rules about single rows, which its rows obey.
pub(crate) fn ruled(table: &Table) -> Table {
    let (schema, columns) = table.clone().into_parts();
    let mut rules = schema.constraints().to_vec();
    rules.push(Constraint::Never {
        all: vec![
            Condition::Below {
                column: "post".into(),
                value: 50.0,
            },
            Condition::OneOf {
                column: "grade".into(),
                values: vec!["middle".into(), "high".into()],
            },
        ],
    });
    rules.push(Constraint::Range {
        column: "pre".into(),
        min: Some(40.0),
        max: Some(62.0),
    });
    rules.push(Constraint::holds("grade == 'high' or round(post) < 53"));
    let fields = schema.fields().to_vec();
    let schema = Schema::with_constraints(fields, rules).expect("rules about its columns");
    Table::new(schema, columns).expect("the same columns")
}

fn levels<S: Into<String>>(levels: impl IntoIterator<Item = S>) -> Kind {
    Kind::nominal(Known::declared(Levels::new(levels).expect("distinct")))
}

/// The first `rows` rows.
pub(crate) fn head(table: &Table, rows: usize) -> Table {
    table.take(&(0..rows.min(table.rows())).collect::<Vec<_>>())
}

/// The columns at these positions, without the table's rules.
pub(crate) fn columns(table: &Table, positions: &[usize]) -> Table {
    let fields = positions
        .iter()
        .map(|&at| table.schema().fields()[at].clone());
    let columns = positions.iter().map(|&at| table.column(at).clone());
    let schema = Schema::new(fields.collect()).expect("names that differ in the table differ here");
    Table::new(schema, columns.collect()).expect("columns that fit")
}

/// Columns without information: constants and, where the method takes them, columns without any
/// value.
pub(crate) fn uninformative(missing: bool) -> Table {
    let rows = 30;
    let mut fields = vec![
        Field::new("same_level", levels(["only"])),
        Field::new("same_number", Kind::integer()),
        Field::new("varies", Kind::continuous(2)),
    ];
    let mut columns = vec![
        Column::complete(Values::Codes(vec![0; rows])),
        Column::complete(Values::Integer(vec![7; rows])),
        Column::complete(Values::Continuous(
            (0..rows).map(|row| row as f64 / 4.0).collect(),
        )),
    ];
    if missing {
        fields.push(Field::new("no_level", levels(Vec::<String>::new())));
        columns.push(Column::with_missing(
            Values::Codes(vec![0; rows]),
            vec![1; rows],
        ));
        fields.push(Field::new("no_number", Kind::continuous(0)));
        columns.push(Column::with_missing(
            Values::Continuous(vec![0.0; rows]),
            vec![1; rows],
        ));
    }
    Table::new(Schema::new(fields).expect("a valid schema"), columns).expect("columns that fit")
}

/// One person stands out: a level and a number nobody else has, with texts that must not stand in
/// an error.
pub(crate) fn secret() -> Table {
    let texts: Strings = (0..12)
        .map(|row| if row == 3 { SECRET } else { "ordinary" })
        .collect();
    let fields = vec![
        Field::new("remarks", Kind::Text),
        Field::new("score", Kind::integer()),
    ];
    let columns = vec![
        Column::complete(Values::Text(texts)),
        Column::complete(Values::Integer((0..12).collect())),
    ];
    Table::new(Schema::new(fields).expect("a valid schema"), columns).expect("columns that fit")
}

/// The text that must not stand in an error.
pub(crate) const SECRET: &str = "the-secret-of-row-four";
