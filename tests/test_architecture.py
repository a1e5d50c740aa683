"""The package as a house: layers, no circles, no import by string, few modules at its top."""

import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
SOURCES = sorted(path for folder in ("seigan_tf", "export") for path in (ROOT / folder).rglob("*.py"))


def test_imports_keep_the_layers_of_pyproject():
    # In a process of its own: import-linter disables the loggers of the process, whose messages other tests check.
    command = [sys.executable, "-c", "from importlinter.cli import lint_imports_command; lint_imports_command()"]
    checked = subprocess.run([*command, "--no-cache"], cwd=ROOT, capture_output=True, text=True)
    assert checked.returncode == 0, checked.stdout + checked.stderr


def test_nothing_is_imported_by_a_string():
    by_string = re.compile(r"\b(import_module|__import__|exec|eval)\(")
    assert [path for path in SOURCES if by_string.search(path.read_text())] == []


def test_at_most_eight_modules_lie_at_the_top():
    assert len(list((ROOT / "seigan_tf").glob("*.py"))) <= 8


def test_processors_are_counted_by_one_function():
    """`cores` counts those that the process may use; a host of 64 would get 64 threads on the two of a container."""
    counting = re.compile(r"\b(cpu_count|sched_getaffinity)\(")
    assert [path.name for path in SOURCES if counting.search(path.read_text())] == ["workers.py"]
