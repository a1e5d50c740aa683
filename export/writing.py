"""Fills an export folder: TFLite files compared with Keras, the SavedModel, the page, and what describes them."""

import hashlib
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import keras
import tensorflow as tf
from rich.console import Console

from seigan_tf import loading
from seigan_tf.seigan import SEIGAN
from seigan_tf.utils.atomic import replacing
from seigan_tf.utils.pixels import to_float
from seigan_tf.utils.progress import Progress

from . import crops, folder, graphs, parity, picture, receiver, saved_model, tflite, web_page
from .metadata import About, with_metadata

if TYPE_CHECKING:
    from .command import Options

SHOWN = ("float32", "int8")
"""Formats that the picture shows beside Keras."""
OF_FILES = ("files", "label", "int8_edges", "inputs", "outputs")
"""What model.json says of the .tflite files rather than of the weights; `noise` is one of the inputs."""


def write(
    options: "Options", formats: tuple[str, ...], noise: str | int, staged: folder.Staged, console: Console,
    progress: Progress,
) -> dict[str, Any]:  # fmt: skip
    """Writes everything but the README, which `finish` adds.

    Args:
        options: of the command line.
        formats: "tflite", "saved_model" or both.
        noise: as `graphs.make`.
        staged: where to.
        console: for what the user should know.
        progress: told of every file.

    Returns:
        What parity.json holds.

    Raises:
        ValueError: weights or data that cannot be used.
        OSError: the folder cannot be written.
    """
    if keras.backend.backend() != "tensorflow":
        raise ValueError(f"KERAS_BACKEND: {keras.backend.backend()}; expected tensorflow, which writes these files")
    tf.get_logger().setLevel("ERROR")  # its remarks on tracing are for those who write graphs
    weights = loading.find(options.weights)
    if "saved_model" in formats:
        saved_model.check_name(weights.name, f"{weights.folder or weights.file}: name for the SavedModel")
    model = loading.load(options.weights)
    made = graphs.make(model, noise)
    settings = model.networks
    card = _card(weights)
    about = About(weights.name, settings.size, weights.object_fraction, settings.confine_mask, options.label, card)
    (staged.path / folder.CARD).write_text(card, encoding="utf-8")
    report: dict[str, Any] = {"files": {}}
    if "tflite" in formats:
        report = _tflite(options, weights, model, made, about, staged.path, console, progress)
        _write_json(staged.path / folder.PARITY, report)
    _write_json(staged.path / folder.MODEL, _description(options, weights, model, made, staged, "tflite" in formats))
    web_page.write(staged.path)
    if "saved_model" in formats:
        # A server may be reading the versions of an earlier export: the new one appears among them.
        saved_model.write(
            model, weights.name, weights.object_fraction, staged.target if staged.earlier else staged.path
        )
    return report


def finish(target: Path) -> None:
    """Adds the README, which says what the folder holds."""
    receiver.write(target)


def _tflite(options, weights, model, made, about, target, console, progress) -> dict[str, Any]:
    calibration = _calibration(options, weights, model, console)
    shown = _comparison(options, weights, model, console)
    kinds = [kind for kind in tflite.FORMATS if kind != "dynamic" or options.dynamic]
    masks = {}
    for name, given in (("calibration", calibration), ("comparison", shown)):
        masks[name] = model.segment(to_float(given.images), given.boxes)
    report = {
        "weights": weights.name,
        "crops": shown.source,
        "calibration": calibration.source,
        "true_masks": shown.truths is not None,
        "budgets": {
            "float32": {"max_difference": parity.MAX_DIFFERENCE},
            **{kind: {"mask": loss} for kind, loss in parity.MASK_LOSS.items()},
        },
        "files": {},
    }
    for kind, least in parity.MIN_PSNR.items():
        report["budgets"][kind]["psnr"] = least
    columns = {"photo": shown.images[: picture.ROWS]}
    done, total = 0, len(made) * (len(kinds) + 1)
    progress(done, total)
    for name, graph in made.items():
        examples = crops.tensors(graph, model, calibration, masks["calibration"])
        contents = tflite.convert(graph, kinds, lambda given=examples: given, options.int8_edges == "uint8")
        done += 1
        progress(done, total)
        inputs = crops.tensors(graph, model, shown, masks["comparison"])
        expected = parity.reference(graph, inputs)
        outputs = {"Keras": expected}
        for kind in kinds:
            path = target / tflite.file_name(name, kind)
            path.write_bytes(with_metadata(contents[kind], graph, about))
            compared = parity.compare(
                path.read_bytes(), path, graph, kind, inputs, expected, shown, model, options.runs
            )
            report["files"][path.name] = compared.report
            outputs[kind] = compared.outputs
            done += 1
            progress(done, total)
        if name != "enhancer":
            _add_columns(columns, graph, outputs, shown, model)
    report["passed"] = not any(entry["problems"] for entry in report["files"].values())
    picture.write(target / folder.PICTURE, columns)
    return report


def _add_columns(columns, graph, outputs, shown, model) -> None:
    for name in graph.outputs:
        if graph.name == "composer" and name != "composite":
            continue  # the other two graphs show the same
        for kind in ("Keras", *SHOWN):
            values = outputs[kind][name][: picture.ROWS]
            if name == "mask":
                values = crops.confined(values, shown.boxes[: picture.ROWS], model)
            columns[f"{name} {kind}"] = values


def _calibration(options, weights, model, console) -> crops.Crops:
    size, fraction, count = model.networks.size, weights.object_fraction, options.calibration_crops
    if options.calibration_images is not None:
        images, annotations = options.calibration_images, options.calibration_annotations
        return crops.from_photos(images, annotations, size, fraction, count)
    found = None if weights.folder is None else crops.of_run(weights.folder, size, count, held_out=False)
    if found is not None:
        return found
    console.print(
        "warning: the photographs that the weights were trained on are not at hand, and int8 is calibrated on synthetic"
        " crops; --calibration-images and --calibration-annotations give it real ones",
        highlight=False,
    )
    return crops.synthetic(size, fraction, count, held_out=False)


def _comparison(options, weights, model, console) -> crops.Crops:
    size, fraction, count = model.networks.size, weights.object_fraction, options.crops
    if options.images is not None:
        return crops.from_photos(options.images, options.annotations, size, fraction, count)
    found = None if weights.folder is None else crops.of_run(weights.folder, size, count, held_out=True)
    if found is None and options.calibration_images is not None:
        images, annotations = options.calibration_images, options.calibration_annotations
        found = crops.from_photos(images, annotations, size, fraction, count)
    if found is not None:
        return found
    console.print(
        "warning: no photographs to compare on, and synthetic crops take their place; --images and --annotations give"
        " real ones",
        highlight=False,
    )
    return crops.synthetic(size, fraction, count, held_out=True)


def _description(options, weights, model: SEIGAN, made, staged: folder.Staged, with_tflite: bool) -> dict[str, Any]:
    settings = model.networks
    digest = hashlib.sha256(weights.file.read_bytes()).hexdigest()
    names = sorted(path.name for path in staged.path.glob("*.tflite"))
    files = {name: folder.describe(staged.path / name) for name in names}
    described = {
        side: {
            name: {
                tensor: {"shape": list(entry.shape), "range": list(entry.range), "dtype": "float32"}
                for tensor, entry in getattr(graph, side).items()
            }
            for name, graph in made.items()
        }
        for side in ("inputs", "outputs")
    }
    description = {
        "version": folder.VERSION,
        "name": weights.name,
        "weights": digest,
        "size": settings.size,
        "object_fraction": weights.object_fraction,
        "confine_mask": settings.confine_mask,
        "label": options.label,
        "int8_edges": options.int8_edges,
        "files": files,
        **described,
    }
    earlier = staged.earlier or {}
    if not with_tflite and earlier.get("files") and earlier.get("weights") == digest:
        # The .tflite files are of the same weights and stay, and so does what is said of them.
        description |= {name: earlier[name] for name in OF_FILES if name in earlier}
    return description


def _card(weights: loading.Weights) -> str:
    """The card that the weights came with, or one of what is known of them."""
    if weights.folder is not None and (weights.folder / "README.md").is_file():
        return (weights.folder / "README.md").read_text(encoding="utf-8")
    return (
        f"# {weights.name}\n\nSegmenter, inpainter and enhancer of a SEIGAN (arXiv 1811.07630), trained on photographs"
        " and boxes.\nWhoever trained them has not said on what, how well they do, or for what they may be used.\n"
    )


def _write_json(path: Path, content: dict[str, Any]) -> None:
    with replacing(path) as temporary:
        temporary.write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")
