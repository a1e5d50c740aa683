"""The recipe of --preset phone: a run that is left alone, runs in which a stage is disturbed, and their contents.

The first is kept beside the log for all subjects and campaigns; remove it when the program has changed.
"""

import hashlib
import io
import json
import os
import shutil
import subprocess
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

from benchmarks.faults.commands import finish, start
from benchmarks.faults.log import Log
from seigan_tf.presets import RECIPES
from seigan_tf.training.recipe import CLOSING, EVALUATION, EXPORT, PACKED, RecipeRun
from seigan_tf.training.run_folder import RunFolder

TRAININGS = tuple(stage.name for stage in RECIPES["phone"].stages)
STAGES = (*TRAININGS, *CLOSING)
PREFIX = "phone recipe: "
SUBJECTS = tuple(PREFIX + stage for stage in STAGES)
RUN = Path("runs/phone")
VGG = "vgg19.weights.h5"
NEW = (
    *("-m", "benchmarks.faults.recipe", "--preset", "phone", "--vgg-weights", VGG),
    *("--training.precision", "float32", "--data.images", "train", "--data.annotations", "train.json"),
    *("--data.val-images", "val", "--data.val-annotations", "val.json"),
)
RESUME = ("-m", "benchmarks.faults.recipe", "--name", "phone", "--resume")
DATED = ("cost", "latency_ms", "memory_mb", "weights", "sha256", "seconds")
"""Fields of JSON files that hold times or memory, or the digest of a file that holds its date."""
UNIQUE = ("sha256", "fingerprint.pb")
"""Files that differ from run to run: digests of .keras files, which have their date, and TensorFlow's random number."""
TICKS = os.sysconf("SC_CLK_TCK")


class Moment(NamedTuple):
    """A look at a stage that runs."""

    stage: str
    pid: int
    seconds: float
    """Time of a processor that it has used, in seconds."""


class Undone(NamedTuple):
    """A run in which one stage is left to do."""

    folder: Path
    """Folder that the command works in."""
    contents: dict[str, Any]
    """Contents of the run when it was whole."""
    seconds: float
    """Time of a processor that the stage took, in seconds."""
    sizes: list[int]
    """Bytes of each file of the stage."""


@contextmanager
def undone(log: Log) -> Iterator[Undone]:
    """Yield the run that was left alone, without the stage that the log's subject names."""
    kept, stage = log.path.with_name(f"{log.path.stem}_phone"), log.subject.removeprefix(PREFIX)
    if not kept.exists():
        _leave_alone(kept.with_name(f"{kept.name}.partial"))
        kept.with_name(f"{kept.name}.partial").rename(kept)
    with TemporaryDirectory(dir=log.path.parent) as name:
        folder = Path(name) / "run"
        shutil.copytree(kept, folder, copy_function=os.link)  # no file is changed: all are written anew
        files = _files(folder / RUN, stage)
        sizes = [path.stat().st_size for path in files]
        whole = contents(folder)
        for path in files:
            path.unlink()
        shutil.rmtree(folder / RUN / stage, ignore_errors=True)
        yield Undone(folder, whole, json.loads((kept / "seconds.json").read_text())[stage], sizes)


def _files(run: Path, stage: str) -> list[Path]:
    """Return the files of a stage; those of the last training lie in the run's own folder."""
    files = [path for path in run.rglob("*") if path.is_file() and path.name != "recipe.json"]
    first = [path.relative_to(run).parts[0] for path in files]
    return [
        path for path, name in zip(files, first, strict=True) if (name if name in STAGES else TRAININGS[-1]) == stage
    ]


def _leave_alone(folder: Path) -> None:
    """Run the recipe in a new folder, and write down how long each stage took."""
    from tests import recipes

    shutil.rmtree(folder, ignore_errors=True)
    recipes.photographs(folder / "train", 8, 0)
    recipes.photographs(folder / "val", 4, 1)
    make = f"import keras; keras.applications.VGG19(include_top=False, weights=None).save_weights({VGG!r})"
    finish(start(("-c", make), folder))  # any weights, but the same for all runs
    process, seconds = begin(folder), dict[str, float]()
    for stage, _, used in moments(process):
        seconds[stage] = used
    finish(process)
    (folder / "seconds.json").write_text(json.dumps(seconds))


def begin(folder: Path) -> subprocess.Popen[str]:
    """Start the recipe in a folder, or go on with it if it has begun."""
    return start(RESUME if (folder / RUN / "recipe.json").exists() else NEW, folder)


def moments(process: subprocess.Popen[str]) -> Iterator[Moment]:
    """Yield looks at the stages of a command that `begin` started, fifty in a second, until it ends."""
    while True:
        try:
            process.wait(0.02)
            return
        except subprocess.TimeoutExpired:
            pass
        try:
            for pid in Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split():
                if stage := _stage(Path(f"/proc/{pid}/cmdline").read_text().split("\0")):
                    yield Moment(stage, int(pid), _seconds(pid))
        except (FileNotFoundError, ProcessLookupError):
            pass  # it has just ended


def _stage(command: list[str]) -> str:
    """Return the stage that a process runs; empty if it is none, or has not begun."""
    if "seigan_tf.utils.child" not in command:
        return ""
    module, *arguments = command[command.index("seigan_tf.utils.child") + 1 :]
    closing = {"export.pack": PACKED, "export": EXPORT, "seigan_tf": EVALUATION}
    return closing[module] if module in closing else arguments[1]


def _seconds(pid: str) -> float:
    """Return the time of a processor that a process and those that it has waited for have used."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return sum(map(int, fields[11:15])) / TICKS


def finished(folder: Path) -> set[str]:
    """Return the names of the finished stages."""
    run = RecipeRun.load(RunFolder(folder / RUN))
    return {name for name in run.names if run.finished(name)}


def contents(folder: Path) -> dict[str, Any]:
    """Return all that has to be equal in two runs, by name of the file.

    Left out are times and memory, digests of files with a date, and logs/, which has the values of metrics.csv once
    more, with their times.
    """
    found: dict[str, Any] = {}
    for path in sorted((folder / RUN).rglob("*")):
        name = str(path.relative_to(folder / RUN))
        if path.is_file() and "logs/" not in name:
            found |= {name + part: value for part, value in _parts(path)}
    return found


def _parts(path: Path) -> Iterator[tuple[str, Any]]:
    content = path.read_bytes()
    if path.suffix in (".keras", ".npz"):
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            for member in archive.namelist():
                if member not in ("metadata.json", "contents.json"):
                    yield f": {member}", _digest(archive.read(member))
    elif path.suffix == ".json":
        yield "", _undated(json.loads(content))
    elif path.name == "metrics.csv":
        rows = [line.split(",") for line in content.decode().splitlines()]
        for column in range(len(rows[0])):
            if rows[0][column] not in DATED:
                yield f": {rows[0][column]}", [row[column] for row in rows]
    else:
        yield "", "" if path.name in UNIQUE else _digest(content)


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _undated(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _undated(inner) for name, inner in value.items() if name not in DATED}
    return [_undated(inner) for inner in value] if isinstance(value, list) else value


def difference(folder: Path, whole: dict[str, Any]) -> str:
    """Return the names of what is not as in the whole run; empty if nothing is."""
    found = contents(folder)
    return ", ".join(name for name in sorted({*found, *whole}) if found.get(name) != whole.get(name))
