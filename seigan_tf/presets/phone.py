"""Photographs and boxes in, files for phones out: a recipe of six trainings, packed weights, export and evaluation.

    python train.py --preset phone --name birds --data.images DIR --data.annotations FILE \
        [--data.val-images DIR --data.val-annotations FILE]

The trainings are those of the shipped weights `cats` (seigan_tf/pretrained/cats/README.md): 75 minutes for 700
photographs on one CPU core, IoU 0.826, and the ellipse in the box has 0.664. As one command the recipe has not been
measured.
"""

from dataclasses import replace

from seigan_tf import config
from seigan_tf.config import Recipe, StageConfig
from seigan_tf.presets import boxes, mobile

CONFIG = config.Config(
    name="phone",
    networks=config.NetworksConfig(vgg_weights="imagenet"),
    data=config.DataConfig(source="coco", max_object_fraction=0.9, zoom=0.15, shift=0.06),
)

_distilled = replace(boxes.CONFIG, training=replace(boxes.CONFIG.training, task="distill"))

# The segmenter stays as it is, and only the terms that train inpainter and enhancer are on.
_around = replace(
    mobile.CONFIG,
    networks=replace(mobile.CONFIG.networks, mask_gradient_scale=0.0),
    losses=replace(
        mobile.CONFIG.losses,
        inpaint_gan=0.0,
        inpaint_gan_back=0.3,
        background_texture=0.01,
        background_perceptual=0.05,
        background_mae=6.0,
        object_mae=0.0,
        coarse_gan=0.0,
        box_projection=0.0,
        box_outside=0.0,
        box_pairwise=0.0,
    ),
)

RECIPE = Recipe(
    CONFIG,
    (
        StageConfig("teacher", boxes.CONFIG, (), 1.2),
        StageConfig("self-trained", _distilled, ("teacher",), 0.2),
        StageConfig("self-trained-twice", _distilled, ("self-trained", "teacher"), 0.2),
        StageConfig(
            "segmenter",
            replace(mobile.CONFIG, training=replace(mobile.CONFIG.training, task="distill", steps=5000)),
            ("self-trained-twice", "self-trained", "teacher"),
            0.23,
        ),
        StageConfig(
            "inpainter-64",
            replace(
                _around,
                networks=replace(_around.networks, size=64, hard_mask=True, mask_dilation=2, ema_decay=0.998),
                training=replace(mobile.CONFIG.training, steps=900, generator_rate=5e-4, decay_fraction=0.5),
            ),
            ("segmenter",),
            1.2,
        ),
        StageConfig(
            "inpainter-128",
            replace(
                _around,
                training=replace(
                    mobile.CONFIG.training, steps=320, generator_rate=3e-4, decay_fraction=0.6, batch_size=4
                ),
            ),
            ("inpainter-64", "segmenter"),
            2.25,
        ),
    ),
)
