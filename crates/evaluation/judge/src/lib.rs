//! Bands, verdicts, spectrum and release scan: judgements as data.
