"""The paper's networks and losses with a start of this project's own; CycleGAN's rates, schedule and λ.

The paper does not state these, nor how training starts: the settings marked with "start" are those of `paper-demo`.
One of them, `prefill`, changes G_inp: it adds to the colours around the hole, where the paper's draws a whole picture.
Of neither paper are batches of 8 (CycleGAN: 1) and the weights of the VGG-19 terms, which CycleGAN lacks. Without the
start: `--networks.no-prefill --networks.initial-mask None --training.pretrain-steps 0 --training.discriminator-rate
2e-4`.

    python train.py --preset paper --data.images DIR --data.annotations FILE \
        --data.val-images DIR --data.val-annotations FILE

For a GPU: a crop costs 4.5 s per step on two CPU cores (benchmarks/step.py). The paper has IoU 0.76 on COCO (Table 1).
No run has been trained to its end. Without this start, on cats, at 64 px and with narrow networks, the mask was all
ones by step 200. With it the game works on synthetic pictures (`paper-demo`); on a few hundred photographs it needs
discriminators on VGG-19 features (`paper-photos`).
"""

from seigan_tf import config

CONFIG = config.Config(
    name="paper",
    networks=config.NetworksConfig(
        size=128,
        segmenter=config.BackboneConfig("resnet", 64, 9),
        inpainter=config.BackboneConfig("unet", 64, 5),
        enhancer=config.BackboneConfig("unet", 64, 5),
        discriminator=config.DiscriminatorConfig(64, 5),
        vgg_weights="imagenet",
        prefill=True,  # start
        initial_mask=0.25,  # start
        replay_size=50,
    ),
    losses=config.LossesConfig(
        # VGG-19 features differ by tens; these weights bring their terms to the size of the others.
        background_texture=0.005,
        background_perceptual=0.01,
        object_perceptual=0.01,
        background_mae=10.0,
        object_mae=10.0,
        object_identity=5.0,
        background_identity=5.0,
    ),
    data=config.DataConfig(source="auto"),
    training=config.TrainingConfig(
        batch_size=8,
        steps=100_000,
        pretrain_steps=1000,
        pretrain_discriminators=True,  # start
        pretrain_identity=True,  # start
        discriminator_rate=4e-4,  # start: twice that of the generators
        decay_fraction=0.5,
        steps_per_epoch=1000,
        samples_every=1,
    ),
)
