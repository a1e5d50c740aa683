"""Every setting of a run: the dataclasses shared by the command line, config.json and SEIGAN's constructor.

Nothing heavy is imported here, so that `train.py --help` answers at once.
"""

import dataclasses
import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any, Literal

import dacite
import tyro


@dataclass(frozen=True)
class BackboneConfig:
    """One image-to-image network."""

    backbone: Literal["resnet", "unet", "vgg19"] = "unet"
    """resnet (CycleGAN), unet, or vgg19: frozen ImageNet features with a top-down decoder (segmenter only)."""
    width: int = 64
    """Channels of the first layer (vgg19: of the decoder)."""
    depth: int = 4
    """resnet: residual blocks; unet: times the image is halved; vgg19: blocks of VGG-19 that are read, 2 to 5."""
    separable: bool = False
    """Depthwise-separable convolutions (MobileNet, arXiv 1704.04861) in place of full ones."""


@dataclass(frozen=True)
class DiscriminatorConfig:
    """CycleGAN's patch discriminator, with as many strided layers as asked for (section 3.3: deeper works better)."""

    width: int = 64
    """Channels of the first layer; doubled by each later one, up to eight times."""
    depth: int = 4
    """Strided layers (CycleGAN: 3)."""


@dataclass(frozen=True)
class NetworksConfig:
    """The networks, and how the mask enters the cycle. The first argument of SEIGAN()."""

    size: int = 128
    """Side of the square crops, in pixels."""
    segmenter: BackboneConfig = BackboneConfig("resnet", 64, 9)
    inpainter: BackboneConfig = BackboneConfig("unet", 64, 5)
    """Each of the inpainter's two networks in a row."""
    enhancer: BackboneConfig = BackboneConfig("unet", 64, 5)
    discriminator: DiscriminatorConfig = DiscriminatorConfig()
    vgg_weights: Annotated[str, tyro.conf.arg(name="vgg-weights", prefix_name=False, metavar="imagenet|PATH|none")] = (
        "none"
    )
    """VGG-19 weights: imagenet (downloaded by Keras), the path of a file in keras.applications' layout, none, or
    random, which is for tests and timings."""
    confine_mask: bool = False
    """Multiply every mask by the annotated box, that of G_seg(y) by the box of x: takes away the trivial solution of
    copying the whole photo."""
    composite_inpainting: bool = False
    """Keep the photo outside the mask, (1 - m) x + m G_inp, as LaMa does (arXiv 2109.07161); off is the paper."""
    mask_input: bool = False
    """Give G_inp the mask as one more channel, as LaMa does; off is the paper."""
    prefill: bool = False
    """Start G_inp from the colours around the hole (pull-push pyramid), which it then changes; off is the paper."""
    mask_dilation: int = 0
    """Pixels by which the mask grows before G_inp fills it, so that no rim of the object colours the hole; 0 is the
    paper."""
    hard_mask: bool = False
    """Threshold the mask at 0.5 with straight-through gradients: the paper's first remedy for pale masks (3.4)."""
    mask_gradient_scale: float = 1.0
    """Scale of the cycle's gradient into the mask, 1 is the paper; box terms always pass in full. With 0, and no box
    term, the segmenter stays as it is."""
    replay_size: int = 50
    """Earlier fakes kept of each kind, in whole batches (section 3.4; arXiv 1612.07828); 0 turns the pool off."""
    ema_decay: float = 0.0
    """Decay per step of the averaged generator weights used to evaluate and export (arXiv 1806.04498); 0 is off."""
    seed: int = 0
    """Seed of the noise and the replay pool and, through train.py, of the initial weights."""


@dataclass(frozen=True)
class LossesConfig:
    """Weights of the loss terms: the paper's λ1 to λ11 by name, then the box terms. Zero switches a term off."""

    inpaint_gan: float = 1.0
    """λ1: the restored background looks real."""
    inpaint_gan_back: float = 1.0
    """λ2: the background restored by the second swap looks real."""
    background_texture: float = 0.0
    """λ3: Gram matrices of y and of the background restored by the second swap."""
    background_perceptual: float = 0.0
    """λ4: deep VGG-19 features of the same two."""
    background_mae: float = 10.0
    """λ5: pixels of the same two."""
    object_perceptual: float = 0.0
    """λ6: deep VGG-19 features of x and of the second swap."""
    object_mae: float = 10.0
    """λ7: pixels of the same two."""
    coarse_gan: float = 1.0
    """λ8: the coarse paste looks real."""
    enhance_gan: float = 1.0
    """λ9: the enhanced paste looks real."""
    object_identity: float = 5.0
    """λ10: G_enh leaves real photos as they are."""
    background_identity: float = 5.0
    """λ11: cutting and restoring leaves a photo without object as it is."""
    box_projection: float = 0.0
    """Rows and columns that the mask covers are those of the box (BoxInst, arXiv 2012.02310)."""
    box_outside: float = 0.0
    """Every pixel outside the box is background; without it a segmenter trained from nothing may answer all ones."""
    box_pairwise: float = 0.0
    """Neighbours of like colour share a label (BoxInst)."""
    pairwise_threshold: float = 0.06
    """Mean absolute difference in RGB, of [-1, 1], below which two neighbours count as alike."""


@dataclass(frozen=True)
class DataConfig:
    """Where photographs and boxes come from, and the rules by which they become crops."""

    source: Literal["synthetic", "crops", "coco", "yolo", "voc", "cityscapes", "csv"] = "synthetic"
    """synthetic needs nothing; crops is a folder made by `python -m seigan_tf prepare`; the others are the formats of
    the annotations."""
    crops: Path | None = None
    """Folder of prepared crops; the rules below were applied when it was made."""
    images: Path | None = None
    """Folder of the training photographs."""
    annotations: Path | None = None
    """File or folder with their boxes."""
    val_images: Path | None = None
    """Folder of the validation photographs; without it some of the training photographs are held out, where
    their annotations have masks to measure by."""
    val_annotations: Path | None = None
    """File or folder with their boxes; the masks, where present, give the validation IoU."""
    held_out: float = 0.1
    """Fraction of the training photographs kept for validation where none are given."""
    classes: tuple[str, ...] = ()
    """Names of the classes whose objects become crops; all unless given. No crop touches an object of any class."""
    max_bad: float = 0.01
    """Fraction of photographs, and of annotated objects, that may be unusable before the run ends."""
    object_fraction: float = 100 / 128
    """Long side of the object in the crop: 100 of 128 for COCO, 64 of 128 for the Flickr dogs (sections 4.1, 4.2)."""
    min_short_side: float = 20.0
    """Shortest side of a source object, in pixels (sections 4.1, 4.2: 60 and 20)."""
    max_object_fraction: float = 0.4
    """Longest side of a source object, as a fraction of the photo's (sections 4.1, 4.2)."""
    min_aspect: float = 0.4
    """Short side by long side of a source object, at least (section 4.2); 0 turns the rule off."""
    max_mirrored: float = 1.0
    """How deep the strip in which a training crop is mirrored past the photo's border may show its own object's box
    again, as a fraction of the crop's side; 1 turns the rule off. Validation objects are measured on as they are."""
    backgrounds_per_object: float = 2.0
    """Background crops to look for, for each object crop (section 4.2: at least 2)."""
    jitter: float = 0.1
    """Random change of brightness, contrast and saturation, as a fraction."""
    zoom: float = 0.0
    """Random change of scale, as a fraction."""
    shift: float = 0.0
    """Random shift, as a fraction of the crop's side."""
    synthetic_train: int = 2000
    """Crops of the synthetic training set."""
    synthetic_val: int = 200
    """Crops of the synthetic validation set."""
    seed: int = 0
    """Seed of backgrounds, pairing, augmentation and the synthetic set."""


@dataclass(frozen=True)
class TrainingConfig:
    """The optimization and what is written on the way."""

    task: Literal["seigan", "supervised", "distill"] = "seigan"
    """seigan trains all networks, from boxes; supervised the segmenter alone, on true masks (the bound of Table 1);
    distill the segmenter alone, on the masks of `teacher`."""
    teacher: str = ""
    """Weights whose masks `distill` learns: a shipped name, run folder or .keras file. Keep them until the run ends."""
    batch_size: int = 8
    steps: int = 10_000
    pretrain_steps: int = 0
    """First steps, in which the box terms alone train the segmenter: a fraction of the cost of a step of the cycle,
    which then begins with masks that are worth something."""
    start_from: tuple[str, ...] = ()
    """Trained weights to begin with (shipped names, run folders or .keras files): of each network that has the same
    settings there; where several have it, those of the last."""
    generator_rate: float = 2e-4
    """Adam's learning rate for the three generators."""
    discriminator_rate: float = 2e-4
    """Adam's learning rate for the two discriminators."""
    beta_1: float = 0.5
    """Adam's first decay (CycleGAN: 0.5)."""
    decay_fraction: float = 0.0
    """Last fraction of the steps over which both learning rates fall to zero (CycleGAN: 0.5)."""
    precision: Literal["float32", "mixed_float16", "mixed_bfloat16"] = "float32"
    steps_per_epoch: int = 100
    """Steps between two validations, each with a checkpoint and a line of metrics."""
    samples_every: int = 5
    """Epochs between two pictures of samples."""


@dataclass(frozen=True)
class Config:
    """Everything that defines a run; saved as config.json in its folder."""

    name: str = "demo"
    """The run's folder is runs/NAME."""
    networks: NetworksConfig = field(default_factory=NetworksConfig)
    losses: LossesConfig = field(default_factory=LossesConfig)
    data: DataConfig = field(default_factory=DataConfig)
    training: TrainingConfig = field(default_factory=TrainingConfig)


def to_dict(config) -> dict[str, Any]:
    """A dataclass of this module as plain JSON values."""

    def plain(items):
        return {key: str(value) if isinstance(value, Path) else value for key, value in items}

    return dataclasses.asdict(config, dict_factory=plain)


def from_dict(kind: type, values: dict[str, Any]):
    """The dataclass `kind` from JSON values.

    Raises:
        ValueError: a field is unknown, missing or of another type; the message names it.
    """
    hooks = {tuple[str, ...]: _several}
    try:
        return dacite.from_dict(kind, values, dacite.Config(hooks, strict=True, cast=[Path], check_types=True))
    except dacite.DaciteError as error:
        raise ValueError(f"{kind.__name__}: {error}") from None


def _several(value: Any) -> tuple:
    """A list of JSON as a tuple. A cast would also take a text, and make one of its letters."""
    if not isinstance(value, (list, tuple)):
        raise dacite.WrongTypeError(list, value)
    return tuple(value)


def save_config(config: Config, path: Path) -> None:
    path.write_text(json.dumps(to_dict(config), indent=2) + "\n")


def load_config(path: Path) -> Config:
    """Reads a config.json.

    Raises:
        ValueError: not JSON, or not the settings of a run.
    """
    try:
        return from_dict(Config, json.loads(path.read_text()))
    except (json.JSONDecodeError, UnicodeDecodeError, ValueError) as error:
        raise ValueError(f"{path}: {error}") from None


def check_networks(settings: NetworksConfig) -> None:
    """Raise ValueError if a number is out of its range. The networks check sizes themselves."""
    ranges = {
        "mask_gradient_scale": (settings.mask_gradient_scale >= 0, "0 or more"),
        "mask_dilation": (settings.mask_dilation >= 0, "0 or more"),
        "replay_size": (settings.replay_size >= 0, "0 or more"),
        "ema_decay": (0 <= settings.ema_decay < 1, "0 to less than 1"),
    }
    for name, (good, expected) in ranges.items():
        if not good:
            raise ValueError(f"networks.{name}: {getattr(settings, name)}; expected {expected}")


def check_losses(settings: LossesConfig) -> None:
    """Raise ValueError if a weight is negative or not a number."""
    for name, value in dataclasses.asdict(settings).items():
        if not value >= 0:
            raise ValueError(f"losses.{name}: {value}; expected 0 or more")
