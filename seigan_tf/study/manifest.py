"""The description of a study in MANIFEST_FILE: its pictures with their sets, the pairs to compare, attention checks."""

import re
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import dacite

from seigan_tf.utils.atomic import write_json
from seigan_tf.utils.json_file import read_json
from seigan_tf.utils.text import one_line, shown

MANIFEST_FILE = "study.json"
PICTURES = "pictures"  # folder beside MANIFEST_FILE, with NAME.png for each picture

GROUND_TRUTH, NO_CYCLE, COARSE, FULL = "GroundTruth", "NoCycle", "SEIGAN-Coarse", "SEIGAN-Full"
SETS = (GROUND_TRUTH, NO_CYCLE, COARSE, FULL)  # the sets of section 4.1, in the order of figure 4
SIDES = ("left", "right")

NAME = re.compile(r"[0-9a-f]{16}")
"""Names of pictures. They tell an assessor nothing."""


@dataclass(frozen=True)
class StudySettings:
    """Size of a study. The defaults are the paper's: 300 pictures in each set, 9,000 answers, 5 for each pair.

    Raises:
        ValueError: a number is out of its range, or the question is empty.
    """

    pictures: int = 300
    """Pictures in each set."""
    candidates: int = 10
    """Random pairs of object and background for each picture that is chosen."""
    pairs: int = 1800
    """Pairs to compare; the combinations of two sets share them evenly."""
    checks: int = 20
    """Attention checks: a real crop beside a visibly broken paste."""
    seed: int = 0
    """Seed of all random choices."""
    question: str = "Which picture looks more natural?"
    """Question to the assessors."""

    def __post_init__(self):
        for name, least in (("pictures", 1), ("candidates", 1), ("pairs", 1), ("checks", 0), ("seed", 0)):
            if getattr(self, name) < least:
                raise ValueError(f"--{name} is {getattr(self, name)}, expected at least {least}")
        if not self.question.strip():
            raise ValueError("--question is empty, expected the question to the assessors")


@dataclass(frozen=True)
class Pair:
    """Two pictures to compare."""

    first: str
    second: str

    @property
    def key(self) -> frozenset[str]:
        """The pair without its order."""
        return frozenset((self.first, self.second))

    def placed(self, swapped: bool) -> tuple[str, str]:
        """The pictures on the left and on the right; `first` is on SIDES[swapped]."""
        return (self.second, self.first) if swapped else (self.first, self.second)


@dataclass(frozen=True)
class Manifest:
    """A study.

    Args:
        question: the question to the assessors.
        pictures: picture name to set name; None for pictures of attention checks.
        pairs: pairs to compare, of different sets.
        checks: attention checks; the first picture of each is real, the second visibly broken.
        origin: the models, crops and settings behind the pictures, for the reader.
    """

    question: str
    pictures: dict[str, str | None]
    pairs: list[Pair]
    checks: list[Pair]
    origin: dict[str, Any] = field(default_factory=dict)

    @property
    def sets(self) -> list[str]:
        """Names of the sets, in the order in which they were made."""
        return list(dict.fromkeys(name for name in self.pictures.values() if name is not None))

    def picture(self, folder: Path, name: str) -> Path:
        """The file of a picture in the study's folder."""
        return folder / PICTURES / f"{name}.png"

    def write(self, folder: Path) -> None:
        """Write MANIFEST_FILE into the study's folder. Raises OSError if that is impossible."""
        write_json(folder / MANIFEST_FILE, asdict(self))


def read_manifest(folder: Path) -> Manifest:
    """Read and check MANIFEST_FILE.

    Raises:
        ValueError: the file is missing, or is not one of `Manifest.write`; the message names the field.
    """
    path = folder / MANIFEST_FILE
    if not path.is_file():
        raise ValueError(
            f"{folder}: no study; expected a folder with {MANIFEST_FILE}, made by `study make` or `compare`"
        )
    values = read_json(path)
    try:
        manifest = dacite.from_dict(Manifest, values, dacite.Config(strict=True))
    except (ValueError, TypeError, AttributeError, RecursionError, dacite.DaciteError) as error:
        raise ValueError(f"{path}: not the description of a study ({shown(one_line(error))})") from None
    for name in manifest.pictures:
        if not NAME.fullmatch(name):
            raise ValueError(f"{path}: picture {shown(name)}; expected 16 digits and letters a to f")
    for pair in (*manifest.pairs, *manifest.checks):
        for name in pair.key:
            if name not in manifest.pictures:
                raise ValueError(f"{path}: a pair shows {shown(name)}, which is not among its pictures")
    for pair in manifest.pairs:
        if None in (sets := [manifest.pictures[name] for name in (pair.first, pair.second)]) or len(set(sets)) == 1:
            raise ValueError(f"{path}: pair {pair.first}, {pair.second}: expected pictures of two sets")
    return manifest
