//! How good predictions are.

use ndarray::ArrayView2;

use crate::fidelity::propensity::area_under_curve;

/// Measures by name, the one that is summed up first; `None` where it does not exist.
pub(super) type Measured = Vec<(&'static str, Option<f64>)>;

/// Macro averages over the classes real rows have: a class that is never predicted has precision 0,
/// one that is not among the test rows recall 0. `scores`: one row per test row and one column per
/// class, for the area under the curve (one class against the rest, mean over classes that some but
/// not all test rows have).
pub(super) fn classification(
    truth: &[u8],
    guess: &[u8],
    scores: Option<ArrayView2<'_, f64>>,
    real: &[bool],
) -> Measured {
    let classes: Vec<usize> = (0..real.len()).filter(|&class| real[class]).collect();
    let (mut precision, mut recall, mut f1) = (0.0, 0.0, 0.0);
    let (mut present, mut balanced) = (0, 0.0);
    for &class in &classes {
        let is = |label: u8| usize::from(label) == class;
        let pairs = || truth.iter().zip(guess);
        let hits = pairs().filter(|&(&t, &g)| is(t) && is(g)).count() as f64;
        let said = guess.iter().filter(|&&g| is(g)).count() as f64;
        let there = truth.iter().filter(|&&t| is(t)).count() as f64;
        let share = |part: f64, whole: f64| if whole > 0.0 { part / whole } else { 0.0 };
        precision += share(hits, said);
        recall += share(hits, there);
        f1 += share(2.0 * hits, said + there);
        if there > 0.0 {
            present += 1;
            balanced += hits / there;
        }
    }
    let n = classes.len().max(1) as f64;
    let auc = scores.and_then(|scores| {
        // With two classes both areas are the same.
        let asked = if classes.len() == 2 {
            &classes[1..]
        } else {
            &classes[..]
        };
        let areas: Vec<f64> = asked
            .iter()
            .filter_map(|&class| {
                let of = |wanted: bool| -> Vec<f64> {
                    let rows = truth.iter().zip(scores.column(class));
                    rows.filter(|&(&t, _)| (usize::from(t) == class) == wanted)
                        .map(|(_, &score)| score)
                        .collect()
                };
                let (others, own) = (of(false), of(true));
                (!others.is_empty() && !own.is_empty()).then(|| area_under_curve(others, own))
            })
            .collect();
        (!areas.is_empty()).then(|| areas.iter().sum::<f64>() / areas.len() as f64)
    });
    vec![
        ("f1", Some(f1 / n)),
        ("precision", Some(precision / n)),
        ("recall", Some(recall / n)),
        (
            "balanced_accuracy",
            (present > 0).then(|| balanced / f64::from(present)),
        ),
        ("auc", auc),
    ]
}

/// R², and the root mean squared error in units of the target.
pub(super) fn regression(truth: &[f64], guess: &[f64]) -> Measured {
    let n = truth.len() as f64;
    let mean = truth.iter().sum::<f64>() / n;
    let around: f64 = truth.iter().map(|y| (y - mean) * (y - mean)).sum();
    let errors = truth.iter().zip(guess).map(|(y, g)| (y - g) * (y - g));
    let left: f64 = errors.sum();
    vec![
        ("r2", (around > 0.0).then(|| 1.0 - left / around)),
        ("rmse", (n > 0.0).then(|| (left / n).sqrt())),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn macro_averages_count_absent_classes_as_nothing() {
        // Class 0: 2 of 3 found, 2 of 3 right. Class 1: 1 of 2, 1 of 2. Class 2 is a real class
        // that neither occurs nor is said.
        let measured = classification(
            &[0, 0, 0, 1, 1],
            &[0, 0, 1, 1, 0],
            None,
            &[true, true, true, false],
        );
        let value = |name| measured.iter().find(|m| m.0 == name).unwrap().1.unwrap();
        let third = (2.0 / 3.0 + 0.5) / 3.0;
        for name in ["f1", "precision", "recall"] {
            assert!((value(name) - third).abs() < 1e-15, "{name}");
        }
        assert!((value("balanced_accuracy") - (2.0 / 3.0 + 0.5) / 2.0).abs() < 1e-15);
    }

    #[test]
    fn the_mean_explains_nothing() {
        let measured = regression(&[1.0, 2.0, 3.0], &[2.0; 3]);
        assert_eq!(measured[0], ("r2", Some(0.0)));
        assert!((measured[1].1.unwrap() - (2.0f64 / 3.0).sqrt()).abs() < 1e-15);
    }
}
