"""Trouble with the disk: one line, and the same command ends as ever once the trouble is over.

Cases take turns: files that cannot grow beyond a random size, as on a full disk; an output folder that vanishes at a
random moment; and a file in its place.
"""

import random
import resource
import shutil
import time
from typing import Any

from benchmarks.faults import phone, phone_disk
from benchmarks.faults.commands import COMMANDS, cases, repeated, start
from benchmarks.faults.log import Log

SUBJECTS = ("train.py", "distill", "prepare", "prepare, Beam", "export", "pack", *phone.SUBJECTS)


def run(log: Log, count: int) -> None:
    """Run the cases that the log lacks."""
    if log.subject in phone.SUBJECTS:
        return phone_disk.run(log, count)
    command = COMMANDS[log.subject]
    for case, folder, whole in cases(command, sorted(set(range(count)) - log.done())):
        source, out = random.Random(f"{log.seed} {case}"), folder / command.out
        kind = ("full disk", "vanished", "file in its place")[case % 3]
        settings: dict[str, Any] = {}
        if kind == "full disk":
            limit = source.randrange(max(map(_size, whole.result.values())))
            settings["preexec_fn"] = lambda limit=limit: resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
        elif kind == "file in its place":
            out.write_text("a file")
        process = start(command.arguments(folder), folder, **settings)
        if kind == "vanished":
            time.sleep(source.uniform(0, whole.seconds))
            shutil.rmtree(out, ignore_errors=True)
        written = process.communicate(timeout=1200)[1].strip()
        clear = process.returncode in (0, 1) or (process.returncode == 2 and len(written.splitlines()) == 1)
        if not clear or "Traceback" in written:
            log.add(case, "unclear", kind=kind, code=process.returncode, message=written[-300:])
            continue
        if kind == "file in its place":
            out.unlink()
        outcome, message = repeated(command, folder, whole)
        log.add(case, outcome, kind=kind, said=written[-150:], **({"message": message} if message else {}))


def _size(content: Any) -> int:
    return len(content) if isinstance(content, bytes) else content.nbytes
