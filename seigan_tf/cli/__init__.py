"""The command line: `train.py`, and `python -m seigan_tf COMMAND` with one module for each command.

Each module has `run(arguments)`, which raises ValueError for bad input, OSError for a file that cannot be read or
written, and SystemExit after --help or an argument that is unknown or of another type. `errors` turns the first two
into one line and an exit code. Modules import what is slow to import inside functions, so that --help answers at once.
"""

import sys
from collections.abc import Sequence


def main(arguments: Sequence[str] | None = None) -> None:
    """Run `python train.py`, which is called `seigan-train` after `pip install`.

    Args:
        arguments: the command line without the program's name; by default that of this process.

    Raises:
        SystemExit: the run failed or was stopped; the codes are those of `errors.exit_code_of`.
    """
    from seigan_tf.cli import train
    from seigan_tf.cli.errors import exit_code_of

    if code := exit_code_of(lambda: train.run(sys.argv[1:] if arguments is None else arguments)):
        raise SystemExit(code)
