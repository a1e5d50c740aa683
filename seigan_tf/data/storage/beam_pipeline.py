"""The build on Apache Beam: cutting, grouping by file and writing, with the files that the build here gives.

Workers need only the package installed.
"""

import contextlib
import io
import json
import os
import shutil
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import apache_beam as beam
from apache_beam.io.filesystems import FileSystems
from apache_beam.options.pipeline_options import PipelineOptions
from etils import epath

from seigan_tf.data.photos.photo import Problem
from seigan_tf.data.planning.cutting import CutReport
from seigan_tf.data.planning.plan import PhotoPlan, Plan, parse_line
from seigan_tf.data.planning.report import check_crops_left
from seigan_tf.data.storage.description import CropsConfig, SplitFiles
from seigan_tf.data.storage.records import cut_and_pack, shard_count, shard_of, shard_path, write_shard

# Names in the folder that the workers share: the plan, and starts of the files that report back.
PLAN, PROBLEMS, WRITTEN = "plan.jsonl", "problems", "written"
Keyed = tuple[bytes, bytes]  # key and content of a record
Shard = tuple[str, int]  # split and number of the shard in it
LOCAL_RUNNERS = (None, "DirectRunner", "FnApiRunner")  # Beam's runners on this machine; None is its default


def pipeline_options(text: str) -> Any:
    """Parse Beam's options as `--beam_pipeline_options` does: "runner=FlinkRunner,parallelism=8".

    Raises ValueError for values of another type or missing options, and Beam's own errors for the runner.
    """
    said = io.StringIO()
    try:
        with contextlib.redirect_stderr(said):
            options = PipelineOptions([f"--{option}" for option in text.split(",") if option])
            known = options.get_all_options()
    except SystemExit:  # Beam parses them as a command line, and ends the process on a mistake.
        raise ValueError(f"Apache Beam: {said.getvalue().strip().rpartition('error: ')[2]}") from None
    # Job servers define options of their own; a misspelt "runner" would build here and not on the cluster.
    unknown = [option for option in text.split(",") if option and option.partition("=")[0] not in known]
    if unknown and known["runner"] in LOCAL_RUNNERS:
        raise ValueError(f"Apache Beam: {unknown[0]!r} is no option of a pipeline here, expected such as runner=NAME")
    beam.Pipeline(options=options)  # Finds the runner and asks it what it needs; nothing runs yet.
    return options


def write_with_beam(
    plan: Plan,
    report: CutReport,
    config: CropsConfig,
    folder: epath.Path,
    sharding: tuple[int | None, int],
    options: Any,
    runner: Any,
) -> dict[str, SplitFiles]:
    """Run the pipeline, which cuts each photo once; arguments as in `build_crops`, `folder` on storage of the workers.

    Raises ValueError if too many photos cannot be read, or no crop is left, and each runner's own errors.
    """
    held_out = config.data.val_images is None
    images = {"train": config.remote_images, "val": config.remote_images if held_out else config.remote_val_images}
    shared = folder / "shared"
    shared.mkdir()
    try:
        epath.Path(plan.path).copy(shared / PLAN)
        try:
            with beam.Pipeline(runner=runner, options=options) as pipeline:
                _add_steps(pipeline, str(folder), str(shared), config.size, images, sharding)
        finally:
            # If photos are the reason why the pipeline failed, an error here says so in its place.
            for line in _lines(shared, PROBLEMS):
                planned, *problem = json.loads(line)
                report.lose(parse_line(planned), Problem(*problem))
            report.check()
            check_crops_left(config.data, report.report)
        found: dict[str, dict[int, tuple[int, int]]] = {}
        for line in _lines(shared, WRITTEN):
            split, index, length, num_bytes = json.loads(line)
            found.setdefault(split, {})[index] = length, num_bytes
    finally:
        shared.rmtree()
    return {
        split: SplitFiles([files[index][0] for index in sorted(files)], sum(size for _, size in files.values()))
        for split, files in found.items()
    }


def _add_steps(
    pipeline: beam.Pipeline,
    folder: str,
    shared: str,
    size: int,
    images: Mapping[str, str],
    sharding: tuple[int | None, int],
) -> None:
    cut = (
        pipeline
        | "Plan" >> beam.io.ReadFromText(f"{shared}/{PLAN}")
        # A plan is one small file; without this one worker would read it and cut everything.
        | "Spread" >> beam.Reshuffle()
        | "Cut" >> beam.FlatMap(_cut, size, images).with_outputs(PROBLEMS, main="records")
    )
    _ = cut[PROBLEMS] | "Problems" >> beam.io.WriteToText(f"{shared}/{PROBLEMS}")
    # Sizes and files both take from here; without this some runners would cut again for each.
    records = cut.records | "Keep" >> beam.Reshuffle()
    shards = (
        records
        | "Sizes" >> beam.MapTuple(lambda split, keyed: (split, len(keyed[1])))
        | "Size of split" >> beam.CombinePerKey(sum)
        | "Shards" >> beam.MapTuple(lambda split, size: (split, shard_count(size, *sharding)))
    )
    placed = records | "Place" >> beam.Map(_place, beam.pvalue.AsDict(shards)) | "By shard" >> beam.GroupByKey()
    # Shards without records get no file.
    filled = (
        placed
        | beam.Keys()
        | "By split" >> beam.GroupByKey()
        | "In order" >> beam.MapTuple(lambda split, shards: (split, sorted(shards)))
    )
    _ = (
        placed
        | "Write" >> beam.Map(_write, beam.pvalue.AsDict(filled), folder, shared)
        | "Written" >> beam.io.WriteToText(f"{shared}/{WRITTEN}")
    )


def _cut(line: str, size: int, images: Mapping[str, str]) -> Iterator[Any]:
    plan = parse_line(line)
    with _at_hand(plan, images.get(plan.split, "")) as plan:
        made = cut_and_pack(plan, size)
    if isinstance(made, Problem):
        yield beam.pvalue.TaggedOutput(PROBLEMS, json.dumps([line, *made]))
    else:
        for split, key, content in made:
            yield split, (key, content)


def _place(record: tuple[str, Keyed], shards: Mapping[str, int]) -> tuple[Shard, Keyed]:
    split, keyed = record
    return (split, shard_of(keyed[0], shards[split])), keyed


def _write(shard: tuple[Shard, Iterable[Keyed]], filled: Mapping[str, Sequence[int]], folder: str, shared: str) -> str:
    (split, number), keyed = shard
    records = dict(keyed)
    ordered = [records[key] for key in sorted(records)]
    index = filled[split].index(number)
    path = shard_path(folder, split, index, len(filled[split]))
    if "://" in path:
        write_shard(path, ordered)
    else:  # A worker that is started again must not meet a file of the first one, half written.
        with tempfile.TemporaryDirectory(dir=shared) as own:
            write_shard(f"{own}/shard", ordered)
            os.replace(f"{own}/shard", path)
    return json.dumps([split, index, len(ordered), sum(map(len, ordered))])


def _lines(folder: epath.Path, name: str) -> Iterator[str]:
    for file in sorted(folder.glob(f"{name}*")):
        yield from file.read_text().splitlines()


@contextlib.contextmanager
def _at_hand(plan: PhotoPlan, images: str) -> Iterator[PhotoPlan]:
    """Yield the plan with a photo that can be opened: as it is, or fetched from storage that Beam reads."""
    if not images:
        yield plan
        return
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / plan.photo.path.name
        address = f"{images.rstrip('/')}/{plan.photo.name}"
        # A missing photo is reported as it is elsewhere; if storage fails, Beam tries again.
        if FileSystems.exists(address):
            with FileSystems.open(address) as source, path.open("wb") as target:
                shutil.copyfileobj(source, target)
        yield replace(plan, photo=replace(plan.photo, path=path))
