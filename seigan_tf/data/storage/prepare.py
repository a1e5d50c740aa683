"""Photographs and boxes to a folder of crops that appears when all is done, or not at all."""

import contextlib
import errno
import json
import logging
import os
import shutil
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow_datasets as tfds

from seigan_tf.config import DataConfig
from seigan_tf.data.photos.photo import Problem
from seigan_tf.data.planning.settings import check_settings
from seigan_tf.data.storage import contact_sheet, records, stored_crops
from seigan_tf.data.storage.beam_options import beam_errors, pipeline_options
from seigan_tf.data.storage.build import build_crops
from seigan_tf.data.storage.description import CropsConfig, describe_crops
from seigan_tf.utils.atomic import replacing
from seigan_tf.utils.interruption import parents_made, termination
from seigan_tf.utils.progress import Progress

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None  # type: ignore[assignment]

NOTE = "seigan_tf prepare is writing here, or was interrupted; this folder is of no use and may be removed\n"


def check(config: DataConfig, size: int, out: Path, workers: int = 0, beam_options: str | None = None) -> None:
    """Raise ValueError for arguments that `prepare` would refuse whatever the photographs are."""
    if os.path.lexists(out):
        raise ValueError(f"{out}: exists already, expected a folder to make")
    check_settings(config)
    CropsConfig("crops", data=config, size=size, workers=workers)
    if beam_options is not None:
        with beam_errors(), _silence():
            pipeline_options(beam_options)


def prepare(
    config: DataConfig,
    size: int,
    out: Path,
    workers: int = 0,
    beam_options: str | None = None,
    progress: Progress | None = None,
    earlier: Sequence[Problem] = (),
    origin: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """Cut crops and store them for training.

    Everything is written to OUT.partial and renamed to OUT at the end. If preparing fails or is interrupted (Ctrl-C,
    SIGTERM), OUT.partial is removed; after a power failure or SIGKILL the next `prepare` removes it.

    Args:
        config: photographs, annotations, crop rules and seed; `source` is one of the formats of annotations.
        size: side of the stored crops in pixels; training may use them smaller.
        out: folder to make, described in docs/data-store.md.
        workers: processes that decode and cut; 0: this process.
        beam_options: options of Apache Beam's pipeline, as "runner=DirectRunner,direct_num_workers=2"; "": Beam's
            default; None: without Beam.
        progress: called with (photos done, all photos) after each photo, without Beam.
        earlier: problems met before the annotations were written; they count as if they were in them.
        origin: see `CropsConfig`.

    Returns:
        The report, as in `crop_set.Crops.report`.

    Raises:
        ValueError: `out` exists, settings or annotations cannot be used, no crop is left, or too much is unusable.
        OSError: a file cannot be read or written, or the disk is full; it names the folder.
        Terminated: SIGTERM arrived.
    """
    out = Path(out)
    check(config, size, out, workers, beam_options)
    crops = CropsConfig(
        "crops", data=config, size=size, workers=workers, beam=beam_options is not None, origin=dict(origin or {})
    )
    partial = out.with_name(f"{out.name}.partial")
    folder = partial / "crops"
    errors = contextlib.nullcontext() if beam_options is None else beam_errors()
    with termination(out), errors, _full_disk(out), parents_made(out), _claimed(partial):
        folder.mkdir()
        with _silence():
            options = None if beam_options is None else pipeline_options(beam_options)
            version = tfds.core.Version(records.VERSION)
            identity = tfds.core.DatasetIdentity(records.NAME, version, str(folder), __name__, config_name=crops.name)
            info = describe_crops(identity, size)
            build_crops(info, crops, folder, progress, earlier, beam_options=options)
            info.write_to_directory(folder)
        _add_pictures_and_report(info, folder)
        for path in folder.iterdir():
            with path.open("rb") as file:
                os.fsync(file.fileno())
        folder.rename(out)
    return info.metadata["report"]


def _add_pictures_and_report(info: tfds.core.DatasetInfo, folder: Path) -> None:
    """Draw contact sheets of the crops, read back from the files, and write report.json."""
    stored = stored_crops.splits(info)
    for name in ("objects", "backgrounds"):
        crops = stored[f"train_{name}"]
        chosen = contact_sheet.spread(len(crops))
        images = stored_crops.StoredImages(crops, info.features["image"].shape[0])[chosen]
        boxes = np.stack([stored_crops.box(crops[int(number)]) for number in chosen]) if name == "objects" else None
        contact_sheet.sheet(images, boxes, folder / f"{name}.png")
    with replacing(folder / "report.json") as temporary:
        temporary.write_text(json.dumps(info.metadata["report"], indent=2) + "\n")


@contextlib.contextmanager
def _claimed(folder: Path) -> Iterator[None]:
    """Make the folder for one process, and removes it at the end with what is left, also of a killed process."""
    note = folder / stored_crops.UNFINISHED
    if os.path.lexists(folder) and not note.is_file() and not (folder.is_dir() and not any(folder.iterdir())):
        raise ValueError(f"{folder}: is in the way, and was not made by prepare; move it or choose another name")
    own = not folder.exists()
    try:
        folder.mkdir(exist_ok=True)
        with note.open("a+") as file:
            try:
                if fcntl:
                    fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                own = False
                raise ValueError(f"{folder}: another prepare is writing there") from None
            own = True
            for path in folder.iterdir():
                if path != note:
                    shutil.rmtree(path) if path.is_dir() else path.unlink()
            file.write(NOTE)
            file.flush()
            yield
    finally:
        if own:
            shutil.rmtree(folder, ignore_errors=True)


@contextlib.contextmanager
def _full_disk(out: Path) -> Iterator[None]:
    """Name `out` in errors of a full disk; names of temporary files tell the user nothing."""
    try:
        yield
    except (OSError, RuntimeError) as error:  # Beam wraps errors of its workers into RuntimeError.
        for number in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
            if os.strerror(number) in str(error):
                raise OSError(number, os.strerror(number), str(out)) from None
        raise


@contextlib.contextmanager
def _silence() -> Iterator[None]:
    """Turn off the log messages of TFDS and Beam; `tfds build` shows them."""
    disabled = logging.root.manager.disable
    logging.disable()
    try:
        yield
    finally:
        logging.disable(disabled)
