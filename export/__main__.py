"""Entry point of `python -m export`; once installed, of `python -m seigan_tf.export`."""

import sys

from seigan_tf.cli.errors import exit_code_of

from .command import run

if __name__ == "__main__":
    code = exit_code_of(lambda: run(sys.argv[1:]))
    if code:
        raise SystemExit(code)
