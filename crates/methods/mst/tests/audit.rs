//! One-run audits of whole fits: what is published must not tell who was there better than the
//! promise allows.

use parable_core::{Curator, FitError};
use parable_domain::{AttrSet, Codes, Counts, Domain, MarginalSource, SourceError};
use parable_dp::{
    Audit, AuditConfig, AuditError, Budget, Delta, Epsilon, Ledger, NoiseSource, PrivacyUnit,
    Probability,
};
use parable_mst::{Mst, MstConfig, Strategy};

/// Each canary is one row at a place where nobody else is.
const CANARIES: u64 = 2_000;
const CLAIM: f64 = 2.0;
const DELTA: f64 = 1e-6;

/// A source that counts every row several times and tells nobody: the noise is then too small by
/// that factor.
struct Repeated<'a> {
    codes: &'a Codes,
    times: u64,
}

impl MarginalSource for Repeated<'_> {
    fn domain(&self) -> &Domain {
        self.codes.domain()
    }

    fn counts(&self, sets: &[AttrSet]) -> Result<Vec<Counts>, SourceError> {
        let counts = self.codes.counts(sets)?;
        counts
            .into_iter()
            .map(|counts| {
                let cells = counts
                    .cells()
                    .iter()
                    .map(|cell| cell * self.times)
                    .collect();
                Ok(Counts::new(self.domain(), counts.attrs().clone(), cells)?)
            })
            .collect()
    }
}

/// 3,000 rows elsewhere and the canaries that are in; two columns that go together.
fn table(included: &[bool]) -> Codes {
    let places = CANARIES as u32 + 2;
    let domain = Domain::new([("place", places), ("arm", 2)]).unwrap();
    let mut columns = vec![Vec::new(), Vec::new()];
    for row in 0..3_000u32 {
        columns[0].push(CANARIES as u32 + row % 2);
        columns[1].push(row % 2);
    }
    for (place, _) in included
        .iter()
        .enumerate()
        .filter(|(_, included)| **included)
    {
        columns[0].push(place as u32);
        columns[1].push(place as u32 % 2);
    }
    Codes::new(domain, columns).unwrap()
}

/// The attack: how many rows the published counts of places and their own precision say are at a
/// canary's place.
fn audit(strategy: &Strategy, times: u64) -> Audit {
    let config = AuditConfig {
        canaries: CANARIES,
        guesses: 200,
        delta: Delta::new(DELTA).unwrap(),
        significance: Probability::new(0.05).unwrap(),
    };
    let mut coins = NoiseSource::insecure_seeded([17; 32]);
    Audit::run(
        config,
        &mut coins,
        |included| -> Result<Vec<f64>, FitError> {
            let codes = table(included);
            let source = Repeated {
                codes: &codes,
                times,
            };
            let budget = Budget::approx(Epsilon::new(CLAIM).unwrap(), config.delta);
            let mut ledger = Ledger::open(PrivacyUnit::one_row(), budget);
            let mut noise = NoiseSource::insecure_seeded([3; 32]);
            let mst = Mst::new(MstConfig::default().with_strategy(strategy.clone()));
            let (publication, _) =
                mst.fit_marginals(&mut Curator::new(&source, &mut ledger, &mut noise))?;
            assert!(ledger.spent().epsilon.unwrap().get() <= CLAIM);
            let mut scores = vec![0.0; CANARIES as usize];
            for released in publication
                .columns
                .iter()
                .filter(|c| c.attrs == AttrSet::new([0]))
            {
                for (score, &cell) in scores.iter_mut().zip(&released.cells) {
                    *score += cell as f64 / (released.sigma * released.sigma);
                }
            }
            Ok(scores)
        },
    )
    .unwrap()
}

#[test]
fn no_fit_tells_more_than_it_claims_and_a_broken_one_is_caught() {
    let claimed = Epsilon::new(CLAIM).unwrap();
    for strategy in [
        Strategy::Swift,
        Strategy::Independent,
        Strategy::Mst,
        Strategy::Aim { ways: 2 },
    ] {
        let sound = audit(&strategy, 1);
        let beside = sound.against(claimed).unwrap();
        // Noise of 3 to 10 rows on counts of 0 or 1: guesses are right a little more often than
        // not.
        assert!(beside.lower.get() < 1.0, "{strategy:?}: {beside}");
        let broken = audit(&strategy, 20);
        assert!(
            matches!(broken.against(claimed), Err(AuditError::Refuted { .. })),
            "{strategy:?}: noise too small by a factor of 20 went unnoticed: {broken:?}"
        );
    }
}
