//! Methods as values: what a program registers, and what it fits.

use std::fmt;
use std::sync::Arc;

use parable_table::{Schema, Table};
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use crate::{
    Capabilities, DynSynthesizer, FitContext, FitError, Model, ModelReader, Plan, Priorities,
    PrivacyParams, Synthesizer,
};

/// Settings of a method: a serde type whose `Default` is the documented default of every setting.
pub trait MethodConfig: Default + DeserializeOwned {
    /// Adds relations that the fit should preserve first.
    ///
    /// # Errors
    /// [`FitError::Setting`] for what the method cannot prioritise; the default refuses everything.
    fn prioritize(&mut self, priorities: &Priorities) -> Result<(), FitError> {
        priorities.refuse_required()?;
        priorities.refuse_weights()
    }
}

/// A method with its settings, ready to fit. Any [`Synthesizer`] becomes one by `into`.
#[derive(Clone)]
pub struct Method {
    name: &'static str,
    synthesizer: Arc<dyn DynSynthesizer>,
}

impl<S: Synthesizer + 'static> From<S> for Method {
    fn from(synthesizer: S) -> Self {
        Self {
            name: Synthesizer::name(&synthesizer),
            synthesizer: Arc::new(synthesizer),
        }
    }
}

impl Method {
    /// Returns the name under which the method is registered, or its own.
    #[must_use]
    pub fn name(&self) -> &'static str {
        self.name
    }

    /// Returns what the method can take and what it promises.
    #[must_use]
    pub fn capabilities(&self) -> Capabilities {
        self.synthesizer.capabilities()
    }

    /// Fits the method; see [`Synthesizer::fit`].
    ///
    /// # Errors
    /// See [`FitError`].
    pub fn fit(
        &self,
        table: &Table,
        context: &mut FitContext<'_>,
    ) -> Result<Box<dyn Model>, FitError> {
        self.synthesizer.fit_boxed(table, context)
    }

    /// Plans a private fit; see [`Synthesizer::plan`].
    ///
    /// # Errors
    /// See [`FitError`].
    pub fn plan(
        &self,
        schema: &Schema,
        params: &PrivacyParams,
        rows: f64,
    ) -> Result<Option<Plan>, FitError> {
        self.synthesizer.plan(schema, params, rows)
    }
}

impl fmt::Debug for Method {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Method").field(&self.name).finish()
    }
}

type SetUp = dyn Fn(&str, &Priorities) -> Result<Box<dyn DynSynthesizer>, FitError> + Send + Sync;

/// A method as a program registers it: its name, a line about it, how text sets it up, and the
/// reader of its model files.
///
/// ```
/// # use parable_core::{MethodConfig, MethodInfo, ModelReader, Synthesizer};
/// # fn info<C: MethodConfig + 'static, S: Synthesizer + 'static>(new: fn(C) -> S, reader: impl ModelReader + 'static) -> MethodInfo {
/// MethodInfo::new("my_method", "what it does, in a line", new).with_reader(reader)
/// # }
/// ```
#[derive(Clone)]
pub struct MethodInfo {
    name: &'static str,
    about: &'static str,
    private: bool,
    set_up: Arc<SetUp>,
    reader: Option<Arc<dyn ModelReader>>,
}

impl MethodInfo {
    /// Describes a method with typed settings, such as `MethodInfo::new("cart", "..", Cart::new)`.
    pub fn new<C, S>(name: &'static str, about: &'static str, new: fn(C) -> S) -> Self
    where
        C: MethodConfig + 'static,
        S: Synthesizer + 'static,
    {
        Self::from_text(name, about, move |settings, priorities| {
            let mut config: C = parse_settings(settings)?;
            config.prioritize(priorities)?;
            Ok(Box::new(new(config)))
        })
    }

    /// Describes a method without settings.
    pub fn without_settings<S>(name: &'static str, about: &'static str, method: S) -> Self
    where
        S: Synthesizer + Clone + 'static,
    {
        Self::from_text(name, about, move |settings, priorities| {
            priorities.refuse_required()?;
            priorities.refuse_weights()?;
            match parse_settings::<Map<String, Value>>(settings)?
                .keys()
                .next()
            {
                Some(setting) => Err(setting_error(setting, "the method has no settings")),
                None => Ok(Box::new(method.clone())),
            }
        })
    }

    /// Describes a method that is set up in a way of its own from the text of a JSON object, which
    /// may be empty, and priorities.
    ///
    /// Whether it is listed as private is what its default settings say.
    pub fn from_text(
        name: &'static str,
        about: &'static str,
        set_up: impl Fn(&str, &Priorities) -> Result<Box<dyn DynSynthesizer>, FitError>
        + Send
        + Sync
        + 'static,
    ) -> Self {
        let default = set_up("", &Priorities::default());
        Self {
            name,
            about,
            private: default.is_ok_and(|method| method.capabilities().private),
            set_up: Arc::new(set_up),
            reader: None,
        }
    }

    /// Sets the reader of the method's model files. Without one, models can be fitted and sampled
    /// but not read.
    #[must_use]
    pub fn with_reader(mut self, reader: impl ModelReader + 'static) -> Self {
        self.reader = Some(Arc::new(reader));
        self
    }

    /// Returns the name.
    #[must_use]
    pub fn name(&self) -> &'static str {
        self.name
    }

    /// Returns a line about the method.
    #[must_use]
    pub fn about(&self) -> &'static str {
        self.about
    }

    /// Returns whether fits with default settings are differentially private.
    #[must_use]
    pub fn is_private(&self) -> bool {
        self.private
    }

    /// Returns the reader of the method's model files.
    #[must_use]
    pub fn reader(&self) -> Option<&dyn ModelReader> {
        self.reader.as_deref()
    }

    /// Sets the method up from the text of a JSON object (empty for the defaults) and priorities.
    ///
    /// # Errors
    /// [`FitError::Setting`] for a setting the method does not have, a value it refuses, or a
    /// priority it cannot honour.
    pub fn method(&self, settings: &str, priorities: &Priorities) -> Result<Method, FitError> {
        Ok(Method {
            name: self.name,
            synthesizer: (self.set_up)(settings, priorities)?.into(),
        })
    }
}

impl fmt::Debug for MethodInfo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MethodInfo")
            .field("name", &self.name)
            .field("about", &self.about)
            .field("private", &self.private)
            .finish_non_exhaustive()
    }
}

/// Reads settings from the text of a JSON object; an empty text stands for the defaults.
///
/// # Errors
/// [`FitError::Setting`] for text that is no JSON object, and for settings the type does not have.
pub fn parse_settings<C: DeserializeOwned>(text: &str) -> Result<C, FitError> {
    let text = match text.trim() {
        "" => "{}",
        text => text,
    };
    let settings: Map<String, Value> = serde_json::from_str(text)
        .map_err(|error| setting_error("settings", format!("not a JSON object: {error}")))?;
    let names = settings.keys().cloned().collect::<Vec<_>>().join(", ");
    serde_json::from_value(Value::Object(settings)).map_err(|error| setting_error(&names, error))
}

fn setting_error(setting: &str, problem: impl ToString) -> FitError {
    FitError::Setting {
        setting: setting.to_owned(),
        problem: problem.to_string(),
    }
}
