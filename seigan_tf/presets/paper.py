"""The literal paper: every setting that it states, and CycleGAN's rates, schedule and λ where it is silent.

Not CycleGAN's: batches of 8 instead of 1, and the weights of the VGG-19 terms, which it does not have; they are ours.

    python train.py --preset paper --data.source coco --data.images DIR --data.annotations FILE \
        --data.val-images DIR --data.val-annotations FILE

For a GPU: a crop costs 4.5 s per step on two CPU cores (benchmarks/step.py). Expect 0.76 on COCO if it repeats the
paper (Table 1). It is not trained to its end here; on cats, at 64 px and narrow, the mask was all ones by step 200.
"""

from seigan_tf.config import (
    BackboneConfig,
    Config,
    DataConfig,
    DiscriminatorConfig,
    LossesConfig,
    NetworksConfig,
    TrainingConfig,
)


def config() -> Config:
    return Config(
        name="paper",
        networks=NetworksConfig(
            size=128,
            segmenter=BackboneConfig("resnet", 64, 9),
            inpainter=BackboneConfig("unet", 64, 5),
            enhancer=BackboneConfig("unet", 64, 5),
            discriminator=DiscriminatorConfig(64, 5),
            vgg_weights="imagenet",
            replay_size=50,
        ),
        losses=LossesConfig(
            # VGG-19 features differ by tens; these weights bring their terms to the size of the others.
            background_texture=0.005,
            background_perceptual=0.01,
            object_perceptual=0.01,
            background_mae=10.0,
            object_mae=10.0,
            object_identity=5.0,
            background_identity=5.0,
        ),
        data=DataConfig(source="coco"),
        training=TrainingConfig(batch_size=8, steps=100_000, steps_per_epoch=1000, decay_fraction=0.5, samples_every=1),
    )
