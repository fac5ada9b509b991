//! The contract: synthesizers, models, fit records, model files, conformance.
