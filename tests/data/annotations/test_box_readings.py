"""Boxes whose numbers mean something else than the format says: fractions, corners for sizes and sizes for corners."""

import json
import random

import pytest
from PIL import Image

from seigan_tf.data.annotations.box_readings import BoxReadings
from seigan_tf.data.annotations.boxes import pixel_box
from seigan_tf.data.annotations.formats import read_annotations
from seigan_tf.data.photos.photo import Photo

SIZE = (640, 480)
FITTING = [(200 + 15 * i, 150 + 5 * i, 100 - i, 90 + i) for i in range(6)]
"""Boxes, as sizes, whose corners could be sizes too: nothing reaches out of the photo."""
RIGHT = [(380 + 20 * i, 300, 120, 100) for i in range(3)]
"""Boxes whose corners would reach out of the photo as sizes."""


def corners(boxes):
    return [(x, y, x + w, y + h) for x, y, w, h in boxes]


def fractions(boxes):
    return [(x / 640, y / 480, w / 640, h / 480) for x, y, w, h in boxes]


@pytest.fixture
def read(tmp_path):
    """Function that reads boxes, one for each photo, from a file of the kind given."""
    (tmp_path / "photos").mkdir()

    def call(kind, boxes, **annotation):
        for number in range(len(boxes)):
            Image.new("RGB", SIZE).save(tmp_path / "photos" / f"{number}.png")
        path = tmp_path / ("boxes.json" if kind == "coco" else "boxes.csv")
        if kind == "coco":
            images = [{"id": i, "file_name": f"{i}.png", "width": 640, "height": 480} for i in range(len(boxes))]
            objects = [{"id": i, "image_id": i, "bbox": box, **annotation} for i, box in enumerate(boxes)]
            path.write_text(json.dumps({"images": images, "annotations": objects}))
        else:
            header = {"edges": "file,xmin,ymin,xmax,ymax", "sizes": "file,x,y,w,h", "text": "image_id,bbox"}.get(
                kind, ""
            )
            rows = [
                f'{i},"{list(box)}"' if kind == "text" else ",".join(map(str, (f"{i}.png", *box)))
                for i, box in enumerate(boxes)
            ]
            path.write_text("\n".join([*filter(None, [header]), *rows]) + "\n")
        source = "coco" if kind == "coco" else "csv"
        return [
            item.objects[0].box
            for item in read_annotations(source, tmp_path / "photos", path)
            if isinstance(item, Photo)
        ]

    return call


@pytest.mark.parametrize("boxes", [FITTING, RIGHT], ids=["inside both ways", "outside as sizes"])
@pytest.mark.parametrize("kind", ["coco", "no header", "text"])
def test_corners_in_place_of_sizes_are_refused_with_the_way_to_say_it(read, one_line_error, kind, boxes):
    message = one_line_error(read, kind, corners(boxes))
    assert "likely x1, y1, x2, y2" in message
    assert {"coco": "x2 - x1", "no header": "file,x1,y1,x2,y2,class", "text": "four columns x1,y1,x2,y2"}[
        kind
    ] in message
    assert read(kind, boxes) == boxes


def test_columns_that_are_named_are_taken_at_their_word(read):
    assert read("sizes", corners(FITTING[:5])) == corners(FITTING[:5])
    assert read("edges", corners(FITTING)) == FITTING


def test_edges_that_are_sizes_are_refused(read, one_line_error):
    assert "all fit as x, y, width, height" in one_line_error(read, "edges", FITTING)


def test_area_says_that_large_boxes_are_sizes(read, one_line_error):
    large = [(60 + 9 * i, 50 + 8 * i, 400 + 10 * i, 350 + 9 * i) for i in range(6)]
    assert "likely x1, y1, x2, y2" in one_line_error(read, "coco", large)
    (x, y, w, h) = large[0]
    assert read("coco", [large[0]] * 6, area=w * h) == [large[0]] * 6
    assert "'area'" in one_line_error(read, "coco", [(x, y, w, h)] * 6, area=(w - x) * (h - y))


def test_large_objects_in_the_middle_are_sizes_though_they_can_be_corners(read):
    generator = random.Random(0)
    boxes = []
    for _ in range(200):
        left, right = (generator.randrange(20, 150) for _ in range(2))
        top, bottom = (generator.randrange(20, 110) for _ in range(2))
        boxes.append((left, top, 640 - left - right, 480 - top - bottom))
    readings = BoxReadings()
    for box in boxes:
        readings.add(box, *SIZE)
    assert readings.bad_corners == 0
    assert not readings.are_corners


@pytest.mark.parametrize("count", [5, 20])
@pytest.mark.parametrize("name", ["cats_val", "coco128", "coco_person"])
def test_a_few_boxes_of_real_sets_are_told_from_their_corners(request, name, count):
    content = json.loads(request.getfixturevalue(name)[1].read_text())
    sizes = {image["id"]: (image["width"], image["height"]) for image in content["images"]}
    boxes = [(entry["bbox"], sizes[entry["image_id"]]) for entry in content["annotations"]]
    wrong = missed = 0
    for seed in range(100):
        as_sizes, as_corners = BoxReadings(), BoxReadings()
        for box, size in random.Random(seed).sample(boxes, count):
            as_sizes.add(box, *size)
            as_corners.add(corners([box])[0], *size)
        wrong += as_sizes.are_corners
        missed += not as_corners.are_corners
    assert wrong <= 1
    assert missed <= 2


@pytest.mark.parametrize("kind", ["coco", "no header", "text", "edges", "sizes"])
def test_fractions_in_place_of_pixels_are_refused(read, one_line_error, kind):
    boxes = fractions(corners(RIGHT) if kind == "edges" else RIGHT)
    message = one_line_error(read, kind, boxes)
    assert "all numbers of its 3 boxes are from 0 to 1, so they are fractions" in message


@pytest.mark.parametrize("box", [(0.1, 0.2, 0.3, 0.4), (0, 0, 1, 0.5), (-0.05, 0.1, 0.3, 0.2), (0.5, 0, 1.002, 1)])
def test_one_box_in_fractions_among_others_is_a_problem(one_line_error, box):
    assert "is in fractions of the 640 x 480 photo" in one_line_error(pixel_box, box, *SIZE)
    assert pixel_box((0, 0, 1, 1), *SIZE) == (0, 0, 1, 1)  # a pixel in the corner
