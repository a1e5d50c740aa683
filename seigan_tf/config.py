"""All settings of a run: the dataclasses shared by the command line, config.json and SEIGAN's constructor.

Nothing heavy is imported here, so that `train.py --help` answers at once.
"""

import dataclasses
import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar

import dacite
import tyro

from seigan_tf.utils.json_file import read_json
from seigan_tf.utils.text import shown

Settings = TypeVar("Settings")


@dataclass(frozen=True)
class BackboneConfig:
    """Form of one image-to-image network."""

    backbone: Literal["resnet", "unet", "vgg19"] = "unet"
    """resnet (CycleGAN), unet, or vgg19: frozen ImageNet features with a top-down decoder (segmenter only)."""
    width: int = 64
    """Channels of the first layer (vgg19: of the decoder)."""
    depth: int = 4
    """resnet: number of residual blocks; unet: number of halvings; vgg19: number of blocks of VGG-19, 2 to 5."""
    separable: bool = False
    """Depthwise-separable convolutions (MobileNet, arXiv 1704.04861) in place of full ones."""
    normalization: Literal["instance", "batch"] = "instance"
    """instance, as in CycleGAN, or batch: for a segmenter that learns from masks alone. In exported files batch
    normalisation is a part of the convolutions and takes no time."""


@dataclass(frozen=True)
class DiscriminatorConfig:
    """Form of both discriminators."""

    width: int = 64
    """patch: channels of the first layer; each later layer has twice as many, up to eight times the first. vgg19:
    channels on each of the two blocks that it reads."""
    depth: int = 4
    """patch: number of strided layers (CycleGAN: 3); vgg19: number of blocks of VGG-19, of which the last two are read,
    2 to 5."""
    backbone: Literal["patch", "vgg19"] = "patch"
    """patch: CycleGAN's patch discriminator, with more layers (section 3.3); vgg19: small layers on frozen ImageNet
    features, as in projected GANs (arXiv 2111.01007), for sets of a few hundred photographs, which the former
    memorises."""


@dataclass(frozen=True)
class NetworksConfig:
    """Forms of the networks, and treatment of the mask in the cycle; the argument of SEIGAN."""

    size: int = 128
    """Side of the square crops, in pixels."""
    segmenter: BackboneConfig = BackboneConfig("resnet", 64, 9)
    """Form of G_seg."""
    inpainter: BackboneConfig = BackboneConfig("unet", 64, 5)
    """Form of each of the two networks of G_inp."""
    enhancer: BackboneConfig = BackboneConfig("unet", 64, 5)
    """Form of G_enh."""
    discriminator: DiscriminatorConfig = DiscriminatorConfig()
    vgg_weights: Annotated[str, tyro.conf.arg(name="vgg-weights", prefix_name=False, metavar="imagenet|PATH|none")] = (
        "none"
    )
    """VGG-19 weights: imagenet (downloaded by Keras), the path of a file in keras.applications' layout, none, or
    random (for tests and timings)."""
    confine_mask: bool = False
    """Multiply every mask by the box of the object photo, so that copying the whole photo is no solution; off is the
    paper."""
    outside_contrast: float = 1.0
    """Contrast outside the box in the image that G_seg sees, 0 to 1. Below 1, which needs `confine_mask`, it sees the
    box. This is for students that learn from masks: the box itself would satisfy the box terms, with which it is
    refused. 1 is the paper."""
    composite_inpainting: bool = False
    """Keep the photo outside the mask, (1 - m) x + m G_inp, as in LaMa (arXiv 2109.07161); off is the paper."""
    mask_input: bool = False
    """Give G_inp the mask as one more channel, as in LaMa; off is the paper."""
    prefill: bool = False
    """Fill the hole with the colours around it (pull-push) before G_inp, which then changes them; off is the paper."""
    mask_dilation: int = 0
    """Dilation of the mask before G_inp fills it, in pixels, so that no rim of the object colours the hole; 0 is the
    paper."""
    hard_mask: bool = False
    """Threshold the mask at 0.5, with straight-through gradients: the paper's first remedy for pale masks (3.4)."""
    mask_gradient_scale: float = 1.0
    """Scale of the gradient from the cycle into the mask; 1 is the paper. Gradients of box terms are not scaled. With 0
    and no box term the segmenter is not trained."""
    initial_mask: float | None = None
    """Mask before training, in (0, 1), about the same everywhere: the last layer starts with a bias for it and a tenth
    of its weights. The paper is silent; None leaves it to random weights, which make it about 0.5."""
    replay_size: int = 50
    """Earlier fakes of each kind in the replay pool (section 3.4; arXiv 1612.07828), from which at most as many of a
    batch are replaced; 0 for no pool."""
    ema_decay: float = 0.0
    """Decay per step of the exponential moving average (EMA) of the generators' weights (arXiv 1806.04498), which
    evaluation, use and export read; 0 turns it off. Task seigan only."""
    seed: int = 0
    """Seed of the noise and the replay pool and, through train.py, of the initial weights."""


@dataclass(frozen=True)
class LossesConfig:
    """Weights of the loss terms: λ1 to λ11 of the paper, then the box terms; 0 switches a term off."""

    inpaint_gan: float = 1.0
    """λ1: D_bg on the restored background."""
    inpaint_gan_back: float = 1.0
    """λ2: D_bg on the background restored by the second swap."""
    background_texture: float = 0.0
    """λ3: difference in VGG-19 Gram matrices between y and the background restored by the second swap."""
    background_perceptual: float = 0.0
    """λ4: difference in deep VGG-19 features between the same two."""
    background_mae: float = 10.0
    """λ5: mean absolute difference in pixels between the same two."""
    object_perceptual: float = 0.0
    """λ6: difference in deep VGG-19 features between x and the object restored by the second swap."""
    object_mae: float = 10.0
    """λ7: mean absolute difference in pixels between the same two."""
    coarse_gan: float = 1.0
    """λ8: D_obj on the coarse paste."""
    enhance_gan: float = 1.0
    """λ9: D_obj on the enhanced paste."""
    object_identity: float = 5.0
    """λ10: mean absolute difference between G_enh(x) and x."""
    background_identity: float = 5.0
    """λ11: mean absolute difference between y and y after its mask was cut out and restored."""
    box_projection: float = 0.0
    """Difference between the rows and columns of the mask and those of the box (BoxInst, arXiv 2012.02310)."""
    box_outside: float = 0.0
    """Mask outside the box; without this term a segmenter trained from nothing may answer all ones."""
    box_pairwise: float = 0.0
    """Difference in label between neighbours of like colour (BoxInst)."""
    mask_saturation: float = 0.0
    """Mean square of the mask's logits, which keeps them small: near 0 and 1 a sigmoid has almost no gradient, and the
    cycle cannot change the mask. Without a box term it has no effect. 0 is the paper."""
    pairwise_threshold: float = 0.06
    """Mean absolute difference in RGB, of values in [-1, 1], below which two neighbours are alike."""
    pairwise_reach: int = 2
    """Distances of the neighbours: 1, 2, 4 and so on up to this, in pixels; less than `networks.size`."""
    pairwise_warmup: int = 0
    """Number of first steps in which the weight of `box_pairwise` rises from 0, as in BoxInst. With a reach of 4 and
    none, the masks of some seeds become outlines."""
    photos_as_fakes: float = 0.0
    """Weight of one more fake of each discriminator: D_obj takes y, which shows no object, D_bg takes x, which shows
    one. So D_obj keeps asking for an object, and D_bg keeps finding what the inpainter left of one. 0 is the paper."""

    def only(self, *terms: str) -> "LossesConfig":
        """Return these settings with all other terms switched off."""
        left_out: dict[str, Any] = {name: 0.0 for name in TERMS if name not in terms}
        return dataclasses.replace(self, **left_out)


NOT_GENERATOR_TERMS = ("pairwise_threshold", "pairwise_reach", "pairwise_warmup", "photos_as_fakes")
"""Settings of LossesConfig that are no weights of the generators' terms."""
TERMS = tuple(field.name for field in dataclasses.fields(LossesConfig) if field.name not in NOT_GENERATOR_TERMS)
"""Names of all terms of the generators: λ1 to λ11, then the box terms."""


Source = Literal[
    "synthetic",
    "crops",
    "auto",
    "coco",
    "csv",
    "cvat",
    "label-studio",
    "via",
    "createml",
    "cityscapes",
    "voc",
    "labelme",
    "kitti",
    "yolo",
    "yolo-pose",
    "yolo-segment",
    "yolo-obb",
]
"""Drawn shapes, prepared crops, and the formats of annotations: told by the content, with one file for all photos, with
one for each."""


@dataclass(frozen=True)
class DataConfig:
    """Source of photographs and boxes, and the rules that make crops of them."""

    source: Source = "synthetic"
    """synthetic: generated shapes; crops: a folder made by `python -m seigan_tf prepare`; else the format of the
    annotations, which auto tells by their content."""
    crops: Path | None = None
    """Folder of prepared crops. The rules by which they were made, CROP_RULES, take the place of those below."""
    images: Path | None = None
    """Folder of the training photographs."""
    annotations: Path | None = None
    """File or folder with their boxes."""
    val_images: Path | None = None
    """Folder of the validation photographs. Without it `held_out` of the training photographs are held out, if their
    annotations have masks; those whose objects have none stay."""
    val_annotations: Path | None = None
    """File or folder with their boxes, and with masks if the validation IoU is wanted."""
    held_out: float = 0.1
    """Fraction of the training photographs kept for validation if `val_images` is not given."""
    classes: tuple[str, ...] = ()
    """Names of the classes whose objects become crops; default: all."""
    max_bad: float = 0.01
    """Fraction of unusable photographs, or of unusable annotated objects, above which the run stops."""
    object_fraction: float = 100 / 128
    """Long side of the object by the side of the crop: 100/128 for COCO, 64/128 for Flickr dogs (sections 4.1, 4.2)."""
    min_short_side: float = 20.0
    """Least short side of a source object, in pixels (60 for Flickr dogs, 20 for COCO: sections 4.1, 4.2)."""
    max_object_fraction: float = 0.4
    """Largest long side of a source object, as a fraction of that of its photo (sections 4.1, 4.2)."""
    min_aspect: float = 0.4
    """Least ratio of short side to long side of a source object (section 4.2); 0 turns the rule off."""
    max_mirrored: float = 1.0
    """Largest depth to which the mirror image past the photo's border may show the object's own box in a training crop,
    as a fraction of the crop's side; 1 turns the rule off. It does not apply to validation objects."""
    max_covered: float | None = None
    """Largest fraction of an object's box that the box of another object may cover; None: no other box may touch the
    crop (section 4.2). In crowded photographs most objects touch others: docs/experiments.md."""
    backgrounds_per_object: float = 2.0
    """Number of background crops to look for per object crop (section 4.2: at least 2)."""
    jitter: float = 0.1
    """Largest random change of brightness, contrast and saturation, as a fraction."""
    zoom: float = 0.0
    """Largest random change of scale, as a fraction."""
    shift: float = 0.0
    """Largest random shift, as a fraction of the crop's side."""
    synthetic_train: int = 2000
    """Number of crops in the synthetic training set."""
    synthetic_val: int = 200
    """Number of crops in the synthetic validation set."""
    seed: int = 0
    """Seed of backgrounds, pairing, augmentation and the synthetic set."""

    @property
    def reads_annotations(self) -> bool:
        """True if the crops come from photographs and annotations."""
        return self.source not in ("synthetic", "crops")


PHOTO_PATHS = ("images", "annotations", "val_images", "val_annotations")
"""Fields of DataConfig that name photographs and their annotations."""
CROP_RULES = (
    "held_out",
    "classes",
    "max_bad",
    "object_fraction",
    "min_short_side",
    "max_object_fraction",
    "min_aspect",
    "max_mirrored",
    "max_covered",
    "backgrounds_per_object",
)
"""Fields of DataConfig by which crops are chosen and cut; the others of a run may differ from those of its crops."""


Precision = Literal["float32", "mixed_float16", "mixed_bfloat16", "auto"]


@dataclass(frozen=True)
class TrainingConfig:
    """Task, optimization and schedule of a run."""

    task: Literal["seigan", "supervised", "distill", "inpaint"] = "seigan"
    """seigan: train all networks, from boxes; supervised: the segmenter alone, on true masks (upper bound of Table 1);
    distill: the segmenter alone, on the masks of `teachers`; inpaint: the inpainter alone, on backgrounds with holes of
    these masks' shapes."""
    teachers: tuple[str, ...] = ()
    """Weights whose masks `distill` and `inpaint` use, the mean of several: shipped names, run folders or .keras files.
    A resumed run needs them, too."""
    paste_fraction: float = 0.0
    """Share of the crops of `supervised` and `distill` whose object is pasted, by its mask, onto a background crop
    (Ghiasi et al., arXiv 2012.07177): masks follow edges better."""
    batch_size: int = 8
    """Object crops, and background crops, per step."""
    steps: int = 10_000
    """Number of train steps of the whole run, pretraining included."""
    pretrain_steps: int = 0
    """Number of first steps without the cycle, which cost a fraction of its steps: box terms train the segmenter, and
    the discriminators are trained with `pretrain_discriminators`. Task seigan only."""
    pretrain_discriminators: bool = False
    """Train the discriminators in the first steps to tell x from y: D_obj takes x as real and y as fake, D_bg the other
    way round. These are the paper's losses for an empty mask. Task seigan only."""
    pretrain_identity: bool = False
    """Train G_inp and G_enh in the first steps on the identity terms (λ10, λ11), which do not train G_seg then. Task
    seigan only."""
    start_from: tuple[str, ...] = ()
    """Trained weights to start from: shipped names, run folders or .keras files. Each network with the same settings as
    here is copied; the last source wins."""
    generator_rate: float = 2e-4
    """Adam's learning rate for the three generators."""
    segmenter_rate: float | None = None
    """Adam's learning rate for G_seg; None: `generator_rate`."""
    inpainter_rate: float | None = None
    """Adam's learning rate for G_inp; None: `generator_rate`."""
    enhancer_rate: float | None = None
    """Adam's learning rate for G_enh; None: `generator_rate`."""
    discriminator_rate: float = 2e-4
    """Adam's learning rate for the two discriminators."""
    beta_1: float = 0.5
    """Decay of Adam's first moment (CycleGAN: 0.5)."""
    decay_fraction: float = 0.0
    """Fraction of the steps, the last ones, in which both learning rates fall to zero (CycleGAN: 0.5)."""
    precision: Precision = "float32"
    """Keras dtype policy. auto: mixed_bfloat16 if a measurement of two seconds finds it faster, else float32."""
    devices: Annotated[Literal["one", "all"], tyro.conf.arg(name="devices", prefix_name=False)] = "one"
    """one: the backend's first device; all: every GPU, of all processes that the launcher started, each with an equal
    part of the batch (needs KERAS_BACKEND=jax; docs/scale.md). A resumed run may change it."""
    steps_per_epoch: int = 100
    """Steps between two validations, each with a checkpoint and a row of metrics."""
    stop_collapsed: bool = False
    """End the run, with its last weights saved, if the masks become all zeros or all ones, instead of a warning. Task
    seigan only."""
    samples_every: int = 5
    """Epochs between two pictures of samples."""


@dataclass(frozen=True)
class Config:
    """All settings of a run, saved as config.json in its folder."""

    name: str = "demo"
    """Name of the run, whose folder is runs/NAME."""
    networks: NetworksConfig = field(default_factory=NetworksConfig)
    losses: LossesConfig = field(default_factory=LossesConfig)
    data: DataConfig = field(default_factory=DataConfig)
    training: TrainingConfig = field(default_factory=TrainingConfig)


@dataclass(frozen=True)
class StageConfig:
    """One training among the stages of a recipe."""

    name: str
    """Name of the stage."""
    config: Config
    """Its settings, without its teachers and the weights that it starts from."""
    teachers: tuple[tuple[str, ...], ...]
    """For each of its teachers the stages that can be it, the best first. One teacher is needed; others are left out if
    none of their stages is finished."""
    starts: tuple[str, ...]
    """Stages that it can start from, the best first; none for a stage that starts with random weights."""
    seconds_per_step: float
    """Measured on one machine; for estimates of the time left, where only ratios between stages count."""

    @property
    def trains_all_networks(self) -> bool:
        """False if it trains the segmenter alone or the inpainter alone: by its task, or without λ1, λ2 and λ5."""
        losses = self.config.losses
        erases = losses.inpaint_gan or losses.inpaint_gan_back or losses.background_mae
        return self.config.training.task == "seigan" and bool(erases)


@dataclass(frozen=True)
class Recipe:
    """A chain of trainings."""

    config: Config
    """Settings given once for all stages: name, data, seed of the networks, VGG-19 weights and precision;
    `networks.outside_contrast` for those that begin with the weights or masks of another; and
    `networks.segmenter.width` for those whose segmenter is small, without VGG-19."""
    stages: tuple[StageConfig, ...]
    """The trainings in their order. The weights of the last one are those of the run."""


def to_dict(config: Any) -> dict[str, Any]:
    """Return a dataclass of this module as plain JSON values."""

    def plain(items):
        return {key: str(value) if isinstance(value, Path) else value for key, value in items}

    return dataclasses.asdict(config, dict_factory=plain)


def from_dict(kind: type[Settings], values: dict[str, Any]) -> Settings:
    """Return the dataclass `kind` made from JSON values.

    Raises:
        ValueError: a field is unknown, missing or of another type; the message names it.
    """
    if not isinstance(values, dict):
        raise ValueError(f"{kind.__name__}: {shown(values)}, expected its fields by name")
    hooks: dict[Any, Callable[[Any], Any]] = {Path: _to_path} | dict.fromkeys(
        (tuple[str, ...], tuple[tuple[str, ...], ...]), _to_tuple
    )
    try:
        return dacite.from_dict(kind, values, dacite.Config(hooks, strict=True, check_types=True))
    except dacite.DaciteError as error:
        raise ValueError(f"{kind.__name__}: {error}") from None


def _to_tuple(value: Any) -> tuple:
    """Return a JSON list as a tuple. A cast would take a text too, and make a tuple of its letters."""
    if not isinstance(value, (list, tuple)):
        raise dacite.WrongTypeError(list, value)
    return tuple(value)


def _to_path(value: Any) -> Path:
    if not isinstance(value, (str, Path)):
        raise dacite.WrongTypeError(Path, value)
    return Path(value)


def save_config(config: Config, path: Path) -> None:
    """Write a config.json."""
    path.write_text(json.dumps(to_dict(config), indent=2) + "\n")


def load_config(path: Path) -> Config:
    """Read a config.json.

    Raises:
        ValueError: not JSON, or not the settings of a run.
    """
    values = read_json(path)
    try:
        return from_dict(Config, values)
    except ValueError as error:
        raise ValueError(f"{path}: {error}") from None


def check_networks(settings: NetworksConfig) -> None:
    """Raise ValueError if a number is out of its range. The networks check sizes themselves."""
    _check("networks", settings, ("mask_gradient_scale", "mask_dilation", "replay_size"), "0 or more")
    _check("networks", settings, ("ema_decay",), "0 to less than 1")
    _check("networks", settings, ("seed",), "0 to 4294967295")
    _check("networks", settings, ("outside_contrast",), "0 to 1")
    if settings.outside_contrast < 1 and not settings.confine_mask:
        raise ValueError(
            f"networks.outside_contrast: {settings.outside_contrast:g} without confine_mask; expected both, or 1"
        )
    if settings.initial_mask is not None:
        _check("networks", settings, ("initial_mask",), "more than 0 and less than 1")
    for name in ("inpainter", "enhancer"):
        if getattr(settings, name).normalization != "instance":
            raise ValueError(f"networks.{name}.normalization: batch, which is for segmenters; expected instance")


def check_losses(settings: LossesConfig) -> None:
    """Raise ValueError if a weight is negative or not a number, or neighbours are at no distance."""
    _check("losses", settings, [field.name for field in dataclasses.fields(settings)], "0 or more")
    _check("losses", settings, ("pairwise_reach",), "at least 1")


def check_training(settings: TrainingConfig) -> None:
    """Raise ValueError if a number is out of its range, for any task."""
    _check("training", settings, ("batch_size", "steps", "steps_per_epoch", "samples_every"), "at least 1")
    own = [f"{name}_rate" for name in ("segmenter", "inpainter", "enhancer")]
    own = [name for name in own if getattr(settings, name) is not None]
    _check("training", settings, ("generator_rate", "discriminator_rate", *own), "more than 0")
    _check("training", settings, ("beta_1",), "0 to less than 1")
    _check("training", settings, ("paste_fraction",), "0 to 1")
    _check("training", settings, ("decay_fraction",), "0 to 1")


_RANGES: dict[str, Callable[[float], bool]] = {
    "0 or more": lambda value: value >= 0,
    "at least 1": lambda value: value >= 1,
    "more than 0": lambda value: value > 0,
    "more than 0 and less than 1": lambda value: 0 < value < 1,
    "0 to less than 1": lambda value: 0 <= value < 1,
    "0 to 1": lambda value: 0 <= value <= 1,
    "0 to 4294967295": lambda value: 0 <= value < 2**32,
}


def _check(section: str, settings: Any, names: Iterable[str], expected: str) -> None:
    for name in names:
        value = getattr(settings, name)
        if not _RANGES[expected](value):
            raise ValueError(f"{section}.{name}: {value}; expected {expected}")
