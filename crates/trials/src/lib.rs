//! A simulator of school trials with known truth.
