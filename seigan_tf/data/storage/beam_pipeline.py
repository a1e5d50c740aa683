"""What Apache Beam does with a plan: the steps that run on its workers.

All of it is importable by name, so that workers need the package installed and nothing pickled of the builder.
"""

import contextlib
import json
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import apache_beam as beam
from apache_beam.io.filesystems import FileSystems
from etils import epath

from seigan_tf.data.photos.photo import Problem
from seigan_tf.data.planning import plan as planning
from seigan_tf.data.planning.plan import PhotoPlan
from seigan_tf.data.storage.records import cut_and_pack

PLAN = "plan.jsonl"
"""Name of the plan's file."""
PROBLEMS = "problems"
"""Start of the names of files that say what could not be cut."""


def cut(pipeline: beam.Pipeline, folder: epath.Path, size: int, images: Mapping[str, str]) -> beam.PCollection:
    """Cuts the photos of a plan, each decoded once; what cannot be cut is written to files.

    Args:
        folder: with the plan, on storage that the workers see; PROBLEMS go there too.
        size: side of the crops in pixels.
        images: for "train" and "val", the folder of photos as the workers see it; where it is empty, the paths in the
            plan are right for them too.

    Returns:
        Pairs of a split's name and (key, fields) of a record.
    """
    made = (
        pipeline
        | "Plan" >> beam.io.ReadFromText(str(folder / PLAN))
        # A plan is one small file; without this one worker would read it and cut everything.
        | "Spread" >> beam.Reshuffle()
        | "Cut" >> beam.FlatMap(_cut, size, images)
        # Each split takes from here what is its own; without this some runners would cut again for each.
        | "Keep" >> beam.Reshuffle()
    )
    written = only(made, PROBLEMS) | "Problems" >> beam.io.WriteToText(str(folder / PROBLEMS))
    # Where a split is left without records TFDS ends the pipeline: by then it must be known why.
    return made | "Problems first" >> beam.Map(_itself, beam.pvalue.AsIter(written))


def only(made: beam.PCollection, name: str) -> beam.PCollection:
    """What there is of one split, or of PROBLEMS."""
    return made | f"Only {name}" >> beam.Filter(_is, name) | f"Bare {name}" >> beam.Values()


def problems(folder: epath.Path) -> Iterator[tuple[PhotoPlan, Problem]]:
    """What was to be cut and why it was not, for each photo that could not be read."""
    for file in sorted(folder.glob(f"{PROBLEMS}*")):
        for line in file.read_text().splitlines():
            plan, *problem = json.loads(line)
            yield planning.parse(plan), Problem(*problem)


def _itself(element: tuple[str, Any], _: Any) -> tuple[str, Any]:
    return element


def _is(element: tuple[str, Any], name: str) -> bool:
    return element[0] == name


def _cut(line: str, size: int, images: Mapping[str, str]) -> Iterator[tuple[str, Any]]:
    plan = planning.parse(line)
    with _at_hand(plan, images.get(plan.split, "")) as plan:
        made = cut_and_pack(plan, size)
    if isinstance(made, Problem):
        yield PROBLEMS, json.dumps([line, *made])
    else:
        for record in made:
            yield record.split, (record.key, record.fields)


@contextlib.contextmanager
def _at_hand(plan: PhotoPlan, images: str) -> Iterator[PhotoPlan]:
    """The plan with a photo that can be opened: as it is, or fetched from storage that Beam reads."""
    if not images:
        yield plan
        return
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / Path(plan.photo.path).name
        address = f"{images.rstrip('/')}/{plan.photo.name}"
        # A photo that is not there is reported as it is elsewhere; if storage fails, Beam tries again.
        if FileSystems.exists(address):
            with FileSystems.open(address) as source, path.open("wb") as target:
                shutil.copyfileobj(source, target)
        yield replace(plan, photo=replace(plan.photo, path=path))
