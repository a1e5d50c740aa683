"""python -m export, installed python -m seigan_tf.export: trained weights to files for clients."""

import sys

from seigan_tf import cli

from .command import run

if __name__ == "__main__":
    code = cli.run(lambda: run(sys.argv[1:]))
    if code:
        raise SystemExit(code)
