//! Impurity of class counts as sums of one part per class, so that moving a row changes one part.

/// Parts of an impurity measure. A split is scored by the parts of both sides; larger is purer.
pub(crate) trait Parts: Copy + Send + Sync {
    /// Part of a class of this mass.
    fn of(mass: f64) -> f64;
    /// Growth of the part of a class when its mass grows.
    fn growth(held: f64, more: f64) -> f64;
    /// Share of one row of this weight in the part of its class.
    fn of_row(weight: f64, mass: f64) -> f64;
    /// Score of a node from the sum of its parts.
    fn node(parts: f64, mass: f64) -> f64;
    /// Score of a split as numerator and positive denominator.
    fn split(parts: (f64, f64), masses: (f64, f64)) -> (f64, f64);
}

/// Gini index: the part of a class is the square of its mass.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Gini;

impl Parts for Gini {
    #[inline(always)]
    fn of(mass: f64) -> f64 {
        mass * mass
    }

    #[inline(always)]
    fn growth(held: f64, more: f64) -> f64 {
        more * (2.0 * held + more)
    }

    #[inline(always)]
    fn of_row(weight: f64, mass: f64) -> f64 {
        weight * mass
    }

    #[inline(always)]
    fn node(parts: f64, mass: f64) -> f64 {
        parts / mass
    }

    #[inline(always)]
    fn split(parts: (f64, f64), masses: (f64, f64)) -> (f64, f64) {
        (parts.0 * masses.1 + parts.1 * masses.0, masses.0 * masses.1)
    }
}

/// Deviance: the part of a class is `mass * ln(mass)`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Deviance;

impl Parts for Deviance {
    fn of(mass: f64) -> f64 {
        if mass > 0.0 { mass * mass.ln() } else { 0.0 }
    }

    fn growth(held: f64, more: f64) -> f64 {
        Self::of(held + more) - Self::of(held)
    }

    fn of_row(weight: f64, mass: f64) -> f64 {
        weight * mass.ln()
    }

    fn node(parts: f64, mass: f64) -> f64 {
        parts - Self::of(mass)
    }

    fn split(parts: (f64, f64), masses: (f64, f64)) -> (f64, f64) {
        let score = Self::node(parts.0, masses.0) + Self::node(parts.1, masses.1);
        (score, 1.0)
    }
}

/// Weights of the rows of each class.
pub(crate) trait Weights: Copy + Send + Sync {
    /// Whether each row counts once.
    const UNIT: bool;
    /// Weight of a row of this class.
    fn of(self, class: usize) -> f64;
}

/// Every row counts once.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Unit;

impl Weights for Unit {
    const UNIT: bool = true;

    #[inline(always)]
    fn of(self, _class: usize) -> f64 {
        1.0
    }
}

/// Rows count as much as their class says.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ByClass<'a>(pub(crate) &'a [f64]);

impl Weights for ByClass<'_> {
    const UNIT: bool = false;

    #[inline(always)]
    fn of(self, class: usize) -> f64 {
        self.0[class]
    }
}
