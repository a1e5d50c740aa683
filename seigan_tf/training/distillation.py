"""Trains a segmenter on the masks of a trained one: a small student, or the teacher's own successor (self-training).

The teacher has seen boxes only, and so has, through it, the student. `teacher_masks` says how its masks are corrected,
and which of them are left out.
"""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
from rich.console import Console

from seigan_tf import loading
from seigan_tf.config import Config
from seigan_tf.data import crop_set
from seigan_tf.data.crop_set import ObjectCrops
from seigan_tf.data.touched import touched_objects
from seigan_tf.seigan import SEIGAN
from seigan_tf.supervised import Supervised
from seigan_tf.training import backend
from seigan_tf.training.mask_training import MaskedCrops, fit
from seigan_tf.training.run_folder import RunFolder
from seigan_tf.training.session import check_training
from seigan_tf.training.teacher_masks import believable, teacher_masks
from seigan_tf.utils.atomic import replacing
from seigan_tf.utils.progress import bar


def run(
    teacher: str,
    config: Config,
    folder: RunFolder,
    console: Console | None = None,
    load: Callable[[str], SEIGAN] = loading.load,
) -> dict:
    """Trains the segmenter of `config.networks` for the steps of `config`; returns the report, as `session.run` does.

    The run folder then holds a SEIGAN whose other networks are untrained, for `training.start_from`. A run that was
    interrupted begins anew.

    Args:
        teacher: shipped name, run folder or .keras file; its crops may be of another size.
        config: of the student; loss weights and the other networks' settings are kept but not used.
        folder: of a new run.
        console: where progress goes.
        load: makes the teacher of its name.

    Raises:
        ValueError: teacher, settings or data that cannot be used.
    """
    console = console or Console()
    check_training(config.training)
    backend.prepare(config.networks.seed, config.training.precision)
    model = load(teacher)
    size = config.networks.size
    with bar(console, "reading photographs") as progress:
        crops = crop_set.load(config.data, size, progress)
    objects = crops.objects
    if model.networks.size != size:
        with bar(console, "reading photographs for the teacher") as progress:
            objects = crop_set.load(config.data, model.networks.size, progress).objects
    with bar(console, "reading objects that touch others") as progress:
        touched, seen = touched_objects(config.data, (size, model.networks.size), progress)
    shown = _joined(crops.objects, touched)
    masks = teacher_masks(model, _joined(objects, seen), size)
    with bar(console, "comparing masks with GrabCut") as progress:
        chosen = believable(shown.images, masks, shown.boxes, progress)
    console.print(
        f"{len(crops.objects.images)} crops, and {len(touched.images)} of objects that others touch; the masks of"
        f" {len(chosen)} are believed",
        highlight=False,
        soft_wrap=True,
    )
    # Averages would stay behind: it is the segmenter itself that is trained here.
    config = replace(config, networks=replace(config.networks, average_decay=0.0))
    student = SEIGAN(config.networks)
    student.build()
    trained = Supervised(config.networks, student.generators.segmenter)
    trained.build()
    believed = MaskedCrops(shown.images[chosen], shown.boxes[chosen], masks[chosen])
    report = fit(trained, believed, crops.evaluation, config, folder, console)
    folder.weights.mkdir(exist_ok=True)
    with replacing(folder.path / loading.MODEL_FILE) as temporary:
        student.save(temporary)
    folder.save_report(report | {"teacher": teacher})
    return report


def _joined(*crops: ObjectCrops) -> ObjectCrops:
    return ObjectCrops(*(np.concatenate(values) for values in zip(*crops, strict=True)))
