"""python -m seigan_tf study make: the pictures, pairs and attention checks of a study."""

import os
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.console import Console

from seigan_tf.cli.options import Annotations, MaxBad, Source, annotation_format, parse, parse_share, say
from seigan_tf.config import DataConfig
from seigan_tf.utils.progress import bar

if TYPE_CHECKING:
    from seigan_tf.inference.loading import Weights

DESCRIPTION = """Make the pictures and pairs of a human study (section 4.1 of the paper).

  python -m seigan_tf study make --out study --images DIR --annotations FILE --weights runs/cats \\
      --no-cycle runs/no_cycle

Four sets: GroundTruth (real object crops), NoCycle (coarse pastes of --no-cycle; left out without it), SEIGAN-Coarse
and SEIGAN-Full (coarse and enhanced pastes of --weights). Objects are pasted onto random backgrounds, and the object
discriminator of each model chooses the pictures to show. The folder appears when it is complete, or not at all.
"""


@dataclass(frozen=True)
class Options:
    out: Path
    """Folder to make; it must not exist."""
    weights: str = "cats"
    """SEIGAN: a run folder, runs/NAME, a .keras file or a shipped name."""
    no_cycle: str | None = None
    """NoCycle: a run trained with coarse_gan alone, as by `table1 --methods no_cycle`."""
    images: Path | None = None
    """Folder of the photographs."""
    annotations: Annotations = None
    source: Source = "auto"
    crops: Path | None = None
    """Folder of prepared crops, instead of --images; its training crops are used."""
    min_short_side: float | None = None
    """Shortest side of an object in pixels; by default as in training, like the next two."""
    max_object_fraction: float | None = None
    """Longest side of an object, as a fraction of the photograph's."""
    min_aspect: float | None = None
    """Least ratio of an object's short side to its long side."""
    max_bad: MaxBad = "1%"
    pictures: int = 300
    """Pictures in each set."""
    candidates: int = 10
    """Random pairs of object and background for each picture that is chosen."""
    pairs: int = 1800
    """Pairs to compare; the combinations of two sets share them evenly."""
    checks: int = 20
    """Attention checks: a real crop beside a visibly broken paste."""
    question: str = "Which picture looks more natural?"
    """Question to the assessors."""
    seed: int = 0
    """Seed of all random choices."""


def run(arguments: Sequence[str]) -> None:
    """Make the folder of a study."""
    options = parse(Options, arguments, "study make", DESCRIPTION)
    if os.path.lexists(options.out):
        raise ValueError(f"--out {options.out}: exists already, expected a folder to make")
    if (options.images is None) == (options.crops is None):
        raise ValueError("--images and --crops: expected one of them, a folder of photographs or of prepared crops")

    from seigan_tf.utils import quiet

    with quiet.native_messages_hidden():
        from seigan_tf.inference import loading
    from seigan_tf.data.loading import load_crops
    from seigan_tf.study.making import StudySettings, make_study

    console = Console()
    # Check everything that needs no model first: loading one takes seconds.
    names = ("pictures", "candidates", "pairs", "checks", "seed", "question")
    settings = StudySettings(**{name: getattr(options, name) for name in names})
    found = [loading.find(weights) for weights in (options.weights, options.no_cycle) if weights is not None]
    config = _data(options, found[0])
    models = [loading.load_model(weights.file) for weights in found]
    size = models[0].networks.size
    if models[-1].networks.size != size:
        raise ValueError(f"--no-cycle {options.no_cycle}: crops of {models[-1].networks.size} px, expected {size}")
    with bar(console, "cutting crops") as progress:
        crops = load_crops(config, size, progress)
    origin = {
        "weights": found[0].name,
        "no_cycle": found[1].name if options.no_cycle is not None else None,
        "size": size,
        "objects": len(crops.objects.images),
        "backgrounds": len(crops.backgrounds.images),
    }
    no_cycle = models[1] if options.no_cycle is not None else None
    with bar(console, "pasting") as progress:
        made = make_study(options.out, crops, models[0], no_cycle, settings, origin, progress)
    counts = {name: list(made.pictures.values()).count(name) for name in made.sets}
    for name, scores in made.origin["scores"].items():
        of_all = f", {scores['all']:.3f} of all candidates" if "all" in scores else ""
        say(console, f"{name}: {counts[name]} pictures, mean discriminator score {scores['chosen']:.3f}{of_all}")
    say(
        console,
        f"{len(made.pairs)} pairs and {len(made.checks)} attention checks in {options.out}; look at its pictures, then"
        f" python -m seigan_tf study serve {options.out}",
    )


def _data(options: Options, weights: "Weights") -> DataConfig:
    """Return the crop rules of the weights' training, applied to the photographs or crops of the options."""
    from seigan_tf import config

    trained = None if weights.folder is None else weights.folder / "config.json"
    if trained is not None and trained.is_file():
        data = config.load_config(trained).data
    else:
        data = DataConfig(object_fraction=weights.object_fraction)
    rules = ("min_short_side", "max_object_fraction", "min_aspect")
    given: dict[str, Any] = {name: getattr(options, name) for name in rules if getattr(options, name) is not None}
    given["source"] = "crops"
    if options.images is not None:
        given["source"] = annotation_format(options.source, options.images, options.annotations)
    return replace(
        data,
        **given,
        crops=options.crops,
        images=options.images,
        annotations=options.annotations,
        val_images=None,
        val_annotations=None,
        held_out=0.0,
        max_mirrored=0.0,  # A crop that shows a mirror image of its object is real, but looks less so than a paste.
        max_bad=parse_share(options.max_bad),
        seed=options.seed,
    )
