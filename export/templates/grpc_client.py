"""Example client for gRPC (pip install tensorflow-serving-api):

python grpc_client.py segment_bytes PHOTO.jpg 10,20,100,80 mask.png
python grpc_client.py erase_bytes PHOTO.jpg 10,20,100,80 erased.png
python grpc_client.py compose_bytes PHOTO.jpg 10,20,100,80 pasted.png --onto OTHER.jpg --at 50,60,0
"""

import argparse
import sys
from pathlib import Path

import grpc
import tensorflow as tf
from tensorflow_serving.apis import predict_pb2, prediction_service_pb2_grpc

LARGEST_ANSWER = 256 * 2**20
"""In bytes; PNG files of photographs exceed the 4 MB that gRPC accepts by default."""


def main(arguments=None):
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("signature", choices=["segment_bytes", "erase_bytes", "compose_bytes"])
    parser.add_argument("photo", type=Path)
    parser.add_argument("box", type=numbers, help="X,Y,W,H in pixels of the photo, upright")
    parser.add_argument("out", type=Path)
    parser.add_argument("--onto", type=Path, help="the photo to paste into")
    parser.add_argument("--at", type=numbers, default=[0, 0, 0], help="X,Y of the box there, and its width or 0")
    parser.add_argument("--server", default="localhost:8500")
    parser.add_argument("--model", default="$name")
    options = parser.parse_args(arguments)

    inputs = {"image_bytes": [options.photo.read_bytes()], "box": [options.box]}
    if options.onto:
        inputs |= {"background_bytes": [options.onto.read_bytes()], "at": [options.at]}
    request = predict_pb2.PredictRequest()
    request.model_spec.name = options.model
    request.model_spec.signature_name = options.signature
    for name, value in inputs.items():
        request.inputs[name].CopyFrom(tf.make_tensor_proto(value))
    limits = [("grpc.max_receive_message_length", LARGEST_ANSWER), ("grpc.max_send_message_length", LARGEST_ANSWER)]
    with grpc.insecure_channel(options.server, limits) as channel:
        try:
            response = prediction_service_pb2_grpc.PredictionServiceStub(channel).Predict(request, timeout=60)
        except grpc.RpcError as error:
            sys.exit(f"{error.code().name}: {error.details()}")
    picture = next(value for name, value in response.outputs.items() if name.endswith("_png_bytes"))
    options.out.write_bytes(picture.string_val[0])


def numbers(text):
    return [float(number) for number in text.split(",")]


if __name__ == "__main__":
    main()
