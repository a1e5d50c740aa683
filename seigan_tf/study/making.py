"""Making a study: sets of pictures, pairs and attention checks, in a folder that appears when it is complete."""

import itertools
import math
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import keras
import numpy as np

from seigan_tf.data.crop_set import Crops
from seigan_tf.inference import arrays
from seigan_tf.seigan import SEIGAN
from seigan_tf.study.manifest import COARSE, FULL, GROUND_TRUTH, NO_CYCLE, Manifest, Pair, StudySettings
from seigan_tf.study.pictures import broken_paste, new_study, write_picture
from seigan_tf.utils.pixels import to_float, to_uint8
from seigan_tf.utils.progress import Progress

BATCH = 32


def make_study(
    out: Path,
    crops: Crops,
    seigan: SEIGAN,
    no_cycle: SEIGAN | None,
    settings: StudySettings,
    origin: dict[str, Any],
    progress: Progress = lambda done, total: None,
) -> Manifest:
    """Make the folder of a study.

    Args:
        out: folder to make.
        crops: real crops, objects and backgrounds, at the size of the models.
        seigan: the model of SEIGAN-Coarse and SEIGAN-Full.
        no_cycle: the model of NoCycle; None leaves that set out.
        settings: numbers and seed.
        origin: entries for the manifest about models and crops.
        progress: counts the candidates.

    Raises:
        ValueError: `out` exists, or there are too few crops.
        OSError: the folder cannot be written.
        Terminated: SIGTERM arrived.
    """
    available = len(crops.objects.images)
    if available < settings.pictures:
        raise ValueError(f"--pictures is {settings.pictures}, expected at most {available}, the number of object crops")
    # One random stream for each purpose: more candidates or checks change nothing else.
    streams = [np.random.default_rng(seed) for seed in np.random.SeedSequence(settings.seed).spawn(5)]
    real, candidates, other_candidates, pairs, checks = streams
    jobs = [(seigan, {COARSE: "coarse", FULL: "composite"}, candidates)]
    if no_cycle is not None:
        jobs.insert(0, (no_cycle, {NO_CYCLE: "coarse"}, other_candidates))
    count = settings.pictures * settings.candidates
    done = 0

    def advance(number: int) -> None:
        nonlocal done
        done += number
        progress(done, count * len(jobs))

    with new_study(out) as folder:
        sets = {GROUND_TRUTH: crops.objects.images[real.choice(available, settings.pictures, replace=False)]}
        scores = {GROUND_TRUTH: {"chosen": float(mean_scores(seigan, sets[GROUND_TRUTH]).mean())}}
        for model, kinds, random in jobs:
            drawn = draw_candidates(available, len(crops.backgrounds.images), count, random)
            chosen = choose(model, list(kinds.values()), crops, drawn, settings.pictures, advance)
            for name, kind in kinds.items():
                sets[name] = chosen[kind].images
                scores[name] = {"chosen": float(chosen[kind].scores.mean()), "all": chosen[kind].mean_of_all}
        names = {name: [write_picture(folder, name, settings.seed, image) for image in sets[name]] for name in sets}
        shown: dict[str, str | None] = {picture: name for name, members in names.items() for picture in members}
        broken = _checks(folder, crops, settings, checks)
        shown |= {picture: None for check in broken for picture in (check.first, check.second)}
        origin = origin | {"seed": settings.seed, "candidates_per_picture": settings.candidates, "scores": scores}
        manifest = Manifest(settings.question, shown, random_pairs(names, settings.pairs, pairs), broken, origin)
        manifest.write(folder)
    return manifest


def _checks(folder: Path, crops: Crops, settings: StudySettings, random: np.random.Generator) -> list[Pair]:
    images, boxes, backgrounds = crops.objects.images, crops.objects.boxes, crops.backgrounds.images
    drawn = [random.integers(0, length, settings.checks).tolist() for length in map(len, (images, images, backgrounds))]
    checks = []
    for number, (real, item, background) in enumerate(zip(*drawn, strict=True)):
        broken = broken_paste(images[item], boxes[item], backgrounds[background], random)
        shown = {"check": images[real], "broken": broken}
        checks.append(Pair(*(write_picture(folder, f"{name} {number}", settings.seed, shown[name]) for name in shown)))
    return checks


def random_pairs(sets: dict[str, list[str]], count: int, random: np.random.Generator) -> list[Pair]:
    """Draw different pairs in random order; all pictures of a set occur about equally often.

    The combinations of two sets share the pairs evenly.

    Raises:
        ValueError: there are fewer than two sets, or fewer different pairs than `count`.
    """
    combinations = list(itertools.combinations(sets, 2))
    if not combinations:
        raise ValueError(f"study: {len(sets)} given, expected at least two sets of pictures to compare")
    if count < len(combinations):
        raise ValueError(f"--pairs is {count}, expected at least one for each of {len(combinations)} pairs of sets")
    shares = [len(part) for part in np.array_split(np.arange(count), len(combinations))]
    pairs: list[Pair] = []
    for (first, second), share in zip(combinations, shares, strict=True):
        most = len(sets[first]) * len(sets[second])
        if share > most:
            raise ValueError(f"--pairs is {count}, expected at most {most * len(combinations)} of so few pictures")
        pairs += _pairs(random.permutation(sets[first]), random.permutation(sets[second]), share)
    return [pairs[index] for index in random.permutation(len(pairs))]


def _pairs(left: np.ndarray, right: np.ndarray, count: int) -> list[Pair]:
    """Cycle through both sets; shift one of them by a place whenever the same pairs would come again."""
    period = math.lcm(len(left), len(right))
    return [
        Pair(str(left[index % len(left)]), str(right[(index + index // period) % len(right)])) for index in range(count)
    ]


class Chosen(NamedTuple):
    """The pictures of one set, best first."""

    images: np.ndarray  # uint8 [n, S, S, 3]
    scores: np.ndarray  # float32 [n], as of `mean_scores`
    mean_of_all: float  # mean score of all candidates


def draw_candidates(objects: int, backgrounds: int, count: int, random: np.random.Generator) -> np.ndarray:
    """Draw the indices of an object and of a background for each candidate: int [count, 2].

    All objects occur equally often, plus or minus one, and so do all backgrounds.
    """
    orders = [
        np.concatenate([random.permutation(length) for _ in range(math.ceil(count / length))])[:count]
        for length in (objects, backgrounds)
    ]
    return np.stack(orders, axis=1)


def choose(
    model: SEIGAN,
    kinds: Sequence[str],
    crops: Crops,
    candidates: np.ndarray,
    count: int,
    done: Callable[[int], None] = lambda number: None,
) -> dict[str, Chosen]:
    """Paste the candidates and, for each kind separately, keep the `count` pictures with the highest scores.

    Args:
        model: pastes with its averaged generators, if it has them, and with fixed noise.
        kinds: "coarse" (z) and "composite" (y1, enhanced).
        crops: objects and backgrounds at the model's size.
        candidates: int [n, 2], indices of an object and of a background.
        count: number of pictures to keep of each kind, at most n.
        done: called after each batch with its number of candidates.
    """
    best = {kind: (np.empty((0, *crops.objects.images.shape[1:]), np.uint8), np.empty(0, np.float32)) for kind in kinds}
    totals = dict.fromkeys(kinds, 0.0)
    for start in range(0, len(candidates), BATCH):
        part = candidates[start : start + BATCH]
        # Fill up the last batch: TensorFlow would compile everything again for another size.
        objects, backgrounds = np.resize(part, (BATCH, 2)).T
        images, boxes = crops.objects.images[objects], crops.objects.boxes[objects]
        made = paste(model, images, boxes, crops.backgrounds.images[backgrounds], enhanced="composite" in kinds)
        for kind in kinds:
            # Score the rounded pictures that assessors will see.
            images = to_uint8(made[kind])
            given = mean_scores(model, images)[: len(part)]
            totals[kind] += float(given.sum())
            images, given = np.concatenate([best[kind][0], images[: len(part)]]), np.concatenate([best[kind][1], given])
            order = np.argsort(-given, kind="stable")[:count]
            best[kind] = images[order], given[order]
        done(len(part))
    return {kind: Chosen(*best[kind], totals[kind] / len(candidates)) for kind in kinds}


def paste(
    model: SEIGAN, images: np.ndarray, boxes: np.ndarray, backgrounds: np.ndarray, enhanced: bool
) -> dict[str, np.ndarray]:
    """Return the first swap, float32 [N, S, S, 3]: "coarse" z = m x + (1 - m) y; on demand "composite" G_enh(z)."""
    mask = arrays.segment(model, images, boxes, BATCH)
    if model.networks.hard_mask:
        mask = (mask > 0.5).astype(np.float32)
    coarse = mask * to_float(images) + (1.0 - mask) * to_float(backgrounds)
    return {"coarse": coarse} | ({"composite": arrays.enhance(model, coarse, BATCH)} if enhanced else {})


def mean_scores(model: SEIGAN, images: np.ndarray) -> np.ndarray:
    """Return the mean over the patches of D_obj for uint8 images: float32 [N], 1 for real and 0 for fake."""
    parts = [
        keras.ops.convert_to_numpy(model.discriminators.object(to_float(images[start : start + BATCH])))
        for start in range(0, len(images), BATCH)
    ]
    return np.concatenate(parts).mean(axis=(1, 2, 3)).astype(np.float32)
