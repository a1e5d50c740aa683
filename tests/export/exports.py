"""A tiny model's run folder and its export, and environments for old and other runtimes."""

import dataclasses
import subprocess
import sys
from pathlib import Path

import numpy as np

from export import command, graphs
from seigan_tf import config
from seigan_tf.config import BackboneConfig
from tests import tiny

EVERYTHING = dict(
    confine_mask=True, outside_contrast=0.4, composite_inpainting=True, mask_input=True, prefill=True,
    segmenter=BackboneConfig("resnet", 8, 1), inpainter=BackboneConfig("unet", 8, 1),
    enhancer=BackboneConfig("unet", 8, 1),
)  # fmt: skip
"""Settings that put every operation into the graphs, and convolutions with enough channels for int8."""


def model(**changes):
    return tiny.seigan(object_fraction=0.7, **(EVERYTHING | changes))


def run_folder(folder: Path, made) -> Path:
    """A run of the model on synthetic data, as train.py leaves it."""
    (folder / "weights").mkdir(parents=True)
    made.save(folder / "weights" / "seigan.keras")
    settings = config.Config(name=folder.name, networks=made.networks)
    config.save_config(
        dataclasses.replace(settings, data=config.DataConfig(object_fraction=0.7)), folder / "config.json"
    )
    return folder


def export(*arguments) -> command.BudgetExceeded | None:
    """Run the command; return the error about budgets, which int8 files of random weights may exceed."""
    try:
        command.run([str(argument) for argument in arguments])
    except command.BudgetExceeded as broken:
        return broken
    return None


def example(graph: graphs.Graph, seed: int = 0) -> dict[str, np.ndarray]:
    """Inputs by name; images hold the colours that bytes can hold."""
    random = np.random.default_rng(seed)
    steps = {name: random.integers(0, 256, tensor.shape) / 255 for name, tensor in graph.inputs.items()}
    made = {name: low + (high - low) * steps[name] for name, (_, (low, high)) in graph.inputs.items()}
    if "box" in made:
        made["box"] = np.array([[0.2, 0.1, 0.8, 0.7]])
    return {name: values.astype(np.float32) for name, values in made.items()}


def keras_outputs(graph: graphs.Graph, inputs) -> dict[str, np.ndarray]:
    return {name: np.asarray(values) for name, values in graph.function(**inputs).items()}


def python_of(folder: Path, *requirements: str, beside: bool) -> Path:
    """A Python with packages of its own, made once and kept in pytest's cache.

    Args:
        folder: where to.
        requirements: what to install, without what they ask for.
        beside: whether it sees the packages of this environment too.
    """
    python = folder / ("Scripts" if sys.platform == "win32" else "bin") / "python"
    ready = folder / "ready"
    if not ready.is_file():
        subprocess.run([sys.executable, "-m", "venv", "--clear", "--without-pip", folder], check=True)
        site = subprocess.run(
            [python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))"],
            check=True, capture_output=True, text=True,
        ).stdout.strip()  # fmt: skip
        install = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--no-compile", "--target", site]
        subprocess.run([*install, *requirements], check=True, capture_output=True)
        if beside:
            (Path(site) / "beside.pth").write_text(str(Path(np.__file__).parent.parent))
        ready.touch()
    return python
