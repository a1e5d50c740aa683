"""A study of pictures that exist: one photograph in each pair, and folders that do not belong together."""

import errno
import os
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from seigan_tf.study import manifest
from seigan_tf.study.folders import FolderSettings, compare_folders
from seigan_tf.study.pictures import new_study
from tests import commands

SETS = ("ours", "telea", "before")
PHOTOS = ("a", "b", "c")


def colour(name, photo):
    return (60 * SETS.index(name) + 20, 60 * PHOTOS.index(photo) + 20, 99)


@pytest.fixture
def folders(tmp_path):
    """Three folders with three photographs, of another file format in one of them."""
    for name in SETS:
        (tmp_path / name).mkdir()
        for number, photo in enumerate(PHOTOS):
            ending = "jpg" if name == "before" else "png"
            Image.new("RGB", (24 + number, 16), colour(name, photo)).save(tmp_path / name / f"{photo}.{ending}")
    return [tmp_path / name for name in SETS]


def photos_of(made, folder, pair):
    """The places of the two pictures' photographs in PHOTOS, by their pixels."""
    found = []
    for name in (pair.first, pair.second):
        pixel = np.asarray(Image.open(made.picture(folder, name)))[0, 0].astype(int)
        found.append(round((pixel[1] - 20) / 60))
        assert abs(pixel[0] - colour(made.pictures[name], "a")[0]) < 5
    return found


def test_each_pair_shows_one_photograph_of_two_folders(folders, tmp_path):
    made = compare_folders(tmp_path / "study", folders, FolderSettings(checks=5, seed=3))
    assert manifest.read_manifest(tmp_path / "study") == made
    assert made.sets == list(SETS)
    assert Counter(made.pictures.values()) == dict.fromkeys(SETS, 3) | {None: 10}
    assert len({pair.key for pair in made.pairs}) == 9
    shown = [photos_of(made, tmp_path / "study", pair) for pair in made.pairs]
    assert Counter(map(tuple, shown)) == {(place, place): 3 for place in range(3)}
    for pair, (place, _) in zip(made.pairs, shown, strict=True):
        assert made.origin["photographs"][pair.first] == PHOTOS[place]


def test_first_compares_the_first_folder_only(folders, tmp_path):
    made = compare_folders(tmp_path / "study", folders, FolderSettings(first=True, checks=0))
    assert Counter((made.pictures[pair.first], made.pictures[pair.second]) for pair in made.pairs) == {
        ("ours", "telea"): 3,
        ("ours", "before"): 3,
    }


def test_the_wrong_half_of_a_check_is_the_same_picture_with_a_part_inverted(folders, tmp_path):
    made = compare_folders(tmp_path / "study", folders, FolderSettings(checks=20))
    real_sets = set()
    for check in made.checks:
        real, broken = (
            np.asarray(Image.open(made.picture(tmp_path / "study", name)), int) for name in (check.first, check.second)
        )
        changed = (real != broken).any(axis=-1)
        assert 0.1 < changed.mean() < 0.3
        assert (broken[changed] == 255 - real[0, 0]).all()
        real_sets.add(round((real[0, 0, 0] - 20) / 60))
    assert len(real_sets) == 3  # checks do not tell which pictures are of the first folder


def test_order_and_names_depend_on_the_seed_alone(folders, tmp_path):
    first, again, other = (
        compare_folders(tmp_path / name, folders, FolderSettings(seed=seed))
        for name, seed in (("first", 1), ("again", 1), ("other", 2))
    )
    assert first == again
    assert not set(first.pictures) & set(other.pictures)


def test_folders_that_do_not_belong_together_are_one_line(folders, tmp_path, one_line_error):
    def refusal(*given):
        return one_line_error(compare_folders, tmp_path / "study", given or folders, FolderSettings())

    assert "1 given, expected at least two folders" in refusal(folders[0])
    assert "a second folder of the name ours" in refusal(folders[0], folders[1], tmp_path / "telea" / ".." / "ours")
    assert "no such folder" in refusal(folders[0], tmp_path / "none")
    (tmp_path / "empty").mkdir()
    assert f"{tmp_path / 'empty'}: no photo" in refusal(folders[0], tmp_path / "empty")
    Image.new("RGB", (24, 16)).save(folders[1] / "a.jpg")
    assert "a second file of that name" in refusal()
    (folders[1] / "a.jpg").unlink()
    Image.new("RGB", (24, 17)).save(folders[1] / "a.png")
    assert f"{folders[1] / 'a.png'}: 24 x 17 pixels, expected 24 x 16" in refusal()
    (folders[1] / "a.png").write_bytes(b"no picture")
    assert f"{folders[1] / 'a.png'}: " in refusal()
    (folders[1] / "a.png").unlink()
    assert f"{folders[1]}: no picture a, which {folders[0]} has" in refusal()
    (folders[0] / "a.png").unlink()
    assert f"{folders[0]}: no picture a, which {folders[2]} has" in refusal()
    assert not (tmp_path / "study").exists()


def test_a_full_disk_names_the_folder_and_nothing_is_left(folders, tmp_path, monkeypatch):
    def full(file, content):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))  # as of a file that is open

    monkeypatch.setattr(Path, "write_bytes", full)
    out = tmp_path / "new" / "study"
    with pytest.raises(OSError) as raised:
        compare_folders(out, folders, FolderSettings())
    assert raised.value.filename == str(out)
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(SETS)


def test_of_two_processes_that_make_one_study_the_second_is_refused(tmp_path):
    out = tmp_path / "study"
    with pytest.raises(ValueError, match="study: exists already"), new_study(out), new_study(out) as first:
        (first / "own").touch()
    assert (out / "own").exists()
    assert list(tmp_path.iterdir()) == [out]


def test_command(folders, tmp_path, capsys):
    out = tmp_path / "study"
    ended = commands.call(
        capsys, "study", "compare", *folders, "--out", out, "--first", "--checks", 2, "--question", "Which one?"
    )
    assert ended.code == 0, ended.err
    assert "6 pairs and 2 attention checks" in ended.out
    assert manifest.read_manifest(out).question == "Which one?"
    assert "exists already" in commands.call(capsys, "study", "compare", *folders, "--out", out).refusal
    again = "study", "compare", *folders, "--out", tmp_path / "more"
    assert "--checks is -1" in commands.call(capsys, *again, "--checks", -1).refusal
    assert "--question is empty" in commands.call(capsys, *again, "--question", " ").refusal
