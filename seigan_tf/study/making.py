"""Makes a study: its sets of pictures, pairs and attention checks, in a folder that appears when all is there."""

import hashlib
import io
import os
import shutil
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from seigan_tf.data.crop_set import Crops
from seigan_tf.seigan import SEIGAN
from seigan_tf.study import manifest, pictures
from seigan_tf.study.broken import broken_paste
from seigan_tf.study.manifest import COARSE, FULL, GROUND_TRUTH, NO_CYCLE, Manifest, Pair
from seigan_tf.study.pairing import random_pairs
from seigan_tf.utils.interruption import parents_made, termination
from seigan_tf.utils.progress import Progress


@dataclass(frozen=True)
class Settings:
    """How large a study is. The defaults are the paper's: 300 pictures of each set, 9,000 comparisons of 5 each.

    Raises:
        ValueError: a number out of its range, or no question.
    """

    pictures: int = 300
    candidates: int = 10
    """Random pairs of object and background for each picture that is chosen."""
    pairs: int = 1800
    checks: int = 20
    seed: int = 0
    question: str = "Which picture looks more natural?"

    def __post_init__(self):
        for name, least in (("pictures", 1), ("candidates", 1), ("pairs", 1), ("checks", 0), ("seed", 0)):
            if getattr(self, name) < least:
                raise ValueError(f"--{name} is {getattr(self, name)}, expected at least {least}")
        if not self.question.strip():
            raise ValueError("--question is empty, expected what assessors are asked")


def make(
    out: Path,
    crops: Crops,
    model: SEIGAN,
    no_cycle: SEIGAN | None,
    settings: Settings,
    origin: dict[str, Any],
    progress: Progress = lambda done, total: None,
) -> Manifest:
    """Makes the study's folder.

    Args:
        out: folder to make.
        crops: real crops, objects and backgrounds, at the models' size.
        model: SEIGAN, for SEIGAN-Coarse and SEIGAN-Full.
        no_cycle: the model of NoCycle; its set is left out where there is none.
        settings: numbers and seed.
        origin: what the manifest is to say of models and crops.
        progress: told after each batch of candidates.

    Raises:
        ValueError: `out` exists, or there are too few crops.
        OSError: it cannot be written.
        Terminated: by SIGTERM.
    """
    if os.path.lexists(out):
        raise ValueError(f"{out}: exists already, expected a folder to make")
    with termination(out), parents_made(out):
        temporary = Path(tempfile.mkdtemp(prefix=f".{out.name}-", dir=out.parent))
        try:
            folder = temporary / "study"
            (folder / manifest.PICTURES).mkdir(parents=True)
            made = _make(folder, crops, model, no_cycle, settings, origin, progress)
            manifest.save(made, folder)
            folder.rename(out)
        finally:
            shutil.rmtree(temporary, ignore_errors=True)
    return made


def _make(folder, crops, model, no_cycle, settings, origin, progress) -> Manifest:
    available = len(crops.objects.images)
    if available < settings.pictures:
        raise ValueError(f"--pictures is {settings.pictures}, expected at most {available}, the number of object crops")
    # A stream for each purpose, so that more candidates or checks change nothing else.
    streams = [np.random.default_rng(seed) for seed in np.random.SeedSequence(settings.seed).spawn(5)]
    real, candidates, other_candidates, pairs, checks = streams
    subsample = real.choice(available, settings.pictures, replace=False)
    sets = {GROUND_TRUTH: crops.objects.images[subsample]}
    scores = {GROUND_TRUTH: {"chosen": float(pictures.scores(model, sets[GROUND_TRUTH]).mean())}}
    jobs = [(model, {COARSE: "coarse", FULL: "composite"}, candidates)]
    if no_cycle is not None:
        jobs.insert(0, (no_cycle, {NO_CYCLE: "coarse"}, other_candidates))
    count = settings.pictures * settings.candidates
    done = 0

    def advance(number: int) -> None:
        nonlocal done
        done += number
        progress(done, count * len(jobs))

    for judge, kinds, random in jobs:
        drawn = pictures.draw_candidates(available, len(crops.backgrounds.images), count, random)
        chosen = pictures.choose(judge, list(kinds.values()), crops, drawn, settings.pictures, advance)
        for name, kind in kinds.items():
            sets[name] = chosen[kind].images
            scores[name] = {"chosen": float(chosen[kind].scores.mean()), "all": chosen[kind].mean_of_all}
    names = {name: [_write(folder, name, settings.seed, image) for image in images] for name, images in sets.items()}
    shown: dict[str, str | None] = {picture: name for name, members in names.items() for picture in members}
    broken = _checks(folder, crops, settings, checks)
    shown |= {picture: None for check in broken for picture in (check.first, check.second)}
    return Manifest(
        settings.question,
        shown,
        random_pairs(names, settings.pairs, pairs),
        broken,
        origin | {"seed": settings.seed, "candidates_per_picture": settings.candidates, "scores": scores},
    )


def _checks(folder: Path, crops: Crops, settings: Settings, random: np.random.Generator) -> list[Pair]:
    def several(length: int) -> Sequence[int]:
        return random.integers(0, length, settings.checks).tolist()

    images, boxes, backgrounds = crops.objects.images, crops.objects.boxes, crops.backgrounds.images
    checks = []
    for number, (real, item, background) in enumerate(
        zip(several(len(images)), several(len(images)), several(len(backgrounds)), strict=True)
    ):
        wrong = broken_paste(images[item], boxes[item], backgrounds[background], random)
        checks.append(
            Pair(
                _write(folder, f"check {number}", settings.seed, images[real]),
                _write(folder, f"broken {number}", settings.seed, wrong),
            )
        )
    return checks


def _write(folder: Path, salt: str, seed: int, image: np.ndarray) -> str:
    """Writes a PNG under a name that changes with its pixels, so that a browser never shows an older study's."""
    buffer = io.BytesIO()
    Image.fromarray(image).save(buffer, format="PNG")
    digest = hashlib.sha256(f"{seed} {salt} ".encode() + buffer.getvalue()).hexdigest()
    name, number = digest[:16], 0
    while (path := folder / manifest.PICTURES / f"{name}.png").exists():  # the same paste twice in one set
        number += 1
        name = hashlib.sha256(f"{digest} {number}".encode()).hexdigest()[:16]
    path.write_bytes(buffer.getvalue())
    return name
