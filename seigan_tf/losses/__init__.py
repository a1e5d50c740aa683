"""Pure functions of tensors, one file for each family of loss terms: float32 scalars, means over the batch."""
