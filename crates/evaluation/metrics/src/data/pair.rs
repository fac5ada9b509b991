//! The tables that are compared.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, OnceLock};

use parable_seed::Seed;
use parable_table::{Kind, Table};

use crate::data::frame::{Frame, Side};
use crate::data::neighbours::{Capped, Space};
use crate::fidelity::association::TableAssociations;
use crate::fidelity::precision_recall::Manifold;
use crate::fidelity::univariate::Univariate;
use crate::privacy::disclosure::{SweepOptions, sweep};
use crate::privacy::membership;
use crate::privacy::nearest::{Found, Gaps, NearestOptions, nearest, section};
use crate::privacy::overlap::overlap;
use crate::utility::clusters;
use crate::utility::regression::{self, RegressionOptions};
use crate::utility::trial::{self, TrialOptions};
use crate::{
    Attack, AttackResult, ClusterSection, DisclosureSection, Distance, MembershipAttack,
    MembershipKind, MetricError, NearestSection, Overlap, Prediction, PredictionSection, Progress,
    Propensity, PropensityModel, RegressionSection, TrialSection, Undefined,
};

/// A real table, a synthetic one, and optionally a holdout: real rows the synthesizer never saw.
///
/// Columns are matched by name; their order may differ, and so may the levels a column knows. Types and roles come from the real table.
///
/// What several metrics need (shared level codes, associations, nearest neighbours) is computed once and kept with the pair.
#[derive(Clone)]
pub struct Pair<'a> {
    real: &'a Table,
    synthetic: &'a Table,
    holdout: Option<&'a Table>,
    copies: Vec<&'a Table>,
    rounding: BTreeMap<String, f64>,
    shared: Arc<Shared>,
}

/// What is computed once for all metrics. Each piece is computed outside of any lock, so that metrics may run on several threads: at worst two
/// threads compute the same value and one is dropped.
#[derive(Default)]
struct Shared {
    frame: OnceLock<Arc<Frame>>,
    /// Does not depend on the synthetic table, so baselines take it over.
    real_associations: Arc<OnceLock<Arc<TableAssociations>>>,
    synthetic_associations: OnceLock<Arc<TableAssociations>>,
    univariate: Kept<usize, Univariate>,
    overlap: OnceLock<Arc<Overlap>>,
    nearest: Kept<NearestOptions, NearestSection>,
    clusters: OnceLock<Arc<Vec<ClusterSection>>>,
    trial: Kept<TrialOptions, Result<Option<TrialSection>, MetricError>>,
    propensity: Kept<(Propensity, Seed), Result<Result<PropensityModel, Undefined>, MetricError>>,
    predictions: Kept<(Prediction, Seed), Vec<PredictionSection>>,
    manifold: Kept<(), Result<Manifold, Undefined>>,
    regressions: Kept<RegressionOptions, Result<Vec<RegressionSection>, MetricError>>,
    disclosure: Kept<SweepOptions, Result<Option<DisclosureSection>, MetricError>>,
    gower: OnceLock<Arc<Space>>,
    found: Kept<usize, Found>,
    gaps: OnceLock<Arc<Gaps>>,
    attacks: Kept<(Attack, Seed), Vec<AttackResult>>,
    membership: Kept<(MembershipKind, Seed), Result<MembershipAttack, Undefined>>,
}

/// Values computed once per key.
struct Kept<K, V>(Mutex<Vec<(K, Arc<V>)>>);

impl<K, V> Default for Kept<K, V> {
    fn default() -> Self {
        Self(Mutex::new(Vec::new()))
    }
}

impl<K: PartialEq + Clone, V> Kept<K, V> {
    fn all(&self) -> Vec<Arc<V>> {
        let kept = self.0.lock();
        let kept = kept.unwrap_or_else(|poisoned| poisoned.into_inner());
        kept.iter().map(|(_, value)| Arc::clone(value)).collect()
    }

    fn find(&self, key: &K) -> Option<Arc<V>> {
        let kept = self.0.lock();
        let kept = kept.unwrap_or_else(|poisoned| poisoned.into_inner());
        let found = kept.iter().find(|(known, _)| known == key);
        found.map(|(_, value)| Arc::clone(value))
    }

    fn get(&self, key: &K, compute: impl FnOnce() -> V) -> Arc<V> {
        match self.try_get(key, || Ok::<V, std::convert::Infallible>(compute())) {
            Ok(value) => value,
            Err(never) => match never {},
        }
    }

    /// Keeps values only, so that what was cancelled can be asked for again.
    fn try_get<E>(&self, key: &K, compute: impl FnOnce() -> Result<V, E>) -> Result<Arc<V>, E> {
        if let Some(found) = self.find(key) {
            return Ok(found);
        }
        let value = Arc::new(compute()?);
        let mut kept = self
            .0
            .lock()
            .unwrap_or_else(|poisoned| poisoned.into_inner());
        kept.push((key.clone(), Arc::clone(&value)));
        Ok(value)
    }
}

fn once<T>(slot: &OnceLock<Arc<T>>, compute: impl FnOnce() -> T) -> Arc<T> {
    if let Some(value) = slot.get() {
        return Arc::clone(value);
    }
    let value = Arc::new(compute());
    Arc::clone(slot.get_or_init(|| value))
}

impl<'a> Pair<'a> {
    /// The two tables of a comparison.
    ///
    /// # Errors
    /// [`MetricError::MissingColumn`], [`MetricError::ExtraColumn`] or [`MetricError::KindMismatch`] if the columns do not agree.
    pub fn new(real: &'a Table, synthetic: &'a Table) -> Result<Self, MetricError> {
        agree(real, synthetic, "synthetic")?;
        Ok(Self {
            real,
            synthetic,
            holdout: None,
            copies: Vec::new(),
            rounding: BTreeMap::new(),
            shared: Arc::default(),
        })
    }

    /// The same with a holdout table.
    ///
    /// # Errors
    /// As [`Pair::new`], about the holdout table.
    pub fn with_holdout(mut self, holdout: &'a Table) -> Result<Self, MetricError> {
        agree(self.real, holdout, "holdout")?;
        self.holdout = Some(holdout);
        self.shared = Arc::default();
        Ok(self)
    }

    /// The same with further synthetic tables made by the same fitted synthesizer, beside the one that is judged. Estimates of models are then combined over all of
    /// them, and with ten or more the propensity scores know what a correct synthesizer of this kind gives.
    ///
    /// # Errors
    /// As [`Pair::new`], about the copies.
    pub fn with_copies(
        mut self,
        copies: impl IntoIterator<Item = &'a Table>,
    ) -> Result<Self, MetricError> {
        for copy in copies {
            agree(self.real, copy, "copy")?;
            self.copies.push(copy);
        }
        self.shared = Arc::default();
        Ok(self)
    }

    /// The same, counting rows as equal when their numbers agree after rounding to multiples of a step: ages to whole years, incomes to hundreds. Only
    /// the overlap of rows and the review depend on it.
    ///
    /// # Errors
    /// [`MetricError::BadOption`] if a column does not exist or holds no numbers, or a step is not above 0.
    pub fn with_rounding<S: Into<String>>(
        mut self,
        steps: impl IntoIterator<Item = (S, f64)>,
    ) -> Result<Self, MetricError> {
        for (column, step) in steps {
            let column = column.into();
            let field = self.real.schema().field(&column);
            let numeric = field.is_some_and(|field| field.kind.is_numeric());
            if !numeric || !step.is_finite() || step <= 0.0 {
                return Err(MetricError::BadOption {
                    option: "rounding",
                    column,
                    rule: "expected a numeric column and a step above 0",
                });
            }
            self.rounding.insert(column, step);
        }
        self.shared = Arc::default();
        Ok(self)
    }

    pub(crate) fn rounding(&self) -> &BTreeMap<String, f64> {
        &self.rounding
    }

    /// The real table with another one in the place of the synthetic, without a holdout; keeps what was computed about the real table.
    pub(crate) fn against<'b>(&self, synthetic: &'b Table) -> Pair<'b>
    where
        'a: 'b,
    {
        Pair {
            real: self.real,
            synthetic,
            holdout: None,
            copies: Vec::new(),
            rounding: BTreeMap::new(),
            shared: Arc::new(Shared {
                real_associations: Arc::clone(&self.shared.real_associations),
                ..Shared::default()
            }),
        }
    }

    /// The real table.
    #[must_use]
    pub fn real(&self) -> &'a Table {
        self.real
    }

    /// The synthetic table.
    #[must_use]
    pub fn synthetic(&self) -> &'a Table {
        self.synthetic
    }

    /// The holdout table, if there is one.
    #[must_use]
    pub fn holdout(&self) -> Option<&'a Table> {
        self.holdout
    }

    /// Further synthetic tables beside the one that is judged.
    #[must_use]
    pub fn copies(&self) -> &[&'a Table] {
        &self.copies
    }

    pub(crate) fn frame(&self) -> Arc<Frame> {
        once(&self.shared.frame, || {
            Frame::new(self.real, self.synthetic, self.holdout)
        })
    }

    pub(crate) fn real_associations(&self) -> Arc<TableAssociations> {
        once(&self.shared.real_associations, || {
            TableAssociations::of(&self.frame(), Side::Real)
        })
    }

    pub(crate) fn synthetic_associations(&self) -> Arc<TableAssociations> {
        once(&self.shared.synthetic_associations, || {
            TableAssociations::of(&self.frame(), Side::Synthetic)
        })
    }

    pub(crate) fn univariate(&self, bins: usize) -> Arc<Univariate> {
        self.shared
            .univariate
            .get(&bins, || Univariate::of(&self.frame(), bins))
    }

    pub(crate) fn overlap(&self) -> Arc<Overlap> {
        once(&self.shared.overlap, || {
            overlap(&self.frame(), &self.rounding)
        })
    }

    pub(crate) fn nearest(&self, options: NearestOptions) -> Arc<NearestSection> {
        self.shared
            .nearest
            .get(&options, || match options.distance {
                Distance::Gower => section::<Capped>(
                    &self.gower(),
                    &self.found(options.outlier_neighbours),
                    &self.gaps(),
                    options,
                ),
                _ => nearest(&self.frame(), options),
            })
    }

    pub(crate) fn clusters(&self) -> Arc<Vec<ClusterSection>> {
        once(&self.shared.clusters, || clusters::sections(&self.frame()))
    }

    pub(crate) fn trial(
        &self,
        options: &TrialOptions,
    ) -> Result<Arc<Option<TrialSection>>, MetricError> {
        let section = self
            .shared
            .trial
            .get(options, || trial::section(&self.frame(), options));
        match &*section {
            Ok(section) => Ok(Arc::new(section.clone())),
            Err(error) => Err(error.clone()),
        }
    }
}

impl Pair<'_> {
    /// All compared columns as points of Gower's space.
    pub(crate) fn gower(&self) -> Arc<Space> {
        once(&self.shared.gower, || {
            Space::of(&self.frame(), Distance::Gower)
        })
    }

    pub(crate) fn attack(
        &self,
        attack: &Attack,
        seed: &Seed,
        progress: Progress<'_>,
    ) -> Result<Arc<Vec<AttackResult>>, MetricError> {
        let key = (attack.clone(), *seed);
        // Only what came to an end is kept: who asks again after a cancelled run gets an answer.
        if let Some(found) = self.shared.attacks.find(&key) {
            return Ok(found);
        }
        let results = attack.measure_with(self, seed, progress)?;
        Ok(self.shared.attacks.get(&key, || results))
    }

    pub(crate) fn membership(
        &self,
        kind: MembershipKind,
        seed: &Seed,
    ) -> Arc<Result<MembershipAttack, Undefined>> {
        self.shared
            .membership
            .get(&(kind, *seed), || membership::attack(kind, self, seed))
    }

    /// The membership attacks that metrics made so far.
    pub(crate) fn memberships_made(&self) -> Vec<MembershipAttack> {
        let made = self.shared.membership.all();
        let mut made: Vec<MembershipAttack> = made
            .iter()
            .filter_map(|attack| attack.as_ref().clone().ok())
            .collect();
        made.sort_by_key(|attack| attack.kind);
        made
    }

    /// Nearest rows by Gower's distance, with so many neighbours for outliers.
    pub(crate) fn found(&self, outlier_neighbours: usize) -> Arc<Found> {
        self.shared.found.get(&outlier_neighbours, || {
            Found::of::<Capped>(&self.gower(), outlier_neighbours, None)
        })
    }

    /// The nearest synthetic row of each real and each holdout row by Gower's distance.
    pub(crate) fn gaps(&self) -> Arc<Gaps> {
        once(&self.shared.gaps, || {
            Gaps::of::<Capped>(&self.gower(), true)
        })
    }

    /// The results of all attacks that metrics made so far, kind by kind.
    pub(crate) fn attacks_made(&self) -> Vec<AttackResult> {
        let mut made: Vec<AttackResult> = self
            .shared
            .attacks
            .all()
            .iter()
            .flat_map(|results| results.iter().cloned())
            .collect();
        made.sort_by_key(|result| result.kind);
        made
    }

    pub(crate) fn propensity(
        &self,
        propensity: &Propensity,
        seed: &Seed,
    ) -> Result<Arc<Result<PropensityModel, Undefined>>, MetricError> {
        let key = (propensity.clone(), *seed);
        let model = self
            .shared
            .propensity
            .get(&key, || propensity.measure(self, seed));
        match &*model {
            Ok(model) => Ok(Arc::new(model.clone())),
            Err(error) => Err(error.clone()),
        }
    }

    pub(crate) fn predictions(
        &self,
        prediction: &Prediction,
        seed: &Seed,
        progress: Progress<'_>,
    ) -> Result<Arc<Vec<PredictionSection>>, MetricError> {
        self.shared
            .predictions
            .try_get(&(prediction.clone(), *seed), || {
                prediction.measure(self, seed, progress)
            })
    }

    pub(crate) fn manifold(
        &self,
        progress: Progress<'_>,
    ) -> Result<Arc<Result<Manifold, Undefined>>, MetricError> {
        self.shared
            .manifold
            .try_get(&(), || Manifold::of(self, progress))
    }

    pub(crate) fn regressions(
        &self,
        options: &RegressionOptions,
    ) -> Result<Arc<Vec<RegressionSection>>, MetricError> {
        let sections = self
            .shared
            .regressions
            .get(options, || regression::sections(self, options));
        match &*sections {
            Ok(sections) => Ok(Arc::new(sections.clone())),
            Err(error) => Err(error.clone()),
        }
    }

    pub(crate) fn disclosure(
        &self,
        options: &SweepOptions,
    ) -> Result<Arc<Option<DisclosureSection>>, MetricError> {
        let section = self
            .shared
            .disclosure
            .get(options, || sweep(&self.frame(), options));
        match &*section {
            Ok(section) => Ok(Arc::new(section.clone())),
            Err(error) => Err(error.clone()),
        }
    }
}

impl fmt::Debug for Pair<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pair")
            .field("real_rows", &self.real.rows())
            .field("synthetic_rows", &self.synthetic.rows())
            .field("holdout_rows", &self.holdout.map(Table::rows))
            .field("copies", &self.copies.len())
            .finish_non_exhaustive()
    }
}

fn agree(real: &Table, other: &Table, table: &'static str) -> Result<(), MetricError> {
    for field in real.schema().fields() {
        let Some(found) = other.schema().field(&field.name) else {
            return Err(MetricError::MissingColumn {
                table,
                column: field.name.clone(),
            });
        };
        if family(&field.kind) != family(&found.kind) {
            return Err(MetricError::KindMismatch {
                table,
                column: field.name.clone(),
                expected: field.kind.name(),
                found: found.kind.name(),
            });
        }
    }
    match other
        .schema()
        .fields()
        .iter()
        .find(|field| real.schema().field(&field.name).is_none())
    {
        Some(field) => Err(MetricError::ExtraColumn {
            table,
            column: field.name.clone(),
        }),
        None => Ok(()),
    }
}

/// Types whose values can be compared with each other.
fn family(kind: &Kind) -> u8 {
    match kind {
        Kind::Integer { .. } | Kind::Continuous { .. } => 0,
        Kind::Date { .. } => 1,
        Kind::DateTime { .. } => 2,
        Kind::Text => 3,
        _ => 4,
    }
}
