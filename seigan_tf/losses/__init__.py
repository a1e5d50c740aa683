"""Pure functions of tensors: one file for each family of loss terms. All return float32 scalars, means over the batch."""
