"""Trained weights on disk: shipped ones, run folders and `.keras` files, found without Keras."""

import json
import zipfile
from pathlib import Path
from typing import NamedTuple

from seigan_tf import config, pretrained
from seigan_tf.config import DataConfig
from seigan_tf.utils.text import one_line

GENERATORS = ("segmenter", "inpainter", "enhancer")
TRAINED_BY = {
    "seigan": GENERATORS,
    "supervised": ("segmenter",),
    "distill": ("segmenter",),
    "inpaint": ("inpainter",),
}
"""Generators that a run trains, by `training.task`."""
MODEL_FILE = "weights/seigan.keras"
"""Path of the model in a run folder."""


class Weights(NamedTuple):
    """A trained model on disk, and facts about its training."""

    name: str
    """Name of the run or of the shipped weights."""
    file: Path
    """The `.keras` file."""
    folder: Path | None
    """The run folder, or that of the shipped weights; None if only a file is given."""
    object_fraction: float
    """Long side of the object's box by the crop's side, as in training."""


def find(weights: str | Path) -> Weights:
    """Find a trained model by a shipped name, a run folder `runs/NAME`, or a `.keras` file.

    A folder with a shipped name is found by the text "./NAME" or its absolute path, but not by Path("./NAME"), as
    pathlib drops the dot.

    Raises:
        ValueError: there is no trained model, or the file or the folder's config.json cannot be read.
    """
    path = Path(weights)
    if str(weights) in pretrained.names():
        path = pretrained.folder(str(weights))
    folder = path if path.is_dir() else None
    file = path if folder is None else folder / MODEL_FILE
    if not file.is_file():
        if folder is not None and (folder / "recipe.json").is_file():
            raise ValueError(
                f"{weights}: this recipe has not come to the end of its trainings; expected one that has, or the folder"
                f" of a finished stage, such as {Path(weights) / 'segmenter'}"
            )
        shipped = f"shipped weights ({', '.join(pretrained.names())}), " if pretrained.names() else ""
        raise ValueError(
            f"{weights}: no trained model; expected {shipped}a run folder with {MODEL_FILE}, or a .keras file"
        )
    name = path.stem if folder is None else folder.resolve().name
    if folder is None or not (folder / "config.json").is_file():
        return Weights(name, file, folder, _object_fraction(file))
    settings = config.load_config(folder / "config.json")
    return Weights(name, file, folder, settings.data.object_fraction)


def untrained(weights: str | Path) -> tuple[str, ...]:
    """Return the names of the generators that keep their random first weights, of GENERATORS.

    A run trains those of its task, and takes over those of `training.start_from` that have the same form. None is named
    if the settings of the run are not known, as of a `.keras` file or of packed weights, which do not tell what they
    started from, and none of a source that is not there any more.

    Args:
        weights: as for `find`, or any other folder.

    Raises:
        ValueError: the folder's config.json cannot be read.
    """
    return _untrained(_folder(weights), ())


def _untrained(folder: Path, seen: tuple[Path, ...]) -> tuple[str, ...]:
    settings = _settings(folder)
    if settings is None or folder in seen:  # a run that was made anew may have the name of a source of its sources
        return ()
    trained = set(TRAINED_BY[settings.training.task])
    for source in map(_folder, settings.training.start_from):
        theirs, missing = _settings(source), _untrained(source, (*seen, folder))
        for name in GENERATORS:
            same = theirs is None or getattr(theirs.networks, name) == getattr(settings.networks, name)
            if same and name not in missing:
                trained.add(name)
    return tuple(name for name in GENERATORS if name not in trained)


def _folder(weights: str | Path) -> Path:
    """Return the path of a run folder, or of anything else that weights are."""
    shipped = str(weights) in pretrained.names()
    return (pretrained.folder(str(weights)) if shipped else Path(weights)).resolve()


def _settings(folder: Path) -> config.Config | None:
    file, is_packed = folder / "config.json", (folder / pretrained.DIGEST).is_file()
    return config.load_config(file) if file.is_file() and not is_packed else None


def _object_fraction(file: Path) -> float:
    """Read the argument of SEIGAN with which a model was saved."""
    try:
        with zipfile.ZipFile(file) as archive:
            saved = json.loads(archive.read("config.json"))
        return saved["config"].get("object_fraction", DataConfig.object_fraction)
    except Exception as error:  # zipfile raises many types for damaged files
        raise ValueError(f"{file}: not a model that was saved whole ({one_line(error)})") from None
