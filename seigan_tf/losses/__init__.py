"""Loss functions, one file for each family of terms: tensors in, float32 scalars out, means over the batch."""
