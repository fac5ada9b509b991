//! The methods this build has, by name.

use parable_baseline::{INDEPENDENT, Independent, IndependentReader};
use parable_cart::{Cart, CartConfig, CartReader};
use parable_clean::Recipe;
use parable_core::{DynSynthesizer, FitError, Registry};
use parable_encode::{Codec, CodecConfig, CodecError};
use parable_gan::{Gan, GanConfig, GanReader, Vae, VaeConfig, VaeReader};
use parable_ipf::{Ipf, IpfConfig, IpfReader};
use parable_mst::{Mst, MstConfig, MstReader, Plan, Strategy};
use parable_private_cart::{PrivateCart, PrivateCartConfig, PrivateCartReader};
use parable_table::Schema;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use crate::{Error, Protection};

/// A method this build has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct MethodInfo {
    /// What it is called.
    pub name: &'static str,
    /// Whether its fits are differentially private, unless a setting says otherwise.
    pub private: bool,
    /// What it does, in a line.
    pub about: &'static str,
}

const fn open(name: &'static str, about: &'static str) -> MethodInfo {
    MethodInfo {
        name,
        private: false,
        about,
    }
}

const fn private(name: &'static str, about: &'static str) -> MethodInfo {
    MethodInfo {
        name,
        private: true,
        about,
    }
}

/// The methods, those without a privacy guarantee first, best first.
pub const METHODS: [MethodInfo; 12] = [
    open("cart", "sequential trees"),
    open("ipf", "a log-linear model of margins"),
    open("independent", "each column on its own: a baseline"),
    private(
        "swift",
        "noisy tables of the pairs of columns that matter most; the best of the private ones",
    ),
    private(
        "aim",
        "one noisy table after another, each the one answered worst so far; slower",
    ),
    private("mst", "a tree of pairs of columns, as published"),
    private("direct", "the tables of columns you name and no others"),
    private(
        "gan",
        "a generating network taught by noisy tables or by a private discriminator",
    ),
    private(
        "vae",
        "a network that writes rows as a few numbers and reads them back; private by clipped gradients with noise",
    ),
    private("private_cart", "sequential trees of noisy counts"),
    private("private_ipf", "a log-linear model of noisy margins"),
    private("private_independent", "each column on its own: a baseline"),
];

/// A method with its settings, ready to fit.
pub struct Method {
    name: &'static str,
    synthesizer: Box<dyn DynSynthesizer>,
    /// The settings of a method that measures marginals and can say beforehand what that costs.
    marginals: Option<MstConfig>,
}

impl Method {
    /// The method with this name; settings left out have their defaults.
    ///
    /// # Errors
    /// A name not in [`METHODS`]; a setting the method does not have or whose value it refuses.
    pub fn new(name: &str, settings: Map<String, Value>) -> Result<Self, Error> {
        let Some(&MethodInfo { name, .. }) = METHODS.iter().find(|known| known.name == name) else {
            return Err(Error::UnknownMethod {
                name: name.to_owned(),
                known: METHODS.map(|method| method.name).join(", "),
            });
        };
        let mut marginals = None;
        let synthesizer: Box<dyn DynSynthesizer> = match name {
            "cart" => Box::new(Cart::new(parsed::<CartConfig>(settings)?)),
            INDEPENDENT => match settings.keys().next() {
                Some(setting) => return Err(setting_error(setting, "the method has no settings")),
                None => Box::new(Independent),
            },
            "ipf" | "private_ipf" => Box::new(Ipf::new(ipf(name, settings)?)),
            "private_cart" => Box::new(PrivateCart::new(parsed::<PrivateCartConfig>(settings)?)),
            "gan" => Box::new(Gan::new(parsed::<GanConfig>(settings)?)),
            "vae" => Box::new(Vae::new(parsed::<VaeConfig>(settings)?)),
            _ => {
                let config = with_strategy(name, settings)?;
                marginals = Some(config.clone());
                Box::new(Mst::new(config))
            }
        };
        Ok(Self {
            name,
            synthesizer,
            marginals,
        })
    }

    /// The name.
    #[must_use]
    pub fn name(&self) -> &'static str {
        self.name
    }

    /// Whether fits are differentially private.
    #[must_use]
    pub fn is_private(&self) -> bool {
        self.synthesizer.capabilities().private
    }

    /// Whether fits can go on after an interruption; see [`Fitted::fit_resumable`](crate::Fitted::fit_resumable).
    #[must_use]
    pub fn is_resumable(&self) -> bool {
        self.synthesizer.capabilities().resumable
    }

    /// The method itself.
    #[must_use]
    pub fn synthesizer(&self) -> &dyn DynSynthesizer {
        &*self.synthesizer
    }

    /// What a fit of tables of this schema would release and how many people each answer will be off, if there are about `rows` rows. Nothing is
    /// read but the schema, and nothing is spent. `None` for methods that do not measure marginals.
    ///
    /// # Errors
    /// A fact of the schema that is not declared; settings that name unknown columns.
    pub fn plan(
        &self,
        schema: &Schema,
        protection: &Protection,
        rows: f64,
    ) -> Result<Option<Plan>, Error> {
        let Some(config) = &self.marginals else {
            return Ok(None);
        };
        let kept = Recipe::declared_columns(schema)?;
        let bins = CodecConfig::default().with_max_bins(config.max_bins);
        let codec = Codec::declared_with(&kept, &bins).map_err(undeclared)?;
        let rho = protection.rho()?;
        Ok(Some(parable_mst::plan(
            config,
            codec.domain(),
            rows,
            rho,
            protection.unit,
        )?))
    }

    /// The readers of all methods.
    #[must_use]
    pub fn registry() -> Registry {
        Registry::new()
            .with(CartReader)
            .with(IndependentReader)
            .with(MstReader)
            .with(PrivateCartReader)
            .with(GanReader)
            .with(VaeReader)
            .with(IpfReader)
    }
}

impl std::fmt::Debug for Method {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Method").field(&self.name).finish()
    }
}

/// The settings of a marginal method, whose name says the strategy.
fn with_strategy(name: &str, mut settings: Map<String, Value>) -> Result<MstConfig, Error> {
    if settings.contains_key("strategy") {
        return Err(setting_error(
            "strategy",
            "the name of the method says it already",
        ));
    }
    let strategy = match name {
        "mst" => Strategy::Mst,
        "aim" => Strategy::Aim {
            ways: match settings.remove("ways") {
                Some(ways) => {
                    serde_json::from_value(ways).map_err(|error| setting_error("ways", error))?
                }
                None => 2,
            },
        },
        "private_independent" => Strategy::Independent,
        "direct" => Strategy::Direct {
            marginals: match settings.remove("marginals") {
                Some(marginals) => serde_json::from_value(marginals)
                    .map_err(|error| setting_error("marginals", error))?,
                None => Vec::new(),
            },
        },
        _ => Strategy::Swift,
    };
    Ok(parsed::<MstConfig>(settings)?.with_strategy(strategy))
}

/// The settings of a log-linear model, private or not as its name says.
fn ipf(name: &str, settings: Map<String, Value>) -> Result<IpfConfig, Error> {
    if settings.contains_key("private") {
        return Err(setting_error(
            "private",
            "the name of the method says it already",
        ));
    }
    let config = parsed::<IpfConfig>(settings)?;
    Ok(match name {
        "private_ipf" => config.with_privacy(),
        _ => config,
    })
}

fn undeclared(error: CodecError) -> Error {
    FitError::no_codes("mst", error).into()
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
