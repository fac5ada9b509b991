//! Any texts of a column are numbers or not without panicking, whatever the format; what a guessed
//! format spells reads back as the same number.
#![no_main]

use libfuzzer_sys::fuzz_target;
use parable::clean::{InferOptions, infer};
use parable::table::parse::number;
use parable::table::{Kind, NumberFormat, csv, read_typed};

fuzz_target!(|input: (NumberParts, Vec<String>)| {
    let ((decimal_mark, thousands_mark, prefix, suffix), texts) = input;
    let format = NumberFormat::with_marks(decimal_mark, thousands_mark).with_unit(prefix, suffix);
    let mut out = String::new();
    for text in &texts {
        if let Ok(found) = number::parse(text, &format) {
            number::spell_real(&mut out, found.value, &format);
            out.clear();
        }
    }
    let rows: String = texts.iter().map(|text| format!("\"{}\",1\n", text.replace('"', "\"\""))).collect();
    let options = csv::ReadOptions::default().with_delimiter(',');
    let Ok(raw) = csv::read_str(&format!("n,row\n{rows}"), &options) else { return };
    let guess = infer(&raw, &InferOptions::default());
    let (table, _) = read_typed(&raw, &guess.schema).expect("the guess fits every row");
    let column = table.column(0);
    for row in 0..table.rows() {
        out.clear();
        match &table.schema().fields()[0].kind {
            Kind::Integer { format, .. } if !column.is_missing(row) => {
                let value = column.integer(row).expect("a value");
                number::spell_integer(&mut out, value, format);
                let read = number::parse(&out, format).expect("a number");
                assert_eq!(read.value, value as f64);
            }
            Kind::Continuous { format, .. } if !column.is_missing(row) => {
                number::spell_real(&mut out, column.number(row).expect("a value"), format);
                assert!(number::parse(&out, format).is_ok());
            }
            _ => {}
        }
    }
});

/// Decimal mark, thousands mark, prefix and suffix.
type NumberParts = (char, Option<char>, String, String);
