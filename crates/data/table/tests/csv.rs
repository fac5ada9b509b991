//! Files of separated values in and out, and what bad ones get.

use std::io::Read;

use parable_clean::infer;
use parable_table::csv::{self, CsvError, CsvFault, ReadOptions};
use parable_table::{
    AtomicFileError, Bounds, Column, Dialect, Field, Grid, Kind, Known, Levels, Missing, Overwrite,
    RawColumn, RawTable, Schema, Strings, Table, Values, read_typed,
};
use proptest::prelude::*;

fn read(text: &str) -> Result<RawTable, CsvError> {
    csv::read_str(text, &ReadOptions::default())
}

fn rows(table: &RawTable) -> Vec<Vec<&str>> {
    (0..table.rows)
        .map(|row| table.columns.iter().map(|column| column.get(row)).collect())
        .collect()
}

#[track_caller]
fn refused(bytes: &[u8], expected: &str) -> CsvError {
    let error = csv::read_from(bytes, &ReadOptions::default()).unwrap_err();
    assert_eq!(error.to_string(), expected);
    error
}

#[test]
fn quotes_line_ends_and_line_breaks_inside_fields_are_read() {
    let table = read("a,b\r\n\"x, \"\"y\"\"\",\"two\r\nlines\"\r\n,z").unwrap();
    assert_eq!(rows(&table), [["x, \"y\"", "two\r\nlines"], ["", "z"]]);
    assert!(table.dialect.crlf && !table.dialect.bom);
}

#[test]
fn a_byte_order_mark_is_kept_in_the_dialect_and_out_of_the_header() {
    let file = "\u{feff}a;b\n1;2\n";
    let table = read(file).unwrap();
    assert_eq!(table.names, ["a", "b"]);
    let mut out = Vec::new();
    csv::write_raw(&table, &mut out).unwrap();
    assert_eq!(out, file.as_bytes());
}

#[test]
fn texts_stay_as_they_are() {
    let table = read("id,x\n007,NA\n 1 ,\t\n").unwrap();
    assert_eq!(rows(&table), [["007", "NA"], [" 1 ", "\t"]]);
}

#[test]
fn empty_files_and_headers_without_rows_are_told_apart() {
    refused(b"", "the file is empty; expected a header line");
    refused(b"\xef\xbb\xbf", "the file is empty; expected a header line");
    refused(b"\n\n", "the file is empty; expected a header line");
    let table = read("a,b").unwrap();
    assert_eq!((table.names.len(), table.rows), (2, 0));
}

#[test]
fn ragged_rows_say_where_and_how_many() {
    refused(
        b"a,b\n1,2\n3\n",
        "row 2 (line 3) has 1 fields; expected 2, as in the header; a field that contains the delimiter must be quoted",
    );
    refused(
        b"a,b\r\n1,2\r\n3\r\n",
        "row 2 (line 3) has 1 fields; expected 2, as in the header; a field that contains the delimiter must be quoted",
    );
    refused(
        b"a,b\n1,2\n3",
        "row 2 (line 3) has 1 fields; expected 2, as in the header; a field that contains the delimiter must be quoted",
    );
    let error = refused(
        b"a,b\n\"1\n1\",2\n3,4,5\n",
        "row 2 (line 4) has 3 fields; expected 2, as in the header; a field that contains the delimiter must be quoted",
    );
    assert!(matches!(
        error.fault(),
        CsvFault::Ragged {
            row: 2,
            line: 4,
            expected: 2,
            found: 3,
            ..
        }
    ));
}

#[test]
fn columns_without_a_name_of_their_own_get_one_and_are_written_as_they_were() {
    #[track_caller]
    fn check(text: &str, names: &[&str]) {
        let table = csv::read_str(text, &ReadOptions::default()).expect("a table");
        assert_eq!(table.names, names);
        assert_eq!(table.notes.len(), table.spelled.len());
        let mut out = Vec::new();
        csv::write_raw(&table, &mut out).expect("written");
        assert_eq!(String::from_utf8(out).expect("UTF-8"), text);
        let schema = infer(&table, &Default::default()).schema;
        let (typed, _) = read_typed(&table, &schema).expect("typed");
        let mut out = Vec::new();
        csv::write(&typed, &mut out, &table.dialect).expect("written");
        assert_eq!(String::from_utf8(out).expect("UTF-8"), text);
    }
    check("a,,c\n1,2,3\n", &["a", "column_2", "c"]);
    check(
        "\"\",a\n1,2\n".replace("\"\"", "").as_str(),
        &["column_1", "a"],
    );
    check("a,b,a,a.2\n1,2,3,4\n", &["a", "b", "a.3", "a.2"]);
    check("sep=;\na;b\nx,y;2\n", &["a", "b"]);
    refused(b",,\n1,2,3\n", "the header is empty: no column has a name");
}

#[test]
fn titles_and_delimiters_at_the_end_of_rows_are_left_out() {
    let read = |text: &str| csv::read_str(text, &ReadOptions::default()).expect("a table");
    let table = read("a,b\n1,2,\n3,4,\n");
    assert_eq!((table.names.len(), table.rows), (2, 2));
    let table = read("Survey of 2024\n\na,b\n1,2\n3,4\n");
    assert_eq!((table.names.len(), table.rows), (2, 2));
    let table = read("Survey of 2024,,\n,,\na,b,c\n1,2,3\n3,4,5\n");
    assert_eq!(table.names, ["a", "b", "c"]);
    assert!(table.notes[0].contains("2 lines above the header"));
    let named = ReadOptions::default().with_skip_lines(1);
    let table = csv::read_str("x,y\na,b\n1,2\n", &named).expect("a table");
    assert_eq!((table.names[0].as_str(), table.rows), ("a", 1));
}

const REMEDY: &str = "save the file as UTF-8 (for Windows-1252: iconv -f windows-1252 -t utf-8)";

#[test]
fn invalid_utf8_is_reported_with_its_row_and_byte() {
    let at = |place: &str, offset: usize| {
        format!("{place}: the byte at offset {offset} of the file is not valid UTF-8; {REMEDY}")
    };
    refused(b"a,b\n1,2\n3,\xff4\n", &at("row 2", 10));
    refused(b"a,\xe9\n", &at("the header", 2));
    // A character that is cut off by the end of the file.
    refused(b"a\n\xe2\x82", &at("row 1", 2));
    refused(
        b"\xff\xfea",
        "the file is encoded as UTF-16, damaged or unexpected; save it as UTF-8",
    );
}

#[test]
fn a_bad_byte_far_into_a_file_has_the_right_row() {
    let mut text = b"a,b\n".to_vec();
    (0..200_000).for_each(|row| text.extend(format!("{row},x\n").bytes()));
    let offset = text.len() + 2;
    text.extend(b"1,\xc3\n");
    let expected =
        format!("row 200001: the byte at offset {offset} of the file is not valid UTF-8; {REMEDY}");
    refused(&text, &expected);
}

/// Delivers one byte at a time.
struct Slow<'a>(&'a [u8]);

impl Read for Slow<'_> {
    fn read(&mut self, out: &mut [u8]) -> std::io::Result<usize> {
        match (self.0.split_first(), out.first_mut()) {
            (Some((&byte, rest)), Some(slot)) => {
                *slot = byte;
                self.0 = rest;
                Ok(1)
            }
            _ => Ok(0),
        }
    }
}

#[test]
fn the_result_does_not_depend_on_how_the_bytes_arrive_or_blocks_are_cut() {
    let lines: String = (0..90_000)
        .map(|row| format!("{row},\"é\n{}\",€{}\n", row % 7, row % 1000))
        .collect();
    let text = format!("a,b,c\n{lines}");
    let slow = csv::read_from(Slow(text.as_bytes()), &ReadOptions::default()).unwrap();
    assert_eq!(slow, read(&text).unwrap());
    assert_eq!(slow.rows, 90_000);
    assert_eq!(slow.columns[1].texts.len(), 7);
    for row in 0..slow.rows {
        assert_eq!(slow.columns[0].get(row), row.to_string());
        assert_eq!(slow.columns[2].get(row), format!("€{}", row % 1000));
    }
}

#[test]
fn a_giant_row_stops_at_the_limit() {
    let options = ReadOptions::default().with_max_row_bytes(1 << 16);
    let open_quote = format!("a,b\n1,2\n\"{}", "x,y\n".repeat(1 << 16));
    let commas = format!("a,b\n1,2\n{}", ",".repeat(1 << 18));
    for text in [open_quote, commas] {
        let error = csv::read_str(&text, &options).unwrap_err();
        assert!(
            matches!(
                error.fault(),
                CsvFault::RowTooLong {
                    row: 2,
                    limit: 65_536,
                    ..
                }
            ),
            "{error}"
        );
    }
    // A long field below the limit is fine.
    let text = format!("a,b\n1,{}\n", "x".repeat(1 << 22));
    assert_eq!(read(&text).unwrap().columns[1].get(0).len(), 1 << 22);
}

#[track_caller]
fn goes_through(text: &str) {
    let raw = read(text).unwrap();
    let guess = infer(&raw, &Default::default());
    let (table, warnings) = read_typed(&raw, &guess.schema).unwrap();
    assert!(warnings.is_empty());
    let mut out = Vec::new();
    csv::write(&table, &mut out, &raw.dialect).unwrap();
    assert_eq!(String::from_utf8(out).unwrap(), text);
}

#[test]
fn ten_thousand_columns_go_through() {
    let line = |cell: &dyn Fn(usize) -> String| (0..10_000).map(cell).collect::<Vec<_>>().join(",");
    goes_through(&format!(
        "{}\n{}\n{}\n",
        line(&|k| format!("c{k}")),
        line(&|k| k.to_string()),
        line(&|k| (k % 3).to_string())
    ));
}

#[test]
fn one_row_one_column_missing_columns_and_repeated_rows_go_through() {
    goes_through("a\n1\n");
    goes_through("a\n\"\"\n");
    goes_through("a,b\n1,2\n");
    goes_through("a,b\nx,5\nx,5\nx,5\n");
    goes_through("a,b\n,\n,\n");
    goes_through("a\n");
    goes_through("a,b\nNA,1\nNA,2\n");
}

#[test]
fn errors_name_the_file() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("people.csv");
    let missing = csv::read(&path, &ReadOptions::default()).unwrap_err();
    assert!(missing.to_string().contains("people.csv"));
    std::fs::write(&path, "a,b\n1\n").unwrap();
    let ragged = csv::read(&path, &ReadOptions::default()).unwrap_err();
    assert_eq!(ragged.path(), Some(path.as_path()));
    assert!(ragged.to_string().contains("people.csv`: row 1"));
}

#[test]
fn files_are_written_whole_and_not_over_others() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("out.csv");
    let table = read("a,b\n1,2\n").unwrap();
    csv::write_raw_file(&table, &path, Overwrite::Refuse).unwrap();
    let again = csv::write_raw_file(&table, &path, Overwrite::Refuse).unwrap_err();
    assert!(matches!(
        again.fault(),
        CsvFault::File(AtomicFileError::Exists { .. })
    ));
    csv::write_raw_file(&table, &path, Overwrite::Replace).unwrap();
    assert_eq!(csv::read(&path, &ReadOptions::default()).unwrap(), table);
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_is_an_error_and_no_panic() {
    let table = read(&format!("a\n{}", "some text\n".repeat(100_000))).unwrap();
    let full = std::fs::File::options()
        .write(true)
        .open("/dev/full")
        .unwrap();
    let error = csv::write_raw(&table, full).unwrap_err();
    assert!(matches!(error.fault(), CsvFault::Write(_)), "{error}");
    let error = csv::write_raw_file(&table, "/dev/full", Overwrite::Replace).unwrap_err();
    assert!(error.to_string().contains("/dev/full"), "{error}");
}

#[test]
fn a_table_that_cannot_be_written_leaves_no_file() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("out.csv");
    let texts: Strings = [""].into_iter().collect();
    let schema = Schema::new(vec![Field::new("t", Kind::Text)]).unwrap();
    let table = Table::new(schema, vec![Column::complete(Values::Text(texts))]).unwrap();
    csv::write_file(&table, &path, &Dialect::default(), Overwrite::Refuse).unwrap_err();
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
}

fn nominal(name: &str, levels: &[&str]) -> Field {
    let levels = Levels::new(levels.iter().copied()).unwrap();
    Field::new(name, Kind::nominal(Known::declared(levels)))
}

fn write_one(field: Field, column: Column) -> Result<String, CsvError> {
    let schema = Schema::new(vec![field]).unwrap();
    let table = Table::new(schema, vec![column]).unwrap();
    let mut out = Vec::new();
    csv::write(&table, &mut out, &Dialect::default())?;
    Ok(String::from_utf8(out).unwrap())
}

#[test]
fn a_level_spelled_like_the_mark_for_absent_survives() {
    let mut field = nominal("country", &["NA", "DE"]);
    field.absent = "NA".to_owned();
    let column = Column::with_missing(Values::Codes(vec![0, 1, 0]), vec![0, 0, 1]);
    let text = write_one(field.clone(), column.clone()).unwrap();
    assert_eq!(text, "country\nNA\nDE\n\"\"\n");
    let schema = Schema::new(vec![field]).unwrap();
    let (table, _) = read_typed(&read(&text).unwrap(), &schema).unwrap();
    assert_eq!(table.column(0), &column);
}

#[test]
fn texts_that_would_read_back_as_missing_are_refused() {
    let mut field = Field::new("comment", Kind::Text);
    field.absent = "NA".to_owned();
    let texts: Strings = ["fine", "NA"].into_iter().collect();
    let error = write_one(field, Column::complete(Values::Text(texts))).unwrap_err();
    assert!(
        matches!(error.fault(), CsvFault::Ambiguous { row: 2, .. }),
        "{error}"
    );
    let field = nominal("c", &["-8", "x"]).with_missing_codes(["-8"]);
    let error = write_one(field, Column::complete(Values::Codes(vec![1, 0]))).unwrap_err();
    assert!(
        matches!(error.fault(), CsvFault::Ambiguous { row: 2, .. }),
        "{error}"
    );
}

#[test]
fn numbers_that_look_like_missing_codes_are_counted() {
    let field = Field::new("income", Kind::integer()).with_missing_codes(["-8"]);
    let column = Column::with_missing(Values::Integer(vec![-8, 5, 0]), vec![0, 0, 2]);
    let table = Table::new(Schema::new(vec![field]).unwrap(), vec![column]).unwrap();
    let written = csv::write(&table, std::io::sink(), &Dialect::default()).unwrap();
    assert_eq!(written.lookalikes, [("income".to_owned(), 1)]);
}

#[test]
fn dates_beyond_their_format_are_errors() {
    let format = "%Y-%m-%d".to_owned();
    let field = Field::new(
        "day",
        Kind::Date {
            also: Vec::new(),
            format,
            bounds: None,
        },
    );
    let error = write_one(field, Column::complete(Values::Integer(vec![i64::MAX]))).unwrap_err();
    assert!(
        matches!(error.fault(), CsvFault::Unspellable { row: 1, .. }),
        "{error}"
    );
}

#[test]
fn a_delimiter_must_be_one_ascii_character() {
    let options = ReadOptions::default().with_delimiter('€');
    let error = csv::read_str("a", &options).unwrap_err();
    assert!(matches!(error.fault(), CsvFault::BadDelimiter));
}

/// Texts that are hard on readers and writers.
fn hard_text() -> impl Strategy<Value = String> {
    prop_oneof![
        "[a-z0-9 ]{0,6}",
        "[,;|\t\"\r\nab é€\u{feff}]{0,5}",
        Just("NA".to_owned()),
        Just(String::new()),
    ]
}

fn dialect() -> impl Strategy<Value = Dialect> {
    let delimiter = prop_oneof![Just(','), Just(';'), Just('\t'), Just('|')];
    (delimiter, any::<bool>(), any::<bool>()).prop_map(|(delimiter, crlf, bom)| {
        let mut dialect = Dialect::default();
        (dialect.delimiter, dialect.crlf, dialect.bom) = (delimiter, crlf, bom);
        dialect
    })
}

fn raw_table() -> impl Strategy<Value = RawTable> {
    let texts = (1usize..5).prop_flat_map(|columns| {
        let names = prop::collection::vec(hard_text(), columns);
        let row = prop::collection::vec(hard_text(), columns);
        (names, prop::collection::vec(row, 0..12))
    });
    (texts, dialect()).prop_map(|((names, cells), dialect)| {
        let mut table = RawTable {
            columns: vec![RawColumn::default(); names.len()],
            names: names
                .iter()
                .enumerate()
                .map(|(k, name)| format!("{name}{k}"))
                .collect(),
            rows: cells.len(),
            dialect,
            ..RawTable::default()
        };
        for row in &cells {
            for (column, text) in table.columns.iter_mut().zip(row) {
                let known = column.texts.iter().position(|other| other == text);
                let code = known.unwrap_or_else(|| {
                    column.texts.push(text);
                    column.texts.len() - 1
                });
                column.cells.push(code as u32);
            }
        }
        table
    })
}

type TypedRow = (i64, f64, u32, i64, u8, i32);

fn typed_fields(decimals: u8, european: bool) -> Vec<Field> {
    let mut number = parable_table::NumberFormat::default();
    if european {
        (number.decimal_mark, number.thousands_mark) = (',', Some('.'));
    }
    let mut fixed = number.clone();
    fixed.fixed_decimals = Some(decimals);
    let continuous = |format| Kind::Continuous {
        bounds: Some(Known::declared(Bounds {
            min: -1e13,
            max: 1e13,
        })),
        grid: Some(Known::declared(Grid::Decimals(decimals))),
        format,
    };
    let bounds = Some(Known::declared(Bounds {
        min: i64::MIN,
        max: i64::MAX,
    }));
    let levels = Levels::new(["plain", "with, comma", "with \"quotes\"", "NA"]).unwrap();
    let mut fields = vec![
        Field::new(
            "whole",
            Kind::Integer {
                bounds: bounds.clone(),
                grid: None,
                format: number.clone(),
            },
        ),
        Field::new("real", continuous(number)),
        Field::new("fixed", continuous(fixed)),
        Field::new("level", Kind::nominal(Known::declared(levels))),
        Field::new(
            "day",
            Kind::Date {
                also: Vec::new(),
                format: "%d/%m/%Y".to_owned(),
                bounds: bounds.clone(),
            },
        ),
        Field::new(
            "moment",
            Kind::DateTime {
                also: Vec::new(),
                unit: Default::default(),
                format: "%Y-%m-%dT%H:%M:%S".to_owned(),
                bounds,
            },
        ),
        Field::new("text", Kind::Text),
    ];
    for field in &mut fields {
        field.absent = "NA".to_owned();
        *field = field.clone().with_missing_codes(["N", "?"]);
    }
    fields
}

fn typed_table(rows: &[TypedRow], decimals: u8, european: bool) -> Table {
    let bytes: Vec<u8> = rows.iter().map(|row| row.4).collect();
    let filled = |values: Values| Column::with_missing(values, bytes.clone());
    let grid = Grid::Decimals(decimals);
    // Missing cells hold the fillers that reading puts there.
    let whole = |value: &dyn Fn(&TypedRow) -> i64| {
        let value = |row: &TypedRow| if row.4 == 0 { value(row) } else { 0 };
        filled(Values::Integer(rows.iter().map(value).collect()))
    };
    let real = || {
        let value = |row: &TypedRow| match row.4 {
            0 => grid.round(row.1) + 0.0,
            _ => 0.0,
        };
        filled(Values::Continuous(rows.iter().map(value).collect()))
    };
    let code = |row: &TypedRow| if row.4 == 0 { row.2 } else { 0 };
    let texts: Vec<String> = rows
        .iter()
        .map(|row| match row.4 {
            0 => format!("\"{}\",\n{}", row.0, row.1),
            _ => String::new(),
        })
        .collect();
    let columns = vec![
        whole(&|row| row.0),
        real(),
        real(),
        filled(Values::Codes(rows.iter().map(code).collect())),
        whole(&|row| row.3),
        whole(&|row| i64::from(row.5)),
        filled(Values::Text(texts.iter().map(String::as_str).collect())),
    ];
    Table::new(
        Schema::new(typed_fields(decimals, european)).unwrap(),
        columns,
    )
    .unwrap()
}

#[test]
fn numbers_with_powers_of_ten_get_no_grid_when_they_are_read() {
    let raw = read("x\n0e0\n3e2\n5e-1\n").unwrap();
    let guess = infer(&raw, &Default::default());
    let (typed, _) = read_typed(&raw, &guess.schema).unwrap();
    assert_eq!(typed.schema(), &guess.schema);
    assert!(matches!(
        typed.schema().fields()[0].kind,
        Kind::Continuous { grid: None, .. }
    ));
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_is_written_reads_back_and_every_guess_fits(table in raw_table()) {
        let mut out = Vec::new();
        csv::write_raw(&table, &mut out).unwrap();
        let options = ReadOptions::default().with_delimiter(table.dialect.delimiter);
        prop_assert_eq!(&csv::read_from(out.as_slice(), &options).unwrap(), &table);

        let guess = infer(&table, &Default::default());
        let (typed, warnings) = read_typed(&table, &guess.schema).unwrap();
        prop_assert_eq!(typed.rows(), table.rows);
        prop_assert!(warnings.is_empty());
        prop_assert_eq!(typed.schema(), &guess.schema);
    }

    #[test]
    fn typed_tables_read_back(
        rows in prop::collection::vec(
            (any::<i64>(), -1e12f64..1e12, 0u32..4, -700_000i64..2_900_000, 0u8..4, any::<i32>()),
            1..40,
        ),
        decimals in 0u8..4,
        european in any::<bool>(),
        dialect in dialect(),
    ) {
        let table = typed_table(&rows, decimals, european);
        let mut out = Vec::new();
        csv::write(&table, &mut out, &dialect).unwrap();
        let raw = csv::read_from(out.as_slice(), &ReadOptions::default().with_delimiter(dialect.delimiter)).unwrap();
        let (back, warnings) = read_typed(&raw, table.schema()).unwrap();
        prop_assert!(warnings.is_empty());
        prop_assert_eq!(&back, &table);
        for (row, &(.., byte, _)) in rows.iter().enumerate() {
            prop_assert_eq!(back.column(0).missing(row), Missing::from_byte(byte));
        }
    }
}
