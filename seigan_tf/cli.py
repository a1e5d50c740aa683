"""What every command of this project does with its errors: one line on stderr and an exit code."""

import contextlib
import sys
from collections.abc import Iterator

BAD_INPUT = 2


@contextlib.contextmanager
def one_line_errors() -> Iterator[None]:
    """Turns bad input (ValueError, OSError) into one line and exit code 2; an error with an `exit_code` keeps its own.

    Anything else is a fault of the program and keeps its traceback.
    """
    try:
        yield
    except KeyboardInterrupt:
        _leave("interrupted", 130)
    except Exception as error:
        if isinstance(error, OSError):
            _leave(_describe(error), BAD_INPUT)
        if isinstance(error, ValueError) or hasattr(error, "exit_code"):
            _leave(str(error), getattr(error, "exit_code", BAD_INPUT))
        raise


def _describe(error: OSError) -> str:
    if error.strerror is None:
        return str(error)
    return f"{error.filename}: {error.strerror}" if error.filename else error.strerror


def _leave(message: str, code: int) -> None:
    print("error:" if code == BAD_INPUT else "stopped:", " ".join(message.split()), file=sys.stderr)
    raise SystemExit(code)
