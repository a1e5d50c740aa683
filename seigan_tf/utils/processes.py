"""The processes that train one model together, as their launcher describes them to each in environment variables.

The variables are those of `keras.distribution.initialize`: KERAS_DISTRIBUTION_JOB_ADDRESSES (host and port of the first
process), KERAS_DISTRIBUTION_NUM_PROCESSES and KERAS_DISTRIBUTION_PROCESS_ID. Without them there is one process.
"""

import os

COUNT, INDEX, ADDRESS = (f"KERAS_DISTRIBUTION_{name}" for name in ("NUM_PROCESSES", "PROCESS_ID", "JOB_ADDRESSES"))


def count() -> int:
    """Return the number of processes.

    Raises:
        ValueError: a variable is missing or has another value than expected.
    """
    if COUNT not in os.environ:
        return 1
    if not os.environ.get(ADDRESS):
        raise ValueError(f"{ADDRESS}: not set, but {COUNT} is; expected host and port of the first process")
    return _number(COUNT, 1)


def index() -> int:
    """Return the index of this process, from 0; the first one writes the run folder.

    Raises:
        ValueError: a variable is missing or has another value than expected.
    """
    number = count()
    if COUNT not in os.environ:
        return 0
    place = _number(INDEX, 0)
    if place >= number:
        raise ValueError(f"{INDEX}: {place}, expected less than {COUNT} {number}")
    return place


def _number(name: str, least: int) -> int:
    text = os.environ.get(name, "")
    if not text.isdecimal() or int(text) < least:
        raise ValueError(f"{name}: {text!r}, expected an integer of at least {least}")
    return int(text)
