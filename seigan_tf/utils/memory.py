"""Lack of memory, which Python, NumPy and OpenCV report by errors of their own."""

from collections.abc import Iterator
from contextlib import contextmanager

OPENCV_CODE = -4
"""cv2.Error.StsNoMem; OpenCV is not imported for it."""
TOO_LARGE = "too large for the memory that is free"


def is_lack_of_memory(error: BaseException) -> bool:
    """Tell whether an error is MemoryError, as NumPy's are, or OpenCV's error of that kind."""
    is_opencv = type(error).__module__.partition(".")[0] == "cv2"
    return isinstance(error, MemoryError) or (is_opencv and getattr(error, "code", 0) == OPENCV_CODE)


@contextmanager
def enough_memory(start: str = "") -> Iterator[None]:
    """Turn a lack of memory in the block into ValueError, of which the message begins with `start`."""
    try:
        yield
    except Exception as error:
        if not is_lack_of_memory(error):
            raise
        raise ValueError(f"{start}{TOO_LARGE}") from None
