"""The commands of `python -m seigan_tf`, by name."""

import sys
from collections.abc import Callable, Sequence

from seigan_tf.cli.errors import BAD_INPUT, exit_code_of


def _cut(arguments: Sequence[str]) -> None:
    from seigan_tf.cli import cut

    cut.run(arguments)


def _erase(arguments: Sequence[str]) -> None:
    from seigan_tf.cli import erase

    erase.run(arguments)


def _paste(arguments: Sequence[str]) -> None:
    from seigan_tf.cli import paste

    paste.run(arguments)


def _evaluate(arguments: Sequence[str]) -> None:
    from seigan_tf.cli import evaluate

    evaluate.run(arguments)


def _distill(arguments: Sequence[str]) -> None:
    from seigan_tf.commands import distill

    distill.run(arguments)


def _table1(arguments: Sequence[str]) -> None:
    from seigan_tf.commands import table1

    table1.run(arguments)


def _prepare(arguments: Sequence[str]) -> None:
    from seigan_tf.cli import prepare

    prepare.run(arguments)


def _pack(arguments: Sequence[str]) -> None:
    from seigan_tf.cli import pack

    pack.run(arguments)


def _serve(arguments: Sequence[str]) -> None:
    from seigan_tf.cli import serve

    serve.run(arguments)


def _study(arguments: Sequence[str]) -> None:
    from seigan_tf.cli import study

    study.run(arguments)


COMMANDS: dict[str, tuple[Callable[[Sequence[str]], None], str]] = {
    "cut": (_cut, "cut objects out of full-size photographs, with transparency around them"),
    "erase": (_erase, "erase objects from full-size photographs"),
    "paste": (_paste, "paste an object of one photograph onto another one"),
    "evaluate": (
        _evaluate,
        "measure the masks, filled holes and pastes of trained weights, beside baselines without training",
    ),
    "distill": (_distill, "train a small segmenter on the masks of a trained one"),
    "table1": (_table1, "train NoCycle, SEIGAN and Supervised on one set under equal budgets and compare them"),
    "prepare": (
        _prepare,
        "cut photographs with boxes into crops, once, and store them with a report and contact sheets",
    ),
    "pack": (_pack, "write a folder to hand on, with only those parts of a trained model that its use needs"),
    "serve": (_serve, "serve a web page that cuts, erases and pastes"),
    "study": (_study, "run the paper's human study: pictures, a page to compare them on, ratings"),
}
HELP = "usage: python -m seigan_tf COMMAND ...\n\n{}\n\npython -m seigan_tf COMMAND --help tells more.".format(
    "\n".join(f"  {name:<9} {purpose}" for name, (_, purpose) in COMMANDS.items())
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
    if name not in COMMANDS:
        raise ValueError(f"{name}: no such command, expected one of {', '.join(COMMANDS)}")
    command, _ = COMMANDS[name]
    command(arguments)
