"""cut, erase and paste on the command line."""

import json
import os

import numpy as np
import pytest
from PIL import Image

from seigan_tf import pretrained
from seigan_tf.cli.commands import main
from seigan_tf.compose import composer as composers
from seigan_tf.compose import photo_files
from seigan_tf.config import Config, TrainingConfig, save_config
from seigan_tf.data.annotations.formats import read_annotations
from seigan_tf.data.photos import reading
from tests.commands import call
from tests.compose.scene import BallBackend, ball, box_of, gravel

BOX = "110,80,80,80"


@pytest.fixture(autouse=True)
def loaded(monkeypatch):
    """The weights that were asked for; whatever they are, those of the scene are used."""
    asked = []

    def load(weights, *_):
        asked.append(weights)
        return BallBackend()

    monkeypatch.setattr(composers, "load_backend", load)
    return asked


@pytest.fixture
def photo(tmp_path):
    path = tmp_path / "Kätzchen ö.png"
    Image.fromarray(ball()[0]).save(path)
    return path


@pytest.fixture
def photos(tmp_path):
    """A folder of two photographs, one in a folder below, with three balls and a crowd, and its annotations."""
    folder = tmp_path / "photos"
    (folder / "below").mkdir(parents=True)
    Image.fromarray(ball()[0]).save(folder / "a.png")
    Image.fromarray(ball(centre=(80, 60), seed=1)[0]).save(folder / "below" / "b.jpg", quality=95)
    images = [
        {"id": number, "file_name": name, "width": 300, "height": 240}
        for number, name in enumerate(("a.png", "below/b.jpg"), 1)
    ]
    boxes = [
        (7, 1, box_of(), 0),
        (8, 2, box_of((80, 60)), 0),
        (9, 2, (200, 100, 50, 50), 0),
        (10, 1, (0, 0, 300, 240), 1),
    ]
    annotations = [
        {"id": number, "image_id": image, "category_id": 1, "iscrowd": crowd, "bbox": list(box)}
        for number, image, box, crowd in boxes
    ]
    file = tmp_path / "boxes.json"
    file.write_text(
        json.dumps({"images": images, "annotations": annotations, "categories": [{"id": 1, "name": "ball"}]})
    )
    return folder, file


def pixels(path):
    return photo_files.read(path).array


def test_cut_writes_a_transparent_cutout(capsys, tmp_path, photo, loaded):
    ended = call(capsys, "cut", photo, "--box", BOX, "-o", tmp_path / "out.png", "--weights", "runs/mine")
    assert (ended.code, ended.out) == (0, f"wrote {tmp_path / 'out.png'}\n")
    assert loaded == ["runs/mine"]
    expected = composers.Composer(BallBackend()).cut(photo, box_of())[1]
    np.testing.assert_array_equal(pixels(tmp_path / "out.png"), expected)


def test_the_default_weights_are_shipped(capsys, tmp_path, photo, loaded):
    assert call(capsys, "cut", photo, "--box", BOX, "-o", tmp_path / "out.png").code == 0
    assert loaded == [pretrained.DEFAULT]
    assert pretrained.DEFAULT in pretrained.names()


@pytest.mark.parametrize("orientation", [5, 6, 7, 8])
def test_a_photo_whose_boxes_are_in_stored_pixels_is_saved_upright(capsys, tmp_path, orientation):
    upright, _ = ball(300, 240, (90, 70))
    folder, exif = tmp_path / "photos", Image.Exif()
    exif[reading.EXIF_ORIENTATION] = orientation
    folder.mkdir()
    stored = reading.STORED[orientation](upright)
    Image.fromarray(np.ascontiguousarray(stored)).save(folder / "a.png", exif=exif)
    rows, columns = (np.flatnonzero((stored[..., 0] > stored[..., 1] + 60).any(axis)) for axis in (1, 0))
    box = [int(v) for v in (columns[0], rows[0], np.ptp(columns) + 1, np.ptp(rows) + 1)]
    image = {"id": 1, "file_name": "a.png", "width": 240, "height": 300}
    annotation = {"id": 1, "image_id": 1, "category_id": 1, "iscrowd": 0, "bbox": box}
    annotations = tmp_path / "boxes.json"
    content = {"images": [image], "annotations": [annotation], "categories": [{"id": 1, "name": "ball"}]}
    annotations.write_text(json.dumps(content))
    for command, options in (("erase", ()), ("cut", ("--mask-only", "--json", tmp_path / "found.json"))):
        given = command, folder, "--annotations", annotations, "-o", tmp_path / command, *options
        assert call(capsys, *given).code == 0
    wanted = composers.Composer(BallBackend()).erase(upright, box_of((90, 70)))
    np.testing.assert_array_equal(pixels(tmp_path / "erase" / "a.png"), wanted)
    assert pixels(tmp_path / "cut" / "a-1.png").shape == (240, 300, 3)
    (found,) = json.loads((tmp_path / "found.json").read_text())["annotations"]
    assert found["bbox"] == pytest.approx(box_of((90, 70)), abs=2)


@pytest.mark.parametrize(("name", "orientation"), [("a.jpg", 1), ("a.jpg", 3), ("a.tif", 1), ("a.tif", 6)])
def test_boxes_of_another_size_than_the_stored_one_are_refused(capsys, tmp_path, name, orientation):
    """TIFF files with an orientation, too: Pillow gives their size upright alone."""
    folder, exif = tmp_path / "photos", Image.Exif()
    exif[reading.EXIF_ORIENTATION] = orientation
    folder.mkdir()
    Image.fromarray(ball(300, 240, (90, 70))[0]).save(folder / name, exif=exif)
    size = reading.photo_size(folder / name)
    image = {"id": 1, "file_name": name, "width": size[1], "height": size[0]}
    annotation = {"id": 1, "image_id": 1, "category_id": 1, "iscrowd": 0, "bbox": [10, 20, 100, 50]}
    annotations = tmp_path / "boxes.json"
    content = {"images": [image], "annotations": [annotation], "categories": [{"id": 1, "name": "ball"}]}
    annotations.write_text(json.dumps(content))
    ended = call(capsys, "erase", folder, "--annotations", annotations, "-o", tmp_path / "out")
    assert ended.code == 1
    assert f"{size[0]} x {size[1]} pixels, but its annotations expect {size[1]} x {size[0]}" in ended.err


def test_cut_writes_masks_and_trims(capsys, tmp_path, photo):
    mask, cutout = composers.Composer(BallBackend()).cut(photo, box_of())
    assert call(capsys, "cut", photo, "--box", BOX, "-o", tmp_path / "mask.png", "--mask-only").code == 0
    with Image.open(tmp_path / "mask.png") as image:
        np.testing.assert_array_equal(np.asarray(image), np.rint(255 * mask))
    assert call(capsys, "cut", photo, "--box", BOX, "-o", tmp_path / "trimmed.webp", "--trim").code == 0
    with Image.open(tmp_path / "trimmed.webp") as image:
        assert (image.size, image.mode) == ((80, 80), "RGBA")
    assert call(capsys, "cut", photo, "--box", BOX, "-o", tmp_path / "flat.png", "--no-refine").code == 0
    assert (pixels(tmp_path / "flat.png") != cutout).any()


def test_masks_grow_outside_a_tight_box_if_they_may(capsys, tmp_path, photo):
    tight = "120,90,60,60"
    assert call(capsys, "cut", photo, "--box", tight, "-o", tmp_path / "out.png", "--grow", "0.2").code == 0
    expected = composers.Composer(BallBackend(), grow=0.2).cut(photo, (120, 90, 60, 60))[1]
    np.testing.assert_array_equal(pixels(tmp_path / "out.png"), expected)
    assert expected[..., 3].astype(bool).sum() > 60 * 60
    text = call(capsys, "cut", photo, "--box", tight, "-o", tmp_path / "out.png", "--grow", "2").refusal
    assert "--grow is 2, expected 0 to 1" in text


def test_erase_keeps_every_other_pixel_in_png(capsys, tmp_path, photo):
    ended = call(capsys, "erase", photo, "--box", BOX, "--box", "10,10,30,30", "-o", tmp_path / "out.png")
    assert ended.code == 1
    assert ended.err.endswith(f"the first: {photo.name}: no object was found in the box 10,10,30,30\n")
    before, after = pixels(photo), pixels(tmp_path / "out.png")
    changed = (before != after).any(-1)
    assert changed[100:140, 130:170].mean() > 0.9
    changed[60:180, 90:210] = False
    assert not changed.any()


def test_another_seed_gives_another_fill(capsys, tmp_path, photo):
    for name, seed in (("first.png", 0), ("again.png", 0), ("other.png", 1)):
        assert call(capsys, "erase", photo, "--box", BOX, "-o", tmp_path / name, "--seed", seed).code == 0
    first, again, other = (pixels(tmp_path / name) for name in ("first.png", "again.png", "other.png"))
    np.testing.assert_array_equal(first, again)
    assert (first != other).any()
    for seed in (-1, 2**31):
        ended = call(capsys, "erase", photo, "--box", BOX, "-o", tmp_path / "none.png", "--seed", seed)
        assert (ended.code, ended.err) == (2, f"error: --seed is {seed}, expected 0 to 2147483647\n")


def test_erase_passes_on_the_fill_and_the_objects_to_keep(capsys, tmp_path, photo):
    options = "--fill", "patches", "--keep", "0,0,60,240"
    assert call(capsys, "erase", photo, "--box", BOX, "-o", tmp_path / "out.png", *options).code == 0
    expected = composers.Composer(BallBackend()).erase(photo, box_of(), "patches", [(0, 0, 60, 240)])
    np.testing.assert_array_equal(pixels(tmp_path / "out.png"), expected)
    assert (composers.Composer(BallBackend()).erase(photo, box_of()) != expected).any()
    text = call(capsys, "erase", tmp_path, "-o", tmp_path / "out", *options).refusal
    assert f"--keep: {tmp_path} is a folder, expected one photograph" in text


@pytest.mark.parametrize("at", ["60,50", "-20,-10,60"])
def test_paste_puts_the_object_where_it_is_asked_for(capsys, tmp_path, photo, at):
    onto = tmp_path / "onto.tif"
    Image.fromarray(gravel(200, 180, seed=3)).save(onto)
    ended = call(capsys, "paste", photo, "--box", BOX, "--onto", onto, "--at", at, "-o", tmp_path / "out.png")
    assert ended.code == 0
    expected = composers.Composer(BallBackend()).paste(photo, box_of(), onto, [float(part) for part in at.split(",")])
    np.testing.assert_array_equal(pixels(tmp_path / "out.png"), expected)


def test_several_boxes_of_a_photo_make_several_cutouts(capsys, tmp_path, photo):
    ended = call(capsys, "cut", photo, "--box", BOX, "--box", "100,70,60,60", "-o", tmp_path / "out")
    assert (ended.code, ended.out) == (0, f"wrote 2 files to {tmp_path / 'out'}\n")
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["Kätzchen ö-1.png", "Kätzchen ö-2.png"]


def test_a_folder_is_cut_object_by_object(capsys, tmp_path, photos):
    folder, annotations = photos
    out, found = tmp_path / "out", tmp_path / "found.json"
    ended = call(capsys, "cut", folder, "--annotations", annotations, "-o", out, "--json", found)
    assert (ended.code, ended.out) == (1, f"wrote 2 files to {out}, 1 crowd left out\n")
    assert ended.err.endswith("the first: below/b.jpg: no object was found in the box 200,100,50,50\n")
    names = sorted(path.relative_to(out).as_posix() for path in out.rglob("*.png"))
    assert names == ["a-1.png", "below/b-1.png"]
    read_back = {item.id: item for entry in read_annotations("coco", folder, found) for item in entry.objects}
    assert sorted(read_back) == [1, 2], "numbered anew"
    assert read_back[2].box == pytest.approx(box_of((80, 60)), abs=2)
    assert read_back[2].category == "ball" and read_back[2].segmentation["size"] == [240, 300]
    areas = {entry["id"]: entry["area"] for entry in json.loads(found.read_text())["annotations"]}
    mask = composers.Composer(BallBackend()).cut(folder / "a.png", box_of())[0]
    assert areas[1] == (np.rint(255 * mask) > 127).sum() < read_back[1].box[2] * read_back[1].box[3]


@pytest.mark.parametrize("option", ["--box", "--keep"])
def test_numbers_without_commas_are_one_line_that_says_how(option, capsys, photo, tmp_path):
    box = ["--box", BOX] * (option != "--box")
    text = call(capsys, "erase", photo, *box, option, "3", "14.5", "-2", "80", "-o", tmp_path / "out.png").refusal
    assert text == f"error: {option} 3 14.5 -2 80: expected commas and no blanks: {option} 3,14.5,-2,80\n"


def test_what_is_finished_is_skipped(capsys, tmp_path, photos, loaded):
    folder, annotations = photos
    out = tmp_path / "out"
    content = json.loads(annotations.read_text())
    content["annotations"] = [entry for entry in content["annotations"] if entry["id"] < 9]  # objects
    annotations.write_text(json.dumps(content))
    command = ["erase", folder, "--annotations", annotations, "-o", out]
    assert call(capsys, *command).code == 0
    first = {path: path.stat().st_mtime_ns for path in out.rglob("*.png")}
    assert len(first) == 2
    (out / "below" / "b.png").unlink()
    ended = call(capsys, *command)
    kept = "were there and are kept (--overwrite replaces them)"
    assert (ended.code, ended.out) == (0, f"wrote 1 files to {out}, 1 {kept}\n")
    assert (out / "a.png").stat().st_mtime_ns == first[out / "a.png"]
    assert call(capsys, *command).out == f"wrote 0 files to {out}, 2 {kept}\n"
    assert len(loaded) == 2, "nothing to do needs no weights"
    assert call(capsys, *command, "--overwrite").out == f"wrote 2 files to {out}\n"
    assert (out / "a.png").stat().st_mtime_ns != first[out / "a.png"]


def test_annotations_of_a_folder_serve_one_photo_of_it_too(capsys, tmp_path, photos):
    folder, annotations = photos
    ended = call(capsys, "erase", folder / "a.png", "--annotations", annotations, "-o", tmp_path / "out.png")
    assert (ended.code, (tmp_path / "out.png").is_file()) == (0, True)
    assert call(capsys, "cut", folder / "a.png", "--annotations", annotations, "-o", tmp_path / "out").code == 0
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["a-1.png"]


def test_bad_photographs_of_a_folder_are_counted_and_the_others_done(capsys, tmp_path, photos):
    folder, annotations = photos
    content = (folder / "a.png").read_bytes()
    (folder / "a.png").write_bytes(content[: len(content) // 2])
    ended = call(
        capsys, "cut", folder, "--annotations", annotations, "-o", tmp_path / "out", "--json", tmp_path / "j.json"
    )
    assert ended.code == 1
    assert ended.err.startswith(f"stopped: 2 photographs or boxes could not be used; the first: {folder / 'a.png'}: ")
    assert ended.err.count("\n") == 1
    assert len(list((tmp_path / "out").rglob("*.png"))) == 1
    assert (tmp_path / "j.json").is_file()


@pytest.mark.parametrize("command", ["cut", "erase", "paste"])
@pytest.mark.parametrize("content", [b"text", b"", None], ids=["text", "empty", "missing"])
def test_a_photo_without_a_size_keeps_no_other_from_being_done(capsys, tmp_path, photo_set, command, content):
    for name in ("a.png", "b.png", "c.png"):
        photo_set.add(name, (20, 20, 60, 60))
    photo_set.config()
    bad = photo_set.images / "b.png"
    bad.unlink() if content is None else bad.write_bytes(content)
    more = {"cut": ["--json", tmp_path / "j.json"], "paste": ["--onto", photo_set.images / "a.png", "--at", "9,9"]}
    given = ["--annotations", photo_set.annotations, "-o"]
    ended = call(capsys, command, photo_set.images, *given, tmp_path / "out", *more.get(command, []))
    assert ended.code == 1
    assert ended.err.startswith(f"stopped: 1 photographs or boxes could not be used; the first: {bad}: ")
    assert ended.err.count("\n") == 1
    assert len(list((tmp_path / "out").iterdir())) == 2
    assert (tmp_path / "j.json").is_file() == (command == "cut")
    assert f"{bad}: " in call(capsys, "erase", bad, *given, tmp_path / "b.png").refusal


def test_a_name_that_is_too_long_keeps_no_other_photograph_from_being_done(capsys, tmp_path, photo_set):
    for name in ("a.png", f"{'n' * 251}.png", "z.png"):  # with a number for its object the longest name is too long
        photo_set.add(name, (20, 20, 60, 60))
    photo_set.config()
    ended = call(capsys, "erase", photo_set.images, "--annotations", photo_set.annotations, "-o", tmp_path / "erased")
    assert (ended.code, len(list((tmp_path / "erased").iterdir()))) == (0, 3)
    ended = call(capsys, "cut", photo_set.images, "--annotations", photo_set.annotations, "-o", tmp_path / "cut")
    assert ended.code == 1
    assert "File name too long" in ended.err
    assert ended.err.count("\n") == 1
    assert {path.name for path in (tmp_path / "cut").iterdir()} <= {"a-1.png", "z-1.png"}


@pytest.mark.parametrize(
    ("box", "told"),
    [([500, 1, 5, 5], "annotation 12 of a.png: box"), ([0, 0, 1, 1], "annotation 12: box 0,0,1,1: fractions")],
)
def test_boxes_that_cannot_be_used_are_told_of(capsys, tmp_path, photos, box, told):
    folder, annotations = photos
    content = json.loads(annotations.read_text())
    content["annotations"].append({"id": 12, "image_id": 1, "category_id": 1, "iscrowd": 0, "bbox": box})
    annotations.write_text(json.dumps(content))
    ended = call(capsys, "erase", folder / "a.png", "--annotations", annotations, "-o", tmp_path / "out.png")
    assert (ended.code, (tmp_path / "out.png").is_file()) == (1, True)
    assert told in ended.err


def test_crowds_are_left_out_and_counted(capsys, tmp_path, photos):
    folder, annotations = photos
    content = json.loads(annotations.read_text())
    more = {"id": 11, "image_id": 1, "category_id": 1, "iscrowd": 1, "bbox": [5, 5, 50, 50]}
    content["annotations"].append(more)
    annotations.write_text(json.dumps(content))
    for command in "cut", "erase":
        ended = call(capsys, command, folder, "--annotations", annotations, "-o", tmp_path / command)
        assert ended.out.endswith(f" files to {tmp_path / command}, 2 crowds left out\n")
    given = folder / "a.png", "--annotations", annotations, "-o", tmp_path / "out.png"
    assert call(capsys, "erase", *given).out == f"wrote {tmp_path / 'out.png'}, 2 crowds left out\n"
    for entry in content["annotations"]:
        entry["iscrowd"] = int(entry["image_id"] == 1)
    annotations.write_text(json.dumps(content))
    expected = f"error: {folder / 'a.png'}: {annotations} has no box of it that can be used (3 crowds left out)\n"
    assert call(capsys, "erase", *given).refusal == expected


def test_problems_of_photos_with_longer_names_do_not_matter(capsys, tmp_path, photos):
    folder, annotations = photos
    content = json.loads(annotations.read_text())
    for number, name in ((3, "aa.png"), (4, "below/a.png"), (5, "a.png.png")):
        content["images"].append({"id": number, "file_name": name, "width": 300, "height": 240})
        bad = {"id": 10 + number, "image_id": number, "category_id": 1, "iscrowd": 0, "bbox": [500, 1, 5, 5]}
        content["annotations"].append(bad)
        Image.fromarray(gravel(300, 240)).save(folder / name)
    annotations.write_text(json.dumps(content))
    ended = call(capsys, "erase", folder / "a.png", "--annotations", annotations, "-o", tmp_path / "out.png")
    assert (ended.code, ended.err) == (0, "")


def test_unusable_boxes_of_one_photo_are_counted_in_any_format(capsys, tmp_path, photos):
    """One line: how many of that photo's, and why; those of other photos do not matter."""
    folder, _ = photos
    (folder / "below" / "b.jpg").rename(folder / "b.jpg")
    labels, xml = tmp_path / "labels", tmp_path / "xml"
    labels.mkdir()
    xml.mkdir()
    (labels / "a.txt").write_text("0 0.5 0.5 0.27 0.33\n0 0.5 0.5 7 0.1\n0 0.5 x 0.1 0.1\n0 0.5 0.5 0 0.1\n")
    (labels / "b.txt").write_text("0 nothing\n")
    good, bad = (
        f"<object><name>ball</name><bndbox><xmin>{left}</xmin><ymin>80</ymin><xmax>{left + 80}</xmax>"
        "<ymax>160</ymax></bndbox></object>"
        for left in (110, 900)
    )
    for name, objects in (("a", good + bad + bad), ("b", bad)):
        (xml / f"{name}.xml").write_text(f"<annotation><filename>x</filename>{objects}</annotation>")
    table = tmp_path / "boxes.csv"
    table.write_text("file,x,y,width,height,class\na.png,110,80,80,80,ball\na.png,110,80,eight,80,ball\n")
    for given, count, why in (
        (labels, 3, "a.txt: line 2: 7 is not in [0, 1]"),
        (xml, 2, "a.xml: object 2 of a.png: box"),
        (table, 1, f"a.png: {table} has boxes of it that cannot be used"),
    ):
        ended = call(capsys, "erase", folder / "a.png", "--annotations", given, "-o", tmp_path / "out.png")
        assert (ended.code, (tmp_path / "out.png").is_file()) == (1, True)
        assert ended.err.count("\n") == 1
        assert f"{count} photographs or boxes could not be used; the first: {why}" in ended.err
    text = call(capsys, "erase", folder / "b.jpg", "--annotations", labels, "-o", tmp_path / "b.png").refusal
    assert "has no box of it that can be used (b.txt: line 1: " in text


@pytest.mark.parametrize("command", ["cut", "erase"])
def test_boxes_in_fractions_are_refused(capsys, tmp_path, photos, command):
    folder, annotations = photos
    content = json.loads(annotations.read_text())
    for entry in content["annotations"]:
        x, y, width, height = entry["bbox"]
        entry["bbox"] = [x / 300, y / 240, width / 300, height / 240]
    annotations.write_text(json.dumps(content))
    refused = call(capsys, command, folder, "--annotations", annotations, "-o", tmp_path / "out").refusal
    assert "they are fractions of the photos, expected pixels" in refused
    refused = call(capsys, command, folder / "a.png", "--box", "0.3,0.3,0.2,0.2", "-o", tmp_path / "out.png").refusal
    assert "fractions of the photo, expected x, y, width, height in pixels" in refused
    assert not (tmp_path / "out").exists()
    assert not (tmp_path / "out.png").exists()


def test_objects_that_cannot_be_pasted_do_not_keep_others_from_it(capsys, tmp_path, photos):
    folder, annotations = photos
    content = json.loads(annotations.read_text())
    content["annotations"][0]["bbox"] = [110, 80, 80, 1]
    content["annotations"].append({"id": 12, "image_id": 1, "category_id": 1, "iscrowd": 0, "bbox": list(box_of())})
    annotations.write_text(json.dumps(content))
    Image.fromarray(gravel(200, 180)).save(tmp_path / "onto.png")
    command = ["paste", folder, "--annotations", annotations, "--onto", tmp_path / "onto.png", "--at", "20,20,40"]
    ended = call(capsys, *command, "-o", tmp_path / "out")
    assert (ended.code, ended.out) == (1, f"wrote 2 files to {tmp_path / 'out'}, 1 crowd left out\n")
    assert "2 photographs or boxes could not be used; the first: a.png: at 20,20,40: the object would be" in ended.err
    assert sorted(path.name for path in (tmp_path / "out").rglob("*.png")) == ["a-2.png", "b-1.png"]


def test_a_file_is_not_taken_for_the_folder_of_several_outputs(capsys, tmp_path, photo, photos):
    folder, annotations = photos
    several = [
        ("cut", folder / "a.png", "--annotations", annotations),
        ("cut", photo, "--box", BOX, "--box", BOX),
        ("erase", folder, "--annotations", annotations),
    ]
    for command in several:
        text = call(capsys, *command, "-o", tmp_path / "cat.png").refusal
        assert "cat.png: names a file, expected a folder for several outputs" in text
        assert not (tmp_path / "cat.png").exists()
    (tmp_path / "cat.png").mkdir()
    assert call(capsys, *several[0], "-o", tmp_path / "cat.png").code == 0


def test_found_boxes_never_replace_an_input_or_an_output(capsys, tmp_path, photos):
    folder, annotations = photos
    beside = folder / "boxes.json"
    annotations.rename(beside)
    command = ["cut", folder, "-o", tmp_path / "out"]
    assert "boxes.json: is read too" in call(capsys, *command, "--json", beside).refusal
    assert "boxes.json: is read too" in call(capsys, *command, "--annotations", beside, "--json", beside).refusal
    assert "photos: a folder, expected a file to write" in call(capsys, *command, "--json", folder).refusal
    (tmp_path / "out").mkdir()
    text = call(capsys, *command, "--json", tmp_path / "out" / "a-1.png").refusal
    assert "a-1.png: would be written for a.png and for all photographs" in text
    assert not list((tmp_path / "out").iterdir())
    label = tmp_path / "labels" / "train" / "a.xml"
    label.parent.mkdir(parents=True)
    label.write_text("<annotation><object/></annotation>")
    labels = "--annotations", tmp_path / "labels", "--source", "voc"
    assert "a.xml: is read too" in call(capsys, *command, *labels, "--json", label).refusal


def test_a_place_that_is_not_finite_is_refused_before_anything_is_loaded(capsys, tmp_path, photos, loaded):
    folder, annotations = photos
    Image.fromarray(gravel(200, 180)).save(tmp_path / "onto.png")
    command = ["paste", folder, "--annotations", annotations, "--onto", tmp_path / "onto.png", "-o", tmp_path / "out"]
    assert "--at nan,0: expected X,Y or X,Y,W, numbers in pixels" in call(capsys, *command, "--at", "nan,0").refusal
    assert not loaded


def test_pastes_every_object_of_a_folder(capsys, tmp_path, photos):
    folder, annotations = photos
    Image.fromarray(gravel(200, 180)).save(tmp_path / "onto.png")
    command = ["paste", folder, "--annotations", annotations, "--onto", tmp_path / "onto.png", "--at", "20,20,40"]
    ended = call(capsys, *command, "-o", tmp_path / "out", "--format", "jpg")
    assert "1 photographs or boxes could not be used; the first: below/b.jpg: no object was found" in ended.err
    assert len(list((tmp_path / "out").rglob("*.jpg"))) == 2


@pytest.mark.parametrize("command", ["cut", "erase", "paste"])
def test_one_box_without_an_object_is_refused_and_nothing_written(capsys, tmp_path, photo, command):
    more = ["--onto", photo, "--at", "9,9"] * (command == "paste")
    refusal = call(capsys, command, photo, "--box", "10,10,30,30", *more, "-o", tmp_path / "out.png").refusal
    assert refusal == "error: no object was found in the box 10,10,30,30\n"
    assert not (tmp_path / "out.png").exists()


@pytest.mark.parametrize(
    ("task", "command", "missing"),
    [("distill", "cut", None), ("distill", "erase", "inpainter"), ("distill", "paste", "enhancer"),
     ("inpaint", "cut", "segmenter")],
)  # fmt: skip
def test_networks_that_were_never_trained_are_not_used(capsys, tmp_path, photo, task, command, missing):
    training = TrainingConfig(task=task, teachers=("cats",))
    run = tmp_path / "run"
    run.mkdir()
    save_config(Config(training=training), run / "config.json")
    more = ["--onto", photo, "--at", "9,9"] * (command == "paste")
    ended = call(capsys, command, photo, "--box", BOX, *more, "-o", tmp_path / "out.png", "--weights", run)
    if missing is None:
        assert ended.code == 0
    else:
        expected = f"error: --weights {run}: its {missing} was never trained, expected other weights\n"
        assert ended.refusal == expected


def test_a_photograph_too_large_for_memory_keeps_no_other_from_being_done(capsys, tmp_path, photos, monkeypatch):
    folder, annotations = photos
    segment, calls = BallBackend.segment, []

    def scarce(self, *given):
        calls.append(given)
        if len(calls) == 1:
            raise MemoryError
        return segment(self, *given)

    monkeypatch.setattr(BallBackend, "segment", scarce)
    ended = call(capsys, "erase", folder, "--annotations", annotations, "-o", tmp_path / "out")
    assert ended.code == 1
    assert "the first: a.png: too large for the memory that is free\n" in ended.err
    assert [path.name for path in (tmp_path / "out").rglob("*.png")] == ["b.png"]


@pytest.mark.parametrize("command", ["cut", "erase", "paste"])
def test_a_photo_too_large_for_the_format_is_refused_before_the_networks_run(capsys, tmp_path, monkeypatch, command):
    monkeypatch.setattr(BallBackend, "segment", None)
    Image.fromarray(gravel(17_000, 20)).save(tmp_path / "a.png")
    more = ["--onto", tmp_path / "a.png", "--at", "9,9"] * (command == "paste")
    given = command, tmp_path / "a.png", "--box", "10,2,9,9", *more, "-o", tmp_path / "o.webp"
    text = call(capsys, *given).refusal
    assert "o.webp: 17000 x 20 pixels, WEBP holds 16383 a side; expected .png or .tif" in text
    assert not (tmp_path / "o.webp").exists()


def test_a_format_that_agrees_with_the_output_may_be_given(capsys, tmp_path, photo):
    given = "erase", photo, "--box", BOX, "-o", tmp_path / "o.jpg", "--format", "jpeg"
    assert call(capsys, *given).code == 0


def test_thousands_of_boxes_of_a_photo(capsys, tmp_path):
    Image.fromarray(gravel(60, 50)).save(tmp_path / "a.png")
    boxes = [part for x in range(2000) for part in ("--box", f"{x % 50},{x % 40},8,8")]
    assert "no object was found" in call(capsys, "erase", tmp_path / "a.png", *boxes, "-o", tmp_path / "o.png").refusal


def refusals(tmp_path, photo):
    out = tmp_path / "out.png"
    other = tmp_path / "other.png"
    os.link(photo, other)
    (tmp_path / "text.png").write_text("no image")
    (tmp_path / "truncated.png").write_bytes(photo.read_bytes()[:3000])
    Image.new("1", (20_000, 20_000)).save(tmp_path / "bomb.png")
    box = ("--box", BOX)
    paste = ("paste", photo, *box, "--onto", photo, "-o", out)
    return [
        (("cut", photo, "-o", out), "--box is not given, expected X,Y,W,H"),
        (("cut", photo, "--box", "1,2,3", "-o", out), "--box 1,2,3: expected X,Y,W,H, numbers in pixels"),
        (("cut", photo, "--box", "1,2,x,4", "-o", out), "--box 1,2,x,4: expected X,Y,W,H"),
        (("cut", photo, "--box", "1,2,0,4", "-o", out), "width and height must be more than 0"),
        (("erase", photo, *box, "--box", "300,0,9,9", "-o", out), "outside the photo of 300 x 240 pixels"),
        (("cut", tmp_path / "nowhere.png", *box, "-o", out), "nowhere.png: missing"),
        (("cut", tmp_path / "text.png", *box, "-o", out), "text.png: not an image"),
        (("cut", tmp_path / "truncated.png", *box, "-o", out), "truncated.png: "),
        (("cut", tmp_path / "bomb.png", *box, "-o", out), "bomb.png: more than 210,000,000 pixels"),
        (("cut", tmp_path, *box, "-o", out), "a folder, expected one photograph with --box"),
        (("cut", photo, *box, "--annotations", "a.json", "-o", out), "both are given"),
        (("cut", photo, *box, "-o", photo), "is read too"),
        (("erase", photo, *box, "-o", other), "is read too"),
        ((*paste[:-1], photo, "--at", "1,1"), "is read too"),
        (("cut", photo, *box, "-o", tmp_path / "out.jpg"), ".jpg cannot hold transparency"),
        (("cut", photo, *box, "-o", tmp_path / "out.psd"), "cannot write .psd"),
        (("cut", photo, *box, "-o", tmp_path / "nowhere" / "out.png"), "its folder does not exist"),
        (("cut", photo, *box, "-o", tmp_path), "expected one of .png"),
        (("cut", photo, *box, *box, "-o", photo), "a file, expected a folder"),
        (
            ("cut", photo, *box, *box, "-o", tmp_path / "o", "--format", "gif"),
            "--format gif: cannot write .gif, expected one",
        ),
        (("cut", photo, *box, *box, "-o", tmp_path / "o", "--format", "jpg"), "--format jpg: .jpg cannot hold transp"),
        (("erase", photo, *box, "-o", out, "--format", "gif"), "--format gif: cannot write .gif, expected one"),
        (("erase", photo, *box, "-o", out, "--format", "jpg"), f"--format jpg: {out} has another format, expected"),
        (("cut", photo, *box, "-o", out, "--json", tmp_path / "nowhere" / "a.json"), "its folder does not exist"),
        ((*paste, "--at", "1"), "--at 1: expected X,Y or X,Y,W"),
        ((*paste, "--at", "900,900"), "outside the photo of 300 x 240 pixels"),
        ((*paste, "--at", "0,0,0"), "the width must be more than 0"),
        ((*paste, "--at", "0.5,0.25"), "--at 0.5,0.25: fractions of the photo, expected pixels"),
        (("erase", photo, *box, "--keep", "300,0,9,9", "-o", out), "--keep: box 300,0,9,9: outside the photo of 300 x"),
        (("paste", photo, *box, "--onto", "nowhere.jpg", "--at", "1,1", "-o", out), "nowhere.jpg: missing"),
    ]


def test_names_what_it_cannot_use(capsys, tmp_path, photo):
    before = photo.read_bytes()
    for arguments, message in refusals(tmp_path, photo):
        assert message in call(capsys, *arguments).refusal, arguments
        assert not (tmp_path / "out.png").exists()
    assert photo.read_bytes() == before


def test_two_outputs_of_one_path_are_refused(capsys, tmp_path, photos):
    folder, annotations = photos
    Image.fromarray(gravel(300, 240)).save(folder / "a.webp")
    content = json.loads(annotations.read_text())
    content["images"].append({"id": 3, "file_name": "a.webp", "width": 300, "height": 240})
    content["annotations"].append({"id": 11, "image_id": 3, "category_id": 1, "iscrowd": 0, "bbox": [1, 1, 50, 50]})
    annotations.write_text(json.dumps(content))
    text = call(capsys, "erase", folder, "--annotations", annotations, "-o", tmp_path / "out").refusal
    assert "a.png: would be written for a.png and for a.webp" in text
    text = call(capsys, "erase", folder, "--annotations", annotations, "-o", folder).refusal
    assert "is read too" in text
    assert not (tmp_path / "out").exists()


def test_unwritable_outputs_are_named_and_nothing_is_left(capsys, tmp_path, photo, monkeypatch):
    def full(*arguments, **settings):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Image.Image, "save", full)
    text = call(capsys, "cut", photo, "--box", BOX, "-o", tmp_path / "out.png").refusal
    assert text == f"error: {tmp_path / 'out.png'}: No space left on device\n"
    assert sorted(path.name for path in tmp_path.iterdir()) == [photo.name]


def test_help_imports_nothing_heavy(capsys):
    for command in ("cut", "erase", "paste"):
        with pytest.raises(SystemExit) as ended:
            main([command, "--help"])
        assert ended.value.code == 0
        assert "--box X,Y,W,H" in capsys.readouterr().out
