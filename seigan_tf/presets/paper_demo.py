"""The paper's game on synthetic pictures: its losses alone and no box terms; the box is used for cropping only.

    python train.py --preset paper-demo

450 steps: 2 to 3 minutes on two CPU cores, 1.5 GB. IoU 0.806, 0.826, 0.835 and 0.799 with seeds 0 to 3; the ellipse in
the box has 0.62, and the adversary on coarse pastes alone (NoCycle) ends at 0.27 with a mask of all ones.

Networks are as narrow as those of the demo, and there is no VGG-19. The paper does not say how it starts; the settings
marked with "start" are ours.
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
        prefill=True,  # start: without it G_inp learns the colours of photographs too slowly
        initial_mask=0.25,  # start
        replay_size=0,
        ema_decay=0.95,
    ),
    losses=config.LossesConfig(
        inpaint_gan_back=0.5,
        background_mae=12.0,
        object_mae=3.0,
        object_identity=3.0,
        # Against masks that are too wide: what they cover of y, which shows no object, has to be restored.
        background_identity=40.0,
    ),
    data=config.DataConfig(source="synthetic"),
    training=config.TrainingConfig(
        batch_size=8,
        steps=450,
        pretrain_steps=150,
        pretrain_discriminators=True,  # start
        pretrain_identity=True,  # start
        generator_rate=3e-4,
        discriminator_rate=6e-4,
        decay_fraction=0.2,
        steps_per_epoch=50,
        samples_every=2,
    ),
)
