"""Limits of .tflite files, before LiteRT makes room for them."""

from typing import Any

import numpy as np

MAX_TENSOR_BYTES = 2**30
"""Most bytes of one tensor: 64 channels at 2,048 x 2,048 pixels."""


def check_tensors(interpreter: Any) -> None:
    """Raise ValueError if a tensor is larger than MAX_TENSOR_BYTES, as one of a damaged file may be.

    Args:
        interpreter: `ai_edge_litert.interpreter.Interpreter`, whose tensors are not allocated yet.
    """
    for tensor in interpreter.get_tensor_details():
        size = int(np.prod(tensor["shape"], dtype=np.int64)) * np.dtype(tensor["dtype"]).itemsize
        if size > MAX_TENSOR_BYTES:
            raise ValueError(f"a tensor of {size / 2**30:.1f} GB, expected at most {MAX_TENSOR_BYTES / 2**30:g} GB")
