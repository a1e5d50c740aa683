"""Metrics and baselines for masks, filled holes and pastes, one per file, and comparisons of methods."""
