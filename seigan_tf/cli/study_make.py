"""python -m seigan_tf study make: the pictures, pairs and attention checks of a study."""

import os
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated

import tyro
from rich.console import Console

from seigan_tf.cli.max_bad import MaxBad, share
from seigan_tf.config import DataConfig
from seigan_tf.utils.progress import bar

DESCRIPTION = """Make the pictures and pairs of a human study (section 4.1 of the paper).

  python -m seigan_tf study make --out study --images DIR --annotations FILE --weights runs/cats \\
      --no-cycle runs/no_cycle

Four sets: GroundTruth (real object crops), NoCycle (coarse pastes of --no-cycle; left out without it), SEIGAN-Coarse
and SEIGAN-Full (coarse and enhanced pastes of --weights). Objects are pasted onto backgrounds at random, and each
model's object discriminator chooses the pictures that are shown. The folder appears when all is done, or not at all.
"""


@dataclass(frozen=True)
class Options:
    out: Path
    """Folder to make; it must not exist."""
    weights: str = "cats"
    """SEIGAN: a run folder, runs/NAME, a .keras file or a shipped name."""
    no_cycle: str | None = None
    """NoCycle: a run trained with coarse_gan alone, as `table1 --methods no_cycle` does."""
    images: Path | None = None
    """Folder of the photographs."""
    annotations: Path | None = None
    """File or folder with boxes; unless given, the one such file in --images."""
    source: Annotated[str, tyro.conf.arg(metavar="auto|coco|yolo|voc|cityscapes|csv")] = "auto"
    """Format of the annotations; auto looks at the files."""
    crops: Path | None = None
    """Folder of prepared crops, in place of --images; its training crops are used."""
    min_short_side: float | None = None
    """Shortest side of an object, in pixels; as in training unless given. So are the next two."""
    max_object_fraction: float | None = None
    """Longest side of an object, as a fraction of the photograph's."""
    min_aspect: float | None = None
    """Short side by long side of an object, at least."""
    max_bad: MaxBad = "1%"
    """Share of photographs, and of objects, that may be unusable before the run ends: 1% or 0.01."""
    pictures: int = 300
    """In each set."""
    candidates: int = 10
    """Random pairs of object and background for each picture that is chosen."""
    pairs: int = 1800
    """To compare; the combinations of two sets share them evenly."""
    checks: int = 20
    """Attention checks: a real crop beside a visibly broken paste."""
    question: str = "Which picture looks more natural?"
    """What assessors are asked."""
    seed: int = 0
    """Of everything that is drawn."""


def run(arguments: Sequence[str], console: Console | None = None) -> None:
    """Makes a study as the arguments say.

    Raises:
        ValueError: settings, weights or data that cannot be used.
        OSError: a file cannot be read or written.
        SystemExit: --help, or an argument that is unknown or of another type.
    """
    options = tyro.cli(Options, args=list(arguments), prog="python -m seigan_tf study make", description=DESCRIPTION)
    console = console or Console()
    if os.path.lexists(options.out):
        raise ValueError(f"--out {options.out}: exists already, expected a folder to make")
    if (options.images is None) == (options.crops is None):
        raise ValueError("--images and --crops: expected one of them, a folder of photographs or of prepared crops")
    # Keras comes with the next imports, which takes seconds: everything that can be refused before is.
    from seigan_tf.utils import quiet

    with quiet.native_messages_hidden():
        from seigan_tf import loading
    from seigan_tf.data import crop_set
    from seigan_tf.study import making

    names = ("pictures", "candidates", "pairs", "checks", "seed", "question")
    settings = making.Settings(**{name: getattr(options, name) for name in names})
    found = [loading.find(weights) for weights in (options.weights, options.no_cycle) if weights is not None]
    config = _data(options, found[0])
    models = [loading.load(weights.file) for weights in found]
    size = models[0].networks.size
    if models[-1].networks.size != size:
        raise ValueError(f"--no-cycle {options.no_cycle}: crops of {models[-1].networks.size} px, expected {size}")
    with bar(console, "cutting crops") as progress:
        crops = crop_set.load(config, size, progress)
    origin = {
        "weights": found[0].name,
        "no_cycle": found[1].name if options.no_cycle is not None else None,
        "size": size,
        "objects": len(crops.objects.images),
        "backgrounds": len(crops.backgrounds.images),
    }
    with bar(console, "pasting") as progress:
        no_cycle = models[1] if options.no_cycle is not None else None
        made = making.make(options.out, crops, models[0], no_cycle, settings, origin, progress)
    counts = {name: list(made.pictures.values()).count(name) for name in made.sets}
    for name, given in made.origin["scores"].items():
        of_all = f", {given['all']:.3f} of all candidates" if "all" in given else ""
        text = f"{name}: {counts[name]} pictures, mean discriminator score {given['chosen']:.3f}{of_all}"
        console.print(text, soft_wrap=True, highlight=False)
    console.print(
        f"{len(made.pairs)} pairs and {len(made.checks)} attention checks in {options.out}; look at its pictures, then"
        f" python -m seigan_tf study serve {options.out}",
        soft_wrap=True,
        highlight=False,
        markup=False,
    )


def _data(options: Options, weights) -> DataConfig:
    """The crop rules of the weights' training, on the photographs or crops of the options."""
    from seigan_tf import config
    from seigan_tf.data import readers

    trained = None if weights.folder is None else weights.folder / "config.json"
    known = trained is not None and trained.is_file()
    data = config.load(trained).data if known else DataConfig(object_fraction=weights.object_fraction)
    rules = ("min_short_side", "max_object_fraction", "min_aspect")
    given = {name: getattr(options, name) for name in rules if getattr(options, name) is not None}
    source = "crops"
    if options.images is not None:
        source = readers.guess(options.images, options.annotations) if options.source == "auto" else options.source
    return replace(
        data,
        **given,
        source=source,
        crops=options.crops,
        images=options.images,
        annotations=options.annotations,
        val_images=None,
        val_annotations=None,
        held_out=0.0,
        max_mirrored=0.0,  # A crop that shows its object's mirror image is real, but looks less so than a paste.
        max_bad=share(options.max_bad),
        seed=options.seed,
    )
