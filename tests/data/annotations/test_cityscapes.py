"""Reading Cityscapes: files laid out as published, polygons against instance maps, and what damaged ones are told."""

import json
import time

import numpy as np
import pytest
from PIL import Image, ImageDraw

from seigan_tf.data.annotations.cityscapes import read_cityscapes
from seigan_tf.data.annotations.masks import object_mask
from seigan_tf.data.photos.photo import Photo, Problem

FRAME = "aachen_000000_000019"
WIDTH, HEIGHT = 256, 128


def rectangle(left, top, right, bottom):
    """Corners of pixels left..right, top..bottom; those on the outline belong to a polygon."""
    return [[left, top], [right, top], [right, bottom], [left, bottom]]


def entry(label, polygon, **more):
    return {"label": label, "polygon": polygon, **more}


SCENE = [
    entry("out of roi", rectangle(0, 0, WIDTH - 1, HEIGHT - 1)),
    entry("road", rectangle(5, 60, 250, 122)),
    entry("sky", rectangle(5, 5, 250, 59)),
    entry("car", rectangle(20, 50, 59, 89)),
    entry("license plate", rectangle(30, 80, 39, 84)),
    entry("car", rectangle(40, 60, 79, 99)),
    entry("person", rectangle(100, 20, 109, 79), deleted=1),
    entry("person", rectangle(120, 20, 129, 79), deleted=0),
    entry("bicyclegroup", rectangle(150, 70, 179, 89)),
    entry("bicyclegroup", rectangle(190, 70, 199, 79)),
    entry("traffic sign", rectangle(124, 10, 125, 100)),
    entry("train", rectangle(210, 20, 219, 29)),
    entry("train", rectangle(210, 40, 219, 49)),
    entry("building", rectangle(200, 10, 229, 34)),
    entry("polegroup", rectangle(240, 40, 244, 60)),
    entry("skygroup", rectangle(246, 40, 249, 50)),
    entry("ego vehicle", [[0, 127], [80, 110], [160, 110], [255, 127]]),
    entry("rider", [[230, 90], [250, 100], [280, 140], [225, 150]]),
]
"""Occlusion, deleted and hidden objects, groups, stuff whose name ends in "group", and corners outside the photo."""

BOXES = {
    26000: (20, 50, 40, 40),
    26001: (40, 60, 40, 40),
    24000: (120, 20, 10, 60),
    33: (150, 70, 50, 20),
    31001: (210, 40, 10, 10),
}
"""Boxes of the scene's objects but the rider, by id."""

NUMBERS = {"person": 24, "rider": 25, "car": 26, "train": 31, "bicycle": 33}
STUFF = {"out of roi": 3, "road": 7, "sky": 23, "traffic sign": 20, "building": 11, "polegroup": 18, "ego vehicle": 1}


def instance_map(scene, width=WIDTH, height=HEIGHT) -> np.ndarray:
    """The map that Cityscapes' own script makes of the polygons (json2instanceImg.py): uint16 [height, width]."""
    image = Image.new("I", (width, height), 0)
    counts = dict.fromkeys(NUMBERS, 0)
    for item in scene:
        label = item["label"]
        if item.get("deleted") or label == "license plate":
            continue
        value = STUFF.get(label)
        if value is None and label.endswith("group"):
            label = label.removesuffix("group")
            value = STUFF.get(label, NUMBERS.get(label))
        elif value is None:
            value = NUMBERS[label] * 1000 + counts[label]
            counts[label] += 1
        ImageDraw.Draw(image).polygon([tuple(point) for point in item["polygon"]], fill=value)
    return np.asarray(image).astype(np.uint16)


class CityscapesSet:
    """leftImg8bit and gtFine, with the names of the published set."""

    def __init__(self, folder):
        self.images = folder / "leftImg8bit"
        self.annotations = folder / "gtFine"

    def photo(self, frame=FRAME, split="train", width=WIDTH, height=HEIGHT, images=None):
        path = (images or self.images) / split / frame.split("_")[0] / f"{frame}_leftImg8bit.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(np.zeros((height, width, 3), np.uint8)).save(path)
        return path

    def polygons(self, scene, frame=FRAME, split="train", **more):
        path = self._annotation(frame, split, "polygons.json")
        path.write_text(json.dumps({"imgHeight": HEIGHT, "imgWidth": WIDTH, "objects": scene} | more))
        return path

    def instances(self, values, frame=FRAME, split="train"):
        path = self._annotation(frame, split, "instanceIds.png")
        Image.fromarray(values).save(path)
        # The published set has these as well; neither is read.
        Image.fromarray(np.zeros_like(values, np.uint8)).save(self._annotation(frame, split, "labelIds.png"))
        Image.fromarray(np.zeros((*values.shape[:2], 4), np.uint8)).save(self._annotation(frame, split, "color.png"))
        return path

    def _annotation(self, frame, split, ending):
        path = self.annotations / split / frame.split("_")[0] / f"{frame}_gtFine_{ending}"
        path.parent.mkdir(parents=True, exist_ok=True)
        return path

    def read(self):
        return list(read_cityscapes(self.images, self.annotations))


@pytest.fixture
def cityscapes(tmp_path):
    return CityscapesSet(tmp_path / "cityscapes")


def only_problem(items) -> Problem:
    (problem,) = [item for item in items if isinstance(item, Problem)]
    assert "\n" not in problem.where + problem.what
    return problem


def test_objects_are_what_is_seen_of_them(cityscapes):
    path = cityscapes.photo()
    cityscapes.polygons(SCENE)
    (photo,) = cityscapes.read()
    assert (photo.path, photo.width, photo.height) == (path, WIDTH, HEIGHT)
    assert photo.name == f"train/aachen/{FRAME}_leftImg8bit.png"
    objects = {item.id: item for item in photo.objects}
    # The first train is hidden by the building, and one person is deleted.
    assert {key: item.box for key, item in objects.items() if key != 25000} == BOXES
    assert [item.id for item in photo.objects if item.crowd] == [33]
    categories = {key: item.category for key, item in objects.items()}
    assert categories == {24000: "person", 25000: "rider", 26000: "car", 26001: "car", 31001: "train", 33: "bicycle"}
    car = object_mask(objects[26000], photo)
    assert car[85, 30:40].all(), "the license plate is painted over the car"
    assert not car[60:90, 40:60].any(), "the car behind covers the one in front"
    assert car.sum() == 40 * 40 - 30 * 20
    assert not object_mask(objects[24000], photo)[:, 124:126].any()


def test_polygons_and_instance_map_of_a_scene_give_the_same_objects(cityscapes):
    cityscapes.photo()
    polygons = cityscapes.polygons(SCENE)
    from_polygons = cityscapes.read()
    polygons.unlink()
    values = instance_map(SCENE)
    cityscapes.instances(values)
    (photo,) = from_instances = cityscapes.read()
    assert from_polygons == from_instances
    assert {item.id for item in photo.objects} == {value for value in np.unique(values).tolist() if value >= 24}
    for item in photo.objects:
        assert (object_mask(item, photo) == (values == item.id)).all()


def test_boxes_and_masks_of_any_map_are_those_of_its_pixels(cityscapes):
    values = np.random.default_rng(0).choice(np.array([7, 24, 24001, 26003, 33999], np.uint16), (HEIGHT, WIDTH))
    values[:, 40:80] = 26004  # from top to bottom: its runs go on from column to column
    values[-20:, 90] = values[:5, 91] = 27000  # one run, from the foot of a column to the head of the next
    values[50, 100] = 25000
    values[-1, -1] = 28000
    cityscapes.photo()
    cityscapes.instances(values)
    (photo,) = cityscapes.read()
    assert [item.id for item in photo.objects] == [24, 24001, 25000, 26003, 26004, 27000, 28000, 33999]
    for item in photo.objects:
        mask = values == item.id
        assert (object_mask(item, photo) == mask).all()
        rows, columns = np.nonzero(mask)
        size = np.ptp(columns) + 1, np.ptp(rows) + 1
        assert item.box == (columns.min(), rows.min(), *size)


def test_mask_is_encoded_as_pycocotools_does(cityscapes):
    from pycocotools import mask as coco_mask

    cityscapes.photo()
    values = instance_map(SCENE)
    values[-10:, -10:] = 27000
    cityscapes.instances(values)
    (photo,) = cityscapes.read()
    for item in photo.objects:
        expected = coco_mask.encode(np.asfortranarray(values == item.id))
        assert item.segmentation == {"size": [HEIGHT, WIDTH], "counts": expected["counts"].decode()}


def test_instance_map_is_read_where_a_frame_has_both(cityscapes):
    cityscapes.photo()
    cityscapes.polygons(SCENE)
    cityscapes.instances(np.full((HEIGHT, WIDTH), 28007, np.uint16))
    (photo,) = cityscapes.read()
    assert [item.id for item in photo.objects] == [28007]


def test_of_a_sequence_only_the_annotated_frame_is_read(cityscapes, tmp_path):
    images = tmp_path / "leftImg8bit_sequence"
    for number in range(17, 22):
        cityscapes.photo(f"aachen_000000_{number:06}", images=images)
    cityscapes.photo("ulm_000003_000019", images=images)
    cityscapes.polygons(SCENE)
    cityscapes.polygons(SCENE, "ulm_000003_000019")
    photos = list(read_cityscapes(images / "train", cityscapes.annotations / "train"))
    assert [photo.name for photo in photos] == [
        f"aachen/{FRAME}_leftImg8bit.png",
        "ulm/ulm_000003_000019_leftImg8bit.png",
    ]


@pytest.mark.parametrize(
    ("bad", "expected"),
    [
        (entry("zebra", rectangle(0, 0, 9, 9)), "has label zebra"),
        (entry("zebragroup", rectangle(0, 0, 9, 9)), "has label zebragroup"),
        (entry("group", rectangle(0, 0, 9, 9)), "has label group"),
        (entry(7, rectangle(0, 0, 9, 9)), "has no label"),
        ({"polygon": []}, "has no label"),
        (None, "has no label"),
        (entry("car", None), "is None, expected a list of at least 3 points"),
        (entry("car", [[1, 2], [3, 4]]), "expected a list of at least 3 points"),
        (entry("car", [[1, 2], [3, 4], [5]]), "has point [5]"),
        (entry("car", [[1, 2], [3, 4], [5, "6"]]), "has point [5, '6']"),
        (entry("car", [[1, 2], [3, 4], [5, float("nan")]]), "has point [5, nan]"),
        (entry("car", [[1, 2], [3, 4], [float("inf"), 5]]), "has point [inf, 5]"),
        (entry("car", [[1, 2], [3, 4], [10**300, 5]]), "has point [1000"),
        (entry("car", [[1, 2], [3, 4], [5, -1e9]]), "has point [5, -1000000000.0]"),
    ],
)
def test_malformed_polygon_is_named_and_the_others_are_painted(cityscapes, bad, expected):
    cityscapes.photo()
    cityscapes.polygons([*SCENE[:4], bad, *SCENE[4:]])
    items = cityscapes.read()
    problem = only_problem(items)
    assert problem.kind == "object"
    assert FRAME in problem.where
    assert problem.what.startswith("polygon 4 ")
    assert expected in problem.what
    assert len(items[-1].objects) == 6


def test_instance_of_a_number_that_no_pixel_can_hold_is_a_problem(cityscapes):
    cityscapes.photo()
    cityscapes.polygons([entry("car", rectangle(0, 0, 9, 9))] * 1001 + [entry("truck", rectangle(20, 0, 29, 9))])
    items = cityscapes.read()
    assert "at most 1000" in only_problem(items).what
    assert [item.id for item in items[-1].objects] == [26999, 27000]


@pytest.mark.parametrize("value", [34, 999, 1000, 11003, 23999, 34000, 65535])
def test_value_of_no_label_in_the_instance_map_is_a_problem(cityscapes, value):
    values = instance_map(SCENE)
    values[:3, :3] = value
    cityscapes.photo()
    cityscapes.instances(values)
    items = cityscapes.read()
    problem = only_problem(items)
    assert problem.kind == "object"
    assert f"pixels of {value}" in problem.what
    assert len(items[-1].objects) == 6


@pytest.mark.parametrize("scene", [[], SCENE[:1], [SCENE[-2]]])
def test_frame_with_void_labels_only_is_a_problem_as_nothing_is_known_of_it(cityscapes, scene):
    cityscapes.photo()
    cityscapes.polygons(scene)
    (problem,) = cityscapes.read()
    assert problem.kind == "photo"
    assert "nothing is annotated" in problem.what


def test_frame_with_stuff_only_has_no_objects(cityscapes):
    cityscapes.photo()
    cityscapes.polygons(SCENE[:3])
    (photo,) = cityscapes.read()
    assert photo.objects == ()


def damage_polygons(content):
    return lambda cityscapes: cityscapes.polygons([]).write_bytes(content)


def damage_instances(content):
    return lambda cityscapes: cityscapes.instances(np.zeros((2, 2), np.uint8)).write_bytes(content)


@pytest.mark.parametrize(
    ("damage", "expected"),
    [
        (damage_polygons(b""), "not JSON"),
        (damage_polygons(b"\xff\xfe"), "not JSON"),
        (damage_polygons(b"[" * 100_000), "not JSON"),
        (damage_polygons(b'{"imgWidth": ' + b"9" * 5000 + b"}"), "not JSON"),
        (damage_polygons(b"[]"), "expected an object with the list 'objects'"),
        (damage_polygons(b'{"objects": {}}'), "expected an object with the list 'objects'"),
        (damage_polygons(b'{"objects": []}'), "of None x None pixels"),
        (lambda cityscapes: cityscapes.polygons(SCENE, imgWidth=10**9, imgHeight=10**9), "of 1000000000 x"),
        (damage_instances(b""), "instanceIds.png: "),
        (damage_instances(b"\x89PNG\r\n\x1a\n" + b"\0" * 50), "instanceIds.png: "),
        (lambda cityscapes: cityscapes.instances(np.zeros((64, 128), np.uint16)), "of 128 x 64 pixels"),
        (lambda cityscapes: cityscapes.instances(np.zeros((HEIGHT, WIDTH, 3), np.uint8)), "mode RGB"),
        (lambda cityscapes: cityscapes.polygons(SCENE, "aachen_000000_000018"), "missing"),
    ],
)
def test_damaged_annotation_is_named_and_the_others_are_read(cityscapes, damage, expected):
    cityscapes.photo()
    cityscapes.photo("ulm_000003_000019")
    damage(cityscapes)
    cityscapes.polygons(SCENE, "ulm_000003_000019")
    items = cityscapes.read()
    problem = only_problem(items)
    assert problem.kind == "photo"
    assert problem.where.startswith("train/aachen/aachen_000000_0000")
    assert expected in problem.what
    assert isinstance(items[-1], Photo)


def test_truncated_instance_map_is_a_problem(cityscapes):
    cityscapes.photo()
    path = cityscapes.instances(np.random.default_rng(0).integers(24, 34, (HEIGHT, WIDTH)).astype(np.uint16))
    path.write_bytes(path.read_bytes()[:5000])
    assert only_problem(cityscapes.read()).kind == "photo"


def test_missing_folder_and_folder_without_annotations_are_named(cityscapes, one_line_error):
    assert str(cityscapes.images) in one_line_error(cityscapes.read)
    cityscapes.photo()
    assert str(cityscapes.annotations) in one_line_error(cityscapes.read)
    cityscapes.annotations.mkdir()
    assert "gtFine" in one_line_error(cityscapes.read)


def test_map_of_published_size_with_60_instances_is_read_quickly(cityscapes):
    generator = np.random.default_rng(0)
    scene = [entry("road", rectangle(0, 0, 2047, 1023))]
    for _ in range(60):
        angles = np.sort(generator.uniform(0, 2 * np.pi, 60))
        radii = generator.uniform(30, 120) * generator.uniform(0.7, 1, 60)
        center = generator.uniform(0, 1, 2) * [2048, 1024]
        points = center + radii[:, None] * np.stack([np.cos(angles), np.sin(angles)], 1)
        scene.append(entry("car", points.clip(0, [2047, 1023]).round().astype(int).tolist()))
    cityscapes.photo(width=2048, height=1024)
    cityscapes.instances(instance_map(scene, 2048, 1024))
    seconds = []
    for _ in range(3):
        start = time.process_time()
        (photo,) = cityscapes.read()
        seconds.append(time.process_time() - start)
    assert 50 <= len(photo.objects) <= 60
    # 0.06 s of a processor when written. A mask for each object would take 0.6 s.
    assert min(seconds) < 0.3
