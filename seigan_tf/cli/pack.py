"""python -m seigan_tf pack: write a folder to hand on, with only those parts of a model that its use needs."""

import hashlib
import shutil
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from seigan_tf import config as settings
from seigan_tf.cli.options import check_new, parse, say
from seigan_tf.utils.quiet import native_messages_hidden

DESCRIPTION = """Write a folder with those parts of a trained model that its use needs: no optimizers, no replay pools,
and VGG-19 only if it is the backbone of the segmenter.

  python -m seigan_tf pack --weights runs/birds --out birds
  python -m seigan_tf pack --weights runs/birds --segmenter runs/birds-small --out birds
      with a better segmenter of the same form, made later by `distill`

The folder loads like a run folder: seigan_tf.load("birds"), --weights birds. The weights that come with this package
were made so.
"""


@dataclass(frozen=True)
class Options:
    weights: str = ""
    """A shipped name, a run folder or a .keras file."""
    segmenter: str = ""
    """Another source of the segmenter, which must have the same form and the same crops."""
    out: Path = Path()
    """Folder to make."""


def run(arguments: Sequence[str]) -> None:
    """Write weights/seigan.keras, its SHA-256 and, from a run folder, config.json and report.json.

    The report, which measures masks, is that of the segmenter's run.
    """
    options = parse(Options, arguments, "pack", DESCRIPTION)
    if not options.weights:
        raise ValueError("--weights is not given, expected a run folder, a .keras file or the name of shipped weights")
    if options.out == Path():
        raise ValueError("--out is not given, expected the folder to make")
    check_new(options.out)

    with native_messages_hidden():
        from seigan_tf.inference.loading import MODEL_FILE, find, load_model
        from seigan_tf.inference.transfer import exchange_segmenter, strip_for_inference
        from seigan_tf.pretrained import DIGEST
    found = measured = find(options.weights)
    model = strip_for_inference(load_model(options.weights))
    if options.segmenter:
        measured = find(options.segmenter)
        if measured.object_fraction != found.object_fraction:
            raise ValueError(
                f"--segmenter {options.segmenter}: objects take {measured.object_fraction} of its crops' sides,"
                f" expected {found.object_fraction} as in those of {options.weights} (data.object_fraction)"
            )
        source = load_model(options.segmenter)
        try:
            exchange_segmenter(model, source)
        except ValueError as error:
            raise ValueError(f"--segmenter {options.segmenter}: {error}") from None
    # Write beside the final place: a folder under the final name is always complete.
    partial = options.out.with_name(f".partial-{options.out.name}")
    shutil.rmtree(partial, ignore_errors=True)
    try:
        file = partial / MODEL_FILE
        file.parent.mkdir(parents=True)
        model.save(file)
        digest = hashlib.sha256(file.read_bytes()).hexdigest()
        (partial / DIGEST).write_text(f"{digest}  {MODEL_FILE}\n")
        if found.folder is not None and (found.folder / "config.json").is_file():
            config = settings.load_config(found.folder / "config.json")
            # Leave out the paths of the machine that trained the model.
            data = replace(
                config.data, crops=None, images=None, annotations=None, val_images=None, val_annotations=None
            )
            training = replace(config.training, start_from=())
            config = replace(config, networks=model.networks, data=data, training=training)
            settings.save_config(config, partial / "config.json")
        if measured.folder is not None and (measured.folder / "report.json").is_file():
            shutil.copyfile(measured.folder / "report.json", partial / "report.json")
        partial.rename(options.out)
    finally:
        shutil.rmtree(partial, ignore_errors=True)
    say(f"{options.out}: {(options.out / MODEL_FILE).stat().st_size / 1e6:.1f} MB")
