"""The command line of train.py, made from the settings' dataclasses. Nothing heavy is imported here."""

import argparse
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Annotated, Any, NamedTuple

import tyro

from seigan_tf import presets
from seigan_tf.config import Config, to_dict
from seigan_tf.training import run_folder
from seigan_tf.training.run_folder import RunFolder
from seigan_tf.utils import quiet

DESCRIPTION = f"""Train SEIGAN to cut an object out of its photograph, restore the background behind it, and paste it
into another one: from photographs and boxes, without masks.

Examples:

  python train.py
      synthetic pictures, small networks, minutes on a CPU
  python train.py --preset boxes --name cats --data.source coco --data.images DIR --data.annotations FILE
      your photographs, with boxes in COCO's JSON format
  python train.py --name cats --resume
      continue where that run was interrupted

Presets: {", ".join(presets.NAMES)}. Each is a short file in seigan_tf/presets that says what it is for, what it costs
and what score to expect. Everything a run writes lies in runs/NAME. KERAS_BACKEND=jax trains under JAX.
"""


@dataclass(frozen=True)
class Options:
    preset: Annotated[str, tyro.conf.arg(metavar="|".join(presets.NAMES))] = "demo"
    """Where the defaults of all settings below come from. Not needed with --resume."""
    resume: Annotated[bool, tyro.conf.FlagCreatePairsOff] = False
    """Continue runs/NAME with the settings saved there; of those, only training.steps may be changed."""
    config: Annotated[Config, tyro.conf.arg(name="")] = field(default_factory=Config)


class Request(NamedTuple):
    """What the command line asks for."""

    config: Config
    folder: RunFolder
    """Made for a new run; one that holds a run for a resumed one."""
    renamed: bool
    """The run's name was taken, so it got another one."""


def read(arguments: Sequence[str], root: Path = Path("runs")) -> Request:
    """Settings and run folder from the arguments of the command line.

    Args:
        arguments: without the program's name.
        root: the folder of the run folders.

    Raises:
        ValueError: unknown preset; no run to resume, or one with other settings; name taken.
        OSError: the run folder cannot be written.
        SystemExit: --help, or an argument that is unknown or of another type.
    """
    preset = preset_of(arguments, Options.preset)
    options = _parse(arguments, Options(preset, config=presets.load(preset)))
    name = options.config.name
    if options.resume:
        folder = run_folder.existing(root, name)
        # With the saved settings as defaults, what differs is what was asked for.
        saved = replace(folder.config(), name=folder.name)  # the folder may have been renamed
        asked = _parse(arguments, Options(preset, config=saved)).config
        _check_unchanged(saved, asked, folder)
        return Request(asked, folder, renamed=False)
    exact = any(argument == "--name" or argument.startswith("--name=") for argument in arguments)
    folder = run_folder.fresh(root, name, exact)
    return Request(replace(options.config, name=folder.name), folder, renamed=folder.name != name)


def preset_of(arguments: Sequence[str], default: str) -> str:
    """The preset that the arguments name, before the settings that it brings are known."""
    parser = argparse.ArgumentParser(add_help=False, allow_abbrev=False)
    parser.add_argument("--preset", default=default, nargs="?")
    name = parser.parse_known_args(arguments)[0].preset
    # Without a value tyro's own message is the better one.
    return default if name is None else name


def _parse(arguments: Sequence[str], default: Options) -> Options:
    return tyro.cli(Options, args=list(arguments), default=default, prog="train.py", description=DESCRIPTION)


def _check_unchanged(saved: Config, asked: Config, folder: RunFolder) -> None:
    before, after = _flat(to_dict(saved)), _flat(to_dict(asked))
    changed = [name for name in after if before[name] != after[name] and name != "training.steps"]
    if changed:
        name = changed[0]
        flag = name.removeprefix("networks.") if name == "networks.vgg_weights" else name
        raise ValueError(
            f"--{flag.replace('_', '-')}: {folder.path} was trained with {before[name]}, not {after[name]}; a resumed "
            "run keeps its settings (training.steps may change): leave it out, or start a new run with another --name"
        )


def _flat(values: dict[str, Any], prefix: str = "") -> dict[str, Any]:
    flat = {}
    for name, value in values.items():
        flat |= _flat(value, f"{prefix}{name}.") if isinstance(value, dict) else {prefix + name: value}
    return flat


def run(arguments: Sequence[str]) -> None:
    """Train as the arguments say."""
    request = read(arguments)
    if request.renamed:
        print(f"The plain name is taken; this run is {request.folder.path} (--resume would continue the first).")
    with quiet.native_messages_hidden():
        from seigan_tf.training import session
    session.run(request.config, request.folder)
