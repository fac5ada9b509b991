//! The list of methods: what it has, refuses and reads.

use parable::baseline::{INDEPENDENT, Independent, IndependentReader, Shuffle, ShuffleReader};
use parable::cart::{Cart, CartConfig};
use parable::core::MethodConfig;
use parable::core::{FitError, ModelFile, ModelFileError};
use parable::dp::{Budget, Delta, Epsilon, PrivacyUnit};
use parable::ipf::IpfConfig;
use parable::mst::MstConfig;
use parable::table::{Column, Field, Kind, Schema, Table, Values};
use parable::{Conditions, Error, Fitted, MethodInfo, Methods, Priorities, PrivacyParams, Source};

fn shuffle() -> MethodInfo {
    MethodInfo::without_settings("shuffle", "real values in another order", Shuffle)
}

fn scores() -> Source {
    let schema = Schema::new(vec![Field::new("score", Kind::integer())]).expect("a valid schema");
    let column = Column::complete(Values::Integer((0..50).collect()));
    Source::from_table(
        "scores",
        Table::new(schema, vec![column]).expect("one column"),
    )
}

#[test]
fn the_methods_of_this_build_are_listed_with_what_they_promise() {
    let methods = Methods::builtin();
    let listed = |private| -> Vec<&str> {
        let all = methods.iter().filter(|info| info.is_private() == private);
        all.map(MethodInfo::name).collect()
    };
    assert_eq!(listed(false), ["cart", "ipf", "independent"]);
    let mut private = vec!["swift", "aim", "mst", "direct"];
    if cfg!(feature = "gan") {
        private.extend(["gan", "vae"]);
    }
    private.extend(["private_cart", "private_ipf", "private_independent"]);
    assert_eq!(listed(true), private);
}

#[test]
fn names_and_readers_are_taken_once() {
    let again = Methods::builtin().with(parable::baseline::method());
    assert!(matches!(again, Err(Error::DuplicateMethod { name }) if name == INDEPENDENT));
    let other = MethodInfo::without_settings("other", "the same files", Independent);
    let again = Methods::builtin().with(other.with_reader(IndependentReader));
    assert!(matches!(again, Err(Error::DuplicateReader { method }) if method == INDEPENDENT));
    assert!(Methods::builtin().with(shuffle()).is_ok());
}

#[test]
fn a_file_without_a_reader_is_refused_with_the_readers_there_are() {
    let fitted = scores().fit(Shuffle).run().expect("a fit");
    let mut bytes = Vec::new();
    fitted.write(&mut bytes).expect("written");
    match Fitted::read(&mut bytes.as_slice()) {
        Err(Error::ModelFile(ModelFileError::UnknownMethod { method, known })) => {
            assert_eq!(method, "shuffle");
            assert!(
                known.starts_with("cart, ") && known.contains("independent"),
                "{known}"
            );
        }
        other => panic!("{other:?}"),
    }
    let methods = Methods::empty().with(shuffle()).expect("a new name");
    assert!(Fitted::read_with(&mut bytes.as_slice(), &methods).is_err());
    let methods = Methods::empty()
        .with(shuffle().with_reader(ShuffleReader))
        .expect("a new name");
    let read = Fitted::read_with(&mut bytes.as_slice(), &methods).expect("read");
    assert_eq!(
        read.sample(10).seed(3).run().expect("a sample"),
        fitted.sample(10).seed(3).run().expect("a sample")
    );
}

#[test]
fn every_builtin_method_reads_what_it_writes() {
    for info in Methods::builtin().iter() {
        let method = info.method("", &Priorities::default()).expect("defaults");
        let file = info.reader().map(|reader| reader.method());
        // Strategies share the reader of their family.
        assert!(file.is_none_or(|file| file == info.name()), "{method:?}");
    }
}

#[test]
fn typed_settings_and_text_give_the_same_model() {
    let source = scores();
    let mut config = CartConfig::default();
    config.min_leaf_rows = 7;
    let typed = source.fit(Cart::new(config)).run().expect("a fit");
    let text = Methods::builtin()
        .get("cart", r#"{"min_leaf_rows": 7}"#)
        .expect("a setting");
    let text = source.fit(text).run().expect("a fit");
    let bytes = |fitted: &Fitted| ModelFile::of(fitted.model()).expect("a file");
    assert_eq!(bytes(&typed), bytes(&text));
}

#[test]
fn priorities_are_taken_or_refused_by_each_method() {
    let required = Priorities::default().with_required(["arm", "post"]);
    let weighted = required.clone().with_weight(["post"], 3.0);
    let mut mst = MstConfig::default();
    mst.prioritize(&weighted).expect("both");
    assert_eq!(mst.required, [["arm", "post"]]);
    assert_eq!(mst.weights.len(), 1);
    let mut ipf = IpfConfig::default();
    ipf.prioritize(&required).expect("sets");
    assert_eq!(ipf.margins, [["arm", "post"]]);
    assert!(matches!(
        ipf.prioritize(&weighted),
        Err(FitError::Setting { .. })
    ));
    let cart = Methods::builtin().get_with("cart", "", &required);
    assert!(matches!(cart, Err(Error::Fit(FitError::Setting { .. }))));
}

#[test]
fn a_plan_needs_a_budget_and_a_method_that_plans() {
    let methods = Methods::builtin();
    let kind = Kind::nominal(parable::table::Known::declared(
        parable::table::Levels::new(["a", "b"]).expect("distinct"),
    ));
    let schema = Schema::new(vec![Field::new("x", kind.clone()), Field::new("y", kind)]);
    let schema = schema.expect("a valid schema");
    let params = PrivacyParams {
        budget: Budget::approx(
            Epsilon::new(1.0).expect("finite"),
            Delta::new(1e-6).expect("small"),
        ),
        unit: PrivacyUnit::one_row(),
    };
    let unlimited = PrivacyParams::none();
    let plan = |name, params| {
        methods
            .get(name, "")
            .expect("a method")
            .plan(&schema, params, 500.0)
    };
    assert!(matches!(plan("swift", &params), Ok(Some(_))));
    assert!(plan("swift", &unlimited).is_err());
    assert!(matches!(plan("cart", &params), Ok(None)));
}

#[test]
fn conditions_for_other_rows_than_the_sample_are_refused() {
    let source = scores();
    let fitted = source.fit(Independent).run().expect("a fit");
    let given = Conditions::table(source.table().take(&[1, 2, 3]));
    let refused = fitted.sample(5).given(&given).run();
    assert!(matches!(
        refused,
        Err(Error::ConditionRows { given: 3, rows: 5 })
    ));
    let five = Conditions::default().with("score", "5");
    let synthetic = fitted
        .sample(4)
        .given(&five)
        .run()
        .expect("a frequent value");
    assert!((0..4).all(|row| synthetic.table.column(0).number(row) == Some(5.0)));
}

#[test]
fn a_checkpoint_needs_a_method_that_resumes() {
    let path = std::path::Path::new("never-written.checkpoint");
    let refused = scores().fit(Independent).checkpoint(path).run();
    assert!(matches!(refused, Err(Error::Fit(FitError::Setting { .. }))));
}
