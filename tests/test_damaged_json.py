"""Every JSON file that the project reads, damaged: one line that names it, however deep its lists are."""

import pytest

from export.folder import earlier_export
from seigan_tf.cli import recipe_summary
from seigan_tf.compose.litert_backend import LiteRTBackend
from seigan_tf.config import load_config
from seigan_tf.study.manifest import MANIFEST_FILE, read_manifest
from seigan_tf.training.recipe import RecipeRun
from seigan_tf.training.run_folder import RunFolder
from seigan_tf.utils.json_file import read_json

READERS = {
    "any.json": lambda folder: read_json(folder / "any.json"),
    "config.json": lambda folder: load_config(folder / "config.json"),
    "report.json": lambda folder: RunFolder(folder).report(),
    "recipe.json": lambda folder: RecipeRun.load(RunFolder(folder)),
    "scores.json": lambda folder: recipe_summary._read(folder / "scores.json"),
    MANIFEST_FILE: read_manifest,
    "model.json": LiteRTBackend,
}
DAMAGE = (b"", b"{", b"\xff\xfe", b"[" * 100_000, b'{"a": ' + b"9" * 5000 + b"}")


@pytest.mark.parametrize("name", READERS)
def test_a_damaged_file_is_named_in_one_line(name, tmp_path, one_line_error):
    for content in DAMAGE:
        (tmp_path / name).write_bytes(content)
        assert f"{name}: not JSON" in one_line_error(READERS[name], tmp_path)


def test_a_folder_with_a_damaged_description_is_no_earlier_export(tmp_path, one_line_error):
    for content in DAMAGE:
        (tmp_path / "model.json").write_bytes(content)
        assert "no export (model.json missing or not readable)" in one_line_error(earlier_export, tmp_path)
