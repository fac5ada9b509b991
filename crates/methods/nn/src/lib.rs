//! Networks trained with per-example clipping and noise (DP-SGD).
