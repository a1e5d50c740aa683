"""Training: one train step for each backend, callbacks, checkpoints, the run folder and the session that joins them."""
