"""python -m export, installed python -m seigan_tf.export: trained weights to files for clients."""

import sys

from seigan_tf.cli.errors import exit_code_of

from .command import run

if __name__ == "__main__":
    code = exit_code_of(lambda: run(sys.argv[1:]))
    if code:
        raise SystemExit(code)
