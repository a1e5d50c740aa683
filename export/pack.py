"""python -m export.pack: write a folder to hand on, with only those parts of a trained model that its use needs."""

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import tyro

from seigan_tf.cli.errors import exit_code_of
from seigan_tf.cli.options import check_new, say
from seigan_tf.inference.weights import find
from seigan_tf.utils.quiet import native_messages_hidden

DESCRIPTION = """Write a folder with those parts of a trained model that its use needs: TFLite files, which LiteRT runs
without TensorFlow, and the Keras model without optimizers and replay pools, and without VGG-19 unless it is the
backbone of the segmenter.

  python -m export.pack --weights runs/birds --out birds
  python -m export.pack --weights runs/birds --segmenter runs/birds-small --out birds
      with another segmenter for the same crops, made later by `distill`

The folder loads like a run folder: seigan_tf.load("birds"), --weights birds. The weights that come with this package
were made so.
"""


@dataclass(frozen=True)
class Options:
    weights: str
    """A shipped name, a run folder or a .keras file."""
    out: Path
    """Folder to make."""
    segmenter: str | None = None
    """Another source of the segmenter, which must be for the same crops."""


def run(arguments: Sequence[str]) -> None:
    """Pack as the arguments say.

    Raises:
        ValueError: invalid arguments or weights, or the backend is not TensorFlow.
        OSError: the folder cannot be written.
        Terminated: SIGTERM arrived; unfinished files were removed, as after Ctrl-C.
        SystemExit: --help, or an argument that is missing, unknown or of another type.
    """
    options = tyro.cli(Options, args=list(arguments), prog=f"python -m {__package__}.pack", description=DESCRIPTION)
    check_new(options.out)
    found = find(options.weights)
    other = find(options.segmenter) if options.segmenter else None
    with native_messages_hidden():
        from . import packed
    size = packed.write(found, other, options.out)
    say(f"{options.out}: {size / 1e6:.1f} MB")


if __name__ == "__main__":
    if code := exit_code_of(lambda: run(sys.argv[1:])):
        raise SystemExit(code)
