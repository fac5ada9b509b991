//! Discrete tables: domains, attribute sets, codes, counts.
