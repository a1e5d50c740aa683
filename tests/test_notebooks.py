"""Every notebook runs from top to bottom, as a student would run it."""

import os
import re
from pathlib import Path

import nbclient
import nbformat
import pytest

SHORT = {r"\bepochs ?= ?\d+": "epochs=2", r"\bsteps_per_epoch ?= ?\d+": "steps_per_epoch=3", r"train=1000": "train=40"}
"""Patterns of the settings of a training, and what they become."""
SMALL = """
from seigan_tf import config as settings
from tests import tiny
demo, form = presets.load_preset("demo"), settings.BackboneConfig("unet", 3, 1)
small = dataclasses.replace(
    demo.networks, inpainter=form, enhancer=form, discriminator=settings.DiscriminatorConfig(3, 1)
)
losses = dataclasses.replace(demo.losses, **tiny.FIRST_SWAP)
presets.load_preset = lambda name: dataclasses.replace(demo, networks=small, losses=losses)
"""
"""Code that follows the imports of a notebook: small networks beside the segmenter, and few terms."""
NOTEBOOKS = sorted((Path(__file__).parents[1] / "notebooks").glob("*.ipynb"))


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_notebook_runs_and_shows_its_pictures(path, monkeypatch):
    monkeypatch.setenv("PYTHONWARNINGS", "ignore")
    notebook = nbformat.read(path, as_version=4)
    codes = [cell for cell in notebook.cells if cell.cell_type == "code"]
    for pattern, short in SHORT.items():
        assert sum(len(re.findall(pattern, cell.source)) for cell in codes) == 1, pattern
        for cell in codes:
            cell.source = re.sub(pattern, short, cell.source)
    codes[0].source += SMALL
    client = nbclient.NotebookClient(
        notebook, timeout=600, kernel_name="python3", resources={"metadata": {"path": str(path.parent)}}
    )
    client.execute(env=dict(os.environ))
    outputs = [output for cell in codes for output in cell.outputs]
    assert sum("image/png" in output.get("data", {}) for output in outputs) == 2
    assert any("the same masks: True" in output.get("text", "") for output in outputs)
