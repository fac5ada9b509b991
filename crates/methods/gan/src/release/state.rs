//! A release that goes on in another run.

use parable_core::{Curator, FitError, Publication};
use parable_domain::AttrSet;
use parable_pgm::Groups;
use serde::{Deserialize, Serialize};

use super::Release;
use crate::NAME;
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
            publication: self.release.publication().clone(),
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
        Ok(Self {
            config,
            release: parable_measure::PrivateRelease::resume(NAME, saved.publication, curator)?,
            groups: saved.groups,
            asked: saved.asked,
            required: saved.required,
            candidates: saved.candidates,
            left: saved.left,
            rounds: saved.rounds,
        })
    }
}
