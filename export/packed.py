"""Contents of a folder of packed weights: the Keras model, its TFLite files, and facts about them."""

import shutil
from dataclasses import replace
from pathlib import Path

from seigan_tf import config as settings
from seigan_tf.inference.loading import load_model
from seigan_tf.inference.transfer import exchange_segmenter, strip_for_inference
from seigan_tf.inference.weights import MODEL_FILE, Weights
from seigan_tf.pretrained import DIGEST
from seigan_tf.seigan import SEIGAN
from seigan_tf.utils.atomic import write_json
from seigan_tf.utils.claimed_folder import claimed
from seigan_tf.utils.digest import sha256
from seigan_tf.utils.full_disk import naming_full_disk
from seigan_tf.utils.interruption import parents_made, termination

from . import folder, graphs
from .tflite import conversion

FORMAT = "float32"
"""Format of the TFLite files. On 115 cats masks of float32 files differ from those of Keras by at most 1e-5, and after
the refinement not in a single byte. float16 files have half the size, and masks that differ by at most 0.002; but the
refinement thresholds masks, and 39 of them then differ by whole pixels."""


def write(found: Weights, other: Weights | None, out: Path) -> int:
    """Write weights/, the SHA-256 of each file in it and, from a run folder, config.json and report.json.

    Args:
        found: the model.
        other: another source of its segmenter; the report, which measures masks, is then that of this source.
        out: folder to make.

    Returns:
        the size of weights/ in bytes.

    Raises:
        ValueError: a model cannot be used, the backend is not TensorFlow, or another process packs into that folder.
        OSError: the folder cannot be written; nothing is left of it.
        Terminated: SIGTERM arrived; nothing is left of the folder either.
    """
    graphs.check_backend()
    model = strip_for_inference(load_model(found.folder or found.file))
    if other is not None:
        try:
            model = strip_for_inference(exchange_segmenter(model, load_model(other.folder or other.file)))
        except ValueError as error:
            raise ValueError(f"--segmenter {other.folder or other.file}: {error}") from None
    # Write beside the final place: a folder under the final name is always complete.
    partial = out.with_name(f".partial-{out.name}")
    made = partial / "packed"
    with termination(out), naming_full_disk(out), parents_made(out), claimed(partial, "pack"):
        files = _write_weights(model, made, out.name)
        digests = [f"{sha256(file)}  {file.relative_to(made).as_posix()}\n" for file in files]
        (made / DIGEST).write_text("".join(digests))
        if found.folder is not None and (found.folder / "config.json").is_file():
            config = settings.load_config(found.folder / "config.json")
            settings.save_config(_without_paths(replace(config, networks=model.networks)), made / "config.json")
        measured = (other or found).folder
        if measured is not None and (measured / "report.json").is_file():
            shutil.copyfile(measured / "report.json", made / "report.json")
        made.rename(out)
    return sum(file.stat().st_size for file in (out / MODEL_FILE).parent.iterdir())


def _write_weights(model: SEIGAN, target: Path, name: str) -> list[Path]:
    """Write the model as a .keras file, as TFLite files and as model.json; return the files."""
    file = target / MODEL_FILE
    file.parent.mkdir(parents=True)
    model.save(file)
    for graph in graphs.make(model).values():
        if graph.name != "composer":
            path = file.parent / conversion.file_name(graph.name, FORMAT)
            path.write_bytes(conversion.convert(graph, [FORMAT])[FORMAT])
    files = {path.name: folder.describe(path) for path in sorted(file.parent.glob("*.tflite"))}
    write_json(file.parent / folder.MODEL, folder.facts(name, file, model) | {"files": files})
    return sorted(file.parent.iterdir())


def _without_paths(config: settings.Config) -> settings.Config:
    """Leave out the paths of the machine that trained the model."""
    data = replace(config.data, crops=None, images=None, annotations=None, val_images=None, val_annotations=None)
    return replace(config, data=data, training=replace(config.training, start_from=(), teachers=()))
