"""Requests with which TensorFlow Serving warms a new version up, so that no user waits for its first run.

A record is a tensorflow.serving.PredictionLog, of which six fields are needed: they are written byte by byte here, so
that whoever exports need not install tensorflow-serving-api. The tests read them back with that package. Their numbers
are in prediction_log.proto, predict.proto and model.proto of github.com/tensorflow/serving, tensorflow_serving/apis.
"""

from pathlib import Path

import numpy as np
import tensorflow as tf

FILE = "assets.extra/tf_serving_warmup_requests"
PHOTO = 2
"""Sides of the photo by those of the crop."""


def write(version: Path, name: str, size: int) -> None:
    """Writes one request for each signature into the folder of a version.

    Args:
        version: the folder of the SavedModel.
        name: of the model.
        size: side of the crops.
    """
    path = version / FILE
    path.parent.mkdir(exist_ok=True)
    with tf.io.TFRecordWriter(str(path)) as writer:
        for signature, inputs in requests(size).items():
            writer.write(prediction_log(name, signature, inputs))


def requests(size: int) -> dict[str, dict[str, np.ndarray]]:
    """Inputs of a batch of one, by signature: noise, and the box in its middle."""
    random = np.random.default_rng(0)
    image = random.uniform(-1, 1, (1, size, size, 3)).astype(np.float32)
    mask = np.zeros((1, size, size, 1), np.float32)
    mask[:, size // 4 : -size // 4, size // 4 : -size // 4] = 1
    relative = np.array([[0.25, 0.25, 0.75, 0.75]], np.float32)
    photo = random.integers(0, 256, (PHOTO * size, PHOTO * size, 3), np.uint8)
    content = np.array([tf.io.encode_jpeg(photo).numpy()], object)
    side = PHOTO * size / 2
    box = np.array([[side / 2, side / 2, side, side]], np.float32)
    return {
        "serving_default": {"image": image, "box": relative},
        "segment": {"image": image, "box": relative},
        "inpaint": {"image": image, "mask": mask},
        "compose": {"image": image, "box": relative, "background": image[:, ::-1]},
        "segment_bytes": {"image_bytes": content, "box": box},
        "erase_bytes": {"image_bytes": content, "box": box},
        "compose_bytes": {
            "image_bytes": content,
            "box": box,
            "background_bytes": content,
            "at": np.array([[0, 0, 0]], np.float32),
        },
    }


def prediction_log(name: str, signature: str, inputs: dict[str, np.ndarray]) -> bytes:
    """PredictionLog{predict_log{request{model_spec{name, signature_name}, inputs}}}, serialised."""
    model_spec = _field(1, name.encode()) + _field(3, signature.encode())
    request = _field(1, model_spec)
    for key, value in inputs.items():
        tensor = tf.make_tensor_proto(value).SerializeToString()
        request += _field(2, _field(1, key.encode()) + _field(2, tensor))
    return _field(6, _field(1, request))


def _field(number: int, payload: bytes) -> bytes:
    """A field of Protocol Buffers whose length goes before it, wire type 2."""
    return _varint(number << 3 | 2) + _varint(len(payload)) + payload


def _varint(value: int) -> bytes:
    groups = []
    while True:
        groups.append(value & 0x7F | (0x80 if value > 0x7F else 0))
        value >>= 7
        if not value:
            return bytes(groups)
