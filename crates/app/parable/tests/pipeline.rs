//! The pipeline in memory: what a method is given, and what comes back.

use parable::seed::Seed;
use parable::table::{Constraint, Table, constraints};
use parable::trials::{Preset, Trial, TrialConfig};
use parable::{Fitted, Methods, Source, Synthetic};

fn trial() -> Source {
    let trial = Trial::simulate(&TrialConfig::new(Preset::A), &Seed::from_u64(7)).expect("a trial");
    Source::from_table("trial", trial.table)
}

fn made(source: &Source, method: &str) -> (Fitted, Synthetic) {
    let method = Methods::builtin().get(method, "").expect("a method");
    let fitted = source.fit(method).seed(1).run().expect("a fit");
    let made = fitted.sample(1_200).seed(2).run().expect("a sample");
    (fitted, made)
}

/// The share of rows in the treated arm.
fn treated(table: &Table) -> f64 {
    let (_, arm) = table.named("treatment").expect("an arm");
    (0..table.rows())
        .filter(|&row| arm.code(row) == Some(1))
        .count() as f64
        / table.rows() as f64
}

#[test]
fn cart_keeps_schema_rules_and_arms() {
    let source = trial();
    let (_, made) = made(&source, "cart");
    assert_eq!(made.table.schema(), source.table().schema());
    assert!(
        constraints::check(&made.table)
            .expect("rules fit")
            .is_empty()
    );
    // 24 of 48 schools of 25 pupils each are treated; sizes alone move the share of rows by less
    // than this.
    assert!((treated(&made.table) - treated(source.table())).abs() < 0.1);
}

#[test]
fn the_baseline_keeps_every_column_and_no_cluster() {
    let source = trial();
    let (_, made) = made(&source, "independent");
    let names = |table: &Table| -> Vec<String> {
        table
            .schema()
            .fields()
            .iter()
            .map(|field| field.name.clone())
            .collect()
    };
    assert_eq!(names(&made.table), names(source.table()));
    // A binomial share of 1,200 rows has sd 0.0144; 5 sd = 0.072 is exceeded with probability below
    // 1e-6.
    assert!(
        (treated(&made.table) - treated(source.table())).abs() < 0.072,
        "repairs moved whole arms"
    );
    let cluster = |rule: &Constraint| matches!(rule, Constraint::ClusterConstant { .. });
    assert!(!made.table.schema().constraints().iter().any(cluster));
}

#[test]
fn a_model_file_samples_what_its_model_samples() {
    let source = trial();
    let (fitted, made) = made(&source, "cart");
    let mut bytes = Vec::new();
    fitted.write(&mut bytes).expect("written");
    let read = Fitted::read(&mut bytes.as_slice()).expect("read");
    assert_eq!(read.sample(1_200).seed(2).run().expect("a sample"), made);
    assert_eq!(read.to_markdown(), fitted.to_markdown());
}

#[cfg(feature = "rows")]
#[test]
fn structs_go_in_and_synthetic_structs_come_out() {
    #[derive(serde::Serialize, serde::Deserialize)]
    struct Visit {
        ward: String,
        age: u8,
        urgent: bool,
        weight: Option<f64>,
    }

    let visit = |index: u8| Visit {
        ward: ["surgery", "medicine"][usize::from(index % 2)].to_owned(),
        age: 20 + index % 50,
        urgent: index.is_multiple_of(3),
        weight: (!index.is_multiple_of(5)).then(|| 50.5 + f64::from(index % 40)),
    };
    let visits: Vec<Visit> = (0..200).map(visit).collect();
    let source = Source::from_rows("visits", &visits, None).expect("a table");
    let (fitted, _) = made(&source, "cart");
    let sample = fitted.sample(300).seed(2).run().expect("a sample");
    let rows: Vec<Visit> = sample.to_rows().expect("rows");
    assert_eq!(rows.len(), 300);
    let known = |row: &Visit| ["surgery", "medicine"].contains(&row.ward.as_str());
    assert!(
        rows.iter()
            .all(|row| known(row) && (20..70).contains(&row.age))
    );
    // A fifth of 200 weights is missing, two thirds of the visits are not urgent.
    assert!(rows.iter().any(|row| row.weight.is_none()));
    assert!(rows.iter().any(|row| row.urgent) && rows.iter().any(|row| !row.urgent));

    // A ward is no number.
    let error = sample.to_rows::<std::collections::BTreeMap<String, u8>>();
    let error = error.expect_err("a text");
    assert!(matches!(error, parable::Error::Rows(_)), "{error}");
}

#[test]
fn an_evaluation_takes_a_holdout_and_a_metric_of_your_own() {
    use parable::Evaluation;
    use parable::metrics::{Metric, MetricContext, MetricError, MetricInfo, Outcome};

    static ROWS: MetricInfo =
        MetricInfo::new("row_ratio", "Rows", "Synthetic rows per real row.").without_anchors();
    struct RowRatio;
    impl Metric for RowRatio {
        fn info(&self) -> &MetricInfo {
            &ROWS
        }

        fn compute(&self, context: &MetricContext<'_>) -> Result<Outcome, MetricError> {
            let ratio = context.synthetic().rows() as f64 / context.real().rows() as f64;
            Ok(Outcome::from(self.info().score(Ok(ratio))))
        }
    }

    let source = trial();
    let (_, made) = made(&source, "independent");
    let rest = Trial::simulate(&TrialConfig::new(Preset::A), &Seed::from_u64(8)).expect("a trial");
    let evaluation = Evaluation::of(source.table(), &made.table)
        .holdout(&rest.table)
        .without_default_metrics()
        .with_metric(RowRatio)
        .run()
        .expect("an evaluation");
    let ratio = made.table.rows() as f64 / source.table().rows() as f64;
    assert_eq!(evaluation.value("row_ratio"), Some(ratio));
    assert_eq!(
        evaluation.inputs.holdout_rows,
        Some(rest.table.rows() as u64)
    );
}
