"""Tasks, one for each `training.task`: the model to train, its batches and its losses.

Every task saves a whole SEIGAN, so that one loader serves all runs.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Any

import grain
from rich.console import Console

from seigan_tf.config import Config, TrainingConfig, check_losses, check_networks
from seigan_tf.data import pairs
from seigan_tf.data.augmentation import WHOLE, Augmentation, Part
from seigan_tf.data.crop_set import Crops
from seigan_tf.inference import weights
from seigan_tf.losses.terms import BOX_TERMS, FAKES, IDENTITY_TERMS, Pretraining, active_terms, trained_networks
from seigan_tf.networks.vgg19 import PERCEPTUAL_SIDE
from seigan_tf.optimizers import training_optimizers
from seigan_tf.seigan import SEIGAN
from seigan_tf.training import facts, holes, masked_crops
from seigan_tf.training.hole_inpainter import HoleInpainter
from seigan_tf.training.mask_segmenter import MaskSegmenter
from seigan_tf.training.masked_crops import MaskedCrops
from seigan_tf.training.one_network import OneNetwork


class Task(ABC):
    """Base of the tasks: the part of a run that differs between kinds of run.

    Raises:
        ValueError: the settings do not fit the task or the networks.
    """

    config: Config
    """Settings of the run."""
    model: SEIGAN | OneNetwork
    """The model for `fit`, built and compiled."""
    seigan: SEIGAN
    """All networks, those of `model` among them."""
    ends: tuple[int, ...]
    """Steps after which the losses change, then the last step of the run."""
    shows_pastes: bool
    """True if pictures of samples show backgrounds and pastes, False if masks alone."""
    trains_masks: bool = True
    """False if the segmenter is not trained, so that masks need not be measured."""

    @abstractmethod
    def read(self, crops: Crops, console: Console) -> None:
        """Prepare the data for `batches`.

        Args:
            crops: crops of the run's settings.
            console: destination of progress.

        Raises:
            ValueError: there is nothing to train on.
        """

    def facts(self) -> dict[str, Any]:
        """Return JSON values that tell whether `read` read the same for a resumed run; crops and teachers apart."""
        return {}

    @abstractmethod
    def batches(self, start: int) -> grain.IterDataset:
        """Return endless batches for `fit`, without the first `start`."""

    @abstractmethod
    def use_losses_after(self, step: int) -> None:
        """Switch the model to the losses of the steps after `step`; the rest of its state stays."""


class CycleTask(Task):
    """Training of all networks as in the paper, after `training.pretrain_steps` steps without the cycle."""

    shows_pastes = True

    def __init__(self, config: Config, part: Part = WHOLE):
        training = config.training
        self._pretraining = _pretraining(training)
        self._pretrained = trained_networks(config.losses, config.networks.mask_gradient_scale, self._pretraining)
        self.config, self.part = config, part
        self.ends = (training.pretrain_steps, training.steps)
        self.model = self.seigan = SEIGAN(config.networks, config.data.object_fraction)
        self.use_losses_after(0)

    def read(self, crops, console):
        self._crops = crops

    def batches(self, start):
        data, size = self.config.data, self.config.training.batch_size
        return pairs.training_pairs(
            self._crops, size, data.seed, data.jitter, zoom=data.zoom, shift=data.shift, start=start, part=self.part
        )

    def use_losses_after(self, step):
        training = self.config.training
        pretraining = self._pretraining if step < training.pretrain_steps else None
        if self.model.compiled and pretraining == self.model.pretraining:
            return
        state = self.model.state() if self.model.compiled else None
        optimizers = training_optimizers(training, self._pretrained)
        self.model.compile(**optimizers, loss_weights=self.config.losses, pretraining=pretraining)
        if state is not None:
            self.model.restore(state)


class OneNetworkTask(Task):
    """Base of the tasks that train one network alone; the others keep their first weights.

    Pretraining and the learning rates of the other networks are not used.

    Args:
        config: settings of the run.
        model: the model to compile.
        part: the part of each batch to make.
    """

    def __init__(self, config: Config, model: OneNetwork, part: Part):
        training = config.training
        self.config, self.part = config, part
        self.changes = Augmentation.from_config(config.data)
        self.ends = (training.steps,)
        self.model, self.seigan = model, model.seigan
        model.compile(training_optimizers(training, {model.trained})["generator_optimizer"][model.trained])

    def use_losses_after(self, step):
        """Change nothing: there is one loss."""


class MaskTask(OneNetworkTask):
    """Training of the segmenter alone, on masks; weights of losses are not used.

    Args:
        read: function that returns the training crops with their masks.
    """

    shows_pastes = False

    def __init__(self, config: Config, read: Callable[[Config, Crops, Console], MaskedCrops], part: Part = WHOLE):
        super().__init__(config, MaskSegmenter(config.networks, config.data.object_fraction), part)
        self._read = read

    def read(self, crops, console):
        self._crops = self._read(self.config, crops, console)
        fraction = self.config.training.paste_fraction
        self._pasting = masked_crops.Pasting(fraction, crops.backgrounds.images) if fraction else None

    def facts(self):
        # Masks of teachers follow from their files and the crops, and may differ in their last bits on another machine.
        if self.config.training.task != "supervised":
            return {}
        return facts.of_training_masks(self._crops)

    def batches(self, start):
        seed, size = self.config.data.seed, self.config.training.batch_size
        return masked_crops.batches(self._crops, size, seed, self.changes, self._pasting, start, self.part)


class HoleTask(OneNetworkTask):
    """Training of the inpainter alone, on backgrounds with holes in the shapes of teachers' masks."""

    shows_pastes = True
    trains_masks = False

    def __init__(self, config: Config, part: Part = WHOLE):
        super().__init__(config, HoleInpainter(config.networks, config.losses, config.data.object_fraction), part)

    def read(self, crops, console):
        self._images = crops.backgrounds.images
        self._holes = holes.object_holes(self.config, crops, console)

    def batches(self, start):
        seed, size = self.config.data.seed, self.config.training.batch_size
        return holes.batches(self._images, self._holes, size, seed, self.changes, start, self.part)


def check(config: Config) -> None:
    """Raise ValueError if the settings do not fit each other; nothing is made or read."""
    training, losses, size = config.training, config.losses, config.networks.size
    check_networks(config.networks)
    check_losses(losses)
    Augmentation.from_config(config.data)
    for name, given, tasks in (
        ("teachers", ", ".join(training.teachers), ("distill", "inpaint")),
        ("paste_fraction", training.paste_fraction, ("distill", "supervised")),
        ("stop_collapsed", training.stop_collapsed, ("seigan",)),
    ):
        if given and training.task not in tasks:
            raise ValueError(
                f"training.{name}: {given}, but training.task is {training.task}, not {' or '.join(tasks)}"
            )
    if training.task in ("distill", "inpaint") and not training.teachers:
        raise ValueError("training.teachers is empty, expected run folders, .keras files or names of shipped weights")
    if training.task == "seigan":
        _check_pretraining(config)
        box_terms = set(active_terms(losses)) & set(BOX_TERMS)
        if box_terms and config.networks.outside_contrast < 1:
            raise ValueError(
                f"networks.outside_contrast: {config.networks.outside_contrast:g} with box terms, which the box itself"
                " would satisfy; expected 1, or losses.box_projection, box_outside and box_pairwise of 0"
            )
        if losses.box_pairwise and losses.pairwise_reach >= size:
            raise ValueError(
                f"losses.pairwise_reach: {losses.pairwise_reach} with crops of {size} px (networks.size); expected less"
            )
    perceptual = {"seigan": ("background_perceptual", "object_perceptual"), "inpaint": ("background_perceptual",)}
    for term in perceptual.get(training.task, ()):
        if getattr(losses, term) and size < PERCEPTUAL_SIDE:
            raise ValueError(
                f"losses.{term}: {getattr(losses, term):g} with crops of {size} px (networks.size); expected 0, or"
                f" crops of at least {PERCEPTUAL_SIDE} px"
            )


def _check_pretraining(config: Config) -> None:
    training, losses = config.training, config.losses
    if not 0 <= training.pretrain_steps < training.steps:
        raise ValueError(f"training.pretrain_steps: {training.pretrain_steps}, expected 0 to less than training.steps")
    for name, terms in (
        ("pretrain_discriminators", tuple(term for _, term in FAKES.values())),
        ("pretrain_identity", IDENTITY_TERMS),
    ):
        if getattr(training, name) and not set(active_terms(losses)).intersection(terms):
            raise ValueError(
                f"training.{name}: given, but {' and '.join(f'losses.{term}' for term in terms)} are 0; expected one"
                " above 0"
            )
    if training.pretrain_steps and not trained_networks(losses, 0.0, _pretraining(training)):
        raise ValueError(
            f"training.pretrain_steps: {training.pretrain_steps}, but nothing is pretrained; expected a box term above"
            " 0, training.pretrain_discriminators with a GAN term above 0, or training.pretrain_identity with an"
            " identity term above 0"
        )


def _pretraining(training: TrainingConfig) -> Pretraining:
    return Pretraining(training.pretrain_discriminators, training.pretrain_identity)


def make(config: Config, part: Part = WHOLE) -> Task:
    """Make the task that `config.training` names, with batches of which `part` is this process's.

    Raises:
        ValueError: the settings do not fit each other, or a teacher is missing.
    """
    check(config)
    training = config.training
    if training.task == "seigan":
        return CycleTask(config, part)
    if training.task == "supervised":
        return MaskTask(config, masked_crops.with_true_masks, part)
    for teacher in training.teachers:
        weights.find(teacher)  # before photographs are read
    if training.task == "inpaint":
        return HoleTask(config, part)
    return MaskTask(config, masked_crops.with_teacher_masks, part)
