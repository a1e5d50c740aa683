"""The build of the store: photographs and boxes to files of crops.

TFDS only describes the set: files are written here or by Beam through `records`, in the same order and with the same
bytes. TFDS's own writers differ in that between a machine and Beam, and need TensorFlow.
"""

import contextlib
import importlib.util
import itertools
import os
import tempfile
from array import array
from collections import Counter
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from types import ModuleType
from typing import Any

import tensorflow_datasets as tfds
from array_record.python.array_record_module import ArrayRecordWriter
from etils import epath

from seigan_tf import config as settings
from seigan_tf.data.photos.photo import Problem
from seigan_tf.data.planning.cutting import CutReport, cut_all
from seigan_tf.data.planning.plan import Plan, make_plan
from seigan_tf.data.planning.report import check_crops_left
from seigan_tf.data.storage import records
from seigan_tf.data.storage.description import CropsConfig, SplitFiles
from seigan_tf.data.storage.records import SHARD_BYTES, shard_count, shard_of, shard_path, write_shard
from seigan_tf.utils.progress import Progress
from seigan_tf.utils.workers import InOrder, ordered_workers


def beam_pipeline() -> ModuleType:
    """Import the build on Apache Beam. Raises ValueError if that is not installed."""
    if importlib.util.find_spec("apache_beam") is None:
        raise ValueError("Apache Beam is not installed; pip install seigan-tf[beam]")
    from seigan_tf.data.storage import beam_pipeline

    return beam_pipeline


def build_crops(
    info: tfds.core.DatasetInfo,
    config: CropsConfig,
    folder: os.PathLike | str,
    progress: Progress | None = None,
    earlier: Sequence[Problem] = (),
    sharding: tuple[int | None, int] = (None, SHARD_BYTES),
    beam_options: Any = None,
    beam_runner: Any = None,
) -> None:
    """Plan, cut and write the crops, and complete their description, which the caller saves.

    Args:
        info: made by `describe_crops`; gets the splits, and the metadata "settings" and "report".
        folder: existing folder for the files, or its address on storage that `etils.epath` knows.
        progress, earlier: see `prepare.prepare`.
        sharding: number of files per split, or None, and their size in bytes; see `records.shard_count`.
        beam_options, beam_runner: Beam's pipeline options and runner; None: Beam's default.

    Raises:
        ValueError: settings or annotations cannot be used, no crop is left, or more problems than data.max_bad.
        OSError: a file cannot be read or written.
    """
    data = config.data
    if not data.reads_annotations:
        raise ValueError(f"data.source is {data.source}, expected a format of annotations")
    # Inside the folder if possible: the records there take as much room as the result.
    nearby = None if "://" in os.fspath(folder) else folder
    with (
        tempfile.TemporaryDirectory(dir=nearby, prefix="scratch-") as scratch,
        ordered_workers(0 if config.beam else config.workers, records.cut_and_pack) as in_order,  # Beam has its own
    ):
        plan = make_plan(data, Path(scratch), progress, earlier, in_order)
        report = CutReport(plan.report, data.max_bad)
        if config.beam:
            write = beam_pipeline().write_with_beam
            files = write(plan, report, config, epath.Path(folder), sharding, beam_options, beam_runner)
        else:
            files = _write_here(plan, report, config, folder, Path(scratch), sharding, in_order, progress)
    check_crops_left(data, report.report)
    report.report["validation"] = report.report.pop("val")
    given = settings.to_dict(data) | config.origin
    report.report["source"] = given["source"]
    info.metadata.update(settings=given, report=report.report)
    template = tfds.core.ShardedFileTemplate(epath.Path(folder), dataset_name=records.NAME)
    splits = [
        tfds.core.SplitInfo(
            name=split,
            shard_lengths=files[split].lengths,
            num_bytes=files[split].num_bytes,
            filename_template=template.replace(split=split, filetype_suffix="array_record"),
        )
        for split in records.SPLITS
        if split in files
    ]
    info.set_splits(tfds.core.SplitDict(splits))


def _write_here(
    plan: Plan,
    report: CutReport,
    config: CropsConfig,
    folder: os.PathLike | str,
    scratch: Path,
    sharding: tuple[int | None, int],
    in_order: InOrder,
    progress: Progress | None,
) -> dict[str, SplitFiles]:
    """Cut into a file per split, and copy the records from there in the order of their keys."""
    keys: dict[str, list[bytes]] = {}
    num_bytes: Counter[str] = Counter()
    writers = {}
    made = cut_all(plan, partial(records.cut_and_pack, size=config.size), report, in_order, progress)
    with records.disk_errors(os.fspath(scratch)), contextlib.closing(made):
        for split, key, record in made:
            if split not in writers:
                writers[split] = ArrayRecordWriter(os.fspath(scratch / split), "group_size:1,uncompressed")
            writers[split].write(record)
            keys.setdefault(split, []).append(key)
            num_bytes[split] += len(record)
        for writer in writers.values():
            writer.close()
    files: dict[str, SplitFiles] = {}
    shards_to_write: list[tuple[str, records.StoredRecords, Sequence[int]]] = []
    for split, own in keys.items():
        if len(set(own)) < len(own):
            raise ValueError(f"two records of one key in {split}")
        stored = records.StoredRecords([scratch / split], [len(own)])
        order = sorted(range(len(own)), key=own.__getitem__)
        shards = shard_count(num_bytes[split], *sharding)
        filled = [
            array("Q", group) for _, group in itertools.groupby(order, key=lambda index: shard_of(own[index], shards))
        ]
        shards_to_write += [
            (shard_path(folder, split, number, len(filled)), stored, indices) for number, indices in enumerate(filled)
        ]
        files[split] = SplitFiles([len(indices) for indices in filled], num_bytes[split])
    # Workers do not know storage that only this process has registered with `etils.epath`.
    copied = (map if "://" in os.fspath(folder) else in_order)(_copy_records, shards_to_write)
    for _ in copied:
        pass
    return files


def _copy_records(shard: tuple[str, records.StoredRecords, Sequence[int]]) -> None:
    path, stored, indices = shard
    write_shard(path, map(stored.__getitem__, indices))
