"""The commands of `python -m seigan_tf`: one module each, whose `run` takes the arguments after the command's name."""

import importlib
import sys
from collections.abc import Sequence

from seigan_tf import cli

COMMANDS = {
    "cut": "objects out of full-size photographs, with transparency around them",
    "erase": "objects from full-size photographs",
    "paste": "an object of one photograph onto another one",
    "evaluate": "masks, filled holes and pastes of trained weights, beside what needs no training",
    "distill": "a small segmenter, trained on the masks of a trained one",
    "table1": "NoCycle, SEIGAN and Supervised trained on one set under equal budgets",
    "prepare": "photographs and boxes to crops, cut once and stored, with a report and contact sheets",
    "pack": "what use needs of a trained model, in a folder to hand on",
    "serve": "a web page on which photographs are cut, erased and pasted",
    "study": "the paper's human study: pictures, a page to compare them on, ratings",
}
HELP = "usage: python -m seigan_tf COMMAND ...\n\n{}\n\npython -m seigan_tf COMMAND --help tells more.".format(
    "\n".join(f"  {name:<9} {purpose}" for name, purpose in COMMANDS.items())
)


def main(arguments: Sequence[str] | None = None) -> None:
    """Runs the command that the arguments name.

    Args:
        arguments: of the command line; those of this process unless given.

    Raises:
        SystemExit: something went wrong; the code says what (see `cli.run`).
    """
    arguments = sys.argv[1:] if arguments is None else arguments
    if not arguments or arguments[0] in ("-h", "--help"):
        print(HELP)
        raise SystemExit(0 if arguments else cli.BAD_INPUT)
    code = cli.run(lambda: _run(arguments[0], arguments[1:]))
    if code:
        raise SystemExit(code)


def _run(name: str, arguments: Sequence[str]) -> None:
    if name not in COMMANDS:
        raise ValueError(f"{name}: no such command, expected one of {', '.join(COMMANDS)}")
    importlib.import_module(f"seigan_tf.commands.{name}").run(arguments)
