//! Any texts of a column and any format are dates or not without panicking; what a format reads and
//! spells reads back as the same, and a guessed column holds only dates that exist.
#![no_main]

use libfuzzer_sys::fuzz_target;
use parable::clean::{InferOptions, infer};
use parable::table::parse::date;
use parable::table::{Kind, TimeUnit, csv, read_typed};

const UNITS: [TimeUnit; 4] = [
    TimeUnit::Seconds,
    TimeUnit::Milliseconds,
    TimeUnit::Microseconds,
    TimeUnit::Nanoseconds,
];

fuzz_target!(|input: (String, Vec<String>)| {
    let (format, texts) = input;
    for text in &texts {
        let _ = date::parse_date(text, &format).and_then(|day| date::spell_date(day, &format));
        for unit in UNITS {
            if let Some(moment) = date::parse_date_time(text, &format, unit) {
                let _ = date::spell_date_time(moment, &format, unit);
            }
        }
    }
    let quoted: Vec<String> = texts.iter().map(|text| format!("\"{}\"", text.replace('"', "\"\""))).collect();
    let Ok(raw) = csv::read_str(&format!("day,row\n{}", quoted.iter().map(|text| format!("{text},1\n")).collect::<String>()), &csv::ReadOptions::default().with_delimiter(',')) else { return };
    let guess = infer(&raw, &InferOptions::default());
    let (table, _) = read_typed(&raw, &guess.schema).expect("the guess fits every row");
    let column = table.column(0);
    for value in (0..table.rows()).filter_map(|row| column.integer(row)) {
        match &table.schema().fields()[0].kind {
            Kind::Date { format, .. } => {
                let text = date::spell_date(value, format).expect("a day that exists");
                assert!(date::parse_date(&text, format).is_some(), "{format}");
            }
            Kind::DateTime { format, unit, .. } => {
                let text = date::spell_date_time(value, format, *unit).expect("a moment that exists");
                assert!(date::parse_date_time(&text, format, *unit).is_some(), "{format}");
            }
            _ => {}
        }
    }
});
