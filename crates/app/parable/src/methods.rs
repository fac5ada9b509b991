//! The methods of a program.

use std::fmt;

use parable_core::{Method, MethodInfo, Model, ModelFile, ModelFileError, Priorities};

use crate::Error;

/// The methods that a program can fit, and whose model files it can read.
///
/// A value, not a global: each program decides what it has. A method of your own is one more
/// [`MethodInfo`] and then goes through everything: [`Source::fit`](crate::Source::fit), model
/// files, the command line.
///
/// ```
/// let methods = parable::Methods::builtin();
/// let cart = methods.get("cart", r#"{"min_leaf_rows": 10}"#)?;
/// assert_eq!(cart.name(), "cart");
/// assert!(methods.get("no such method", "").is_err());
/// # Ok::<(), parable::Error>(())
/// ```
#[derive(Clone, Default)]
pub struct Methods {
    list: Vec<MethodInfo>,
}

impl Methods {
    /// Returns a list without methods.
    #[must_use]
    pub fn empty() -> Self {
        Self::default()
    }

    /// Returns the methods of this build, those without a privacy guarantee first, best first.
    #[must_use]
    pub fn builtin() -> Self {
        let [ipf, private_ipf] = parable_ipf::methods();
        let [swift, aim, mst, direct, private_independent] = parable_mst::methods();
        let mut list = vec![
            parable_cart::method(),
            ipf,
            parable_baseline::method(),
            swift,
            aim,
            mst,
            direct,
        ];
        #[cfg(feature = "gan")]
        list.extend(parable_gan::methods());
        list.extend([
            parable_private_cart::method(),
            private_ipf,
            private_independent,
        ]);
        Self { list }
    }

    /// Adds a method.
    ///
    /// # Errors
    /// [`Error::DuplicateMethod`] if the name is taken, [`Error::DuplicateReader`] if another
    /// method reads the same model files.
    pub fn with(mut self, method: MethodInfo) -> Result<Self, Error> {
        let name = method.name();
        if self.find(name).is_some() {
            return Err(Error::DuplicateMethod {
                name: name.to_owned(),
            });
        }
        if let Some(reader) = method.reader()
            && self.read_methods().any(|known| known == reader.method())
        {
            return Err(Error::DuplicateReader {
                method: reader.method().to_owned(),
            });
        }
        self.list.push(method);
        Ok(self)
    }

    /// Returns the methods in order.
    pub fn iter(&self) -> impl Iterator<Item = &MethodInfo> {
        self.list.iter()
    }

    /// Sets up a method from the text of a JSON object; settings left out have their defaults, and
    /// an empty text leaves out all.
    ///
    /// # Errors
    /// [`Error::UnknownMethod`]; [`Error::Fit`] for a setting the method does not have or whose
    /// value it refuses.
    pub fn get(&self, name: &str, settings: &str) -> Result<Method, Error> {
        self.get_with(name, settings, &Priorities::default())
    }

    /// Sets up a method that preserves some relations first.
    ///
    /// # Errors
    /// As [`Methods::get`]; [`Error::Fit`] for priorities the method cannot honour.
    pub fn get_with(
        &self,
        name: &str,
        settings: &str,
        priorities: &Priorities,
    ) -> Result<Method, Error> {
        let Some(info) = self.find(name) else {
            let known: Vec<&str> = self.iter().map(MethodInfo::name).collect();
            return Err(Error::UnknownMethod {
                name: name.to_owned(),
                known: known.join(", "),
            });
        };
        Ok(info.method(settings, priorities)?)
    }

    /// Reads the model that wrote this file.
    ///
    /// # Errors
    /// [`ModelFileError::UnknownMethod`] if no method here reads such files;
    /// [`ModelFileError::Body`] for a body its reader refuses.
    pub fn read(&self, file: &ModelFile) -> Result<Box<dyn Model>, ModelFileError> {
        let method = file.record.method.as_str();
        let mut readers = self.iter().filter_map(MethodInfo::reader);
        match readers.find(|reader| reader.method() == method) {
            Some(reader) => reader.read(file),
            None => {
                let mut known: Vec<&str> = self.read_methods().collect();
                known.sort_unstable();
                Err(ModelFileError::UnknownMethod {
                    method: method.to_owned(),
                    known: known.join(", "),
                })
            }
        }
    }

    fn find(&self, name: &str) -> Option<&MethodInfo> {
        self.iter().find(|known| known.name() == name)
    }

    /// Returns the methods whose model files can be read.
    fn read_methods(&self) -> impl Iterator<Item = &'static str> {
        self.iter()
            .filter_map(|info| info.reader().map(|reader| reader.method()))
    }
}

impl fmt::Debug for Methods {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set()
            .entries(self.iter().map(MethodInfo::name))
            .finish()
    }
}
