"""Sources of `prepare`: annotated photographs, a set of TensorFlow Datasets, or a detector that draws the boxes.

A source knows its settings before anything slow runs, so that mistakes in them are reported at once; `fetch` then makes
the files that the settings refer to.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

from rich.console import Console

from seigan_tf.cli.options import say
from seigan_tf.config import DataConfig
from seigan_tf.data.annotations.coco_writer import write_coco
from seigan_tf.data.photos.photo import Problem
from seigan_tf.utils.interruption import parents_made
from seigan_tf.utils.progress import bar

Fetched = tuple[DataConfig, Sequence[Problem]]


class Source(NamedTuple):
    """A source of photographs with boxes."""

    config: DataConfig
    """Settings, as far as they are known before `fetch`."""
    origin: dict[str, Any]
    """See `CropsConfig.origin`."""
    fetch: Callable[[Console], Fetched]
    """Makes the files; returns the final settings and the problems on the way. Raises ValueError or OSError."""


def annotated_photos(config: DataConfig) -> Source:
    """Return the source of photographs and annotations that exist."""
    return Source(config, {}, lambda console: (config, ()))


def published_set(config: DataConfig, name: str, folder: Path) -> Source:
    """Return a source that copies a set of TensorFlow Datasets into files in an empty folder."""

    def paths(split: str) -> tuple[Path, Path]:
        return folder / split, folder / f"{split}.json"

    images, annotations = paths("train")
    config = replace(config, source="coco", images=images, annotations=annotations)
    no_paths = dict.fromkeys(("images", "annotations", "val_images", "val_annotations"))

    def fetch(console: Console) -> Fetched:
        from seigan_tf.data.annotations.tfds_source import read_tfds, usable_splits

        splits = usable_splits(name)
        problems: list[Problem] = []
        for split in splits:
            images, annotations = paths(split)
            images.mkdir()
            with bar(console, f"reading {name} {split}") as progress:
                problems += write_coco(read_tfds(name, images, split, progress), annotations)
        if "validation" not in splits:
            return config, problems
        images, annotations = paths("validation")
        return replace(config, val_images=images, val_annotations=annotations), problems

    return Source(config, {"source": f"tfds:{name}", **no_paths}, fetch)


def detected(
    config: DataConfig, images: Path, model: Path, wanted: str, score: float, labels: Path | None, boxes: Path
) -> Source:
    """Return a source whose boxes a detector draws into the file `boxes`, which stays; see `detector.detect`."""
    config = replace(config, source="coco", annotations=boxes)
    named = f", labels {labels.name}" if labels else ""
    origin = {"source": f"detector:{model.name}, class {wanted}, score {score:g}{named}", "annotations": None}

    def fetch(console: Console) -> Fetched:
        from seigan_tf.data.detection import detector

        with bar(console, "detecting") as progress, parents_made(boxes):
            found = detector.detect(images, model, wanted, score, labels, progress)
            problems = write_coco(found, boxes)
        say(console, f"boxes: {boxes}; edit it and give it as --annotations to prepare again")
        return replace(config, classes=(found.wanted,)), problems

    return Source(config, origin, fetch)
