"""Crops from settings: cut from photographs, read from a prepared folder, or drawn."""

import math
from dataclasses import replace
from functools import partial
from operator import itemgetter
from pathlib import Path

import numpy as np

from seigan_tf.config import CROP_RULES, DataConfig, from_dict
from seigan_tf.data.crop_set import BackgroundCrops, Crops, EvaluationCrops, ObjectCrops
from seigan_tf.data.crops import region_around
from seigan_tf.data.photos.photo import Problem
from seigan_tf.data.planning.cutting import Crop, CutReport, crop_key, cut_all, cut_photo
from seigan_tf.data.planning.plan import PhotoPlan, Plan, make_plan
from seigan_tf.data.planning.report import check_crops_left
from seigan_tf.data.planning.rules import check_settings
from seigan_tf.data.synthetic import synthetic_backgrounds, synthetic_objects
from seigan_tf.utils.full_disk import temporary_folder
from seigan_tf.utils.progress import Progress


def crop_settings(config: DataConfig) -> DataConfig:
    """Return the settings with those by which the crops were made, if they are prepared ones.

    Raises ValueError if a setting is out of its range, or there are no such crops.
    """
    check_settings(config)
    if config.source != "crops":
        return config
    # TensorFlow Datasets takes seconds to import.
    from seigan_tf.data.storage.stored_crops import stored_settings

    folder = Path(config.crops or "")
    stored = stored_settings(folder)
    try:
        made = from_dict(DataConfig, {name: stored[name] for name in CROP_RULES})
    except (KeyError, ValueError) as error:
        raise ValueError(f"{folder}: damaged (settings in metadata.json: {error}); prepare the crops again") from None
    return replace(config, **{name: getattr(made, name) for name in CROP_RULES})


def load_crops(config: DataConfig, size: int, progress: Progress | None = None) -> Crops:
    """Read, cut or draw the crops that the settings describe.

    Unusable photos and annotations are skipped, counted and named in the report. `size` is the side of the crops in
    pixels; `progress` is called after each photo that is cut.

    Raises ValueError if a folder or file is missing, too much of the set cannot be used, no crop is left (the message
    counts the objects dropped by each rule), or prepared crops have another `object_fraction` than `config`.
    """
    made = crop_settings(config)
    if made.object_fraction != config.object_fraction:
        raise ValueError(
            f"{config.crops}: objects take {made.object_fraction:g} of the sides of these crops, expected"
            f" {config.object_fraction:g}; prepare the photographs again with --object-fraction"
            f" {config.object_fraction:g}"
        )
    if config.source == "synthetic":
        return _draw(config, size)
    if config.source == "crops":
        from seigan_tf.data.storage.stored_crops import load_stored_crops

        return load_stored_crops(Path(config.crops or ""), size)
    with temporary_folder() as folder:
        return _cut(config, make_plan(config, folder), size, progress)


def load_objects(
    config: DataConfig, size: int, object_fraction: float, progress: Progress | None = None
) -> ObjectCrops:
    """Return the training objects of `load_crops`, in the same order, in crops of another size and scale.

    Crops that show more of a photo may show other objects, too. Synthetic objects keep their shapes, but not their
    textures. Prepared crops give smaller parts of themselves.

    Arguments and errors as `load_crops`; ValueError also if prepared crops are too small or show too little.
    """
    if config.source == "synthetic":
        return load_crops(replace(config, object_fraction=object_fraction), size).objects
    if config.source == "crops":
        from seigan_tf.data.storage.stored_crops import load_stored_objects

        return load_stored_objects(Path(config.crops or ""), size, object_fraction)
    with temporary_folder() as folder:
        plan = make_plan(config, folder)
        cut = partial(_cut_objects, size=size, object_fraction=object_fraction)
        crops = sorted(cut_all(plan, cut, CutReport(plan.report, config.max_bad), progress=progress), key=itemgetter(0))
    return ObjectCrops(*_stack([crop for _, crop in crops]))


def _cut_objects(photo: PhotoPlan, size: int, object_fraction: float) -> list[tuple[str, Crop]] | Problem:
    """Cut the objects of a training photo at another scale; return them with their keys at the scale of the plan."""
    if photo.split != "train" or not photo.objects:
        return []
    keys = [crop_key("object", photo.photo, region) for _, region in photo.objects]
    regions = tuple((item, region_around(item.box, object_fraction)) for item, _ in photo.objects)
    crops = cut_photo(replace(photo, objects=regions, backgrounds=()), size)
    return crops if isinstance(crops, Problem) else list(zip(keys, crops, strict=True))


def _cut(config: DataConfig, plan: Plan, size: int, progress: Progress | None) -> Crops:
    result = CutReport(plan.report, config.max_bad)
    # Training draws by number: in this order the run does not depend on the order of the annotations.
    crops = sorted(cut_all(plan, partial(_cut_used, size=size), result, progress=progress), key=lambda crop: crop.key)
    check_crops_left(config, result.report)
    backgrounds = [crop for crop in crops if crop.kind == "background"]
    objects = [crop for crop in crops if crop.kind == "object" and crop.split == "train"]
    evaluation = [crop for crop in crops if crop.mask is not None]
    masks = [crop.mask for crop in evaluation if crop.mask is not None]
    return Crops(
        ObjectCrops(*_stack(objects)),
        BackgroundCrops(_stack(backgrounds)[0]),
        EvaluationCrops(*_stack(evaluation), masks) if evaluation else None,
        {
            "source": config.source,
            "notes": result.report["notes"],
            "train": result.report["train"],
            "validation": result.report["val"],
        },
    )


def _cut_used(photo: PhotoPlan, size: int) -> list[Crop] | Problem:
    # Validation takes its backgrounds from the training set.
    used = replace(photo, backgrounds=()) if photo.split == "val" else photo
    return cut_photo(used, size) if used.objects or used.backgrounds else []


def _stack(crops: list[Crop]) -> tuple[np.ndarray, np.ndarray]:
    return np.stack([crop.image for crop in crops]), np.stack([crop.box for crop in crops])


def _draw(config: DataConfig, size: int) -> Crops:
    # Seeds of the three sets: the run's, then the number of the set, so that no set repeats another.
    count = max(math.ceil(config.backgrounds_per_object * config.synthetic_train), 1)
    train = synthetic_objects(config.synthetic_train, size, [config.seed, 0], config.object_fraction)
    validation = synthetic_objects(config.synthetic_val, size, [config.seed, 1], config.object_fraction)
    backgrounds = synthetic_backgrounds(count, size, [config.seed, 2])
    report = {
        "source": "synthetic",
        "train": {"objects": len(train.images), "backgrounds": len(backgrounds)},
        "validation": {"objects": len(validation.images)},
    }
    return Crops(
        ObjectCrops(train.images, train.boxes),
        BackgroundCrops(backgrounds),
        EvaluationCrops(validation.images, validation.boxes, list(validation.masks)),
        report,
    )
