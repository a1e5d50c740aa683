"""Metadata of a TFLite file: names of its outputs, normalisation of its input, and labels.

Metadata is a second flatbuffer inside the model's (https://ai.google.dev/edge/lite/models/metadata;
schema: tensorflow/tflite-support, metadata_schema.fbs); label files are members of a zip archive behind it.
"""

import zipfile
from pathlib import Path
from typing import NamedTuple

from flatbuffers import number_types
from flatbuffers.table import Table

LARGEST_LABELS = 2**20  # bytes; a larger member is no list of labels


class Metadata(NamedTuple):
    """The file's metadata; empty if there is none."""

    outputs: tuple[str, ...] = ()  # names of the outputs, in the order of the model's outputs
    # Per channel, or one for all: the network takes (value - mean) / std of values 0 to 255.
    mean: tuple[float, ...] = ()
    std: tuple[float, ...] = ()


def read_metadata(path: Path) -> Metadata:
    """Read the file's metadata; empty if it has none or it is malformed."""
    try:
        return _read(path.read_bytes())
    except Exception:  # Offsets that lead nowhere raise whatever bytes and numbers raise; the model may yet be sound.
        return Metadata()


def read_labels(path: Path) -> str | None:
    """Read the text of the label file inside the model file; None if there is none."""
    try:
        with zipfile.ZipFile(path) as members:
            names = [entry for entry in members.infolist() if entry.filename.endswith(".txt")]
            # Other text files, as a vocabulary or a licence, may lie beside the labels.
            names.sort(key=lambda entry: "label" not in entry.filename)
            if names and names[0].file_size <= LARGEST_LABELS:
                return members.read(names[0]).decode("utf-8")
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError, RuntimeError, EOFError):
        pass
    return None


def _read(content: bytes) -> Metadata:
    # The numbers are those of the fields in the two schemas.
    model = _Node.root(content)
    for entry in model.nodes(6):
        if entry.text(0) == "TFLITE_METADATA":
            buffer = model.nodes(4)[entry.number(1, number_types.Uint32Flags)]
            subgraph = _Node.root(buffer.content(0)).nodes(3)[0]
            outputs = tuple(output.text(0) for output in subgraph.nodes(3))
            for unit in subgraph.nodes(2)[0].nodes(4):
                if unit.number(0, number_types.Uint8Flags) == 1:  # the union's NormalizationOptions
                    mean, std = unit.node(1).floats(0), unit.node(1).floats(1)
                    if len(mean) in (1, 3) and len(std) in (1, 3) and min(std) > 0:
                        return Metadata(outputs, mean, std)
            return Metadata(outputs)
    return Metadata()


class _Node:
    """A table of a flatbuffer (https://flatbuffers.dev/internals), its fields asked for by number."""

    def __init__(self, content: bytes, position: int):
        self._table = Table(content, position)

    @classmethod
    def root(cls, content: bytes) -> "_Node":
        return cls(content, Table(content, 0).Indirect(0))

    def _field(self, number: int) -> int:
        """Return the field's offset in the table; 0 if it is absent."""
        return self._table.Offset(4 + 2 * number)

    def _at(self, position: int) -> "_Node":
        return _Node(self._table.Bytes, self._table.Indirect(position))

    def node(self, number: int) -> "_Node":
        return self._at(self._field(number) + self._table.Pos)

    def nodes(self, number: int) -> list["_Node"]:
        field = self._field(number)
        start = self._table.Vector(field) if field else 0
        return [self._at(start + 4 * index) for index in range(self._table.VectorLen(field))] if field else []

    def content(self, number: int) -> bytes:
        start = self._table.Vector(self._field(number))
        return self._table.Bytes[start : start + self._table.VectorLen(self._field(number))]

    def floats(self, number: int) -> tuple[float, ...]:
        field = self._field(number)
        return tuple(self._table.GetVectorAsNumpy(number_types.Float32Flags, field).tolist()) if field else ()

    def text(self, number: int) -> str:
        field = self._field(number)
        return self._table.String(field + self._table.Pos).decode("utf-8") if field else ""

    def number(self, number: int, flags: type) -> int:
        field = self._field(number)
        return self._table.Get(flags, field + self._table.Pos) if field else 0
