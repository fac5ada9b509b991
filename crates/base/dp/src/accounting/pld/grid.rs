//! Loss distributions on a grid.

use crate::accounting::loss_law::LossLaw;
/// Longest grid of one release.
const MOST_CELLS: f64 = 1e6;

/// Which side of the truth a grid distribution is on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Side {
    Upper,
    Lower,
}

/// Losses between which all but `lost` of the first distribution lies, above and below.
pub(super) fn support(law: &LossLaw, lost: f64) -> Option<(f64, f64)> {
    let find = |inside: &dyn Fn(f64) -> bool, sign: f64| {
        let mut far = sign * 1e-6;
        while !inside(far) {
            far *= 2.0;
            if far.abs() > 1e9 {
                return None;
            }
        }
        let (mut near, mut out) = (if far.abs() > 1e-6 { 0.5 * far } else { 0.0 }, far);
        for _ in 0..30 {
            let middle = 0.5 * (near + out);
            if inside(middle) {
                out = middle
            } else {
                near = middle
            }
        }
        Some(out)
    };
    let high = find(&|loss| law.sides(loss).p_above <= lost, 1.0)?;
    let low = find(&|loss| law.sides(loss).p_below <= lost, -1.0)?;
    Some((low, high))
}

/// A distribution on `offset + k spacing`.
pub(super) struct Grid {
    pub(super) offset: f64,
    pub(super) spacing: f64,
    pub(super) masses: Vec<f64>,
    /// Mass that was cut off above (upper side: an infinite loss).
    pub(super) infinite: f64,
    /// Downward shift of each release (lower side).
    pub(super) shift: f64,
}

impl Grid {
    pub(super) fn new(law: &LossLaw, spacing: f64, lost: f64, side: Side) -> Option<Self> {
        let (low, high) = support(law, lost)?;
        let anchor = law.lattice().map_or(0.0, |(anchor, _)| anchor);
        let first = ((low - anchor) / spacing).floor() - 1.0;
        let count = ((high - anchor) / spacing).ceil() + 1.0 - first;
        if count > MOST_CELLS || count.is_nan() {
            return None;
        }
        let count = count as usize;
        let offset = anchor + first * spacing;
        match side {
            Side::Upper => Some(Self::upper(law, offset, spacing, count)),
            Side::Lower => Some(Self::lower(law, offset, spacing, count)),
        }
    }

    pub(super) fn upper(law: &LossLaw, offset: f64, spacing: f64, count: usize) -> Self {
        let mut masses = vec![0.0; count + 1];
        let mut sides = law.sides(offset);
        masses[0] = sides.p_below;
        let ratio = -(-spacing).exp_m1();
        for cell in 0..count {
            let low = offset + cell as f64 * spacing;
            let next = law.sides(offset + (cell + 1) as f64 * spacing);
            let (p, q, p_error, q_error) = sides.between(next);
            let p = p + p_error;
            if p > 0.0 {
                // a + b = p and a e^-low + b e^-high = q, with less of the second distribution than
                // was computed.
                let scaled = (q - q_error).max(0.0) * low.exp();
                let b = if scaled.is_finite() {
                    ((p - scaled) / ratio).clamp(0.0, p)
                } else {
                    0.0
                };
                masses[cell] += p - b;
                masses[cell + 1] += b;
            }
            sides = next;
        }
        let infinite = sides.p_above * (1.0 + 512.0 * f64::EPSILON);
        Self {
            offset,
            spacing,
            masses,
            infinite,
            shift: 0.0,
        }
    }

    pub(super) fn lower(law: &LossLaw, offset: f64, spacing: f64, count: usize) -> Self {
        // Merged outcomes of the cells between boundaries in the middle, moved by `moves[cell]`
        // (upper boundary).
        let merge = |moves: &dyn Fn(usize) -> f64| {
            let mut cells = Vec::with_capacity(count + 1);
            let mut sides = law.sides(offset - 0.5 * spacing);
            for cell in 0..=count {
                let point = offset + cell as f64 * spacing;
                let next = law.sides(point + 0.5 * spacing + moves(cell));
                let (p, q, p_error, q_error) = sides.between(next);
                let p = (p - p_error).max(0.0);
                // How far the merged outcome lies below the grid point; without mass or digits,
                // nothing is known.
                let merged = (p / (q + q_error)).ln();
                let known = p > 0.0 && merged.is_finite();
                cells.push((p, if known { point - merged } else { f64::INFINITY }));
                sides = next;
            }
            cells
        };
        let centred = merge(&|_| 0.0);
        // Moving a boundary by e moves the merged outcomes on both sides of it by e / 2: with these
        // moves all outcomes lie on their grid points to first order. The moves alternate and do
        // not grow, since the deficits vary slowly.
        let mut moves = vec![0.0; count + 1];
        let mut last = 0.0;
        for (cell, (_, below)) in centred.iter().enumerate() {
            let next: f64 = -last + 2.0 * below;
            last = if law.lattice().is_none() && next.abs() < 0.4 * spacing {
                next
            } else {
                0.0
            };
            moves[cell] = last;
        }
        let mut cells = merge(&|cell| moves[cell]);
        for cell in &mut cells {
            cell.1 = cell.1.clamp(0.0, spacing);
        }
        // The mass above the last cell counts as if it were in it.
        let end = offset + (count as f64 + 0.5) * spacing + moves[count];
        cells[count].0 += law.sides(end).p_above * (1.0 - 512.0 * f64::EPSILON);
        let square = spacing * spacing;
        let cost = |shift: f64| {
            shift
                + spacing
                    * cells
                        .iter()
                        .filter(|c| c.1 > shift)
                        .map(|c| c.0)
                        .sum::<f64>()
        };
        let shift = [
            0.0,
            square / 24.0,
            square / 12.0,
            square / 4.0,
            square,
            4.0 * square,
            spacing / 16.0,
            spacing / 4.0,
        ]
        .into_iter()
        .min_by(|a, b| cost(*a).total_cmp(&cost(*b)))
        .unwrap_or(0.0);
        let mut masses = vec![0.0; count + 1];
        for (cell, (p, below)) in cells.into_iter().enumerate() {
            if below <= shift {
                masses[cell] += p;
            } else if cell > 0 {
                masses[cell - 1] += p;
            }
        }
        Self {
            offset,
            spacing,
            masses,
            infinite: 0.0,
            shift: shift * (1.0 + 1e-9) + 1e-18,
        }
    }

    pub(super) fn range(&self) -> (f64, f64) {
        (
            self.offset,
            self.offset + (self.masses.len() - 1) as f64 * self.spacing,
        )
    }

    /// Logarithm of the moment at a tilt, with mean and variance of the tilted loss.
    pub(super) fn moments(&self, c: f64) -> (f64, f64, f64) {
        let (low, high) = self.range();
        let most = (c * low).max(c * high);
        let (mut sum, mut first, mut second) = (0.0, 0.0, 0.0);
        let centre = if c >= 0.0 { high } else { low };
        for (cell, mass) in self.masses.iter().enumerate() {
            if *mass > 0.0 {
                let loss = low + cell as f64 * self.spacing;
                let weight = mass * (c * loss - most).exp();
                sum += weight;
                first += weight * (loss - centre);
                second += weight * (loss - centre) * (loss - centre);
            }
        }
        let mean = first / sum;
        (
            most + sum.ln(),
            centre + mean,
            (second / sum - mean * mean).max(0.0),
        )
    }
}

/// Cumulants of the sum of all parts.
pub(super) fn composed(grids: &[(Grid, u64)], c: f64) -> (f64, f64, f64) {
    grids.iter().fold((0.0, 0.0, 0.0), |sum, (grid, count)| {
        let (k, mean, variance) = grid.moments(c);
        let count = *count as f64;
        (
            sum.0 + count * k,
            sum.1 + count * mean,
            sum.2 + count * variance,
        )
    })
}

/// Lowest and highest sum of all parts.
pub(super) fn range_of(grids: &[(Grid, u64)]) -> (f64, f64) {
    grids.iter().fold((0.0, 0.0), |(low, high), (grid, count)| {
        let (a, b) = grid.range();
        (low + a * *count as f64, high + b * *count as f64)
    })
}
