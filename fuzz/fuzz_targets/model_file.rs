//! Any bytes are a model or a typed error, as a whole file and as the body behind a good header; a
//! model that was read makes rows without panicking.
#![no_main]

use std::sync::OnceLock;

use libfuzzer_sys::fuzz_target;
use parable::core::{FitContext, ModelFile};
use parable::dp::{Budget, Ledger, NoiseSource, PrivacyUnit};
use parable::seed::Seed;
use parable::clean::{InferOptions, infer};
use parable::table::{csv, read_typed};
use parable::{MethodInfo, Methods, Priorities};

fn sample(file: &ModelFile) {
    if let Ok(model) = Methods::builtin().read(file) {
        let _ = model.sample(10, &Seed::from_u64(1));
    }
}

/// One good file per method, whose checksums the fuzzer would not guess.
fn files() -> &'static [ModelFile] {
    static FILES: OnceLock<Vec<ModelFile>> = OnceLock::new();
    FILES.get_or_init(|| {
        let text = "school_id,arm,score,day\nA,0,1.5,2020-01-01\nA,0,,2020-01-02\nB,1,3.5,2020-01-03\nB,1,2.5,2020-01-04\n";
        let raw = csv::read_str(text, &csv::ReadOptions::default()).expect("a table");
        let (table, _) = read_typed(&raw, &infer(&raw, &InferOptions::default()).schema).expect("a table");
        let fit = |info: &MethodInfo| {
            let method = info.method("", &Priorities::default()).expect("a method");
            let mut ledger = Ledger::open(PrivacyUnit::one_row(), Budget::Unlimited);
            let mut noise = NoiseSource::insecure_seeded([0; 32]);
            let mut context = FitContext::new(Seed::from_u64(1), &mut ledger, &mut noise);
            let model = method.fit(&table, &mut context).expect("a fit");
            ModelFile::of(&*model).expect("a file")
        };
        Methods::builtin().iter().map(fit).collect()
    })
}

fuzz_target!(|bytes: &[u8]| {
    if let Ok(file) = ModelFile::read(&mut &*bytes) {
        sample(&file);
    }
    for good in files() {
        let mut file = good.clone();
        file.body = bytes.to_vec();
        sample(&file);
    }
});
