"""The paper's game on synthetic pictures: its losses alone, no box terms; the box only crops.

    python train.py --preset paper-demo

450 steps: about 3 minutes on two CPU cores, 1.5 GB. For the IoU, see "The paper's game" in docs/experiments.md.

Networks are as narrow as those of the demo, and there is no VGG-19. The paper is silent about the settings marked
"ours". Without any of them the mask becomes all ones or all zeros.
"""

from seigan_tf import config

CONFIG = config.Config(
    name="paper-demo",
    networks=config.NetworksConfig(
        size=48,
        segmenter=config.BackboneConfig("resnet", 8, 3),
        inpainter=config.BackboneConfig("unet", 10, 3),
        enhancer=config.BackboneConfig("unet", 6, 3),
        discriminator=config.DiscriminatorConfig(16, 3),
        vgg_weights="none",
        prefill=True,  # ours
        initial_mask=0.25,  # ours
        replay_size=0,
        ema_decay=0.95,  # ours
    ),
    losses=config.LossesConfig(
        inpaint_gan_back=0.5,
        background_mae=20.0,
        object_mae=3.0,
        object_identity=3.0,
        # Against masks that are too wide: a mask on y, which shows no object, is worth nothing else to the networks.
        background_identity=60.0,
    ),
    data=config.DataConfig(source="synthetic"),
    training=config.TrainingConfig(
        batch_size=8,
        steps=450,
        pretrain_steps=150,
        pretrain_discriminators=True,  # ours
        pretrain_identity=True,  # ours
        generator_rate=3e-4,
        discriminator_rate=6e-4,
        decay_fraction=0.2,
        steps_per_epoch=50,
        samples_every=2,
    ),
)
