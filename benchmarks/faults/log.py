"""Outcomes of cases in a JSON-lines file, and the table of their counts."""

import json
from collections import Counter
from pathlib import Path
from typing import Any

GOOD = ("same", "used", "refused", "answered", "told to wait")
"""Outcomes that are no fault: the same end as without the fault, or a use or one clear line."""


def read(path: Path) -> list[dict[str, Any]]:
    """All lines but the last one of a campaign that was killed amid it."""
    if not path.is_file():
        return []
    return [json.loads(line) for line in path.read_text().splitlines(keepends=True) if line.endswith("\n")]


class Log:
    """Cases of one subject of a campaign under one seed."""

    def __init__(self, path: Path, campaign: str, subject: str, seed: int):
        self.path, self.campaign, self.subject, self.seed = path, campaign, subject, seed
        self._facts = {"campaign": campaign, "subject": subject, "seed": seed}

    def done(self) -> set[int]:
        """Numbers of the cases that the file holds."""
        return {line["case"] for line in read(self.path) if self._facts.items() <= line.items()}

    def add(self, case: int, outcome: str, **details: Any) -> None:
        """Append a case; what is no good outcome is also printed."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with self.path.open("a") as file:
            file.write(json.dumps({**self._facts, "case": case, "outcome": outcome, **details}) + "\n")
        if outcome not in GOOD:
            print(f"{self.campaign} {self.subject} {case}: {outcome} {details}", flush=True)


def table(path: Path) -> str:
    """Counts in Markdown; subjects that share what stands before a colon share a row."""
    counts: dict[tuple[str, str], Counter[str]] = {}
    kinds_of: dict[tuple[str, str], set[str]] = {}
    for line in read(path):
        row = line["campaign"], line["subject"].split(":")[0]
        counts.setdefault(row, Counter())[line["outcome"]] += line.get("requests", 1)
        kinds_of.setdefault(row, set()).add(line["subject"])
    rows = ["| campaign | subject | cases | survived | of these | faults |", "|---|---|--:|--:|---|---|"]
    for (campaign, subject), found in counts.items():
        together = len(kinds_of[campaign, subject])
        named = f"{subject} of {together} kinds" if together > 1 else subject
        kinds = {
            good: ", ".join(f"{count} {name}" for name, count in found.most_common() if (name in GOOD) == good)
            for good in (True, False)
        }
        survived = sum(count for name, count in found.items() if name in GOOD)
        rows.append(
            f"| {campaign} | {named} | {found.total()} | {survived} | {kinds[True]} | {kinds[False] or 'none'} |"
        )
    return "\n".join(rows)
