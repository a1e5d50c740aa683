"""Small networks, for phones: depthwise-separable U-Nets, no VGG-19, box terms and the full cycle.

    python train.py --preset mobile --data.images DIR --data.annotations FILE \
        --data.val-images DIR --data.val-annotations FILE

4,000 steps of about 1.6 s on two CPU cores. No run has been trained to its end with these settings, so there is no
score to expect. The shipped weights have these networks, trained by preset `phone`: the segmenter learned from a large
one (seigan_tf/pretrained/cats/README.md).
"""

from seigan_tf import config

CONFIG = config.Config(
    name="mobile",
    networks=config.NetworksConfig(
        size=128,
        segmenter=config.BackboneConfig("unet", 16, 5, separable=True),
        inpainter=config.BackboneConfig("unet", 16, 5, separable=True),
        enhancer=config.BackboneConfig("unet", 8, 5, separable=True),
        discriminator=config.DiscriminatorConfig(16, 5),
        vgg_weights="none",
        confine_mask=True,
        composite_inpainting=True,
        mask_input=True,
        prefill=True,
        mask_dilation=3,
        mask_gradient_scale=0.1,
        replay_size=64,
        ema_decay=0.99,
    ),
    losses=config.LossesConfig(
        background_mae=3.0,
        object_mae=3.0,
        object_identity=3.0,
        background_identity=3.0,
        box_projection=1.0,
        box_outside=1.0,
        box_pairwise=1.0,
    ),
    data=config.DataConfig(source="auto", max_object_fraction=0.9),
    training=config.TrainingConfig(
        batch_size=8, steps=4000, generator_rate=1e-3, discriminator_rate=2e-4, decay_fraction=0.4, samples_every=5
    ),
)
