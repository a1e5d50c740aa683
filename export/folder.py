"""The export folder: made aside and then shown, and renewed file by file where there is an earlier export."""

import contextlib
import hashlib
import json
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

MODEL, CARD, PARITY, PICTURE = "model.json", "MODEL_CARD.md", "parity.json", "parity.png"
VERSION = 1
"""Of the layout that model.json describes."""


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
    if not target.exists():
        return None
    if not target.is_dir():
        raise ValueError(f"--out {target}: a file; expected a folder")
    if not any(target.iterdir()):
        return None
    try:
        found = json.loads((target / MODEL).read_text(encoding="utf-8"))
        version = found["version"]
    except (OSError, ValueError, KeyError, TypeError):
        raise ValueError(
            f"--out {target}: not empty and no export ({MODEL} missing or not readable); expected a new folder or an"
            " earlier export"
        ) from None
    if not isinstance(version, int) or version > VERSION:
        raise ValueError(f"--out {target}: export of version {version}; this program writes version {VERSION}")
    return found


@contextlib.contextmanager
def staged(target: Path) -> Iterator[Staged]:
    """A folder beside `target` that takes its place at the end of the block, or nothing changes.

    Where an earlier export is, its files are replaced one by one, each whole, model.json last; .tflite files that
    the new model.json does not name are removed, and the comparison where it is of other weights. What else is there
    stays: servers may be reading saved_model/.

    Raises:
        ValueError: as `earlier_export`.
        OSError: the folder cannot be written.
    """
    earlier = earlier_export(target)
    target = target.absolute()
    target.parent.mkdir(parents=True, exist_ok=True)
    home = target if earlier else target.parent
    try:
        path = Path(tempfile.mkdtemp(prefix=".export-", dir=home))
    except OSError as error:
        raise OSError(error.errno, error.strerror, str(home)) from None
    try:
        yield Staged(path, target, earlier)
        path.chmod(0o755)  # mkdtemp lets its owner in alone
        if earlier is None:
            if target.exists():
                target.rmdir()  # empty, as was found at the start
            path.rename(target)
        else:
            _merge(path, target, earlier)
    finally:
        shutil.rmtree(path, ignore_errors=True)


def describe(path: Path) -> dict[str, Any]:
    """Size and SHA-256 of a file, for model.json."""
    content = path.read_bytes()
    return {"bytes": len(content), "sha256": hashlib.sha256(content).hexdigest()}


def _merge(path: Path, target: Path, earlier: dict[str, Any]) -> None:
    files = [file for file in sorted(path.rglob("*")) if file.is_file()]
    for file in sorted(files, key=lambda file: file == path / MODEL):
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
