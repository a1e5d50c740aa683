"""The static page of the export folder, which composes in the browser without a server of its own."""

from importlib import resources
from pathlib import Path

from seigan_tf import pretrained
from seigan_tf.compose import refiner
from seigan_tf.utils.atomic import replacing

FOLDER = "web"
SOURCE = Path(__file__).parent / "page"
SHARED = ("app.js", "canvas.js", "drop.css", "drop.js", "errors.js", "index.html", "stage.js", "style.css")
"""Files shared with the page of `python -m seigan_tf serve`. Here backend.js does the work in the browser; there a
server does it."""


def write(folder: Path) -> Path:
    """Copy the page to folder/web, a demo once `folder` is on any static host.

    The page reads model.json and the .tflite files of `folder`; the refiner of masks comes with it. Other files in
    folder/web stay, such as LiteRT.js in vendor/. Returns the folder of the page.
    """
    target = Path(folder) / FOLDER
    target.mkdir(parents=True, exist_ok=True)
    served = resources.files("seigan_tf.serve") / "page"
    sources = [*SOURCE.iterdir(), *(served / name for name in SHARED), pretrained.folder(refiner.NAME) / refiner.FILE]
    # index.html comes last: when it is there, every file that it asks for is there too.
    for source in sorted(sources, key=lambda file: file.name == "index.html"):
        with replacing(target / source.name) as temporary:
            temporary.write_bytes(source.read_bytes())
    return target
