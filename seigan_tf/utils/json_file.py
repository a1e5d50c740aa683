"""Reading of JSON files, which anybody may have changed or damaged."""

import json
from pathlib import Path
from typing import Any

from seigan_tf.utils.text import one_line


def read_json(path: Path) -> Any:
    """Read a JSON file in UTF-8.

    Raises:
        ValueError: it is damaged.
        OSError: it cannot be read.
    """
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (ValueError, RecursionError) as error:  # the second from lists in lists in lists
        raise ValueError(f"{path}: not JSON ({one_line(error)})") from None
