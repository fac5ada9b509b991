//! The entries of this crate in a list of methods.

use parable_core::{
    DynSynthesizer, FitError, MethodConfig, MethodInfo, Priorities, parse_settings,
};

use crate::{Ipf, IpfConfig, IpfReader};

impl MethodConfig for IpfConfig {
    /// Required sets become margins.
    fn prioritize(&mut self, priorities: &Priorities) -> Result<(), FitError> {
        priorities.refuse_weights()?;
        self.margins.extend(priorities.required.iter().cloned());
        Ok(())
    }
}

/// Describes [`Ipf`] for a list of methods, with exact margins and with noisy ones. Both are read
/// by the reader of the first.
#[must_use]
pub fn methods() -> [MethodInfo; 2] {
    let exact = MethodInfo::from_text(
        "ipf",
        "a log-linear model of margins",
        |text, priorities| set_up(text, priorities, |config| config),
    );
    let noisy = MethodInfo::from_text(
        "private_ipf",
        "a log-linear model of noisy margins",
        |text, priorities| set_up(text, priorities, IpfConfig::with_privacy),
    );
    [exact.with_reader(IpfReader), noisy]
}

fn set_up(
    text: &str,
    priorities: &Priorities,
    named: fn(IpfConfig) -> IpfConfig,
) -> Result<Box<dyn DynSynthesizer>, FitError> {
    let settings: serde_json::Map<String, serde_json::Value> = parse_settings(text)?;
    if settings.contains_key("private") {
        return Err(FitError::Setting {
            setting: "private".to_owned(),
            problem: "the name of the method says it already".to_owned(),
        });
    }
    let mut config: IpfConfig = parse_settings(text)?;
    config.prioritize(priorities)?;
    Ok(Box::new(Ipf::new(named(config))))
}
