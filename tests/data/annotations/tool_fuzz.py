"""Sets as tools export them, to be damaged; `python -m tests.data.annotations.tool_fuzz 10000` does it as often."""

import base64
import io
import json
import sys
import tempfile
from functools import partial
from pathlib import Path

import numpy as np
from PIL import Image

from seigan_tf.data.photos.photo import Box, Object, Photo
from tests.data.annotations.mutations import HEIGHT, WIDTH, AnnotatedSet, Target, photos, survive, written
from tests.data.annotations.tool_exports import EXPORTS

BOXES = {"a.png": [(2, 3, 10.5, 8)], "b/c.png": [(1, 2, 4, 4), (5, 5, 4, 6)]}


def exported(name: str, folder: Path) -> AnnotatedSet:
    """Two photos as an export of `EXPORTS` has them."""
    images = photos(folder / "photos", *BOXES)
    content = [
        Photo(images / photo, WIDTH, HEIGHT, tuple(Object(box, category="cat") for box in boxes), photo)
        for photo, boxes in BOXES.items()
    ]
    path = EXPORTS[name][2](content, folder / EXPORTS[name][1])
    return AnnotatedSet(images, path, path if path.is_file() else max(path.rglob("c.*")))


def cvat_shapes(folder: Path) -> AnnotatedSet:
    shapes = f"""<annotations><version>1.1</version><image id="0" name="a.png" width="{WIDTH}" height="{HEIGHT}">
<polygon label="cat" points="2.5,3.0;12,3;12,9.5" z_order="0"/>
<box label="dog" xtl="4" ytl="4" xbr="9" ybr="9" rotation="30"/>
<mask label="cat" rle="3, 2, 1, 6" left="5" top="6" width="4" height="3"/>
<ellipse label="cat" cx="9" cy="8" rx="3" ry="2"/>
</image><image id="1" name="b/c.png" width="{WIDTH}" height="{HEIGHT}"><tag label="x"/></image></annotations>"""
    path = written(folder / "annotations.xml", shapes)
    return AnnotatedSet(photos(folder / "photos", *BOXES), path, path)


def cvat_video(folder: Path) -> AnnotatedSet:
    path = written(
        folder / "annotations.xml",
        f"""<annotations><meta><task><original_size><width>{WIDTH}</width><height>{HEIGHT}</height></original_size>
</task></meta><track id="0" label="cat"><box frame="0" outside="0" xtl="2.5" ytl="3" xbr="9" ybr="9"/>
<box frame="1" outside="0" xtl="3.5" ytl="4" xbr="10" ybr="10"/>
<box frame="2" outside="1" xtl="3" ytl="4" xbr="10" ybr="10"/>
</track></annotations>""",
    )
    return AnnotatedSet(photos(folder / "photos", "frame_000000.png", "frame_000001.png"), path, path)


def labelme_shapes(folder: Path) -> AnnotatedSet:
    content = io.BytesIO()
    Image.fromarray(np.eye(2, 3, dtype=bool)).save(content, "PNG")
    mask = base64.b64encode(content.getvalue()).decode()
    shapes = [
        {"label": "cat", "points": [[2, 3], [12, 3], [12, 9.5]], "group_id": 1, "shape_type": "polygon", "flags": {}},
        {"label": "cat", "points": [[14, 3], [18, 3], [18, 9]], "group_id": 1, "shape_type": "polygon", "flags": {}},
        {"label": "dog", "points": [[9, 8], [11, 9]], "group_id": None, "shape_type": "circle", "flags": {}},
        {"label": "nose", "points": [[9, 8]], "group_id": None, "shape_type": "point", "flags": {}},
        {"label": "dog", "points": [[9, 8], [11, 9]], "shape_type": "mask", "mask": mask},
    ]
    fields = {"version": "5.4.1", "flags": {}, "shapes": shapes, "imagePath": "..\\photos\\a.png", "imageData": None}
    fields |= {"imageHeight": HEIGHT, "imageWidth": WIDTH}
    path = written(folder / "json" / "a.json", json.dumps(fields))
    return AnnotatedSet(photos(folder / "photos", *BOXES), folder / "json", path)


def label_studio_shapes(folder: Path) -> AnnotatedSet:
    size = {"original_width": WIDTH, "original_height": HEIGHT, "image_rotation": 0}
    values = [
        {"points": [[10, 10], [50, 10], [50, 60.5]], "polygonlabels": ["cat"]},
        {"x": 50, "y": 50, "radiusX": 20, "radiusY": 10, "rotation": 0, "ellipselabels": ["dog"]},
        {"x": 30, "y": 30, "width": 20, "height": 30, "rotation": 15, "rectanglelabels": ["dog"]},
        {"x": 30, "y": 30, "width": 0.2, "keypointlabels": ["nose"]},
    ]
    results = [{"id": str(index), "value": value, **size} for index, value in enumerate(values)]
    task = {"id": 1, "annotations": [{"result": results}], "data": {"image": "/data/upload/1/0123abcd-a.png"}}
    path = written(
        folder / "tasks.json", json.dumps([task, {"id": 2, "annotations": [], "data": {"image": "b/c.png"}}])
    )
    return AnnotatedSet(photos(folder / "photos", *BOXES), path, path)


def via_shapes(folder: Path) -> AnnotatedSet:
    shapes = [
        {"name": "polygon", "all_points_x": [2, 12, 12], "all_points_y": [3, 3, 9.5]},
        {"name": "circle", "cx": 9, "cy": 8, "r": 3.5},
        {"name": "ellipse", "cx": 9, "cy": 8, "rx": 3, "ry": 2, "theta": 0.5},
        {"name": "point", "cx": 9, "cy": 8},
    ]
    regions = [{"shape_attributes": shape, "region_attributes": {"kind": "cat"}} for shape in shapes]
    content = {"a.png9": {"filename": "a.png", "size": 9, "regions": dict(enumerate(regions)), "file_attributes": {}}}
    path = written(folder / "via.json", json.dumps(content))
    return AnnotatedSet(photos(folder / "photos", *BOXES), path, path)


def yolo_pose(folder: Path) -> AnnotatedSet:
    written(folder / "data.yaml", "names: [cat, dog]\nkpt_shape: [2, 3]\n")
    row = "0 0.3 0.4 0.25 0.5 0.2 0.3 2 0 0 0\n"
    path = written(folder / "labels" / "a.txt", row + row.replace("0.3", "0.5"))
    return AnnotatedSet(photos(folder / "photos", "a.png"), folder / "labels", path)


def yolo_obb(folder: Path) -> AnnotatedSet:
    path = written(
        folder / "labels" / "a.txt", "0 0.3 0.2 0.5 0.4 0.3 0.6 0.1 0.4\n1 0.2 0.2 0.4 0.2 0.4 0.4 0.2 0.4\n"
    )
    return AnnotatedSet(photos(folder / "photos", "a.png"), folder / "labels", path)


def yolo_segment(folder: Path) -> AnnotatedSet:
    return yolo_obb(folder)


def sizes(box: Box, photo: Photo) -> list[float]:
    return list(box)


def edges(box: Box, photo: Photo) -> list[float]:
    return [box[0], box[1], box[0] + box[2], box[1] + box[3]]


def percent(box: Box, photo: Photo) -> list[float]:
    return [100 * value / side for value, side in zip(box, (photo.width, photo.height) * 2, strict=True)]


def fractions(box: Box, photo: Photo) -> list[float]:
    return [value / side for value, side in zip(edges(box, photo), (photo.width, photo.height) * 2, strict=True)]


def centers(box: Box, photo: Photo) -> list[float]:
    return [box[0] + box[2] / 2, box[1] + box[3] / 2, box[2], box[3]]


def counted_from_one(box: Box, photo: Photo) -> list[float]:
    return []  # from one or from zero: another coordinate may decide it


WRITTEN = {
    "open-images": fractions,
    "kaggle": sizes,
    "cvat": edges,
    "labelme": edges,
    "label-studio": percent,
    "label-studio-min": percent,
    "via": sizes,
    "via-csv": sizes,
    "via-3": sizes,
    "createml": centers,
    "kitti": edges,
    "voc-from-0": counted_from_one,
}
SHAPES = {
    cvat_shapes: "cvat",
    cvat_video: "cvat",
    labelme_shapes: "labelme",
    label_studio_shapes: "label-studio",
    via_shapes: "via",
    yolo_pose: "yolo-pose",
    yolo_obb: "yolo-obb",
    yolo_segment: "yolo-segment",
}
TARGETS = [
    *(Target(EXPORTS[name][0], partial(exported, name), 80, numbers) for name, numbers in WRITTEN.items()),
    *(Target(source, build, 80) for build, source in SHAPES.items()),
]

if __name__ == "__main__":
    for seed, target in enumerate(TARGETS):
        with tempfile.TemporaryDirectory(dir="/dev/shm") as name:
            print(target.source, target.name, survive(target, Path(name), int(sys.argv[1]), 1000 + seed), flush=True)
