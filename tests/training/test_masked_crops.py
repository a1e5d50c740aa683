"""Crops with true masks: the objects that SEIGAN trains on with the same settings, and none held out."""

from dataclasses import replace

import numpy as np
from rich.console import Console

from seigan_tf.config import Config, DataConfig, TrainingConfig
from seigan_tf.data.crop_set import EvaluationCrops
from seigan_tf.data.loading import load_crops
from seigan_tf.training import masked_crops, trainer
from seigan_tf.training.masked_crops import MaskedCrops
from seigan_tf.training.run_folder import RunFolder
from tests import tiny


def settings(data: DataConfig) -> Config:
    return Config(networks=tiny.networks(), data=data, training=TrainingConfig(steps=1, batch_size=1))


def add_photos(photo_set, count: int) -> None:
    """One object each, at another place in every photo."""
    for number in range(count):
        x, y = 50 + 3 * number, 40 + 2 * number
        photo_set.add(f"{number}.png", (x, y, 40, 30), segmentation=[[x, y, x + 40, y, x + 40, y + 30]])


def load(data: DataConfig) -> set[bytes]:
    """The images of the training crops."""
    return {image.tobytes() for image in annotated(settings(data)).images}


def annotated(config: Config) -> MaskedCrops:
    return masked_crops.with_true_masks(config, load_crops(config.data, config.networks.size), Console(quiet=True))


def test_of_one_set_of_photographs_the_held_out_ones_are_not_trained_on(photo_set):
    add_photos(photo_set, 12)
    data = photo_set.config(held_out=0.25)
    crops = load_crops(data, 16)
    assert len(crops.evaluation.images) == 3
    assert load(data) == {image.tobytes() for image in crops.objects.images}


def test_the_order_of_the_annotations_does_not_matter(photo_set):
    add_photos(photo_set, 4)

    def images():
        config = settings(photo_set.config(held_out=0.25))
        crops = load_crops(config.data, config.networks.size)
        return masked_crops.with_true_masks(config, crops, Console(quiet=True)).images

    before = images()
    for entries in ("images", "annotations"):
        photo_set.content[entries].reverse()
    np.testing.assert_array_equal(images(), before)


def test_it_trains_on_what_seigan_trains_on_where_validation_photographs_are_given(new_photo_set):
    train, val = new_photo_set("train"), new_photo_set("val")
    add_photos(train, 5)
    add_photos(val, 2)
    val.config()
    data = train.config(val_images=val.images, val_annotations=val.annotations)
    assert load(data) == {image.tobytes() for image in load_crops(data, 16).objects.images}


def test_mirrored_objects_are_left_out_as_in_training(photo_set):
    add_photos(photo_set, 6)
    photo_set.add("edge.png", (0, 60, 60, 40), segmentation=[[0, 60, 60, 60, 60, 100]])
    data = photo_set.config(held_out=0.2, seed=1, max_mirrored=0.05)
    trained = load(data)
    assert trained == {image.tobytes() for image in load_crops(data, 16).objects.images}
    assert len(load(replace(data, max_mirrored=1.0))) == len(trained) + 1


def test_masks_are_those_of_the_crops(photo_set):
    x, y = 80, 60
    for name in ("a.png", "b.png"):
        photo_set.add(name, (x, y, 40, 40), segmentation=[[x, y, x + 40, y, x + 40, y + 20, x, y + 20]])
    crops = annotated(settings(photo_set.config(held_out=0.5)))
    assert crops.masks.shape == (1, 16, 16, 1)
    ymin, xmin, ymax, xmax = np.round(crops.boxes[0] * 16).astype(int)
    upper = crops.masks[0, ymin : (ymin + ymax) // 2, xmin:xmax]
    assert upper.mean() > 0.8
    assert crops.masks[0, (ymin + ymax) // 2 + 1 :].max() == 0


def test_sources_without_masks_to_train_on_are_refused(one_line_error):
    refused = settings(DataConfig(source="synthetic", synthetic_train=2, synthetic_val=2))
    assert "data.source is synthetic" in one_line_error(annotated, refused)


def test_objects_without_masks_are_refused(photo_set, one_line_error):
    photo_set.add("a.png", (60, 50, 40, 30))
    photo_set.add("b.png", (60, 50, 40, 30))
    config = settings(photo_set.config())
    crops = load_crops(config.data, 16)
    crops = crops._replace(evaluation=EvaluationCrops(crops.objects.images, crops.objects.boxes, []))
    message = one_line_error(masked_crops.with_true_masks, config, crops, Console(quiet=True))
    assert message.startswith(f"{photo_set.annotations}: no object has a mask")


def test_a_run_without_anything_to_measure_by_is_refused(photo_set, tmp_path, one_line_error):
    add_photos(photo_set, 3)
    refused = settings(photo_set.config(held_out=0.0))
    folder = RunFolder(tmp_path / "run")
    refused = replace(refused, training=replace(refused.training, task="supervised"))
    assert "data.held_out above 0.0" in one_line_error(trainer.train, refused, folder, Console(quiet=True))
    assert not folder.path.exists()
