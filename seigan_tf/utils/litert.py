"""Limits of .tflite files, before LiteRT makes room for them."""

import math
from typing import Any

import numpy as np

MAX_TENSOR_BYTES = 10**9
"""Most bytes of one tensor; 64 channels at 1,900 x 1,900 pixels have as many."""


def check_tensors(interpreter: Any) -> None:
    """Raise ValueError if a tensor of the main graph exceeds MAX_TENSOR_BYTES, as one of a damaged file may do.

    Args:
        interpreter: `ai_edge_litert.interpreter.Interpreter`, whose tensors are not allocated yet.
    """
    for tensor in interpreter.get_tensor_details():
        size = math.prod(map(int, tensor["shape"])) * np.dtype(tensor["dtype"]).itemsize
        if size > MAX_TENSOR_BYTES:
            raise ValueError(f"a tensor of {size / 1e9:.1f} GB, expected at most {MAX_TENSOR_BYTES / 1e9:g} GB")
