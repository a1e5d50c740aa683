"""The trainer: one run of any task, from its settings to its report."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType
from typing import Any, NamedTuple

import keras
from rich.console import Console

from seigan_tf.config import Config, TrainingConfig, check_training
from seigan_tf.data.crop_set import Crops
from seigan_tf.data.loading import crop_settings, load_crops
from seigan_tf.data.planning.report import report_lines
from seigan_tf.inference.loading import load_model
from seigan_tf.inference.transfer import transfer_weights
from seigan_tf.inference.weights import MODEL_FILE
from seigan_tf.losses.terms import trained_networks
from seigan_tf.training import backend, callbacks, checkpoint, devices, facts, report, samples, tasks
from seigan_tf.training.callbacks import Position
from seigan_tf.training.callbacks.checkpointing import Interrupted, SignalCatcher
from seigan_tf.training.callbacks.recording import save_grid
from seigan_tf.training.recipe import Share
from seigan_tf.training.run_folder import MOVABLE, RunFolder
from seigan_tf.training.samples import Samples
from seigan_tf.training.tasks import CycleTask, Task
from seigan_tf.utils.console import plain_console
from seigan_tf.utils.digest import sha256_of_arrays
from seigan_tf.utils.progress import bar

REMEDY = "restore them, or start a new run with another --name"
"""Advice to who resumes a run whose files have changed."""


def train(config: Config, folder: RunFolder, console: Console | None = None, share: Share | None = None) -> dict:
    """Train to the last step, from the beginning or from the newest checkpoint in `folder`.

    Args:
        config: all settings; for a resumed run those saved in its folder, except `training.steps`, which may
            differ, and those of MOVABLE, which may name the same files elsewhere. Prepared crops have their own
            CROP_RULES, which are saved in the place of those given.
        folder: that of a new run, without config.json, or of a run to resume.
        console: destination of progress and closing table; default: standard output.
        share: place of the run among the stages of a recipe, for the display of progress.

    Returns:
        The report, as in report.json.

    Raises:
        ValueError: settings, data or a checkpoint cannot be used; the message names which.
        OSError: the run folder cannot be written.
        Stopped: a signal interrupted the run, or a loss or weight is not finite; the last good checkpoint is kept.
    """
    console = console or plain_console()
    finished = folder.report()
    if finished and finished["cost"]["steps"] >= config.training.steps:
        console.print(f"{folder.path} is finished: nothing is left to train", soft_wrap=True)
        report.show(finished, folder.samples / "latest.png", folder.path, console)
        return finished
    with folder.held():
        return _train(config, folder, console, share)


def _train(config: Config, folder: RunFolder, console: Console, share: Share | None) -> dict:
    try:
        check_training(config.training)
        config = replace(config, data=crop_settings(config.data))
        folder.check_crops(config.data)
        part = devices.use(config.training.devices, config.training.batch_size)  # before anything is computed
        precision = backend.chosen_precision(config.training.precision, console, devices.largest)
        config = replace(config, training=replace(config.training, precision=precision))
        backend.prepare(config.networks.seed, config.training.precision)
        task = tasks.make(config, part)
        begun = _restore(task, folder, config.training.steps)
        _check_movable(begun, folder, config)
        if not begun.position.step:
            for source in config.training.start_from:
                _start_from(source, task, console)
        with bar(console, "reading photographs") as progress:
            crops = load_crops(config.data, config.networks.size, progress)
        noted = _facts(crops, task)
        _check_same(begun, noted, config)
        for path, earlier in share.files if share else ():
            facts.check_same({name: earlier[name] for name in facts.SAME_AT_ANY_SIZE}, noted, config, path, REMEDY)
        for line in report_lines(crops.report):
            console.print(line, soft_wrap=True)
        task.read(crops, console)
        noted |= task.facts()
        _check_same(begun, noted, config)
    except BaseException:
        folder.discard_if_empty()
        raise
    folder.save_config(config)
    if not task.trains_masks:
        crops = crops._replace(evaluation=None)
    shown = samples.choose(crops, with_backgrounds=task.shows_pastes)
    position, signalled = _fit(task, crops, shown, config.training, folder, begun, noted, console, share)
    result = report.measure(task.seigan, crops.evaluation, position, config.training.batch_size, folder.metrics)
    result |= {"data": crops.report, "facts": noted}
    latest = save_grid(task.seigan, shown, folder.samples, "final.png")
    folder.save_report(result)
    report.show(result, latest, folder.path, console)
    if signalled:  # while the last step was saved; a recipe must not go on
        raise Interrupted(f"interrupted after the last step; {folder.path} is finished", signalled)
    return result


class Begun(NamedTuple):
    """A run as its newest checkpoint has it."""

    position: Position = Position()
    metrics: Mapping[str, float] = MappingProxyType({})
    """Sums of the metrics of an epoch that is not complete."""
    facts: Mapping[str, Any] | None = None
    """Facts of the files that it read."""
    path: Path | None = None
    """The checkpoint."""


def _restore(task: Task, folder: RunFolder, steps: int) -> Begun:
    saved = checkpoint.load_latest(folder.checkpoint)
    if saved is None:
        return Begun()
    try:
        metrics, facts = saved.progress.pop("metrics"), saved.progress.pop("crops", None)
        backend, here = saved.progress.pop("backend"), keras.backend.backend()
        if backend != here:
            raise ValueError(f"was trained with KERAS_BACKEND={backend}, not {here}; set it, or start a new run")
        task.model.restore(saved.state)
        position = Position(**saved.progress)
    except ValueError as error:
        raise ValueError(f"{saved.path}: {error}") from None
    if position.step > steps:
        raise ValueError(f"--training.steps: {steps}, but {saved.path} has {position.step} steps already")
    return Begun(position, metrics, facts, saved.path)


def _check_movable(begun: Begun, folder: RunFolder, config: Config) -> None:
    """Raise ValueError if files are said to be elsewhere, and the run has no digest to compare them by."""
    if begun.path is None or not folder.holds_run:
        return
    before = folder.config()
    for setting, fact in MOVABLE.items():
        section, name = setting.split(".")
        then, now = (getattr(getattr(one, section), name) for one in (before, config))
        if then != now and fact not in (begun.facts or {}):
            raise ValueError(
                f"{setting}: {now}, but {folder.path} was trained with {then} and noted nothing to compare them by;"
                " expected the same"
            )


def _facts(crops: Crops, task: Task) -> dict[str, Any]:
    """Return JSON values that tell whether a resumed run has the files with which it began.

    These are facts of its crops and teachers, and a digest of VGG-19's weights.
    """
    vgg, named = task.seigan.vgg, task.config.networks.vgg_weights
    digest = named if vgg is None or named == "random" else sha256_of_arrays(vgg.vgg.get_weights())
    return {**facts.of_crops(crops), **facts.of_teachers(task.config), "vgg": digest}


def _check_same(begun: Begun, now: Mapping[str, Any], config: Config) -> None:
    """Raise ValueError if files are others than those with which the run began, as far as it noted them."""
    if begun.path is not None:
        facts.check_same(begun.facts or {}, now, config, begun.path, REMEDY)


def _start_from(name: str, task: Task, console: Console) -> None:
    source, model = load_model(name), task.seigan
    taken = transfer_weights(model, source)
    if not taken:
        raise ValueError(f"training.start_from: {name} has no network with the settings of this run")
    line = f"from {name}: {', '.join(taken)}"
    other = []
    if source.object_fraction != model.object_fraction:
        other.append(f"objects of {source.object_fraction:g} of the crops' sides, not {model.object_fraction:g}")
    contrasts = [one.networks.outside_contrast for one in (source, model)]
    if "segmenter" in taken and contrasts[0] != contrasts[1]:
        other.append("crops of contrast {:g} outside the box, not {:g}".format(*contrasts))
    if other:
        if "segmenter" in taken and not _trains_segmenter(task):
            raise ValueError(
                f"training.start_from: the segmenter of {name} was trained on {' and on '.join(other)}, and this run"
                " does not train it; expected its data.object_fraction and networks.outside_contrast"
            )
        line += f", trained on {' and on '.join(other)}"
    console.print(line, soft_wrap=True)


def _trains_segmenter(task: Task) -> bool:
    if not isinstance(task, CycleTask):
        return task.trains_masks
    return "segmenter" in trained_networks(task.seigan.losses_config, task.seigan.networks.mask_gradient_scale)


class Stretch(NamedTuple):
    """The steps of one call of `fit`, in epochs of one length."""

    start: int
    initial_epoch: int
    epochs: int
    steps_per_epoch: int


def stretches(start: int, ends: Sequence[int], steps_per_epoch: int) -> Iterator[Stretch]:
    """Split the steps after `start` so that epochs end at `ends` and at multiples of `steps_per_epoch`.

    The epochs of a resumed run therefore end at the same steps. Before each of `ends` lie at most three stretches: the
    rest of an epoch, whole epochs, and a shorter last one.
    """
    for last in ends:
        whole = last // steps_per_epoch
        while start < last:
            epoch = start // steps_per_epoch
            if start % steps_per_epoch == 0 and epoch < whole:
                yield Stretch(start, epoch, whole, steps_per_epoch)
                start = whole * steps_per_epoch
            else:
                end = min((epoch + 1) * steps_per_epoch, last)
                yield Stretch(start, epoch, epoch + 1, end - start)
                start = end


def _fit(
    task: Task,
    crops: Crops,
    shown: Samples,
    training: TrainingConfig,
    folder: RunFolder,
    begun: Begun,
    noted: Mapping[str, Any],
    out: Console,
    share: Share | None,
) -> tuple[Position, int]:
    """Train to the last step; return the position reached, and the number of a signal that came too late, or 0."""
    start = begun.position
    references, validation = {}, []
    if crops.evaluation:
        references = {name: float(values.mean()) for name, values in report.baselines(crops.evaluation).items()}
        validation = [callbacks.Validation(task.seigan, crops.evaluation, start)]
    display = callbacks.ProgressDisplay(training.steps, out, references, start, share)
    signals = SignalCatcher(devices.largest)
    files = folder.checkpoint, folder.path / MODEL_FILE
    saving = callbacks.Checkpointing(*files, signals, folder.resume_command, start, begun.metrics, {"crops": noted})
    hooks = [
        callbacks.NotFiniteGuard(start),
        *validation,
        callbacks.SampleGrid(task.seigan, folder.samples, shown, training.samples_every, start),
        callbacks.MetricsLog(folder.metrics, start),
        callbacks.TensorBoardLog(folder.logs, start),
        display,
        saving,
        callbacks.CollapseWarning(start, training.stop_collapsed, task.config),
    ]
    with signals, display, devices.stopped_together(folder.resume_command):
        for stretch in stretches(start.step, task.ends, training.steps_per_epoch):
            task.use_losses_after(stretch.start)
            task.model.fit(
                task.batches(stretch.start),
                initial_epoch=stretch.initial_epoch,
                epochs=stretch.epochs,
                steps_per_epoch=stretch.steps_per_epoch,
                callbacks=hooks,
                shuffle=False,
                verbose=0,
            )
        return saving.position, signals.agreed()
