"""Trained weights on disk: shipped ones, run folders and `.keras` files, found without Keras."""

import json
import zipfile
from pathlib import Path
from typing import NamedTuple

from seigan_tf import config, pretrained
from seigan_tf.config import DataConfig
from seigan_tf.losses import terms
from seigan_tf.utils.text import one_line

GENERATORS = ("segmenter", "inpainter", "enhancer")
ONE_NETWORK = {"supervised": "segmenter", "distill": "segmenter", "inpaint": "inpainter"}
"""The generator that a run trains, by `training.task`; those of task seigan follow from its losses."""
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

    A run trains those of its task and its losses, and takes over those of `training.start_from` that have the same
    form. The result is empty if nothing is known of the training: of a `.keras` file, of a source that is gone, and of
    packed weights, whose settings do not tell what they started from.

    Args:
        weights: as for `find`, or any other folder.

    Raises:
        ValueError: the folder's config.json cannot be read.
    """
    return _untrained(_folder(weights), ())


def _untrained(folder: Path, seen: tuple[Path, ...]) -> tuple[str, ...]:
    settings = _settings(folder)
    is_packed = (folder / pretrained.DIGEST).is_file()
    # A run that was made anew may have the name of a source of its sources.
    if settings is None or is_packed or folder in seen:
        return ()
    trained = _trained_by(settings)
    for source in map(_folder, settings.training.start_from):
        theirs, missing = _settings(source), _untrained(source, (*seen, folder))
        for name in GENERATORS:
            same = theirs is None or _form(theirs.networks, name) == _form(settings.networks, name)
            if same and name not in missing:
                trained.add(name)
    return tuple(name for name in GENERATORS if name not in trained)


def _trained_by(settings: config.Config) -> set[str]:
    training, networks = settings.training, settings.networks
    if training.task in ONE_NETWORK:
        return {ONE_NETWORK[training.task]}
    trained = terms.trained_networks(settings.losses, networks.mask_gradient_scale)
    if training.pretrain_steps:
        pretraining = terms.Pretraining(training.pretrain_discriminators, training.pretrain_identity)
        trained |= terms.trained_networks(settings.losses, 0.0, pretraining)
    return trained


def _form(networks: config.NetworksConfig, name: str) -> tuple:
    """Return what two networks must share so that one can be copied to the other."""
    inputs = (networks.mask_input, networks.prefill) if name == "inpainter" else ()
    return getattr(networks, name), *inputs


def _folder(weights: str | Path) -> Path:
    """Return the path of a run folder, or of anything else that weights are."""
    shipped = str(weights) in pretrained.names()
    return (pretrained.folder(str(weights)) if shipped else Path(weights)).resolve()


def _settings(folder: Path) -> config.Config | None:
    file = folder / "config.json"
    return config.load_config(file) if file.is_file() else None


def _object_fraction(file: Path) -> float:
    """Read the argument of SEIGAN with which a model was saved."""
    try:
        with zipfile.ZipFile(file) as archive:
            saved = json.loads(archive.read("config.json"))
        return saved["config"].get("object_fraction", DataConfig.object_fraction)
    except Exception as error:  # zipfile raises many types for damaged files
        raise ValueError(f"{file}: not a model that was saved whole ({one_line(error)})") from None
