"""Run a recipe: its trainings, then packed weights, export and evaluation, one process each, and the closing table."""

import itertools
import shutil
import signal
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from seigan_tf.cli.child_process import export_module, run_module
from seigan_tf.cli.options import flag_of, say
from seigan_tf.cli.recipe_summary import show
from seigan_tf.cli.vgg_weights import check_vgg_weights
from seigan_tf.config import Config, Recipe, check_networks
from seigan_tf.training.recipe import CLOSING, EVALUATION, EXPORT, PACKED, RecipeRun

SHARED = (
    "--data, --networks.seed, --networks.outside-contrast, --networks.segmenter.width, --vgg-weights and"
    " --training.precision"
)
"""Settings that all stages of a recipe take."""
INTERRUPTED = (128 + signal.SIGINT, 128 + signal.SIGTERM)
"""Exit codes of a stage that got a signal, if only after its last file: the user wants no further stage."""


class StageFailed(RuntimeError):
    """A stage did not reach its end, or an export exceeds a budget.

    Args:
        message: one line.
        exit_code: that of the stage.
    """

    def __init__(self, message: str, exit_code: int):
        super().__init__(message)
        self.exit_code = exit_code


def check_settings(config: Config, recipe: Recipe) -> None:
    """Raise ValueError if a setting is given that the stages of a recipe do not share, or VGG-19 is left out."""
    if config.networks.vgg_weights == "none":
        raise ValueError("--vgg-weights none: networks of this preset read VGG-19, expected imagenet or a path")
    check_networks(config.networks)
    if (width := config.networks.segmenter.width) < 1:
        raise ValueError(f"networks.segmenter.width: {width}; expected at least 1")
    given, networks, training = recipe.config, config.networks, config.training
    shared = {
        "networks": replace(
            given.networks,
            seed=networks.seed,
            vgg_weights=networks.vgg_weights,
            outside_contrast=networks.outside_contrast,
            segmenter=replace(given.networks.segmenter, width=width),
        ),
        "losses": given.losses,
        "training": replace(given.training, precision=training.precision),
    }
    for section, expected in shared.items():
        for field, value in vars(getattr(config, section)).items():
            if value != getattr(expected, field):
                raise ValueError(
                    f"{flag_of(f'{section}.{field}')}: every stage of this preset has its own, expected only {SHARED}"
                )


def choose(run: RecipeRun, names: Sequence[str]) -> tuple[str, ...]:
    """Return stages in the recipe's order; all if no name is given.

    Raises:
        ValueError: there is no such stage, or one needs the weights of another that is neither chosen nor finished.
    """
    for name in names:
        if name not in run.names:
            raise ValueError(f"--stages: no stage is called {name!r}; there are {', '.join(run.names)}")
    chosen = tuple(name for name in run.names if not names or name in names)
    there = {stage.name for stage in run.recipe.stages if stage.name in chosen or run.finished(stage.name)}
    needs = {}
    for stage in run.recipe.stages:
        teachers = tuple(dict.fromkeys(itertools.chain(*stage.teachers)))
        needs[stage.name] = [taken for taken in (teachers, stage.starts) if taken]
    whole = tuple(stage.name for stage in run.recipe.stages if stage.trains_all_networks)
    for name in chosen:
        for needed in needs.get(name, [whole]):
            if not there.intersection(needed) and not run.finished(name):
                raise ValueError(f"--stages: {name} needs {' or '.join(needed)}, expected one of them as well")
    return chosen


def show_list(run: RecipeRun) -> None:
    """Print all stages and their states."""
    for name in run.names:
        begun = name not in CLOSING and run.stage_folder(name).holds_run
        state = "finished" if run.finished(name) else "begun" if begun else "not begun"
        steps = "" if name in CLOSING else f", {run.stage(name).config.training.steps} steps"
        say(f"{name}: {state}{steps}")


def run_stages(run: RecipeRun, chosen: Sequence[str]) -> None:
    """Run the chosen stages that are not finished, and print the closing table.

    Raises:
        ValueError: a file of the run is damaged, or another process runs its stages.
        StageFailed: a stage failed or was interrupted; those before it are kept.
    """
    trainings = [name for name in chosen if name not in CLOSING]
    with run.folder.recipe_held():
        try:
            exceeded = _run_stages(run, chosen, trainings)
        finally:
            if all(run.finished(name) for name in trainings):  # no stage asks a teacher any more
                shutil.rmtree(run.folder.teacher_masks, ignore_errors=True)
    show(run)
    if exceeded is not None:
        raise exceeded


def _run_stages(run: RecipeRun, chosen: Sequence[str], trainings: Sequence[str]) -> StageFailed | None:
    """Return the failure of an export that exceeds a budget; other failures end the run."""
    exceeded = None
    for number, name in enumerate(chosen, 1):
        label = f"stage {number} of {len(chosen)}"
        if run.finished(name):
            say(f"{label}, {name}: finished")
            continue
        if name == EVALUATION and (reason := _not_measurable(run)):
            say(f"{label}, {name}: left out, {reason}")
            continue
        say(f"{label}, {name}")
        ended = run_module(_command(run, name, trainings, label))
        message = f"{label}, {name}: {ended.message or f'exit code {ended.code}, see above'}"
        if ended.code in INTERRUPTED or not run.finished(name):
            command = run.folder.resume_command
            if not run.discard_if_not_begun() and command not in message:
                message += f"; what is finished is kept, continue with: {command}"
            raise StageFailed(message, ended.code or 1)
        if ended.code:  # An export that exceeds a budget is complete all the same.
            exceeded = StageFailed(message, ended.code)
    return exceeded


def check_vgg(run: RecipeRun, chosen: Sequence[str]) -> None:
    """Raise ValueError if a stage has to be trained and there are no VGG-19 weights for it."""
    if not all(run.finished(name) for name in chosen if name not in CLOSING):
        check_vgg_weights(run.recipe.config.networks.vgg_weights)


def _command(run: RecipeRun, name: str, trainings: Sequence[str], label: str) -> list[str]:
    """Return module and arguments of a stage."""
    data, trained = run.recipe.config.data, run.trained()
    if name not in CLOSING:
        return ["seigan_tf.cli.stage", str(run.folder.path), name, ",".join(trainings), label]
    weights = ["--weights", str(trained.path if trained else "")]
    if name == PACKED:
        return [f"{export_module()}.pack", *weights, "--out", str(run.packed)]
    if name == EXPORT:
        # To the files of a killed export the next would add a second version of the SavedModel.
        shutil.rmtree(run.export, ignore_errors=True)
        run.export.mkdir(exist_ok=True)  # an existing folder also holds what is unfinished
        # The command finds the photographs of the run, but no other than those of the validation to compare on.
        photos = {} if data.val_images else {"images": data.images, "annotations": data.annotations}
        return [export_module(), *weights, "--out", str(run.export), *_options(photos)]
    run.sheet.parent.mkdir(exist_ok=True)
    return [
        *("seigan_tf", "evaluate", *weights, "--source", data.source),
        *_options({"images": data.val_images, "annotations": data.val_annotations}),
        *("--min-short-side", str(data.min_short_side), "--max-object-fraction", str(data.max_object_fraction)),
        *("--min-aspect", str(data.min_aspect), "--max-bad", str(data.max_bad)),
        *("--vgg-weights", run.recipe.config.networks.vgg_weights),
        *(("--classes", *data.classes) if data.classes else ()),
        *(() if data.max_covered is None else ("--max-covered", str(data.max_covered))),
        *("--json", str(run.scores), "--sheet", str(run.sheet)),
    ]


def _options(paths: dict[str, Path | None]) -> list[str]:
    return [part for name, path in paths.items() if path is not None for part in (f"--{name}", str(path))]


def _not_measurable(run: RecipeRun) -> str:
    """Return the reason why `evaluate` cannot measure the objects on which the run validates; empty if it can."""
    data, trained = run.recipe.config.data, run.trained()
    if not data.reads_annotations or data.val_images is None:
        return "there are no validation photographs (--data.val-images)"
    report = trained.report() if trained else None
    return "" if report and report["count"] else "the validation photographs have no masks"
