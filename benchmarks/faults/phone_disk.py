"""A disk that is full in a stage of the recipe: one line, and what is finished stays so; later the run ends as ever.

A case lets no file grow beyond a random size, less than that of some file of the stage. All cases that the log lacks
disturb one run, one after the other.
"""

import contextlib
import random
import resource

from benchmarks.faults import phone
from benchmarks.faults.log import Log


def run(log: Log, count: int) -> None:
    """Run the cases that the log lacks."""
    if not (cases := sorted(set(range(count)) - log.done())):
        return
    with phone.undone(log) as undone:
        said = []
        for case in cases:
            source = random.Random(f"{log.seed} {case}")
            said.append(_fill(undone, source.randrange(max(source.choice(undone.sizes), 1))))
        last = _fill(undone, None)
        changed = phone.difference(undone.folder, undone.contents)
    faulty = bool(changed) or not last[0]
    for case, (clear, message) in zip(cases, said, strict=True):
        outcome = "another end" if faulty else "same" if clear else "unclear"
        log.add(case, outcome, said=message[-300:], **({"message": changed[:1000] + last[1]} if faulty else {}))


def _fill(undone: phone.Undone, limit: int | None) -> tuple[bool, str]:
    """Run the stage with a largest size of its files, or without; return whether it ended as it should, and stderr."""
    finished = phone.finished(undone.folder)
    process, limited = phone.begin(undone.folder), set[int]()
    for _, pid, _ in phone.moments(process):
        if limit is not None and pid not in limited:
            limited.add(pid)
            with contextlib.suppress(ProcessLookupError):  # it has just ended
                resource.prlimit(pid, resource.RLIMIT_FSIZE, (limit, limit))
    lines = process.communicate()[1].splitlines()
    ended = process.returncode in (0, 1)  # 1: an export exceeds a budget
    full = len(limited) == 1 and process.returncode == 2 and "File too large" in "".join(lines)
    kept = finished <= phone.finished(undone.folder)
    return (ended or full) and len(lines) <= 1 and kept, "\n".join(lines)
