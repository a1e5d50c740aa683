"""The networks of TFLite files, run by LiteRT, without Keras and TensorFlow."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import Any

import numpy as np

from seigan_tf.utils.boxes import box_to_mask, fade_outside
from seigan_tf.utils.digest import sha256
from seigan_tf.utils.json_file import read_json
from seigan_tf.utils.litert import check_tensors
from seigan_tf.utils.pixels import to_float
from seigan_tf.utils.quiet import native_messages_hidden
from seigan_tf.utils.text import one_line
from seigan_tf.utils.workers import cores

MODEL_JSON = "model.json"
"""File that describes the TFLite files of its folder."""
OUTPUTS = {"segmenter": "mask", "inpainter": "restored", "enhancer": "enhanced"}
"""Name of the output of each file NAME.tflite."""
CHANNELS = {"mask": 1, "restored": 3, "enhanced": 3, "refined": 1}
"""Channels of each output, of the refiner too, which serves all weights."""


class LiteRTBackend:
    """`Backend` of a folder with model.json and the .tflite files of OUTPUTS: an export, or weights/ of packed weights.

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
        self.outside_contrast: float = settings["outside_contrast"]
        self._networks: dict[str, LiteRTNetwork] = {}
        for name, output in OUTPUTS.items():
            path = folder / f"{name}.tflite"
            _check_file(path, settings)
            self._networks[name] = LiteRTNetwork(path, self.size, output)

    def segment(self, images: np.ndarray, boxes: np.ndarray) -> np.ndarray:
        images = to_float(images) if images.dtype == np.uint8 else images
        masks = self._run("segmenter", image=fade_outside(images, boxes, self.outside_contrast))
        return masks * box_to_mask(boxes, self.size, self.size)[..., None] if self.confine_mask else masks

    def inpaint(self, images: np.ndarray, masks: np.ndarray) -> np.ndarray:
        return self._run("inpainter", image=images, mask=masks)

    def enhance(self, images: np.ndarray) -> np.ndarray:
        return self._run("enhancer", image=images)

    def _run(self, name: str, **arrays: np.ndarray) -> np.ndarray:
        if arrays["image"].dtype == np.uint8:
            arrays["image"] = to_float(arrays["image"])
        network, crops = self._networks[name], zip(*arrays.values(), strict=True)
        return np.concatenate([network(**dict(zip(arrays, crop, strict=True))) for crop in crops])


class LiteRTNetwork:
    """One .tflite file. Calls of several threads take turns, since an interpreter serves one at a time.

    Args:
        path: the file.
        size: side of its images, in pixels.
        output: one of CHANNELS.

    Raises:
        ValueError: it is damaged, or another network.
    """

    def __init__(self, path: Path, size: int, output: str):
        from ai_edge_litert.interpreter import Interpreter

        self._path = path
        with self._errors():
            self._interpreter = Interpreter(model_path=str(path), num_threads=cores())
            check_tensors(self._interpreter)
            self._runner = self._interpreter.get_signature_runner()
            self._inputs, outputs = self._runner.get_input_details(), self._runner.get_output_details()
        shape = self._inputs["image"]["shape"].tolist() if "image" in self._inputs else None
        if shape != [1, size, size, 3]:
            raise ValueError(f"{path}: input 'image' of shape {shape}; expected {[1, size, size, 3]}")
        self._output = output
        self._shape = [1, size, size, CHANNELS[self._output]]
        if self._output not in outputs:
            raise ValueError(f"{path}: no output '{self._output}'")
        self._lock, self._used = threading.Lock(), False

    def __call__(self, **arrays: np.ndarray) -> np.ndarray:
        """Its output [1, ...], for inputs without the batch axis. Noise inputs are drawn as SEIGAN draws them."""
        inputs = {name: np.asarray(array, np.float32)[None] for name, array in arrays.items()}
        for name in self._inputs.keys() - inputs.keys():
            noise = np.random.default_rng(0).standard_normal(self._inputs[name]["shape"])
            inputs[name] = noise.astype(np.float32)
        # The first call allocates tensors, and LiteRT announces that XNNPACK will run the network.
        with self._lock, nullcontext() if self._used else native_messages_hidden():
            self._used = True
            with self._errors():
                output = self._runner(**inputs)[self._output].copy()
        found = list(output.shape)
        if found != self._shape:
            raise ValueError(f"{self._path}: output '{self._output}' of shape {found}; expected {self._shape}")
        return output

    @contextmanager
    def _errors(self) -> Iterator[None]:
        """Name the file in LiteRT's errors: a damaged one may be loaded, and fail when it runs."""
        try:
            yield
        except (ValueError, RuntimeError) as error:
            raise ValueError(f"{self._path}: not a model that LiteRT can run ({one_line(error)})") from None


def _check_file(path: Path, settings: dict[str, Any]) -> None:
    """Raise ValueError if a file is missing, or is not the one that model.json describes: damaged ones crash LiteRT."""
    if not path.is_file():
        raise ValueError(f"{path}: missing; expected {', '.join(f'{name}.tflite' for name in OUTPUTS)}")
    files = settings.get("files")
    described = files.get(path.name) if isinstance(files, dict) else None
    if isinstance(described, dict) and described.get("sha256") != sha256(path):
        raise ValueError(f"{path}: not the file that {MODEL_JSON} describes; export or pack the weights again")


def _read_settings(path: Path) -> dict[str, Any]:
    try:
        settings = read_json(path)
    except OSError as error:
        raise ValueError(f"{path}: cannot be read ({error})") from None
    number = (int, float)
    expected: dict[str, Any] = {"name": str, "size": int, "object_fraction": number}
    expected |= {"confine_mask": bool, "outside_contrast": number}
    for name, kind in expected.items():
        found = settings.get(name) if isinstance(settings, dict) else None
        if not isinstance(found, kind):
            raise ValueError(f"{path}: '{name}' is {found!r}; expected the {name} of an exported model")
    return settings
