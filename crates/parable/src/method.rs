//! The methods this build has, by name.

use parable_cart::{Cart, CartConfig, CartReader};
use parable_core::{DynSynthesizer, FitError, Independent, IndependentReader, Registry};
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use crate::Error;

/// The names of the methods, best first.
pub const METHODS: [&str; 2] = ["cart", "independent"];

/// A method with its settings, ready to fit.
pub struct Method {
    synthesizer: Box<dyn DynSynthesizer>,
}

impl Method {
    /// The method with this name; settings left out have their defaults.
    ///
    /// # Errors
    /// A name not in [`METHODS`]; a setting the method does not have or whose value it refuses.
    pub fn new(name: &str, settings: Map<String, Value>) -> Result<Self, Error> {
        let synthesizer: Box<dyn DynSynthesizer> = match name {
            "cart" => Box::new(Cart::new(parsed::<CartConfig>(settings)?)),
            "independent" => match settings.keys().next() {
                Some(setting) => return Err(setting_error(setting, "the method has no settings")),
                None => Box::new(Independent),
            },
            _ => {
                return Err(Error::UnknownMethod {
                    name: name.to_owned(),
                    known: METHODS.join(", "),
                });
            }
        };
        Ok(Self { synthesizer })
    }

    /// The name.
    #[must_use]
    pub fn name(&self) -> &'static str {
        self.synthesizer.name()
    }

    /// The method itself.
    #[must_use]
    pub fn synthesizer(&self) -> &dyn DynSynthesizer {
        &*self.synthesizer
    }

    /// The readers of all methods.
    #[must_use]
    pub fn registry() -> Registry {
        Registry::new().with(CartReader).with(IndependentReader)
    }
}

impl std::fmt::Debug for Method {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Method").field(&self.name()).finish()
    }
}

fn parsed<T: DeserializeOwned>(settings: Map<String, Value>) -> Result<T, Error> {
    let names = settings.keys().cloned().collect::<Vec<_>>().join(", ");
    serde_json::from_value(Value::Object(settings)).map_err(|error| setting_error(&names, error))
}

fn setting_error(setting: &str, problem: impl ToString) -> Error {
    Error::Fit(FitError::Setting {
        setting: setting.to_owned(),
        problem: problem.to_string(),
    })
}
