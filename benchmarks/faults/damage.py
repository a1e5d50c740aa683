"""Damaged bytes: each reader gives something usable or one line, in 10 s of a processor and 1.5 GB, and writes nothing.

Each subject is read in a process of its own, which is started again after a crash or a hang.
"""

import contextlib
import io
import json
import os
import random
import resource
import select
import subprocess
import sys
import tempfile
import time
import zipfile
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

from benchmarks.faults.log import Log
from seigan_tf.cli.errors import exit_code_of
from tests.data.annotations import mutations, test_fuzz

SECONDS, WALL_SECONDS, START_SECONDS = 10, 120, 600
MEGABYTES = 1500
TOO_MUCH = f"took more than {MEGABYTES / 1000:g} GB"
BYTES = (mutations.flip_bytes, mutations.truncate, mutations.delete_span, mutations.repeat_span, mutations.insert_bytes)


class Subject(NamedTuple):
    """A file to damage and its use; `use` raises what `exit_code_of` makes one line of."""

    path: Path
    use: Callable[[], object]
    damaged: Callable[[bytes, random.Random], bytes]


def damaged_bytes(data: bytes, random: random.Random) -> bytes:
    """Some changes, and at times a number of four bytes that is as large as can be."""
    for _ in range(random.choice((1, 1, 2, 3))):
        if random.randrange(4):
            data = random.choice(BYTES)(data, random)
        elif len(data) > 4:
            place = random.randrange(len(data) - 4)
            data = data[:place] + random.choice((b"\xff\xff\xff\x7f", b"\xff" * 4, bytes(4))) + data[place + 4 :]
    return data


def damaged_archive(data: bytes, random: random.Random) -> bytes:
    """Bytes of a zip file, or of a member of it under a right checksum."""
    if random.randrange(2):
        return damaged_bytes(data, random)
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    name = random.choice(list(members))
    change = mutations.damaged if name.endswith(".json") else damaged_bytes
    members[name] = change(members[name], random)
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for member, content in members.items():
            archive.writestr(member, content)
    return file.getvalue()


def annotations(target: mutations.Target, folder: Path) -> Subject:
    made = target.build(folder)

    def use() -> None:
        from seigan_tf.data.annotations.formats import read_annotations

        for item in read_annotations(target.source, made.images, made.annotations):
            mutations.check(item)

    return Subject(made.damaged, use, mutations.damaged)


def photo(ending: str, folder: Path) -> Subject:
    import numpy as np
    import pillow_heif
    from PIL import Image

    from seigan_tf.compose import photo_files

    pillow_heif.register_heif_opener()
    path = folder / f"photo.{ending}"
    small = np.random.default_rng(0).integers(0, 256, (6, 8, 3), np.uint8)
    Image.fromarray(small).resize((64, 48), Image.Resampling.BICUBIC).save(path, exif=Image.Exif())
    return Subject(path, lambda: photo_files.read(path).pixels.sum(), damaged_bytes)


def config(folder: Path) -> Subject:
    from seigan_tf import config, presets

    path = folder / "config.json"
    config.save_config(presets.load_preset("boxes"), path)
    return Subject(path, lambda: config.load_config(path), mutations.damaged)


def _model() -> Any:
    from tests import tiny

    return tiny.seigan(ema_decay=0.9)


def keras_file(folder: Path) -> Subject:
    from seigan_tf.inference.loading import load_model

    path = folder / "model.keras"
    _model().save(path)
    return Subject(path, lambda: load_model(path), damaged_archive)


def checkpoint(folder: Path) -> Subject:
    from seigan_tf.training import checkpoint

    path = checkpoint.save(folder / "checkpoint", _model().state(), {"step": 8})
    return Subject(path, lambda: checkpoint.load_latest(path.parent), damaged_archive)


def tflite(folder: Path, digests: bool) -> Subject:
    import numpy as np

    from export import graphs
    from export.folder import describe
    from export.tflite import conversion
    from seigan_tf.compose.litert_backend import OUTPUTS, LiteRTBackend

    model = _model()
    made = graphs.make(model)
    for name in OUTPUTS:
        (folder / f"{name}.tflite").write_bytes(conversion.convert(made[name], ["float32"])["float32"])
    facts: dict[str, Any] = {
        "name": "tiny",
        "size": 16,
        "object_fraction": 0.7,
        "confine_mask": True,
        "outside_contrast": 1.0,
    }
    if digests:
        facts["files"] = {path.name: describe(path) for path in folder.glob("*.tflite")}
    (folder / "model.json").write_text(json.dumps(facts))
    images, boxes = np.zeros((1, 16, 16, 3), np.uint8), np.array([[0.2, 0.2, 0.8, 0.8]])
    return Subject(
        folder / "segmenter.tflite", lambda: LiteRTBackend(folder).segment(images, boxes).sum(), damaged_bytes
    )


def records(folder: Path) -> Subject:
    from seigan_tf.cli import commands
    from seigan_tf.data.storage.stored_crops import load_stored_crops
    from tests.conftest import PhotoSet

    photos = PhotoSet(folder / "set")
    for number in range(4):
        photos.add(f"{number}.png", (60, 40, 60, 60))
    photos.config()
    arguments = [
        "--images",
        photos.images,
        "--annotations",
        photos.annotations,
        "--size",
        32,
        "--out",
        folder / "crops",
    ]
    commands.main(["prepare", *map(str, arguments)])
    path = max((folder / "crops").rglob("*array_record*"), key=lambda path: path.stat().st_size)

    def use() -> None:
        crops = load_stored_crops(folder / "crops", 32)
        for index in range(len(crops.objects.images)):
            crops.objects.images[index].sum()

    return Subject(path, use, damaged_bytes)


def _study() -> Any:
    from tests.study import simulation

    made = simulation.study(pictures=6, pairs=12)
    return made, simulation.answers(made, assessors=3, pairs=4, seed=0)


def study_table(folder: Path) -> Subject:
    from seigan_tf.study import tables

    made, answers = _study()
    path = folder / "answers.csv"
    tables.write_answer_table(answers, made, path)
    return Subject(path, lambda: tables.read_answer_table(path), mutations.damaged)


def study_database(folder: Path) -> Subject:
    from seigan_tf.study.answers import sort_answers
    from seigan_tf.study.database import AnswerStore, SessionSettings, read_answers

    made, _ = _study()
    path = folder / "answers.sqlite"
    store = AnswerStore(path, made, SessionSettings())
    token = store.start()
    for position in range(10):
        store.answer(token, position, "left")
    store.close()

    def use() -> None:
        sort_answers(read_answers(path, made), made)
        AnswerStore(path, made, SessionSettings()).close()

    return Subject(path, use, damaged_bytes)


PHOTOS = ("jpg", "png", "webp", "tif", "avif", "heic", "gif", "bmp")
SUBJECTS: dict[str, Callable[[Path], Subject]] = {
    **{f"annotations: {target.source}, {target.name}": partial(annotations, target) for target in test_fuzz.TARGETS},
    **{f"photos: {ending}": partial(photo, ending) for ending in PHOTOS},
    "config.json": config,
    "checkpoint": checkpoint,
    "study table": study_table,
    "study database": study_database,
    "record shard": records,
    "tflite file": partial(tflite, digests=True),
    "tflite file without digest": partial(tflite, digests=False),
    "keras file": keras_file,
}


def run(log: Log, count: int) -> None:
    """Read the cases that the log lacks."""
    left = sorted(set(range(count)) - log.done())
    while left:
        done = _some(log, left)
        left = left[done:]


def _some(log: Log, cases: list[int]) -> int:
    """Read cases in one process until it ends; return their number."""
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "benchmarks.faults.damage", log.subject, str(log.seed), folder]
        process = subprocess.Popen(
            [*command, *map(str, cases)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, bufsize=1
        )
        try:
            if not _line(process, START_SECONDS):
                raise SystemExit(f"{log.subject}: cannot be made ready\n{process.communicate()[1][-2000:]}")
            for number, case in enumerate(cases):
                line = _line(process, WALL_SECONDS)
                if line is None:
                    log.add(case, "hung")
                    return number + 1
                if not line:
                    process.wait()
                    log.add(case, "crashed", code=process.returncode)
                    return number + 1
                found = json.loads(line)
                log.add(case, **found)
                if found["outcome"] == TOO_MUCH:  # the process keeps its peak
                    return number + 1
            return len(cases)
        finally:
            process.kill()
            process.communicate()


def _line(process: subprocess.Popen[str], seconds: float) -> str | None:
    """The next line; "" if the process ended, None if it takes longer."""
    assert process.stdout is not None
    ready, _, _ = select.select([process.stdout], [], [], seconds)
    return process.stdout.readline() if ready else None


def work(subject: str, seed: int, folder: Path, cases: list[int]) -> None:
    """Read damaged files and print the outcome of each."""
    out = os.fdopen(os.dup(1), "w", buffering=1)
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    home = folder / "home"
    home.mkdir()
    made = SUBJECTS[subject](folder)
    os.chdir(home)
    valid = made.path.read_bytes()
    with contextlib.redirect_stderr(io.StringIO()) as written:
        assert exit_code_of(lambda: _use(made)) == 0, written.getvalue()
    beside = [made.path.with_name(made.path.name + ending) for ending in ("-wal", "-shm")]  # SQLite's, of a database
    before, used = _files(folder), _megabytes()
    out.write("ready\n")
    for case in cases:
        made.path.write_bytes(made.damaged(valid, random.Random(f"{seed} {case}")))
        start = time.process_time()
        outcome, details = _outcome(made)
        if time.process_time() - start > SECONDS:
            outcome, details = "took more than 10 s", {"seconds": time.process_time() - start}
        for path in beside:
            path.unlink(missing_ok=True)
        if _megabytes() - used > MEGABYTES:
            outcome, details = TOO_MUCH, {"megabytes": _megabytes() - used}
        if _files(folder) != before:
            outcome, details = "wrote files", {"files": sorted(map(str, _files(folder) - before))}
            before = _files(folder)
        out.write(json.dumps({"outcome": outcome, **details}) + "\n")


def _use(made: Subject) -> None:
    made.use()


def _outcome(made: Subject) -> tuple[str, dict[str, Any]]:
    written = io.StringIO()
    try:
        with contextlib.redirect_stderr(written):
            code = exit_code_of(lambda: _use(made))
    except BaseException as error:
        return "raised", {"error": f"{type(error).__name__}: {error}"[:300]}
    if code == 0:
        return "used", {}
    message = written.getvalue().strip().splitlines()[-1]
    named = any(name in message for name in (made.path.name, made.path.parent.name))
    if code != 2 or not named:
        return "unclear", {"code": code, "message": message[:300]}
    return "refused", {}


def _files(folder: Path) -> set[Path]:
    return set(folder.rglob("*"))


def _megabytes() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


if __name__ == "__main__":
    work(sys.argv[1], int(sys.argv[2]), Path(sys.argv[3]), [int(number) for number in sys.argv[4:]])
