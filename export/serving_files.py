"""What stands beside the SavedModel: the server's settings, a compose file for its official image, example clients."""

import base64
import json
from pathlib import Path
from string import Template

from seigan_tf.utils.atomic import replacing

from . import serving_warmup

FOLDER = "serving"
TEMPLATES = Path(__file__).parent / "templates"
FILES = {
    "models.config": "models.config",
    "batching.config": "batching.config",
    "monitoring.config": "monitoring.config",
    "compose.yaml": "compose.yaml",
    "rest_client.py": "rest_client.py",
    "grpc_client.py": "grpc_client.py",
    "README.md": "serving.md",
}
"""Name in the export: name among the templates."""
_MODEL = """\
  config {{
    name: "{name}"
    base_path: "/models/{name}"
    model_platform: "tensorflow"
  }}"""


def write(folder: Path, name: str, names: list[str], size: int, object_fraction: float) -> None:
    """Writes FILES and request.json, an example request for curl.

    Args:
        folder: serving/ of the export; made where it is missing.
        name: of the model that the examples ask for.
        names: of all models that the server is to load.
        size: side of the crops.
        object_fraction: long side of the object's box by the crop's side.

    Raises:
        OSError: the folder cannot be written to.
    """
    folder.mkdir(parents=True, exist_ok=True)
    values = {
        "name": name,
        "size": size,
        "object_fraction": f"{object_fraction:g}",
        "models": "\n".join(_MODEL.format(name=each) for each in names),
    }
    for target, template in FILES.items():
        text = Template((TEMPLATES / template).read_text(encoding="utf-8")).substitute(values)
        with replacing(folder / target) as temporary:
            temporary.write_text(text, encoding="utf-8")
    with replacing(folder / "request.json") as temporary:
        temporary.write_text(json.dumps(example_request(size)) + "\n")


def example_request(size: int) -> dict:
    """A request for segment_bytes, as REST takes it."""
    inputs = serving_warmup.requests(size)["segment_bytes"]
    photo = base64.b64encode(inputs["image_bytes"][0]).decode()
    instance = {"image_bytes": {"b64": photo}, "box": inputs["box"][0].tolist()}
    return {"signature_name": "segment_bytes", "instances": [instance]}
