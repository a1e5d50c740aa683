"""Checkpoints: the whole state for an exact resume, one npz file each.

The zip container's checksums find damaged files; the last two are kept, so that one damaged file costs one epoch.
"""

import io
import json
import logging
import zipfile
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from seigan_tf.utils.atomic import replacing
from seigan_tf.utils.text import one_line

KEPT = 2
"""Number of checkpoints kept."""
_CONTENTS = "contents.json"

logger = logging.getLogger(__name__)


class Checkpoint(NamedTuple):
    """A checkpoint as it was read."""

    path: Path
    state: dict[str, np.ndarray]
    progress: dict[str, Any]


def save(folder: Path, state: dict[str, np.ndarray], progress: dict[str, Any]) -> Path:
    """Write a checkpoint, then remove all but the last two.

    Args:
        folder: made if it is missing.
        state: arrays by name, as `SEIGAN.state()` returns them.
        progress: JSON values; `progress["step"]` is the number of finished steps.

    Raises:
        OSError: the file could not be written; earlier checkpoints are as they were.
    """
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"step_{progress['step']:08d}.npz"
    try:
        with replacing(path) as temporary, zipfile.ZipFile(temporary, "w", zipfile.ZIP_STORED) as archive:
            # The names, too: a damaged directory can lose members and still pass for a whole one.
            archive.writestr(_CONTENTS, json.dumps({"progress": progress, "arrays": list(state)}))
            for name, array in state.items():
                with archive.open(f"{name}.npy", "w", force_zip64=True) as member:
                    np.lib.format.write_array(member, np.asarray(array), allow_pickle=False)
    except OSError as error:
        earlier = _newest_first(folder)
        kept = f"{earlier[0].name} is intact" if earlier else "there is no earlier checkpoint"
        raise OSError(error.errno, f"{error.strerror}; {kept}", str(path)) from error
    # Later ones belong to a future that was given up: damaged, or beyond the checkpoint resumed from.
    now_and_before = [other for other in _newest_first(folder) if other <= path][:KEPT]
    for other in set(_newest_first(folder)) - set(now_and_before):
        other.unlink()
    return path


def load_latest(folder: Path) -> Checkpoint | None:
    """Read the newest checkpoint that is whole, or None if there is none; a warning names damaged ones.

    Raises:
        ValueError: there are checkpoints and all are damaged.
    """
    paths = _newest_first(folder)
    for path in paths:
        try:
            return _load(path)
        except Exception as error:  # zipfile, zlib, json, NumPy and tokenize raise many types for damaged files
            logger.warning("warning: %s is damaged (%s); trying the one before", path, one_line(error))
    if paths:
        raise ValueError(f"{folder}: no checkpoint can be read; damaged: {', '.join(path.name for path in paths)}")
    return None


def _load(path: Path) -> Checkpoint:
    with zipfile.ZipFile(path) as archive:
        contents = json.loads(archive.read(_CONTENTS))
        # ZipFile.read checks each member's CRC-32.
        state = {
            name: np.lib.format.read_array(io.BytesIO(archive.read(f"{name}.npy")), allow_pickle=False)
            for name in contents["arrays"]
        }
    return Checkpoint(path, state, contents["progress"])


def _newest_first(folder: Path) -> list[Path]:
    return sorted(folder.glob("step_*.npz"), reverse=True)
