#!/usr/bin/env bash
# MediaPipe's category mask of a segmenter with one output channel is 0 on the object and 255 elsewhere.
#
# Expected: the mask marks the object's pixels by a number other than 0, or 0 means the only category everywhere.
# Seen:     0 is the object (confidence at least 0.5) and 255 is everything else. The confidence mask is as expected.
#
# mediapipe 1.2.2, flatbuffers 25.12.19, Python 3.11, 2026-11-28. The model answers with the red channel; the photograph is
# red in its left half:
#     confidence mask [1.0, 1.0, 0.0, 0.0]
#     category mask [0, 0, 255, 255]
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet mediapipe==1.2.2 flatbuffers==25.12.19

"$folder/venv/bin/python" - <<'PYTHON'
import sys

import flatbuffers
import mediapipe
import numpy as np
from mediapipe.tasks.metadata import metadata_schema_py_generated as metadata
from mediapipe.tasks.metadata import schema_py_generated as tflite

SIZE = 4


def make(kind, **fields):
    table = kind()
    for name, value in fields.items():
        setattr(table, name, value)
    return table


def pack(table, identifier):
    builder = flatbuffers.Builder(1024)
    builder.Finish(table.Pack(builder), identifier)
    return bytes(builder.Output())


def tensor(name, shape, buffer=0):
    return make(tflite.TensorT, name=name, shape=shape, type=tflite.TensorType.FLOAT32, buffer=buffer)


def segmenter_that_answers_red():
    """A TFLite file: one 1 x 1 convolution with the filter (1, 0, 0), and metadata that scales its input to [0, 1]."""
    scaling = make(
        metadata.ProcessUnitT,
        optionsType=metadata.ProcessUnitOptions.NormalizationOptions,
        options=make(metadata.NormalizationOptionsT, mean=[0.0], std=[255.0]),
    )
    content = make(
        metadata.ContentT,
        contentPropertiesType=metadata.ContentProperties.ImageProperties,
        contentProperties=make(metadata.ImagePropertiesT, colorSpace=metadata.ColorSpaceType.RGB),
    )
    tensors = make(
        metadata.SubGraphMetadataT,
        inputTensorMetadata=[make(metadata.TensorMetadataT, name="image", processUnits=[scaling], content=content)],
        outputTensorMetadata=[make(metadata.TensorMetadataT, name="mask")],
    )
    about = pack(make(metadata.ModelMetadataT, subgraphMetadata=[tensors]), b"M001")
    buffers = [b"", np.float32([1, 0, 0]).tobytes(), np.float32([0]).tobytes(), about]
    operation = tflite.BuiltinOperator.CONV_2D
    graph = make(
        tflite.SubGraphT,
        tensors=[
            tensor("image", [1, SIZE, SIZE, 3]),
            tensor("filter", [1, 1, 1, 3], 1),
            tensor("bias", [1], 2),
            tensor("mask", [1, SIZE, SIZE, 1]),
        ],
        inputs=[0],
        outputs=[3],
        operators=[
            make(
                tflite.OperatorT,
                inputs=[0, 1, 2],
                outputs=[3],
                builtinOptionsType=tflite.BuiltinOptions.Conv2DOptions,
                builtinOptions=make(tflite.Conv2DOptionsT, strideH=1, strideW=1),
            )
        ],
    )
    model = make(
        tflite.ModelT,
        version=3,
        operatorCodes=[make(tflite.OperatorCodeT, builtinCode=operation, deprecatedBuiltinCode=operation, version=1)],
        subgraphs=[graph],
        buffers=[make(tflite.BufferT, data=np.frombuffer(data, np.uint8) if data else None) for data in buffers],
        metadata=[make(tflite.MetadataT, name="TFLITE_METADATA", buffer=3)],
    )
    return pack(model, b"TFL3")


photo = np.zeros((SIZE, SIZE, 3), np.uint8)
photo[:, : SIZE // 2, 0] = 255
vision = mediapipe.tasks.vision
options = vision.ImageSegmenterOptions(
    base_options=mediapipe.tasks.BaseOptions(model_asset_buffer=segmenter_that_answers_red()),
    output_confidence_masks=True,
    output_category_mask=True,
)
with vision.ImageSegmenter.create_from_options(options) as segmenter:
    result = segmenter.segment(mediapipe.Image(image_format=mediapipe.ImageFormat.SRGB, data=photo))
confidence = result.confidence_masks[0].numpy_view()[0].ravel().tolist()
category = result.category_mask.numpy_view()[0].ravel().tolist()
print(f"confidence mask {confidence}")
print(f"category mask {category}")
sys.exit(not (confidence == [1.0, 1.0, 0.0, 0.0] and category == [0, 0, 255, 255]))
PYTHON
