//! Any bytes are a table or a typed error; a table that was read is inferred, typed, cleaned and
//! restored without panicking, and writes back to the same texts.
#![no_main]

use libfuzzer_sys::fuzz_target;
use parable::seed::Seed;
use parable::clean::{InferOptions, PlanOptions, Recipe, infer};
use parable::table::{csv, read_typed};

fuzz_target!(|bytes: &[u8]| {
    let Ok(raw) = csv::read_from(bytes, &csv::ReadOptions::default()) else { return };
    let mut out = Vec::new();
    csv::write_raw(&raw, &mut out).expect("what was read can be written");
    let again = csv::read_from(&*out, &csv::ReadOptions::default().with_delimiter(raw.dialect.delimiter));
    let again = again.expect("what was written can be read");
    assert!(again.names == raw.names && again.rows == raw.rows);
    let inference = infer(&raw, &InferOptions::default());
    let (table, _) = read_typed(&raw, &inference.schema).expect("the guess fits every row");
    if let Ok((recipe, _)) = Recipe::plan(&table, &PlanOptions::default()) {
        let (cleaned, _) = recipe.apply(&table).expect("the recipe fits the table it was planned for");
        let (restored, _) = recipe.restore(&cleaned, &Seed::from_u64(1)).expect("a cleaned table can be restored");
        assert_eq!(restored.schema().len(), table.schema().len());
        assert_eq!(restored.rows(), table.rows());
    }
});
