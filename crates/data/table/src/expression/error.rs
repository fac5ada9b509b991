//! Errors of expressions.

/// An expression that cannot be used: the character at fault and what is wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExpressionError {
    /// The character it is about, from 1; 0 if it is about the whole.
    pub(super) at: usize,
    problem: String,
}

impl ExpressionError {
    pub(super) fn new(at: usize, problem: impl Into<String>) -> Self {
        Self {
            at,
            problem: problem.into(),
        }
    }
}

impl std::error::Error for ExpressionError {}

impl std::fmt::Display for ExpressionError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.at {
            0 => write!(f, "the expression {}", self.problem),
            at => write!(f, "the expression, at character {at}, {}", self.problem),
        }
    }
}
