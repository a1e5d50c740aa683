import json
from dataclasses import replace

import pytest

from seigan_tf.data.annotations.coco_writer import write_coco
from seigan_tf.data.annotations.formats import read_annotations
from seigan_tf.data.photos.photo import Object, Photo, Problem
from seigan_tf.data.planning.rules import CropRules, object_regions


@pytest.fixture
def photos(tmp_path):
    polygon = [[10.0, 10.0, 20.0, 10.0, 20.0, 30.0]]
    return [
        Photo(tmp_path / "a.jpg", 100, 80, (Object((10, 10, 10, 20), segmentation=polygon, id=1, category="cat"),)),
        Photo(tmp_path / "deep" / "b.jpg", 60, 50, name="deep/b.jpg"),
        Photo(
            tmp_path / "ü.jpg",
            90,
            80,
            (Object((1, 2, 3, 4), crowd=True, id=2, category="dog"), Object((5, 6, 7, 8), id=3, category="cat")),
        ),
    ]


def test_what_is_written_reads_back_the_same(photos, tmp_path):
    assert write_coco(photos, tmp_path / "boxes.json") == []
    assert list(read_annotations("coco", tmp_path, tmp_path / "boxes.json")) == photos


def test_problems_are_handed_back_and_not_written(photos, tmp_path):
    problem = Problem("photo", "c.jpg", "truncated")
    assert write_coco([photos[0], problem, photos[1]], tmp_path / "boxes.json") == [problem]
    names = [entry["file_name"] for entry in json.loads((tmp_path / "boxes.json").read_text())["images"]]
    assert names == ["a.jpg", "deep/b.jpg"]


def test_no_crop_is_taken_from_a_photo_whose_objects_were_not_all_placed(photos, tmp_path):
    write_coco([replace(photos[0], incomplete=True)], tmp_path / "boxes.json")
    (photo,) = read_annotations("coco", tmp_path, tmp_path / "boxes.json")
    rules = CropRules(object_fraction=1, min_short_side=0, max_object_fraction=1, min_aspect=0)
    assert object_regions(photo, rules) == ["other_object_touches", "crowd"]


def test_a_source_that_fails_leaves_the_earlier_file(photos, tmp_path):
    def failing():
        yield photos[0]
        raise ValueError("the source ended")

    write_coco(photos[:1], tmp_path / "boxes.json")
    before = (tmp_path / "boxes.json").read_bytes()
    with pytest.raises(ValueError, match="the source ended"):
        write_coco(failing(), tmp_path / "boxes.json")
    assert (tmp_path / "boxes.json").read_bytes() == before
    assert [path.name for path in tmp_path.iterdir()] == ["boxes.json"]
