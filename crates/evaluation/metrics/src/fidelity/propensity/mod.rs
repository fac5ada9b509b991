//! Telling synthetic from real rows: propensity score mean squared error and detection
//! (specification 3.1 to 3.3).

mod design;
mod labels;
mod logit;
mod tree;

use parable_seed::Seed;
use parable_table::Table;

use crate::data::frame::Frame;
use crate::{
    Cache, Group, Metric, MetricContext, MetricError, MetricInfo, Outcome, Pair, PropensityModel,
    Section, Undefined, Unit,
};
use design::Terms;
use labels::Labels;
pub(crate) use labels::area_under_curve;
use tree::Binned;

/// Most work for one step of a logit fit, rows times coefficients squared: one to two seconds.
const MOST_WORK: usize = 3_000_000_000;

/// A model that tries to tell synthetic rows from real ones; the score is how far it gets, against
/// what it gets by chance (3.1).
#[derive(Clone, Debug, PartialEq)]
pub struct Propensity {
    model: Model,
    /// The columns to use; all if empty.
    columns: Vec<String>,
    permutations: u32,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Model {
    Logit,
    Products,
    Tree,
}

impl Propensity {
    /// Logistic regression on main effects: maximum likelihood without penalty, one indicator per
    /// level but the first, missing numbers replaced by the real median with an indicator; columns
    /// with more than 100 levels, and cluster columns with more than 50, are left out. Null by
    /// formula. It cannot see relations between columns.
    #[must_use]
    pub fn logit() -> Self {
        Self::new(Model::Logit, 0)
    }

    /// The same with all products of two main effects; undefined if there are more terms than a
    /// twentieth of the rows, or so many that a step of the fit takes seconds (rows times terms
    /// squared above 3e9: 210 terms at 65,000 rows).
    #[must_use]
    pub fn products() -> Self {
        Self::new(Model::Products, 0)
    }

    /// A classification tree: Gini, depth at most 6, at least `max(20, rows / 2000)` rows in a
    /// leaf, levels split natively. Null by 50 permutations of the labels. An unlimited tree would
    /// tell any continuous table apart and is not offered.
    #[must_use]
    pub fn tree() -> Self {
        Self::new(Model::Tree, 50)
    }

    fn new(model: Model, permutations: u32) -> Self {
        Self {
            model,
            columns: Vec::new(),
            permutations,
        }
    }

    /// The same on these columns only.
    #[must_use]
    pub fn with_columns<S: Into<String>>(mut self, columns: impl IntoIterator<Item = S>) -> Self {
        self.columns = columns.into_iter().map(Into::into).collect();
        self
    }

    /// The same with this many permutations for the null of a tree (at least 2 give a spread; 0
    /// leaves it out).
    #[must_use]
    pub fn with_permutations(mut self, permutations: u32) -> Self {
        self.permutations = permutations;
        self
    }

    /// The fitted model's numbers.
    ///
    /// # Errors
    /// [`MetricError::BadOption`] if a named column is not among those metrics look at. The inner
    /// error says why there is no model.
    pub fn measure(
        &self,
        pair: &Pair<'_>,
        seed: &Seed,
    ) -> Result<Result<PropensityModel, Undefined>, MetricError> {
        self.fit(&Cache::new(pair), seed)
    }

    fn fit(
        &self,
        cache: &Cache<'_>,
        seed: &Seed,
    ) -> Result<Result<PropensityModel, Undefined>, MetricError> {
        let frame = cache.frame();
        for name in &self.columns {
            if frame.named(name).is_none() {
                return Err(MetricError::BadOption {
                    option: "columns",
                    column: name.clone(),
                    rule: "expected a column of the tables that is no row id or free text",
                });
            }
        }
        let mut model = match self.of_frame(&frame, seed) {
            Ok(model) => model,
            Err(why) => return Ok(Err(why)),
        };
        self.add_generator_null(&mut model, cache.copies(), seed);
        Ok(Ok(model))
    }

    /// What the same model gives for pairs of tables that the synthesizer made, the next in a
    /// circle against each: all that a correct synthesizer of this kind would differ by.
    fn add_generator_null(&self, model: &mut PropensityModel, copies: &[&Table], seed: &Seed) {
        const RECOMMENDED: usize = 10;
        if copies.len() < 2 {
            return;
        }
        let own = self.clone().with_permutations(0);
        // Two tables make one pair and not two.
        let pairs = if copies.len() == 2 { 1 } else { copies.len() };
        let found: Vec<f64> = (0..pairs)
            .filter_map(|at| {
                let next = copies[(at + 1) % copies.len()];
                let frame = Frame::new(copies[at], next, None);
                let seed = seed.stream("generator").index(at as u64);
                own.of_frame(&frame, &seed).ok().map(|model| model.pmse)
            })
            .collect();
        if found.is_empty() {
            return;
        }
        let n = found.len() as f64;
        let mean = found.iter().sum::<f64>() / n;
        let squares: f64 = found.iter().map(|x| (x - mean) * (x - mean)).sum();
        model.generator_pairs = found.len() as u32;
        model.generator_mean = Some(mean);
        model.generator_sd = (found.len() > 1).then(|| (squares / (n - 1.0)).sqrt());
        model.generator_ratio = (mean > 0.0).then(|| model.pmse / mean);
        model.few_generator_tables = copies.len() < RECOMMENDED;
    }

    fn of_frame(&self, frame: &Frame, seed: &Seed) -> Result<PropensityModel, Undefined> {
        if frame.rows.real == 0 || frame.rows.synthetic == 0 {
            return Err(Undefined::NoRows);
        }
        let use_column =
            |name: &str| self.columns.is_empty() || self.columns.iter().any(|own| own == name);
        match self.model {
            Model::Tree => self.measure_tree(&Binned::of(frame, use_column), seed),
            model => {
                let design = Terms::main_effects(frame, use_column);
                let rows = design.rows();
                let design = match model {
                    Model::Products => {
                        let terms = design.count_with_products();
                        if terms > rows / 20
                            || terms.saturating_pow(2).saturating_mul(rows) > MOST_WORK
                        {
                            return Err(Undefined::TooManyTerms);
                        }
                        design.with_products()
                    }
                    _ => design,
                };
                if design.design.width().pow(2) * rows > MOST_WORK {
                    return Err(Undefined::TooManyTerms);
                }
                self.measure_logit(&design, seed)
            }
        }
    }

    fn measure_logit(&self, design: &Terms, seed: &Seed) -> Result<PropensityModel, Undefined> {
        let fit = logit::fit(design);
        let rank = fit.kept.len();
        if rank < 2 {
            return Err(Undefined::NoColumns);
        }
        let labels = Labels::new(design.real, design.synthetic);
        let mut model = labels.describe(self.name(), &design.names, &fit.fitted);
        model.parameters = rank as u64;
        model.converged = fit.converged;
        let (k, c, n) = (rank as f64, labels.share(), labels.rows() as f64);
        let scale = (1.0 - c) * (1.0 - c) * c / n;
        model.set_null((k - 1.0) * scale, (2.0 * (k - 1.0)).sqrt() * scale);
        let folds = labels.folds(seed);
        model.set_auc(
            &labels.cross_validate(&folds, |train| logit::refit(design, train, &fit).fitted),
        );
        Ok(model)
    }

    fn measure_tree(&self, binned: &Binned, seed: &Seed) -> Result<PropensityModel, Undefined> {
        use rayon::prelude::*;
        if binned.columns.is_empty() {
            return Err(Undefined::NoColumns);
        }
        let labels = Labels::new(binned.real, binned.synthetic);
        let n = labels.rows();
        let min_leaf_rows = (n / 2000).max(20);
        let all: Vec<u32> = (0..n as u32).collect();
        let truth: Vec<u32> = (0..n)
            .map(|row| u32::from(labels.is_synthetic(row)))
            .collect();
        let tree = binned.grow(&truth, all.clone(), min_leaf_rows);
        let mut model = labels.describe(self.name(), &binned.names, &binned.predict(&tree));
        model.parameters = tree.leaves() as u64;
        // Each permutation works on labels of its own: the observed value is the same with and
        // without them.
        let null: Vec<f64> = (0..self.permutations)
            .into_par_iter()
            .map(|permutation| {
                let mut shuffled = truth.clone();
                let stream = seed.stream("permutation").index(u64::from(permutation));
                stream.rng().shuffle(&mut shuffled);
                let tree = binned.grow(&shuffled, all.clone(), min_leaf_rows);
                labels.pmse(&binned.predict(&tree))
            })
            .collect();
        model.permutations = self.permutations;
        if null.len() > 1 {
            let mean = null.iter().sum::<f64>() / null.len() as f64;
            let squares: f64 = null.iter().map(|x| (x - mean) * (x - mean)).sum();
            model.set_null(mean, (squares / (null.len() - 1) as f64).sqrt());
        }
        let folds = labels.folds(seed);
        model.set_auc(&labels.cross_validate(&folds, |train| {
            let rows = (0..n as u32).filter(|&row| train[row as usize]).collect();
            binned.predict(&binned.grow(&truth, rows, min_leaf_rows))
        }));
        Ok(model)
    }

    fn name(&self) -> &'static str {
        match self.model {
            Model::Logit => "logit",
            Model::Products => "logit_products",
            Model::Tree => "tree",
        }
    }
}

impl PropensityModel {
    fn set_null(&mut self, mean: f64, sd: f64) {
        self.null_mean = Some(mean);
        self.null_sd = Some(sd);
        self.ratio = (mean > 0.0).then(|| self.pmse / mean);
        self.standardised = (sd > 0.0).then(|| (self.pmse - mean) / sd);
    }

    fn set_auc(&mut self, folds: &[f64]) {
        if folds.is_empty() {
            return;
        }
        let mean = folds.iter().sum::<f64>() / folds.len() as f64;
        self.auc = Some(mean);
        if folds.len() > 1 {
            let squares: f64 = folds.iter().map(|x| (x - mean) * (x - mean)).sum();
            self.auc_sd = Some((squares / (folds.len() - 1) as f64).sqrt());
        }
    }
}

static PROPENSITY_LOGIT_RATIO: MetricInfo = MetricInfo::new(
    "propensity_logit_ratio",
    "Propensity error over chance, logistic regression",
    "Whether a simple model can tell synthetic from real rows by averages and shares; 1 is chance. It cannot see relations.",
)
.with_group(Group::Multivariate)
.without_anchors();

static PROPENSITY_PRODUCTS_RATIO: MetricInfo = MetricInfo::new(
    "propensity_products_ratio",
    "Propensity error over chance, logistic regression with products",
    "Whether a model that sees relations of two columns can tell synthetic from real rows; 1 is chance.",
)
.with_group(Group::Multivariate)
.without_anchors();

static PROPENSITY_TREE_RATIO: MetricInfo = MetricInfo::new(
    "propensity_tree_ratio",
    "Propensity error over chance, tree",
    "Whether a decision tree can tell synthetic from real rows; 1 is chance.",
)
.with_group(Group::Multivariate)
.without_anchors();

impl Metric for Propensity {
    fn info(&self) -> &MetricInfo {
        match self.model {
            Model::Logit => &PROPENSITY_LOGIT_RATIO,
            Model::Products => &PROPENSITY_PRODUCTS_RATIO,
            Model::Tree => &PROPENSITY_TREE_RATIO,
        }
    }

    fn compute(&self, context: &MetricContext<'_>) -> Result<Outcome, MetricError> {
        let seed = context.seed();
        let model = self.fit(context.cache(), seed)?;
        let score = |value| self.info().score(value).with_param("model", self.name());
        let model = match model {
            Ok(model) => model,
            Err(why) => return Ok(score(Err(why)).into()),
        };
        let mut scored = score(model.ratio.ok_or(Undefined::ConstantColumn))
            .with_used(model.rows as usize, Unit::Rows)
            .with_detail("pmse", model.pmse)
            .with_detail("parameters", model.parameters)
            .with_detail("specks", model.specks)
            .with_detail("po50", model.po50);
        for (name, value) in [
            ("null_mean", model.null_mean),
            ("null_sd", model.null_sd),
            ("standardised", model.standardised),
            ("generator_mean", model.generator_mean),
            ("generator_sd", model.generator_sd),
            ("generator_ratio", model.generator_ratio),
            ("auc", model.auc),
            ("auc_sd", model.auc_sd),
        ] {
            if let Some(value) = value {
                scored = scored.with_detail(name, value);
            }
        }
        if model.separable {
            scored = scored.with_warning("separable: the model tells all rows apart");
        } else if !model.converged {
            scored = scored.with_warning("the iteration did not converge");
        }
        scored.seed = Some(*seed);
        if model.permutations > 0 {
            scored.repeats = Some(model.permutations);
        }
        Ok(Outcome::from(scored).with_section(Section::Propensity(model)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::reference::{independent, resample};
    use crate::testing::{numbers, table, texts};

    fn related(rows: u32) -> parable_table::Table {
        let mut rng = Seed::from_u64(5).rng();
        let x: Vec<f64> = (0..rows).map(|_| rng.normal()).collect();
        let y: Vec<f64> = x.iter().map(|x| x + 0.5 * rng.normal()).collect();
        let level: Vec<&str> = x.iter().map(|&x| if x > 0.3 { "a" } else { "b" }).collect();
        table(vec![numbers("x", &x), numbers("y", &y), texts("z", &level)])
    }

    fn measure(
        propensity: &Propensity,
        real: &parable_table::Table,
        synthetic: &parable_table::Table,
    ) -> PropensityModel {
        let pair = Pair::new(real, synthetic).unwrap();
        propensity
            .measure(&pair, &Seed::from_u64(1))
            .unwrap()
            .unwrap()
    }

    #[test]
    fn a_copy_cannot_be_told_apart() {
        let real = related(400);
        for propensity in [
            Propensity::logit(),
            Propensity::products(),
            Propensity::tree(),
        ] {
            let model = measure(&propensity, &real, &real);
            assert!(model.pmse < 1e-20, "{model:?}");
            assert_eq!(model.ratio.map(|r| r < 1e-12), Some(true));
        }
    }

    #[test]
    fn main_effects_are_blind_to_lost_relations_and_products_and_trees_are_not() {
        let real = related(2000);
        let shuffled = independent(&real, 2000, &Seed::from_u64(3));
        assert!(
            measure(&Propensity::logit(), &real, &shuffled)
                .ratio
                .unwrap()
                < 1e-3
        );
        assert!(
            measure(&Propensity::products(), &real, &shuffled)
                .ratio
                .unwrap()
                > 20.0
        );
        let tree = measure(&Propensity::tree(), &real, &shuffled);
        assert!(
            tree.ratio.unwrap() > 5.0 && tree.auc.unwrap() > 0.7,
            "{tree:?}"
        );
    }

    #[test]
    fn a_resample_has_a_ratio_of_one() {
        // The ratio of k - 1 = 3 coefficients is a chi-squared of 3 degrees over 3, with mean 1 and
        // sd 0.82; the mean of 60 has sd 0.105, times 5.5 is 0.58.
        let real = related(1000);
        let ratios: Vec<f64> = (0..60)
            .map(|draw| {
                let synthetic = resample(&real, 800, &Seed::from_u64(7).index(draw));
                let pair = Pair::new(&real, &synthetic).unwrap();
                let terms = Terms::main_effects(&Cache::new(&pair).frame(), |_| true);
                let fit = logit::fit(&terms);
                assert_eq!(fit.kept.len(), 4);
                let labels = Labels::new(1000, 800);
                let c = labels.share();
                labels.pmse(&fit.fitted) / (3.0 * (1.0 - c) * (1.0 - c) * c / 1800.0)
            })
            .collect();
        let mean = ratios.iter().sum::<f64>() / 60.0;
        assert!((mean - 1.0).abs() < 0.58, "{mean}");
    }

    #[test]
    fn permutations_leave_the_observed_value_alone() {
        let real = related(500);
        let synthetic = independent(&real, 400, &Seed::from_u64(3));
        let with = measure(&Propensity::tree(), &real, &synthetic);
        let without = measure(&Propensity::tree().with_permutations(0), &real, &synthetic);
        assert_eq!(with.pmse, without.pmse);
        assert_eq!(without.ratio, None);
    }

    #[test]
    fn separation_is_reported_and_reaches_the_ceiling() {
        let low: Vec<f64> = (0..100).map(f64::from).collect();
        let high: Vec<f64> = low.iter().map(|x| x + 1000.0).collect();
        let (real, synthetic) = (
            table(vec![numbers("x", &low)]),
            table(vec![numbers("x", &high)]),
        );
        for propensity in [Propensity::logit(), Propensity::tree()] {
            let model = measure(&propensity, &real, &synthetic);
            assert!(model.separable, "{model:?}");
            assert!((model.pmse - model.ceiling).abs() < 1e-5);
            // A row next to the gap can fall on the wrong side when it is held out itself.
            assert!(model.auc.unwrap() > 0.95, "{model:?}");
        }
    }

    #[test]
    fn further_tables_of_the_synthesizer_give_a_null_of_their_own() {
        // A synthesizer that draws from the population: the judged table differs from the real one
        // as its tables do from each other.
        let normal = |seed: u64, rows: usize| {
            let mut rng = Seed::from_u64(seed).rng();
            let x: Vec<f64> = (0..rows).map(|_| rng.normal()).collect();
            let y: Vec<f64> = x.iter().map(|x| x + rng.normal()).collect();
            table(vec![numbers("x", &x), numbers("y", &y)])
        };
        let real = normal(1, 800);
        let copies: Vec<parable_table::Table> = (10..22).map(|seed| normal(seed, 800)).collect();
        let judged = normal(9, 800);
        let pair = Pair::new(&real, &judged).unwrap();
        let alone = Propensity::tree().with_permutations(0);
        let without = alone.measure(&pair, &Seed::from_u64(1)).unwrap().unwrap();
        let pair = pair.with_copies(&copies).unwrap();
        let with = alone.measure(&pair, &Seed::from_u64(1)).unwrap().unwrap();
        assert_eq!((with.pmse, with.generator_pairs), (without.pmse, 12));
        assert_eq!(without.generator_ratio, None);
        // The sd of the null is a tenth of its mean, as that of permutations; 5 of them.
        let ratio = with.generator_ratio.unwrap();
        let relative = with.generator_sd.unwrap() / with.generator_mean.unwrap();
        assert!((ratio - 1.0).abs() < 5.0 * relative, "{ratio} {relative}");
    }
}
