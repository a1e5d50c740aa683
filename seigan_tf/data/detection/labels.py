"""Names of the classes that a detection model knows by number."""

import re
from pathlib import Path
from typing import NamedTuple

from seigan_tf.data.detection.metadata import read_labels
from seigan_tf.utils.text import printable, shown

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
        lines = [printable(line) for line in text.splitlines()]
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
