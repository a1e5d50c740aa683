"""Commands that are disturbed, and whether they end as if nothing had happened when they are repeated."""

import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

ROOT = Path(__file__).parents[2]
NAME = ("--name", "demo")
RESUME = (ROOT / "train.py", *NAME, "--resume")
ENVIRONMENT = {**os.environ, "KERAS_BACKEND": "tensorflow", "CUDA_VISIBLE_DEVICES": "-1", "PYTHONPATH": str(ROOT)}


class Command(NamedTuple):
    """A command that works in a folder."""

    out: str
    """Name of the folder that it writes."""
    arguments: Callable[[Path], list[Any]]
    """Those of Python, for a folder."""
    result: Callable[[Path], dict[str, Any]]
    """Contents by name; those of two equal ends are equal."""
    fill: Callable[[Path], object] = lambda folder: None
    """Writes the inputs of the command into a new folder."""
    resume: tuple[Any, ...] = ()
    """Those of Python that go on, if the command asks for --resume because its first start left something."""


def _photos(folder: Path) -> None:
    from tests.conftest import PhotoSet

    photos = PhotoSet(folder / "set")
    for number in range(40):
        photos.add(f"{number}.png", (40 + number, 40, 60, 60))
    photos.config()


def _prepare(*more: str) -> Command:
    def arguments(folder: Path) -> list[Any]:
        given = ["--images", folder / "set/photos", "--annotations", folder / "set/annotations.json", "--size", 64]
        return ["-m", "seigan_tf", "prepare", *given, "--out", folder / "crops", *more]

    return Command("crops", arguments, lambda folder: _files(folder / "crops"), _photos)


def _files(folder: Path, *endings: str) -> dict[str, bytes]:
    found = {str(path.relative_to(folder)): path for path in sorted(folder.rglob("*")) if path.is_file()}
    return {name: path.read_bytes() for name, path in found.items() if not endings or name.endswith(endings)}


def _trained(folder: Path) -> dict[str, Any]:
    from seigan_tf.training import checkpoint

    found = checkpoint.load_latest(folder / "runs" / "demo" / "checkpoint")
    return found.state if found and (folder / "runs" / "demo" / "report.json").is_file() else {}


def _run(folder: Path) -> None:
    from tests import tiny
    from tests.export import exports

    exports.run_folder(folder / "tiny", tiny.seigan(object_fraction=0.7))


def _train(_folder: Path) -> list[Any]:
    from tests.test_train_command import TINY

    return [ROOT / "train.py", *TINY, *NAME]


def _distill(folder: Path) -> list[Any]:
    from tests.test_train_command import TINY

    return ["-m", "seigan_tf", "distill", "--teachers", folder / "tiny", "--preset", "demo", *TINY, *NAME]


def _export(folder: Path) -> list[Any]:
    quick = ["--calibration-crops", 2, "--crops", 2, "--runs", 1]
    return ["-m", "export", "--weights", folder / "tiny", "--out", folder / "out", "--formats", "tflite", *quick]


def _pack(folder: Path) -> list[Any]:
    return ["-m", "export.pack", "--weights", folder / "tiny", "--out", folder / "out"]


COMMANDS = {
    "train.py": Command("runs", _train, _trained, resume=RESUME),
    "distill": Command("runs", _distill, _trained, _run, RESUME),
    "prepare": _prepare("--workers", "0"),
    "prepare, 2 workers": _prepare("--workers", "2"),
    "prepare, Beam": _prepare("--beam", "runner=FnApiRunner"),
    "export": Command("out", _export, lambda folder: _files(folder / "out", ".tflite", "model.json"), _run),
    "pack": Command("out", _pack, lambda folder: _files(folder / "out", ".tflite", "config.json"), _run),
}


class Whole(NamedTuple):
    """A run that was left alone."""

    result: dict[str, Any]
    seconds: float


def cases(command: Command, numbers: list[int]) -> Iterator[tuple[int, Path, Whole]]:
    """Number, new folder with inputs, and the run that was left alone, of each case."""
    if not numbers:
        return
    with tempfile.TemporaryDirectory() as name:
        inputs, folder = Path(name) / "inputs", Path(name) / "run"
        inputs.mkdir()
        command.fill(inputs)
        shutil.copytree(inputs, folder)  # of one name for all, which reports may hold
        begin = time.monotonic()
        finish(start(command.arguments(folder), folder))
        whole = Whole(command.result(folder), time.monotonic() - begin)
        for case in numbers:
            shutil.rmtree(folder)
            shutil.copytree(inputs, folder)
            yield case, folder, whole


def start(arguments: Iterable[object], folder: Path, **settings: Any) -> subprocess.Popen[str]:
    command = [sys.executable, *map(str, arguments)]
    settings = dict(stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, start_new_session=True) | settings
    return subprocess.Popen(command, cwd=folder, env=ENVIRONMENT, **settings)


def finish(process: subprocess.Popen[str]) -> None:
    """Wait for a good end; code 1 says that an export exceeds a budget, which random weights may."""
    written = process.communicate(timeout=1200)[1].strip()
    if process.returncode not in (0, 1) or "Traceback" in written:
        raise RuntimeError(f"code {process.returncode}: {written[-300:]}")


def repeated(command: Command, folder: Path, whole: Whole) -> tuple[str, str]:
    """Outcome of the same arguments, or of those that the command asks for, and a message if it is a fault."""
    if not _difference(command, folder, whole):
        return "same", ""  # it was done already
    try:
        finish(start(command.arguments(folder), folder))
    except RuntimeError as error:
        if not command.resume or "--resume" not in str(error):
            return "not repeated", str(error)[:300]
        try:
            finish(start(command.resume, folder))
        except RuntimeError as error:
            return "not resumed", str(error)[:300]
    difference = _difference(command, folder, whole)
    return ("another end", difference[:300]) if difference else ("same", "")


def _difference(command: Command, folder: Path, whole: Whole) -> str:
    """Names of what is not as in the run that was left alone."""
    try:
        found = command.result(folder)
    except Exception as error:
        return f"{type(error).__name__}: {error}"
    names = {*found, *whole.result}
    return ", ".join(sorted(name for name in names if not _equal(found.get(name), whole.result.get(name))))


def _equal(content: Any, other: Any) -> bool:
    arrays = isinstance(content, np.ndarray) or isinstance(other, np.ndarray)
    return np.array_equal(content, other) if arrays else content == other
