"""Makes small detection models: they find what is red and what is blue, with the post-processing of the public ones."""

import zipfile
from pathlib import Path

import flatbuffers

SIZE = 96
"""Side of the models' input."""
SCORES = (0.75, 0.5)
"""Scores of red areas, class 0, and of blue ones, class 1."""

POST_PROCESS = {
    "max_detections": "i: 3",
    "max_classes_per_detection": "i: 1",
    "use_regular_nms": "b: false",
    "nms_score_threshold": "f: 0.0",
    "nms_iou_threshold": "f: 0.6",
    "y_scale": "f: 1.0",
    "x_scale": "f: 1.0",
    "h_scale": "f: 1.0",
    "w_scale": "f: 1.0",
    "num_classes": "i: 2",
}


def detection_model(folder: Path, dtype: str = "float32", raw: bool = False) -> bytes:
    """The file of a model that takes [1, SIZE, SIZE, 3]: float32 in [-1, 1], uint8 or int8.

    Its four outputs are those of TFLite_Detection_PostProcess, the operation that public models end in; `raw` leaves it
    out, as models for MediaPipe do.
    """
    import tensorflow as tf

    attributes = "".join(f' attr {{ key: "{key}" value {{ {value} }} }}' for key, value in POST_PROCESS.items())

    @tf.function(experimental_implements='name: "TFLite_Detection_PostProcess"' + attributes)
    def post_process(encodings, scores, anchors):
        # The converter puts the operation in place of this.
        return tf.zeros([1, 3, 4]), tf.zeros([1, 3]), tf.zeros([1, 3]), tf.zeros([1])

    def span(covered, axis):
        line = tf.reduce_max(covered, axis=axis)
        position = tf.range(SIZE, dtype=tf.float32)
        low = SIZE - tf.reduce_max(line * (SIZE - position), axis=1)
        return low / SIZE, tf.reduce_max(line * (position + 1), axis=1) / SIZE

    def find(image):
        encodings, scores = [], []
        for kind, (this, other) in enumerate(((0, 2), (2, 0))):
            covered = tf.cast((image[..., this] > 0.6) & (image[..., other] < -0.5), tf.float32)
            (top, bottom), (left, right) = span(covered, 2), span(covered, 1)
            sides = tf.maximum(tf.stack([bottom - top, right - left], axis=1), 1e-6)
            centre = tf.stack([top + bottom, left + right], axis=1) / 2
            encodings.append(tf.concat([centre - 0.5, tf.math.log(sides)], axis=1))
            score = tf.reduce_max(covered, axis=[1, 2]) * SCORES[kind]
            scores.append(tf.stack([tf.zeros_like(score)] + [score * (kind == other) for other in (0, 1)], axis=1))
        found = tf.stack(encodings, axis=1), tf.stack(scores, axis=1)
        return found if raw else post_process(*found, tf.constant([[0.5, 0.5, 1, 1]] * 2))

    class Model(tf.Module):
        @tf.function(input_signature=[tf.TensorSpec([1, SIZE, SIZE, 3], dtype, "image")])
        def __call__(self, image):
            if dtype != "float32":
                image = tf.cast(image, tf.float32) / 127.5 - (dtype == "uint8")
            return find(image)

    model = Model()
    tf.saved_model.save(model, str(folder), signatures=model.__call__.get_concrete_function())
    converter = tf.lite.TFLiteConverter.from_saved_model(str(folder))
    converter.allow_custom_ops = True
    return converter.convert()


def renamed(content: bytes, names: dict[str, str], order: str = "", metadata: bytes | None = None) -> bytes:
    """The same model with its outputs called anew, its signature taken away, and `metadata` in it.

    Args:
        names: new names by role: boxes, classes, scores, count.
        order: roles in the order in which the model shall list them; as they are unless given.
    """
    from ai_edge_litert import schema_py_generated as schema

    model = schema.ModelT.InitFromPackedBuf(content, 0)
    graph = model.subgraphs[0]
    # The operation gives them in this order.
    roles = dict(zip(("boxes", "classes", "scores", "count"), graph.operators[-1].outputs, strict=True))
    for role, tensor in roles.items():
        graph.tensors[tensor].name = names[role].encode()
    if order:
        graph.outputs = [roles[role] for role in order.split()]
    model.signatureDefs = []
    if metadata is not None:
        buffer, entry = schema.BufferT(), schema.MetadataT()
        buffer.data = list(metadata)
        entry.name, entry.buffer = b"TFLITE_METADATA", len(model.buffers)
        model.buffers.append(buffer)
        model.metadata = [*(model.metadata or []), entry]
    builder = flatbuffers.Builder(len(content))
    builder.Finish(model.Pack(builder), file_identifier=b"TFL3")
    return bytes(builder.Output())


def metadata(outputs: list[str], mean: list[float], std: list[float]) -> bytes:
    """Metadata that names the outputs and gives the input's normalisation, as metadata_schema.fbs orders the fields."""
    builder = flatbuffers.Builder(256)

    def table(fields):
        builder.StartObject(max(fields) + 1)
        for number, (kind, value) in fields.items():
            (builder.PrependUOffsetTRelativeSlot if kind == "at" else builder.PrependUint8Slot)(number, value, 0)
        return builder.EndObject()

    def tables(items):
        builder.StartVector(4, len(items), 4)
        for item in reversed(items):
            builder.PrependUOffsetTRelative(item)
        return builder.EndVector()

    def floats(values):
        builder.StartVector(4, len(values), 4)
        for value in reversed(values):
            builder.PrependFloat32(value)
        return builder.EndVector()

    normalisation = table({0: ("at", floats(mean)), 1: ("at", floats(std))})
    unit = table({0: ("byte", 1), 1: ("at", normalisation)})
    image = table({0: ("at", builder.CreateString("image")), 4: ("at", tables([unit]))})
    named = [table({0: ("at", builder.CreateString(name))}) for name in outputs]
    subgraph = table({2: ("at", tables([image])), 3: ("at", tables(named))})
    builder.Finish(table({0: ("at", builder.CreateString("detector")), 3: ("at", tables([subgraph]))}), b"M001")
    return bytes(builder.Output())


def add_labels(path: Path, name: str, text: str) -> None:
    """Appends a label file to a model's file, as the metadata tools do."""
    with zipfile.ZipFile(path, "a") as members:
        members.writestr(name, text)
