"""Metadata of a TFLite file, in the format of MediaPipe Tasks and Android Studio.

A second flatbuffer inside the model's holds names, ranges and normalisation; labels and other files are members of an
uncompressed zip archive behind the model. Schema: mediapipe/tasks/metadata/metadata_schema.fbs. Its field numbers are
written out here because no package that writes the format can be imported together with NumPy 2.
"""

import io
import json
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass

import flatbuffers
import numpy as np
from ai_edge_litert import schema_py_generated as schema

from ..graphs import Graph, Tensor
from .model_file import read, write

NAME = "TFLITE_METADATA"
IDENTIFIER = b"M001"
PARSER_VERSION = "1.0.0"
LABELS, GEOMETRY, CARD = "labels.txt", "crop.json", "model_card.md"

# Values of the schema's enumerations.
IMAGE, FEATURE = 2, 1
RGB, GREYSCALE = 1, 2
NORMALIZATION = 1
AXIS_LABELS, DESCRIPTIONS = 2, 1

FILE_DATE = (1980, 1, 1, 0, 0, 0)
"""Date of the archive's members; constant, so that equal weights give equal bytes."""

_DESCRIPTIONS = {
    "image": "RGB crop of a photo, in [-1, 1]",
    "mask": "share of each pixel that belongs to the object, in [0, 1]",
    "noise": "standard normal; equal noise gives equal answers",
    "box": "ymin, xmin, ymax, xmax of the object, relative to the crop",
    "background": "RGB crop of the photo to paste onto, in [-1, 1]",
    "restored": "the crop without its object, in [-1, 1]",
    "enhanced": "the harmonised paste, in [-1, 1]",
    "composite": "the object on the background, in [-1, 1]",
    LABELS: "label of each channel of the mask",
    GEOMETRY: "how a crop is cut",
    CARD: "model card of the weights",
}


@dataclass(frozen=True)
class About:
    """Facts that every graph of an export shares; the fields of model.json with these names."""

    name: str
    size: int
    object_fraction: float
    confine_mask: bool
    """Whether clients must set the mask to zero outside the box."""
    outside_contrast: float
    """Factor by which clients must multiply the image outside the box for the segmenter."""
    label: str = "object"
    card: str = ""
    """Model card of the weights, Markdown."""


def with_metadata(content: bytes, graph: Graph, about: About) -> bytes:
    """The TFLite file with its metadata and the files that belong to it."""
    named = ("size", "object_fraction", "confine_mask", "outside_contrast")
    crop = {name: getattr(about, name) for name in named}
    files = {LABELS: about.label + "\n", GEOMETRY: json.dumps(crop, indent=2) + "\n"}
    if about.card:
        files[CARD] = about.card
    model = read(content)
    part, signature = model.subgraphs[0], model.signatureDefs[0]
    names = {entry.tensorIndex: entry.name.decode() for entry in (*signature.inputs, *signature.outputs)}
    buffer = schema.BufferT()
    # The order of the tensors is that of the file, which may differ from the signature's.
    table = _metadata(graph, about, [names[i] for i in part.inputs], [names[i] for i in part.outputs], files)
    buffer.data = np.frombuffer(table, np.uint8)
    model.buffers.append(buffer)
    entry = schema.MetadataT()
    entry.name, entry.buffer = NAME, len(model.buffers) - 1
    model.metadata = [*(model.metadata or []), entry]
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_STORED) as archive:
        for name, text in files.items():
            archive.writestr(zipfile.ZipInfo(name, FILE_DATE), text)
    return write(model) + stream.getvalue()


def _metadata(graph: Graph, about: About, inputs: list[str], outputs: list[str], files: Mapping[str, str]) -> bytes:
    build = _Tables()
    labels = build.associated_file(LABELS, AXIS_LABELS)
    others = [build.associated_file(name, DESCRIPTIONS) for name in files if name != LABELS]
    subgraph = build.table(
        {
            2: build.tables([build.tensor(name, graph.inputs[name], normalised=True) for name in inputs]),
            3: build.tables([build.tensor(name, graph.outputs[name], labels=labels) for name in outputs]),
        }
    )
    description = (
        f"{graph.name} of a SEIGAN (arXiv 1811.07630) trained on photographs and boxes. The crop is a square around the"
        f" centre of the object's box, its side the box's long side / {about.object_fraction:.6g}, mirrored past the"
        f" photo's border and resized to {about.size} px."
    )
    if graph.name == "segmenter" and about.outside_contrast < 1:
        description += f" Its values outside the box are multiplied by {about.outside_contrast:g}."
    root = build.table(
        {
            0: build.text(f"{about.name} {graph.name}"),
            1: build.text(description),
            2: build.text("1"),
            3: build.tables([subgraph]),
            6: build.tables(others),
            7: build.text(PARSER_VERSION),
        }
    )
    return build.finish(root)


class _Tables:
    """Writer of a flatbuffer whose tables are given by field numbers."""

    def __init__(self):
        self._builder = flatbuffers.Builder(4096)

    def text(self, value: str) -> int:
        return self._builder.CreateString(value)

    def floats(self, *values: float) -> int:
        return self._builder.CreateNumpyVector(np.array(values, np.float32))

    def tables(self, offsets: list[int]) -> int:
        self._builder.StartVector(4, len(offsets), 4)
        for offset in reversed(offsets):
            self._builder.PrependUOffsetTRelative(offset)
        return self._builder.EndVector()

    def table(self, offsets: Mapping[int, int], enums: Mapping[int, int] | None = None) -> int:
        """A table with fields that were written before, by their offsets, and with enumerations, by their values."""
        enums = enums or {}
        self._builder.StartObject(max((*offsets, *enums), default=-1) + 1)
        for number, value in enums.items():
            self._builder.PrependUint8Slot(number, value, 0)
        for number, offset in offsets.items():
            self._builder.PrependUOffsetTRelativeSlot(number, offset, 0)
        return self._builder.EndObject()

    def tensor(self, name: str, tensor: Tensor, normalised: bool = False, labels: int | None = None) -> int:
        """Metadata of an input (`normalised`) or an output (`labels`: offset of the label file)."""
        low, high = tensor.range
        if len(tensor.shape) == 4:
            properties = self.table({}, {0: RGB if tensor.shape[-1] == 3 else GREYSCALE})
            content = self.table({1: properties}, {0: IMAGE})
        else:
            content = self.table({1: self.table({})}, {0: FEATURE})
        stats = self.table({0: self.floats(high), 1: self.floats(low)})
        fields = {0: self.text(name), 1: self.text(_DESCRIPTIONS[name]), 3: content, 5: stats}
        if normalised and tensor.shape[-1] == 3:
            # (pixel - mean) / std for pixels from 0 to 255; MediaPipe refuses a float input without it.
            options = self.table({0: self.floats(127.5), 1: self.floats(127.5)})
            fields[4] = self.tables([self.table({1: options}, {0: NORMALIZATION})])
        if labels is not None and name == "mask":
            fields[6] = self.tables([labels])
        return self.table(fields)

    def associated_file(self, name: str, kind: int) -> int:
        return self.table({0: self.text(name), 1: self.text(_DESCRIPTIONS[name])}, {2: kind})

    def finish(self, root: int) -> bytes:
        self._builder.Finish(root, file_identifier=IDENTIFIER)
        return bytes(self._builder.Output())
