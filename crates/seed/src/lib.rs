//! Named, reproducible random streams.
