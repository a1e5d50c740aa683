"""TensorFlow Serving as far as a client sees it: Predict over gRPC and REST, answered by a loaded SavedModel.

REST is mapped as https://www.tensorflow.org/tfx/serving/api_rest documents it.
"""

import base64
import contextlib
import http.server
import json
import threading
from concurrent import futures

import grpc
import numpy as np
import tensorflow as tf
from tensorflow_serving.apis import predict_pb2, prediction_service_pb2_grpc


def predict(signatures, request: predict_pb2.PredictRequest) -> predict_pb2.PredictResponse:
    """Runs the signature that the request names on the tensors that it holds."""
    inputs = {name: tf.constant(tf.make_ndarray(value)) for name, value in request.inputs.items()}
    response = predict_pb2.PredictResponse()
    for name, value in signatures[request.model_spec.signature_name or "serving_default"](**inputs).items():
        response.outputs[name].CopyFrom(tf.make_tensor_proto(value.numpy()))
    return response


def predict_json(signatures, body: dict) -> dict:
    """The answer to the JSON of a predict request, in row format (instances) or in columns (inputs)."""
    signature = signatures[body.get("signature_name", "serving_default")]
    kinds = {name: spec.dtype for name, spec in signature.structured_input_signature[1].items()}
    if "instances" in body:
        columns = {name: [instance[name] for instance in body["instances"]] for name in kinds}
    else:
        columns = body["inputs"]
    inputs = {name: tf.constant(_decoded(columns[name]), kinds[name]) for name in kinds}
    outputs = {name: _encoded(name, value.numpy()) for name, value in signature(**inputs).items()}
    if "inputs" in body:
        return {"outputs": outputs if len(outputs) > 1 else next(iter(outputs.values()))}
    rows = [dict(zip(outputs, values, strict=True)) for values in zip(*outputs.values(), strict=True)]
    return {"predictions": rows if len(outputs) > 1 else [next(iter(row.values())) for row in rows]}


def _decoded(value):
    if isinstance(value, dict):
        (only,) = value.values()
        assert list(value) == ["b64"]
        return base64.b64decode(only)
    return [_decoded(item) for item in value] if isinstance(value, list) else value


def _encoded(name, value):
    if value.dtype != object:
        return value.tolist()
    assert name.endswith("_bytes"), f"{name}: the server would send its bytes as text"
    return [{"b64": base64.b64encode(item).decode()} for item in value]


@contextlib.contextmanager
def grpc_server(signatures):
    """Yields the address of a PredictionService."""

    class Service(prediction_service_pb2_grpc.PredictionServiceServicer):
        def Predict(self, request, context):
            try:
                return predict(signatures, request)
            except tf.errors.InvalidArgumentError as error:
                context.abort(grpc.StatusCode.INVALID_ARGUMENT, error.message)

    server = grpc.server(futures.ThreadPoolExecutor(1))
    prediction_service_pb2_grpc.add_PredictionServiceServicer_to_server(Service(), server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    yield f"127.0.0.1:{port}"
    server.stop(None)


@contextlib.contextmanager
def rest_server(signatures, name):
    """Yields the URL of a server that has the model under that name."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self):
            assert self.path == f"/v1/models/{name}:predict"
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            try:
                status, answer = 200, predict_json(signatures, body)
            except tf.errors.InvalidArgumentError as error:
                status, answer = 400, {"error": error.message}
            self.send_response(status)
            self.end_headers()
            self.wfile.write(json.dumps(answer).encode())

        def log_message(self, *arguments):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


def as_request(name, signature, inputs) -> predict_pb2.PredictRequest:
    """A request after it went over the wire."""
    request = predict_pb2.PredictRequest()
    request.model_spec.name = name
    request.model_spec.signature_name = signature
    for key, value in inputs.items():
        request.inputs[key].CopyFrom(tf.make_tensor_proto(np.asarray(value)))
    return predict_pb2.PredictRequest.FromString(request.SerializeToString())
