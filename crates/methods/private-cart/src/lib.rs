//! Sequential trees of noisy counts, differentially private.
