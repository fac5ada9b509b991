//! Means and shares of outcomes by subgroup (specification 4.5).

use parable_table::Role;

use crate::data::frame::{Data, Each, Frame, FrameColumn, Side};
use crate::{
    Analysis, Cache, ColumnScale, EvaluationOptions, EvaluationProgress, Group, Metric,
    MetricContext, MetricError, MetricInfo, Outcome, Sides, SubgroupRow, SubgroupTable, Undefined,
    Unit,
};
use parable_linalg::quantile;

/// Columns whose levels are subgroups when none is declared, and their levels at most.
const MOST_GROUPINGS: usize = 6;
const MOST_SUBGROUPS: usize = 8;
/// Levels of an outcome whose shares are compared: the most frequent ones.
const MOST_LEVELS: usize = 6;
/// Parts a number is cut into.
const PARTS: usize = 4;

/// Difference of the means (in real standard deviations) and shares of outcomes within subgroups,
/// mean over all subgroups with enough real rows (4.5).
#[derive(Clone, Debug, PartialEq)]
pub struct SubgroupDifference {
    options: SubgroupOptions,
}

/// The choices subgroup tables depend on.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct SubgroupOptions {
    by: Vec<String>,
    outcomes: Vec<String>,
    min_cell: u64,
}

impl SubgroupOptions {
    pub(crate) fn of(options: &EvaluationOptions) -> Self {
        Self {
            by: options.subgroups.clone(),
            outcomes: options.outcomes.clone(),
            min_cell: options.min_cell as u64,
        }
    }
}

impl Analysis for SubgroupOptions {
    type Output = Vec<SubgroupTable>;

    fn compute(
        &self,
        cache: &Cache<'_>,
        _: EvaluationProgress<'_>,
    ) -> Result<Vec<SubgroupTable>, MetricError> {
        tables(&cache.frame(), self)
    }
}

impl SubgroupDifference {
    /// Of the columns in these options.
    #[must_use]
    pub fn new(options: &EvaluationOptions) -> Self {
        Self {
            options: SubgroupOptions::of(options),
        }
    }
}

/// The subgroup of every row: 0 for none, else the position of its name plus 1.
struct Grouping {
    name: String,
    labels: Vec<String>,
    codes: Each<Vec<u32>>,
}

impl Grouping {
    fn of(column: &FrameColumn) -> Self {
        let name = column.name.clone();
        match &column.data {
            Data::Codes { labels, codes } => Self {
                name,
                labels: labels.clone(),
                codes: codes.clone(),
            },
            Data::Numbers(numbers) => {
                let mut sorted: Vec<f64> = numbers
                    .real
                    .iter()
                    .copied()
                    .filter(|x| !x.is_nan())
                    .collect();
                sorted.sort_unstable_by(f64::total_cmp);
                let mut cuts: Vec<f64> = match sorted.is_empty() {
                    true => Vec::new(),
                    false => (1..PARTS)
                        .map(|part| quantile(&sorted, part as f64 / PARTS as f64))
                        .collect(),
                };
                cuts.dedup();
                let label = |part: usize| match (part.checked_sub(1), cuts.get(part)) {
                    (None, Some(high)) => format!("up to {high:.6}"),
                    (Some(low), Some(high)) => format!("above {:.6} to {high:.6}", cuts[low]),
                    (Some(low), None) => format!("above {:.6}", cuts[low]),
                    (None, None) => "all".to_owned(),
                };
                let place = |&x: &f64| match x.is_nan() {
                    true => 0,
                    false => cuts.partition_point(|&cut| cut < x) as u32 + 1,
                };
                Self {
                    name,
                    labels: (0..=cuts.len()).map(label).collect(),
                    codes: numbers.map(|values| values.iter().map(place).collect()),
                }
            }
        }
    }
}

/// Every table of the options.
fn tables(frame: &Frame, options: &SubgroupOptions) -> Result<Vec<SubgroupTable>, MetricError> {
    let find = |option: &'static str, name: &String| {
        frame.named(name).ok_or_else(|| MetricError::BadOption {
            option,
            column: name.clone(),
            rule: "expected a column of the tables that is no row id or free text",
        })
    };
    let outcomes: Vec<&FrameColumn> = if options.outcomes.is_empty() {
        let of_role = frame.columns.iter().filter(|c| c.role == Role::Outcome);
        of_role.collect()
    } else {
        let named = options.outcomes.iter().map(|name| find("outcomes", name));
        named.collect::<Result<_, _>>()?
    };
    let groupings: Vec<Grouping> = if options.by.is_empty() {
        let natural = |column: &&FrameColumn| {
            let levels = column.codes().map_or(0, |(labels, _)| labels.len());
            let role = matches!(column.role, Role::Treatment | Role::Covariate);
            role && (2..=MOST_SUBGROUPS).contains(&levels)
        };
        let chosen = frame.comparable().filter(natural);
        chosen.take(MOST_GROUPINGS).map(Grouping::of).collect()
    } else {
        let named = options
            .by
            .iter()
            .map(|name| Ok(Grouping::of(find("subgroups", name)?)));
        named.collect::<Result<_, MetricError>>()?
    };
    let mut found = Vec::new();
    for grouping in &groupings {
        for outcome in outcomes
            .iter()
            .filter(|outcome| outcome.name != grouping.name)
        {
            found.extend(by_outcome(grouping, outcome));
        }
    }
    Ok(found)
}

fn by_outcome(grouping: &Grouping, outcome: &FrameColumn) -> Vec<SubgroupTable> {
    let table = |level: Option<String>, rows: Vec<SubgroupRow>| SubgroupTable {
        by: grouping.name.clone(),
        outcome: outcome.name.clone(),
        level,
        rows,
    };
    if outcome.scale != ColumnScale::Nominal {
        let numbers = |side| outcome.as_numbers(side).unwrap_or_default();
        let (real, synthetic) = (numbers(Side::Real), numbers(Side::Synthetic));
        let sd = spread(&real);
        return vec![table(None, rows_of(grouping, &real, &synthetic, Some(sd)))];
    }
    let Some((labels, codes)) = outcome.codes() else {
        return Vec::new();
    };
    let mut counts = vec![0usize; labels.len() + 1];
    codes
        .real
        .iter()
        .for_each(|&code| counts[code as usize] += 1);
    let mut levels: Vec<usize> = (1..=labels.len())
        .filter(|&level| counts[level] > 0)
        .collect();
    if levels.len() == 2 {
        // One share tells the other.
        levels.remove(0);
    } else {
        levels.sort_by_key(|&level| (std::cmp::Reverse(counts[level]), level));
        levels.truncate(MOST_LEVELS);
    }
    levels
        .into_iter()
        .map(|level| {
            let is = |&code: &u32| match code {
                0 => f64::NAN,
                code => f64::from(u8::from(code as usize == level)),
            };
            let values = |side| codes.of(side).iter().map(is).collect::<Vec<f64>>();
            let (real, synthetic) = (values(Side::Real), values(Side::Synthetic));
            table(
                Some(labels[level - 1].clone()),
                rows_of(grouping, &real, &synthetic, None),
            )
        })
        .collect()
}

/// The standard deviation of the values that are not missing; 0 for fewer than two.
fn spread(values: &[f64]) -> f64 {
    let given: Vec<f64> = values.iter().copied().filter(|x| !x.is_nan()).collect();
    if given.len() < 2 {
        return 0.0;
    }
    let n = given.len() as f64;
    let mean = given.iter().sum::<f64>() / n;
    let squares: f64 = given.iter().map(|x| (x - mean) * (x - mean)).sum();
    (squares / (n - 1.0)).sqrt()
}

fn rows_of(
    grouping: &Grouping,
    real: &[f64],
    synthetic: &[f64],
    sd: Option<f64>,
) -> Vec<SubgroupRow> {
    let means = |values: &[f64], side: Side| {
        let mut sums = vec![(0u64, 0.0); grouping.labels.len() + 1];
        for (&group, &value) in grouping.codes.of(side).iter().zip(values) {
            if !value.is_nan() {
                let (n, sum) = &mut sums[group as usize];
                *n += 1;
                *sum += value;
            }
        }
        sums
    };
    let (real, synthetic) = (means(real, Side::Real), means(synthetic, Side::Synthetic));
    let mean = |&(n, sum): &(u64, f64)| (n > 0).then(|| sum / n as f64);
    grouping
        .labels
        .iter()
        .enumerate()
        .filter(|&(group, _)| real[group + 1].0 + synthetic[group + 1].0 > 0)
        .map(|(group, label)| {
            let (r, s) = (&real[group + 1], &synthetic[group + 1]);
            let value = Sides {
                real: mean(r),
                synthetic: mean(s),
            };
            let difference = value.difference();
            SubgroupRow {
                subgroup: label.clone(),
                rows: Sides {
                    real: r.0,
                    synthetic: s.0,
                },
                value,
                difference,
                difference_in_sd: sd
                    .filter(|&sd| sd > 0.0)
                    .and_then(|sd| Some(difference? / sd)),
            }
        })
        .collect()
}

static SUBGROUP_DIFFERENCE: MetricInfo = MetricInfo::new(
    "subgroup_difference",
    "Outcomes by subgroup, mean absolute difference of means (in sd) and shares",
    "How far the average outcome of girls, of each arm or of each region is off, in standard deviations (shares: in percentage points over 100).",
)
.with_group(Group::Utility);

impl Metric for SubgroupDifference {
    fn info(&self) -> &MetricInfo {
        &SUBGROUP_DIFFERENCE
    }

    fn compute(&self, context: &MetricContext<'_>) -> Result<Outcome, MetricError> {
        let cache = context.cache();
        let tables = cache.get(&self.options)?;
        let of = |table: &SubgroupTable, row: &SubgroupRow| match table.level {
            Some(_) => row.difference,
            None => row.difference_in_sd,
        };
        let mut values = Vec::new();
        let mut undefined = 0;
        let mut worst: Option<(f64, String)> = None;
        for table in tables.iter() {
            for row in table
                .rows
                .iter()
                .filter(|row| row.rows.real >= self.options.min_cell)
            {
                let Some(difference) = of(table, row) else {
                    undefined += 1;
                    continue;
                };
                values.push(difference.abs());
                if worst
                    .as_ref()
                    .is_none_or(|(known, _)| difference.abs() > known.abs())
                {
                    let level = table
                        .level
                        .as_ref()
                        .map_or(String::new(), |l| format!(" = {l}"));
                    let name =
                        format!("{}{level} by {}: {}", table.outcome, table.by, row.subgroup);
                    worst = Some((difference, name));
                }
            }
        }
        let value = match values.len() {
            0 if tables.is_empty() => Err(Undefined::NoRole),
            0 => Err(Undefined::NoRows),
            n => Ok(values.iter().sum::<f64>() / n as f64),
        };
        let mut score = self
            .info()
            .score(value)
            .with_param("min_cell", self.options.min_cell)
            .with_used(values.len(), Unit::Cells)
            .with_undefined(undefined);
        if let Some((difference, name)) = worst {
            score = score
                .with_detail("worst_subgroup", name)
                .with_detail("worst_difference", difference);
        }
        Ok(score.into())
    }
}

#[cfg(test)]
mod tests {
    use parable_seed::Seed;

    use super::*;
    use crate::Pair;
    use crate::testing::{numbers, table, texts};

    #[test]
    fn means_and_shares_are_those_of_the_subgroup() {
        let group: Vec<&str> = (0..40).map(|i| if i < 20 { "a" } else { "b" }).collect();
        let y: Vec<f64> = (0..40)
            .map(|i| f64::from(i / 20) * 10.0 + f64::from(i % 2))
            .collect();
        let pass: Vec<&str> = (0..40)
            .map(|i| if i % 4 == 0 { "yes" } else { "no" })
            .collect();
        let real = table(vec![
            texts("g", &group),
            numbers("y", &y),
            texts("pass", &pass),
        ]);
        let shifted: Vec<f64> = y
            .iter()
            .map(|y| if *y > 5.0 { y + 1.0 } else { *y })
            .collect();
        let other = table(vec![
            texts("g", &group),
            numbers("y", &shifted),
            texts("pass", &pass),
        ]);
        let options = EvaluationOptions::default()
            .with_subgroups(["g"])
            .with_outcomes(["y", "pass"]);
        let pair = Pair::new(&real, &other).unwrap();
        let tables = tables(&Cache::new(&pair).frame(), &SubgroupOptions::of(&options)).unwrap();
        let y = &tables[0].rows;
        assert_eq!((y[0].value.real, y[1].value.real), (Some(0.5), Some(10.5)));
        assert_eq!((y[0].difference, y[1].difference), (Some(0.0), Some(1.0)));
        assert_eq!(tables[1].level.as_deref(), Some("yes"));
        assert_eq!(tables[1].rows[0].value.real, Some(0.25));
        let score = SubgroupDifference::new(&options)
            .score(&pair, &Seed::from_u64(1))
            .unwrap();
        // Four cells, one of them off by 1 in a column with sd 5.089.
        assert!((score.value.unwrap() - 0.25 * y[1].difference_in_sd.unwrap()).abs() < 1e-15);
        let missing = EvaluationOptions::default().with_subgroups(["h"]);
        assert!(
            SubgroupDifference::new(&missing)
                .score(&pair, &Seed::from_u64(1))
                .is_err()
        );
    }
}
