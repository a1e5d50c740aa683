"""Apache Beam's options and errors, without importing it unless it is used."""

import contextlib
import importlib.util
import io
from collections.abc import Iterator
from typing import Any

from seigan_tf.utils.text import one_line

LOCAL_RUNNERS = (None, "DirectRunner", "FnApiRunner")  # Beam's runners on this machine; None is its default


def require_beam() -> None:
    """Raise ValueError if Apache Beam is not installed."""
    if importlib.util.find_spec("apache_beam") is None:
        raise ValueError("Apache Beam is not installed; pip install seigan-tf[beam]")


def pipeline_options(text: str) -> Any:
    """Parse Beam's options as `--beam_pipeline_options` does: "runner=FlinkRunner,parallelism=8".

    Raises:
        ValueError: Beam is not installed, an option's value is of another type, or options that the runner needs are
            missing.
        Exception: there is no such runner, or it cannot be used here; each has its own.
    """
    require_beam()
    import apache_beam
    from apache_beam.options.pipeline_options import PipelineOptions

    said = io.StringIO()
    try:
        with contextlib.redirect_stderr(said):
            options = PipelineOptions([f"--{option}" for option in text.split(",") if option])
            known = options.get_all_options()
    except SystemExit:  # Beam parses them as a command line, and ends the process on a mistake.
        raise ValueError(f"Apache Beam: {said.getvalue().strip().rpartition('error: ')[2]}") from None
    # Job servers define options of their own; a misspelt "runner" would build here and not on the cluster.
    unknown = [option for option in text.split(",") if option and option.partition("=")[0] not in known]
    if unknown and known["runner"] in LOCAL_RUNNERS:
        raise ValueError(f"Apache Beam: {unknown[0]!r} is no option of a pipeline here, expected such as runner=NAME")
    apache_beam.Pipeline(options=options)  # Finds the runner and asks it what it needs; nothing runs yet.
    return options


@contextlib.contextmanager
def beam_errors() -> Iterator[None]:
    """Turn the many exceptions of a pipeline that cannot run, or fails, into ValueError."""
    try:
        yield
    except (ValueError, OSError):
        raise
    except Exception as error:
        raise ValueError(f"Apache Beam: {one_line(error)}") from error
