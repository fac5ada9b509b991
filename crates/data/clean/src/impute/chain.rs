//! One model per column, fitted in turn until filled values settle.

use ndarray::{Array2, ArrayView1, Axis};
use parable_learn::{Ridge, SoftmaxRegression};
use parable_linalg::quantile;
use parable_table::{Column, Field, Grid, Kind, Values};

use super::super::frame::Frame;
use super::features::{Feature, Filled, choose, design};
use super::tree::Tree;
use super::{ImputeConfig, ImputeMethod};

/// Filled columns by position, the model behind each, and how many passes were made.
pub(super) struct Chained {
    pub(super) columns: Vec<(usize, Column)>,
    pub(super) models: Vec<(usize, &'static str)>,
    pub(super) rounds: usize,
}

/// The model that predicts a column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Choice {
    Alone,
    Linear,
    Tree,
}

enum Fitted {
    Ridge(Ridge),
    Logistic(SoftmaxRegression),
    Tree(Tree),
}

/// The model chosen for a column, and the features that it predicts from.
struct Plan {
    target: usize,
    choice: Choice,
    features: Vec<Feature>,
}

/// Fewest rows with a value for a model.
const MIN_FIT_ROWS: usize = 30;
/// Most classes that a model predicts.
const MAX_CLASSES: usize = 40;
/// Weight of the ridge penalty in rows: as if this many rows had been seen with no effect. Small
/// enough not to bend effects that a few hundred rows show, and enough to settle columns that
/// repeat each other.
const RIDGE_PENALTY: f64 = 1.0;
/// Weight of the penalty on squared weights of a logistic regression, relative to the mean loss of
/// a row.
const LOGISTIC_PENALTY: f64 = 1e-3;
/// A model has to be better than the column alone by this share of its error.
const WORTHWHILE: f64 = 0.01;

/// Fills the target columns.
pub(super) fn run(frame: &Frame, targets: &[usize], config: &ImputeConfig) -> Chained {
    let mut filled: Vec<Option<Filled>> = frame.columns.iter().map(Filled::start).collect();
    let mut targets: Vec<usize> = targets
        .iter()
        .copied()
        .filter(|&target| filled[target].is_some())
        .collect();
    targets.sort_by_key(|&target| (frame.columns[target].missing_count(), target));
    if config.method == ImputeMethod::Median {
        for &target in &targets {
            start_at_median(
                &frame.columns[target],
                filled[target].as_mut().expect("targets are filled"),
            );
        }
    }
    let mut plans: Vec<Plan> = Vec::new();
    let mut rounds = 0;
    if config.method == ImputeMethod::Model {
        for round in 0..config.max_rounds {
            rounds = round + 1;
            let mut moved: f64 = 0.0;
            for (index, &target) in targets.iter().enumerate() {
                let column = &frame.columns[target];
                let known = spread(column, config.max_fit_rows);
                if round == 0 {
                    let features = choose(&filled, target, &known, config.max_features);
                    let choice = best_choice(&filled, target, &features, &known, config.folds);
                    plans.push(Plan {
                        target,
                        choice,
                        features,
                    });
                }
                moved = moved.max(update(&mut filled, &plans[index], column, &known));
            }
            if moved < config.tolerance {
                break;
            }
        }
    }
    let models = targets
        .iter()
        .enumerate()
        .map(|(index, &target)| {
            let choice = plans.get(index).map_or(Choice::Alone, |plan| plan.choice);
            let categorical = frame.fields[target].kind.is_categorical();
            let name = match choice {
                Choice::Linear if categorical => "logistic",
                Choice::Linear => "ridge",
                Choice::Tree => "tree",
                Choice::Alone if categorical => "mode",
                Choice::Alone if config.method == ImputeMethod::Median => "median",
                Choice::Alone => "mean",
            };
            (target, name)
        })
        .collect();
    let columns = targets
        .iter()
        .map(|&target| {
            let filled = filled[target].as_ref().expect("targets are filled");
            (
                target,
                written(&frame.fields[target], &frame.columns[target], filled),
            )
        })
        .collect();
    Chained {
        columns,
        models,
        rounds,
    }
}

/// Rows with a value, at most this many, spread evenly.
fn spread(column: &Column, most: usize) -> Vec<usize> {
    let known: Vec<usize> = (0..column.len())
        .filter(|&row| !column.is_missing(row))
        .collect();
    let most = most.max(MIN_FIT_ROWS);
    if known.len() <= most {
        return known;
    }
    (0..most)
        .map(|index| known[index * known.len() / most])
        .collect()
}

fn start_at_median(column: &Column, filled: &mut Filled) {
    let Filled::Numbers { values, .. } = filled else {
        return;
    };
    let mut known: Vec<f64> = (0..column.len())
        .filter(|&row| !column.is_missing(row))
        .map(|row| values[row])
        .collect();
    known.sort_by(f64::total_cmp);
    let median = quantile(&known, 0.5);
    for row in (0..column.len()).filter(|&row| column.is_missing(row)) {
        values[row] = median;
    }
}

/// The candidate with the smallest cross-validated error: squared error of numbers, share of wrong
/// classes.
fn best_choice(
    filled: &[Option<Filled>],
    target: usize,
    features: &[Feature],
    known: &[usize],
    folds: usize,
) -> Choice {
    let goal = filled[target].as_ref().expect("targets are filled");
    let folds = folds.max(2);
    if features.is_empty() || known.len() < MIN_FIT_ROWS || goal.outputs() > MAX_CLASSES {
        return Choice::Alone;
    }
    let all = design(filled, features, known);
    let mut errors = [0.0; 3];
    for fold in 0..folds {
        // Neighbouring rows are often alike (one school after another): whole stretches are left
        // out together.
        let left_out = |index: usize| index * folds / known.len() == fold;
        let (test, train): (Vec<usize>, Vec<usize>) =
            (0..known.len()).partition(|&index| left_out(index));
        let rows: Vec<usize> = train.iter().map(|&index| known[index]).collect();
        let part = all.select(Axis(0), &train);
        let models = [Choice::Linear, Choice::Tree].map(|choice| fit(goal, &part, &rows, choice));
        let alone = alone(goal, &rows);
        for &index in &test {
            let row = known[index];
            errors[0] += error(goal, row, alone);
            for (error_of, model) in errors[1..].iter_mut().zip(&models) {
                *error_of += error(goal, row, predict(model, all.row(index)));
            }
        }
    }
    let needed = (1.0 - WORTHWHILE) * errors[0];
    if errors[1] <= errors[2] && errors[1] < needed {
        Choice::Linear
    } else if errors[2] < needed {
        Choice::Tree
    } else {
        Choice::Alone
    }
}

fn error(goal: &Filled, row: usize, predicted: f64) -> f64 {
    match goal {
        Filled::Numbers { values, .. } => (values[row] - predicted) * (values[row] - predicted),
        Filled::Codes { codes, .. } => f64::from(u8::from(f64::from(codes[row]) != predicted)),
    }
}

/// The mean of a column over these rows, or its most frequent class.
fn alone(goal: &Filled, rows: &[usize]) -> f64 {
    let sum = |output: usize| {
        rows.iter()
            .map(|&row| goal.output(output, row))
            .sum::<f64>()
    };
    match goal {
        Filled::Numbers { .. } => sum(0) / rows.len() as f64,
        Filled::Codes { .. } => largest(&(0..goal.outputs()).map(sum).collect::<Vec<_>>()) as f64,
    }
}

fn largest(values: &[f64]) -> usize {
    (0..values.len()).fold(0, |best, index| {
        if values[index] > values[best] {
            index
        } else {
            best
        }
    })
}

fn fit(goal: &Filled, design: &Array2<f64>, rows: &[usize], choice: Choice) -> Fitted {
    match (choice, goal) {
        (Choice::Linear, Filled::Codes { codes, classes }) => {
            let y: Vec<u32> = rows.iter().map(|&row| codes[row]).collect();
            let fit = SoftmaxRegression::fit(design.view(), &y, *classes, LOGISTIC_PENALTY);
            Fitted::Logistic(fit.expect("a label for each row"))
        }
        (Choice::Linear, Filled::Numbers { values, .. }) => {
            let y: Vec<f64> = rows.iter().map(|&row| values[row]).collect();
            let fit = Ridge::fit(design.view(), &y, RIDGE_PENALTY);
            Fitted::Ridge(fit.expect("a response for each row"))
        }
        _ => Fitted::Tree(Tree::fit(design, goal, rows)),
    }
}

/// The predicted number, or class.
fn predict(model: &Fitted, row: ArrayView1<'_, f64>) -> f64 {
    match model {
        Fitted::Ridge(ridge) => ridge.predict(row),
        Fitted::Logistic(logistic) => f64::from(logistic.predict(row)),
        Fitted::Tree(tree) => match tree.predict(row) {
            [mean] => *mean,
            shares => largest(shares) as f64,
        },
    }
}

/// Predicts the missing values of a column again; returns how far they moved.
fn update(filled: &mut [Option<Filled>], plan: &Plan, column: &Column, known: &[usize]) -> f64 {
    if plan.choice == Choice::Alone {
        return 0.0;
    }
    let (target, features) = (plan.target, &plan.features);
    let missing: Vec<usize> = (0..column.len())
        .filter(|&row| column.is_missing(row))
        .collect();
    let goal = filled[target].as_ref().expect("targets are filled");
    let model = fit(goal, &design(filled, features, known), known, plan.choice);
    let unknown = design(filled, features, &missing);
    let predicted: Vec<f64> = (0..missing.len())
        .map(|index| predict(&model, unknown.row(index)))
        .collect();
    let count = missing.len() as f64;
    match filled[target].as_mut().expect("targets are filled") {
        Filled::Numbers { values, .. } => {
            let (low, high) = known.iter().fold((f64::MAX, f64::MIN), |(l, h), &row| {
                (l.min(values[row]), h.max(values[row]))
            });
            let mut moved = 0.0;
            for (&row, predicted) in missing.iter().zip(predicted) {
                let predicted = predicted.clamp(low, high);
                moved += (predicted - values[row]) * (predicted - values[row]) / count;
                values[row] = predicted;
            }
            moved.sqrt()
        }
        Filled::Codes { codes, .. } => {
            let mut moved = 0.0;
            for (&row, predicted) in missing.iter().zip(predicted) {
                moved += f64::from(u8::from(codes[row] != predicted as u32)) / count;
                codes[row] = predicted as u32;
            }
            moved
        }
    }
}

/// The column with its missing values written, on its grid.
fn written(field: &Field, column: &Column, filled: &Filled) -> Column {
    let back = |row: usize| match filled {
        Filled::Numbers { values, mean, sd } => values[row] * sd + mean,
        Filled::Codes { .. } => 0.0,
    };
    let values = match (column.values(), filled) {
        (Values::Codes(_), Filled::Codes { codes, .. }) => Values::Codes(codes.clone()),
        (Values::Integer(values), _) => Values::Integer(
            (0..column.len())
                .map(|row| {
                    if column.is_missing(row) {
                        back(row).round() as i64
                    } else {
                        values[row]
                    }
                })
                .collect(),
        ),
        (Values::Continuous(values), _) => {
            let grid: Option<Grid> = match &field.kind {
                Kind::Continuous { grid, .. } => grid.as_ref().map(|known| known.value),
                _ => None,
            };
            let on_grid = |value: f64| grid.map_or(value, |grid| grid.round(value));
            Values::Continuous(
                (0..column.len())
                    .map(|row| {
                        if column.is_missing(row) {
                            on_grid(back(row))
                        } else {
                            values[row]
                        }
                    })
                    .collect(),
            )
        }
        _ => unreachable!("categories are filled with codes, and text is not filled"),
    };
    Column::complete(values)
}
