"""From errors to one line on stderr and an exit code."""

import io
import sys
from collections.abc import Callable

from seigan_tf.utils.memory import TOO_LARGE, is_lack_of_memory

BAD_INPUT = 2
BACKENDS = ("jax", "torch")
"""Backends of Keras that KERAS_BACKEND chooses in place of TensorFlow."""
TRAINING = (
    "absl", "array_record", "choix", "etils", "flatbuffers", "grain", "importlib_resources", "keras", "scipy",
    "tensorboard", "tensorflow", "tensorflow_datasets",
)  # fmt: skip
"""Packages of the extra `train`, by the names under which they are imported."""


def exit_code_of(command: Callable[[], None]) -> int:
    """Call a command and print bad input as one line on stderr. A fault of the program itself keeps its traceback.

    Returns:
        0; 2 for bad input (ValueError, OSError, a missing package, more than memory holds); 130 for Ctrl-C; or the
        error's own `exit_code`.
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
        name = (error.name or "").partition(".")[0]
        if name in BACKENDS:
            message = f"KERAS_BACKEND: {name} is not installed; pip install {name}"
        elif name in TRAINING:
            remedy = 'pip install "seigan-tf[train]" (in a clone ".[train]")'
            message = f"this command needs {name}, which is not installed: {remedy}"
        else:
            raise
        code = BAD_INPUT
    except OSError as error:
        message, code = error.strerror or str(error), BAD_INPUT
        if error.strerror and error.filename:
            message = f"{error.filename}: {error.strerror}"
    except (ValueError, RuntimeError) as error:
        if not isinstance(error, ValueError) and not hasattr(error, "exit_code"):
            raise
        message, code = str(error), getattr(error, "exit_code", BAD_INPUT)
    except Exception as error:
        if not is_lack_of_memory(error):
            raise
        message, code = "the data are " + TOO_LARGE, BAD_INPUT
    # Print outside the except clauses: TensorFlow exits cleanly only when the traceback and its frames are gone.
    print("error:" if code == BAD_INPUT else "stopped:", " ".join(message.split()), file=sys.stderr)
    return code
