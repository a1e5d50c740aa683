"""LiteRT (TFLite) object detection models with the standard four outputs: boxes, classes, scores, count.

Such models come with their post-processing (https://www.tensorflow.org/lite/examples/object_detection/overview): the
operation TFLite_Detection_PostProcess of the TensorFlow Object Detection API and of EfficientDet-Lite, or their own.
"""

import re
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
from PIL import Image

from seigan_tf.data.detection.metadata import read_metadata
from seigan_tf.utils.litert import check_tensors
from seigan_tf.utils.text import one_line, shown
from seigan_tf.utils.workers import cores

ROLES = ("count", "scores", "classes", "boxes")
# Parts of the names of outputs, in the order in which they are looked for: "num_boxes" is the count.
WORDS = {"count": ("num", "count"), "scores": ("score",), "classes": ("class", "categor"), "boxes": ("box", "location")}
SYMMETRIC = (127.5,)  # mean and deviation that map 0 to 255 to [-1, 1], as float models without metadata expect


class Detections(NamedTuple):
    """The objects that a model finds in one photo."""

    boxes: np.ndarray  # float [objects, 4]: ymin, xmin, ymax, xmax relative to the photo; they may stick out of it
    classes: np.ndarray  # int [objects], from 0
    scores: np.ndarray  # float [objects] in [0, 1]


class DetectionModel:
    """A detection model, read from a file.

    The outputs are told apart by the names in the file's metadata, in its signature, or of its tensors; if these are
    only numbered, by the shapes of boxes and count: the order is boxes, classes, scores, count or the reverse.

    Raises ValueError if LiteRT cannot run the file, its input is no image, or its outputs are not the four.
    """

    def __init__(self, path: Path):
        self.path = path
        self._interpreter = _interpreter(path)
        metadata = read_metadata(path)
        self._input = self._checked_input()
        self._mean = np.array(metadata.mean or SYMMETRIC, np.float32)
        self._std = np.array(metadata.std or SYMMETRIC, np.float32)
        # Some models have no shapes before they ran.
        self._invoke(np.zeros(self._input["shape"], self._input["dtype"]))
        self._outputs = self._named_outputs(metadata.outputs)

    def detect(self, pixels: np.ndarray) -> Detections:
        """Find the objects in a photo, uint8 [height, width, 3] RGB, which is stretched to the model's input.

        Raises ValueError if classes or scores have impossible values.
        """
        _, height, width, _ = self._input["shape"]
        resized = Image.fromarray(pixels).resize((width, height), Image.Resampling.BILINEAR, reducing_gap=2.0)
        image = np.asarray(resized)[None]
        if self._input["dtype"] == np.float32:
            image = (image - self._mean) / self._std
        elif self._input["dtype"] == np.int8:  # Quantised inputs span the range of their type.
            image = (image.astype(np.int16) - 128).astype(np.int8)
        self._invoke(image)
        values = {}
        for role, details in self._outputs.items():
            values[role] = self._interpreter.get_tensor(details["index"])
            scale, zero = details["quantization"]
            if scale:
                values[role] = (values[role].astype(np.float32) - zero) * scale
        count = np.clip(values["count"].ravel()[0], 0, values["scores"].size)
        count = 0 if np.isnan(count) else int(count)
        boxes, classes, scores = (values[role][0][:count] for role in ("boxes", "classes", "scores"))
        for role, found, good, expected in (
            ("scores", scores, (scores >= -1e-3) & (scores <= 1 + 1e-3), "values from 0 to 1"),
            ("classes", classes, (classes >= 0) & (classes == np.rint(classes)), "whole numbers from 0"),
        ):
            if not good.all():
                raise ValueError(
                    f"{self.path}: output {shown(self._outputs[role]['name'])}, taken for {role}, is"
                    f" {found[~good][0]:g}, expected {expected}"
                )
        return Detections(boxes, classes.astype(int), scores)

    def _checked_input(self) -> dict:
        inputs = self._interpreter.get_input_details()
        shape = inputs[0]["shape_signature"].tolist()
        if len(inputs) != 1 or len(shape) != 4 or shape[0] not in (1, -1) or min(shape[1:]) < 1 or shape[3] != 3:
            shapes = ", ".join(str(entry["shape_signature"].tolist()) for entry in inputs)
            raise ValueError(f"{self.path}: takes {shapes}, expected one image [1, height, width, 3]")
        if inputs[0]["dtype"] not in (np.uint8, np.int8, np.float32):
            raise ValueError(f"{self.path}: takes {inputs[0]['dtype'].__name__}, expected uint8, int8 or float32")
        return inputs[0]

    def _invoke(self, values: np.ndarray) -> None:
        try:
            self._interpreter.set_tensor(self._input["index"], values)
            self._interpreter.invoke()
        except (RuntimeError, ValueError) as error:
            raise ValueError(f"{self.path}: LiteRT cannot run it ({shown(one_line(error))})") from None

    def _named_outputs(self, names: Sequence[str]) -> dict[str, dict]:
        """Return the details of the outputs by their roles."""
        outputs = self._interpreter.get_output_details()
        shapes = [self._interpreter.get_tensor(entry["index"]).shape for entry in outputs]
        if not _is_standard(shapes):
            what = ", ".join(str(list(shape)) for shape in shapes)
            is_raw = len(shapes) == 2 and all(len(shape) == 3 for shape in shapes)
            raw = " (the raw outputs of a network without its post-processing)" if is_raw else ""
            raise ValueError(
                f"{self.path}: gives {what}{raw}, expected boxes [1, N, 4], classes [1, N], scores [1, N] and count [1]"
            )
        tensors = [entry["name"] for entry in outputs]
        for candidate in (names, self._signature_names(outputs), tensors):
            if roles := _roles(candidate, shapes):
                return dict(zip(roles, outputs, strict=True))
        raise ValueError(f"{self.path}: outputs {', '.join(map(shown, tensors))}: cannot tell classes from scores")

    def _signature_names(self, outputs: list[dict]) -> list[str]:
        try:
            signature = self._interpreter.get_signature_runner().get_output_details()
        except (ValueError, RuntimeError):  # it has none, or more than one
            return []
        names = {details["index"]: name for name, details in signature.items()}
        return [names.get(entry["index"], "") for entry in outputs]


def _interpreter(path: Path):
    if not path.is_file():
        raise ValueError(f"{path}: no such file, expected a LiteRT (.tflite) detection model")
    try:
        from ai_edge_litert.interpreter import Interpreter
    except ImportError as error:
        raise ValueError(f"detectors need the package ai-edge-litert, which cannot be imported ({error})") from None
    try:
        interpreter = Interpreter(model_path=str(path), num_threads=cores())
        check_tensors(interpreter)
        interpreter.allocate_tensors()
    except (ValueError, RuntimeError, OSError) as error:
        raise ValueError(f"{path}: not a model that LiteRT can run ({shown(one_line(error))})") from None
    return interpreter


def _is_standard(shapes: Sequence[tuple[int, ...]]) -> bool:
    """Tell whether the shapes are boxes, count and two like lists."""
    boxes = [shape for shape in shapes if len(shape) == 3]
    lists = [shape for shape in shapes if len(shape) == 2]
    counts = [shape for shape in shapes if shape in ((), (1,))]
    sizes = len(boxes), len(lists), len(counts), len(shapes)
    return sizes == (1, 2, 1, 4) and boxes[0] == (*lists[0], 4) and lists[0] == lists[1] and lists[0][0] == 1


def _roles(names: Sequence[str], shapes: Sequence[tuple[int, ...]]) -> list[str] | None:
    """Return the roles of the outputs as the words in their names, or the numbers at their ends, tell them.

    TFLite_Detection_PostProcess, ...:1, ...:2, ...:3 are boxes, classes, scores and count, StatefulPartitionedCall:0 to
    :3 count, scores, classes and boxes.
    """
    told = [next((role for role in ROLES if any(word in name.lower() for word in WORDS[role])), "") for name in names]
    candidates = [told]
    numbers = [int(found.group(1)) if (found := re.search(r"[:_](\d+)$", name)) else 0 for name in names]
    if len(set(numbers)) == len(numbers) == 4:
        places = [sorted(numbers).index(number) for number in numbers]
        candidates += [[order[place] for place in places] for order in (ROLES, ROLES[::-1])]
    for roles in candidates:
        if sorted(roles) == sorted(ROLES):
            ranks = dict(zip(roles, map(len, shapes), strict=True))
            if ranks["boxes"] == 3 and ranks["count"] < 2:
                return roles
    return None
