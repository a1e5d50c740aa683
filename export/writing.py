"""Contents of an export folder: TFLite files compared with Keras, the SavedModel, the page and model.json."""

import itertools
from pathlib import Path
from typing import Any

import tensorflow as tf
from rich.console import Console

from seigan_tf.inference import arrays
from seigan_tf.inference.loading import load_model
from seigan_tf.inference.weights import Weights, find
from seigan_tf.seigan import SEIGAN
from seigan_tf.utils.atomic import write_json
from seigan_tf.utils.pixels import to_float
from seigan_tf.utils.progress import Progress

from . import examples, folder, graphs, parity, web
from .examples import Crops
from .options import Options
from .saved_model import save
from .tflite import conversion
from .tflite.metadata import About, with_metadata

FILE_FIELDS = ("files", "label", "int8_edges", "inputs", "outputs")
"""Fields of model.json about the .tflite files rather than the weights; `noise` is one of the inputs."""


def write(options: Options, staged: folder.Staged, console: Console, progress: Progress) -> dict[str, Any]:
    """Write everything but README.md to `staged`, and return the contents of parity.json.

    `console` receives warnings for the user; `progress` is called after every file.

    Raises:
        ValueError: weights or data cannot be used, or the backend is not TensorFlow.
        OSError: the folder cannot be written.
    """
    graphs.check_backend()
    tf.get_logger().setLevel("ERROR")  # its messages about tracing are for authors of graphs
    weights, formats = find(options.weights), options.chosen_formats
    if "saved_model" in formats:
        save.check_name(weights.name, f"{weights.folder or weights.file}: name for the SavedModel")
    model = load_model(options.weights)
    made = graphs.make(model, options.noise_source)
    networks, card = model.networks, _card(weights)
    crop = networks.size, weights.object_fraction, networks.confine_mask, networks.outside_contrast
    about = About(weights.name, *crop, options.label, card)
    (staged.path / folder.CARD).write_text(card, encoding="utf-8")
    report: dict[str, Any] = {"files": {}}
    if "tflite" in formats:
        report = _write_tflite(options, weights, model, made, about, staged.path, console, progress)
        write_json(staged.path / folder.PARITY, report)
    write_json(staged.path / folder.MODEL, _description(options, weights, model, made, staged))
    web.write(staged.path)
    if "saved_model" in formats:
        # A server may be reading the versions of an earlier export: the new one must appear beside them.
        target = staged.target if staged.earlier else staged.path
        save.write(model, weights.name, weights.object_fraction, target)
    return report


def _write_tflite(
    options: Options, weights: Weights, model: SEIGAN, made: dict[str, graphs.Graph], about: About,
    target: Path, console: Console, progress: Progress,
) -> dict[str, Any]:  # fmt: skip
    calibration, crops = (_crops(options, weights, model, console, held_out) for held_out in (False, True))
    masks = arrays.segment(model, to_float(calibration.images), calibration.boxes)
    comparison = parity.Comparison(crops, model, options.runs)
    kinds = [kind for kind in conversion.FORMATS if kind != "dynamic" or options.dynamic]
    done, total = itertools.count(), len(made) * (len(kinds) + 1)

    def step() -> None:
        progress(next(done), total)

    step()
    for name, graph in made.items():
        typical = examples.tensors(graph, calibration, masks, model.networks.outside_contrast)
        paths = {}
        for kind, content in conversion.convert(graph, kinds, typical, options.int8_edges == "uint8").items():
            paths[kind] = target / conversion.file_name(name, kind)
            paths[kind].write_bytes(with_metadata(content, graph, about))
        step()
        comparison.add(graph, paths, step)
    comparison.write_picture(target / folder.PICTURE)
    sources = {"weights": weights.name, "crops": crops.source, "calibration": calibration.source}
    return sources | comparison.report()


def _crops(options: Options, weights: Weights, model: SEIGAN, console: Console, held_out: bool) -> Crops:
    """Crops for the comparison if `held_out`, else for calibration: photographs given, else the run's, else drawn."""
    size, fraction = model.networks.size, weights.object_fraction
    calibration = (options.calibration_images, options.calibration_annotations)
    images, annotations = (options.images, options.annotations) if held_out else calibration
    count = options.crops if held_out else options.calibration_crops
    if images is None and weights.folder is not None:
        found = examples.of_run(weights.folder, size, count, held_out)
        if found is not None:
            return found
    if images is None and held_out:
        images, annotations = calibration
    if images is not None:
        return examples.from_photos(images, annotations, size, fraction, count)
    text = (
        "no photographs to compare on, and synthetic crops take their place; --images and --annotations give real ones"
        if held_out
        else "the photographs that the weights were trained on are not at hand, and int8 is calibrated on synthetic"
        " crops; --calibration-images and --calibration-annotations give it real ones"
    )
    console.print(f"warning: {text}")
    return examples.synthetic(size, fraction, count, held_out)


def _description(
    options: Options, weights: Weights, model: SEIGAN, made: dict[str, graphs.Graph], staged: folder.Staged
) -> dict[str, Any]:
    """Contents of model.json."""

    def described(tensors: dict[str, graphs.Tensor]) -> dict[str, Any]:
        return {name: {**tensor._asdict(), "dtype": "float32"} for name, tensor in tensors.items()}

    facts = folder.facts(weights.name, weights.file, model)
    description = facts | {
        "label": options.label,
        "int8_edges": options.int8_edges,
        "files": {path.name: folder.describe(path) for path in sorted(staged.path.glob("*.tflite"))},
        "inputs": {name: described(graph.inputs) for name, graph in made.items()},
        "outputs": {name: described(graph.outputs) for name, graph in made.items()},
    }
    earlier = staged.earlier or {}
    if "tflite" not in options.chosen_formats and earlier.get("files") and earlier.get("weights") == facts["weights"]:
        # The .tflite files belong to the same weights and stay, and so does their description.
        description |= {name: earlier[name] for name in FILE_FIELDS if name in earlier}
    return description


def _card(weights: Weights) -> str:
    """The model card of the weights, or a minimal one."""
    if weights.folder is not None and (weights.folder / "README.md").is_file():
        return (weights.folder / "README.md").read_text(encoding="utf-8")
    return (
        f"# {weights.name}\n\nSegmenter, inpainter and enhancer of a SEIGAN (arXiv 1811.07630), trained on photographs"
        " and boxes.\nTraining data, quality and permitted uses are not documented.\n"
    )
