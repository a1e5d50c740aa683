"""The commands of this project, and what each does with errors: one line on stderr and an exit code."""

import io
import sys
from collections.abc import Callable, Sequence

BAD_INPUT = 2
BACKENDS = ("tensorflow", "jax", "torch")


def main(arguments: Sequence[str] | None = None) -> None:
    """Trains: `python train.py` in the repository, `seigan-train` where the package is installed.

    Args:
        arguments: of the command line; those of this process unless given.

    Raises:
        SystemExit: something went wrong; the code says what (see `run`).
    """
    code = run(lambda: _train(sys.argv[1:] if arguments is None else arguments))
    if code:
        raise SystemExit(code)


def run(command: Callable[[], None]) -> int:
    """Calls a command; bad input becomes one line on stderr. A fault of the program itself keeps its traceback.

    Returns:
        The exit code: 0, 2 for bad input (ValueError, OSError), 130 for Ctrl-C, or the error's own `exit_code`.
    """
    for stream in (sys.stdout, sys.stderr):
        # A terminal that lacks a letter of a file's name shows another one; the command does not fail for it.
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")
    try:
        command()
        return 0
    except KeyboardInterrupt:
        message, code = "interrupted", 130
    except ModuleNotFoundError as error:
        if error.name not in BACKENDS:
            raise
        message, code = f"KERAS_BACKEND: {error.name} is not installed; pip install {error.name}", BAD_INPUT
    except OSError as error:
        message, code = _describe(error), BAD_INPUT
    except (ValueError, RuntimeError) as error:
        if not isinstance(error, ValueError) and not hasattr(error, "exit_code"):
            raise
        message, code = str(error), getattr(error, "exit_code", BAD_INPUT)
    # Out here the error and the frames of `fit` in its traceback are gone, which TensorFlow wants before the exit.
    print("error:" if code == BAD_INPUT else "stopped:", " ".join(message.split()), file=sys.stderr)
    return code


def _train(arguments: Sequence[str]) -> None:
    from seigan_tf.training import options
    from seigan_tf.utils import quiet

    request = options.read(arguments)
    if request.renamed:
        print(f"The plain name is taken; this run is {request.folder.path} (--resume would continue the first).")
    # Only now, so that --help and bad arguments are answered at once.
    with quiet.native_messages_hidden():
        from seigan_tf.training import session
    session.run(request.config, request.folder)


def _describe(error: OSError) -> str:
    if error.strerror is None:
        return str(error)
    return f"{error.filename}: {error.strerror}" if error.filename else error.strerror
