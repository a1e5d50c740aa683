"""python -m seigan_tf pack: what use needs of a trained model, in a folder to hand on."""

import hashlib
import shutil
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import tyro
from rich.console import Console

from seigan_tf import config as settings
from seigan_tf.config import Config

DESCRIPTION = """Write what use needs of a trained model: no optimizers, no replay pools, and no VGG-19 unless the
segmenter reads it.

  python -m seigan_tf pack --weights runs/birds --out birds

  python -m seigan_tf pack --weights runs/birds --segmenter runs/birds-small --out birds
      with a better segmenter of the same form, which `distill` made since

The folder is loaded as a run folder is: seigan_tf.load("birds"), --weights birds. The weights that ship with this
package were made so.
"""


@dataclass(frozen=True)
class Options:
    weights: str = ""
    """Shipped name, run folder or .keras file."""
    segmenter: str = ""
    """Where to take the segmenter from, if not from there too; it has to be of the same form and for the same crops."""
    out: Path = Path()
    """Folder to make."""


def run(arguments: Sequence[str], console: Console | None = None) -> None:
    """Writes the folder: weights/seigan.keras, its SHA-256 and, of a run folder, config.json and report.json.

    The report, which measures masks, is that of the run that the segmenter comes from.

    Raises:
        ValueError: no trained model, a segmenter that does not fit, or the folder exists.
        OSError: a file cannot be written.
        SystemExit: --help, or an argument that is unknown or of another type.
    """
    options = tyro.cli(Options, args=list(arguments), prog="python -m seigan_tf pack", description=DESCRIPTION)
    console = console or Console()
    if not options.weights:
        raise ValueError("--weights is not given, expected a run folder, a .keras file or the name of shipped weights")
    if options.out == Path():
        raise ValueError("--out is not given, expected the folder to make")
    if options.out.exists():
        raise ValueError(f"{options.out}: exists already, expected the name of a new folder")

    from seigan_tf.utils import quiet

    with quiet.native_messages_hidden():
        from seigan_tf.loading import MODEL_FILE, find, load
        from seigan_tf.pretrained import DIGEST
        from seigan_tf.transfer import exchange_segmenter, for_use
    found = find(options.weights)
    small = for_use(load(options.weights))
    measured = found
    if options.segmenter:
        measured = find(options.segmenter)
        if measured.object_fraction != found.object_fraction:
            raise ValueError(
                f"--segmenter {options.segmenter}: objects take {measured.object_fraction} of its crops' sides,"
                f" expected {found.object_fraction} as in those of {options.weights} (data.object_fraction)"
            )
        source = load(options.segmenter)
        try:
            exchange_segmenter(small, source)
        except ValueError as error:
            raise ValueError(f"--segmenter {options.segmenter}: {error}") from None
    # Beside its place, so that a folder under that name is a whole one.
    partial = options.out.with_name(f".partial-{options.out.name}")
    shutil.rmtree(partial, ignore_errors=True)
    try:
        file = partial / MODEL_FILE
        file.parent.mkdir(parents=True)
        small.save(file)
        digest = hashlib.sha256(file.read_bytes()).hexdigest()
        (partial / DIGEST).write_text(f"{digest}  {MODEL_FILE}\n")
        if found.folder is not None and (found.folder / "config.json").is_file():
            settings.save(_elsewhere(settings.load(found.folder / "config.json"), small), partial / "config.json")
        if measured.folder is not None and (measured.folder / "report.json").is_file():
            shutil.copyfile(measured.folder / "report.json", partial / "report.json")
        partial.rename(options.out)
    finally:
        shutil.rmtree(partial, ignore_errors=True)
    size = (options.out / MODEL_FILE).stat().st_size / 1e6
    console.print(f"{options.out}: {size:.1f} MB", soft_wrap=True, highlight=False)


def _elsewhere(config: Config, model) -> Config:
    """The settings without the paths of the machine on which the model was trained."""
    nowhere = dict.fromkeys(("crops", "images", "annotations", "val_images", "val_annotations"))
    training = replace(config.training, start_from=())
    return replace(config, networks=model.networks, data=replace(config.data, **nowhere), training=training)
