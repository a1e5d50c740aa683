"""python -m seigan_tf.cli.stage FOLDER NAME STAGES LABEL: train a stage of the recipe in a run folder, or resume it.

train.py starts this for each training of a recipe, so that none inherits memory or random state from the one before.
STAGES are the trainings of the command, separated by commas.
"""

import sys
from pathlib import Path

from seigan_tf.cli.errors import exit_code_of
from seigan_tf.cli.train import train
from seigan_tf.training.recipe import RecipeRun
from seigan_tf.training.run_folder import RunFolder


def run(folder: str, name: str, stages: str, label: str) -> None:
    """Train the stage to its end."""
    recipe = RecipeRun.load(RunFolder(Path(folder)))
    config, place = recipe.stage_config(name), recipe.stage_folder(name)
    place.path.mkdir(exist_ok=True)
    if config.training.teachers:
        recipe.folder.teacher_masks.mkdir(exist_ok=True)
    train(config, place, recipe.share(name, stages.split(","), label))


if __name__ == "__main__":
    if code := exit_code_of(lambda: run(*sys.argv[1:])):
        raise SystemExit(code)
