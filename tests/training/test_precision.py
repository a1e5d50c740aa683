"""The precision that a run measures for itself."""

import io
from dataclasses import replace

import pytest
from rich.console import Console

from seigan_tf import presets
from seigan_tf.training import backend
from tests import recipes
from tests.training.test_recipe import finish

PHONE = presets.RECIPES["phone"]


@pytest.mark.parametrize(("ratio", "chosen"), [(0.4, "mixed_bfloat16"), (0.9, "float32"), (30.0, "float32")])
def test_bfloat16_is_used_where_it_is_faster_and_said_so(monkeypatch, ratio, chosen):
    monkeypatch.setattr(backend, "bfloat16_time", lambda: ratio)
    console = Console(file=io.StringIO())
    assert backend.chosen_precision("auto", console) == chosen
    assert f"precision: {chosen}, as a convolution in bfloat16 takes {ratio:.2f} of its time" in console.file.getvalue()
    assert backend.chosen_precision("mixed_float16", console) == "mixed_float16"


def test_processes_that_train_together_choose_by_the_slowest(monkeypatch):
    monkeypatch.setattr(backend, "bfloat16_time", lambda: 0.4)
    console = Console(file=io.StringIO())
    assert backend.chosen_precision("auto", console, lambda ours: max(ours, 900)) == "float32"
    assert "takes 0.90 of its time" in console.file.getvalue()


def test_the_two_times_are_measured():
    assert 0 < backend.bfloat16_time(seconds=0.0) < 1000


def test_stages_of_a_recipe_use_what_the_first_one_measured(tmp_path):
    run = recipes.begin(tmp_path, PHONE)
    first = run.stage_config("teacher")
    assert first.training.precision == "auto"
    run.stage_folder("teacher").path.mkdir()
    run.stage_folder("teacher").save_config(
        replace(first, training=replace(first.training, precision="mixed_bfloat16"))
    )
    finish(run, "teacher")
    assert run.stage_config("self-trained").training.precision == "mixed_bfloat16"
    assert run.stage_config("segmenter").training.precision == "float32"  # its own
