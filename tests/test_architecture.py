"""The package as a house: layers, no circles, no import by string, few modules at its top."""

import re
from pathlib import Path

from importlinter.cli import lint_imports

ROOT = Path(__file__).parents[1]
SOURCES = sorted(path for folder in ("seigan_tf", "export") for path in (ROOT / folder).rglob("*.py"))


def test_imports_keep_the_layers_of_pyproject(monkeypatch):
    monkeypatch.chdir(ROOT)
    assert lint_imports(no_cache=True) == 0


def test_nothing_is_imported_by_a_string():
    by_string = re.compile(r"\b(import_module|__import__|exec|eval)\(")
    assert [path for path in SOURCES if by_string.search(path.read_text())] == []


def test_at_most_eight_modules_lie_at_the_top():
    assert len(list((ROOT / "seigan_tf").glob("*.py"))) <= 8
