"""Small helpers that know nothing of the rest of the package: files, signals, progress, pixels, variables."""
