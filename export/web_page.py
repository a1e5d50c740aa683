"""The static page of the export folder: the composer in a browser, without a server of its own."""

from importlib import resources
from pathlib import Path

from seigan_tf.utils.atomic import replacing

FOLDER = "web"
SOURCE = Path(__file__).parent / "web"
SHARED = ("app.js", "canvas.js", "drop.css", "drop.js", "errors.js", "index.html", "stage.js", "style.css")
"""Files that this page has in common with that of `python -m seigan_tf serve`, where they are. The rest does the work
here, in the browser (backend.js), as a server does it there.
"""
PAGE = "index.html"


def write(folder: Path) -> Path:
    """Copies the page to folder/web, which becomes a demo when `folder` is put on any static host.

    It reads model.json and the .tflite files of `folder`. What else is in folder/web stays: LiteRT.js in vendor/.

    Returns:
        The folder of the page.

    Raises:
        OSError: the folder cannot be written to.
    """
    target = Path(folder) / FOLDER
    target.mkdir(parents=True, exist_ok=True)
    served = resources.files("seigan_tf.serve") / "page"
    sources = [source for source in SOURCE.iterdir() if source.is_file()] + [served / name for name in SHARED]
    # index.html comes last: where it is, everything that it asks for is there too.
    for source in sorted(sources, key=lambda file: file.name == PAGE):
        with replacing(target / source.name) as temporary:
            temporary.write_bytes(source.read_bytes())
    return target
