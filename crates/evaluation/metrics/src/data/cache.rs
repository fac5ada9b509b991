//! Work about a pair of tables that several metrics share, done once.

use std::any::{Any, TypeId};
use std::fmt;
use std::ops::Deref;
use std::sync::{Arc, Mutex, OnceLock};

use rustc_hash::FxHashMap;

use crate::data::frame::Frame;
use crate::progress::silent;
use crate::{EvaluationProgress, MetricError, Pair};

/// An analysis of a pair of tables that several metrics share. The value itself is the key: it
/// holds the settings, and equal settings give one result.
///
/// ```
/// use parable_metrics::{Analysis, Cache, EvaluationProgress, MetricError, Pair};
/// # use parable_table::{Schema, Table};
///
/// /// How many rows both tables have together.
/// #[derive(Clone, PartialEq)]
/// struct Rows;
///
/// impl Analysis for Rows {
///     type Output = usize;
///
///     fn compute(
///         &self,
///         cache: &Cache<'_>,
///         _: EvaluationProgress<'_>,
///     ) -> Result<usize, MetricError> {
///         Ok(cache.real().rows() + cache.synthetic().rows())
///     }
/// }
///
/// # let table = Table::new(Schema::new(Vec::new())?, Vec::new())?;
/// let pair = Pair::new(&table, &table)?;
/// assert_eq!(*Cache::new(&pair).get(&Rows)?, 0);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub trait Analysis: Clone + PartialEq + Send + Sync + 'static {
    /// The result, shared by all who ask for it.
    type Output: Send + Sync + 'static;

    /// Whether the result depends on the real table alone. The reference tables of the anchors
    /// then take it over.
    const REAL_TABLE_ONLY: bool = false;

    /// Computes the result. Other analyses come from `cache`.
    ///
    /// # Errors
    /// [`MetricError`] if a setting does not fit the tables or `progress` breaks. A failure is not
    /// kept: the next one who asks starts again.
    fn compute(
        &self,
        cache: &Cache<'_>,
        progress: EvaluationProgress<'_>,
    ) -> Result<Self::Output, MetricError>;
}

/// A pair of tables and the results of the analyses that were made of it.
///
/// Dereferences to the [`Pair`]. May be shared between threads: results are computed outside of
/// any lock, so that two threads that ask at once may both compute, and both get the first result.
pub struct Cache<'a> {
    pair: Pair<'a>,
    frame: OnceLock<Arc<Frame>>,
    of_pair: Store,
    of_real: Arc<Store>,
}

/// The results of each type of analysis.
#[derive(Default)]
struct Store(Mutex<FxHashMap<TypeId, Box<dyn Any + Send + Sync>>>);

/// The results of one type of analysis.
type Results<K> = Vec<(K, Arc<<K as Analysis>::Output>)>;

impl Store {
    fn with<K: Analysis, T>(&self, work: impl FnOnce(&mut Results<K>) -> T) -> T {
        let mut all = self
            .0
            .lock()
            .unwrap_or_else(|poisoned| poisoned.into_inner());
        let results = all
            .entry(TypeId::of::<K>())
            .or_insert_with(|| Box::new(Results::<K>::new()));
        work(
            results
                .downcast_mut()
                .expect("the entry of a type holds results of that type"),
        )
    }

    fn find<K: Analysis>(&self, key: &K) -> Option<Arc<K::Output>> {
        self.with::<K, _>(|results| {
            let found = results.iter().find(|(known, _)| known == key);
            found.map(|(_, output)| Arc::clone(output))
        })
    }

    /// Keeps a result, or gives back the one that another thread kept in the meantime.
    fn keep<K: Analysis>(&self, key: &K, output: K::Output) -> Arc<K::Output> {
        let output = Arc::new(output);
        self.with::<K, _>(|results| {
            if let Some((_, known)) = results.iter().find(|(known, _)| known == key) {
                return Arc::clone(known);
            }
            results.push((key.clone(), Arc::clone(&output)));
            output
        })
    }
}

impl<'a> Cache<'a> {
    /// An empty cache for these tables.
    #[must_use]
    pub fn new(pair: &Pair<'a>) -> Self {
        Self {
            pair: pair.clone(),
            frame: OnceLock::new(),
            of_pair: Store::default(),
            of_real: Arc::default(),
        }
    }

    /// The cache of the same real table beside another synthetic one; keeps what depends on the
    /// real table alone.
    pub(crate) fn against<'b>(&self, synthetic: &'b parable_table::Table) -> Cache<'b>
    where
        'a: 'b,
    {
        Cache {
            of_real: Arc::clone(&self.of_real),
            ..Cache::new(&self.pair.against(synthetic))
        }
    }

    /// The result of an analysis, computed when it is asked for the first time.
    ///
    /// # Errors
    /// As [`Analysis::compute`].
    pub fn get<K: Analysis>(&self, key: &K) -> Result<Arc<K::Output>, MetricError> {
        self.get_with(key, &silent)
    }

    /// As [`Cache::get`], reporting to `progress` while it computes.
    ///
    /// # Errors
    /// As [`Analysis::compute`].
    pub fn get_with<K: Analysis>(
        &self,
        key: &K,
        progress: EvaluationProgress<'_>,
    ) -> Result<Arc<K::Output>, MetricError> {
        let store = match K::REAL_TABLE_ONLY {
            true => &*self.of_real,
            false => &self.of_pair,
        };
        if let Some(found) = store.find(key) {
            return Ok(found);
        }
        let output = key.compute(self, progress)?;
        Ok(store.keep(key, output))
    }

    /// The tables.
    #[must_use]
    pub fn pair(&self) -> &Pair<'a> {
        &self.pair
    }

    /// The columns of all tables as metrics read them.
    pub(crate) fn frame(&self) -> Arc<Frame> {
        let frame = self.frame.get_or_init(|| {
            Arc::new(Frame::new(
                self.pair.real(),
                self.pair.synthetic(),
                self.pair.holdout(),
            ))
        });
        Arc::clone(frame)
    }
}

impl<'a> Deref for Cache<'a> {
    type Target = Pair<'a>;

    fn deref(&self) -> &Pair<'a> {
        &self.pair
    }
}

impl fmt::Debug for Cache<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Cache")
            .field("pair", &self.pair)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;
    use crate::testing::{numbers, table};

    static COMPUTED: AtomicUsize = AtomicUsize::new(0);

    #[derive(Clone, PartialEq)]
    struct Sum(&'static str);

    impl Analysis for Sum {
        type Output = f64;
        const REAL_TABLE_ONLY: bool = true;

        fn compute(
            &self,
            cache: &Cache<'_>,
            progress: EvaluationProgress<'_>,
        ) -> Result<f64, MetricError> {
            COMPUTED.fetch_add(1, Ordering::Relaxed);
            if progress(self.0, 0.0).is_break() {
                return Err(MetricError::Cancelled);
            }
            let (_, column) = cache.real().named(self.0).expect("the column exists");
            Ok((0..column.len()).filter_map(|row| column.number(row)).sum())
        }
    }

    #[test]
    fn results_are_kept_by_settings_and_failures_are_not() {
        let real = table(vec![numbers("x", &[1.0, 2.0]), numbers("y", &[3.0, 4.0])]);
        let cache = Cache::new(&Pair::new(&real, &real).unwrap());
        let cancelled = cache.get_with(&Sum("x"), &|_, _| std::ops::ControlFlow::Break(()));
        assert_eq!(cancelled, Err(MetricError::Cancelled));
        assert_eq!(
            (
                *cache.get(&Sum("x")).unwrap(),
                *cache.get(&Sum("y")).unwrap()
            ),
            (3.0, 7.0)
        );
        assert_eq!(COMPUTED.load(Ordering::Relaxed), 3);
        cache.get(&Sum("x")).unwrap();
        cache.against(&real.take(&[0])).get(&Sum("y")).unwrap();
        assert_eq!(COMPUTED.load(Ordering::Relaxed), 3);
        Cache::new(cache.pair()).get(&Sum("y")).unwrap();
        assert_eq!(COMPUTED.load(Ordering::Relaxed), 4);
    }
}
