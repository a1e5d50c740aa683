"""Photographs and boxes to a folder of crops that appears when all is done, or not at all."""

import contextlib
import logging
import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow_datasets as tfds
from PIL import Image, ImageDraw

from seigan_tf.config import DataConfig
from seigan_tf.data.photos.photo import Problem
from seigan_tf.data.planning.rules import check_settings
from seigan_tf.data.storage import records, stored_crops
from seigan_tf.data.storage.build import beam_pipeline, build_crops
from seigan_tf.data.storage.description import CropsConfig, describe_crops
from seigan_tf.utils.atomic import replacing, write_json
from seigan_tf.utils.claimed_folder import claimed
from seigan_tf.utils.full_disk import naming_full_disk
from seigan_tf.utils.interruption import parents_made, termination
from seigan_tf.utils.progress import Progress
from seigan_tf.utils.text import one_line

SHOWN = 96  # crops on one sheet, at most
SHOWN_SIDE = 96  # side of a crop on the sheet, in pixels
GAP = 4
BOX_COLOUR = (0, 255, 0)


def check(config: DataConfig, size: int, out: Path, workers: int = 0, beam_options: str | None = None) -> Any:
    """Raise ValueError for arguments that `prepare` refuses whatever the photographs are; return Beam's options."""
    if os.path.lexists(out):
        raise ValueError(f"{out}: exists already, expected a folder to make")
    check_settings(config)
    CropsConfig("crops", data=config, size=size, workers=workers)
    with _beam_errors(), _silence():
        return None if beam_options is None else beam_pipeline().pipeline_options(beam_options)


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
        size, workers, origin: see `CropsConfig`; training may use the crops smaller.
        out: folder to make, described in docs/data-store.md.
        beam_options: options of Apache Beam's pipeline, as "runner=DirectRunner,direct_num_workers=2"; "": Beam's
            default; None: without Beam.
        progress: called with (photos done, all photos) after each photo, without Beam.
        earlier: problems met before the annotations were written; they count as if they were in them.

    Returns the report, as in `crop_set.Crops.report`.

    Raises:
        ValueError: `out` exists, settings or annotations cannot be used, no crop is left, or too much is unusable.
        OSError: a file cannot be read or written, or the disk is full; it names the folder.
        Terminated: SIGTERM arrived.
    """
    out = Path(out)
    options = check(config, size, out, workers, beam_options)
    crops = CropsConfig(
        "crops", data=config, size=size, workers=workers, beam=beam_options is not None, origin=dict(origin or {})
    )
    partial = out.with_name(f"{out.name}.partial")
    folder = partial / "crops"
    errors = contextlib.nullcontext() if beam_options is None else _beam_errors()
    with termination(out), errors, naming_full_disk(out), parents_made(out), claimed(partial, "prepare"):
        folder.mkdir()
        with _silence():
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
    """Write contact sheets of the crops, read back from the files, and report.json."""
    stored = stored_crops.splits(info)
    for name in ("objects", "backgrounds"):
        crops = stored[f"train_{name}"]
        chosen = spread(len(crops))
        images = stored_crops.StoredImages(crops, info.features["image"].shape[0])[chosen]
        boxes = np.stack([stored_crops.box(crops[int(number)]) for number in chosen]) if name == "objects" else None
        sheet(images, boxes, folder / f"{name}.png")
    write_json(folder / "report.json", info.metadata["report"])


def spread(count: int) -> np.ndarray:
    """Choose the crops of a sheet from `count`: up to SHOWN indices, evenly spread."""
    return np.linspace(0, count - 1, min(SHOWN, count)).round().astype(int)


def sheet(images: np.ndarray, boxes: np.ndarray | None, path: Path, columns: int = 12) -> None:
    """Write a PNG grid of crops, uint8 [n, S, S, 3], each with its box, [n, 4] relative to the crop, if they are given.

    The file appears when it is complete. Raises OSError if it cannot be written.
    """
    columns = min(columns, len(images))
    pitch = SHOWN_SIDE + GAP
    picture = Image.new("RGB", (columns * pitch + GAP, -(-len(images) // columns) * pitch + GAP), "white")
    draw = ImageDraw.Draw(picture)
    for place, image in enumerate(images):
        left, top = GAP + place % columns * pitch, GAP + place // columns * pitch
        crop = Image.fromarray(image).resize((SHOWN_SIDE, SHOWN_SIDE), Image.Resampling.LANCZOS)
        picture.paste(crop, (left, top))
        if boxes is not None:
            ymin, xmin, ymax, xmax = (boxes[place] * (SHOWN_SIDE - 1)).round().tolist()
            draw.rectangle((left + xmin, top + ymin, left + xmax, top + ymax), outline=BOX_COLOUR)
    with replacing(path) as temporary:
        picture.save(temporary, format="PNG", compress_level=1)  # half the time for an eighth more bytes


@contextlib.contextmanager
def _beam_errors() -> Iterator[None]:
    """Turn the many exceptions of a pipeline that cannot run, or fails, into ValueError."""
    try:
        yield
    except (ValueError, OSError):
        raise
    except Exception as error:
        raise ValueError(f"Apache Beam: {one_line(error)}") from error


@contextlib.contextmanager
def _silence() -> Iterator[None]:
    """Turn off the log messages of TFDS and Beam; `tfds build` shows them."""
    disabled = logging.root.manager.disable
    logging.disable()
    try:
        yield
    finally:
        logging.disable(disabled)
