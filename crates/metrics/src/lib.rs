//! Fidelity, utility and privacy of a synthetic table.
