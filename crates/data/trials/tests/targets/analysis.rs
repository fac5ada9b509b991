//! What an analyst computes from a table, written apart from the simulator.

use parable_table::Column;
use parable_trials::{Preset, Trial};

/// The figures of one table.
#[derive(Clone, Debug)]
pub(crate) struct Figures(Vec<(&'static str, f64)>);

impl Figures {
    pub(crate) fn of(trial: &Trial) -> Self {
        let (table, truth) = (&trial.table, &trial.truth);
        let rows = table.rows();
        let column = |name: &str| table.named(name).expect("the table has the column").1;
        let treated: Vec<f64> = codes(column("treatment"));
        let score: Vec<Option<f64>> = numbers(column(&truth.primary));
        let pre: Vec<Option<f64>> = pre_test(trial);
        let fsm = column("fsm");
        let observed: Vec<f64> = score.iter().flatten().copied().collect();
        let moments = Moments::of(&observed);

        let control: Vec<(f64, u32)> = (0..rows)
            .filter(|&row| treated[row] == 0.0)
            .filter_map(|row| Some((score[row]?, column("school_id").code(row)?)))
            .collect();
        let complete: Vec<[f64; 3]> = (0..rows)
            .filter_map(|row| Some([score[row]?, treated[row], pre[row]?]))
            .collect();
        let missing = |among: &dyn Fn(usize) -> bool| {
            let among: Vec<usize> = (0..rows).filter(|&row| among(row)).collect();
            let lost = among.iter().filter(|&&row| score[row].is_none()).count();
            lost as f64 / among.len() as f64
        };
        let cells: usize = table.columns().iter().map(Column::missing_count).sum();
        let (sen, one_hot) = match truth.preset {
            Preset::A => ("sen", ["band_below", "band_expected", "band_higher"]),
            Preset::B => ("sen", ["level_below", "level_expected", "level_higher"]),
            _ => ("sen_code", ["em_below4", "em_4", "em_5plus"]),
        };
        Self(vec![
            (
                "cells missing",
                cells as f64 / (rows * table.columns().len()) as f64,
            ),
            ("primary: mean", moments.mean),
            ("primary: SD", moments.sd),
            ("primary: skewness", moments.skewness),
            ("primary: excess kurtosis", moments.excess_kurtosis),
            ("ICC, control arm", intraclass(&control)),
            ("correlation with pre-test", correlation(&complete)),
            ("missing, treated", missing(&|row| treated[row] == 1.0)),
            ("missing, control", missing(&|row| treated[row] == 0.0)),
            ("missing, FSM", missing(&|row| fsm.code(row) == Some(1))),
            ("missing, other", missing(&|row| fsm.code(row) == Some(0))),
            (
                "latent of the missing",
                truth.missing.primary.latent_of_missing,
            ),
            (
                "latent of the observed",
                truth.missing.primary.latent_of_observed,
            ),
            ("adjusted effect", adjusted_effect(&complete) / moments.sd),
            (
                "true effect",
                truth
                    .outcome(&truth.primary)
                    .expect("an outcome")
                    .overall
                    .control_sds,
            ),
            ("SEN none", share(column(sen), 0)),
            ("SEN support", share(column(sen), 1)),
            ("SEN plan", share(column(sen), 2)),
            ("one-hot below", share(column(one_hot[0]), 1)),
            ("one-hot middle", share(column(one_hot[1]), 1)),
            ("one-hot higher", share(column(one_hot[2]), 1)),
        ])
    }

    pub(crate) fn get(&self, name: &str) -> f64 {
        let found = self.0.iter().find(|(figure, _)| *figure == name);
        found.expect("the figure is computed").1
    }
}

/// The pre-test of the analysis: in C the mean of both scores, elsewhere the one the truth names.
fn pre_test(trial: &Trial) -> Vec<Option<f64>> {
    let column = |name: &str| numbers(trial.table.named(name).expect("the table has the column").1);
    let scores = column(&trial.truth.pre_test);
    if trial.truth.preset != Preset::C {
        return scores;
    }
    let others = column("ks2_reading_scaled");
    scores
        .iter()
        .zip(others)
        .map(|(&left, right)| Some(0.5 * (left? + right?)))
        .collect()
}

fn codes(column: &Column) -> Vec<f64> {
    (0..column.len())
        .map(|row| f64::from(column.code(row).expect("no missing value")))
        .collect()
}

fn numbers(column: &Column) -> Vec<Option<f64>> {
    (0..column.len()).map(|row| column.number(row)).collect()
}

/// The share of a code among the cells with a value.
fn share(column: &Column, code: u32) -> f64 {
    let present = column.len() - column.missing_count();
    let count = (0..column.len())
        .filter(|&row| column.code(row) == Some(code))
        .count();
    count as f64 / present as f64
}

struct Moments {
    mean: f64,
    sd: f64,
    skewness: f64,
    excess_kurtosis: f64,
}

impl Moments {
    fn of(values: &[f64]) -> Self {
        let n = values.len() as f64;
        let mean = values.iter().sum::<f64>() / n;
        let central = |power: i32| values.iter().map(|v| (v - mean).powi(power)).sum::<f64>() / n;
        let variance = central(2);
        Self {
            mean,
            sd: variance.sqrt(),
            skewness: central(3) / variance.powf(1.5),
            excess_kurtosis: central(4) / (variance * variance) - 3.0,
        }
    }
}

/// One-way analysis of variance over schools.
fn intraclass(scores: &[(f64, u32)]) -> f64 {
    let mut schools: std::collections::BTreeMap<u32, Vec<f64>> = std::collections::BTreeMap::new();
    for &(score, school) in scores {
        schools.entry(school).or_default().push(score);
    }
    let n = scores.len() as f64;
    let k = schools.len() as f64;
    let grand = scores.iter().map(|(score, _)| score).sum::<f64>() / n;
    let (mut between, mut within, mut squares) = (0.0, 0.0, 0.0);
    for scores in schools.values() {
        let size = scores.len() as f64;
        let mean = scores.iter().sum::<f64>() / size;
        between += size * (mean - grand).powi(2);
        within += scores
            .iter()
            .map(|score| (score - mean).powi(2))
            .sum::<f64>();
        squares += size * size;
    }
    let (between, within) = (between / (k - 1.0), within / (n - k));
    let size = (n - squares / n) / (k - 1.0);
    (between - within) / (between + (size - 1.0) * within)
}

/// Of the score and the pre-test.
fn correlation(rows: &[[f64; 3]]) -> f64 {
    let n = rows.len() as f64;
    let mean = |i: usize| rows.iter().map(|row| row[i]).sum::<f64>() / n;
    let (score, pre) = (mean(0), mean(2));
    let product = |i: usize, mi: f64, j: usize, mj: f64| {
        rows.iter().map(|r| (r[i] - mi) * (r[j] - mj)).sum::<f64>()
    };
    product(0, score, 2, pre) / (product(0, score, 0, score) * product(2, pre, 2, pre)).sqrt()
}

/// The coefficient of treatment in a least squares regression of the score on treatment and
/// pre-test: by Frisch, Waugh and Lovell the slope of one residual on the other.
fn adjusted_effect(rows: &[[f64; 3]]) -> f64 {
    let n = rows.len() as f64;
    let mean = |i: usize| rows.iter().map(|row| row[i]).sum::<f64>() / n;
    let means = [mean(0), mean(1), mean(2)];
    let product = |i: usize, j: usize| {
        rows.iter()
            .map(|r| (r[i] - means[i]) * (r[j] - means[j]))
            .sum::<f64>()
    };
    let (yt, yp, tt, tp, pp) = (
        product(0, 1),
        product(0, 2),
        product(1, 1),
        product(1, 2),
        product(2, 2),
    );
    (yt * pp - yp * tp) / (tt * pp - tp * tp)
}
