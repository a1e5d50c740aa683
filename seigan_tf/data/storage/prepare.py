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
from tensorflow_datasets.core.utils import tqdm_utils

from seigan_tf.config import DataConfig
from seigan_tf.data.photos.photo import Problem
from seigan_tf.data.planning.settings import check_settings
from seigan_tf.data.storage import contact_sheet, stored_crops
from seigan_tf.data.storage.seigan_crops import seigan_crops_dataset_builder as seigan_crops
from seigan_tf.utils.atomic import replacing
from seigan_tf.utils.interruption import parents_made, termination
from seigan_tf.utils.progress import Progress
from seigan_tf.utils.text import one_line

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None

NOTE = "seigan_tf prepare is writing here, or was interrupted; this folder is of no use and may be removed\n"


def check(config: DataConfig, size: int, out: Path, workers: int = 0, beam_options: str | None = None) -> None:
    """Refuses at once what `prepare`, with the same arguments, would refuse whatever the photographs are.

    Raises:
        ValueError: `out` exists, or a setting is out of its range, is missing or cannot be used here.
    """
    if os.path.lexists(out):
        raise ValueError(f"{out}: exists already, expected a folder to make")
    check_settings(config)
    seigan_crops.CropsConfig("crops", data=config, size=size, workers=workers)
    if beam_options is not None:
        with _beam_errors(), _silence():
            seigan_crops.pipeline_options(beam_options)


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
    """Cuts crops as `config` says and stores them for training.

    Everything is written to OUT.partial, which takes the name OUT at the end. If preparing fails or is interrupted
    (Ctrl-C, SIGTERM), OUT.partial is removed; after a power failure or SIGKILL the next `prepare` removes it.

    Args:
        config: photographs, annotations, crop rules and seed; `source` is one of the formats of annotations.
        size: side of the stored crops in pixels; training may use them smaller.
        out: folder to make. It is what `data.crops` takes, and a TFDS set: see docs/data-store.md. Besides the crops
            it holds report.json and the pictures objects.png and backgrounds.png.
        workers: processes that decode and cut; 0 is this one.
        beam_options: build with Apache Beam instead, with these options of its pipeline, as in
            "runner=DirectRunner,direct_num_workers=2"; "" is Beam's own default.
        progress: told (photos done, photos of all) after each photo, without Beam.
        earlier: problems of photographs and objects met before the annotations were written; they count as if they
            were in them.
        origin: see `CropsConfig`.

    Returns:
        The report: plain JSON values, as in `crop_set.Crops.report`.

    Raises:
        ValueError: `out` exists, settings or annotations cannot be used, no crop is left, or too many photos and
            objects are unusable; the message says which.
        OSError: something cannot be read or written, or the disk is full; it names the folder.
        Terminated: by SIGTERM.
    """
    out = Path(out)
    check(config, size, out, workers, beam_options)
    crops = seigan_crops.CropsConfig(
        "crops", data=config, size=size, workers=workers, beam=beam_options is not None, origin=dict(origin or {})
    )
    partial = out.with_name(f"{out.name}.partial")
    beam_errors = contextlib.nullcontext() if beam_options is None else _beam_errors()
    with termination(out), beam_errors, _full_disk(out), parents_made(out), _claimed(partial):
        info = _build(crops, partial, beam_options, progress, earlier)
        folder = Path(info.data_dir)
        _describe(info, folder)
        for path in folder.iterdir():
            with path.open("rb") as file:
                os.fsync(file.fileno())
        folder.rename(out)
    return info.metadata["report"]


def _build(
    crops: seigan_crops.CropsConfig,
    folder: Path,
    beam_options: str | None,
    progress: Progress | None,
    earlier: Sequence[Problem],
) -> tfds.core.DatasetInfo:
    """Runs the TFDS builder, without its messages; returns what it says about the crops."""
    options = tfds.download.DownloadConfig()
    with _silence():
        if crops.beam:
            options.beam_options = seigan_crops.pipeline_options(beam_options)
        builder = seigan_crops.Builder(data_dir=folder, config=crops)
        builder.progress = progress or (lambda done, total: None)
        builder.earlier = earlier
        builder.download_and_prepare(download_config=options)
    return builder.info


def _describe(info: tfds.core.DatasetInfo, folder: Path) -> None:
    """Adds the pictures, which are read back from the crops, and the report."""
    stored = stored_crops.splits(info)
    for name in ("objects", "backgrounds"):
        crops = stored[f"train_{name}"]
        chosen = contact_sheet.spread(len(crops))
        images = stored_crops.StoredImages(crops, info.features["image"].shape[0])[chosen]
        boxes = np.stack([stored_crops.box(crops[number]) for number in chosen]) if name == "objects" else None
        contact_sheet.sheet(images, boxes, folder / f"{name}.png")
    with replacing(folder / "report.json") as temporary:
        temporary.write_text(json.dumps(info.metadata["report"], indent=2) + "\n")


@contextlib.contextmanager
def _claimed(folder: Path) -> Iterator[None]:
    """Makes the folder, of which nothing is left at the end. What a killed process left there is removed first."""
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
    """Says of a full disk which folder it is about; the files on the way there tell the user nothing."""
    try:
        yield
    except (OSError, RuntimeError) as error:  # Beam wraps errors of its workers into RuntimeError.
        for number in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
            if os.strerror(number) in str(error):
                raise OSError(number, os.strerror(number), str(out)) from None
        raise


@contextlib.contextmanager
def _beam_errors() -> Iterator[None]:
    """Makes one type of the many that Beam raises where a pipeline cannot be run, or does not end well."""
    try:
        yield
    except (ValueError, OSError):
        raise
    except Exception as error:
        raise ValueError(f"Apache Beam: {one_line(error)}") from error


@contextlib.contextmanager
def _silence() -> Iterator[None]:
    """Without what TFDS and Beam log, and without TFDS's bars; `tfds build` shows them."""
    disabled, shown = logging.root.manager.disable, tqdm_utils._active  # TFDS has no call that tells.
    logging.disable()
    tfds.disable_progress_bar()
    try:
        yield
    finally:
        tfds.display_progress_bar(shown)
        logging.disable(disabled)
