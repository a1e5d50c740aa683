"""A study of pictures that exist: folders with the same photographs, each treated by another method."""

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from seigan_tf.data.photos import reading
from seigan_tf.data.photos.files import find_photos, none_found, require_folder
from seigan_tf.study.manifest import Manifest, Pair
from seigan_tf.study.pictures import broken_paste, new_study, write_picture
from seigan_tf.utils.progress import Progress
from seigan_tf.utils.text import shown

BROKEN = np.array([0.33, 0.33, 0.67, 0.67])
"""The part of a picture that is turned over in the wrong half of an attention check: ymin, xmin, ymax, xmax."""


@dataclass(frozen=True)
class FolderSettings:
    """Pairs and checks of a study of folders.

    Raises:
        ValueError: a number is out of its range, or the question is empty.
    """

    first: bool = False
    """Compare the first folder with each other one only; by default all folders with each other."""
    checks: int = 20
    """Attention checks: a picture of any of the folders beside the same one, visibly broken."""
    seed: int = 0
    """Seed of all random choices."""
    question: str = "Which picture looks more natural?"
    """Question to the assessors."""

    def __post_init__(self):
        for name in ("checks", "seed"):
            if getattr(self, name) < 0:
                raise ValueError(f"--{name} is {getattr(self, name)}, expected at least 0")
        if not self.question.strip():
            raise ValueError("--question is empty, expected the question to the assessors")


def compare_folders(
    out: Path, folders: Sequence[Path], settings: FolderSettings, progress: Progress = lambda done, total: None
) -> Manifest:
    """Make the folder of a study whose pairs are pictures of one photograph; a set is a folder and has its name.

    Args:
        out: folder to make.
        folders: at least two, of different names; each has the same photographs, of the same sizes, under names that
            are equal but for their endings.
        settings: pairs and checks.
        progress: counts the photographs.

    Raises:
        ValueError: `out` exists, or the folders are not such folders.
        OSError: the folder cannot be written.
        Terminated: SIGTERM arrived.
    """
    sets = _files(folders)
    names = list(sets)
    photos = list(sets[names[0]])
    order, checks = (np.random.default_rng(seed) for seed in np.random.SeedSequence(settings.seed).spawn(2))
    checked = checks.choice(len(photos), settings.checks, replace=settings.checks > len(photos)).tolist()
    combinations = list(itertools.combinations(names, 2))[: len(names) - 1 if settings.first else None]
    shown_as: dict[str, str | None] = {}
    photo_of: dict[str, str] = {}
    pairs, broken = [], []
    with new_study(out) as folder:
        for number, photo in enumerate(photos):
            images = _same_size({name: sets[name][photo] for name in names})
            written = {name: write_picture(folder, name, settings.seed, images[name]) for name in names}
            shown_as |= {picture: name for name, picture in written.items()}
            photo_of |= dict.fromkeys(written.values(), photo)
            pairs += [Pair(written[one], written[other]) for one, other in combinations]
            for check in (place for place, item in enumerate(checked) if item == number):
                real = images[names[checks.integers(len(names))]]
                halves = {"check": real, "broken": broken_paste(real, BROKEN, real, checks)}
                broken.append(
                    Pair(*(write_picture(folder, f"{half} {check}", settings.seed, halves[half]) for half in halves))
                )
            progress(number + 1, len(photos))
        shown_as |= {picture: None for check in broken for picture in (check.first, check.second)}
        origin = {"seed": settings.seed, "photographs": photo_of}
        mixed = [pairs[place] for place in order.permutation(len(pairs))]
        manifest = Manifest(settings.question, shown_as, mixed, broken, origin)
        manifest.write(folder)
    return manifest


def _files(folders: Sequence[Path]) -> dict[str, dict[str, Path]]:
    """Return the files of each set by their names without ending; raises ValueError if the sets differ."""
    if len(folders) < 2:
        raise ValueError(f"study compare: {len(folders)} given, expected at least two folders to compare")
    sets: dict[str, dict[str, Path]] = {}
    for folder in folders:
        require_folder(folder)
        name = folder.resolve().name
        if name in sets:
            raise ValueError(f"{folder}: a second folder of the name {shown(name)}, expected a name for each set")
        sets[name] = {}
        for path in find_photos(folder):
            photo = path.relative_to(folder).with_suffix("").as_posix()
            if photo in sets[name]:
                raise ValueError(f"{path}: a second file of that name beside {sets[name][photo].name}, expected one")
            sets[name][photo] = path
        if not sets[name]:
            raise ValueError(none_found(folder))
    first = next(iter(sets.values()))
    for folder, files in zip(folders, sets.values(), strict=True):
        if different := sorted(files.keys() ^ first.keys()):
            has, lacks = (folder, folders[0]) if different[0] in files else (folders[0], folder)
            raise ValueError(f"{lacks}: no picture {shown(different[0])}, which {has} has; expected equal names")
    return sets


def _same_size(files: dict[str, Path]) -> dict[str, np.ndarray]:
    """Read the pictures of one photograph, uint8 [height, width, 3] each."""
    images: dict[str, np.ndarray] = {}
    for name, path in files.items():
        try:
            images[name] = reading.read(path).visible
        except reading.UnreadablePhoto as error:
            raise ValueError(f"{path}: {error}") from None
        (height, width), (rows, columns) = images[name].shape[:2], next(iter(images.values())).shape[:2]
        if (height, width) != (rows, columns):
            raise ValueError(f"{path}: {width} x {height} pixels, expected {columns} x {rows} as in the first folder")
    return images
