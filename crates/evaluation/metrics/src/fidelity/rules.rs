//! Declared rules and how often rows break them (specification 4.6).

use parable_table::constraints::broken_rows;
use parable_table::{Schema, Table};

use crate::{
    Cache, Group, Metric, MetricContext, MetricError, MetricInfo, Outcome, RuleRow, RuleSection,
    Sides, Undefined, Unit,
};

/// Share of synthetic rows that break any rule declared in the real table's schema (4.6); the real
/// table's own share stands beside it.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct RuleViolations {}

static RULE_VIOLATIONS: MetricInfo = MetricInfo::new(
    "rule_violations",
    "Share of synthetic rows that break a declared rule",
    "Share of synthetic rows that break a rule declared in the schema, such as dates in the wrong order.",
)
.with_group(Group::Structure)
.without_anchors();

impl Metric for RuleViolations {
    fn info(&self) -> &MetricInfo {
        &RULE_VIOLATIONS
    }

    fn compute(&self, context: &MetricContext<'_>) -> Result<Outcome, MetricError> {
        let cache = context.cache();
        let section = section(cache)?;
        let value = if section.rules.is_empty() {
            Err(Undefined::NoRules)
        } else {
            section.rows_breaking_any.synthetic.ok_or(Undefined::NoRows)
        };
        let mut score = self
            .info()
            .score(value)
            .with_used(section.rules.len(), Unit::Rules);
        score.baseline.real = section.rows_breaking_any.real;
        Ok(score.into())
    }
}

/// How both tables keep the rules of the real table's schema.
pub(crate) fn section(cache: &Cache<'_>) -> Result<RuleSection, MetricError> {
    let constraints = cache.real().schema().constraints();
    if constraints.is_empty() {
        return Ok(RuleSection::default());
    }
    let real = broken(cache.real(), cache.real())?;
    let synthetic = broken(cache.synthetic(), cache.real())?;
    let share = |rows: usize, of: &Table| (of.rows() > 0).then(|| rows as f64 / of.rows() as f64);
    let rules = constraints.iter().enumerate().map(|(rule, constraint)| {
        let counts = Sides {
            real: real[rule].len(),
            synthetic: synthetic[rule].len(),
        };
        RuleRow {
            rule: constraint.to_string(),
            columns: constraint
                .columns()
                .into_iter()
                .map(str::to_owned)
                .collect(),
            rows: Sides {
                real: counts.real as u64,
                synthetic: counts.synthetic as u64,
            },
            share: Sides {
                real: share(counts.real, cache.real()),
                synthetic: share(counts.synthetic, cache.synthetic()),
            },
        }
    });
    Ok(RuleSection {
        rules: rules.collect(),
        rows_breaking_any: Sides {
            real: share(any(&real, cache.real().rows()), cache.real()),
            synthetic: share(any(&synthetic, cache.synthetic().rows()), cache.synthetic()),
        },
    })
}

/// The rows of a table that break each rule of the real table's schema.
fn broken(table: &Table, real: &Table) -> Result<Vec<Vec<usize>>, MetricError> {
    let constraints = real.schema().constraints();
    if table.schema().constraints() == constraints {
        return Ok(broken_rows(table)?);
    }
    let schema = Schema::with_constraints(table.schema().fields().to_vec(), constraints.to_vec())
        .expect("the columns of a pair have the same names");
    let table = Table::new(schema, table.columns().to_vec())
        .expect("rules do not change what values a column can hold");
    Ok(broken_rows(&table)?)
}

fn any(broken: &[Vec<usize>], rows: usize) -> usize {
    let mut flags = vec![false; rows];
    for &row in broken.iter().flatten() {
        flags[row] = true;
    }
    flags.into_iter().filter(|&flag| flag).count()
}

#[cfg(test)]
mod tests {
    use parable_table::Constraint;

    use parable_seed::Seed;

    use super::*;
    use crate::Pair;
    use crate::testing::{numbers, table};

    #[test]
    fn rules_of_the_real_schema_are_asked_of_both_tables() {
        let columns = |a: &[f64], b: &[f64]| table(vec![numbers("a", a), numbers("b", b)]);
        let rules = vec![
            Constraint::AtMost {
                left: "a".into(),
                right: "b".into(),
            },
            Constraint::Range {
                column: "a".into(),
                min: Some(0.0),
                max: None,
            },
        ];
        let (schema, values) = columns(&[1.0, 2.0], &[1.0, 3.0]).into_parts();
        let schema = Schema::with_constraints(schema.fields().to_vec(), rules).unwrap();
        let real = Table::new(schema, values).unwrap();
        let synthetic = columns(&[-1.0, 5.0, 1.0, -9.0], &[-2.0, 4.0, 1.0, 1.0]);
        let pair = Pair::new(&real, &synthetic).unwrap();
        let section = section(&Cache::new(&pair)).unwrap();
        assert_eq!(section.rules[0].rows.synthetic, 2);
        assert_eq!(section.rules[1].rows.synthetic, 2);
        let score = RuleViolations::default()
            .score(&pair, &Seed::from_u64(1))
            .unwrap();
        assert_eq!((score.value, score.baseline.real), (Some(0.75), Some(0.0)));
    }

    #[test]
    fn no_rule_is_undefined_and_not_zero() {
        let real = table(vec![numbers("a", &[1.0])]);
        let pair = Pair::new(&real, &real).unwrap();
        let score = RuleViolations::default()
            .score(&pair, &Seed::from_u64(1))
            .unwrap();
        assert_eq!(score.reason, Some(Undefined::NoRules));
    }
}
