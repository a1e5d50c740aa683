r"""The build of crops for TFDS's command line.

    tfds build seigan_tf/data/storage/seigan_crops \
        --config '{"name": "cats", "data": {"source": "coco", "images": "photos", "annotations": "boxes.json"}}'
"""

from typing import Any

import tensorflow_datasets as tfds
from rich.console import Console

from seigan_tf.data.storage import records
from seigan_tf.data.storage.build import build_crops
from seigan_tf.data.storage.description import CropsConfig, describe_crops
from seigan_tf.utils.progress import bar


class Builder(tfds.core.DatasetBuilder):
    """Crops of annotated photographs, as `prepare` makes them; raises TFDS's own errors and those of `build_crops`."""

    VERSION = tfds.core.Version(records.VERSION)
    # TFDS takes a configuration of this type from --config only if there is one already.
    BUILDER_CONFIGS = [CropsConfig(name="unset")]  # noqa: RUF012

    def __init__(self, *, file_format: str | None = None, **arguments: Any):
        if file_format not in (None, "array_record"):
            raise ValueError(f"file_format is {file_format}, expected array_record")
        super().__init__(**arguments)

    def _info(self) -> tfds.core.DatasetInfo:
        return describe_crops(self, self.builder_config.size)

    def _download_and_prepare(self, dl_manager: Any, download_config: tfds.download.DownloadConfig) -> None:
        with bar(Console(), "cutting photographs") as progress:
            build_crops(
                self.info,
                self.builder_config,
                self.data_dir,
                progress,
                sharding=(download_config.num_shards, min(download_config.max_shard_size, records.SHARD_BYTES)),
                beam_options=download_config.beam_options,
                beam_runner=download_config.beam_runner,
            )

    def _as_dataset(self, *_: Any, **__: Any) -> Any:
        raise NotImplementedError("ArrayRecord files have no tf.data reader; use as_data_source()")
