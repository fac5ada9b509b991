//! Who the pupils are.

use crate::design::{LONDON, School};
use crate::draws::Streams;
use crate::measure::{logistic, round_to};

/// The pupils, school after school; one entry a pupil in each list.
#[derive(Clone, Debug)]
pub(crate) struct Pupils {
    /// Position of the pupil's school.
    pub(crate) school: Vec<usize>,
    /// Whether the school is treated.
    pub(crate) treated: Vec<bool>,
    /// Eligible for free school meals now.
    pub(crate) fsm: Vec<bool>,
    /// Eligible at any time in the last six years.
    pub(crate) ever6_fsm: Vec<bool>,
    /// Position in [`ETHNICITIES`].
    pub(crate) ethnicity: Vec<usize>,
    /// English as an additional language.
    pub(crate) eal: Vec<bool>,
    pub(crate) male: Vec<bool>,
    /// Special educational needs.
    pub(crate) sen: Vec<Sen>,
    /// 1 to 12.
    pub(crate) birth_month: Vec<u8>,
    /// Income deprivation affecting children, share of children in the neighbourhood, four
    /// decimals.
    pub(crate) idaci: Vec<f64>,
}

/// Provision for special educational needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Sen {
    None,
    Support,
    /// Education, health and care plan.
    Plan,
}

/// Term of birth in the school year, oldest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Term {
    Autumn,
    Spring,
    Summer,
}

impl Term {
    pub(crate) fn of_month(month: u8) -> Self {
        match month {
            9.. => Self::Autumn,
            5..=8 => Self::Summer,
            _ => Self::Spring,
        }
    }
}

/// The six groups, in the order of the probabilities below.
pub(crate) const ETHNICITIES: [&str; 6] = [
    "White British",
    "Other White",
    "Asian",
    "Black",
    "Mixed",
    "Other",
];

impl Pupils {
    pub(crate) fn draw(streams: &Streams, schools: &[School]) -> Self {
        let school: Vec<usize> = schools
            .iter()
            .enumerate()
            .flat_map(|(position, school)| std::iter::repeat_n(position, school.pupils))
            .collect();
        let rows = school.len();
        let disadvantage = |row: usize| schools[school[row]].disadvantage;
        let fsm = streams.chances("pupil/fsm", rows, |row| {
            logistic(-1.30 + 0.85 * disadvantage(row))
        });
        let ever6_fsm = streams
            .chances("pupil/ever6_fsm", rows, |_| 0.09)
            .into_iter()
            .zip(&fsm)
            .map(|(before, &now)| now || before)
            .collect();
        let mixes = ethnic_mixes(streams, schools);
        let ethnicity = streams.each("pupil/ethnicity", rows, |draws, row| {
            draws.category(&mixes[school[row]])
        });
        let eal = streams.chances("pupil/eal", rows, |row| EAL_SHARES[ethnicity[row]]);
        let male = streams.chances("pupil/sex", rows, |_| 0.51);
        let sen = streams.each("pupil/sen", rows, |draws, row| {
            let (male, fsm) = (one_if(male[row]), one_if(fsm[row]));
            let plan = draws.chance(0.035 * (1.0 + 0.6 * male));
            let support = draws.chance(logistic(-2.15 + 0.55 * male + 0.55 * fsm));
            match (plan, support) {
                (true, _) => Sen::Plan,
                (false, true) => Sen::Support,
                (false, false) => Sen::None,
            }
        });
        let birth_month = streams.each("pupil/birth_month", rows, |draws, _| {
            1 + (12.0 * draws.uniform()) as u8
        });
        let idaci = streams.each("pupil/idaci", rows, |draws, row| {
            let mean = logistic(-1.5 + 0.55 * disadvantage(row) + 0.7 * one_if(fsm[row]));
            round_to(draws.beta(mean, 6.0), 1e4)
        });
        Self {
            treated: school
                .iter()
                .map(|&school| schools[school].treated)
                .collect(),
            school,
            fsm,
            ever6_fsm,
            ethnicity,
            eal,
            male,
            sen,
            birth_month,
            idaci,
        }
    }

    pub(crate) fn rows(&self) -> usize {
        self.school.len()
    }

    /// Per cent of each school's pupils with free school meals, one decimal.
    pub(crate) fn percent_fsm(&self, schools: &[School]) -> Vec<f64> {
        let mut eligible = vec![0usize; schools.len()];
        for (&school, &fsm) in self.school.iter().zip(&self.fsm) {
            eligible[school] += usize::from(fsm);
        }
        schools
            .iter()
            .zip(eligible)
            .map(|(school, eligible)| {
                round_to(100.0 * eligible as f64 / school.pupils as f64, 10.0)
            })
            .collect()
    }
}

/// 1 for true and 0 for false, as formulas need it.
#[inline]
pub(crate) fn one_if(yes: bool) -> f64 {
    f64::from(u8::from(yes))
}

/// Each school's own mix of ethnic groups: Dirichlet with 12 times its region's shares.
fn ethnic_mixes(streams: &Streams, schools: &[School]) -> Vec<[f64; 6]> {
    let weighted: [f64; 6] =
        std::array::from_fn(|group| ETHNICITY_SHARES[group] * LONDON_FACTORS[group]);
    let total: f64 = weighted.iter().sum();
    let london = weighted.map(|weight| weight / total);
    streams.each("school/ethnicity", schools.len(), |draws, school| {
        let shares = if schools[school].region == LONDON {
            &london
        } else {
            &ETHNICITY_SHARES
        };
        let gammas = shares.map(|share| draws.gamma(12.0 * share, 1.0));
        let total: f64 = gammas.iter().sum();
        gammas.map(|gamma| gamma / total)
    })
}

const ETHNICITY_SHARES: [f64; 6] = [0.66, 0.07, 0.12, 0.06, 0.06, 0.03];
const LONDON_FACTORS: [f64; 6] = [0.45, 1.8, 1.9, 2.6, 1.4, 2.2];
const EAL_SHARES: [f64; 6] = [0.02, 0.60, 0.62, 0.40, 0.15, 0.65];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn terms_follow_the_school_year() {
        let terms: Vec<Term> = (1..=12).map(Term::of_month).collect();
        assert!(terms[..4].iter().all(|&term| term == Term::Spring));
        assert!(terms[4..8].iter().all(|&term| term == Term::Summer));
        assert!(terms[8..].iter().all(|&term| term == Term::Autumn));
    }

    #[test]
    fn shares_of_ethnic_groups_sum_to_one() {
        assert!((ETHNICITY_SHARES.iter().sum::<f64>() - 1.0).abs() < 1e-12);
    }
}
