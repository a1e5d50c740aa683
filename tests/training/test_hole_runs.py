"""Training of the inpainter alone: its loss, what it changes, and the holes."""

import io
from dataclasses import replace

import keras
import numpy as np
import pytest
from rich.console import Console

from seigan_tf.config import Config, DataConfig, LossesConfig, TrainingConfig
from seigan_tf.cycle import dilate_mask
from seigan_tf.data.augmentation import Augmentation
from seigan_tf.data.loading import load_crops
from seigan_tf.training import holes
from seigan_tf.training.hole_inpainter import HoleInpainter
from seigan_tf.utils.boxes import box_to_mask
from tests import tiny
from tests.reference.weights import randomise

NOTHING = LossesConfig(background_mae=0.0)


@pytest.fixture
def batch():
    hole = np.zeros((2, 16, 16, 1), np.float32)
    hole[:, 4:9, 5:11] = 1
    noise = np.random.default_rng(0).standard_normal(hole.shape, np.float32)
    return {"image": tiny.batch(2)["background"]["image"], "hole": hole, "noise": noise}


def test_the_loss_compares_the_filled_hole_and_trains_the_inpainter_alone(batch):
    model = HoleInpainter(tiny.networks(mask_dilation=1, composite_inpainting=True), LossesConfig(background_mae=3.0))
    randomise(model.seigan.generator_variables, 0)
    model.compile(keras.optimizers.SGD(0.1), run_eagerly=True)
    filled = keras.ops.convert_to_numpy(model(batch))
    hole = keras.ops.convert_to_numpy(dilate_mask(model.seigan.networks, batch["hole"]))
    np.testing.assert_array_equal((filled - batch["image"])[hole[..., 0] == 0], 0)
    before = [np.array(variable) for variable in model.seigan.variables]
    loss = model.train_on_batch(batch)
    assert float(loss) == pytest.approx(3 * np.abs(filled - batch["image"]).mean(), rel=1e-4)
    changed = {
        variable.path.split("/")[1]
        for old, variable in zip(before, model.seigan.variables, strict=True)
        if not np.array_equal(old, variable)
    }
    assert changed == {"inpainter"}


def test_vgg_terms_compare_the_two_images(batch):
    settings = tiny.networks(size=32, vgg_weights="random")
    losses = replace(NOTHING, background_texture=0.3, background_perceptual=0.2)
    model = HoleInpainter(settings, losses)
    same = np.random.default_rng(0).uniform(-1, 1, (1, 32, 32, 3)).astype(np.float32)
    assert float(model.compute_loss({"image": same}, y_pred=same)) == 0
    assert float(model.compute_loss({"image": same}, y_pred=same * 0.5)) > 0


@pytest.mark.parametrize(
    ("losses", "told"), [(NOTHING, "all are 0"), (replace(NOTHING, background_texture=1.0), "VGG-19")]
)
def test_losses_that_cannot_be_computed_are_refused(losses, told):
    with pytest.raises(ValueError, match=told):
        HoleInpainter(tiny.networks(), losses)


def test_an_object_that_the_teacher_does_not_find_gives_its_box(tmp_path):
    data = DataConfig(synthetic_train=3, synthetic_val=1)
    crops = load_crops(data, 16)
    model = tiny.seigan(confine_mask=True)
    last = model.generators.segmenter.body.last.conv
    last.kernel.assign(np.zeros(last.kernel.shape))
    last.bias.assign([-40.0])
    model.save(tmp_path / "teacher.keras")
    training = TrainingConfig(task="inpaint", teachers=(str(tmp_path / "teacher.keras"),))
    config = Config(networks=tiny.networks(), data=data, training=training)
    made = holes.object_holes(config, crops, Console(file=io.StringIO()))
    np.testing.assert_array_equal(made[..., 0], box_to_mask(crops.objects.boxes, 16, 16))


def test_batches_depend_on_the_seed_and_their_number_alone():
    random = np.random.default_rng(0)
    images, shapes = random.integers(0, 256, (5, 8, 8, 3), np.uint8), random.random((3, 8, 8, 1)) < 0.5
    changes = Augmentation(0.1, 0.1, 0.1)
    whole = holes.batches(images, shapes, 2, 7, changes)
    later = next(iter(holes.batches(images, shapes, 2, 7, changes, start=3)))
    for number, made in enumerate(whole):
        both = np.concatenate([shapes, shapes[:, :, ::-1]])
        assert all(any(np.array_equal(hole, known) for known in both) for hole in made["hole"])
        if number == 3:
            assert all(np.array_equal(made[name], later[name]) for name in made)
            return
