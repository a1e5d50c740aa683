"""10,000 damaged annotation files: each gives photos and problems, or one clear line, and never a traceback."""

import json
import os
import tempfile
from pathlib import Path

import ijson
import numpy as np
import pytest
from PIL import Image

from seigan_tf.data.annotations.formats import FORMATS
from tests.data.annotations import tool_fuzz
from tests.data.annotations.mutations import HEIGHT, WIDTH, AnnotatedSet, Target, photos, survive, written


def coco(folder: Path) -> AnnotatedSet:
    common = {"iscrowd": 0, "category_id": 1}
    content = {
        "info": {"year": 2024},
        "images": [
            {"id": 1, "file_name": "a.png", "width": WIDTH, "height": HEIGHT},
            {"id": 2, "file_name": "b/c.png", "width": WIDTH, "height": HEIGHT},
        ],
        "annotations": [
            {"id": 1, "image_id": 1, "bbox": [2, 3, 10.5, 8], "segmentation": [[2, 3, 12.5, 3, 12.5, 11]], **common},
            {"id": 2, "image_id": 2, "bbox": [0, 0, 4, 4], **common},
            {"id": 3, "image_id": 2, "bbox": [5, 5, 4, 4], **common}
            | {"iscrowd": 1, "segmentation": {"size": [HEIGHT, WIDTH], "counts": [85, 4, 295]}},
        ],
        "categories": [{"id": 1, "name": "猫"}],
    }
    path = written(folder / "instances.json", json.dumps(content, ensure_ascii=False))
    return AnnotatedSet(photos(folder / "photos", "a.png", "b/c.png"), path, path)


def csv_with_header(folder: Path) -> AnnotatedSet:
    rows = 'a.png,2,3,12.5,11,猫,1\n"b/c, d.png",0,0,4,4,dog,2\n# comment\n"b/c, d.png",5,5,9,9,,3\n'
    path = written(folder / "boxes.csv", "\ufefffile,xmin,ymin,xmax,ymax,class,id\n" + rows)
    return AnnotatedSet(photos(folder / "photos", "a.png", "b/c, d.png"), path, path)


def csv_without_header(folder: Path) -> AnnotatedSet:
    path = written(folder / "boxes.txt", 'a.png 2 3 10.5 8 cat\n"b c.png" 0 0 4 4\n\n"b c.png" 5 5 4 4 cat\nd.png\n')
    return AnnotatedSet(photos(folder / "photos", "a.png", "b c.png", "d.png"), path, path)


def yolo_boxes(folder: Path) -> AnnotatedSet:
    written(folder / "classes.txt", "cat\ndog\n")
    path = written(folder / "labels" / "a.txt", "0 0.3 0.4 0.25 0.5\n1 0.75 0.5 0.2 0.25 0.9\n")
    return AnnotatedSet(photos(folder / "photos", "a.png"), folder / "labels", path)


def yolo_polygons(folder: Path) -> AnnotatedSet:
    path = written(folder / "labels" / "b" / "a.txt", "0 0.3 0.4 0.55 0.4 0.55 0.9 0.3 0.9\n\n2 0 0 1 0 1 1\n")
    return AnnotatedSet(photos(folder / "photos", "b/a.png"), folder / "labels", path)


def yolo_settings(folder: Path) -> AnnotatedSet:
    written(folder / "labels" / "a.txt", "0 0.3 0.4 0.25 0.5\n7 0.75 0.5 0.2 0.25\n")
    path = written(folder / "data.yaml", "path: .\ntrain: images\nnc: 2\nnames:\n  0: cat\n  7: 'no'  # yes\n")
    return AnnotatedSet(photos(folder / "images", "a.png"), path, path)


def voc(folder: Path) -> AnnotatedSet:
    box = "<bndbox><xmin>3</xmin><ymin>4</ymin><xmax>12.5</xmax><ymax>11</ymax></bndbox>"
    path = written(
        folder / "xml" / "b" / "a.xml",
        f"""<?xml version="1.0" encoding="UTF-8"?>
<annotation verified="yes">
  <folder>b</folder><filename>a.png</filename>
  <size><width>{WIDTH}</width><height>{HEIGHT}</height><depth>3</depth></size>
  <object><name>猫</name><difficult>0</difficult>{box}</object>
  <object><name>dog &amp; cat</name>{box}<part><name>head</name>{box}</part></object>
</annotation>""",
    )
    return AnnotatedSet(photos(folder / "photos", "b/a.png"), folder / "xml", path)


def cityscapes_set(folder: Path, ending: str) -> AnnotatedSet:
    frame = "ulm/ulm_000000_000019_"
    images = photos(folder / "leftImg8bit", f"{frame}leftImg8bit.png")
    path = folder / "gtFine" / f"{frame}gtFine_{ending}"
    path.parent.mkdir(parents=True)
    return AnnotatedSet(images, folder / "gtFine", path)


def cityscapes_polygons(folder: Path) -> AnnotatedSet:
    result = cityscapes_set(folder, "polygons.json")
    shapes = {
        "road": [[0, 8], [23, 8], [23, 15], [0, 15]],
        "car": [[2, 3], [12, 3], [12, 10]],
        "persongroup": [[15, 1], [20, 1], [20, 12]],
    }
    objects = [{"label": label, "polygon": polygon, "deleted": 0} for label, polygon in shapes.items()]
    written(result.damaged, json.dumps({"imgHeight": HEIGHT, "imgWidth": WIDTH, "objects": objects}))
    return result


def cityscapes_instances(folder: Path) -> AnnotatedSet:
    result = cityscapes_set(folder, "instanceIds.png")
    pixels = np.full((HEIGHT, WIDTH), 7, np.uint16)
    pixels[3:10, 2:12], pixels[2:8, 14:20] = 26000, 24
    Image.fromarray(pixels).save(result.damaged)
    return result


TARGETS = [
    Target("coco", coco, 2800),
    Target("csv", csv_with_header, 1400),
    Target("csv", csv_without_header, 1000),
    Target("yolo", yolo_boxes, 900),
    Target("yolo", yolo_polygons, 600),
    Target("yolo", yolo_settings, 800),
    Target("voc", voc, 1200),
    Target("cityscapes", cityscapes_polygons, 1000),
    Target("cityscapes", cityscapes_instances, 300),
    *tool_fuzz.TARGETS,
]


@pytest.fixture
def folder(tmp_path):
    """An empty folder, in memory where the system has one there: the files are small and written again and again."""
    memory = Path("/dev/shm")
    if not os.access(memory, os.W_OK):
        yield tmp_path
        return
    with tempfile.TemporaryDirectory(dir=memory) as name:
        yield Path(name)


@pytest.mark.parametrize(("seed", "target"), enumerate(TARGETS), ids=[target.name for target in TARGETS])
def test_damaged_annotations_give_items_or_one_line(folder, seed, target):
    outcomes = survive(target, folder, target.mutations, seed)
    # The damage must be such that readers get to see it: not all of it is harmless, nor all of it fatal.
    assert outcomes["without problems"] < 0.7 * target.mutations
    assert outcomes["refused"] < 0.9 * target.mutations


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")  # of ijson's generators
def test_damaged_coco_files_give_items_or_one_line_without_the_fast_parser(folder, monkeypatch):
    monkeypatch.setattr(ijson, "items", ijson.get_backend("python").items)
    survive(Target("coco", coco, 0), folder, 500, 99)


def test_there_are_ten_thousand_damaged_files_of_all_formats():
    assert sum(target.mutations for target in TARGETS) >= 10_000
    assert {target.source for target in TARGETS} == set(FORMATS)
