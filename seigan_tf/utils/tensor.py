"""The type of tensors in signatures."""

from typing import Any

Tensor = Any
"""A tensor of the Keras backend, or an array that it converts; no type covers those of TensorFlow and JAX."""
