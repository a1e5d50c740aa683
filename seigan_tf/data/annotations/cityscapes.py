"""Reader of the Cityscapes set as published (https://www.cityscapes-dataset.com), from polygons or instance maps.

The rules are those of its own scripts (https://github.com/mcordts/cityscapesScripts: labels.py, json2instanceImg.py).
"""

import json
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image, ImageDraw
from pycocotools import mask as coco_mask

from seigan_tf.data.annotations.boxes import checked_box
from seigan_tf.data.photos.files import find_files, name_of, require_folder
from seigan_tf.data.photos.photo import Object, Photo, Problem
from seigan_tf.data.photos.reading import UnreadablePhoto, photo_size
from seigan_tf.utils.text import one_line, shown

POLYGONS = "_gtFine_polygons.json"
INSTANCES = "_gtFine_instanceIds.png"
PHOTO = "_leftImg8bit.png"

STUFF = (
    *("unlabeled", "ego vehicle", "rectification border", "out of roi", "static", "dynamic", "ground", "road"),
    *("sidewalk", "parking", "rail track", "building", "wall", "fence", "guard rail", "bridge", "tunnel", "pole"),
    *("polegroup", "traffic light", "traffic sign", "vegetation", "terrain", "sky"),
)
THINGS = ("person", "rider", "car", "truck", "bus", "caravan", "trailer", "train", "motorcycle", "bicycle")
IDS = {name: value for value, name in enumerate((*STUFF, *THINGS))}  # id of each label; things, from 24, have instances
UNPAINTED = "license plate"  # a label without an id: the car that carries it stays whole
VOID = 3  # largest id of a label that leaves the content of a pixel unknown
MAX_INSTANCES = 1000  # most instances of one class in a photo: the value of a pixel is class * 1000 + instance


def read_cityscapes(images: Path, annotations: Path | None = None) -> Iterator[Photo | Problem]:
    """Read the annotated frames, in the order of their paths.

    Box and mask of an object are those of its visible pixels. A group ("cargroup") is a crowd; all groups of one class
    in a photo are one. If a frame has both polygons and an instance map, the map is read. Frames with only void labels,
    as in the published test split, are problems: their content is unknown.

    `images` is leftImg8bit or leftImg8bit_sequence, or a split in it; `annotations` gtFine, or the same split in it.
    Ids of objects are the instance map's values (26001: the second car; 26: cars in groups).
    """
    require_folder(images)
    annotations = images if annotations is None else annotations
    if not annotations.is_dir():
        raise ValueError(f"{annotations}: no such folder, expected Cityscapes' gtFine")
    found = False
    for path in find_files(annotations, POLYGONS, INSTANCES):
        ending = POLYGONS if path.name.endswith(POLYGONS) else INSTANCES
        frame = path.name.removesuffix(ending)
        if ending == POLYGONS and path.with_name(frame + INSTANCES).is_file():
            continue
        found = True
        photo = images / path.relative_to(annotations).with_name(frame + PHOTO)
        yield from _read_frame(photo, images, path)
    if not found:
        raise ValueError(f"{annotations}: no *{POLYGONS} or *{INSTANCES} in it, expected Cityscapes' gtFine")


def _read_frame(path: Path, images: Path, annotation: Path) -> Iterator[Photo | Problem]:
    problems: list[str] = []
    try:
        name = name_of(path, images)
        width, height = photo_size(path)
        if annotation.name.endswith(POLYGONS):
            instances = _painted(annotation, width, height, problems)
        else:
            instances = _stored(annotation, width, height)
        objects = _objects(instances, problems)
    except (ValueError, UnreadablePhoto) as error:
        yield Problem("photo", shown(path.relative_to(images).as_posix()), str(error))
        return
    for what in problems:
        yield Problem("object", f"{annotation.name} of {name}", what)
    yield Photo(path, width, height, tuple(objects), name, incomplete=bool(problems))


def _stored(path: Path, width: int, height: int) -> np.ndarray:
    """Read the instance map of a PNG file, integers [height, width]."""
    try:
        with warnings.catch_warnings(action="ignore"), Image.open(path, formats=["PNG"]) as image:
            size, mode = image.size, image.mode
            if size == (width, height):
                instances = np.array(image)
    except Exception as error:  # Pillow's decoders raise nearly everything on damaged files.
        raise ValueError(f"{path.name}: {one_line(error)}") from None
    _check_size(path, size, width, height)
    if mode not in ("L", "I") and not mode.startswith("I;16"):
        raise ValueError(f"{path.name}: pixels of mode {mode}, expected one integer each")
    return instances


def _painted(path: Path, width: int, height: int, problems: list[str]) -> np.ndarray:
    """Paint the polygons of a JSON file as an instance map, int32 [height, width]: later ones cover earlier ones."""
    try:
        content = json.loads(path.read_bytes())
    except (OSError, ValueError, RecursionError) as error:
        raise ValueError(f"{path.name}: not JSON ({shown(str(error))})") from None
    if not isinstance(content, dict) or not isinstance(content.get("objects"), list):
        raise ValueError(f"{path.name}: not Cityscapes' polygons, expected an object with the list 'objects'")
    _check_size(path, (content.get("imgWidth"), content.get("imgHeight")), width, height)
    canvas = Image.new("I", (width, height), 0)
    draw = ImageDraw.Draw(canvas)
    counts = dict.fromkeys(THINGS, 0)
    for index, entry in enumerate(content["objects"]):
        try:
            if not isinstance(entry, dict) or not isinstance(label := entry.get("label"), str):
                raise ValueError("has no label, expected a text")
            if entry.get("deleted") or label == UNPAINTED:
                continue
            value = _value(label, counts)
            draw.polygon(_points(entry.get("polygon"), width, height), fill=value)
        except ValueError as error:
            problems.append(f"polygon {index} {error}")
    return np.asarray(canvas)


def _value(label: str, counts: dict[str, int]) -> int:
    """Return the pixel value of the next object of that label."""
    name = label if label in IDS else label.removesuffix("group")
    if name not in IDS:
        raise ValueError(f"has label {shown(label)}, expected one of Cityscapes'")
    if name != label or name not in counts:
        return IDS[name]
    if counts[name] == MAX_INSTANCES:
        raise ValueError(f"is one {name} too many, expected at most {MAX_INSTANCES}")
    counts[name] += 1
    return IDS[name] * MAX_INSTANCES + counts[name] - 1


def _points(polygon: Any, width: int, height: int) -> list[tuple[float, float]]:
    """Return the polygon's corners, which may lie outside the photo by its own width and height."""
    if not isinstance(polygon, list) or len(polygon) < 3:
        raise ValueError(f"is {shown(polygon)}, expected a list of at least 3 points")
    for point in polygon:
        pair = isinstance(point, list) and len(point) == 2 and all(isinstance(number, int | float) for number in point)
        if not pair or not (-width <= point[0] <= 2 * width and -height <= point[1] <= 2 * height):
            raise ValueError(f"has point {shown(point)}, expected x, y in the {width} x {height} photo")
    return [tuple(point) for point in polygon]


def _check_size(path: Path, size: tuple[Any, Any], width: int, height: int):
    if size != (width, height):
        raise ValueError(f"{path.name}: of {shown(size[0])} x {shown(size[1])} pixels, its photo of {width} x {height}")


def _objects(instances: np.ndarray, problems: list[str]) -> list[Object]:
    """Return the objects of an instance map, in the order of their values, from one pass over runs of equal pixels."""
    height, width = instances.shape
    pixels = instances.ravel(order="F")  # down each column, as COCO's run-length encoding goes
    starts = np.flatnonzero(np.concatenate([[True], pixels[1:] != pixels[:-1]]))
    ends = np.append(starts[1:], pixels.size)
    order = np.argsort(pixels[starts], kind="stable")
    values, first = np.unique(pixels[starts][order], return_index=True)
    if values[-1] <= VOID:
        raise ValueError(f"nothing is annotated in it, expected labels other than {', '.join(STUFF[: VOID + 1])}")
    objects = []
    for value, runs in zip(values.tolist(), np.split(order, first[1:]), strict=True):
        label = value // MAX_INSTANCES if value >= MAX_INSTANCES else value
        if label < 0 or label >= len(IDS) or (value >= MAX_INSTANCES and label < len(STUFF)):
            problems.append(
                f"pixels of {value}, expected an id of Cityscapes' labels, or that of a class with instances * 1000 + n"
            )
        elif label >= len(STUFF):
            counts = np.diff(np.stack([starts[runs], ends[runs]], 1).ravel(), prepend=0, append=pixels.size).tolist()
            counts = counts if counts[-1] else counts[:-1]
            encoded = coco_mask.frPyObjects({"size": [height, width], "counts": counts}, height, width)
            box = checked_box(coco_mask.toBbox(encoded).tolist(), width, height)
            segmentation = {"size": [height, width], "counts": encoded["counts"].decode()}
            objects.append(Object(box, value < MAX_INSTANCES, segmentation, value, THINGS[label - len(STUFF)]))
    return objects
