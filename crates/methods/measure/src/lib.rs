//! Private select-and-measure, shared by every method that learns from noisy counts.
