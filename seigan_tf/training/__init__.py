"""Training: the trainer of every kind of run, its tasks, callbacks, checkpoints and run folder."""
