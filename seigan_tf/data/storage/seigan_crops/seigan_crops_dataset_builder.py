r"""Builds the store: a plan, one pass over the photos, and ArrayRecord files; here or with Apache Beam.

    tfds build seigan_tf/data/storage/seigan_crops \
        --config '{"name": "cats", "data": {"source": "coco", "images": "photos", "annotations": "boxes.json"}}'

Both ways give the same files, byte for byte.
"""

import contextlib
import dataclasses
import importlib.util
import io
import itertools
import tempfile
from collections import Counter
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow_datasets as tfds
from etils import epath
from tensorflow_datasets.core.hashing import Hasher
from tensorflow_datasets.core.shuffle import get_bucket_number
from tensorflow_datasets.core.splits import SplitInfo
from tensorflow_datasets.core.utils import tqdm
from tensorflow_datasets.core.utils.shard_utils import ShardConfig

from seigan_tf import config as settings
from seigan_tf.config import DataConfig
from seigan_tf.data.photos.photo import Problem
from seigan_tf.data.planning import plan as planning
from seigan_tf.data.planning.plan import PhotoPlan, make_plan
from seigan_tf.data.planning.problems import check_crops_left
from seigan_tf.data.planning.report import CutReport
from seigan_tf.data.storage import records
from seigan_tf.data.storage.shards import ShardWriter, serialize
from seigan_tf.data.storage.spool import Spool
from seigan_tf.utils import workers
from seigan_tf.utils.progress import Progress

FEATURES = {
    "box": tfds.features.Tensor(
        shape=(4,), dtype=np.float32, doc="ymin, xmin, ymax, xmax relative to the crop; zeros for a background"
    ),
    "mask": tfds.features.Scalar(
        dtype=np.object_, doc="PNG, 1 bit, side x side pixels of the photo; empty where unknown and for training"
    ),
    "photo": tfds.features.Text(doc="path in the folder of photographs"),
    "photo_size": tfds.features.Tensor(shape=(2,), dtype=np.int32, doc="height, width of the photo"),
    "region": tfds.features.Tensor(
        shape=(3,), dtype=np.int32, doc="x, y, side of the crop in the photo; may reach past its border"
    ),
    "object_id": tfds.features.Scalar(dtype=np.int64, doc="of the annotation; 0 for a background"),
    "category": tfds.features.Text(doc="of the object; empty where unknown and for a background"),
}


LOCAL_RUNNERS = (None, "DirectRunner", "FnApiRunner")
"""Of Apache Beam; None stands for its default."""
MAX_SIZE = 4096
"""Side of the largest crops, in pixels: far more than any network here takes, and 50 MB each."""


@dataclasses.dataclass(eq=False)
class CropsConfig(tfds.core.BuilderConfig):
    """What to build."""

    data: DataConfig | dict[str, Any] = dataclasses.field(default_factory=DataConfig)
    """Photographs, annotations and crop rules; the field names of DataConfig where it is given as JSON."""
    size: int = 128
    """Side of the crops in pixels."""
    workers: int = 0
    """Processes that decode and cut; 0 is this one."""
    beam: bool = False
    """Build with Apache Beam, on the runner of `--beam_pipeline_options`."""
    remote_images: str = ""
    """With Beam: the folder of data.images as the workers see it (gs://..., s3://..., a mounted folder), where that
    differs from here."""
    remote_val_images: str = ""
    """The same of data.val_images."""
    origin: dict[str, Any] = dataclasses.field(default_factory=dict)
    """What metadata.json says in place of fields of `data`, where these are about files made on the way here: "source"
    (in the report too) names what the user gave, paths that mean nothing later are None."""

    def __post_init__(self):
        if isinstance(self.data, dict):
            self.data = settings.from_dict(DataConfig, self.data)
        if not 1 <= self.size <= MAX_SIZE:
            raise ValueError(f"size is {self.size}, expected 1 to {MAX_SIZE} pixels")
        if self.workers < 0:
            raise ValueError(f"workers is {self.workers}, expected at least 0")


def pipeline_options(text: str) -> Any:
    """Beam's options from one line, as `--beam_pipeline_options` takes them: "runner=FlinkRunner,parallelism=8".

    Raises:
        ValueError: Beam is not installed, an option's value is of another type, or options that the runner needs are
            missing.
        Exception: there is no such runner, or it cannot be used here; each has its own.
    """
    _require_beam()
    import apache_beam
    from apache_beam.options.pipeline_options import PipelineOptions

    said = io.StringIO()
    try:
        with contextlib.redirect_stderr(said):
            options = PipelineOptions([f"--{option}" for option in text.split(",") if option])
            known = options.get_all_options()
    except SystemExit:  # It reads them as those of a command line, and ends the process as a command does.
        raise ValueError(f"Apache Beam: {said.getvalue().strip().rpartition('error: ')[2]}") from None
    # Job servers define options of their own; a misspelt "runner" would build here and not on the cluster.
    unknown = [option for option in text.split(",") if option and option.partition("=")[0] not in known]
    if unknown and known["runner"] in LOCAL_RUNNERS:
        raise ValueError(f"Apache Beam: {unknown[0]!r} is no option of a pipeline here, expected such as runner=NAME")
    apache_beam.Pipeline(options=options)  # Finds the runner and asks it what it needs; nothing runs yet.
    return options


def _require_beam() -> None:
    if importlib.util.find_spec("apache_beam") is None:
        raise ValueError("Apache Beam is not installed; pip install seigan-tf[beam]")


class _Info(tfds.core.DatasetInfo):
    def initialize_from_bucket(self) -> None:
        """Nothing of this set is on TFDS's server; asking for it leaves an empty folder in the system's for temporary
        files."""


class Builder(tfds.core.GeneratorBasedBuilder):
    """Crops of annotated photographs, for TFDS.

    Raises, beside what TFDS does:
        ValueError: settings or annotations that cannot be used, no crop left, more problems than data.max_bad.
        OSError: a file cannot be read or written.
    """

    VERSION = tfds.core.Version(records.VERSION)
    # TFDS takes a configuration of this type from --config only where there is one already.
    BUILDER_CONFIGS = [CropsConfig(name="unset")]  # noqa: RUF012

    progress: Progress | None = None
    """Told after each photo: photos done, all photos. A bar of TFDS is shown where it is None."""
    earlier: Sequence[Problem] = ()
    """Problems met before the annotations were written; they count as if they were in them."""

    def __init__(self, *, file_format: str | None = None, **arguments):
        super().__init__(file_format=file_format or "array_record", **arguments)

    def _info(self) -> tfds.core.DatasetInfo:
        size = self.builder_config.size
        image = tfds.features.Image(shape=(size, size, 3), encoding_format="jpeg", doc="the crop")
        return _Info(
            builder=self,
            description="Square crops of photographs: one object at the centre, or none.",
            features=tfds.features.FeaturesDict({"image": image, **FEATURES}),
            metadata=tfds.core.MetadataDict(),
        )

    def _log_download_bytes(self) -> None:
        """Nothing is downloaded."""

    _log_download_done = _log_download_bytes

    def _example_writer(self) -> ShardWriter:
        return ShardWriter(self.info.file_format)

    def _generate_splits(self, dl_manager, download_config) -> list[SplitInfo]:
        # TFDS's own loop would decode a photo once for each split, hold up to 1 GB of records in memory, need
        # TensorFlow beyond that, and draw the borders of the shards elsewhere than Beam does. It is used for Beam only.
        config = self.builder_config
        if config.data.source in ("synthetic", "crops"):
            raise ValueError(f"data.source is {config.data.source}, expected a format of annotations")
        if config.beam:
            _require_beam()
        with self._scratch() as folder:
            self._plan = make_plan(config.data, folder, self.progress, self.earlier)
            self._report = CutReport(self._plan.report, config.data.max_bad)
            if config.beam:
                infos = self._generate_with_beam(dl_manager, download_config)
            else:
                infos = self._generate_here(folder, download_config.get_shard_config())
        report = self._report.report
        check_crops_left(config.data, report)
        report["validation"] = report.pop("val")
        given = settings.to_dict(config.data) | config.origin
        report["source"] = given["source"]
        self.info.metadata.update(settings=given, report=report)
        return infos

    @contextlib.contextmanager
    def _scratch(self) -> Iterator[Path]:
        """A local folder for the plan and what else is needed on the way: inside that of the data, where it can be."""
        if "://" in str(self.data_dir):
            with tempfile.TemporaryDirectory() as folder:
                yield Path(folder)
        else:
            with tempfile.TemporaryDirectory(dir=self.data_dir, prefix="scratch-") as folder:
                yield Path(folder)

    def _generate_here(self, folder: Path, shard_config: ShardConfig) -> list[SplitInfo]:
        hashers = {split: Hasher(split) for split in records.SPLITS}
        with contextlib.closing(Spool(folder / "records")) as spool:
            with contextlib.closing(self._cut()) as cut:
                for plan, made in cut:
                    if isinstance(made, Problem):
                        self._report.lose(plan, made)
                        continue
                    for split, key, fields in made:
                        spool.add(split, hashers[split].hash_key(key), serialize(fields))
            return [self._write(split, spool, shard_config) for split in records.SPLITS if spool.total(split)[0]]

    def _cut(self) -> Iterator[tuple[PhotoPlan, list[records.Record] | Problem]]:
        """What is planned and what became of it, photo by photo."""
        plan, config = self._plan, self.builder_config
        cut = workers.ordered_map(partial(records.cut_and_pack, size=config.size), plan, config.workers)
        hidden = self.progress is not None
        with tqdm(total=len(plan), desc="Cutting photos...", unit=" photos", leave=False, disable=hidden) as bar:
            for done, (planned, made) in enumerate(zip(plan, cut, strict=True), 1):
                yield planned, made
                bar.update()
                if self.progress:
                    self.progress(done, len(plan))

    def _write(self, split: str, spool: Spool, shard_config: ShardConfig) -> SplitInfo:
        """Writes the files of a split, with the order and the borders that TFDS gives them under Beam."""
        number, size = spool.total(split)
        shards = shard_config.get_number_shards(size, number, uses_precise_sharding=False)
        largest = max(spool.keys(split))
        lengths = Counter(get_bucket_number(key, shards, largest) for key in spool.keys(split))
        template = self._get_filename_template(split)
        everything = spool.records(split)
        for index, shard in enumerate(sorted(lengths)):
            path = template.sharded_filepath(shard_index=index, num_shards=len(lengths))
            self._example_writer().write(path, itertools.islice(everything, lengths[shard]))
        return SplitInfo(
            name=split,
            shard_lengths=[lengths[shard] for shard in sorted(lengths)],
            num_bytes=size,
            filename_template=template,
        )

    def _generate_with_beam(self, dl_manager, download_config) -> list[SplitInfo]:
        from seigan_tf.data.storage import beam_pipeline

        self._shared = epath.Path(self.data_dir) / "shared"
        self._shared.mkdir()
        try:
            epath.Path(self._plan.path).copy(self._shared / beam_pipeline.PLAN)
            try:
                infos = super()._generate_splits(dl_manager, download_config)
            finally:
                # Where photos are the reason why the pipeline failed, an error here says so in its place.
                for plan, problem in beam_pipeline.problems(self._shared):
                    self._report.lose(plan, problem)
                check_crops_left(self.builder_config.data, self._report.report)
        finally:
            self._shared.rmtree()
        return infos

    def _split_generators(self, dl_manager, pipeline):
        """With Beam only."""
        from seigan_tf.data.storage import beam_pipeline

        config = self.builder_config
        held_out = config.data.val_images is None
        images = {"train": config.remote_images, "val": config.remote_images if held_out else config.remote_val_images}
        crops = beam_pipeline.cut(pipeline, self._shared, config.size, images)
        kinds = itertools.product(planning.SPLITS, ("objects", "backgrounds"))
        names = [f"{split}_{kind}" for split, kind in kinds if self._plan.report[split][kind]]
        return {name: self._generate_examples(crops, name) for name in names}

    def _generate_examples(self, crops, split: str):
        from seigan_tf.data.storage import beam_pipeline

        return beam_pipeline.only(crops, split)
