//! Baseline methods: independent columns and shuffled rows.
