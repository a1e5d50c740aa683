"""Trained networks as a SavedModel: saved_model/NAME/VERSION, and serving/ with the files for the server.

Those are settings and a compose file, example clients, and warm-up requests. A warm-up record is a
tensorflow.serving.PredictionLog. Six of its fields are needed and encoded here byte by byte, so that exporting does not
require tensorflow-serving-api; the tests decode them with that package. Field numbers: prediction_log.proto,
predict.proto and model.proto of github.com/tensorflow/serving, tensorflow_serving/apis.
"""

import base64
import re
from pathlib import Path
from string import Template

import numpy as np
import tensorflow as tf

from seigan_tf.seigan import SEIGAN
from seigan_tf.utils.atomic import replacing, write_json

from . import signatures, versions

FOLDER, SERVING = "saved_model", "serving"
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
TEMPLATES = Path(__file__).parents[1] / "templates"
FILES = ("models.config", "batching.config", "monitoring.config", "compose.yaml", "client.py", "README.md")
"""Files in the export; templates of the same names, but for README.md, which is made from serving.md."""
_MODEL = """\
  config {{
    name: "{name}"
    base_path: "/models/{name}"
    model_platform: "tensorflow"
  }}"""
WARMUP = "assets.extra/tf_serving_warmup_requests"
PHOTO = 2
"""Side of the photo in example requests divided by the crop's side."""


def check_name(name: str, field: str = "name") -> None:
    """Raise ValueError, beginning with `field`, for a name that cannot be part of a path and of a URL."""
    if not _NAME.fullmatch(name):
        raise ValueError(f"{field}: {name!r}; expected letters, digits, '.', '_' and '-', the first a letter or digit")


def write(model: SEIGAN, name: str, object_fraction: float, folder: Path) -> Path:
    """Write the next version of a trained model, saved_model/NAME/VERSION, visible only once it is complete.

    The export folder also gets serving/, with settings for the server and an example client. Clients address the model
    by `name`; `object_fraction` is as in training, in (0, 1]. Returns the folder of the new version.

    Raises:
        ValueError: `name` or `object_fraction` is invalid.
    """
    check_name(name)
    if not 0 < object_fraction <= 1:
        raise ValueError(f"object_fraction: {object_fraction}; expected more than 0, at most 1")
    functions = signatures.make(model, object_fraction)

    def fill(path: Path) -> None:
        module = tf.Module()
        # Only the variables that signatures read: no discriminators, no optimizer, no VGG-19 layers of the losses.
        # In the model's order: that of `variables` of a function differs from run to run, and the files with it.
        read = {id(variable) for function in functions.values() for variable in function.variables}
        module.weights = [variable.value for variable in model.variables if id(variable.value) in read]
        tf.saved_model.save(module, str(path), signatures={"serving_default": functions["segment"], **functions})
        write_warmup(path, name, model.networks.size)

    models = Path(folder) / FOLDER
    version = versions.write(models / name, fill)
    names = sorted(path.name for path in models.iterdir() if path.is_dir() and versions.numbers(path))
    write_serving(Path(folder) / SERVING, name, names, model.networks.size, object_fraction)
    return version


def write_serving(folder: Path, name: str, names: list[str], size: int, object_fraction: float) -> None:
    """Write FILES and request.json, an example request for curl, to a folder that is created if missing.

    The examples address the model `name`; the server loads all `names`. `size` is the side of the crops in pixels.
    """
    folder.mkdir(parents=True, exist_ok=True)
    models = "\n".join(_MODEL.format(name=each) for each in names)
    values = {"name": name, "size": size, "object_fraction": f"{object_fraction:g}", "models": models}
    for target in FILES:
        template = TEMPLATES / ("serving.md" if target == "README.md" else target)
        with replacing(folder / target) as temporary:
            temporary.write_text(Template(template.read_text(encoding="utf-8")).substitute(values), encoding="utf-8")
    inputs = requests(size)["segment_bytes"]
    photo = base64.b64encode(inputs["image_bytes"][0]).decode()
    instance = {"image_bytes": {"b64": photo}, "box": inputs["box"][0].tolist()}
    write_json(folder / "request.json", {"signature_name": "segment_bytes", "instances": [instance]})


def write_warmup(version: Path, name: str, size: int) -> None:
    """Write a request for each signature of the model `name`; the server runs them before a version serves users."""
    path = version / WARMUP
    path.parent.mkdir(exist_ok=True)
    with tf.io.TFRecordWriter(str(path)) as writer:
        for signature, inputs in requests(size).items():
            writer.write(_prediction_log(name, signature, inputs))


def requests(size: int) -> dict[str, dict[str, np.ndarray]]:
    """Inputs of a batch of one, by signature: random pixels, and a box in the middle."""
    random = np.random.default_rng(0)
    image = random.uniform(-1, 1, (1, size, size, 3)).astype(np.float32)
    mask = np.zeros((1, size, size, 1), np.float32)
    mask[:, size // 4 : -size // 4, size // 4 : -size // 4] = 1
    relative = np.array([[0.25, 0.25, 0.75, 0.75]], np.float32)
    photo = random.integers(0, 256, (PHOTO * size, PHOTO * size, 3), np.uint8)
    side = PHOTO * size / 2
    segment = {"image": image, "box": relative}
    segment_bytes = {
        "image_bytes": np.array([tf.io.encode_jpeg(photo).numpy()], object),
        "box": np.array([[side / 2, side / 2, side, side]], np.float32),
    }
    pasted = {"background_bytes": segment_bytes["image_bytes"], "at": np.zeros((1, 3), np.float32)}
    return {
        "serving_default": segment,
        "segment": segment,
        "inpaint": {"image": image, "mask": mask},
        "compose": segment | {"background": image[:, ::-1]},
        "segment_bytes": segment_bytes,
        "erase_bytes": segment_bytes,
        "compose_bytes": segment_bytes | pasted,
    }


def _prediction_log(name: str, signature: str, inputs: dict[str, np.ndarray]) -> bytes:
    """PredictionLog{predict_log{request{model_spec{name, signature_name}, inputs}}}, serialised."""
    request = _field(1, _field(1, name.encode()) + _field(3, signature.encode()))
    for key, value in inputs.items():
        tensor = tf.make_tensor_proto(value).SerializeToString()
        request += _field(2, _field(1, key.encode()) + _field(2, tensor))
    return _field(6, _field(1, request))


def _field(number: int, payload: bytes) -> bytes:
    """A length-delimited field of Protocol Buffers (wire type 2)."""
    return _varint(number << 3 | 2) + _varint(len(payload)) + payload


def _varint(value: int) -> bytes:
    groups = []
    while value > 0x7F:
        groups.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*groups, value])
