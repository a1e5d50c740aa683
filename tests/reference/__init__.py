"""Independent NumPy implementations, in float64, of what seigan_tf computes, written from PAPER.md."""
