"""The store described as a set of TensorFlow Datasets (TFDS): its settings, features and files."""

import dataclasses
from typing import Any, NamedTuple

import numpy as np
import tensorflow_datasets as tfds

from seigan_tf import config as settings
from seigan_tf.config import DataConfig

FEATURES = {
    "box": tfds.features.Tensor(
        shape=(4,), dtype=np.float32, doc="ymin, xmin, ymax, xmax relative to the crop; zeros for a background"
    ),
    "mask": tfds.features.Scalar(
        dtype=np.object_, doc="PNG, 1 bit, side x side pixels of the photo; empty if unknown and for training"
    ),
    "photo": tfds.features.Text(doc="path in the folder of photographs"),
    "photo_size": tfds.features.Tensor(shape=(2,), dtype=np.int32, doc="height, width of the photo"),
    "region": tfds.features.Tensor(
        shape=(3,), dtype=np.int32, doc="x, y, side of the crop in the photo; may reach past its border"
    ),
    "object_id": tfds.features.Scalar(dtype=np.int64, doc="of the annotation; 0 for a background"),
    "category": tfds.features.Text(doc="of the object; empty if unknown and for a background"),
}
MAX_SIZE = 4096  # side of the largest crops in pixels: far more than any network here takes, and 50 MB each


@dataclasses.dataclass(eq=False)
class CropsConfig(tfds.core.BuilderConfig):
    """Settings of a build. Raises ValueError if `size` or `workers` is out of its range."""

    data: DataConfig = dataclasses.field(default_factory=DataConfig)
    """Photographs, annotations and crop rules; a dictionary of the fields of DataConfig is converted."""
    size: int = 128  # side of the crops in pixels
    workers: int = 0  # processes that search for backgrounds, cut and write; 0: this process
    beam: bool = False  # build with Apache Beam, on the runner of `--beam_pipeline_options`
    remote_images: str = ""
    """With Beam: the folder of data.images as the workers see it (gs://..., s3://..., a mounted folder), if it differs
    from its path here."""
    remote_val_images: str = ""  # the same for data.val_images
    origin: dict[str, Any] = dataclasses.field(default_factory=dict)
    """Values that replace fields of `data` in metadata.json because these name temporary files: "source" (also in the
    report) names the user's own source, paths without a meaning later are None."""

    def __post_init__(self):
        if isinstance(self.data, dict):
            self.data = settings.from_dict(DataConfig, self.data)
        if not 1 <= self.size <= MAX_SIZE:
            raise ValueError(f"size is {self.size}, expected 1 to {MAX_SIZE} pixels")
        if self.workers < 0:
            raise ValueError(f"workers is {self.workers}, expected at least 0")


class SplitFiles(NamedTuple):
    """The files of one split."""

    lengths: list[int]  # records of each file
    num_bytes: int  # bytes of all records


def describe_crops(builder: Any, size: int) -> tfds.core.DatasetInfo:
    """Return TFDS's description of crops of `size` pixels, for a TFDS builder or `tfds.core.DatasetIdentity`."""
    image = tfds.features.Image(shape=(size, size, 3), encoding_format="jpeg", doc="the crop")
    info = tfds.core.DatasetInfo(
        builder=builder,
        description="Square crops of photographs: one object at the centre, or none.",
        features=tfds.features.FeaturesDict({"image": image, **FEATURES}),
        metadata=tfds.core.MetadataDict(),
    )
    info.set_file_format("array_record")
    return info
