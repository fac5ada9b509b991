//! Rows with given values, by rejection: the default of every model, shown on the independent
//! baseline.

use parable_baseline::{Independent, IndependentModel};
use parable_core::{FitContext, Model, NoObserver, SampleError, Synthesizer};
use parable_dp::{Budget, Ledger, NoiseSource, PrivacyUnit};
use parable_seed::Seed;
use parable_table::{Column, Field, Kind, Known, Levels, Schema, Table, Values};

fn arm(levels: &[&str]) -> Field {
    let levels = Levels::new(levels.iter().copied()).expect("distinct levels");
    Field::new("arm", Kind::nominal(Known::declared(levels)))
}

fn model() -> IndependentModel {
    let fields = vec![
        arm(&["control", "treated"]),
        Field::new("score", Kind::continuous(3)),
    ];
    let columns = vec![
        Column::with_missing(Values::Codes(vec![0, 1, 0, 0]), vec![0, 0, 0, 1]),
        Column::complete(Values::Continuous(vec![0.5, 1.5, 2.5, 3.5])),
    ];
    let table = Table::new(Schema::new(fields).expect("names differ"), columns).expect("fits");
    let mut ledger = Ledger::open(PrivacyUnit::one_row(), Budget::Unlimited);
    let mut noise = NoiseSource::operating_system();
    let mut context = FitContext::new(Seed::from_u64(1), &mut ledger, &mut noise);
    Independent
        .fit(&table, &mut context)
        .expect("a small table")
}

fn given(field: Field, column: Column) -> Table {
    Table::new(Schema::new(vec![field]).expect("one name"), vec![column]).expect("fits")
}

fn asked(field: Field, column: Column) -> Result<Table, SampleError> {
    model().sample_given(&given(field, column), &Seed::from_u64(3), &NoObserver)
}

#[test]
fn every_row_has_the_value_asked_for_in_the_order_asked() {
    let codes: Vec<u32> = (0..3_000).map(|row| u32::from(row % 7 == 0)).collect();
    let missing = (0..3_000).map(|row| u8::from(row % 11 == 0)).collect();
    let column = Column::with_missing(Values::Codes(codes), missing);
    let made = asked(arm(&["control", "treated"]), column.clone()).expect("frequent values");
    for row in 0..3_000 {
        assert_eq!(made.column(0).code(row), column.code(row));
        assert_eq!(made.column(0).missing(row), column.missing(row));
    }
    // The rest follows the model: independent here, so a quarter of the rows lies in each quarter
    // of the scores. The sd of a share of 3,000 rows is 0.008; five of them are allowed.
    let low = (0..3_000)
        .filter(|&row| made.column(1).number(row) < Some(1.0))
        .count();
    let expected = {
        let free = model()
            .sample(100_000, &Seed::from_u64(9))
            .expect("samples");
        (0..100_000)
            .filter(|&row| free.column(1).number(row) < Some(1.0))
            .count() as f64
            / 1e5
    };
    assert!(
        (low as f64 / 3e3 - expected).abs() < 0.045,
        "{low} against {expected}"
    );
}

#[test]
fn no_rows_asked_for_give_no_rows() {
    let none = Column::complete(Values::Codes(Vec::new()));
    let made = asked(arm(&["control", "treated"]), none).expect("nothing to find");
    assert_eq!((made.rows(), made.schema().len()), (0, 2));
}

#[test]
fn what_the_model_does_not_make_is_an_error_that_names_the_column() {
    let one = || Column::complete(Values::Codes(vec![0]));
    let mut other = arm(&["control", "treated"]);
    other.name = "form".to_owned();
    for field in [other, arm(&["control", "treatment"])] {
        let name = field.name.clone();
        let error = asked(field, one()).expect_err("not a column of the model");
        assert!(matches!(&error, SampleError::Given { column, .. } if *column == name));
    }
    let number = Field::new("arm", Kind::integer());
    let error = asked(number, Column::complete(Values::Integer(vec![1])));
    assert!(matches!(error, Err(SampleError::Given { .. })));
}

#[test]
fn a_value_the_model_never_makes_is_given_up_without_quoting_it() {
    let score = Field::new("score", Kind::continuous(3));
    let error = asked(score, Column::complete(Values::Continuous(vec![777.25])))
        .expect_err("outside the range");
    assert!(matches!(error, SampleError::Rare { unmatched: 1, .. }));
    assert!(!error.to_string().contains("777"));
}
