//! Model files: what a reader meets in the wild.

use parable_baseline::Independent;
use parable_core::{FitContext, ModelFile, ModelFileError, Synthesizer};
use parable_dp::{Budget, Ledger, NoiseSource, PrivacyUnit};
use parable_seed::Seed;
use parable_table::{Column, Field, Kind, Schema, Table, Values};

fn file() -> ModelFile {
    let schema = Schema::new(vec![Field::new("score", Kind::integer())]).expect("a valid schema");
    let table = Table::new(
        schema,
        vec![Column::complete(Values::Integer((0..50).collect()))],
    )
    .expect("columns that fit");
    let mut ledger = Ledger::open(PrivacyUnit::one_row(), Budget::Unlimited);
    let mut noise = NoiseSource::insecure_seeded([0; 32]);
    let mut context = FitContext::new(Seed::from_u64(1), &mut ledger, &mut noise);
    let model = Independent.fit(&table, &mut context).expect("a fit");
    ModelFile::of(&model)
        .expect("a file")
        .with_attachment("recipe", b"{\"steps\":[]}".to_vec())
}

fn bytes() -> Vec<u8> {
    let mut bytes = Vec::new();
    file().write(&mut bytes).expect("written");
    bytes
}

fn read(bytes: &[u8]) -> Result<ModelFile, ModelFileError> {
    ModelFile::read(&mut &*bytes)
}

#[test]
fn a_file_reads_back_with_its_attachments() {
    assert_eq!(read(&bytes()).expect("a good file"), file());
}

#[test]
fn the_first_line_is_readable_json_that_names_method_and_ledger() {
    let bytes = bytes();
    let line = bytes.split(|&b| b == b'\n').next().expect("a line");
    let header: serde_json::Value = serde_json::from_slice(line).expect("json");
    assert_eq!(header["method"], "independent");
    assert_eq!(header["record"]["rows"], 50);
    assert_eq!(header["record"]["ledger"].as_array().map(Vec::len), Some(1));
}

#[test]
fn a_file_cut_short_anywhere_is_refused() {
    let bytes = bytes();
    for length in 0..bytes.len() {
        assert!(
            read(&bytes[..length]).is_err(),
            "{length} of {} bytes were read",
            bytes.len()
        );
    }
}

#[test]
fn a_changed_byte_after_the_header_is_refused() {
    let mut bytes = bytes();
    let start = bytes.iter().position(|&b| b == b'\n').expect("a header") + 1;
    for at in start..bytes.len() {
        bytes[at] ^= 1;
        assert!(
            matches!(read(&bytes), Err(ModelFileError::Damaged { .. })),
            "byte {at}"
        );
        bytes[at] ^= 1;
    }
    bytes.push(0);
    assert!(matches!(read(&bytes), Err(ModelFileError::Damaged { .. })));
}

#[test]
fn foreign_files_are_named_so() {
    let png: &[u8] = b"\x89PNG\r\n\x1a\n";
    for foreign in [
        &b""[..],
        b"a,b\n1,2\n",
        b"{\"format\":\"other\",\"version\":1}\n",
        png,
        b"{}\n",
        b"\n",
    ] {
        assert!(matches!(read(foreign), Err(ModelFileError::Foreign)));
    }
}

#[test]
fn a_newer_version_is_refused_with_both_versions() {
    let text =
        String::from_utf8(bytes())
            .expect("text")
            .replacen("\"version\":1", "\"version\":99", 1);
    match read(text.as_bytes()) {
        Err(ModelFileError::Version { found, newest, .. }) => assert_eq!((found, newest), (99, 1)),
        other => panic!("{other:?}"),
    }
}
