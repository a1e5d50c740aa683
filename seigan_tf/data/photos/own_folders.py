"""Folders that this program wrote: pictures and texts in them are no photographs and no annotations."""

from collections.abc import Iterable
from pathlib import Path

from seigan_tf.utils.json_file import read_json

MARKS: dict[str, frozenset[str]] = {
    "dataset_info.json": frozenset({"moduleName", "fileFormat", "splits"}),  # prepared crops, also by `tfds build`
    "config.json": frozenset({"networks", "losses", "data", "training"}),  # runs, their stages, packed weights
    "recipe.json": frozenset({"chosen", "stages"}),  # recipes
    "model.json": frozenset({"version", "weights", "object_fraction"}),  # exports
    "study.json": frozenset({"pictures", "pairs", "checks"}),  # studies
    "table.json": frozenset({"count", "baselines", "methods"}),  # `table1`
}
"""Files that mark such a folder, with fields of theirs: others have files of these names, too."""


def is_own(folder: str, marks: Iterable[str]) -> bool:
    """Tell whether this program wrote the folder, which has files of these names of MARKS."""
    for name in marks:
        try:
            content = read_json(Path(folder, name))
        except (OSError, ValueError):
            continue
        if isinstance(content, dict) and content.keys() >= MARKS[name]:
            return True
    return False
