//! Schools, their sizes and regions, and which of them are treated.

use crate::config::MIN_SCHOOL_PUPILS;
use crate::draws::Streams;

/// One school of the trial.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct School {
    /// Pupils in the trial.
    pub(crate) pupils: usize,
    /// Position in [`REGIONS`].
    pub(crate) region: usize,
    /// Disadvantage of the intake, standard normal over schools (`d`).
    pub(crate) disadvantage: f64,
    /// Whether the school gets the programme.
    pub(crate) treated: bool,
}

/// A region of England.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Region {
    pub(crate) code: &'static str,
    pub(crate) name: &'static str,
    pub(crate) probability: f64,
}

const fn region(code: &'static str, name: &'static str, probability: f64) -> Region {
    Region {
        code,
        name,
        probability,
    }
}

/// The nine regions with the codes of the Office for National Statistics.
pub(crate) const REGIONS: [Region; 9] = [
    region("E12000001", "North East", 0.05),
    region("E12000002", "North West", 0.14),
    region("E12000003", "Yorkshire and The Humber", 0.10),
    region("E12000004", "East Midlands", 0.09),
    region("E12000005", "West Midlands", 0.11),
    region("E12000006", "East of England", 0.11),
    region(LONDON_CODE, "London", 0.16),
    region("E12000008", "South East", 0.15),
    region("E12000009", "South West", 0.09),
];

const LONDON_CODE: &str = "E12000007";

/// Position of London in [`REGIONS`].
pub(crate) const LONDON: usize = 6;

/// Draws the schools and randomises them: sorted by region and disadvantage, one of each two
/// neighbours is treated.
///
/// Neighbours are of one region except where a region has an odd number of schools; a last school
/// without neighbour is treated by a coin.
pub(crate) fn schools(streams: &Streams, pupils: usize, schools: usize) -> Vec<School> {
    let sizes = sizes(streams, pupils, schools);
    let probabilities = REGIONS.map(|region| region.probability);
    let regions = streams.each("school/region", schools, |draws, _| {
        draws.category(&probabilities)
    });
    let disadvantage = streams.normals("school/disadvantage", schools);
    let treated = randomise(streams, &regions, &disadvantage);
    (0..schools)
        .map(|school| School {
            pupils: sizes[school],
            region: regions[school],
            disadvantage: disadvantage[school],
            treated: treated[school],
        })
        .collect()
}

/// Lognormal weights scaled to the total, at least eight pupils each, then one pupil more or less
/// in turn until the total is exact.
fn sizes(streams: &Streams, pupils: usize, schools: usize) -> Vec<usize> {
    let weights = streams.each("school/size", schools, |draws, _| {
        (SIZE_LOG_SD * draws.normal()).exp()
    });
    let total: f64 = weights.iter().sum();
    let mut sizes: Vec<usize> = weights
        .iter()
        .map(|weight| {
            let size = (weight / total * pupils as f64).round() as usize;
            size.max(MIN_SCHOOL_PUPILS)
        })
        .collect();
    let mut sum: usize = sizes.iter().sum();
    let mut school = 0;
    while sum != pupils {
        if sum < pupils {
            sizes[school] += 1;
            sum += 1;
        } else if sizes[school] > MIN_SCHOOL_PUPILS {
            sizes[school] -= 1;
            sum -= 1;
        }
        school = (school + 1) % schools;
    }
    sizes
}

fn randomise(streams: &Streams, regions: &[usize], disadvantage: &[f64]) -> Vec<bool> {
    let mut order: Vec<usize> = (0..regions.len()).collect();
    order.sort_by(|&left, &right| {
        regions[left]
            .cmp(&regions[right])
            .then(disadvantage[left].total_cmp(&disadvantage[right]))
    });
    let mut treated = vec![false; regions.len()];
    let pairs: Vec<&[usize]> = order.chunks(2).collect();
    let coins = streams.chances("school/arm", pairs.len(), |_| 0.5);
    for (pair, &first) in pairs.iter().zip(&coins) {
        treated[pair[0]] = first;
        if let Some(&second) = pair.get(1) {
            treated[second] = !first;
        }
    }
    treated
}

/// SD of the logarithm of school sizes.
const SIZE_LOG_SD: f64 = 0.35;

#[cfg(test)]
mod tests {
    use parable_seed::Seed;

    use super::*;

    #[test]
    fn regions_are_in_code_order_and_their_probabilities_sum_to_one() {
        assert_eq!(REGIONS[LONDON].code, LONDON_CODE);
        assert!(REGIONS.is_sorted_by(|a, b| a.code < b.code));
        let sum: f64 = REGIONS.iter().map(|region| region.probability).sum();
        assert!((sum - 1.0).abs() < 1e-12);
    }

    #[test]
    fn sizes_sum_to_the_pupils_and_arms_balance() {
        for seed in 0..200u64 {
            let streams = Streams::new(Seed::from_u64(seed));
            let count = 2 + (seed as usize * 7) % 59;
            let spare = (seed as usize * 131) % 3_000;
            let pupils = count * MIN_SCHOOL_PUPILS + spare;
            let schools = schools(&streams, pupils, count);
            assert_eq!(schools.iter().map(|s| s.pupils).sum::<usize>(), pupils);
            assert!(schools.iter().all(|s| s.pupils >= MIN_SCHOOL_PUPILS));
            let treated = schools.iter().filter(|s| s.treated).count();
            assert!(treated == count / 2 || treated == count.div_ceil(2));
        }
    }
}
