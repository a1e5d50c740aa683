"""python -m seigan_tf study: the paper's human study, from pictures to figure 4."""

import importlib
from collections.abc import Sequence

ACTIONS = {
    "make": "pictures, pairs and attention checks, into a folder",
    "serve": "a page on which assessors compare the pairs; answers in SQLite",
    "tasks": "the pairs as a table for Toloka or Mechanical Turk",
    "report": "Bradley-Terry ratings with intervals, fractions won, figure 4",
}
HELP = """usage: python -m seigan_tf study ACTION ...

{}

python -m seigan_tf study ACTION --help tells more.""".format(
    "\n".join(f"  {name:<7} {purpose}" for name, purpose in ACTIONS.items())
)


def run(arguments: Sequence[str]) -> None:
    """Runs the action that the arguments name.

    Raises:
        ValueError: there is no such action; or as the action raises.
        SystemExit: --help.
    """
    if not arguments:
        raise ValueError(f"study: no action is given, expected one of {', '.join(ACTIONS)}")
    if arguments[0] in ("-h", "--help"):
        print(HELP)
        raise SystemExit(0)
    if arguments[0] not in ACTIONS:
        raise ValueError(f"study {arguments[0]}: no such action, expected one of {', '.join(ACTIONS)}")
    importlib.import_module(f"seigan_tf.cli.study_{arguments[0]}").run(arguments[1:])
