"""Reader of Label Studio's JSON exports, "JSON" and "JSON-MIN" (https://labelstud.io/guide/export)."""

from collections.abc import Iterator, Sequence
from pathlib import Path, PurePosixPath
from typing import Any

from seigan_tf.data.annotations import json_files, shapes
from seigan_tf.data.annotations.boxes import finite_numbers
from seigan_tf.data.annotations.collecting import Drawn, Entry, Lost, read_entries
from seigan_tf.data.annotations.names import path_of
from seigan_tf.data.photos.files import PHOTO_SUFFIXES, require_folder
from seigan_tf.data.photos.photo import Note, Photo, Problem
from seigan_tf.utils.text import class_name, shown

SHAPE = ("x", "y", "width", "height", "points", "radiusX", "radiusY", "rle", "imageDataURL")
"""Keys of a value that is a shape."""
LABELS = ("rectanglelabels", "polygonlabels", "ellipselabels", "brushlabels", "bitmasklabels", "labels")
"""Keys of a value that hold the names of its classes; the part before "labels" is the shape."""
KEYPOINTS = ("keypointlabels", "keypoint")  # types of results that are no objects of their own


def read_label_studio(images: Path, annotations: Path) -> Iterator[Photo | Problem | Note]:
    """Read a JSON file of tasks, one by one, in their order.

    Rectangles, also turned ones, and ellipses give the boxes around them; polygons are the objects' masks too. Brush
    masks are refused. Of several annotations of a task the first one that is not cancelled counts, or the one that is
    marked as ground truth. Tasks without annotations are left out: they are not done.
    """
    require_folder(images)
    several: list[str] = []
    undone: list[str] = []
    yield from read_entries(images, annotations, _tasks(annotations, several, undone), _in_pixels)
    for tasks, what in ((undone, "no annotation and left out"), (several, "several annotations, of which one is used")):
        if tasks:
            count = f"{len(tasks)} tasks" if len(tasks) > 1 else "1 task"
            yield Note(f"{annotations.name}: {count} with {what}, the first is {tasks[0]}")


def _in_pixels(box: Sequence[float], width: int, height: int) -> list[float]:
    left, top, w, h = box
    return [left * width / 100, top * height / 100, w * width / 100, h * height / 100]


def _tasks(annotations: Path, several: list[str], undone: list[str]) -> Iterator[Entry | Problem]:
    number = 0
    for number, task in enumerate(json_files.items(annotations, "item"), 1):
        fields = task if isinstance(task, dict) else {}
        where = f"task {shown(fields.get('id', number))}"
        image = ""
        if "data" in fields:
            try:
                results = _results(fields, where, several, undone)
                image = _image_of(results or [])
            except ValueError as error:
                yield Problem("photo", where, str(error))
                continue
        else:
            # JSON-MIN: lists of values, beside the photo and texts.
            lists = [value for value in fields.values() if isinstance(value, list)]
            results = [{"value": item} | item for items in lists for item in items if _is_region(item)]
        data = fields.get("data", fields)
        if results is not None:
            yield Entry(where, _file_name(data, image), _size(results), list(_objects(results)))
    if number and number == len(undone):
        raise ValueError(f"{annotations}: none of its {number} tasks has an annotation; predictions are not read")


def _is_region(item: Any) -> bool:
    return isinstance(item, dict) and any(name in item for name in (*LABELS, *SHAPE))


def _results(task: dict[str, Any], where: str, several: list[str], undone: list[str]) -> list[dict[str, Any]] | None:
    """Return the results of the annotation that counts; None if there is none. Raises ValueError if it has none."""
    found = task.get("annotations", task.get("completions"))
    found = [item for item in found if isinstance(item, dict)] if isinstance(found, list) else []
    done = [item for item in found if not item.get("was_cancelled")]
    if not done:
        undone.append(where)
        return None
    if len(done) > 1:
        several.append(where)
    chosen = next((item for item in done if item.get("ground_truth")), done[0]).get("result")
    if not isinstance(chosen, list) or not all(isinstance(item, dict) for item in chosen):
        raise ValueError("its annotation has no list 'result', expected one, which may be empty")
    return chosen


def _image_of(results: list[dict[str, Any]]) -> str:
    """Return the name of the image that the shapes lie in; raises ValueError if they lie in several."""
    drawn = [item for item in results if isinstance(item.get("value"), dict) and item["value"].keys() & {*SHAPE}]
    places = {(str(item.get("to_name", "")), str(item.get("item_index", 0))) for item in drawn}
    if len(places) > 1:
        names = ", ".join(shown(f"{name} {index}") for name, index in sorted(places)[:3])
        raise ValueError(f"its regions lie in {len(places)} images ({names}), expected one in a task")
    return next(iter(places), ("", ""))[0]


def _file_name(data: Any, image: str) -> Any:
    """Return the photo's URL or path: that of the key `image` or "image", or the first text that ends as photos do."""
    if not isinstance(data, dict):
        return None
    for key in (image, "image"):
        if isinstance(data.get(key), str):
            return data[key]
    texts = [value for value in data.values() if isinstance(value, str)]
    return next((text for text in texts if PurePosixPath(path_of(text)).suffix.lower() in PHOTO_SUFFIXES), None)


def _size(results: list[dict[str, Any]]) -> tuple[Any, Any] | None:
    sizes = ((item.get("original_width"), item.get("original_height")) for item in results)
    return next((size for size in sizes if size[0]), None)


def _objects(results: list[dict[str, Any]]) -> Iterator[Drawn | Lost]:
    # A shape and its class may be two results with one id, each with the whole shape.
    names: dict[Any, str] = {}
    regions: dict[Any, dict[str, Any]] = {}
    for number, item in enumerate(results):
        value = item.get("value")
        if item.get("type") == "relation":
            continue
        if not isinstance(value, dict):
            yield Lost(f"result {number + 1}", f"value is {shown(value)}, expected a shape")
            continue
        if item.get("type") in KEYPOINTS or "keypointlabels" in value or not _is_region(value):
            continue
        key = item["id"] if isinstance(item.get("id"), str) else number
        if key in regions and any(regions[key]["value"].get(name) != value.get(name) for name in SHAPE):
            key = number
        regions.setdefault(key, item)
        for labels in (value.get(name) for name in LABELS):
            if isinstance(labels, list) and labels and (name := class_name(labels[0])):
                names[key] = name
    for number, (key, item) in enumerate(regions.items(), 1):
        where = f"region {number}"
        try:
            yield _object(where, item, names.get(key, ""))
        except ValueError as error:
            yield Lost(where, str(error))


def _object(where: str, item: dict[str, Any], category: str) -> Drawn:
    value = item["value"]
    width, height = _sides(item)
    sized = bool(width)
    width, height = width or 100.0, height or 100.0
    rotation = value.get("rotation") or 0
    if item.get("image_rotation"):
        raise ValueError(f"image_rotation is {shown(item['image_rotation'])}, expected 0")
    if rotation and not sized:
        raise ValueError("is turned, but has no original_width and original_height")
    (degrees,) = shapes.numbers_of({"rotation": rotation}, "rotation")
    segmentation = None
    if "points" in value:
        points = [(x * width / 100, y * height / 100) for x, y in shapes.points_of(value["points"], 3)]
        box = shapes.box_around(points)
        segmentation = [shapes.polygon(points)] if sized else None
    elif "radiusX" in value:
        x, y, radius_x, radius_y = shapes.numbers_of(value, "x", "y", "radiusX", "radiusY")
        box = shapes.box_of_ellipse(
            x * width / 100, y * height / 100, radius_x * width / 100, radius_y * height / 100, degrees
        )
    elif "rle" in value or "imageDataURL" in value:
        raise ValueError("is a brush mask, expected a rectangle, polygon or ellipse (export brush masks as COCO)")
    else:
        x, y, w, h = shapes.numbers_of(value, "x", "y", "width", "height")
        left, top = x * width / 100, y * height / 100
        box = shapes.box_of_rotated((left, top, w * width / 100, h * height / 100), degrees, (left, top))
    left, top, w, h = box
    percent = (100 * left / width, 100 * top / height, 100 * w / width, 100 * h / height)
    return Drawn(where, percent, category, segmentation=segmentation)


def _sides(item: dict[str, Any]) -> tuple[float, float]:
    """Return width and height of the photo of a region; 0 if they are not given."""
    sides = finite_numbers((item.get("original_width"), item.get("original_height")))
    return (sides[0], sides[1]) if sides and min(sides) > 0 else (0.0, 0.0)
