"""Bands around outlines, read from JSON."""

import json
from pathlib import Path

import pytest

from seigan_tf.data.photos.photo import Photo
from seigan_tf.evaluation.bands import Bands

OUTER, INNER = [2, 2, 18, 2, 18, 12, 2, 12], [6, 5, 14, 5, 14, 9, 6, 9]
PHOTO = Photo(Path("a.png"), 30, 20)


@pytest.fixture
def bands(tmp_path):
    def read(content, photos=(PHOTO,)):
        path = tmp_path / "bands.json"
        path.write_text(content if isinstance(content, str) else json.dumps(content))
        return Bands(path, tmp_path, photos)

    return read


def test_the_band_lies_between_its_polygons(bands):
    read = bands([{"file_name": "a.png", "outer": OUTER, "inner": INNER, "more": 1}])
    mask = read.mask(PHOTO)
    assert mask.shape == (20, 30)
    assert mask.sum() == 16 * 10 - 8 * 4
    assert mask[2, 2] and mask[11, 17] and not mask[6, 8] and not mask[14, 3]
    assert not read.mask(Photo(Path("b.png"), 30, 20)).any()


def test_all_bands_of_a_photo_count(bands):
    other = [20, 2, 28, 2, 28, 12, 20, 12]
    read = bands([{"file_name": "a.png", "outer": outer, "inner": []} for outer in (OUTER, other)])
    assert read.mask(PHOTO).sum() == 16 * 10 + 8 * 10
    assert not list(read.notes())


def test_photos_are_found_as_those_of_annotations(bands, tmp_path, one_line_error):
    (tmp_path / "day").mkdir()
    (tmp_path / "day" / "A.png").touch()
    photo = Photo(tmp_path / "day" / "A.png", 30, 20, name="day/A.png")
    entry = {"outer": OUTER, "inner": []}
    read = bands([{"file_name": "C:\\set\\day\\a.png", **entry}, {"file_name": "b.png", **entry}], [photo])
    assert read.mask(photo).sum() == 16 * 10
    by_end, unmatched = read.notes()
    assert by_end.endswith("1 photograph is found by the end of the path, as C:\\set\\day\\a.png is day/A.png")
    assert unmatched.endswith("bands.json: 1 of 2 entries name no annotated photograph, the first b.png")
    both = [{"file_name": f"{folder}/a.png", **entry} for folder in ("one", "two")]
    assert "two/a.png and one/a.png both end as day/A.png does" in one_line_error(bands, both, [photo])


def test_a_file_that_names_no_photo_is_refused(bands, one_line_error):
    names = "b.png", "../a.png", ""
    content = [{"file_name": name, "outer": OUTER, "inner": INNER} for name in names]
    message = one_line_error(bands, content)
    assert "bands.json: no entry names an annotated photograph in " in message
    assert message.endswith("; the first names b.png")


def test_a_polygon_may_be_empty(bands):
    read = bands([{"file_name": "a.png", "outer": OUTER, "inner": []}])
    assert read.mask(PHOTO).sum() == 16 * 10


@pytest.mark.parametrize(
    ("content", "part"),
    [
        ("nothing", "not JSON"),
        ({"a.png": [OUTER, INNER]}, "no bands, expected a list"),
        ([], "no bands, expected a list"),
        ([{"file_name": "a.png", "outer": OUTER}], "entry 1: expected an object with file_name, outer and inner"),
        ([[OUTER, INNER]], "entry 1: expected an object"),
        ([{"file_name": ["a.png"], "outer": OUTER, "inner": INNER}], "entry 1: file_name is ['a.png']"),
        ([{"file_name": "a.png", "outer": ["x"], "inner": INNER}], "outer of a.png: neither polygons"),
        ([{"file_name": "a.png", "outer": OUTER, "inner": "x"}], "inner of a.png: neither polygons"),
        (
            [{"file_name": "a.png", "outer": OUTER, "inner": [1, 2, 3, 4, 5, 6, 7]}],
            "inner of a.png: a polygon is not a list of finite x, y pairs",
        ),
    ],
)
def test_other_content_is_refused_with_one_line(bands, one_line_error, content, part):
    message = one_line_error(lambda: bands(content).mask(PHOTO))
    assert "bands.json" in message and part in message
