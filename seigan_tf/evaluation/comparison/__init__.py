"""Comparison of trained methods as in Table 1 and figure 6 of the paper: configurations and results."""
