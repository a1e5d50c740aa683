"""README.md of the export folder: what somebody who receives it needs to build an app, a page or a service on it."""

import json
from pathlib import Path
from string import Template
from typing import Any

from seigan_tf.utils.atomic import replacing

from . import web_page
from .folder import CARD, MODEL, PARITY, README

TEMPLATES = Path(__file__).parent / "templates"
FOR_APPS = ("receiver_android.md", "receiver_ios.md", "receiver_browser.md", "receiver_python.md")
"""Sections that use the .tflite files."""
NETWORKS = {
    "segmenter": "finds the object in a crop",
    "inpainter": "restores what is behind it",
    "enhancer": "makes a paste look natural",
    "composer": "all three at once",
}
KINDS = {
    "": "float32",
    "_fp16": "float16 weights, half the size, answers as good",
    "_int8": "int8 convolutions: the smallest; on x86 hardly faster",
    "_dynamic": "int8 weights of convolutions",
}
"""What a file's suffix says."""
REQUIRED = {
    "name": (str, "a text"),
    "size": (int, "a whole number"),
    "object_fraction": (float | int, "a number"),
    "confine_mask": (bool, "true or false"),
}
"""What model.json has to say."""
NOISE = (
    "- `noise` [1, {size}, {size}, 1] of inpainter, enhancer and composer: standard normal, the same one "
    "for the same answer every time."
)
BYTES = (
    "- The int8 files take and give images and masks as uint8: images as pixels, 0 to 255, without the formula above; "
    "masks 0 to 255."
)


def write(folder: Path) -> Path:
    """Writes README.md from model.json and from what else the folder holds; last, because of that.

    Returns:
        The file.

    Raises:
        ValueError: model.json cannot be read or lacks something.
        OSError: the folder cannot be written to.
    """
    folder = Path(folder)
    path = folder / README
    text = _text(folder, _model(folder / MODEL))
    with replacing(path) as temporary:
        temporary.write_text(text, encoding="utf-8")
    return path


def _model(path: Path) -> dict[str, Any]:
    try:
        model = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise ValueError(f"{path}: missing; expected the description of an export") from None
    except ValueError as error:
        raise ValueError(f"{path}: not JSON ({error})") from None
    for name, (kind, expected) in REQUIRED.items():
        value = model.get(name) if isinstance(model, dict) else None
        if not isinstance(value, kind):
            raise ValueError(f"{path}: {name} is {value!r}; expected {expected}")
    return model


def _text(folder: Path, model: dict[str, Any]) -> str:
    files = [name for graph in NETWORKS for name in _files_of(graph) if (folder / name).is_file()]
    served = sorted(path.name for path in folder.glob("saved_model/*") if path.is_dir())
    size, fraction = model["size"], model["object_fraction"]
    notes = [NOISE.format(size=size)] if "noise" in model.get("inputs", {}).get("inpainter", {}) else []
    notes += [BYTES] if model.get("int8_edges") == "uint8" else []
    half = "segmenter_fp16.tflite" in files
    values = {
        "name": model["name"],
        "size": size,
        "object_fraction": f"{fraction:g}",
        "values": 3 * size * size,
        "card": " `MODEL_CARD.md` says what they were trained on." if (folder / CARD).is_file() else "",
        "files": _table(folder, files),
        "confined": _confined(model["confine_mask"]),
        "notes": "".join("\n" + note for note in notes),
        "suffix": "_fp16" if half else "",
        "served": served[0] if served else model["name"],
    }
    parts = ["receiver.md"]
    if files:
        parts.append("receiver_tensors.md")
        parts += [part for part in FOR_APPS if part != "receiver_browser.md" or (folder / web_page.FOLDER).is_dir()]
    if served:
        parts.append("receiver_serving.md")
    if (folder / PARITY).is_file():
        parts.append("receiver_parity.md")
    texts = [Template((TEMPLATES / part).read_text(encoding="utf-8")).substitute(values) for part in parts]
    return "\n".join(texts)


def _files_of(graph: str) -> list[str]:
    return [f"{graph}{suffix}.tflite" for suffix in KINDS]


def _table(folder: Path, files: list[str]) -> str:
    if not files:
        return ""
    lines = ["| file | MB | what it does |", "|---|---|---|"]
    for name in files:
        graph, _, kind = name.removesuffix(".tflite").partition("_")
        megabytes = (folder / name).stat().st_size / 1e6
        lines.append(f"| `{name}` | {megabytes:.2f} | {NETWORKS[graph]}; {KINDS['_' + kind if kind else '']} |")
    return "\n".join(lines) + "\n"


def _confined(confine: bool) -> str:
    if confine:
        return (
            "The segmenter knows no box, but these networks were trained with a mask that is 0 outside it: set it to 0 "
            "there before\nyou use it. The composer does so itself."
        )
    return "The mask may reach out of the box: keep it as it is."
