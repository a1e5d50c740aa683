"""The options of train.py, made from the dataclasses of the settings, and the run that they start."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Annotated, Any, NamedTuple

import tyro

from seigan_tf import presets
from seigan_tf.cli.options import Preset, check_crop_rules, preset_of
from seigan_tf.config import Config, to_dict
from seigan_tf.training import run_folder
from seigan_tf.training.run_folder import RunFolder
from seigan_tf.utils.quiet import native_messages_hidden

DESCRIPTION = f"""Train SEIGAN to cut an object out of its photograph, restore the background behind it, and paste it
into another one: from photographs and boxes, without masks.

Examples:

  python train.py
      synthetic pictures, small networks, minutes on a CPU
  python train.py --preset boxes --name cats --data.source coco --data.images DIR --data.annotations FILE
      your photographs, with boxes in COCO's JSON format
  python train.py --name cats --resume
      continue that run after an interruption

Presets: {", ".join(presets.NAMES)}. Each is a short file in seigan_tf/presets with its purpose, its cost and the score
to expect. All files of a run are in runs/NAME. KERAS_BACKEND=jax trains under JAX.
"""


@dataclass(frozen=True)
class Options:
    preset: Preset = "demo"
    resume: Annotated[bool, tyro.conf.FlagCreatePairsOff] = False
    """Continue runs/NAME with the settings saved there, of which only training.steps may change."""
    config: Annotated[Config, tyro.conf.arg(name="")] = field(default_factory=Config)


class Request(NamedTuple):
    """The run that the command line asks for."""

    config: Config
    folder: RunFolder  # a new folder or, to resume, that of the run
    renamed: bool  # the name of the run was taken, and it got another one


def run(arguments: Sequence[str]) -> None:
    """Train as the arguments say."""
    request = read_request(arguments)
    if request.renamed:
        print(f"The plain name is taken; this run is {request.folder.path} (--resume would continue the first).")
    train(request.config, request.folder)


def train(config: Config, folder: RunFolder) -> None:
    """Train without the messages of the import of TensorFlow."""
    try:
        with native_messages_hidden():
            from seigan_tf.training import trainer
    except ModuleNotFoundError:  # use alone is installed
        folder.discard_if_empty()
        raise
    trainer.train(config, folder)


def read_request(arguments: Sequence[str], root: Path = Path("runs")) -> Request:
    """Read the settings from the arguments, and make the run folder in `root` or find it there.

    Raises:
        ValueError: the preset is unknown, the name is taken, or there is no run to resume with these settings.
        OSError: the run folder cannot be written.
        SystemExit: after --help, or an argument is unknown or of another type.
    """
    preset = preset_of(arguments, Options.preset)
    options = _parse(arguments, Options(preset, config=presets.load_preset(preset)))
    name = options.config.name
    if options.resume:
        folder = run_folder.existing(root, name)
        # With the saved settings as defaults, all differences come from the arguments.
        saved = replace(folder.config(), name=folder.name)  # the folder may have been renamed
        asked = _parse(arguments, Options(preset, config=saved)).config
        _check_unchanged(saved, asked, folder)
        return Request(asked, folder, renamed=False)
    check_crop_rules(options.config.data, arguments)
    exact = any(argument == "--name" or argument.startswith("--name=") for argument in arguments)
    folder = run_folder.fresh(root, name, exact)
    return Request(replace(options.config, name=folder.name), folder, renamed=folder.name != name)


def _parse(arguments: Sequence[str], default: Options) -> Options:
    return tyro.cli(Options, args=list(arguments), default=default, prog="train.py", description=DESCRIPTION)


def _check_unchanged(saved: Config, asked: Config, folder: RunFolder) -> None:
    before, after = _flat(to_dict(saved)), _flat(to_dict(asked))
    for name, value in after.items():
        if before[name] != value and name != "training.steps":
            flag = name.removeprefix("networks.") if name == "networks.vgg_weights" else name
            raise ValueError(
                f"--{flag.replace('_', '-')}: {folder.path} was trained with {before[name]}, not {value}; a resumed"
                " run keeps its settings (training.steps may change): leave it out, or start a new run with another"
                " --name"
            )


def _flat(values: dict[str, Any], prefix: str = "") -> dict[str, Any]:
    flat: dict[str, Any] = {}
    for name, value in values.items():
        flat |= _flat(value, f"{prefix}{name}.") if isinstance(value, dict) else {prefix + name: value}
    return flat
