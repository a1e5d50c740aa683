"""The format of annotations, told by the content of files and folders, and formats that are known but not read."""

import json

import pytest
from PIL import Image

from seigan_tf.data.annotations.formats import guess_format, read_annotations
from seigan_tf.data.annotations.other_formats import OTHERS

LABEL = "0 0.5 0.5 0.2 0.2\n"
KITTI = "Car 0.00 0 -1.58 1 2 3 4 1.65 1.67 3.64 -0.65 1.71 46.70 -1.59\n"
COCO = '{"info": {}, "images": [{"id": 1, "file_name": "a.jpg"}], "annotations": []}'
TABLE = "file,x,y,w,h\na.jpg,1,2,30,40\n"


def written(folder, **files):
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content if isinstance(content, str) else json.dumps(content))
    return folder


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        ({"_annotations.coco.json": COCO, "README.dataset.txt": "about the set of 5 pictures and more\n"}, "coco"),
        ({"annotations.xml": "<?xml version='1.0'?>\n<annotations><version>1.1</version></annotations>"}, "cvat"),
        ({"a.xml": "<annotation><filename>a.jpg</filename></annotation>", "classes.txt": "cat\n"}, "voc"),
        ({"a.json": {"version": "5.5.0", "shapes": []}, "b.json": {"shapes": []}}, "labelme"),
        ({"project.json": [{"id": 1, "annotations": [{"result": []}], "data": {"image": "a.jpg"}}]}, "label-studio"),
        ({"project.json": [{"id": 1, "image": "a.jpg", "label": [{"rectanglelabels": ["cat"]}]}]}, "label-studio"),
        ({"via.json": {"a.jpg9": {"filename": "a.jpg", "size": 9, "regions": []}}}, "via"),
        ({"via.json": {"project": {"pid": "1", "vid_list": ["1"]}, "config": {}}}, "via"),
        ({"via.csv": "#filename,file_size,region_shape_attributes\n"}, "via"),
        ({"createml.json": [{"image": "a.jpg", "annotations": []}]}, "createml"),
        ({"000000.txt": KITTI, "000001.txt": ""}, "kitti"),
        ({"labels/a.txt": LABEL, "classes.txt": "cat\n", "notes.json": {"categories": [], "info": {}}}, "yolo"),
        ({"data.yaml": "names: [cat]\n", "README.roboflow.txt": "some words about this set\n"}, "yolo"),
        ({"boxes.csv": TABLE, "README.txt": "one table of boxes is in this folder\n"}, "csv"),
        (
            {
                "train-annotations-bbox.csv": "ImageID,LabelName,XMin,XMax,YMin,YMax\n",
                "class-descriptions.csv": "/m/0,C\n",
            },
            "csv",
        ),
    ],
)
def test_folder_is_taken_for_what_its_files_hold(tmp_path, files, expected):
    folder = written(tmp_path / "annotations", **files)
    assert guess_format(tmp_path, folder) == expected


@pytest.mark.parametrize("place", ["", "annotations/"])
def test_folder_with_one_file_of_annotations_stands_for_it(tmp_path, place):
    folder = written(tmp_path / "set", **{f"{place}boxes.json": COCO, "README.txt": "about it\n"})
    Image.new("RGB", (20, 20)).save(folder / "a.jpg")
    for annotations in (folder, None):
        assert guess_format(folder, annotations) == "coco"
        (photo,) = read_annotations("coco", folder, annotations)
        assert photo.name == "a.jpg"


def test_two_files_of_annotations_are_named(tmp_path, one_line_error):
    folder = written(tmp_path / "set", **{"train.json": COCO, "val.json": COCO})
    for call in (lambda: guess_format(folder, folder), lambda: read_annotations("coco", folder, folder)):
        assert "holds train.json, val.json, expected one file" in one_line_error(call)


@pytest.mark.parametrize(
    ("name", "content", "expected"),
    [
        (
            "a.xml",
            "<annotation><object><name>a</name><polygon><pt><x>1</x></pt></polygon></object></annotation>",
            "LabelMe XML",
        ),
        ("a.json", {"asset": {"name": "a.jpg"}, "regions": []}, "VoTT JSON"),
        ("a.json", {"name": "p", "assets": {"x": {"asset": {}, "regions": []}}}, "VoTT JSON"),
        ("a.json", {"infos": {}, "categories": {"label": {"labels": [{"name": "cat"}]}}, "items": []}, "Datumaro JSON"),
        (
            "a.jpg.json",
            {"description": "", "tags": [], "size": {"height": 9, "width": 9}, "objects": []},
            "Supervisely",
        ),
        ("a.json", [{"name": "a.jpg", "labels": [{"category": "car", "box2d": {"x1": 1}}]}], "BDD100K"),
        ("gt.txt", "1,-1,530.0,350.0,200.0,170.0,1,1,1.0\n", "MOT"),
        ("wider.txt", "0--Parade/a.jpg\n1\n449 330 122 149 0 0 0 0 0 0\n", "WIDER FACE"),
        ("a.txt", "1.0 2.0 9.0 2.0 9.0 8.0 1.0 8.0 plane 0\n", "DOTA"),
        ("train.txt", "photos/a.jpg 10,20,30,40,0 5,6,7,8,1\n", "keras-yolo3"),
        ("train.record", "", "TFRecord"),
        ("set.zip", "", "archive"),
    ],
)
def test_known_format_that_is_not_read_is_named_with_a_command(tmp_path, one_line_error, name, content, expected):
    path = written(tmp_path, **{name: content}) / name
    message = one_line_error(guess_format, tmp_path, path)
    assert f"{path}: {expected}, which is not read; convert it: {OTHERS[expected]}" == message
    assert len(message) < 1000
