//! Measures of one contingency table of real and synthetic counts, named as in the R package
//! `synthpop`.

/// How the real and the synthetic counts of one contingency table differ. Names as in the R package
/// `synthpop`.
///
/// With real and synthetic counts `o` and `s`, `c` the share of synthetic rows among all `N` rows,
/// and `e = o c / (1 - c)` what synthetic counts would be in proportion; cells empty on both sides
/// do not count.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct TableComparison {
    /// Cells with a row in either table.
    pub cells: usize,
    /// Cells minus 1.
    pub df: usize,
    /// Voas-Williamson: sum of `(s - e)^2 / ((s + o) c)`.
    pub vw: f64,
    /// Freeman-Tukey: 4 times the sum of `(sqrt s - sqrt e)^2`.
    pub ft: f64,
    /// Jensen-Shannon divergence of the shares, in bits.
    pub jsd: f64,
    /// Likelihood ratio over cells with rows in both tables: 2 times the sum of `s ln(p_s / p_o)`,
    /// shares over these cells.
    pub g: f64,
    /// Cells with rows in both tables, minus 1.
    pub df_g: usize,
    /// Mean squared error of the propensity score: `vw c (1 - c)^2 / N`.
    pub pmse: f64,
    /// Kolmogorov-Smirnov distance of the cell scores `s / (s + o)` of synthetic and real rows.
    pub specks: f64,
    /// Wilcoxon's statistic of the same scores: pairs in which the synthetic row has the higher
    /// score, ties counting one half.
    pub u: f64,
    /// Percentage of rows on the side of the larger share of their cell, minus 50.
    pub po50: f64,
    /// Sum of `|s - e|` over the number of synthetic rows.
    pub mabs_dd: f64,
    /// Sum of `|s - e| / sqrt((s + o) c)` over `sqrt(2 / pi)`.
    pub wmabs_dd: f64,
    /// Bhattacharyya distance `sqrt(1 - sum sqrt(p q))`.
    pub d_bhatt: f64,
    rows: f64,
}

impl TableComparison {
    /// Compares the counts of the same cells; `None` if a side has no row.
    ///
    /// # Panics
    /// If the two lists differ in length.
    #[must_use]
    pub fn of_counts(real: &[u64], synthetic: &[u64]) -> Option<Self> {
        assert_eq!(
            real.len(),
            synthetic.len(),
            "one real count per synthetic count"
        );
        let mut cells: Vec<(f64, f64)> = real
            .iter()
            .zip(synthetic)
            .filter(|&(&o, &s)| o + s > 0)
            .map(|(&o, &s)| (o as f64, s as f64))
            .collect();
        let n_real: f64 = cells.iter().map(|cell| cell.0).sum();
        let n_synthetic: f64 = cells.iter().map(|cell| cell.1).sum();
        if n_real == 0.0 || n_synthetic == 0.0 {
            return None;
        }
        let rows = n_real + n_synthetic;
        let c = n_synthetic / rows;
        let scale = c / (1.0 - c);
        let mut this = Self {
            cells: cells.len(),
            df: cells.len() - 1,
            vw: 0.0,
            ft: 0.0,
            jsd: 0.0,
            g: 0.0,
            df_g: 0,
            pmse: 0.0,
            specks: 0.0,
            u: 0.0,
            po50: 0.0,
            mabs_dd: 0.0,
            wmabs_dd: 0.0,
            d_bhatt: 0.0,
            rows,
        };
        let (mut common_real, mut common_synthetic, mut common) = (0.0, 0.0, 0usize);
        let (mut right, mut fidelity) = (0.0, 0.0);
        for &(o, s) in &cells {
            let e = o * scale;
            let difference = s - e;
            this.vw += difference * difference / ((s + o) * c);
            this.ft += 4.0 * (s.sqrt() - e.sqrt()).powi(2);
            this.mabs_dd += difference.abs() / n_synthetic;
            this.wmabs_dd += difference.abs() / ((s + o) * c).sqrt();
            let (p, q) = (s / n_synthetic, o / n_real);
            let middle = 0.5 * (p + q);
            let part = |share: f64| match share > 0.0 {
                true => 0.5 * share * (share / middle).log2(),
                false => 0.0,
            };
            this.jsd += part(p) + part(q);
            fidelity += (p * q).sqrt();
            right += if p > q { s } else { o };
            if o > 0.0 && s > 0.0 {
                common_real += o;
                common_synthetic += s;
                common += 1;
            }
        }
        this.wmabs_dd /= (2.0 / std::f64::consts::PI).sqrt();
        this.d_bhatt = (1.0 - fidelity).max(0.0).sqrt();
        this.pmse = this.vw * c * (1.0 - c) * (1.0 - c) / rows;
        this.po50 = 100.0 * right / rows - 50.0;
        this.df_g = common.saturating_sub(1);
        for &(o, s) in cells.iter().filter(|&&(o, s)| o > 0.0 && s > 0.0) {
            this.g += 2.0 * s * ((s / common_synthetic) / (o / common_real)).ln();
        }
        this.rank_scores(&mut cells, n_real, n_synthetic);
        Some(this)
    }

    /// The two statistics that need the cells in order of their score.
    fn rank_scores(&mut self, cells: &mut [(f64, f64)], n_real: f64, n_synthetic: f64) {
        // s / (s + o) compared without division: scores are equal exactly when the products are.
        let same = |a: &(f64, f64), b: &(f64, f64)| a.1 * b.0 == b.1 * a.0;
        cells.sort_by(|a, b| (a.1 * b.0).total_cmp(&(b.1 * a.0)));
        let (mut real_below, mut synthetic_below) = (0.0, 0.0);
        for tied in cells.chunk_by(same) {
            let real: f64 = tied.iter().map(|cell| cell.0).sum();
            let synthetic: f64 = tied.iter().map(|cell| cell.1).sum();
            self.u += synthetic * (real_below + 0.5 * real);
            real_below += real;
            synthetic_below += synthetic;
            let distance = (real_below / n_real - synthetic_below / n_synthetic).abs();
            self.specks = self.specks.max(distance);
        }
    }

    /// The standardised propensity mean squared error, `vw / df`: 1 is expected of a correct
    /// synthesis, 0 of a copy. `None` for a single cell.
    #[must_use]
    pub fn s_pmse(&self) -> Option<f64> {
        (self.df > 0).then(|| self.vw / self.df as f64)
    }

    /// `ft / df`.
    #[must_use]
    pub fn s_ft(&self) -> Option<f64> {
        (self.df > 0).then(|| self.ft / self.df as f64)
    }

    /// `2 N jsd / (df ln 2)`, as the package has it.
    #[must_use]
    pub fn s_jsd(&self) -> Option<f64> {
        let scale = 2.0 * self.rows / std::f64::consts::LN_2;
        (self.df > 0).then(|| scale * self.jsd / self.df as f64)
    }

    /// `wmabs_dd / df`.
    #[must_use]
    pub fn s_wmabs_dd(&self) -> Option<f64> {
        (self.df > 0).then(|| self.wmabs_dd / self.df as f64)
    }

    /// `g / df_g`.
    #[must_use]
    pub fn s_g(&self) -> Option<f64> {
        (self.df_g > 0).then(|| self.g / self.df_g as f64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_copy_has_no_error_and_proportional_tables_neither() {
        let same = TableComparison::of_counts(&[3, 5, 0], &[3, 5, 0]).unwrap();
        assert_eq!((same.vw, same.df, same.s_pmse()), (0.0, 1, Some(0.0)));
        let twice = TableComparison::of_counts(&[3, 5], &[6, 10]).unwrap();
        assert!(twice.vw.abs() < 1e-12 && twice.specks.abs() < 1e-12);
        assert_eq!(TableComparison::of_counts(&[3], &[0]), None);
        assert_eq!(
            TableComparison::of_counts(&[3], &[2]).unwrap().s_pmse(),
            None
        );
    }
}
