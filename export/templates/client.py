"""Example client. REST needs only Python; --grpc also needs tensorflow-serving-api:

python client.py segment_bytes PHOTO.jpg 10,20,100,80 mask.png
python client.py erase_bytes PHOTO.jpg 10,20,100,80 erased.png
python client.py compose_bytes PHOTO.jpg 10,20,100,80 pasted.png --onto OTHER.jpg --at 50,60,0 --grpc
"""

import argparse
import base64
import json
import sys
import urllib.error
import urllib.request
from pathlib import Path

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
    parser.add_argument("--grpc", action="store_true", help="use gRPC instead of REST")
    parser.add_argument("--server", help="default: http://localhost:8501, with --grpc localhost:8500")
    parser.add_argument("--model", default="$name")
    options = parser.parse_args(arguments)
    if options.signature == "compose_bytes" and not options.onto:
        sys.exit("--onto: missing; expected the photo to paste into")
    try:
        ask(options)
    except OSError as error:  # a photo that is missing, a folder that cannot be written
        sys.exit(str(error))


def ask(options):
    inputs = {"image_bytes": options.photo.read_bytes(), "box": options.box}
    if options.onto:
        inputs |= {"background_bytes": options.onto.read_bytes(), "at": options.at}
    if options.grpc:
        outputs = over_grpc(options.server or "localhost:8500", options.model, options.signature, inputs)
    else:
        outputs = over_rest(options.server or "http://localhost:8501", options.model, options.signature, inputs)
    if not outputs["found"]:
        box = ",".join(f"{value:g}" for value in options.box)
        sys.exit(f"{options.photo}: no object was found in the box {box}; {options.out} is not written")
    options.out.write_bytes(next(value for name, value in outputs.items() if name.endswith("_png_bytes")))


def over_rest(server, model, signature, inputs):
    def encoded(value):
        return {"b64": base64.b64encode(value).decode()} if isinstance(value, bytes) else value

    def decoded(value):
        return base64.b64decode(value["b64"]) if isinstance(value, dict) else value

    instance = {name: encoded(value) for name, value in inputs.items()}
    body = json.dumps({"signature_name": signature, "instances": [instance]}).encode()
    try:
        with urllib.request.urlopen(f"{server}/v1/models/{model}:predict", body) as response:
            prediction = json.load(response)["predictions"][0]
    except urllib.error.HTTPError as error:
        sys.exit(json.load(error)["error"])
    except urllib.error.URLError as error:
        sys.exit(f"--server {server}: {error.reason}")
    return {name: decoded(value) for name, value in prediction.items()}


def over_grpc(server, model, signature, inputs):
    import grpc
    import tensorflow as tf
    from tensorflow_serving.apis import predict_pb2, prediction_service_pb2_grpc

    request = predict_pb2.PredictRequest()
    request.model_spec.name = model
    request.model_spec.signature_name = signature
    for name, value in inputs.items():
        request.inputs[name].CopyFrom(tf.make_tensor_proto([value]))
    limits = [("grpc.max_receive_message_length", LARGEST_ANSWER), ("grpc.max_send_message_length", LARGEST_ANSWER)]
    with grpc.insecure_channel(server, limits) as channel:
        try:
            response = prediction_service_pb2_grpc.PredictionServiceStub(channel).Predict(request, timeout=60)
        except grpc.RpcError as error:
            sys.exit(f"{error.code().name}: {error.details()}")
    return {name: tf.make_ndarray(value)[0] for name, value in response.outputs.items()}


def numbers(text):
    return [float(number) for number in text.split(",")]


if __name__ == "__main__":
    main()
