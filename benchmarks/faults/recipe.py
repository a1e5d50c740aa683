"""python -m benchmarks.faults.recipe ARGUMENTS: train.py whose preset phone has tiny networks and few steps.

Stages, their order, their processes and their files are those of the preset; all eleven take three minutes
of a core.
"""

from dataclasses import replace

from seigan_tf import cli, presets
from seigan_tf.config import BackboneConfig, Config, DiscriminatorConfig, Recipe

STEPS = 6
TERMS = "inpaint_gan", "enhance_gan", "background_mae", "box_projection"
"""Terms that stay: they train every network, and a step of them is traced quickly."""


def tiny(recipe: Recipe) -> Recipe:
    """Return the recipe with the smallest networks and three epochs of two steps in each training."""
    stages = tuple(replace(stage, config=_tiny(stage.config)) for stage in recipe.stages)
    networks = replace(recipe.config.networks, segmenter=stages[-1].config.networks.segmenter)
    return replace(recipe, config=replace(recipe.config, networks=networks), stages=stages)


def _tiny(config: Config) -> Config:
    form = BackboneConfig("unet", 4, 1)
    networks = replace(
        config.networks, size=32, segmenter=form, inpainter=form, enhancer=form, replay_size=4,
        discriminator=DiscriminatorConfig(4, 1),
    )  # fmt: skip
    pretrain = min(config.training.pretrain_steps, 2)
    training = replace(
        config.training, batch_size=2, steps=STEPS, pretrain_steps=pretrain, steps_per_epoch=2, samples_every=1
    )
    return replace(config, networks=networks, losses=config.losses.only(*TERMS), training=training)


if __name__ == "__main__":
    presets.RECIPES["phone"] = tiny(presets.RECIPES["phone"])
    cli.main()
