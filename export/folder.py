"""The export folder: staged elsewhere and then moved into place; an earlier export is renewed file by file."""

import contextlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from seigan_tf.utils.digest import sha256
from seigan_tf.utils.interruption import parents_made
from seigan_tf.utils.json_file import read_json

from .saved_model.versions import temporary_folder

if TYPE_CHECKING:
    from seigan_tf.seigan import SEIGAN

MODEL, CARD, PARITY, PICTURE = "model.json", "MODEL_CARD.md", "parity.json", "parity.png"
README = "README.md"
VERSION = 1
"""Version of the layout that model.json describes."""
STAGING = ".export-"
"""Start of the name of a staging folder; a killed process leaves it behind."""


class Staged(NamedTuple):
    """An export that is being written to `path` and will move to `target`."""

    path: Path
    target: Path
    earlier: dict[str, Any] | None
    """model.json of the export that is there already."""


def earlier_export(target: Path) -> dict[str, Any] | None:
    """Read model.json of the export in `target`; None for a new or empty folder.

    Raises:
        ValueError: it is a file, holds something else, or is an export of a later version of this program.
    """
    there = next(path for path in (target, *target.absolute().parents) if path.exists())
    if not there.is_dir():
        where = "" if there == target else f"{there} is "
        raise ValueError(f"--out {target}: {where}a file; expected a folder")
    if there != target or not contents(target):
        return None
    try:
        found = read_json(target / MODEL)
        version, files = found["version"], found.get("files", {})
    except (OSError, ValueError, KeyError, TypeError):
        version, files = None, {}
    if type(version) is not int or not isinstance(files, dict):
        raise ValueError(
            f"--out {target}: not empty and no export ({MODEL} missing or not readable); expected a new folder or an"
            " earlier export"
        )
    if version > VERSION:
        raise ValueError(f"--out {target}: export of version {version}; this program writes version {VERSION}")
    return found


def contents(target: Path) -> dict[str, int]:
    """Inodes of a folder's entries by name, without staging folders and lost+found; empty if it is missing.

    A file that replaces another has another inode.
    """
    return {
        entry.name: entry.lstat().st_ino
        for entry in (target.iterdir() if target.is_dir() else ())
        if not entry.name.startswith(STAGING) and entry.name != "lost+found"
    }


def left_behind(target: Path, before: dict[str, int]) -> str:
    """Describe what an interrupted export left; `before` is `contents` at its start."""
    now = contents(target)
    if MODEL not in now:
        return f"nothing is left of {target}"
    if now == before:
        return f"the earlier export in {target} stays"
    if now[MODEL] == before.get(MODEL):
        return f"the earlier export in {target} stays, but some of its files are new already"
    if now.get(README) == before.get(README):
        return f"the new export is in {target}, but not its {README}"
    return f"{target} is complete"


@contextlib.contextmanager
def staged(target: Path) -> Iterator[Staged]:
    """A staging folder whose files move to `target` at the end of the block; after an error nothing changes.

    An empty `target` is kept and filled, because it may be a working directory or a mount point. The files of an
    earlier export are replaced one by one, each atomically, model.json last; .tflite files that the new model.json does
    not name are removed, and so is the comparison if it belongs to other weights. Everything else stays: servers may
    be reading saved_model/. Raises ValueError as `earlier_export`.
    """
    earlier = earlier_export(target)
    target = target.absolute()
    exists = target.exists()
    home = target if exists else target.parent
    # Beside a new target, folders with such a name may belong to others and are not swept.
    with parents_made(target), temporary_folder(home, STAGING, sweep=exists) as path:
        yield Staged(path, target, earlier)
        if earlier is not None:
            _merge(path, target, earlier)
        elif exists:
            _fill(path, target)
        else:
            path.chmod(0o755)  # mkdtemp admits the owner alone
            path.rename(target)


def facts(name: str, file: Path, model: "SEIGAN") -> dict[str, Any]:
    """Facts about a model, which `file` holds, for model.json."""
    return {
        "version": VERSION,
        "name": name,
        "weights": sha256(file),
        "size": model.networks.size,
        "object_fraction": model.object_fraction,
        "confine_mask": model.networks.confine_mask,
        "outside_contrast": model.networks.outside_contrast,
    }


def describe(path: Path) -> dict[str, Any]:
    """Size and SHA-256 of a file, for model.json."""
    return {"bytes": path.stat().st_size, "sha256": sha256(path)}


def _fill(path: Path, target: Path) -> None:
    """Move every entry to an empty folder; after an error move them back."""
    entries = sorted(path.iterdir(), key=lambda entry: entry.name == MODEL)  # last, as it marks the folder as an export
    try:
        for entry in entries:
            entry.rename(target / entry.name)
    except BaseException:
        for entry in entries:
            if not entry.exists():
                (target / entry.name).rename(entry)
        raise


def _merge(path: Path, target: Path, earlier: dict[str, Any]) -> None:
    files = [file for file in sorted(path.rglob("*")) if file.is_file()]
    for file in sorted(files, key=lambda file: file.name == MODEL):
        place = target / file.relative_to(path)
        place.parent.mkdir(parents=True, exist_ok=True)
        file.replace(place)
    model = json.loads((target / MODEL).read_text(encoding="utf-8"))
    for name in earlier.get("files", {}):
        # Only plain names: a path in somebody's model.json must not remove files outside the folder.
        if name not in model["files"] and Path(name).name == name and name.endswith(".tflite"):
            (target / name).unlink(missing_ok=True)
    if earlier.get("weights") != model.get("weights"):
        for name in {PARITY, PICTURE} - {file.name for file in files}:
            (target / name).unlink(missing_ok=True)
