"""The boxes that --box gives for one photograph: in numbers, or through a detector by a point or the word auto."""

from collections.abc import Sequence
from pathlib import Path

from seigan_tf.cli.options import say
from seigan_tf.data.photos.photo import Box, Photo
from seigan_tf.utils.text import numbers, shown

AUTO = "auto"
FORM = "X,Y,W,H"


def read_boxes(
    path: Path, size: tuple[int, int], texts: Sequence[str], model: Path | None, category: str | None
) -> list[Box]:
    """Return a box, inside the photo, for each text of --box; print those that the detector finds.

    Args:
        path: the photograph.
        size: its width and height in pixels.
        texts: "X,Y,W,H"; with a detector also "X,Y", a point of the object, or "auto", the object that it is surest of.
        model, category: --detector and --detector-class.

    Raises:
        ValueError: a text is none of these or needs a detector, a box lies outside the photo, the detector cannot be
            used or finds no such object.
    """
    from seigan_tf.compose.geometry import clip_box

    parsed = [_parsed(text) for text in texts]
    searches = [text for text, values in zip(texts, parsed, strict=True) if len(values) < 4]
    if model is None:
        if searches:
            raise ValueError(
                f"--box {searches[0]}: a detector has to find the box, expected --detector MODEL.tflite"
                f" (docs/detectors.md names models), or {FORM} in pixels"
            )
        if category is not None:
            raise ValueError("--detector-class: is of no use without --detector")
    elif not searches:
        raise ValueError("--detector: is of no use here, expected --box auto, or --box X,Y of a point of the object")
    found = iter(_detect(path, size, searches, model, category) if model is not None else ())
    return [clip_box(values, *size) if len(values) == 4 else next(found) for values in parsed]


def _parsed(text: str) -> tuple[float, ...]:
    """Return four numbers of a box, two of a point, or none for "auto"."""
    values = () if text == AUTO else numbers(text, (2, 4))
    if values is None:
        raise ValueError(f"--box {shown(text)}: expected {FORM}, numbers in pixels; with --detector also X,Y or auto")
    return values


def _detect(path: Path, size: tuple[int, int], searches: Sequence[str], model: Path, category: str | None) -> list[Box]:
    from seigan_tf.data.detection.detector import Detector, choose
    from seigan_tf.data.photos.reading import UnreadablePhoto, read_photo

    detector = Detector(model)
    wanted = None if category is None else detector.labels.find(category)
    try:
        objects, _ = detector.find(read_photo(Photo(path, *size)))
    except UnreadablePhoto as error:
        raise ValueError(f"{path}: {error}") from None
    boxes = []
    for text in searches:
        item = choose(objects, wanted, numbers(text, (2,)))
        if item is None:
            others = ", ".join(sorted({other.category for other in objects})) or "nothing"
            raise ValueError(
                f"--box {text}: {model.name} finds no {wanted or 'object'} there in {path} (it finds: {others});"
                f" expected {FORM} in pixels"
            )
        say(f"{item.category}, {item.score:.0%} sure: --box {','.join(f'{value:.0f}' for value in item.box)}")
        boxes.append(item.box)
    return boxes
