"""The export folder: made aside and then shown, and renewed file by file where there is an earlier export."""

import contextlib
import hashlib
import json
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from seigan_tf.utils.interruption import parents_made

from . import versions

MODEL, CARD, PARITY, PICTURE = "model.json", "MODEL_CARD.md", "parity.json", "parity.png"
README = "README.md"
VERSION = 1
"""Of the layout that model.json describes."""
STAGING = ".export-"
"""How the name of a folder begins that is being written; a killed process leaves it."""


class Staged(NamedTuple):
    """An export that is being written."""

    path: Path
    """Where to write files to."""
    target: Path
    """Where they are going to be."""
    earlier: dict[str, Any] | None
    """model.json of the export that is there already."""


def earlier_export(target: Path) -> dict[str, Any] | None:
    """model.json of the export in `target`; None where it is new or empty.

    Raises:
        ValueError: it is no folder, holds something else, or an export of a later version of this program.
    """
    there = next(path for path in (target, *target.absolute().parents) if path.exists())
    if not there.is_dir():
        where = "" if there == target else f"{there} is "
        raise ValueError(f"--out {target}: {where}a file; expected a folder")
    if there != target or not contents(target):
        return None
    try:
        found = json.loads((target / MODEL).read_text(encoding="utf-8"))
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
    """What a folder holds but for what killed exports and disks leave there: inodes by name; none where it is missing.

    A file that takes another one's place has another inode.
    """
    entries = target.iterdir() if target.is_dir() else ()
    return {
        entry.name: entry.lstat().st_ino
        for entry in entries
        if not entry.name.startswith(STAGING) and entry.name != "lost+found"
    }


def left_behind(target: Path, before: dict[str, int]) -> str:
    """What an export that was broken off leaves, in words; `before` is `contents` before it began."""
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
    """A folder that becomes `target` at the end of the block, or nothing changes.

    An empty folder is kept and filled, for somebody may be in it, or it may be a disk's. Where an earlier export is,
    its files are replaced one by one, each whole, model.json last; .tflite files that the new model.json does not name
    are removed, and the comparison where it is of other weights. What else is there stays: servers may be reading
    saved_model/.

    Raises:
        ValueError: as `earlier_export`.
        OSError: the folder cannot be written.
    """
    earlier = earlier_export(target)
    target = target.absolute()
    home = target if target.exists() else target.parent
    with parents_made(target):
        try:
            if home == target:  # what has such a name in a folder of others may be theirs
                versions.sweep(home, STAGING)
            path = Path(tempfile.mkdtemp(prefix=STAGING, dir=home))
        except OSError as error:
            raise OSError(error.errno, error.strerror, str(home)) from None
        try:
            yield Staged(path, target, earlier)
            if earlier is not None:
                _merge(path, target, earlier)
            elif home == target:
                _fill(path, target)
            else:
                path.chmod(0o755)  # mkdtemp lets its owner in alone
                path.rename(target)
        finally:
            shutil.rmtree(path, ignore_errors=True)


def describe(path: Path) -> dict[str, Any]:
    """Size and SHA-256 of a file, for model.json."""
    content = path.read_bytes()
    return {"bytes": len(content), "sha256": hashlib.sha256(content).hexdigest()}


def _is_description(path: Path) -> bool:
    """Sorts the file last by which an export is known."""
    return path.name == MODEL


def _fill(path: Path, target: Path) -> None:
    """Moves everything to an empty folder, or nothing."""
    entries = sorted(path.iterdir(), key=_is_description)
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
    for file in sorted(files, key=_is_description):
        place = target / file.relative_to(path)
        place.parent.mkdir(parents=True, exist_ok=True)
        file.replace(place)
    model = json.loads((target / MODEL).read_text(encoding="utf-8"))
    for name in earlier.get("files", {}):
        # By its own name only: what a model.json from elsewhere says is no reason to remove anything outside.
        if name not in model["files"] and Path(name).name == name and name.endswith(".tflite"):
            (target / name).unlink(missing_ok=True)
    if earlier.get("weights") != model.get("weights"):
        for name in {PARITY, PICTURE} - {file.name for file in files}:
            (target / name).unlink(missing_ok=True)
