"""The options of train.py, made from the dataclasses of the settings, and the run that they start."""

import io
import os
import sys
from collections.abc import Sequence
from contextlib import redirect_stdout
from dataclasses import dataclass, field, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated, Any, NamedTuple

import tyro

from seigan_tf import presets
from seigan_tf.cli import recipe
from seigan_tf.cli.errors import exit_code_of
from seigan_tf.cli.options import check_data, flag_of, preset_of, say
from seigan_tf.config import Config, to_dict
from seigan_tf.training import run_folder
from seigan_tf.training.recipe import CLOSING, RecipeRun, Share, with_effort
from seigan_tf.training.run_folder import RunFolder
from seigan_tf.utils import processes
from seigan_tf.utils.quiet import native_messages_hidden

DESCRIPTION = f"""Train SEIGAN to cut an object out of its photograph, restore the background behind it, and paste it
into another one: from photographs and boxes, without masks.

Examples:

  python train.py
      synthetic pictures, small networks, minutes on a CPU
  python train.py --preset boxes --name cats --data.images DIR --data.annotations FILE
      your photographs, with boxes in any of the formats of docs/formats.md
  python train.py --preset phone --name birds --data.images DIR --data.annotations FILE
      a recipe: all trainings from your photographs to the files that a phone loads
  python train.py --name cats --resume
      continue that run after an interruption; of a recipe, in the stage that was interrupted

Presets: {", ".join((*presets.NAMES, *presets.RECIPES))}. Each is a short file in seigan_tf/presets with its purpose,
its cost and the score to expect. All files of a run are in runs/NAME. KERAS_BACKEND=jax trains under JAX.

Stages of phone: {", ".join((*(stage.name for stage in presets.RECIPES["phone"].stages), *CLOSING))}.
They share the settings {recipe.SHARED},
and take no others.
"""

SIGNALLED = 128
"""Exit codes above it are those of signals."""


@dataclass(frozen=True)
class Options:
    preset: Annotated[
        str,
        tyro.conf.arg(
            metavar="|".join((*presets.NAMES, *presets.RECIPES)), help="Source of the defaults of all settings below."
        ),
    ] = "demo"
    stages: tuple[str, ...] = ()
    """Stages of a recipe to run, by default all; "list" shows those of the run and their states. A stage takes the
    weights of the best stage before it that is among these or finished."""
    effort: float = 1.0
    """Steps of each stage of a recipe, relative to the preset: more for many photographs of many kinds."""
    stage_effort: dict[str, float] = field(default_factory=dict)
    """Stages whose steps are another multiple of the preset's, such as `inpainter-64 6 inpainter-128 6` for better
    fills."""
    resume: Annotated[bool, tyro.conf.FlagCreatePairsOff] = False
    """Continue runs/NAME with the settings saved there, of which only training.steps, --devices and the places of the
    same files may change, and none in recipes."""
    config: Annotated[Config, tyro.conf.arg(name="")] = field(default_factory=Config)


class Request(NamedTuple):
    """The run that the command line asks for."""

    config: Config
    folder: RunFolder  # a new folder or, to resume, that of the run
    recipe: RecipeRun | None = None  # in the same folder
    stages: tuple[str, ...] = ()  # of the recipe, to run now; or "list"


def run(arguments: Sequence[str]) -> None:
    """Train as the arguments say."""
    if processes.count() == 1:
        _run(read_request(arguments))
        return
    code = exit_code_of(lambda: _run_as_one_of_many(arguments))
    if code > SIGNALLED:  # all processes have stopped after the same step, and JAX's closing waits for all of them
        raise SystemExit(code)
    if code:  # without that closing, which waits for processes that are gone, or that wait for this one
        sys.stdout.flush()
        os._exit(code)


def _run_as_one_of_many(arguments: Sequence[str]) -> None:
    """Run as one of several processes. Every computation needs all of them, and the first writes the run folder.

    The others do the same work in a copy of the folder, and print errors only.
    """
    if not processes.index():
        _run(read_request(arguments))
        return
    with TemporaryDirectory() as copies, redirect_stdout(io.StringIO()):
        _run(read_request(arguments, copies=Path(copies)))


def _run(request: Request) -> None:
    if request.recipe is None:
        train(request.config, request.folder)
    elif request.stages == ("list",):
        recipe.show_list(request.recipe)
    else:
        recipe.run_stages(request.recipe, request.stages)


def train(config: Config, folder: RunFolder, share: Share | None = None) -> None:
    """Train without the messages of the import of TensorFlow."""
    try:
        with native_messages_hidden():
            from seigan_tf.training import trainer
    except BaseException:  # use alone is installed, or KERAS_BACKEND is none that trains
        folder.discard_if_empty()
        raise
    trainer.train(config, folder, share=share)


def read_request(arguments: Sequence[str], root: Path = Path("runs"), copies: Path | None = None) -> Request:
    """Read the settings from the arguments, and make the run folder in `root` or find it there.

    Args:
        arguments: of the command line.
        root: folder of the run folders.
        copies: folder for a copy of the run folder, in which to work instead.

    Raises:
        ValueError: the preset is unknown, the name is taken, or there is no run to resume with these settings.
        OSError: the run folder cannot be written.
        SystemExit: after --help, or an argument is unknown or of another type.
    """
    preset = preset_of(arguments, Options.preset)
    if preset in presets.RECIPES:
        _check_one_process()
    given = presets.RECIPES.get(preset)
    options = _parse(arguments, Options(preset, config=given.config if given else presets.load_preset(preset)))
    name, listed = options.config.name, options.stages == ("list",)
    if options.resume or (listed and RunFolder(root / name).holds_recipe):
        folder = run_folder.existing(root, name)
        run = RecipeRun.load(folder) if folder.holds_recipe else None
        if run:
            _check_one_process()
        # With the saved settings as defaults, all differences come from the arguments.
        saved = run.recipe.config if run else replace(folder.config(), name=folder.name)  # the folder may be renamed
        asked = _parse(arguments, Options(preset, config=saved)).config
        if flag := _effort_flag(options):
            raise ValueError(f"{flag}: given with --resume, which keeps the steps of the run; expected none")
        may_change = () if run else ("training.steps", "training.devices", *run_folder.MOVABLE)
        except_for = "" if run else " (training.steps, training.devices and the places of files may change)"
        advice = f"a resumed run keeps its settings{except_for}: leave it out, or start a new run with another --name"
        check_unchanged(saved, asked, folder, may_change, advice)
    else:
        check_data(options.config.data, arguments)
        if given:
            recipe.check_settings(options.config, given)
            given = with_effort(given, options.effort, options.stage_effort)
        folder = RunFolder(root / name) if listed else new_folder(root, name, arguments)
        asked = replace(options.config, name=folder.name)
        run = RecipeRun(folder, replace(given, config=asked), ()) if given else None
    if copies:
        folder = folder.copied(copies)
    if run is None:
        if flag := "--stages" if options.stages else _effort_flag(options):
            folder.discard_if_empty()
            raise ValueError(f"{flag}: this run has no stages, expected --preset {' or '.join(presets.RECIPES)}")
        return Request(asked, folder)
    if listed:
        return Request(asked, folder, run, options.stages)
    try:
        stages = recipe.choose(run, options.stages or run.chosen)
        recipe.check_vgg(run, stages)
    except ValueError:
        folder.discard_if_empty()
        raise
    if not options.resume:
        run = replace(run, chosen=stages)
        run.save()
    return Request(asked, folder, run, stages)


def new_folder(root: Path, name: str, arguments: Sequence[str]) -> RunFolder:
    """Make the folder of a new run in `root`.

    If the name is taken, a number is added to it and a line printed, unless --name is among the arguments: then the
    user means that run.

    Raises:
        ValueError: the name given is taken, or is not the name of a folder.
        OSError: the folder cannot be written.
    """
    given = any(argument == "--name" or argument.startswith("--name=") for argument in arguments)
    folder = run_folder.fresh(root, name, exact=given)
    if folder.name != name:
        first = RunFolder(root / name)
        say(f"{first.path} is taken; this run is {folder.path} (`{first.resume_command}` continues the first).")
    return folder


def _check_one_process() -> None:
    if processes.count() > 1:
        raise ValueError(f"{processes.COUNT}: {processes.count()}, but a recipe trains in one process; expected none")


def _effort_flag(options: Options) -> str:
    """Return the name of the flag that changes the steps of a recipe, or an empty text."""
    return "--effort" if options.effort != 1.0 else "--stage-effort" if options.stage_effort else ""


def _parse(arguments: Sequence[str], default: Options) -> Options:
    return tyro.cli(Options, args=list(arguments), default=default, prog="train.py", description=DESCRIPTION)


def check_unchanged(saved: Config, asked: Config, folder: RunFolder, may_change: Sequence[str], advice: str) -> None:
    """Raise ValueError with `advice` if a setting that may not change differs from that of the run in `folder`."""
    before, after = _flat(to_dict(saved)), _flat(to_dict(asked))
    for name, value in after.items():
        if before[name] != value and name not in may_change:
            raise ValueError(f"{flag_of(name)}: {folder.path} was trained with {before[name]}, not {value}; {advice}")


def _flat(values: dict[str, Any], prefix: str = "") -> dict[str, Any]:
    flat: dict[str, Any] = {}
    for name, value in values.items():
        flat |= _flat(value, f"{prefix}{name}.") if isinstance(value, dict) else {prefix + name: value}
    return flat
