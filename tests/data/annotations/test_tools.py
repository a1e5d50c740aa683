"""Reading what annotation tools export: their shapes, their versions and their manners. Boxes: test_conversions.py."""

import base64
import csv
import io
import json

import numpy as np
import pytest
from PIL import Image

from seigan_tf.data.annotations.formats import guess_format, read_annotations
from seigan_tf.data.annotations.masks import object_mask
from seigan_tf.data.photos.photo import Note, Photo, Problem

SIZE = (200, 160)
POLYGON = [[10, 20], [50, 20], [50, 60.5]]


@pytest.fixture
def images(tmp_path):
    """A folder with the photos a.jpg and sub/b.jpg."""
    folder = tmp_path / "photos"
    (folder / "sub").mkdir(parents=True)
    for name in ("a.jpg", "sub/b.jpg"):
        Image.new("RGB", SIZE).save(folder / name)
    return folder


@pytest.fixture
def read(images, tmp_path):
    """Function that writes a file, or files in a folder, and reads it as what it is taken for: photos, other items."""

    def call(name, content):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content if isinstance(content, str) else json.dumps(content))
        place = path.parent if "/" in name else path
        items = list(read_annotations(guess_format(images, place), images, place))
        return {item.name: item for item in items if isinstance(item, Photo)}, [
            item for item in items if not isinstance(item, Photo)
        ]

    return call


def boxes(photo):
    return [(item.category, tuple(round(value, 1) for value in item.box)) for item in photo.objects]


def cvat(content, size='width="200" height="160"'):
    return f'<annotations><version>1.1</version><image id="0" name="a.jpg" {size}>{content}</image></annotations>'


def test_cvat_shapes(read):
    photos, problems = read(
        "annotations.xml",
        cvat(
            '<box label="cat" xtl="10" ytl="20" xbr="50" ybr="60.5" occluded="0"><attribute name="fur"/></box>'
            '<box label="turned" xtl="50" ytl="60" xbr="90" ybr="80" rotation="90"/>'
            '<polygon label="dog" points="10,20;50,20;50,60.5"/><ellipse label="eye" cx="50" cy="40" rx="20" ry="10"/>'
            '<mask label="tail" rle="1,2,3" left="5" top="6" width="3" height="2"/>'
            '<points label="nose" points="3,4"/><polyline label="line" points="1,2;3,4"/><tag label="indoors"/>'
        ),
    )
    assert problems == []
    assert boxes(photos["a.jpg"]) == [
        ("cat", (10, 20, 40, 40.5)),
        ("turned", (60, 50, 20, 40)),
        ("dog", (10, 20, 40, 40.5)),
        ("eye", (30, 30, 40, 20)),
        ("tail", (5, 6, 3, 2)),
    ]
    _, _, dog, _, tail = photos["a.jpg"].objects
    assert dog.segmentation == [[10, 20, 50, 20, 50, 60.5]]
    expected = np.zeros((160, 200), bool)
    expected[6, 6:8] = True
    assert (object_mask(tail, photos["a.jpg"]) == expected).all()


def test_cvat_photo_without_objects_and_video(read, images):
    photos, problems = read("annotations.xml", cvat("", ""))
    assert (photos["a.jpg"].objects, photos["a.jpg"].width, problems) == ((), 200, [])
    for number in range(2):
        Image.new("RGB", SIZE).save(images / f"frame_{number:06}.png")
    box = '<box frame="{}" outside="{}" xtl="10" ytl="20" xbr="50" ybr="60"/>'
    track = "".join(box.format(frame, int(frame == 1)) for frame in range(2))
    photos, problems = read("annotations.xml", f'<annotations><track id="0" label="cat">{track}</track></annotations>')
    assert {name: boxes(photo) for name, photo in photos.items()} == {"frame_000000.png": [("cat", (10, 20, 40, 40))]}


def test_cvat_tracks_of_several_tasks_are_refused_as_their_frames_have_the_same_names(read, one_line_error):
    track = (
        '<track id="0" label="cat" task_id="{}"><box frame="0" outside="0" xtl="1" ytl="2" xbr="3" ybr="4"/></track>'
    )
    content = f"<annotations>{track.format(7)}{track.format(8)}</annotations>"
    assert "tracks of the tasks 7, 8" in one_line_error(read, "annotations.xml", content)


@pytest.mark.parametrize(
    ("shape", "expected"),
    [
        ('<box label="cat" xtl="10" ytl="20" xbr="wide" ybr="60"/>', "xbr is wide, expected a number"),
        ('<polygon points="10,20;50,20"/>', "expected at least 3 pairs"),
        ('<mask rle="1,2,3" left="5" top="6" width="3" height="3"/>', "rle of 6 pixels, expected 3 x 3"),
        ('<mask rle="1,2,3" left="199" top="6" width="3" height="2"/>', "is not inside the 200 x 160 photo"),
        ("<bix/>", "is no box, polygon, ellipse, mask or cuboid"),
    ],
)
def test_cvat_shape_that_cannot_be_used_is_named(read, shape, expected):
    photos, (problem,) = read("annotations.xml", cvat(f'{shape}<box xtl="1" ytl="2" xbr="3" ybr="4"/>'))
    assert (problem.kind, photos["a.jpg"].incomplete, len(photos["a.jpg"].objects)) == ("object", True, 1)
    assert expected in problem.what


def labelme(*shapes, **fields):
    return {"version": "5.5.0", "shapes": list(shapes), "imagePath": "a.jpg", "imageData": None} | fields


def shape(points, kind="polygon", label="cat", **fields):
    return {"label": label, "points": points, "shape_type": kind} | fields


def test_labelme_shapes(read):
    content = io.BytesIO()
    Image.fromarray(np.eye(2, 3, dtype=np.uint8) * 255).save(content, "PNG")
    mask = base64.b64encode(content.getvalue()).decode()
    photos, problems = read(
        "json/a.json",
        labelme(
            shape([[50, 60.5], [10, 20]], "rectangle"),
            shape(POLYGON, group_id=1),
            shape([[60, 70], [80, 70], [80, 90]], group_id=1),
            shape([[50, 40], [53, 44]], "circle", "dog"),
            shape([[5, 6], [7, 7]], "mask", mask=mask),
            shape([[5, 6]], "point"),
            shape([[5, 6], [9, 9]], "line"),
            shape([[60, 50], [80, 50], [80, 90], [60, 90]], "rotation", "__ignore__"),
            imageWidth=200,
            imageHeight=160,
        ),
    )
    assert problems == []
    assert boxes(photos["a.jpg"]) == [
        ("cat", (10, 20, 40, 40.5)),
        ("cat", (10, 20, 70, 70)),
        ("dog", (45, 35, 10, 10)),
        ("cat", (5, 6, 3, 2)),
        ("__ignore__", (60, 50, 20, 40)),
    ]
    _, parts, _, mask, ignored = photos["a.jpg"].objects
    assert len(parts.segmentation) == 2
    assert object_mask(mask, photos["a.jpg"])[6:8, 5:8].tolist() == [[True, False, False], [False, True, False]]
    assert ignored.crowd


@pytest.mark.parametrize("given", ["../photos/sub/b.jpg", "C:\\work\\sub\\b.jpg", "b.jpg", "gone.png", ""])
def test_labelme_photo_by_its_path_or_else_by_the_name_of_the_file(read, given):
    photos, _ = read("json/b.json", {"shapes": [{"label": "cat", "points": POLYGON}], "imagePath": given})
    assert boxes(photos["sub/b.jpg"]) == [("cat", (10, 20, 40, 40.5))]


def task(*results, number=1, image="/data/upload/1/0a1b2c3d-a.jpg", **fields):
    return {"id": number, "data": {"image": image}, "annotations": [{"result": list(results)} | fields]}


def region(kind="rectanglelabels", name="cat", identity=None, **value):
    size = {"original_width": 200, "original_height": 160, "image_rotation": 0}
    return {"value": {**value, kind: [name]}, "type": kind, "id": identity, **size}


def test_label_studio_shapes(read):
    photos, (note,) = read(
        "project.json",
        [
            task(
                region(x=5, y=12.5, width=20, height=25.3125, rotation=0),
                region(x=50, y=50, width=20, height=12.5, rotation=90, name="turned"),
                region("polygonlabels", points=[[5, 12.5], [25, 12.5], [25, 37.8125]], closed=True),
                region("ellipselabels", "eye", x=25, y=25, radiusX=10, radiusY=6.25, rotation=0),
                region("keypointlabels", "nose", x=25, y=25, width=0.2),
                region("rectangle", "", "r1", x=5, y=12.5, width=20, height=25),
                region("labels", "dog", "r1", x=5, y=12.5, width=20, height=25),
                {"value": {"choices": ["indoors"]}, "type": "choices", "id": "c"},
                {"from_id": "r1", "to_id": "c", "type": "relation", "direction": "right"},
            )
        ],
    )
    assert isinstance(note, Note)
    assert boxes(photos["a.jpg"]) == [
        ("cat", (10, 20, 40, 40.5)),
        ("turned", (80, 80, 20, 40)),
        ("cat", (10, 20, 40, 40.5)),
        ("eye", (30, 30, 40, 20)),
        ("dog", (10, 20, 40, 40)),
    ]
    assert photos["a.jpg"].objects[2].segmentation == [[10, 20, 50, 20, 50, 60.5]]


def test_label_studio_takes_one_annotation_and_leaves_tasks_out_that_are_not_done(read):
    first, second = (region(x=x, y=10, width=10, height=10) for x in (10, 50))
    both = task(first, was_cancelled=True) | {"id": 7}
    both["annotations"] += [{"result": [first]}, {"result": [second], "ground_truth": True}]
    photos, notes = read("project.json", [both, task(number=8, image="sub/b.jpg") | {"annotations": []}])
    assert {name: boxes(photo) for name, photo in photos.items()} == {"a.jpg": [("cat", (100, 16, 20, 16))]}
    texts = [note.text for note in notes[1:]]
    assert texts == [
        "project.json: 1 task with no annotation and left out, the first is task 8",
        "project.json: 1 task with several annotations, of which one is used, the first is task 7",
    ]


def test_label_studio_regions_are_of_the_image_that_they_name(read):
    first, second = (region(x=x, y=10, width=10, height=10) for x in (10, 50))
    both = task(first | {"to_name": "right"}, image="a.jpg")
    both["data"]["right"] = "sub/b.jpg"
    photos, problems = read("project.json", [both])
    assert {name: boxes(photo) for name, photo in photos.items()} == {"sub/b.jpg": [("cat", (20, 16, 20, 16))]}
    assert problems == []
    both["annotations"][0]["result"].append(second | {"to_name": "image"})
    photos, (problem,) = read("project.json", [both])
    assert (photos, problem.kind) == ({}, "photo")
    assert problem.what == "its regions lie in 2 images (image 0, right 0), expected one in a task"


def test_label_studio_without_any_annotation_is_refused(read, one_line_error):
    undone = {"id": 1, "data": {"image": "a.jpg"}, "annotations": [], "predictions": [{"result": []}]}
    assert "none of its 2 tasks has an annotation" in one_line_error(read, "project.json", [undone, undone])


def test_label_studio_of_old_versions_and_without_sizes(read):
    old = task(region(x=5, y=12.5, width=20, height=25), image="a.jpg")
    old["completions"] = old.pop("annotations")
    del old["completions"][0]["result"][0]["original_width"]
    photos, problems = read("project.json", [old])
    assert (boxes(photos["a.jpg"]), problems) == ([("cat", (10, 20, 40, 40))], [])


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        ({"value": {"format": "rle", "rle": [1, 2], "brushlabels": ["cat"]}}, "is a brush mask"),
        ({"image_rotation": 90}, "image_rotation is 90"),
        ({"value": None}, "value is None"),
        ({"value": {"x": 1, "y": 2, "height": 3, "rectanglelabels": ["cat"]}}, "width is None, expected a number"),
    ],
)
def test_label_studio_region_that_cannot_be_used_is_named(read, changed, expected):
    good = region(x=5, y=12.5, width=20, height=25)
    photos, (problem,) = read("project.json", [task(good, {**good, **changed}, image="a.jpg")])
    assert (problem.kind, photos["a.jpg"].incomplete, len(photos["a.jpg"].objects)) == ("object", True, 1)
    assert expected in problem.what


def test_via_shapes_and_classes(read):
    def drawn(attributes, name, **shape):
        return {"shape_attributes": {"name": name, **shape}, "region_attributes": attributes}

    regions = [
        drawn({"kind": "cat"}, "rect", x=10, y=20, width=40, height=40.5),
        drawn({"kind": "1", "note": "x"}, "polygon", all_points_x=[10, 50, 50], all_points_y=[20, 20, 60.5]),
        drawn({"Label": "dog", "note": "x"}, "circle", cx=50, cy=40, r=10),
        drawn({"kind": {"cat": True, "dog": False}}, "ellipse", cx=50, cy=40, rx=20, ry=10, theta=0),
        drawn({}, "point", cx=5, cy=4),
        drawn({"kind": "2"}, "rect", x=1, y=2, width=3, height=4),
    ]
    described = {"region": {"kind": {"type": "dropdown", "options": {"2": "horse"}}}}
    content = {
        "a.jpg9": {"filename": "a.jpg", "size": 9, "regions": regions},
        "b": {"filename": "b.jpg", "regions": []},
    }
    photos, _ = read("via.json", {"_via_settings": {}, "_via_img_metadata": content, "_via_attributes": described})
    expected = [
        ("cat", (10, 20, 40, 40.5)),
        ("", (10, 20, 40, 40.5)),
        ("dog", (40, 30, 20, 20)),
        ("cat", (30, 30, 40, 20)),
        ("horse", (1, 2, 3, 4)),
    ]
    assert boxes(photos["a.jpg"]) == expected
    assert photos["sub/b.jpg"].objects == ()
    # Exported annotations, with the regions in an object as version 1 has them.
    content["a.jpg9"]["regions"] = dict(enumerate(regions[:-1]))
    photos, _ = read("via.json", content)
    assert boxes(photos["a.jpg"]) == expected[:-1]


def test_via_tables_of_versions_1_and_3(read):
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(
        ["#filename", "file_size", "file_attributes", "region_count", "region_id", "region_shape_attributes"]
    )
    writer.writerow(["a.jpg", 9, "{}", 1, 0, '{"name":"rect","x":10,"y":20,"width":40,"height":40}'])
    writer.writerow(["b.jpg", 9, "{}", 0, 0, "{}"])
    photos, _ = read("via.csv", text.getvalue())
    assert (boxes(photos["a.jpg"]), photos["sub/b.jpg"].objects) == ([("", (10, 20, 40, 40))], ())
    text = io.StringIO()
    text.write("# Exported using VGG Image Annotator (http://www.robots.ox.ac.uk/~vgg/software/via)\n")
    text.write('# ATTRIBUTE = {"1":{"aname":"kind","options":{"0":"cat"}}}\n')
    text.write("# CSV_HEADER = metadata_id,file_list,flags,temporal_coordinates,spatial_coordinates,metadata\n")
    csv.writer(text).writerow(["1_a", '["a.jpg"]', 0, "[]", "[2,10,20,40,40]", '{"1":"0"}'])
    csv.writer(text).writerow(["1_b", '["a.jpg"]', 0, "[]", "[7,10,20,50,20,50,60.5]", '{"1":"dog"}'])
    photos, _ = read("via.csv", text.getvalue())
    assert boxes(photos["a.jpg"]) == [("cat", (10, 20, 40, 40)), ("dog", (10, 20, 40, 40.5))]


def test_via_shapes_by_points_on_their_outline_give_boxes_and_no_mask(read):
    drawn = {
        "rectangle": [8, 10, 30, 50, 40, 30, 20, 20, 60],  # left, right, top, bottom
        "circle": [9, 50, 50, 40, 60, 30, 50],
        "line": [9, 10, 10, 20, 20, 30, 30],
    }
    metadata = {name: {"vid": "1", "xy": xy, "av": {"1": name}} for name, xy in drawn.items()}
    project = {
        "project": {},
        "attribute": {"1": {"aname": "kind"}},
        "file": {"1": {"fname": "a.jpg"}},
        "view": {"1": {"fid_list": ["1"]}},
        "metadata": metadata,
    }
    photos, (problem,) = read("via.json", project)
    assert boxes(photos["a.jpg"]) == [("rectangle", (10, 20, 40, 40)), ("circle", (30, 40, 20, 20))]
    assert all(item.segmentation is None for item in photos["a.jpg"].objects)
    assert "expected three on a circle" in problem.what


@pytest.mark.parametrize(
    "keys", [("image", "annotations"), ("imagefilename", "annotation"), ("imageURL", "annotations")]
)
def test_createml_of_roboflow_and_of_apple(read, keys):
    objects = [{"label": "cat", "coordinates": {"x": 30, "y": 40, "width": 40, "height": 40}}]
    photos, problems = read("boxes.json", [dict(zip(keys, ("a.jpg", objects), strict=True))])
    assert (boxes(photos["a.jpg"]), problems) == ([("cat", (10, 20, 40, 40))], [])


KITTI = "{} 0.00 0 -1.58 10.00 20.00 50.00 60.50 1.65 1.67 3.64 -0.65 1.71 46.70 -1.59\n"


def test_kitti_dont_care_is_a_crowd_and_scores_are_read(read):
    dont_care = "DontCare -1 -1 -10 100 20 120 60 -1 -1 -1 -1000 -1000 -1000 -10\n"
    rows = KITTI.format("Car") + dont_care + KITTI.format("Van").replace("\n", " 0.9\n")
    photos, problems = read("label_2/a.txt", rows)
    assert problems == []
    assert boxes(photos["a.jpg"]) == [
        ("Car", (10, 20, 40, 40.5)),
        ("DontCare", (100, 20, 20, 40)),
        ("Van", (10, 20, 40, 40.5)),
    ]
    assert [item.crowd for item in photos["a.jpg"].objects] == [False, True, False]


def test_kitti_row_that_cannot_be_read_is_named_and_other_text_is_no_label(read, tmp_path):
    (tmp_path / "label_2").mkdir()
    (tmp_path / "label_2" / "train.txt").write_text("a\nb\n")
    photos, (problem,) = read("label_2/a.txt", KITTI.format("Car") + "Car 0.00 0\n")
    assert problem == Problem("object", "a.txt: line 2", "is Car 0.00 0, expected a class and 14 numbers")
    assert photos["a.jpg"].incomplete


@pytest.mark.parametrize(("given", "name"), [(5, "5"), (0, "0"), (True, ""), (None, "")])
def test_class_that_is_named_by_a_number_has_its_text(read, given, name):
    contents = {
        "labelme/a.json": labelme(shape(POLYGON, label=given)),
        "project.json": [task(region(x=5, y=12.5, width=20, height=25.3125, name=given), image="a.jpg")],
        "boxes.json": [
            {
                "image": "a.jpg",
                "annotations": [{"label": given, "coordinates": {"x": 30, "y": 40.25, "width": 40, "height": 40.5}}],
            }
        ],
    }
    for file, content in contents.items():
        photos, problems = read(file, content)
        assert (boxes(photos["a.jpg"]), problems) == ([(name, (10, 20, 40, 40.5))], [])


def test_empty_or_foreign_json_says_what_was_expected(images, tmp_path, one_line_error):
    path = tmp_path / "boxes.json"
    for source, content in (("label-studio", "{}"), ("createml", "[]"), ("via", "[]"), ("via", "{}")):
        path.write_text(content)
        assert "expected" in one_line_error(list, read_annotations(source, images, path))
    path.write_text('[{"image": "a.jpg"}]')
    (problem,) = read_annotations("createml", images, path)
    assert problem == Problem(
        "photo", "boxes.json: entry 1", "has no list annotations, expected one, which may be empty"
    )
