//! Any bytes are a schema or a typed error; a schema survives being written and read.
#![no_main]

use libfuzzer_sys::fuzz_target;
use parable::table::Schema;

fuzz_target!(|bytes: &[u8]| {
    if let Ok(schema) = serde_json::from_slice::<Schema>(bytes) {
        let text = serde_json::to_string(&schema).expect("a schema is JSON");
        assert_eq!(serde_json::from_str::<Schema>(&text).expect("what was written reads back"), schema);
    }
});
