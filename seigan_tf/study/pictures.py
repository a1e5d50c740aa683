"""The folder of a study and its pictures: their files, and the wrong halves of attention checks."""

import hashlib
import io
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from PIL import Image

from seigan_tf.study.manifest import PICTURES
from seigan_tf.utils.full_disk import naming_full_disk
from seigan_tf.utils.interruption import parents_made, termination


@contextmanager
def new_study(out: Path) -> Iterator[Path]:
    """Yield a folder for a manifest and pictures that becomes `out` when it is complete.

    Raises:
        ValueError: `out` exists, or another process has made it meanwhile.
        OSError: the folder cannot be written.
        Terminated: SIGTERM arrived.
    """
    _check_new(out)
    with (
        termination(out),
        naming_full_disk(out),
        parents_made(out),
        TemporaryDirectory(prefix=f".{out.name}-", dir=out.parent) as temporary,
    ):
        folder = Path(temporary) / "study"
        (folder / PICTURES).mkdir(parents=True)
        yield folder
        _check_new(out)  # making pictures takes long enough for another process to make it
        folder.rename(out)


def _check_new(out: Path) -> None:
    if os.path.lexists(out):
        raise ValueError(f"{out}: exists already, expected a folder to make")


def write_picture(folder: Path, salt: str, seed: int, image: np.ndarray) -> str:
    """Write a PNG under a name that depends on its pixels, so that no browser shows the picture of an older study.

    The name, which is returned, tells nothing about the picture's set; `salt` keeps equal pictures of two sets apart.
    """
    buffer = io.BytesIO()
    Image.fromarray(image).save(buffer, format="PNG")
    digest = hashlib.sha256(f"{seed} {salt} ".encode() + buffer.getvalue()).hexdigest()
    name, number = digest[:16], 0
    while (path := folder / PICTURES / f"{name}.png").exists():  # the same picture twice in one set
        number += 1
        name = hashlib.sha256(f"{digest} {number}".encode()).hexdigest()[:16]
    path.write_bytes(buffer.getvalue())
    return name


def broken_paste(image: np.ndarray, box: np.ndarray, background: np.ndarray, random: np.random.Generator) -> np.ndarray:
    """Make the wrong half of an attention check, which no attentive assessor takes for a photograph.

    The whole box of the object (ymin, xmin, ymax, xmax relative to its picture) lies at a random place of a background,
    upside down and in inverted colours. All pictures are uint8 [height, width, 3] of one size.
    """
    size = np.array(image.shape[:2])
    low, high = np.floor(np.asarray(box[:2]) * size).astype(int), np.ceil(np.asarray(box[2:]) * size).astype(int)
    low, high = np.clip(low, 0, size - 1), np.clip(high, 1, size)
    part = 255 - image[low[0] : high[0], low[1] : high[1]][::-1]
    height, width = part.shape[:2]
    top, left = (int(random.integers(0, room + 1)) for room in size - part.shape[:2])
    result = background.copy()
    result[top : top + height, left : left + width] = part
    return result
