//! A release that goes on in another run.

use parable_core::{Curator, FitError, Publication, Recoding};
use parable_domain::AttrSet;
use parable_pgm::Groups;
use serde::{Deserialize, Serialize};

use super::{Release, columns};
use crate::config::MarginalConfig;

/// What a release needs to go on: released numbers and functions of them.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Saved {
    publication: Publication,
    groups: Vec<Groups>,
    asked: Vec<AttrSet>,
    required: Vec<AttrSet>,
    candidates: Vec<AttrSet>,
    left: usize,
    rounds: usize,
}

impl<'a, 'b> Release<'a, 'b> {
    /// What another run needs.
    pub(crate) fn saved(&self) -> Saved {
        Saved {
            publication: self.publication.clone(),
            groups: self.groups.clone(),
            asked: self.asked.clone(),
            required: self.required.clone(),
            candidates: self.candidates.clone(),
            left: self.left,
            rounds: self.rounds,
        }
    }

    /// Goes on where another run was.
    pub(crate) fn resume(
        config: &'a MarginalConfig,
        saved: Saved,
        curator: &'a mut Curator<'b>,
    ) -> Result<Self, FitError> {
        let maps = saved.groups.iter().map(|groups| groups.of.clone());
        let recoding = Recoding::new(&saved.publication.domain, maps.collect())
            .map_err(|error| FitError::Source(error.into()))?;
        let domain = recoding.domain().clone();
        curator.recode(Some(recoding));
        Ok(Self {
            config,
            curator,
            known: columns(&saved.publication),
            publication: saved.publication,
            groups: saved.groups,
            domain,
            asked: saved.asked,
            required: saved.required,
            candidates: saved.candidates,
            left: saved.left,
            rounds: saved.rounds,
        })
    }
}
