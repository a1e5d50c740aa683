"""Example client for REST; needs only Python:

python rest_client.py segment_bytes PHOTO.jpg 10,20,100,80 mask.png
python rest_client.py erase_bytes PHOTO.jpg 10,20,100,80 erased.png
python rest_client.py compose_bytes PHOTO.jpg 10,20,100,80 pasted.png --onto OTHER.jpg --at 50,60,0
"""

import argparse
import base64
import json
import sys
import urllib.error
import urllib.request
from pathlib import Path


def main(arguments=None):
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("signature", choices=["segment_bytes", "erase_bytes", "compose_bytes"])
    parser.add_argument("photo", type=Path)
    parser.add_argument("box", type=numbers, help="X,Y,W,H in pixels of the photo, upright")
    parser.add_argument("out", type=Path)
    parser.add_argument("--onto", type=Path, help="the photo to paste into")
    parser.add_argument("--at", type=numbers, default=[0, 0, 0], help="X,Y of the box there, and its width or 0")
    parser.add_argument("--server", default="http://localhost:8501")
    parser.add_argument("--model", default="$name")
    options = parser.parse_args(arguments)

    instance = {"image_bytes": encoded(options.photo), "box": options.box}
    if options.onto:
        instance |= {"background_bytes": encoded(options.onto), "at": options.at}
    body = json.dumps({"signature_name": options.signature, "instances": [instance]}).encode()
    try:
        with urllib.request.urlopen(f"{options.server}/v1/models/{options.model}:predict", body) as response:
            prediction = json.load(response)["predictions"][0]
    except urllib.error.HTTPError as error:
        sys.exit(json.load(error)["error"])
    picture = next(value for name, value in prediction.items() if name.endswith("_png_bytes"))
    options.out.write_bytes(base64.b64decode(picture["b64"]))


def encoded(path):
    return {"b64": base64.b64encode(path.read_bytes()).decode()}


def numbers(text):
    return [float(number) for number in text.split(",")]


if __name__ == "__main__":
    main()
