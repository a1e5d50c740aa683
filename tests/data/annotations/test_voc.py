"""Reading Pascal VOC's XML files: what is accepted, and what each malformed one is told."""

import numpy as np
import pytest
from PIL import Image

from seigan_tf.data.annotations.voc import read_voc
from seigan_tf.data.photos.photo import Photo, Problem

BOMB = """<?xml version="1.0"?>
<!DOCTYPE lolz [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;"><!ENTITY c "&b;&b;&b;&b;&b;&b;&b;&b;">]>
<annotation><filename>&c;</filename></annotation>"""


OFFICIAL = "<source><database>The VOC2007 Database</database></source>"


def xml_object(xmin=11, ymin=21, xmax=40, ymax=60, name="cat", more=""):
    return (
        f"<object><name>{name}</name>{more}<difficult>1</difficult><bndbox><xmin>{xmin}</xmin><ymin>{ymin}</ymin>"
        f"<xmax>{xmax}</xmax><ymax>{ymax}</ymax></bndbox></object>"
    )


class VocSet:
    """A folder of photographs, and one of XML files."""

    def __init__(self, folder):
        self.images = folder / "JPEGImages"
        self.annotations = folder / "Annotations"
        for path in (self.images, self.annotations):
            path.mkdir(parents=True)

    def photo(self, name, width=200, height=100):
        path = self.images / name
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(np.zeros((height, width, 3), np.uint8)).save(path)
        return path

    def xml(
        self, name, *objects, filename=None, size="<width>200</width><height>100</height><depth>3</depth>", source=""
    ):
        path = self.annotations / name
        path.parent.mkdir(parents=True, exist_ok=True)
        filename = "" if filename is None else f"<filename>{filename}</filename>"
        path.write_text(f"<annotation>{filename}{source}<size>{size}</size>{''.join(objects)}</annotation>")
        return path

    def read(self):
        return list(read_voc(self.images, self.annotations))


@pytest.fixture
def voc_set(tmp_path):
    return VocSet(tmp_path / "set")


def only_problem(items) -> Problem:
    (problem,) = [item for item in items if isinstance(item, Problem)]
    assert "\n" not in problem.where + problem.what
    return problem


def test_corners_are_pixels_counted_from_one_and_inside_the_box(voc_set):
    path = voc_set.photo("a.png")
    whole = xml_object(1, 1, 200, 100, "big dog")
    part = "<part><name>head</name><bndbox><xmin>1</xmin><ymin>1</ymin><xmax>2</xmax><ymax>2</ymax></bndbox></part>"
    voc_set.xml("a.xml", whole, xml_object(11.5, 21, 40.25, 60, more=part), filename="a.png", source=OFFICIAL)
    (photo,) = voc_set.read()
    assert (photo.path, photo.width, photo.height, photo.name) == (path, 200, 100, "a.png")
    assert [item.box for item in photo.objects] == [(0, 0, 200, 100), (10.5, 20, 29.75, 40)]
    assert [(item.category, item.id, item.crowd) for item in photo.objects] == [
        ("big dog", 1, False),
        ("cat", 2, False),
    ]


@pytest.mark.parametrize(
    "filename", [None, "", "a", "renamed.jpg", "  ", "../c.png", "/etc/c.png", "C:\\c.png", "c" * 5000]
)
def test_without_a_photo_of_that_file_name_the_photo_is_called_as_the_xml_file(voc_set, filename):
    voc_set.photo("sub/a.b.PNG")
    voc_set.xml("sub/a.b.xml", xml_object(), filename=filename)
    (photo,) = voc_set.read()
    assert photo.name == "sub/a.b.PNG"
    assert len(photo.objects) == 1


def test_file_name_is_looked_for_in_the_subfolder_and_then_from_the_top(voc_set):
    voc_set.photo("sub/a.png")
    voc_set.photo("a.png", width=300)
    voc_set.photo("other/b.png")
    voc_set.xml("sub/a.xml", xml_object(), filename="a.png")
    voc_set.xml("sub/c.xml", xml_object(), filename="other/b.png")
    assert [photo.name for photo in voc_set.read()] == ["sub/a.png", "other/b.png"]


def test_photo_without_xml_is_not_used(voc_set):
    voc_set.photo("a.png")
    voc_set.photo("b.png")
    voc_set.xml("b.xml")
    assert [(photo.name, photo.objects) for photo in voc_set.read()] == [("b.png", ())]


@pytest.mark.parametrize("size", ["", "<width>0</width><height>0</height>", "<width>200</width>"])
def test_size_that_is_not_given_is_read_from_the_photo(voc_set, size):
    voc_set.photo("a.png", 120, 80)
    voc_set.xml("a.xml", xml_object(), size=size)
    (photo,) = voc_set.read()
    assert (photo.width, photo.height) == (120, 80)


@pytest.mark.parametrize(
    ("element", "expected"),
    [
        (xml_object(xmin="nan"), "not finite"),
        (xml_object(xmax="inf"), "not finite"),
        (xml_object(xmin=41, xmax=11), "negative size"),
        (xml_object(xmax=400), "not inside the 200 x 100 photo"),
        (xml_object(ymin=-20), "not inside the 200 x 100 photo"),
        (xml_object(ymin="ten"), "<ymin> is ten, expected a number"),
        (xml_object(ymin=" "), "no <ymin>"),
        (xml_object().replace("xmin>", "left>"), "no <xmin>"),
        ("<object><name>cat</name></object>", "no <bndbox>"),
        ("<object/>", "no <bndbox>"),
    ],
)
def test_malformed_object_is_named_and_the_others_are_read(voc_set, element, expected):
    voc_set.photo("a.png")
    voc_set.xml("sub.xml", xml_object(), element, xml_object(), filename="a.png")
    items = voc_set.read()
    problem = only_problem(items)
    assert (problem.kind, problem.where.removesuffix(" of a.png")) == ("object", "sub.xml: object 2")
    assert expected in problem.what
    assert len(items[-1].objects) == 2


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"", "not XML"),
        (b"<annotation>", "not XML"),
        (b"\xff\xfe\x00garbage", "not XML"),
        (b"<html/>", "root element is html"),
        (b"<?xml version='1.0' encoding='nonsense'?><annotation/>", "XML in nonsense, expected UTF-8"),
        (b"<?xml version='1.0' encoding='utf-7'?><annotation/>", "XML in utf-7, expected UTF-8"),
        (b'<?xml version="1.0" encoding="gbk"?><annotation/>', "XML in gbk, expected UTF-8"),
        (b"<?xml version='1.0' encoding='big5'?><annotation/>", "XML in big5, expected UTF-8"),
        (BOMB.encode(), "document type"),
        (b"<!DOCTYPE annotation SYSTEM 'file:///etc/passwd'><annotation/>", "document type"),
        (b"<annotation><size><width>a</width><height>3</height></size></annotation>", "photo of a x 3"),
        (b"<annotation><size><width>-5</width><height>3</height></size></annotation>", "photo of -5 x 3"),
        (b"<annotation>" * 100_000, "not XML"),
    ],
)
def test_damaged_file_is_named_and_the_others_are_read(voc_set, content, expected):
    voc_set.photo("a.png")
    voc_set.photo("b.png")
    (voc_set.annotations / "a.xml").write_bytes(content)
    voc_set.xml("b.xml", xml_object())
    items = voc_set.read()
    problem = only_problem(items)
    assert (problem.kind, problem.where) == ("photo", "a.xml")
    assert expected in problem.what
    assert len(problem.what) < 400
    assert items[-1].name == "b.png"


def test_file_without_photo_is_a_problem(voc_set):
    voc_set.xml("a.xml", xml_object(), filename="missing.jpg")
    assert only_problem(voc_set.read()) == ("photo", "a.xml", "no photo missing.jpg in the folder of photographs")


def test_photo_of_unknown_size_that_cannot_be_opened_is_a_problem(voc_set):
    voc_set.photo("a.png").write_bytes(b"nothing")
    voc_set.xml("a.xml", xml_object(), size="")
    problem = only_problem(voc_set.read())
    assert (problem.kind, problem.where) == ("photo", "a.png")


def test_two_files_of_one_photo_do_not_both_count(voc_set):
    voc_set.photo("b.png")
    for name in ("a.xml", "b.xml", "c.xml"):
        voc_set.xml(name, xml_object(), filename="b.png")
    *problems, photo = voc_set.read()
    assert [(problem.kind, problem.where) for problem in problems] == [("photo", "b.xml"), ("photo", "c.xml")]
    assert all("of a photo that another XML file describes" in problem.what for problem in problems)
    assert (photo.name, len(photo.objects), photo.incomplete) == ("b.png", 1, True)


def test_photo_is_incomplete_where_the_objects_of_another_file_of_it_are_not_known(voc_set):
    """Wherever that file lies: the photo's own comes first here, and everything in it can be read."""
    voc_set.photo("a.png")
    voc_set.photo("b.png")
    voc_set.xml("a.xml", xml_object())
    voc_set.xml("b.xml", xml_object())
    voc_set.xml("later.xml", xml_object(100, 50, 120, 80), filename="a.png")
    assert [(item.name, item.incomplete) for item in voc_set.read() if isinstance(item, Photo)] == [
        ("a.png", True),
        ("b.png", False),
    ]


def test_missing_folder_and_folder_without_xml_are_named(voc_set, one_line_error, tmp_path):
    nowhere = tmp_path / "nowhere"
    assert str(nowhere) in one_line_error(lambda: list(read_voc(nowhere, voc_set.annotations)))
    assert str(nowhere) in one_line_error(lambda: list(read_voc(voc_set.images, nowhere)))
    assert "no XML file" in one_line_error(voc_set.read)


@pytest.mark.parametrize(
    ("source", "other", "first"),
    [
        (OFFICIAL, (0, 5, 20, 30), 1),
        (OFFICIAL, (10.5, 5, 20, 30), 1),
        ("", (1, 5, 20, 30), 1),
        ("<source><database>My set</database></source>", (1, 5, 20, 30), 1),
        ("", (0, 5, 20, 30), 0),
        ("", (10.5, 5, 20, 30), 0),
        ("<source><database>Unknown</database></source>", (1, 5, 20, 30), 0),
        ("<owner><flickrid>NULL</flickrid><name>Label Studio</name></owner>", (1, 5, 20, 30), 0),
    ],
)
def test_pixels_are_counted_from_one_unless_a_file_shows_that_they_are_not(voc_set, source, other, first):
    for name, corners in (("a", (11, 21, 40, 60)), ("b", other)):
        voc_set.photo(f"{name}.png")
        voc_set.xml(f"{name}.xml", xml_object(*corners), source=source)
    photo = voc_set.read()[0]
    assert photo.objects[0].box == (11 - first, 21 - first, 29 + first, 39 + first)


def test_boxes_in_fractions_are_refused(voc_set, one_line_error):
    voc_set.photo("a.png")
    voc_set.xml("a.xml", xml_object(0.1, 0.2, 0.3, 0.5))
    assert "fractions of the photos" in one_line_error(voc_set.read)


def test_file_name_of_another_machine_and_another_name_is_found_by_its_end(voc_set):
    voc_set.photo("day/photo 1.png")
    voc_set.xml("1.xml", xml_object(), filename="C:\\photos\\day\\photo 1.png")
    photo = voc_set.read()[-1]
    assert (photo.name, len(photo.objects)) == ("day/photo 1.png", 1)


def test_two_photos_of_the_xml_files_name_are_refused_unless_it_names_one(voc_set):
    for name in ("a.jpg", "a.png"):
        voc_set.photo(name)
    voc_set.xml("a.xml", xml_object())
    assert "fits 2 photos alike (a.jpg, a.png)" in only_problem(voc_set.read()).what
    voc_set.xml("a.xml", xml_object(), filename="a.png")
    assert [item.name for item in voc_set.read() if isinstance(item, Photo)] == ["a.png"]
