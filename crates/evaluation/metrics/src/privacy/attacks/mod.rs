//! Attacks on the synthetic table: singling out, linkability and inference (specification 5.6,
//! 5.7).
//!
//! Each is run against rows of the real table, against rows of the holdout, which the synthesizer
//! never saw, and as a blind guess. Success on real rows says little by itself: what a table tells
//! about everybody is its purpose. The risk is what is gained by having been in the data.

mod inference;
mod linkability;
mod predicate;
mod ranks;
mod score;
mod singling_out;

use parable_seed::Seed;
use parable_table::Role;

pub(crate) use score::default_scores;

use crate::data::frame::{Frame, FrameColumn};
use crate::data::reference::subsample;
use crate::privacy::nearest::GowerSpace;
use crate::progress::silent;
use crate::{
    AttackKind, AttackResult, BlindGuess, Cache, Conclusion, EvaluationOptions, EvaluationProgress,
    MetricError, Pair, Risk, SuccessRate,
};

/// One of the attacks with its settings. As a [`Metric`](crate::Metric) its value is the [`Risk`]
/// against the holdout, of inference that of the secret whose interval begins highest.
#[derive(Clone, Debug, PartialEq)]
pub struct Attack {
    kind: AttackKind,
    attacks: usize,
    together: usize,
    neighbours: usize,
    left: Vec<String>,
    right: Vec<String>,
    secrets: Vec<String>,
}

/// The rows that are attacked.
struct Targets {
    real: Vec<usize>,
    holdout: Vec<usize>,
}

/// What an attack did.
struct Made {
    asked: usize,
    attacks: usize,
    /// Rows of the real table that were attacked with success, one entry per success.
    hits: Vec<u32>,
    /// Successes expected on samples of the real rows as large as the holdout.
    at_equal_size: Option<f64>,
    /// Attacks and successes on the holdout.
    control: Option<(usize, f64)>,
    guesses: Vec<BlindGuess>,
}

impl Made {
    fn of_targets(
        asked: usize,
        rows: &[usize],
        on_real: &[bool],
        on_holdout: Option<&[bool]>,
        guesses: Vec<BlindGuess>,
    ) -> Self {
        let hits = rows.iter().zip(on_real).filter(|&(_, &hit)| hit);
        let count = |hits: &[bool]| hits.iter().filter(|&&hit| hit).count() as f64;
        Self {
            asked,
            attacks: rows.len(),
            hits: hits.map(|(&row, _)| row as u32).collect(),
            at_equal_size: None,
            control: on_holdout.map(|hits| (hits.len(), count(hits))),
            guesses,
        }
    }
}

/// A result, and the rows of the real table that were attacked with success.
pub(crate) type WithHits = (AttackResult, Vec<u32>);

impl Attack {
    /// This attack with the numbers and columns of the options.
    #[must_use]
    pub fn new(kind: AttackKind, options: &EvaluationOptions) -> Self {
        Self {
            kind,
            attacks: options.attacks,
            together: options.predicate_columns,
            neighbours: options.link_neighbours,
            left: options.link_left.clone(),
            right: options.link_right.clone(),
            secrets: match options.secrets.is_empty() {
                true => options.targets.clone(),
                false => options.secrets.clone(),
            },
        }
    }

    /// Which attack it is.
    #[must_use]
    pub fn kind(&self) -> AttackKind {
        self.kind
    }

    /// Attacks the pair: one result, of inference one for each secret. Empty where no attack can be
    /// made (no rows, no columns, no synthetic row apart from the others).
    ///
    /// # Errors
    /// [`MetricError::BadOption`] if a column of the options does not exist, is left out of
    /// comparisons, or is in both halves.
    pub fn measure(&self, pair: &Pair<'_>, seed: &Seed) -> Result<Vec<AttackResult>, MetricError> {
        self.results(&Cache::new(pair), seed, &silent)
    }

    /// The same, telling `progress` how much is done and stopping when it breaks.
    ///
    /// # Errors
    /// As [`Attack::measure`], and [`MetricError::Cancelled`].
    pub fn measure_with(
        &self,
        pair: &Pair<'_>,
        seed: &Seed,
        progress: EvaluationProgress<'_>,
    ) -> Result<Vec<AttackResult>, MetricError> {
        self.results(&Cache::new(pair), seed, progress)
    }

    fn results(
        &self,
        cache: &Cache<'_>,
        seed: &Seed,
        progress: EvaluationProgress<'_>,
    ) -> Result<Vec<AttackResult>, MetricError> {
        let made = self.with_hits(cache, seed, progress)?;
        Ok(made.into_iter().map(|(result, _)| result).collect())
    }

    pub(crate) fn with_hits(
        &self,
        cache: &Cache<'_>,
        seed: &Seed,
        progress: EvaluationProgress<'_>,
    ) -> Result<Vec<WithHits>, MetricError> {
        let frame = cache.frame();
        let columns: Vec<&FrameColumn> = frame.comparable().collect();
        let names: Vec<String> = columns.iter().map(|column| column.name.clone()).collect();
        let halves = self.halves(&names)?;
        let secrets = self.chosen_secrets(&columns)?;
        if frame.rows.real == 0 || frame.rows.synthetic == 0 || columns.is_empty() {
            return Ok(Vec::new());
        }
        let name = |at: &usize| names[*at].clone();
        let every = "all compared columns".to_owned();
        let found = match self.kind {
            AttackKind::SinglingOutUnivariate => {
                let made = singling_out::univariate(&frame, &columns, self.attacks, seed);
                let attacker = "asks for values that one synthetic row has, of one column at a time: it uses no other knowledge of a person";
                vec![self.result(made, attacker, (names, Vec::new()), every)]
            }
            AttackKind::SinglingOutMultivariate => {
                let (n, q) = (self.attacks, self.together);
                let made = singling_out::multivariate(&frame, &columns, n, q, seed);
                let attacker = format!(
                    "asks for values that one synthetic row has, of {} random columns together",
                    self.together.clamp(1, columns.len())
                );
                vec![self.result(made, &attacker, (names, Vec::new()), every)]
            }
            AttackKind::Linkability => {
                let ([left, right], chosen_by) = halves;
                if left.is_empty() || right.is_empty() {
                    return Ok(Vec::new());
                }
                let targets = self.targets(&frame, seed);
                let made = linkability::linkability(
                    &*cache.get(&GowerSpace)?,
                    [&left, &right],
                    self.neighbours,
                    &targets,
                    self.attacks,
                );
                let attacker = format!(
                    "holds two halves of each person's columns, exactly, and takes them for one person if they share one of the {} nearest synthetic rows",
                    self.neighbours.clamp(1, frame.rows.synthetic)
                );
                let [left, right] = [left, right].map(|half| half.iter().map(name).collect());
                vec![self.result(made, &attacker, (left, right), chosen_by)]
            }
            AttackKind::Inference => {
                if columns.len() < 2 {
                    return Ok(Vec::new());
                }
                let (secrets, chosen_by) = secrets;
                let targets = self.targets(&frame, seed);
                let space = cache.get(&GowerSpace)?;
                let attacker = "knows all other columns of a person, exactly, and takes the value of the nearest synthetic row";
                let mut results = Vec::with_capacity(secrets.len());
                for (done, &axis) in secrets.iter().enumerate() {
                    let share = done as f64 / secrets.len() as f64;
                    if progress("inference of secrets", share).is_break() {
                        return Err(MetricError::Cancelled);
                    }
                    let seed = seed.stream("secret").stream(&names[axis]);
                    let n = self.attacks;
                    let secret = (axis, columns[axis]);
                    let made = inference::inference(&space, secret, &targets, n, &seed);
                    let used = (vec![names[axis].clone()], Vec::new());
                    results.push(self.result(made, attacker, used, chosen_by.to_owned()));
                }
                results
            }
        };
        Ok(found.into_iter().flatten().collect())
    }

    /// Random rows of both tables, the same for every secret.
    fn targets(&self, frame: &Frame, seed: &Seed) -> Targets {
        let draw = |rows, name| subsample(rows, self.attacks, &seed.stream("targets").stream(name));
        Targets {
            real: draw(frame.rows.real, "real"),
            holdout: draw(frame.rows.holdout.unwrap_or(0), "holdout"),
        }
    }

    /// The axes of the two sources of linkability, and how they were chosen.
    fn halves(&self, names: &[String]) -> Result<([Vec<usize>; 2], String), MetricError> {
        let left = positions("link_left", &self.left, names)?;
        let right = positions("link_right", &self.right, names)?;
        if let Some(&both) = left.iter().find(|at| right.contains(at)) {
            return Err(MetricError::BadOption {
                option: "link_right",
                column: names[both].clone(),
                rule: "expected a column that is not in `link_left`",
            });
        }
        let rest = |taken: &[usize]| -> Vec<usize> {
            (0..names.len()).filter(|at| !taken.contains(at)).collect()
        };
        let declared = "declared".to_owned();
        Ok(match (left.is_empty(), right.is_empty()) {
            (true, true) => {
                let half = names.len().div_ceil(2);
                let chosen_by = "none was declared: the first and the second half of the columns";
                let halves = [(0..half).collect(), (half..names.len()).collect()];
                (halves, chosen_by.to_owned())
            }
            (false, true) => ([left.clone(), rest(&left)], declared),
            (true, false) => ([rest(&right), right], declared),
            (false, false) => ([left, right], declared),
        })
    }

    /// The axes of the secrets of inference, and how they were chosen.
    fn chosen_secrets(
        &self,
        columns: &[&FrameColumn],
    ) -> Result<(Vec<usize>, &'static str), MetricError> {
        let names: Vec<String> = columns.iter().map(|column| column.name.clone()).collect();
        let declared = positions("secrets", &self.secrets, &names)?;
        if !declared.is_empty() {
            return Ok((declared, "declared"));
        }
        let secret = |&at: &usize| {
            !matches!(
                columns[at].role,
                Role::ClusterId | Role::Treatment | Role::Descriptor { .. } | Role::Weight
            )
        };
        Ok((
            (0..columns.len()).filter(secret).collect(),
            "none was declared: every column but ids, arms, clusters, weights and descriptors",
        ))
    }

    /// `None` if no attack was made.
    ///
    /// - `columns`, `other_columns`: those the attacker uses, and those of a second source
    fn result(
        &self,
        made: Made,
        attacker: &str,
        (columns, other_columns): (Vec<String>, Vec<String>),
        columns_chosen_by: String,
    ) -> Option<WithHits> {
        let main = SuccessRate::wilson(made.hits.len() as f64, made.attacks as u64)?;
        let main_at_equal_size =
            (made.at_equal_size).and_then(|hits| SuccessRate::wilson(hits, made.attacks as u64));
        let control = (made.control).and_then(|(n, hits)| SuccessRate::wilson(hits, n as u64));
        let compared = main_at_equal_size.as_ref().unwrap_or(&main);
        let risk = control
            .as_ref()
            .map(|control| Risk::against(compared, control));
        let guess = made
            .guesses
            .iter()
            .map(|guess| guess.share)
            .fold(0.0, f64::max);
        let conclusion = match &risk {
            _ if main.share() <= guess => Conclusion::NoConclusion,
            None => Conclusion::NoControl,
            Some(risk) if risk.unclamped - risk.error > 0.0 => Conclusion::Leak,
            Some(_) => Conclusion::NoDifference,
        };
        let result = AttackResult {
            kind: self.kind,
            attacker: attacker.to_owned(),
            columns,
            other_columns,
            columns_chosen_by,
            asked: made.asked as u64,
            underpowered: made.attacks < made.asked,
            main,
            main_at_equal_size,
            control,
            guesses: made.guesses,
            risk,
            conclusion,
        };
        Some((result, made.hits))
    }
}

/// The positions of the columns an option names.
fn positions(
    option: &'static str,
    wanted: &[String],
    names: &[String],
) -> Result<Vec<usize>, MetricError> {
    let mut found = Vec::with_capacity(wanted.len());
    for column in wanted {
        let at = names.iter().position(|name| name == column);
        let at = at.ok_or_else(|| MetricError::BadOption {
            option,
            column: column.clone(),
            rule: "expected a column that is compared: no row id, free text or renamed cluster",
        })?;
        if !found.contains(&at) {
            found.push(at);
        }
    }
    Ok(found)
}
