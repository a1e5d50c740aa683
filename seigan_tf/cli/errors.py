"""From errors to one line on stderr and an exit code."""

import io
import sys
from collections.abc import Callable

BAD_INPUT = 2
BACKENDS = ("tensorflow", "jax", "torch")


def exit_code_of(command: Callable[[], None]) -> int:
    """Call a command and print bad input as one line on stderr. A fault of the program itself keeps its traceback.

    Returns:
        0; 2 for bad input (ValueError, OSError, missing backend); 130 for Ctrl-C; or the error's own `exit_code`.
    """
    for stream in (sys.stdout, sys.stderr):
        # File names may hold characters that the terminal lacks; print a substitute instead of failing.
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
        message, code = error.strerror or str(error), BAD_INPUT
        if error.strerror and error.filename:
            message = f"{error.filename}: {error.strerror}"
    except (ValueError, RuntimeError) as error:
        if not isinstance(error, ValueError) and not hasattr(error, "exit_code"):
            raise
        message, code = str(error), getattr(error, "exit_code", BAD_INPUT)
    # Print outside the except clauses: TensorFlow exits cleanly only when the traceback and its frames are gone.
    print("error:" if code == BAD_INPUT else "stopped:", " ".join(message.split()), file=sys.stderr)
    return code
