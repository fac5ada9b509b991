//! Missing values: shares per column and reason, and what is missing together (specification 1.12,
//! 2.6).

use parable_table::{Column, Table};

use crate::{
    Cache, Group, JointMissing, Metric, MetricContext, MetricError, MetricInfo, MissingRow,
    MissingSection, Outcome, ReasonShare, Sides, Undefined, Unit,
};

/// Absolute difference of the shares of missing values, averaged over all columns (1.12).
#[derive(Clone, Copy, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct MissingShareDifference {}

/// Largest total variation distance of the joint missing patterns of two columns (2.6).
#[derive(Clone, Copy, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct JointMissingDifference {}

static MISSING_SHARE_DIFFERENCE: MetricInfo = MetricInfo::new(
    "missing_share_difference",
    "Share of missing values, mean absolute difference over columns",
    "Whether values are missing as often as in the real table, column by column.",
)
.with_group(Group::Structure);

impl Metric for MissingShareDifference {
    fn info(&self) -> &MetricInfo {
        &MISSING_SHARE_DIFFERENCE
    }

    fn compute(&self, context: &MetricContext<'_>) -> Result<Outcome, MetricError> {
        let cache = context.cache();
        let fields = cache.real().schema().fields();
        let undefined = self.info().score(Err(if fields.is_empty() {
            Undefined::NoColumns
        } else {
            Undefined::NoRows
        }));
        let mut sum = 0.0;
        let mut worst = ("", 0.0f64);
        for field in fields {
            let Some(share) = shares(cache, &field.name) else {
                return Ok(undefined.into());
            };
            let difference = (share.synthetic - share.real).abs();
            sum += difference;
            if difference > worst.1 {
                worst = (&field.name, difference);
            }
        }
        if fields.is_empty() {
            return Ok(undefined.into());
        }
        let score = self
            .info()
            .score(Ok(sum / fields.len() as f64))
            .with_used(fields.len(), Unit::Columns)
            .with_detail("worst_value", worst.1);
        Ok(match worst.0 {
            "" => score,
            name => score.with_detail("worst_column", name),
        }
        .into())
    }
}

static JOINT_MISSING_DIFFERENCE: MetricInfo = MetricInfo::new(
    "joint_missing_difference",
    "Missing together: largest difference over pairs of columns",
    "Whether the same columns are missing together as in the real table.",
)
.with_group(Group::Structure);

impl Metric for JointMissingDifference {
    fn info(&self) -> &MetricInfo {
        &JOINT_MISSING_DIFFERENCE
    }

    fn compute(&self, context: &MetricContext<'_>) -> Result<Outcome, MetricError> {
        let cache = context.cache();
        let section = section(cache);
        let worst = section.joint.first();
        let value = worst.map(|pair| pair.tvd).ok_or(Undefined::NoPairs);
        let score = self
            .info()
            .score(value)
            .with_used(section.pairs as usize, Unit::Pairs);
        Ok(match worst {
            Some(pair) => {
                score.with_detail("worst_pair", format!("{} x {}", pair.left, pair.right))
            }
            None => score,
        }
        .into())
    }
}

fn shares(cache: &Cache<'_>, name: &str) -> Option<Sides<f64>> {
    let share = |table: &Table| {
        let (_, column) = table.named(name)?;
        (table.rows() > 0).then(|| column.missing_count() as f64 / table.rows() as f64)
    };
    Some(Sides {
        real: share(cache.real())?,
        synthetic: share(cache.synthetic())?,
    })
}

/// Which rows of a column are missing, one bit each.
struct Bits {
    words: Vec<u64>,
    count: u64,
}

impl Bits {
    fn of(column: &Column) -> Self {
        let mut words = vec![0u64; column.len().div_ceil(64)];
        let mut count = 0;
        if let Some(bytes) = column.missing_bytes() {
            for (row, &byte) in bytes.iter().enumerate() {
                if byte != 0 {
                    words[row / 64] |= 1 << (row % 64);
                    count += 1;
                }
            }
        }
        Self { words, count }
    }

    fn both(&self, other: &Self) -> u64 {
        let pairs = self.words.iter().zip(&other.words);
        pairs.map(|(a, b)| u64::from((a & b).count_ones())).sum()
    }
}

/// The section on missing values, over all columns of the real table.
pub(crate) fn section(cache: &Cache<'_>) -> MissingSection {
    const WORST: usize = 20;
    let cells = |table: &Table| {
        let cells = table.rows() * table.columns().len();
        let missing: usize = table.columns().iter().map(Column::missing_count).sum();
        (cells > 0).then(|| missing as f64 / cells as f64)
    };
    let complete = |table: &Table| {
        let with_missing: Vec<&Column> = table
            .columns()
            .iter()
            .filter(|column| column.missing_bytes().is_some())
            .collect();
        let rows = (0..table.rows())
            .filter(|&row| with_missing.iter().all(|column| !column.is_missing(row)))
            .count();
        (table.rows() > 0).then(|| rows as f64 / table.rows() as f64)
    };
    let mut section = MissingSection {
        share_of_cells: Sides {
            real: cells(cache.real()),
            synthetic: cells(cache.synthetic()),
        },
        complete_rows: Sides {
            real: complete(cache.real()),
            synthetic: complete(cache.synthetic()),
        },
        ..MissingSection::default()
    };
    let mut bits: Vec<(String, Sides<Bits>)> = Vec::new();
    for field in cache.real().schema().fields() {
        let (Some((_, real)), Some((_, synthetic))) = (
            cache.real().named(&field.name),
            cache.synthetic().named(&field.name),
        ) else {
            continue;
        };
        if real.missing_count() + synthetic.missing_count() == 0 {
            continue;
        }
        let Some(share) = shares(cache, &field.name) else {
            continue;
        };
        section.columns.push(MissingRow {
            column: field.name.clone(),
            share,
            difference: share.synthetic - share.real,
            reasons: reasons(cache, &field.name),
        });
        bits.push((
            field.name.clone(),
            Sides {
                real: Bits::of(real),
                synthetic: Bits::of(synthetic),
            },
        ));
    }
    let (n_real, n_synthetic) = (cache.real().rows() as f64, cache.synthetic().rows() as f64);
    for (i, (left, a)) in bits.iter().enumerate() {
        for (right, b) in &bits[i + 1..] {
            let four = |a: &Bits, b: &Bits, n: f64| {
                let both = a.both(b) as f64 / n;
                let (a, b) = (a.count as f64 / n, b.count as f64 / n);
                [1.0 - a - b + both, a - both, b - both, both]
            };
            let in_real = four(&a.real, &b.real, n_real);
            let in_synthetic = four(&a.synthetic, &b.synthetic, n_synthetic);
            let differences = in_real.iter().zip(&in_synthetic);
            section.joint.push(JointMissing {
                left: left.clone(),
                right: right.clone(),
                tvd: 0.5 * differences.map(|(p, q)| (p - q).abs()).sum::<f64>(),
                both: Sides {
                    real: in_real[3],
                    synthetic: in_synthetic[3],
                },
            });
        }
    }
    section.pairs = section.joint.len() as u64;
    section.joint.sort_by(|a, b| b.tvd.total_cmp(&a.tvd));
    section.joint.truncate(WORST);
    section
}

/// Shares by reason; reasons are matched by their code as the source writes it.
fn reasons(cache: &Cache<'_>, name: &str) -> Vec<ReasonShare> {
    let count = |table: &Table| -> Vec<(String, f64)> {
        let Some((field, column)) = table.named(name) else {
            return Vec::new();
        };
        let mut counts = vec![0u64; field.missing_codes.len() + 1];
        for &byte in column.missing_bytes().unwrap_or_default() {
            if byte != 0 {
                counts[usize::from(byte) - 1] += 1;
            }
        }
        let codes = std::iter::once(String::new())
            .chain(field.missing_codes.iter().map(|code| code.text.clone()));
        codes
            .zip(counts)
            .map(|(code, count)| (code, count as f64 / table.rows().max(1) as f64))
            .collect()
    };
    let Some((field, _)) = cache.real().named(name) else {
        return Vec::new();
    };
    if field.missing_codes.is_empty() {
        return Vec::new();
    }
    let (real, synthetic) = (count(cache.real()), count(cache.synthetic()));
    let find = |list: &[(String, f64)], code: &str| {
        let found = list.iter().find(|(other, _)| other == code);
        found.map_or(0.0, |&(_, share)| share)
    };
    let mut codes: Vec<&String> = real.iter().map(|(code, _)| code).collect();
    for (code, _) in &synthetic {
        if !codes.contains(&code) {
            codes.push(code);
        }
    }
    codes
        .into_iter()
        .map(|code| ReasonShare {
            code: code.clone(),
            meaning: field
                .missing_codes
                .iter()
                .find(|known| &known.text == code)
                .and_then(|known| known.meaning.clone()),
            share: Sides {
                real: find(&real, code),
                synthetic: find(&synthetic, code),
            },
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use parable_seed::Seed;

    use super::*;
    use crate::Pair;
    use crate::testing::{number, table};

    #[test]
    fn a_column_entirely_missing_in_one_table_differs_by_one() {
        let real = table(vec![number("x", &[Some(1.0), Some(2.0)])]);
        let synthetic = table(vec![number("x", &[None, None, None])]);
        let pair = Pair::new(&real, &synthetic).unwrap();
        let score = MissingShareDifference::default()
            .score(&pair, &Seed::from_u64(1))
            .unwrap();
        assert_eq!(score.value, Some(1.0));
    }

    #[test]
    fn patterns_differ_though_shares_agree() {
        let columns = |second: [Option<f64>; 4]| {
            table(vec![
                number("x", &[None, None, Some(1.0), Some(1.0)]),
                number("y", &second),
            ])
        };
        let real = columns([None, None, Some(1.0), Some(1.0)]);
        let synthetic = columns([Some(1.0), Some(1.0), None, None]);
        let pair = Pair::new(&real, &synthetic).unwrap();
        let seed = Seed::from_u64(1);
        let score = MissingShareDifference::default()
            .score(&pair, &seed)
            .unwrap();
        assert_eq!(score.value, Some(0.0));
        let score = JointMissingDifference::default()
            .score(&pair, &seed)
            .unwrap();
        assert_eq!(score.value, Some(1.0));
    }
}
