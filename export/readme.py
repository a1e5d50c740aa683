"""README.md of the export folder, for developers who build an app, a page or a service on its files."""

import json
from pathlib import Path
from string import Template
from typing import Any

from seigan_tf.utils.atomic import replacing

from . import web
from .folder import CARD, MODEL, PARITY, README

TEMPLATES = Path(__file__).parent / "templates"
GRAPHS = {
    "segmenter": "finds the object in a crop",
    "inpainter": "restores the background behind it",
    "enhancer": "harmonises a paste",
    "composer": "all three at once",
}
KINDS = {
    "": "float32",
    "_fp16": "float16 weights: half the size, equal quality",
    "_int8": "int8 convolutions: the smallest; on x86 hardly faster",
    "_dynamic": "int8 weights of convolutions",
}
"""Meaning of a file's suffix."""
NOISE = (
    "\n- `noise` [1, {size}, {size}, 1] of inpainter, enhancer and composer: standard normal; equal noise gives equal "
    "answers."
)
NOISE_KOTLIN = (
    ',\n    "noise" to FloatArray(SIZE * SIZE)'
    " { java.util.concurrent.ThreadLocalRandom.current().nextGaussian().toFloat() }"
)
NOISE_SWIFT = (
    ',\n    "noise": (0..<size * size).map { _ in'
    " sqrt(-2 * log(Float.random(in: Float.leastNormalMagnitude...1))) * cos(Float.random(in: 0..<2 * Float.pi)) }"
)
"""One more input of the inpainter; Swift has no normal numbers of its own (Box and Muller)."""
BYTES = (
    "\n- The int8 files take and return images and masks as uint8: images as pixels, 0 to 255, without the formula "
    "above; masks 0 to 255."
)
CONFINED = {
    True: "The networks were trained with a mask that is 0 outside the box, and the segmenter's own need not be: set "
    "it to 0 there before\nyou use it. The composer does so itself.",
    False: "The mask may reach out of the box: keep it as it is.",
}
FADED = (
    "The segmenter sees the box as a change of contrast: before you run it, multiply the crop's values outside"
    " the box by {contrast:g}\n(pixels p from 0 to 255 become 127.5 + {contrast:g} (p - 127.5)). The other networks"
    " take the crop as it is. The composer does so itself.\n\n"
)
FADE_FIRST = '// Before: fade a copy of the image outside the box, for the segmenter alone ("Crops" above).\n'
"""Comment in the code for Kotlin and Swift."""


def write(folder: Path) -> Path:
    """Write README.md from model.json and the other files of the folder, and return its path; call it last."""
    model = json.loads((folder / MODEL).read_text(encoding="utf-8"))
    with replacing(folder / README) as temporary:
        temporary.write_text(_text(folder, model), encoding="utf-8")
    return folder / README


def _text(folder: Path, model: dict[str, Any]) -> str:
    rows = []
    for graph, task in GRAPHS.items():
        for suffix, kind in KINDS.items():
            file = folder / f"{graph}{suffix}.tflite"
            if file.is_file():
                rows.append(f"| `{file.name}` | {file.stat().st_size / 1e6:.2f} | {task}; {kind} |\n")
    served = sorted(path.name for path in folder.glob("saved_model/*") if path.is_dir())
    size, contrast = model["size"], model["outside_contrast"]
    has_noise = "noise" in model.get("inputs", {}).get("inpainter", {})
    values = {
        "name": model["name"],
        "size": size,
        "object_fraction": f"{model['object_fraction']:g}",
        "values": 3 * size * size,
        "card": " `MODEL_CARD.md` describes their training data." if (folder / CARD).is_file() else "",
        "files": "".join(["| file | MB | task and format |\n|---|---|---|\n", *rows]) if rows else "",
        "confined": (FADED.format(contrast=contrast) if contrast < 1 else "") + CONFINED[model["confine_mask"]],
        "faded": ", faded outside the box" if contrast < 1 else "",
        "fade_first": FADE_FIRST if contrast < 1 else "",
        "noise_kotlin": NOISE_KOTLIN if has_noise else "",
        "noise_swift": NOISE_SWIFT if has_noise else "",
        "notes": (NOISE.format(size=size) if has_noise else "") + (BYTES if model.get("int8_edges") == "uint8" else ""),
        "suffix": "_fp16" if (folder / "segmenter_fp16.tflite").is_file() else "",
        # SavedModels of earlier exports may lie there too, or alone.
        "served": served[0] if served and model["name"] not in served else model["name"],
    }
    sections = {
        "readme": True,
        "readme_tensors": rows,
        "readme_android": rows,
        "readme_ios": rows,
        "readme_browser": rows and (folder / web.FOLDER).is_dir(),
        "readme_python": rows,
        "readme_serving": served,
        "readme_parity": (folder / PARITY).is_file(),
    }
    texts = [(TEMPLATES / f"{name}.md").read_text(encoding="utf-8") for name, shown in sections.items() if shown]
    return "\n".join(Template(text).substitute(values) for text in texts)
