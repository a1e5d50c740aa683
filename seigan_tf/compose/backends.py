"""The three networks that full-size photographs need, run by Keras or by LiteRT."""

import json
import os
import threading
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from seigan_tf import pretrained
from seigan_tf.utils.boxes import box_to_mask
from seigan_tf.utils.pixels import to_float

if TYPE_CHECKING:
    from seigan_tf.seigan import SEIGAN

MODEL_JSON = "model.json"
"""File of an export folder that describes its other files."""
OUTPUTS = {"segmenter": "mask", "inpainter": "restored", "enhancer": "enhanced"}
"""Name of the output of each file NAME.tflite."""


class Backend(Protocol):
    """Segmenter, inpainter and enhancer of crops [N, S, S, 3], uint8 or float32 in [-1, 1]."""

    name: str
    """Name of the weights."""
    size: int
    """S, the side of the crops in pixels."""
    object_fraction: float
    """Long side of the object's box, as a fraction of the crop's side."""
    confine_mask: bool
    """Whether masks are 0 outside the box."""

    def segment(self, images: np.ndarray, boxes: np.ndarray) -> np.ndarray:
        """Masks, float32 [N, S, S, 1] in [0, 1], of crops with boxes [N, 4]: relative [ymin, xmin, ymax, xmax]."""

    def inpaint(self, images: np.ndarray, masks: np.ndarray) -> np.ndarray:
        """Crops restored inside masks [N, S, S, 1]: float32 [N, S, S, 3] in [-1, 1]."""

    def enhance(self, images: np.ndarray) -> np.ndarray:
        """Coarse pastes with natural light and colours: float32 [N, S, S, 3] in [-1, 1]."""


def load_backend(weights: str | Path) -> Backend:
    """Choose LiteRT, without TensorFlow and Keras, for an export folder; Keras for a name, a run folder, a .keras file.

    Raises:
        ValueError: there are no such weights, or they cannot be used.
    """
    if str(weights) not in pretrained.names() and (Path(weights) / MODEL_JSON).is_file():
        return LiteRTBackend(weights)
    from seigan_tf.inference import loading

    found = loading.find(weights)
    return KerasBackend(loading.load_model(weights), found.object_fraction, found.name)


class KerasBackend:
    """`Backend` of a trained model; `object_fraction` as in training."""

    def __init__(self, model: "SEIGAN", object_fraction: float, name: str = "model"):
        from seigan_tf.inference import arrays

        self.name = name
        self.size = model.networks.size
        self.object_fraction = object_fraction
        self.confine_mask = model.networks.confine_mask
        self.segment = partial(arrays.segment, model)
        self.inpaint = partial(arrays.inpaint, model)
        self.enhance = partial(arrays.enhance, model)


class LiteRTBackend:
    """`Backend` of a folder that `python -m export` wrote, with model.json and the .tflite files of OUTPUTS.

    Neither TensorFlow nor Keras is needed.

    Raises:
        ValueError: a file is missing, damaged or of another model.
    """

    def __init__(self, folder: str | Path):
        folder = Path(folder)
        settings = _read_settings(folder / MODEL_JSON)
        self.name: str = settings["name"]
        self.size: int = settings["size"]
        self.object_fraction: float = settings["object_fraction"]
        self.confine_mask: bool = settings["confine_mask"]
        threads = os.cpu_count() or 1
        self._networks = {name: _Network(folder / f"{name}.tflite", self.size, threads) for name in OUTPUTS}

    def segment(self, images: np.ndarray, boxes: np.ndarray) -> np.ndarray:
        masks = self._run("segmenter", image=images)
        return masks * box_to_mask(boxes, self.size, self.size)[..., None] if self.confine_mask else masks

    def inpaint(self, images: np.ndarray, masks: np.ndarray) -> np.ndarray:
        return self._run("inpainter", image=images, mask=masks)

    def enhance(self, images: np.ndarray) -> np.ndarray:
        return self._run("enhancer", image=images)

    def _run(self, name: str, **arrays: np.ndarray) -> np.ndarray:
        if arrays["image"].dtype == np.uint8:
            arrays["image"] = to_float(arrays["image"])
        network, crops = self._networks[name], zip(*arrays.values(), strict=True)
        return np.concatenate([network(**dict(zip(arrays, crop, strict=True)))[OUTPUTS[name]] for crop in crops])


class _Network:
    """One .tflite file. Calls of several threads take turns, since an interpreter serves one at a time."""

    def __init__(self, path: Path, size: int, threads: int):
        from ai_edge_litert.interpreter import Interpreter

        if not path.is_file():
            raise ValueError(f"{path}: missing; expected {', '.join(f'{name}.tflite' for name in OUTPUTS)}")
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
        """Outputs [1, ...] by name, for inputs without the batch axis. Noise inputs are drawn as SEIGAN draws them."""
        inputs = {name: np.asarray(array, np.float32)[None] for name, array in arrays.items()}
        for name in self._inputs.keys() - inputs.keys():
            noise = np.random.default_rng(0).standard_normal(self._inputs[name]["shape"])
            inputs[name] = noise.astype(np.float32)
        with self._lock:
            return {name: values.copy() for name, values in self._runner(**inputs).items()}


def _read_settings(path: Path) -> dict[str, Any]:
    try:
        settings = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, json.JSONDecodeError) as error:
        raise ValueError(f"{path}: cannot be read ({error})") from None
    expected: dict[str, Any] = {"name": str, "size": int, "object_fraction": (int, float), "confine_mask": bool}
    for name, kind in expected.items():
        found = settings.get(name) if isinstance(settings, dict) else None
        if not isinstance(found, kind):
            raise ValueError(f"{path}: '{name}' is {found!r}; expected the {name} of an exported model")
    return settings
