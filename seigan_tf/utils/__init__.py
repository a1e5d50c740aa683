"""Small helpers that depend on no other package here: files, signals, progress, pixels, boxes, variables."""
