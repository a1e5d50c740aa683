"""Trains SEIGAN: `python train.py` for a demonstration, `python train.py --help` for everything else."""

import sys

from seigan_tf import cli
from seigan_tf.training import options, quiet


def main(arguments: list[str]) -> None:
    with cli.one_line_errors():
        request = options.read(arguments)
        if request.renamed:
            print(f"The plain name is taken; this run is {request.folder.path} (--resume would continue the first).")
        # Only now, so that --help and bad arguments are answered at once.
        with quiet.native_messages_hidden():
            from seigan_tf.training import session
        session.run(request.config, request.folder)


if __name__ == "__main__":
    main(sys.argv[1:])
