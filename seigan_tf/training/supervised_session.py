"""Trains Supervised, the same segmenter on true masks, as a run of its own: the bound in Table 1."""

import numpy as np
from rich.console import Console

from seigan_tf.config import Config
from seigan_tf.data import crop_set, readers
from seigan_tf.data.pairs import resize_mask
from seigan_tf.data.problems import Tally
from seigan_tf.evaluation.objects import split_objects
from seigan_tf.supervised import MODEL_FILE, Supervised
from seigan_tf.training import backend
from seigan_tf.training.mask_training import MaskedCrops, fit
from seigan_tf.training.run_folder import RunFolder
from seigan_tf.training.session import check_training
from seigan_tf.utils.atomic import replacing
from seigan_tf.utils.progress import bar


def run(config: Config, folder: RunFolder, console: Console | None = None) -> dict:
    """Trains with the steps, batch size and rates of `config`; returns the report, as `session.run` does.

    The weights are those of the last step. A run that was interrupted begins anew.

    Raises:
        ValueError: settings or data that cannot be used, or no training object or none held out has a mask.
    """
    console = console or Console()
    check_training(config.training)
    backend.prepare(config.networks.seed, config.training.precision)
    with bar(console, "reading photographs") as progress:
        evaluation = crop_set.load(config.data, config.networks.size, progress).evaluation
    crops = load_crops(config, console)
    if evaluation is None:
        raise ValueError(
            "no validation object has a mask to measure Supervised by, expected masks in data.val_annotations or a"
            f" data.held_out above {config.data.held_out}"
        )
    model = Supervised(config.networks)
    model.build()
    result = fit(model, crops, evaluation, config, folder, console)
    folder.weights.mkdir(exist_ok=True)
    with replacing(folder.path / MODEL_FILE) as temporary:
        model.save(temporary)
    folder.save_report(result)
    return result


def load_crops(config: Config, console: Console) -> MaskedCrops:
    """The objects that SEIGAN trains on with the same settings, as far as they have a mask.

    Raises:
        ValueError: there is none, or the photographs are not given as such.
    """
    data = config.data
    if data.source not in readers.FORMATS:
        raise ValueError(
            f"data.source is {data.source}: Supervised needs photographs with masks to train on, expected data.images"
            " and data.annotations in a format of annotations"
        )
    size = config.networks.size
    with bar(console, "reading masks") as progress:
        # Reduced at once: masks at the resolution of the photographs would take more room than the crops.
        objects = [
            (item.image, item.box, resize_mask(item.truth, size))
            for item in split_objects(data, "train", size, Tally(data.max_bad), progress)
        ]
    if not objects:
        raise ValueError(
            f"{data.annotations or data.images}: no object has a mask, expected some for Supervised to train on"
        )
    return MaskedCrops(*(np.stack(values) for values in zip(*objects, strict=True)))
