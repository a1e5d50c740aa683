"""Real photographs with boxes: VGG-19 encoder, box terms and the full cycle.

    python train.py --preset boxes --data.images DIR --data.annotations FILE \
        --data.val-images DIR --data.val-annotations FILE --vgg-weights imagenet

The box terms train the segmenter for 500 steps, then the full cycle trains all networks for 500 more. On 700
photographs of cats that takes 20 minutes on one CPU core with --training.precision mixed_bfloat16, which halves the
time if the processor has instructions for it. The masks have IoU 0.82 (three seeds); the ellipse in the box has 0.664
(`python -m seigan_tf table1`, docs/experiments.md). On cats, persons and pets, which fill 0.50 to 0.63 of their boxes,
the masks come from the box terms, and the cycle trains erasing and pasting; on horses, which fill 0.39, it adds to the
masks too (IoU 0.80, three seeds). Four sets make no rule: if objects fill little of their boxes, compare `table1
--methods box_terms seigan` on photographs with masks. All sets but horses were measured before `mask_saturation`.
"""

from seigan_tf import config

CONFIG = config.Config(
    name="boxes",
    networks=config.NetworksConfig(
        size=64,
        segmenter=config.BackboneConfig("vgg19", 48, 4),
        inpainter=config.BackboneConfig("unet", 24, 4),
        enhancer=config.BackboneConfig("unet", 16, 4),
        discriminator=config.DiscriminatorConfig(24, 4),
        vgg_weights="imagenet",
        confine_mask=True,
        composite_inpainting=True,
        mask_input=True,
        prefill=True,
        # Unscaled, the gradient from the cycle makes the mask, which the box terms train, too thin.
        mask_gradient_scale=0.1,
        replay_size=64,
        ema_decay=0.99,
    ),
    losses=config.LossesConfig(
        # VGG-19 features differ by tens; these weights bring their terms to the size of the others.
        background_texture=0.005,
        background_perceptual=0.01,
        object_perceptual=0.01,
        background_mae=3.0,
        object_mae=3.0,
        object_identity=3.0,
        background_identity=3.0,
        box_projection=1.0,
        box_pairwise=1.0,
        # Without it some seeds' masks do not change in the cycle (docs/experiments.md, "Horses").
        mask_saturation=0.01,
    ),
    data=config.DataConfig(source="auto", max_object_fraction=0.9, zoom=0.15, shift=0.06),
    training=config.TrainingConfig(
        batch_size=8,
        steps=1000,
        pretrain_steps=500,
        generator_rate=5e-4,
        discriminator_rate=2e-4,
        decay_fraction=0.4,
        samples_every=2,
    ),
)
