"""A tiny recipe: the stages of preset phone in kind, with a few steps of small networks."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
from PIL import Image

from seigan_tf.config import (
    BackboneConfig,
    Config,
    DataConfig,
    DiscriminatorConfig,
    LossesConfig,
    NetworksConfig,
    Recipe,
    StageConfig,
    TrainingConfig,
)
from seigan_tf.training.recipe import RecipeRun
from seigan_tf.training.run_folder import RunFolder

STEPS = 12


def photographs(folder: Path, count: int, seed: int) -> tuple[Path, Path]:
    """Folder and annotations, with masks, of photographs of a rectangle each."""
    folder.mkdir(parents=True)
    random = np.random.default_rng(seed)
    content = {"images": [], "annotations": [], "categories": [{"id": 1, "name": "bird"}]}
    for number in range(1, count + 1):
        x, y = random.integers(20, 180), random.integers(20, 100)
        pixels = random.integers(0, 80, (160, 260, 3), np.uint8)
        pixels[y : y + 30, x : x + 40] += np.uint8(150)
        Image.fromarray(pixels).save(folder / f"{number}.png")
        content["images"].append({"id": number, "file_name": f"{number}.png", "width": 260, "height": 160})
        corners = [int(v) for v in (x, y, x + 40, y, x + 40, y + 30, x, y + 30)]
        box = {"bbox": [int(x), int(y), 40, 30], "segmentation": [corners]}
        content["annotations"].append({"id": number, "image_id": number, "category_id": 1, "iscrowd": 0, **box})
    annotations = folder.with_suffix(".json")
    annotations.write_text(json.dumps(content))
    return folder, annotations


def tiny(data: DataConfig) -> Recipe:
    """Teacher and student, without VGG-19 and with few terms, which compile fast; an epoch has two steps."""
    form = BackboneConfig("unet", 4, 1)
    networks = NetworksConfig(
        size=32, segmenter=form, inpainter=form, enhancer=form, discriminator=DiscriminatorConfig(4, 1), replay_size=4,
        confine_mask=True, composite_inpainting=True, mask_input=True,
    )  # fmt: skip
    losses = LossesConfig(
        inpaint_gan_back=0.0, background_mae=0.0, coarse_gan=0.0, object_mae=0.0, object_identity=0.0,
        background_identity=0.0,
    )  # fmt: skip
    training = TrainingConfig(batch_size=2, steps=STEPS, steps_per_epoch=2, decay_fraction=0.5, samples_every=9)
    teacher = Config(networks=networks, losses=losses, training=training)
    student = replace(teacher, training=replace(training, task="distill"))
    return Recipe(
        Config(name="tiny", networks=NetworksConfig(segmenter=form), data=data),
        (StageConfig("teacher", teacher, (), (), 1.0), StageConfig("student", student, (("teacher",),), (), 0.5)),
    )


def begin(root: Path, recipe: Recipe) -> RecipeRun:
    """The run folder as train.py makes it, before any stage."""
    folder = RunFolder(root / "runs" / recipe.config.name)
    folder.path.mkdir(parents=True)
    run = RecipeRun(folder, recipe, ())
    run.save()
    return run
