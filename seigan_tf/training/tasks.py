"""Tasks, one for each `training.task`: the model to train, its batches and its losses.

Every task saves a whole SEIGAN, so that one loader serves all runs.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable

import grain
from rich.console import Console

from seigan_tf.config import Config
from seigan_tf.data import pairs
from seigan_tf.data.augmentation import WHOLE, Augmentation, Part
from seigan_tf.data.crop_set import Crops
from seigan_tf.inference import weights
from seigan_tf.objective import Pretraining, trained_networks
from seigan_tf.optimizers import training_optimizers
from seigan_tf.seigan import SEIGAN
from seigan_tf.training import holes, masked_crops
from seigan_tf.training.hole_inpainter import HoleInpainter
from seigan_tf.training.mask_segmenter import MaskSegmenter
from seigan_tf.training.masked_crops import MaskedCrops
from seigan_tf.training.one_network import OneNetwork


class Task(ABC):
    """Base of the tasks: the part of a run that differs between kinds of run.

    Raises:
        ValueError: the settings do not fit the task or the networks.
    """

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
        if not 0 <= training.pretrain_steps < training.steps:
            raise ValueError(
                f"training.pretrain_steps: {training.pretrain_steps}, expected 0 to less than training.steps"
            )
        self._pretraining = Pretraining(training.pretrain_discriminators, training.pretrain_identity)
        scale = config.networks.mask_gradient_scale
        self._pretrained = trained_networks(config.losses, scale, self._pretraining)
        if training.pretrain_steps and not self._pretrained:
            raise ValueError(
                f"training.pretrain_steps: {training.pretrain_steps}, but nothing is pretrained; expected a box term"
                " with a weight above 0, training.pretrain_discriminators or training.pretrain_identity"
            )
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
        training, data = config.training, config.data
        self.config, self.part = config, part
        self.changes = Augmentation(data.jitter, data.zoom, data.shift)
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


def make(config: Config, part: Part = WHOLE) -> Task:
    """Make the task that `config.training` names, with batches of which `part` is this process's.

    Raises:
        ValueError: the settings do not fit each other.
    """
    training = config.training
    if training.teachers and training.task not in ("distill", "inpaint"):
        raise ValueError(
            f"training.teachers: {', '.join(training.teachers)}, but training.task is {training.task}, not distill or"
            " inpaint"
        )
    if training.paste_fraction and training.task not in ("distill", "supervised"):
        raise ValueError(
            f"training.paste_fraction: {training.paste_fraction:g}, but training.task is {training.task}, not distill"
            " or supervised"
        )
    if training.task == "seigan":
        return CycleTask(config, part)
    if training.task == "supervised":
        return MaskTask(config, masked_crops.with_true_masks, part)
    if not training.teachers:
        raise ValueError("training.teachers is empty, expected run folders, .keras files or names of shipped weights")
    for teacher in training.teachers:
        weights.find(teacher)  # before photographs are read
    if training.task == "inpaint":
        return HoleTask(config, part)
    return MaskTask(config, masked_crops.with_teacher_masks, part)
