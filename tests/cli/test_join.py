"""python -m seigan_tf join: sets in any format become one."""

import csv

import pytest

from seigan_tf.cli.commands import main
from seigan_tf.config import DataConfig
from seigan_tf.data.annotations.formats import read_annotations
from seigan_tf.data.loading import load_crops
from seigan_tf.data.photos.photo import Photo
from tests.commands import call

BOX = (20, 20, 40, 40)
MASK = {"segmentation": [[21, 21, 50, 21, 50, 50]]}


@pytest.fixture
def sets(new_photo_set):
    """A set in COCO's format with a mask, and one in a table; both have a photograph called a.png."""
    cats, dogs = new_photo_set("cats"), new_photo_set("deep/dogs")
    cats.add("a.png", BOX, **MASK)
    cats.add("b.png", BOX, (100, 100, 40, 40))
    cats.config()
    dogs.add("a.png")
    with dogs.annotations.with_suffix(".csv").open("w", newline="") as file:
        csv.writer(file).writerows(
            [("filename", "xmin", "ymin", "xmax", "ymax", "class"), ("a.png", 1, 2, 41, 52, "dog")]
        )
    return (cats.images, cats.annotations), (dogs.images, dogs.annotations.with_suffix(".csv"))


def options(sets):
    return [part for images, annotations in sets for part in ("--set", str(images), str(annotations))]


def test_all_sets_train_as_one(sets, tmp_path, capsys):
    main(["join", "--out", str(tmp_path / "all.json"), *options(sets)])
    assert f"--data.images {tmp_path} --data.annotations {tmp_path / 'all.json'}" in capsys.readouterr().out
    photos = {p.name: p for p in read_annotations("coco", tmp_path, tmp_path / "all.json") if isinstance(p, Photo)}
    assert sorted(photos) == ["cats/photos/a.png", "cats/photos/b.png", "deep/dogs/photos/a.png"]
    found = {name: [(item.box, item.category) for item in photo.objects] for name, photo in photos.items()}
    assert found["cats/photos/b.png"] == [(BOX, "cat"), ((100, 100, 40, 40), "cat")]
    assert found["deep/dogs/photos/a.png"] == [((1, 2, 40, 50), "dog")]
    assert photos["cats/photos/a.png"].objects[0].segmentation == MASK["segmentation"]
    data = DataConfig(source="coco", images=tmp_path, annotations=tmp_path / "all.json", held_out=0)
    assert len(load_crops(data, 8).objects.images) == 4


def test_what_is_read_is_never_overwritten(sets, tmp_path, capsys):
    (_, cats), (_, dogs) = sets
    before = cats.read_bytes()
    assert call(capsys, "join", "--out", cats, *options(sets)).refusal.startswith(f"error: {cats}: is read too")
    assert cats.read_bytes() == before
    (folder := tmp_path / "tables").mkdir()
    table = dogs.rename(folder / "boxes.csv")
    changed = options(((sets[0][0], cats), (sets[1][0], folder)))
    assert "is read too" in call(capsys, "join", "--out", table, *changed).refusal


def test_masks_stay_behind_if_asked(sets, tmp_path):
    main(["join", "--out", str(tmp_path / "all.json"), "--boxes-only", *options(sets)])
    photos = read_annotations("coco", tmp_path, tmp_path / "all.json")
    assert not any(item.segmentation for photo in photos if isinstance(photo, Photo) for item in photo.objects)


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (lambda sets: sets[:1], "--set: given 1 times"),
        (lambda sets: (sets[0], sets[0]), "given twice"),
        (lambda sets: (sets[0], (sets[1][1], sets[1][1])), "no folder"),
        (lambda sets: (sets[0], (sets[1][0], sets[1][0] / "none.json")), "none.json"),
    ],
)
def test_bad_sets_are_refused_and_nothing_is_written(sets, tmp_path, capsys, change, expected):
    with pytest.raises(SystemExit) as caught:
        main(["join", "--out", str(tmp_path / "all.json"), *options(change(sets))])
    assert caught.value.code == 2
    error = capsys.readouterr().err
    assert expected in error
    assert error.count("\n") == 1
    assert not list(tmp_path.glob("all*"))


def test_photo_of_two_sets_is_refused_with_both_and_sets_inside_others_are_read(new_photo_set, tmp_path, capsys):
    outer = new_photo_set("outer")
    path = outer.add("a.png", BOX)
    (folder := outer.images / "more").mkdir()
    inner = outer.add("more/b.png", BOX)
    outer.config()
    table, out = tmp_path / "more.csv", tmp_path / "all.json"
    asked = "join", "--out", out, *options(((outer.images, outer.annotations), (folder, table)))
    table.write_text("b.png,1,2,30,40\n")
    expected = f"error: {inner}: is in the sets {outer.images} and {folder}, expected it in one of them\n"
    assert call(capsys, *asked).refusal == expected
    (folder / "link.png").symlink_to(path)
    table.write_text("link.png,1,2,30,40\n")
    assert f"link.png: is in the sets {outer.images} and {folder}" in call(capsys, *asked).refusal
    assert not out.exists()
    (folder / "c.png").write_bytes(inner.read_bytes())
    table.write_text("c.png,1,2,30,40\n")
    assert call(capsys, *asked).code == 0
    names = [photo.name for photo in read_annotations("coco", outer.images, out)]
    assert names == ["a.png", "more/b.png", "more/c.png"]


@pytest.mark.parametrize(
    ("more", "expected"),
    [
        ((), "boxes.csv: 2 of 2 photographs cannot be used (100 %), more than max-bad 1 % allows; the first: x.png"),
        (("--max-bad", "100%"), "boxes.csv: no photo of it can be used, expected at least one of each set"),
        (("--max-bad", "2"), "--max-bad 2: expected a share"),
    ],
)
def test_a_set_that_is_lost_ends_the_command_and_leaves_the_earlier_file(sets, tmp_path, capsys, more, expected):
    out, lost = tmp_path / "all.json", tmp_path / "boxes.csv"
    main(["join", "--out", str(out), *options(sets)])
    before = out.read_bytes()
    lost.write_text("x.png,1,2,30,40\ny.png,1,2,30,40\n")
    asked = options((sets[0], (sets[1][0], lost)))
    assert expected in call(capsys, "join", "--out", out, *asked, *more).refusal
    assert out.read_bytes() == before


def test_few_problems_of_a_set_are_named_if_they_are_allowed(sets, tmp_path, capsys):
    table = sets[1][1]
    table.write_text(table.read_text() + "a.png,1,2,900,52,dog\n")
    asked = "join", "--out", tmp_path / "all.json", *options(sets)
    assert "1 of 2 annotated objects cannot be used" in call(capsys, *asked).refusal
    ended = call(capsys, *asked, "--max-bad", "50%")
    assert (ended.code, ended.out.count("left out: ")) == (0, 1)
