"""Metadata of a TFLite file: names of its outputs, normalisation of its input, and names of the classes.

Metadata is a second flatbuffer inside the model's (https://ai.google.dev/edge/lite/models/metadata;
schema: tensorflow/tflite-support, metadata_schema.fbs); label files are members of a zip archive behind it.
"""

import io
import re
import zipfile
from pathlib import Path
from typing import NamedTuple

from flatbuffers import number_types
from flatbuffers.table import Table

from seigan_tf.utils.text import printable, shown

LARGEST_LABELS = 2**20  # bytes; a larger member is no list of labels
# The classes of models trained on COCO: 90 numbers, of which 80 are used.
COCO = (
    "person,bicycle,car,motorcycle,airplane,bus,train,truck,boat,traffic light,fire hydrant,,stop sign,parking meter,"
    "bench,bird,cat,dog,horse,sheep,cow,elephant,bear,zebra,giraffe,,backpack,umbrella,,,handbag,tie,suitcase,frisbee,"
    "skis,snowboard,sports ball,kite,baseball bat,baseball glove,skateboard,surfboard,tennis racket,bottle,,wine glass,"
    "cup,fork,knife,spoon,bowl,banana,apple,sandwich,orange,broccoli,carrot,hot dog,pizza,donut,cake,chair,couch,"
    "potted plant,bed,,dining table,,,toilet,,tv,laptop,mouse,remote,keyboard,cell phone,microwave,oven,toaster,sink,"
    "refrigerator,,book,clock,vase,scissors,teddy bear,hair drier,toothbrush"
)
UNNAMED = frozenset({"", "???", "n/a", "background", "__background__"})  # marks of a number without a class


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


class Labels(NamedTuple):
    """Names of the classes by number, from 0; empty if a number has none."""

    names: tuple[str, ...]

    @classmethod
    def of_model(cls, path: Path) -> "Labels":
        """Read the labels inside the model's file; the classes of COCO if there are none."""
        text = read_labels(path)
        return cls(tuple(COCO.split(","))) if text is None else cls.parse(text)

    @classmethod
    def of_file(cls, path: Path) -> "Labels":
        """Read a text file. Raises ValueError if it cannot be read."""
        try:
            return cls.parse(path.read_text(encoding="utf-8-sig"))
        except OSError as error:
            raise ValueError(f"{path}: cannot be read ({error.strerror}), expected a file of labels") from None
        except UnicodeDecodeError:
            raise ValueError(f"{path}: not UTF-8 text, expected a file of labels") from None

    @classmethod
    def parse(cls, text: str) -> "Labels":
        """Read lines of "number name", or of names in the order of their numbers.

        A first line without a name, or for the background, is no class: detection models do not count it.
        """
        lines = [printable(line) for line in io.StringIO(text, newline=None)]
        while lines and not lines[-1]:
            lines.pop()
        numbered = [found for line in lines if (found := re.fullmatch(r"(\d{1,5})[\s:,]+(.*)", line))]
        if lines and len(numbered) == len(lines):
            names = {int(found.group(1)): found.group(2) for found in numbered}
            lines = [names.get(number, "") for number in range(max(names) + 1)]
        elif lines and lines[0].lower() in UNNAMED:
            lines = lines[1:]
        return cls(tuple("" if line.lower() in UNNAMED else line for line in lines))

    def find(self, wanted: str) -> str:
        """Return the name of the class of that name or number. Raises ValueError with all names if there is none."""
        wanted = wanted.strip()
        if wanted.isdecimal() and int(wanted) < len(self.names) and self.names[int(wanted)]:
            return self.names[int(wanted)]
        for name in filter(None, self.names):
            if name.casefold() == wanted.casefold():
                return name
        known = ", ".join(filter(None, self.names)) or "(its labels name none)"
        raise ValueError(f"the detector has no class {shown(wanted)}, expected one of: {known}")

    def name(self, number: int) -> str:
        """Return the name of a class; "class NUMBER" if it has none."""
        return (self.names[number] if number < len(self.names) else "") or f"class {number}"


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
    model = _Node(content, 0).at(0)
    for entry in model.nodes(6):
        if entry.text(0) == "TFLITE_METADATA":
            buffer = model.nodes(4)[entry.number(1, number_types.Uint32Flags)]
            subgraph = _Node(buffer.content(0), 0).at(0).nodes(3)[0]
            outputs = tuple(output.text(0) for output in subgraph.nodes(3))
            for unit in subgraph.nodes(2)[0].nodes(4):
                if unit.number(0, number_types.Uint8Flags) == 1:  # the union's NormalizationOptions
                    mean, std = unit.node(1).floats(0), unit.node(1).floats(1)
                    if len(mean) in (1, 3) and len(std) in (1, 3) and min(std) > 0:
                        return Metadata(outputs, mean, std)
            return Metadata(outputs)
    return Metadata()


class _Node(Table):
    """A table of a flatbuffer (https://flatbuffers.dev/internals), its fields asked for by number."""

    def _field(self, number: int) -> int:
        """Return the field's offset in the table; 0 if it is absent."""
        return self.Offset(4 + 2 * number)

    def at(self, position: int) -> "_Node":
        return _Node(self.Bytes, self.Indirect(position))

    def node(self, number: int) -> "_Node":
        return self.at(self._field(number) + self.Pos)

    def nodes(self, number: int) -> list["_Node"]:
        field = self._field(number)
        return [self.at(self.Vector(field) + 4 * index) for index in range(self.VectorLen(field))] if field else []

    def content(self, number: int) -> bytes:
        start = self.Vector(self._field(number))
        return self.Bytes[start : start + self.VectorLen(self._field(number))]

    def floats(self, number: int) -> tuple[float, ...]:
        field = self._field(number)
        return tuple(self.GetVectorAsNumpy(number_types.Float32Flags, field).tolist()) if field else ()

    def text(self, number: int) -> str:
        field = self._field(number)
        return self.String(field + self.Pos).decode("utf-8") if field else ""

    def number(self, number: int, flags: type) -> int:
        field = self._field(number)
        return self.Get(flags, field + self.Pos) if field else 0
