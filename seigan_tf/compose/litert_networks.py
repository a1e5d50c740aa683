"""The networks of an export folder, run by LiteRT: neither TensorFlow nor Keras is needed."""

import json
import os
import threading
from pathlib import Path
from typing import Any

import numpy as np

from seigan_tf.compose.networks import MODEL_JSON
from seigan_tf.utils.pixels import to_float

NETWORKS = {"segmenter": "mask", "inpainter": "restored", "enhancer": "enhanced"}
"""Files NAME.tflite and the names of their outputs."""


class LiteRTNetworks:
    """As `Networks`, of a folder that `python -m export` wrote.

    Args:
        folder: with model.json, segmenter.tflite, inpainter.tflite and enhancer.tflite.

    Raises:
        ValueError: a file is missing, damaged or another one than expected.
    """

    def __init__(self, folder: str | Path):
        folder = Path(folder)
        settings = _settings(folder / MODEL_JSON)
        self.name: str = settings["name"]
        self.size: int = settings["size"]
        self.object_fraction: float = settings["object_fraction"]
        self.confine_mask: bool = settings["confine_mask"]
        threads = os.cpu_count() or 1
        self._networks = {name: _Network(folder / f"{name}.tflite", self.size, threads) for name in NETWORKS}

    def segment(self, images: np.ndarray, boxes: np.ndarray) -> np.ndarray:
        masks = self._run("segmenter", image=images)
        return masks * inside(boxes, self.size) if self.confine_mask else masks

    def inpaint(self, images: np.ndarray, masks: np.ndarray) -> np.ndarray:
        return self._run("inpainter", image=images, mask=masks)

    def enhance(self, images: np.ndarray) -> np.ndarray:
        return self._run("enhancer", image=images)

    def _run(self, name: str, **arrays: np.ndarray) -> np.ndarray:
        arrays["image"] = _as_float(arrays["image"])
        calls = zip(*arrays.values(), strict=True)
        network = self._networks[name]
        return np.concatenate([network(**dict(zip(arrays, call, strict=True)))[NETWORKS[name]] for call in calls])


class _Network:
    """One .tflite file; its calls take turns, as an interpreter can only do one at a time."""

    def __init__(self, path: Path, size: int, threads: int):
        from ai_edge_litert.interpreter import Interpreter

        if not path.is_file():
            raise ValueError(f"{path}: missing; expected {', '.join(f'{name}.tflite' for name in NETWORKS)}")
        try:
            self._interpreter = Interpreter(model_path=str(path), num_threads=threads)
            self._runner = self._interpreter.get_signature_runner()
        except (ValueError, RuntimeError) as error:
            raise ValueError(f"{path}: not a model that LiteRT can run ({' '.join(str(error).split())})") from None
        self._inputs = self._runner.get_input_details()
        shape = self._inputs["image"]["shape"].tolist() if "image" in self._inputs else None
        if shape != [1, size, size, 3]:
            raise ValueError(f"{path}: input 'image' of shape {shape}; expected {[1, size, size, 3]}")
        self._lock = threading.Lock()

    def __call__(self, **arrays: np.ndarray) -> dict[str, np.ndarray]:
        """Outputs by name, for inputs without the axis of the batch; noise that is an input is that of SEIGAN."""
        inputs = {name: np.asarray(array, np.float32)[None] for name, array in arrays.items()}
        for name in self._inputs.keys() - inputs.keys():
            noise = np.random.default_rng(0).standard_normal(self._inputs[name]["shape"])
            inputs[name] = noise.astype(np.float32)
        with self._lock:
            return {name: values.copy() for name, values in self._runner(**inputs).items()}


def inside(boxes: np.ndarray, size: int) -> np.ndarray:
    """Boxes [N, 4] as masks, float32 [N, size, size, 1]: 1 at pixels whose centre lies in the box.

    As `losses.boxes.inside`, which needs Keras.
    """
    centres = (np.arange(size, dtype=np.float32) + 0.5) / size
    top, left, bottom, right = np.asarray(boxes, np.float32).T[..., None]
    rows, columns = (centres >= top) & (centres <= bottom), (centres >= left) & (centres <= right)
    return (rows[:, :, None] & columns[:, None, :]).astype(np.float32)[..., None]


def _as_float(images: np.ndarray) -> np.ndarray:
    return to_float(images) if images.dtype == np.uint8 else images


def _settings(path: Path) -> dict[str, Any]:
    try:
        settings = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, json.JSONDecodeError) as error:
        raise ValueError(f"{path}: cannot be read ({error})") from None
    expected = {"name": str, "size": int, "object_fraction": (int, float), "confine_mask": bool}
    for name, kind in expected.items():
        if not isinstance(settings, dict) or not isinstance(settings.get(name), kind):
            found = settings.get(name) if isinstance(settings, dict) else None
            raise ValueError(f"{path}: '{name}' is {found!r}; expected the {name} of an exported model")
    return settings
