"""The run folder runs/NAME, which holds everything of one training."""

import contextlib
import os
import shlex
import shutil
import sys
from collections.abc import Iterator
from itertools import count
from pathlib import Path
from typing import Any

from seigan_tf import config as settings
from seigan_tf.utils import processes
from seigan_tf.utils.atomic import replacing, write_json
from seigan_tf.utils.folder_lock import locked
from seigan_tf.utils.json_file import read_json

PATIENCE = 5.0
"""Seconds to wait for a process that was killed, and may be ending."""

MOVABLE = {
    **{f"data.{name}": "sha256" for name in (*settings.PHOTO_PATHS, "crops")},
    "training.teachers": "teachers",
    "networks.vgg_weights": "vgg",
}
"""Settings that name files, which a resumed run may find elsewhere, and the fact in its checkpoint that has their
digest."""


class RunFolder:
    """The paths in one run's folder. A folder without config.json holds no run yet.

    Args:
        path: of the folder.
        name: of the run, for --resume; by default that of the folder.
    """

    def __init__(self, path: Path, name: str = ""):
        self.path = path
        self.name = name or path.name
        self.recipe_file = path / "recipe.json"
        self.config_file = path / "config.json"
        self.metrics = path / "metrics.csv"
        self.samples = path / "samples"
        self.logs = path / "logs"
        self.checkpoint = path / "checkpoint"
        self.teacher_masks = path / "teacher_masks"
        self.report_file = path / "report.json"

    @property
    def holds_run(self) -> bool:
        return self.config_file.exists()

    @property
    def holds_recipe(self) -> bool:
        return self.recipe_file.exists()

    @property
    def taken(self) -> bool:
        return self.holds_run or self.holds_recipe

    @property
    def in_use(self) -> bool:
        """True if a process trains here; it may have written nothing yet."""
        if not self.path.is_dir():
            return False
        try:
            with locked(self.path):
                return False
        except BlockingIOError:
            return True

    @contextlib.contextmanager
    def held(self) -> Iterator[None]:
        """Keep other processes from training in the folder, which is made. Raises ValueError if one does."""
        self.path.mkdir(parents=True, exist_ok=True)
        with self._lock(self.path):
            yield

    @contextlib.contextmanager
    def recipe_held(self) -> Iterator[None]:
        """Keep other processes from running stages of the recipe. Raises ValueError if one does."""
        with self._lock(self.recipe_file):  # the last stage holds the folder itself
            yield

    @contextlib.contextmanager
    def _lock(self, path: Path) -> Iterator[None]:
        with contextlib.ExitStack() as hold:
            try:
                hold.enter_context(locked(path, PATIENCE))
            except BlockingIOError:
                raise ValueError(
                    f"{self.path}: another process is training there; wait for it, or start a run with another --name"
                ) from None
            yield

    @property
    def resume_command(self) -> str:
        in_repository = Path(sys.argv[0]).name == "train.py" or Path("train.py").is_file()
        program = "python train.py" if in_repository else "seigan-train"
        backend = os.environ.get("KERAS_BACKEND", "")
        return f"{f'KERAS_BACKEND={backend} ' if backend else ''}{program} --name {shlex.quote(self.name)} --resume"

    def config(self) -> settings.Config:
        """Read the saved settings.

        Raises:
            ValueError: config.json is damaged.
        """
        return settings.load_config(self.config_file)

    def check_crops(self, data: settings.DataConfig) -> None:
        """Raise ValueError if this folder holds a run whose crops were made by other rules than `data`."""
        if not self.holds_run:
            return
        before = self.config().data
        for name in settings.CROP_RULES:
            old, new = getattr(before, name), getattr(data, name)
            if old != new:
                raise ValueError(
                    f"{self.path}: was trained on crops with data.{name} {old}, not {new}; start a new run, with"
                    " another name or folder"
                )

    def save_config(self, config: settings.Config) -> None:
        with replacing(self.config_file) as temporary:
            settings.save_config(config, temporary)

    def report(self) -> dict[str, Any] | None:
        """Read the report; None if the run has not reached its end.

        Raises:
            ValueError: report.json is damaged.
        """
        if not self.report_file.exists():
            return None
        report = read_json(self.report_file)
        cost = report.get("cost") if isinstance(report, dict) else None
        if not isinstance(cost, dict) or not {"steps", "seconds"} <= set(cost):
            raise ValueError(f"{self.report_file}: is damaged, expected the steps and seconds of the run under `cost`")
        return report

    def save_report(self, report: dict[str, Any]) -> None:
        write_json(self.report_file, report)

    def copied(self, root: Path) -> "RunFolder":
        """Copy the folder into `root`, and return the copy."""
        shutil.copytree(self.path, root / self.path.name)
        return RunFolder(root / self.path.name, self.name)

    def discard_if_empty(self) -> None:
        """Remove the folder of a run that failed before it began."""
        if self.path.is_dir() and not any(self.path.iterdir()):
            self.path.rmdir()


def existing(root: Path, name: str) -> RunFolder:
    """Find the folder of a run that was begun.

    Raises:
        ValueError: there is no such run, or the name is not a folder's name.
    """
    folder = RunFolder(root / _checked(name))
    if not folder.taken:
        raise ValueError(
            f"--resume: there is no run in {folder.path} (no config.json); leave out --resume to start one"
        )
    return folder


def fresh(root: Path, name: str, exact: bool) -> RunFolder:
    """Make the folder of a new run; an existing run is never touched.

    Args:
        exact: refuse a name that is taken; else use `name-2`, `name-3` and so on.

    Raises:
        ValueError: `exact`, and the name is taken; or the name is not a folder's name.
        OSError: the folder cannot be written.
    """
    folder = RunFolder(root / _checked(name))

    def taken(folder: RunFolder) -> bool:
        # Of processes that train together the first one may have begun, and holds the folder for all.
        return folder.taken or (processes.index() == 0 and folder.in_use)

    if exact and taken(folder):
        raise ValueError(f"--name: {folder.path} holds a run; continue it with --resume or choose another --name")
    number = count(2)
    while taken(folder):
        folder = RunFolder(root / f"{name}-{next(number)}")
    folder.path.mkdir(parents=True, exist_ok=True)
    return folder


def _checked(name: str) -> str:
    if not name or name in (".", "..") or "/" in name or "\\" in name:
        raise ValueError(f"--name: {name!r} is not the name of a folder")
    return name
