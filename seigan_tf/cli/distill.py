"""python -m seigan_tf distill: train a segmenter on the masks of trained ones."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Annotated

import tyro

from seigan_tf.cli.options import Preset, check_left_alone, parse_with_preset
from seigan_tf.cli.train import new_folder, train
from seigan_tf.config import Config

DESCRIPTION = """Train a small segmenter, or a new one of the same kind, on the masks of trained ones.

  python -m seigan_tf distill --teachers runs/cats --preset mobile --name cats-small \\
      --data.images DIR --data.annotations FILE
  python train.py --preset mobile --name cats-mobile --training.start-from runs/cats-small \\
      --networks.mask-gradient-scale 0 --losses.box-projection 0 --losses.box-outside 0 --losses.box-pairwise 0 ...

The first command writes runs/cats-small, a model whose segmenter alone is trained: on the teacher's masks, enlarged if
they end before their boxes do, refined as `cut` refines masks, without the 30 % that agree least with GrabCut and box;
with several teachers, on the means of their masks. The second keeps that segmenter and trains inpainter and enhancer
around it. No other annotations than boxes are needed.

This is train.py with --training.task distill and --training.teachers: `python train.py --name cats-small --resume`
continues an interrupted run.
"""

SET_HERE = {"training.task": "the task is distill", "training.teachers": "expected --teachers"}
"""Settings that the command sets itself, and the advice to who gives them."""


@dataclass(frozen=True)
class Options:
    teachers: tuple[str, ...] = ()
    """Shipped names, run folders or .keras files."""
    preset: Preset = "mobile"
    config: Annotated[Config, tyro.conf.arg(name="")] = field(default_factory=Config)


def run(arguments: Sequence[str]) -> None:
    """Train as the arguments say."""
    options = parse_with_preset(Options, arguments, "distill", DESCRIPTION, Options.preset)
    if not options.teachers:
        raise ValueError("--teachers is not given, expected run folders, .keras files or names of shipped weights")
    check_left_alone(options.config, options.preset, SET_HERE)
    training = replace(options.config.training, task="distill", teachers=options.teachers)
    folder = new_folder(Path("runs"), options.config.name, arguments)
    train(replace(options.config, name=folder.name, training=training), folder)
