"""What a TFLite file says of itself, in the form that MediaPipe Tasks and Android Studio read.

A second flatbuffer inside the model's holds names, ranges and normalisation; labels and further files are members of an
uncompressed zip archive behind the model. Schema: mediapipe/tasks/metadata/metadata_schema.fbs, whose field numbers
stand here, because no package that writes it imports beside NumPy 2.
"""

import io
import json
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass

import flatbuffers
import numpy as np
from ai_edge_litert import schema_py_generated as schema

from .graphs import Graph
from .model_file import read, write

NAME = "TFLITE_METADATA"
IDENTIFIER = b"M001"
PARSER_VERSION = "1.0.0"
LABELS, GEOMETRY, CARD = "labels.txt", "crop.json", "model_card.md"

# Of the schema's enumerations.
IMAGE, FEATURE = 2, 1
RGB, GREYSCALE = 1, 2
NORMALIZATION = 1
AXIS_LABELS, DESCRIPTIONS = 2, 1

FILE_DATE = (1980, 1, 1, 0, 0, 0)
"""Of the archive's members: the same weights give the same bytes."""


@dataclass(frozen=True)
class About:
    """What is said of every graph of an export."""

    name: str
    """Of the weights."""
    size: int
    """Side of the crops, in pixels."""
    object_fraction: float
    """Long side of the object's box by the side of the crop."""
    confine_mask: bool
    """Whether the mask is to be set to zero outside the box."""
    label: str = "object"
    """What the mask shows."""
    card: str = ""
    """The weights' model card, Markdown."""

    @property
    def geometry(self) -> str:
        """How a crop is cut, in a sentence."""
        return (
            f"The crop is a square around the centre of the object's box, its side the box's long side /"
            f" {self.object_fraction:.6g}, mirrored past the photo's border and resized to {self.size} px."
        )


def with_metadata(content: bytes, graph: Graph, about: About) -> bytes:
    """The TFLite file with its metadata and the files that belong to it."""
    model = read(content)
    part, signature = model.subgraphs[0], model.signatureDefs[0]
    names = {entry.tensorIndex: entry.name.decode() for entry in (*signature.inputs, *signature.outputs)}
    buffer = schema.BufferT()
    buffer.data = np.frombuffer(
        _metadata(graph, about, [names[i] for i in part.inputs], [names[i] for i in part.outputs]), np.uint8
    )
    model.buffers.append(buffer)
    entry = schema.MetadataT()
    entry.name, entry.buffer = NAME, len(model.buffers) - 1
    model.metadata = [*(model.metadata or []), entry]
    return write(model) + _archive(_files(about))


def _files(about: About) -> dict[str, str]:
    crop = {"size": about.size, "object_fraction": about.object_fraction, "confine_mask": about.confine_mask}
    card = {CARD: about.card} if about.card else {}
    return {LABELS: about.label + "\n", GEOMETRY: json.dumps(crop, indent=2) + "\n"} | card


def _archive(files: Mapping[str, str]) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_STORED) as archive:
        for name, text in files.items():
            archive.writestr(zipfile.ZipInfo(name, FILE_DATE), text)
    return stream.getvalue()


def _metadata(graph: Graph, about: About, inputs: list[str], outputs: list[str]) -> bytes:
    build = _Tables()
    labels = build.associated(LABELS, "what each channel of the mask shows", AXIS_LABELS)
    others = [
        build.associated(name, {GEOMETRY: "how a crop is cut", CARD: "about the weights"}[name], DESCRIPTIONS)
        for name in _files(about)
        if name != LABELS
    ]
    subgraph = build.table(
        {
            2: build.tables([_input(build, graph, name) for name in inputs]),
            3: build.tables([_output(build, graph, name, labels) for name in outputs]),
        }
    )
    description = f"{graph.name} of a SEIGAN (arXiv 1811.07630) trained on photographs and boxes. {about.geometry}"
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


def _input(build: "_Tables", graph: Graph, name: str) -> int:
    low, high = graph.inputs[name].range
    fields = {
        0: build.text(name),
        1: build.text(_MEANING[name]),
        3: _content(build, graph.inputs[name].shape),
        5: _stats(build, low, high),
    }
    if graph.inputs[name].shape[-1] == 3:
        # (pixel - mean) / std, from 0 to 255; MediaPipe refuses a float input without it.
        options = build.table({0: build.floats([127.5]), 1: build.floats([127.5])})
        fields[4] = build.tables([build.table({0: ("byte", NORMALIZATION), 1: options})])
    return build.table(fields)


def _output(build: "_Tables", graph: Graph, name: str, labels: int) -> int:
    fields = {
        0: build.text(name),
        1: build.text(_MEANING[name]),
        3: _content(build, graph.outputs[name].shape),
        5: _stats(build, *graph.outputs[name].range),
    }
    if name == "mask":
        fields[6] = build.tables([labels])
    return build.table(fields)


_MEANING = {
    "image": "RGB crop of a photo, in [-1, 1]",
    "mask": "how much of each pixel is the object's, in [0, 1]",
    "noise": "standard normal; the same one for the same answer every time",
    "box": "ymin, xmin, ymax, xmax of the object, relative to the crop",
    "background": "RGB crop of the photo to paste onto, in [-1, 1]",
    "restored": "the crop without its object, in [-1, 1]",
    "enhanced": "the paste made natural, in [-1, 1]",
    "composite": "the object on the background, in [-1, 1]",
}


def _content(build: "_Tables", shape: tuple[int, ...]) -> int:
    if len(shape) != 4:
        return build.table({0: ("byte", FEATURE), 1: build.table({})})
    properties = build.table({0: ("byte", RGB if shape[-1] == 3 else GREYSCALE)})
    return build.table({0: ("byte", IMAGE), 1: properties})


def _stats(build: "_Tables", low: float, high: float) -> int:
    return build.table({0: build.floats([high]), 1: build.floats([low])})


class _Tables:
    """Writes a flatbuffer whose tables are given by the numbers of their fields."""

    def __init__(self):
        self._builder = flatbuffers.Builder(4096)

    def text(self, value: str) -> int:
        return self._builder.CreateString(value)

    def floats(self, values: list[float]) -> int:
        return self._builder.CreateNumpyVector(np.array(values, np.float32))

    def tables(self, offsets: list[int]) -> int:
        self._builder.StartVector(4, len(offsets), 4)
        for offset in reversed(offsets):
            self._builder.PrependUOffsetTRelative(offset)
        return self._builder.EndVector()

    def table(self, fields: dict[int, int | tuple[str, int]]) -> int:
        """A table of what was written before, and of single bytes ("byte", value)."""
        self._builder.StartObject(max(fields, default=-1) + 1)
        for number, value in fields.items():
            if isinstance(value, tuple):
                self._builder.PrependUint8Slot(number, value[1], 0)
            else:
                self._builder.PrependUOffsetTRelativeSlot(number, value, 0)
        return self._builder.EndObject()

    def associated(self, name: str, description: str, kind: int) -> int:
        return self.table({0: self.text(name), 1: self.text(description), 2: ("byte", kind)})

    def finish(self, root: int) -> bytes:
        self._builder.Finish(root, file_identifier=IDENTIFIER)
        return bytes(self._builder.Output())
