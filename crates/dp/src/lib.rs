//! Differential privacy: events, ledger, accounting, calibration and exact noise.
