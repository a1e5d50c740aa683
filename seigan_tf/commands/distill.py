"""python -m seigan_tf distill: a segmenter trained on the masks of a trained one."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Annotated

import tyro
from rich.console import Console

from seigan_tf import presets
from seigan_tf.cli import train as training_options
from seigan_tf.config import Config
from seigan_tf.training import run_folder

DESCRIPTION = """Train a small segmenter on the masks that a trained one gives, or a new one of the same kind.

  python -m seigan_tf distill --teacher runs/cats --preset mobile --name cats-small \\
      --data.source coco --data.images DIR --data.annotations FILE
  python train.py --preset mobile --name cats-mobile --training.start-from runs/cats-small \\
      --networks.mask-gradient 0 --losses.box-projection 0 --losses.box-outside 0 --losses.box-pairwise 0 ...

The first writes runs/cats-small, a model whose segmenter alone is trained: on the teacher's masks, enlarged if they
end before their boxes do, without the 30 % that agree least with GrabCut and box. The second keeps that segmenter and
trains inpainter and enhancer around it. Boxes remain all that anybody drew.

It is train.py with --training.task distill and --training.teacher: an interrupted run is continued with
`python train.py --name cats-small --resume`.
"""


@dataclass(frozen=True)
class Options:
    teacher: str = ""
    """Shipped name, run folder or .keras file."""
    preset: Annotated[str, tyro.conf.arg(metavar="|".join(presets.NAMES))] = "mobile"
    """Where the defaults of all settings below come from: of them segmenter, size, data and training are used."""
    config: Annotated[Config, tyro.conf.arg(name="")] = field(default_factory=Config)


def run(arguments: Sequence[str], console: Console | None = None) -> None:
    """Trains as the arguments say.

    Raises:
        ValueError: teacher, settings or data that cannot be used, or the name is taken.
        OSError: a file cannot be read or written.
        SystemExit: --help, or an argument that is unknown or of another type.
    """
    preset = training_options.preset_of(arguments, Options.preset)
    options = tyro.cli(
        Options,
        args=list(arguments),
        default=Options(preset=preset, config=presets.load(preset)),
        prog="python -m seigan_tf distill",
        description=DESCRIPTION,
    )
    if not options.teacher:
        raise ValueError("--teacher is not given, expected a run folder, a .keras file or the name of shipped weights")
    training = replace(options.config.training, task="distill", teacher=options.teacher)
    folder = run_folder.fresh(Path("runs"), options.config.name, exact=False)

    from seigan_tf.utils import quiet

    with quiet.native_messages_hidden():
        from seigan_tf.training import session
    session.run(replace(options.config, name=folder.name, training=training), folder, console)
