"""10,000 damaged annotation files: each gives photos and problems, or one clear line, and never a traceback."""

import json
import os
import random
import re
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import ijson
import numpy as np
import pytest
from PIL import Image

from seigan_tf.data.annotations.formats import FORMATS, read_annotations
from seigan_tf.data.annotations.masks import object_mask
from seigan_tf.data.photos.photo import Object, Photo, Problem

WIDTH, HEIGHT = 24, 16
"""Of every photo: small, as each file is read thousands of times."""


class AnnotatedSet(NamedTuple):
    """A valid set, and the file of it that is damaged."""

    images: Path
    annotations: Path
    damaged: Path


def photos(folder: Path, *names: str) -> Path:
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.new("RGB", (WIDTH, HEIGHT)).save(path)
    return folder


def written(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


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


class Target(NamedTuple):
    """What is damaged, and how often."""

    source: str
    build: Callable[[Path], AnnotatedSet]
    """Writes a valid set into an empty folder."""
    mutations: int


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
]

NUMBER = re.compile(rb"-?\d+(?:\.\d+)?(?:[eE][-+]?\d+)?")
WORD = re.compile(rb"[A-Za-z_][A-Za-z_0-9.]*")
NUMBERS = (
    *(b"NaN", b"nan", b"Infinity", b"-inf", b"1e999", b"-1e999", b"1e308", b"-1", b"0", b"-0.0", b"1e-400", b"0.5"),
    *(b"", b" ", b"null", b"true", b'"1"', b"[]", b"1_0", b"0x10", b"1,5", "١".encode(), b"2147483648"),
    *(b"9223372036854775807", b"9223372036854775808", b"9" * 40, b"9" * 5000, b"1" + b"0" * 400),
)
WORDS = (
    *(b"", b"..", b"../a.png", b"/etc/passwd", b"a" * 5000, b"{", b"]", b'"', b"<", b"&", b"&#0;", b"&x;", b"\\"),
    *(b"\\ud800", b"\\u0000", b"\xff\xfe", b"\xed\xa0\x80", b"\n", b"\r", b"\0", b"\xe2\x80\xa8"),
    *(b"- ", b": ", b"!!int ", b"*x"),
)
VALUES = (None, True, -1, 0, 2**31, 2**63, 2**70, 1e308, "", "..", "a\0\n\u2028", [], {}, [[]], [None], {"": None})


def damaged(data: bytes, random: random.Random) -> bytes:
    """The file with one to three changes; most of them make it malformed in one place only."""
    for _ in range(random.choice((1, 1, 1, 2, 3))):
        data = random.choice(CHANGES)(data, random)
    return data


def _span(data: bytes, random: random.Random) -> tuple[int, int]:
    start = random.randrange(len(data) + 1)
    return start, min(start + random.choice((1, 2, 5, 20, 80)), len(data))


def flip_bytes(data: bytes, random: random.Random) -> bytes:
    changed = bytearray(data)
    for _ in range(random.choice((1, 1, 3, 10)) if data else 0):
        changed[random.randrange(len(data))] ^= 1 << random.randrange(8)
    return bytes(changed)


def truncate(data: bytes, random: random.Random) -> bytes:
    return data[: random.randrange(len(data) + 1)]


def delete_span(data: bytes, random: random.Random) -> bytes:
    start, end = _span(data, random)
    return data[:start] + data[end:]


def repeat_span(data: bytes, random: random.Random) -> bytes:
    start, end = _span(data, random)
    return data[:end] + data[start:end] * random.choice((1, 1, 2, 50)) + data[end:]


def move_span(data: bytes, random: random.Random) -> bytes:
    start, end = _span(data, random)
    rest = data[:start] + data[end:]
    place = random.randrange(len(rest) + 1)
    return rest[:place] + data[start:end] + rest[place:]


def insert_bytes(data: bytes, random: random.Random) -> bytes:
    place = random.randrange(len(data) + 1)
    return data[:place] + random.choice((*WORDS, random.randbytes(4), b"[" * 300)) + data[place:]


def _replace_match(pattern: re.Pattern, values, data: bytes, random: random.Random) -> bytes:
    matches = list(pattern.finditer(data))
    if not matches:
        return data
    match = random.choice(matches)
    # A value of the file itself: duplicate names, keys in the wrong place.
    value = random.choice((*values, *[random.choice(matches).group()] * (len(values) // 2)))
    return data[: match.start()] + value + data[match.end() :]


def change_number(data: bytes, random: random.Random) -> bytes:
    return _replace_match(NUMBER, NUMBERS, data, random)


def change_word(data: bytes, random: random.Random) -> bytes:
    return _replace_match(WORD, WORDS, data, random)


def change_json(data: bytes, random: random.Random) -> bytes:
    """One value replaced by another of the file or of VALUES, or one key renamed or removed."""
    try:
        content = json.loads(data)
    except (ValueError, RecursionError):
        return change_number(data, random)
    nodes = list(_nodes(content))
    if not nodes:
        return data
    parent, key = random.choice(nodes)
    other, other_key = random.choice(nodes)
    change = random.randrange(4)
    if change == 0:
        parent[key] = json.loads(json.dumps(other[other_key]))
    elif change == 1 and isinstance(parent, dict):
        parent[random.choice(("", str(other_key), key.upper()))] = parent.pop(key)
    elif change == 2:
        del parent[key]
    else:
        parent[key] = random.choice(VALUES)
    return json.dumps(content, ensure_ascii=random.random() < 0.5).encode("utf-8", "surrogatepass")


def _nodes(value: Any) -> Iterator[tuple[Any, Any]]:
    """Parent and key or index of every value below."""
    keys = list(value) if isinstance(value, dict) else range(len(value)) if isinstance(value, list) else ()
    for key in keys:
        yield value, key
        yield from _nodes(value[key])


CHANGES = (
    *(flip_bytes, truncate, delete_span, repeat_span, move_span, insert_bytes),
    *(change_number, change_number, change_number, change_word, change_word, change_word),
    *(change_json, change_json, change_json, change_json),
)


def check(item: Any) -> None:
    """That what a reader yields can be used, and written into a report."""
    if isinstance(item, Problem):
        assert item.kind in ("photo", "object")
        for text in item[1:]:
            assert text
            assert len(text.splitlines()) == 1
            assert len(text) < 1000
            assert text.encode()
        return
    assert isinstance(item, Photo)
    assert item.name.encode()
    assert not item.name.startswith(("/", "../"))
    assert item.width >= 1
    assert item.height >= 1
    for entry in item.objects:
        x, y, w, h = entry.box
        assert 0 <= x <= x + w <= item.width
        assert 0 <= y <= y + h <= item.height
        assert entry.category.encode() is not None
        assert -(2**63) < entry.id < 2**63
        check_mask(entry, item)


def check_mask(entry: Object, photo: Photo) -> None:
    """That the object's mask can be made, or is refused in one line."""
    if (photo.width, photo.height) != (WIDTH, HEIGHT):
        return  # Before masks are made the photo is opened, and refused for its size.
    try:
        mask = object_mask(entry, photo)
    except ValueError as error:
        assert len(str(error).splitlines()) == 1
        assert len(str(error)) < 1000
        return
    assert mask is None or (mask.shape == (HEIGHT, WIDTH) and mask.dtype == bool)


def survive(target: Target, folder: Path, count: int, seed: int) -> dict[str, int]:
    """Reads `count` damaged files; fails with the first that gives anything but items or one line."""
    images, annotations, path = target.build(folder)
    valid = path.read_bytes()
    outcomes = {"without problems": 0, "with problems": 0, "refused": 0}
    expected = list(read_annotations(target.source, images, annotations))
    assert expected
    assert all(isinstance(item, Photo) for item in expected)
    for index in range(count):
        data = damaged(valid, random.Random(seed * 100_000 + index))
        path.write_bytes(data)
        try:
            items = []
            for item in read_annotations(target.source, images, annotations):
                check(item)
                items.append(item)
            outcomes["with problems" if any(isinstance(item, Problem) for item in items) else "without problems"] += 1
        except ValueError as error:
            message = str(error)
            assert len(message.splitlines()) == 1, f"{index}: {message!r}"
            assert len(message) < 1000
            assert message.encode()
            outcomes["refused"] += 1
        except Exception as error:
            pytest.fail(f"mutation {index} of seed {seed}: {error!r} from {data[:2000]!r}")
    return outcomes


@pytest.fixture
def folder(tmp_path):
    """An empty folder, in memory where the system has one there: the files are small and written again and again."""
    memory = Path("/dev/shm")
    if not os.access(memory, os.W_OK):
        yield tmp_path
        return
    with tempfile.TemporaryDirectory(dir=memory) as name:
        yield Path(name)


@pytest.mark.parametrize(("seed", "target"), enumerate(TARGETS), ids=[target.build.__name__ for target in TARGETS])
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
