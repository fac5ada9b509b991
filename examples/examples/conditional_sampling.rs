//! Rows with given values: `cargo run --example conditional_sampling`.

use std::error::Error;

use parable::cart::Cart;
use parable::seed::Seed;
use parable::trials::{Preset, Trial, TrialConfig};
use parable::{Conditions, Source};

fn main() -> Result<(), Box<dyn Error>> {
    let trial = Trial::simulate(&TrialConfig::new(Preset::A), &Seed::from_u64(7))?;
    let source = Source::from_table("trial", trial.table);
    let fitted = source.fit(Cart::default()).seed(1).run()?;

    // The same values in every row, spelled as in the source. The other columns follow the model
    // given them.
    let treated = Conditions::default().with("treatment", "1");
    let synthetic = fitted.sample(300).seed(2).given(&treated).run()?;
    let (_, arm) = synthetic.table.named("treatment").ok_or("no such column")?;
    let count = (0..300).filter(|&row| arm.code(row) == Some(1)).count();
    println!("{count} of 300 rows are treated");

    // One row for each row of a table: here the arms of the first pupils, one after the other.
    let real = source.table();
    let position = real
        .schema()
        .position("treatment")
        .ok_or("no such column")?;
    let schema = parable::table::Schema::new(vec![
        fitted.model().schema().fields()[fitted
            .model()
            .schema()
            .position("treatment")
            .ok_or("no such column")?]
        .clone(),
    ])?;
    let arms = real.column(position).take(&(0..100).collect::<Vec<_>>());
    let given = Conditions::table(parable::table::Table::new(schema, vec![arms])?);
    let rows = given.rows().unwrap_or(0);
    let synthetic = fitted.sample(rows).seed(3).given(&given).run()?;
    println!(
        "{} rows, each with the arm of a real pupil",
        synthetic.table.rows()
    );
    for repair in &synthetic.repairs {
        println!("repaired: {repair}");
    }

    // A combination that the model never generates is an error that names the columns.
    let impossible = Conditions::default().with("pupil_id", "nobody");
    match fitted.sample(1).given(&impossible).run() {
        Ok(_) => println!("a column that cleaning put back was given"),
        Err(error) => println!("refused: {error}"),
    }
    Ok(())
}
