//! The entries of this crate in a list of methods: one for each strategy.

use parable_core::{
    DynSynthesizer, FitError, MethodConfig, MethodInfo, Priorities, parse_settings,
};
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use crate::{Mst, MstConfig, MstReader, Strategy, Weight};

type Settings = Map<String, Value>;

impl MethodConfig for MstConfig {
    fn prioritize(&mut self, priorities: &Priorities) -> Result<(), FitError> {
        self.required.extend(priorities.required.iter().cloned());
        let weights = priorities.weights.iter();
        self.weights.extend(weights.map(|(columns, weight)| Weight {
            columns: columns.clone(),
            weight: *weight,
        }));
        Ok(())
    }
}

/// Describes [`Mst`] for a list of methods, one entry for each strategy, best first. All are read
/// by the reader of `mst`.
#[must_use]
pub fn methods() -> [MethodInfo; 5] {
    let swift = entry(
        "swift",
        "noisy tables of the pairs of columns that matter most; the best of the private ones",
        |_| Ok(Strategy::Swift),
    );
    let aim = entry(
        "aim",
        "one noisy table after another, each the one answered worst so far; slower",
        |settings| {
            let ways = take(settings, "ways")?.unwrap_or(2);
            Ok(Strategy::Aim { ways })
        },
    );
    let mst = entry("mst", "a tree of pairs of columns, as published", |_| {
        Ok(Strategy::Mst)
    });
    let direct = entry(
        "direct",
        "the tables of columns you name and no others",
        |settings| {
            let marginals = take(settings, "marginals")?.unwrap_or_default();
            Ok(Strategy::Direct { marginals })
        },
    );
    let independent = entry(
        "private_independent",
        "each column on its own: a baseline",
        |_| Ok(Strategy::Independent),
    );
    [swift, aim, mst.with_reader(MstReader), direct, independent]
}

fn entry(
    name: &'static str,
    about: &'static str,
    strategy: fn(&mut Settings) -> Result<Strategy, FitError>,
) -> MethodInfo {
    MethodInfo::from_text(name, about, move |text, priorities| {
        let mut settings: Settings = parse_settings(text)?;
        if settings.contains_key("strategy") {
            return Err(FitError::setting(
                "strategy",
                "the name of the method says it already",
            ));
        }
        let strategy = strategy(&mut settings)?;
        let mut config: MstConfig = parse_settings(&Value::Object(settings).to_string())?;
        config.prioritize(priorities)?;
        let method: Box<dyn DynSynthesizer> = Box::new(Mst::new(config.with_strategy(strategy)));
        Ok(method)
    })
}

/// Takes a setting that belongs to the strategy.
fn take<T: DeserializeOwned>(settings: &mut Settings, name: &str) -> Result<Option<T>, FitError> {
    let Some(value) = settings.remove(name) else {
        return Ok(None);
    };
    serde_json::from_value(value)
        .map(Some)
        .map_err(|error| FitError::Setting {
            setting: name.to_owned(),
            problem: error.to_string(),
        })
}
