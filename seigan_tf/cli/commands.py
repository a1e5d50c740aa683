"""The commands of `python -m seigan_tf`, by name."""

import sys
from collections.abc import Sequence

from seigan_tf.cli.errors import BAD_INPUT, exit_code_of

PURPOSES = {
    "cut": "cut objects out of full-size photographs, with transparency around them",
    "erase": "erase objects from full-size photographs",
    "paste": "paste an object of one photograph onto another one",
    "evaluate": "measure the masks, filled holes and pastes of trained weights, beside baselines without training",
    "distill": "train a small segmenter on the masks of a trained one",
    "table1": "train NoCycle, SEIGAN and Supervised on one set under equal budgets and compare them",
    "prepare": "cut photographs with boxes into crops, once, and store them with a report and contact sheets",
    "join": "join sets of photographs with boxes, each in any format, into one COCO file",
    "serve": "serve a web page that cuts, erases and pastes",
    "study": "run the paper's human study: pictures, a page to compare them on, ratings",
}
HELP = "usage: python -m seigan_tf COMMAND ...\n\n{}\n\npython -m seigan_tf COMMAND --help tells more.".format(
    "\n".join(f"  {name:<9} {purpose}" for name, purpose in PURPOSES.items())
)


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command that the first argument names.

    Args:
        arguments: the command line without the program's name; by default that of this process.

    Raises:
        SystemExit: after --help, or the command failed; the codes are those of `errors.exit_code_of`.
    """
    arguments = sys.argv[1:] if arguments is None else arguments
    if not arguments or arguments[0] in ("-h", "--help"):
        print(HELP)
        raise SystemExit(0 if arguments else BAD_INPUT)
    if code := exit_code_of(lambda: _run(arguments[0], arguments[1:])):
        raise SystemExit(code)


def _run(name: str, arguments: Sequence[str]) -> None:
    match name:
        case "cut":
            from seigan_tf.cli.cut import run
        case "erase":
            from seigan_tf.cli.erase import run
        case "paste":
            from seigan_tf.cli.paste import run
        case "evaluate":
            from seigan_tf.cli.evaluate import run
        case "distill":
            from seigan_tf.cli.distill import run
        case "table1":
            from seigan_tf.cli.table1 import run
        case "prepare":
            from seigan_tf.cli.prepare import run
        case "join":
            from seigan_tf.cli.join import run
        case "serve":
            from seigan_tf.cli.serve import run
        case "study":
            from seigan_tf.cli.study import run
        case _:
            raise ValueError(f"{name}: no such command, expected one of {', '.join(PURPOSES)}")
    run(arguments)
