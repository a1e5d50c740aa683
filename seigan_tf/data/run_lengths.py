"""Checks COCO's run-length encodings, which pycocotools decodes into whatever lies in memory where they are wrong."""

from typing import Any

LONGEST = 2**31
"""Pixels of a run, at most; pycocotools counts in 32 bits."""


def read_counts(counts: Any, pixels: int) -> list[int]:
    """The lengths of the runs, zeros first.

    Args:
        counts: a list of them, or COCO's compressed text (pycocotools, maskApi.c, rleFrString).
        pixels: of the mask, which they must cover.

    Raises:
        ValueError: it is neither, or covers another number of pixels.
    """
    if isinstance(counts, str | bytes):
        counts = _decompress(counts)
    if not isinstance(counts, list) or any(type(run) is not int or not 0 <= run < LONGEST for run in counts):
        raise ValueError("counts are no run lengths, expected a list of whole numbers, or their compressed text")
    if sum(counts) != pixels:
        raise ValueError(f"run lengths of {sum(counts)} pixels in all, expected {pixels}")
    return counts


def _decompress(text: str | bytes) -> list[int]:
    """Each number in groups of five bits, lowest first; from the third on, less the number before the last one."""
    runs: list[int] = []
    value = shift = 0
    for byte in text.encode() if isinstance(text, str) else text:
        group = byte - 48
        if not 0 <= group < 64 or shift > 30:
            raise ValueError("counts are no compressed run lengths")
        value |= (group & 31) << shift
        shift += 5
        if not group & 32:
            if group & 16:
                value -= 1 << shift
            runs.append(value + runs[-2] if len(runs) > 2 else value)
            value = shift = 0
    return runs
