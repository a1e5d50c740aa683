"""One training from its settings to its report."""

from collections.abc import Iterator
from typing import NamedTuple

import keras
from rich.console import Console

from seigan_tf.config import Config, LossesConfig, TrainingConfig
from seigan_tf.data import crop_set, data_summary, pairs
from seigan_tf.data.crop_set import Crops
from seigan_tf.loading import MODEL_FILE, load
from seigan_tf.objective import active_terms, box_terms_only
from seigan_tf.optimizer import learning_rate
from seigan_tf.seigan import SEIGAN
from seigan_tf.training import backend, callbacks, checkpoint, report, samples
from seigan_tf.training.callbacks import Position
from seigan_tf.training.callbacks.sample_grid import save_grid
from seigan_tf.training.progress import ProgressDisplay
from seigan_tf.training.run_folder import RunFolder
from seigan_tf.training.stops import SignalCatcher
from seigan_tf.transfer import take_over
from seigan_tf.utils.progress import bar


def run(config: Config, folder: RunFolder, console: Console | None = None) -> dict:
    """Trains, or continues from the newest checkpoint in `folder`, to the end; returns the report.

    Args:
        config: the settings; of a resumed run those saved in its folder, with `training.steps` free to differ.
        folder: of a new run, without config.json, or of one to resume.
        console: where progress and the closing table go; standard output unless told.

    Raises:
        ValueError: settings, data or a checkpoint that cannot be used; the message names which.
        OSError: the run folder cannot be written.
        Stopped: interrupted by a signal, or a loss is not finite; the last good checkpoint is kept.
    """
    console = console or Console()
    finished = folder.report()
    if finished and finished["cost"]["steps"] >= config.training.steps:
        console.print(f"{folder.path} is finished: nothing is left to train", soft_wrap=True, highlight=False)
        report.show(finished, folder.samples / "latest.png", folder.path, console)
        return finished
    try:
        _check(config)
        backend.prepare(config.networks.seed, config.training.precision)
        with bar(console, "reading photographs") as progress:
            crops = crop_set.load(config.data, config.networks.size, progress)
        model = build(config)
        start = _restore(model, folder, config.training.steps)
        if not start.step:
            for weights in config.training.start_from:
                _start_from(weights, model, console)
    except BaseException:
        folder.discard_if_empty()
        raise
    for line in data_summary.lines(crops.report):
        console.print(line, soft_wrap=True, highlight=False, markup=False)
    folder.save_config(config)
    position = _fit(model, crops, config, folder, start, console)
    model.load_weights(folder.path / MODEL_FILE)
    result = report.measure(model, crops.evaluation, position, config.training.batch_size, folder.metrics)
    result["data"] = crops.report
    latest = save_grid(model, samples.choose(crops), folder.samples, "final.png")
    folder.save_report(result)
    report.show(result, latest, folder.path, console)
    return result


def build(config: Config) -> SEIGAN:
    """The model of these settings, built and compiled for training."""
    model = SEIGAN(config.networks)
    _compile(model, config, config.losses)
    model.build()
    return model


def _compile(model: SEIGAN, config: Config, losses: LossesConfig) -> None:
    training = config.training

    def adam(rate: float) -> keras.optimizers.Adam:
        return keras.optimizers.Adam(learning_rate(rate, training.steps, training.cooldown), beta_1=training.beta_1)

    model.compile(
        generator_optimizer=adam(training.generator_rate),
        discriminator_optimizer=adam(training.discriminator_rate),
        loss_weights=losses,
    )


def _use_losses(model: SEIGAN, config: Config, losses: LossesConfig) -> None:
    """Goes on with other loss weights, and everything else, optimizers too, as it is."""
    if model.losses_config != losses:
        state = model.state()
        _compile(model, config, losses)
        model.restore(state)


def _start_from(weights: str, model: SEIGAN, console: Console) -> None:
    taken = take_over(model, load(weights))
    if not taken:
        raise ValueError(f"training.start_from: {weights} has no network with the settings of this run")
    console.print(f"from {weights}: {', '.join(taken)}", soft_wrap=True, highlight=False, markup=False)


class Stretch(NamedTuple):
    """Steps that one call of `fit` makes, in epochs of one length."""

    start: int
    initial_epoch: int
    epochs: int
    steps_per_epoch: int


def stretches(start: int, steps: int, steps_per_epoch: int) -> Iterator[Stretch]:
    """Cuts the steps from `start` to `steps` so that epochs end at multiples of `steps_per_epoch`, wherever it starts.

    At most three: the rest of an interrupted epoch, whole epochs, and a shorter last one.
    """
    while start < steps:
        epoch = start // steps_per_epoch
        whole = steps // steps_per_epoch
        if start % steps_per_epoch == 0 and epoch < whole:
            yield Stretch(start, epoch, whole, steps_per_epoch)
            start = whole * steps_per_epoch
        else:
            end = min((epoch + 1) * steps_per_epoch, steps)
            yield Stretch(start, epoch, epoch + 1, end - start)
            start = end


def _planned(start: int, training: TrainingConfig) -> Iterator[Stretch]:
    """The stretches of the warm-up and those after it."""
    yield from stretches(start, training.warm_up, training.steps_per_epoch)
    yield from stretches(max(start, training.warm_up), training.steps, training.steps_per_epoch)


def check_training(training: TrainingConfig) -> None:
    """Raises ValueError where a number is out of its range."""
    for name in ("batch_size", "steps", "steps_per_epoch", "samples_every"):
        value = getattr(training, name)
        if value < 1:
            raise ValueError(f"training.{name}: {value}, expected at least 1")
    for name in ("generator_rate", "discriminator_rate"):
        rate = getattr(training, name)
        if not rate > 0.0:
            raise ValueError(f"training.{name}: {rate}, expected more than 0")
    if not 0.0 <= training.beta_1 < 1.0:
        raise ValueError(f"training.beta_1: {training.beta_1}, expected 0 to less than 1")
    if not 0.0 <= training.cooldown <= 1.0:
        raise ValueError(f"training.cooldown: {training.cooldown}, expected a fraction of the steps from 0 to 1")


def _check(config: Config) -> None:
    training, pool = config.training, config.networks.replay_size
    check_training(training)
    if not 0 <= training.warm_up < training.steps:
        raise ValueError(f"training.warm_up: {training.warm_up}, expected 0 to less than training.steps")
    if training.warm_up and not active_terms(box_terms_only(config.losses)):
        raise ValueError(f"training.warm_up: {training.warm_up}, but no box term has a weight; expected one above 0")
    if 0 < pool < training.batch_size:
        raise ValueError(
            f"networks.replay_size: {pool}, expected at least training.batch_size {training.batch_size}, or 0"
        )


def _restore(model: SEIGAN, folder: RunFolder, steps: int) -> Position:
    saved = checkpoint.load_latest(folder.checkpoint)
    if saved is None:
        return Position()
    try:
        backend, here = saved.progress.pop("backend"), keras.backend.backend()
        if backend != here:
            raise ValueError(f"was trained with KERAS_BACKEND={backend}, not {here}; set it, or start a new run")
        model.restore(saved.state)
        position = Position(**saved.progress)
    except ValueError as error:
        raise ValueError(f"{saved.path}: {error}") from None
    if position.step > steps:
        raise ValueError(f"--training.steps: {steps}, but {saved.path} has {position.step} steps already")
    return position


def _fit(model: SEIGAN, crops: Crops, config: Config, folder: RunFolder, start: Position, console: Console) -> Position:
    """Trains from `start` to the last step; returns where it ended."""
    training = config.training
    references = {}
    validation = []
    if crops.evaluation:
        references = {name: float(values.mean()) for name, values in report.baselines(crops.evaluation).items()}
        validation = [callbacks.Validation(crops.evaluation, start)]
    with SignalCatcher() as signals, ProgressDisplay(training.steps, console, references, start) as display:
        saving = callbacks.Checkpointing(folder.checkpoint, signals, folder.resume_command, start)
        hooks = [
            callbacks.NotFiniteGuard(start),
            *validation,
            callbacks.CollapseWarning(start),
            callbacks.WeightsKeeper(folder.weights, start, training.warm_up),
            callbacks.SampleGrid(folder.samples, samples.choose(crops), training.samples_every, start),
            callbacks.MetricsLog(folder.metrics, start),
            callbacks.TensorBoardLog(folder.logs, start),
            display,
            saving,
        ]
        for stretch in _planned(start.step, training):
            warming = stretch.start < training.warm_up
            _use_losses(model, config, box_terms_only(config.losses) if warming else config.losses)
            batches = pairs.training_pairs(
                crops,
                training.batch_size,
                config.data.seed,
                config.data.jitter,
                zoom=config.data.zoom,
                shift=config.data.shift,
                start=stretch.start,
            )
            model.fit(
                batches,
                initial_epoch=stretch.initial_epoch,
                epochs=stretch.epochs,
                steps_per_epoch=stretch.steps_per_epoch,
                callbacks=hooks,
                shuffle=False,
                verbose=0,
            )
    return saving.position
