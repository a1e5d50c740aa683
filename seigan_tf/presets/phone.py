"""Photographs and boxes in, files for phones out: a recipe of eight trainings, packed weights, export and evaluation.

    python train.py --preset phone --name birds --data.images DIR --data.annotations FILE \
        [--data.val-images DIR --data.val-annotations FILE]

Teachers and students read VGG-19 features; a small segmenter learns from their masks, an inpainter from holes in
backgrounds. The shipped weights `cats` (seigan_tf/pretrained/cats/README.md) are those of 700 photographs of cats,
made in 80 minutes of one busy CPU core, about 50 if it has bfloat16: masks of IoU 0.849.
"""

from dataclasses import replace

from seigan_tf import config
from seigan_tf.config import Recipe, StageConfig
from seigan_tf.presets import boxes, mobile

# Batch normalisation becomes a part of the convolutions in files: a fifth less time.
_small = replace(mobile.CONFIG.networks, segmenter=replace(mobile.CONFIG.networks.segmenter, normalization="batch"))
_mobile = replace(mobile.CONFIG, networks=_small)

CONFIG = config.Config(
    name="phone",
    networks=config.NetworksConfig(segmenter=_small.segmenter, vgg_weights="imagenet", confine_mask=True),
    data=config.DataConfig(source="auto", max_object_fraction=0.9, zoom=0.15, shift=0.06),
    training=config.TrainingConfig(precision="auto"),
)

# Precision `auto` in the stages that run VGG-19. The small segmenter, most of it depthwise convolutions, is slower in
# bfloat16 on CPUs. Without `mask_saturation`, since the recipe was measured without it.
_teacher = replace(
    boxes.CONFIG,
    losses=replace(boxes.CONFIG.losses, pairwise_reach=4, pairwise_warmup=200, mask_saturation=0.0),
    training=replace(boxes.CONFIG.training, steps=600, precision="auto"),
)

# Box terms alone, and masks that begin as most of the box (docs/experiments.md, "Seeds of the teachers"). Its large
# crops show legs and edges; the other teacher's small ones what belongs together.
_teacher_128 = replace(
    _teacher,
    networks=replace(
        _teacher.networks, size=128, segmenter=replace(_teacher.networks.segmenter, depth=5), initial_mask=0.73
    ),
    losses=_teacher.losses.only("box_projection", "box_pairwise"),
    training=replace(_teacher.training, pretrain_steps=0),
)

_self_trained = replace(_teacher, training=replace(_teacher.training, task="distill", steps=1000))

# The inpainter alone, on backgrounds with holes in the shapes of the objects: a step has no segmenter and no adversary.
_inpainter = replace(
    _mobile,
    losses=replace(mobile.CONFIG.losses, background_texture=0.01, background_perceptual=0.05, background_mae=8.0),
    training=replace(mobile.CONFIG.training, task="inpaint", generator_rate=2e-3, decay_fraction=0.8, precision="auto"),
)

# The segmenter stays as it is, and only the terms that train inpainter and enhancer are on.
_together = replace(
    _mobile,
    networks=replace(_small, mask_gradient_scale=0.0),
    losses=replace(
        _inpainter.losses,
        inpaint_gan=0.0,
        inpaint_gan_back=0.3,
        object_mae=0.0,
        coarse_gan=0.0,
        box_projection=0.0,
        box_outside=0.0,
        box_pairwise=0.0,
    ),
    training=replace(
        mobile.CONFIG.training, steps=30, generator_rate=2e-4, decay_fraction=0.6, batch_size=4, precision="auto"
    ),
)

RECIPE = Recipe(
    CONFIG,
    (
        StageConfig("teacher-128", _teacher_128, (), (), 0.54),
        StageConfig("teacher", _teacher, (), (), 0.3),
        StageConfig("self-trained", _self_trained, (("teacher",), ("teacher-128",)), (), 0.12),
        StageConfig(
            "self-trained-twice", _self_trained, (("self-trained", "teacher"), ("teacher",), ("teacher-128",)), (), 0.12
        ),
        StageConfig(
            "segmenter",
            replace(
                _mobile,
                training=replace(mobile.CONFIG.training, task="distill", paste_fraction=0.5, steps=5000),
            ),
            (("self-trained-twice", "self-trained", "teacher"), ("self-trained", "teacher"), ("teacher-128",)),
            (),
            0.13,
        ),
        StageConfig(
            "inpainter-64",
            replace(
                _inpainter,
                networks=replace(_inpainter.networks, size=64, mask_dilation=2),
                training=replace(_inpainter.training, batch_size=4, steps=900),
            ),
            (("segmenter",),),
            ("segmenter",),
            0.25,
        ),
        StageConfig(
            "inpainter-128",
            replace(_inpainter, training=replace(_inpainter.training, batch_size=2, steps=320, generator_rate=1e-3)),
            (("segmenter",),),
            ("inpainter-64", "segmenter"),
            0.5,
        ),
        StageConfig("together", _together, (), ("inpainter-128", "inpainter-64", "segmenter"), 1.3),
    ),
)
