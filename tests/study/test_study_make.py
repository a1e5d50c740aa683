"""Making a study: what the sets hold, which pictures are chosen, which pairs are shown."""

import errno
import os
from collections import Counter
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from seigan_tf import config
from seigan_tf.config import Config, DataConfig
from seigan_tf.data.crop_set import BackgroundCrops, Crops, ObjectCrops
from seigan_tf.data.storage.prepare import prepare
from seigan_tf.inference import arrays
from seigan_tf.study import making, manifest
from seigan_tf.study.making import StudySettings, make_study, random_pairs
from seigan_tf.study.manifest import COARSE, FULL, GROUND_TRUTH, NO_CYCLE, SETS
from seigan_tf.study.pictures import broken_paste
from seigan_tf.utils.pixels import to_float, to_uint8
from tests import commands, tiny

SETTINGS = StudySettings(pictures=6, candidates=7, pairs=36, checks=4, seed=3)


@pytest.fixture(scope="module")
def models():
    return tiny.seigan(seed=1, confine_mask=True), tiny.seigan(seed=2)


@pytest.fixture(scope="module")
def crops():
    random = np.random.default_rng(0)
    images, backgrounds = (random.integers(0, 256, (count, 16, 16, 3)).astype(np.uint8) for count in (9, 14))
    boxes = np.tile(np.array([0.2, 0.3, 0.9, 0.7], np.float32), (9, 1))
    return Crops(ObjectCrops(images, boxes), BackgroundCrops(backgrounds), None, {})


@pytest.fixture(scope="module")
def study(models, crops, tmp_path_factory):
    folder = tmp_path_factory.mktemp("made") / "deep" / "study"
    return folder, make_study(folder, crops, *models, SETTINGS, {"weights": "tiny"})


def members(folder, made, name):
    """Pixels of the pictures of a set."""
    chosen = [picture for picture, of in made.pictures.items() if of == name]
    return np.stack([np.asarray(Image.open(made.picture(folder, picture))) for picture in chosen])


def test_the_four_sets_are_in_the_folder(study, crops):
    folder, made = study
    assert manifest.read_manifest(folder) == made
    assert made.sets == list(SETS)
    assert Counter(made.pictures.values()) == dict.fromkeys(SETS, 6) | {None: 8}
    assert {path.stem for path in (folder / manifest.PICTURES).iterdir()} == set(made.pictures)
    assert {path.name for path in folder.iterdir()} == {manifest.MANIFEST_FILE, manifest.PICTURES}
    real = {image.tobytes() for image in crops.objects.images}
    truth = {image.tobytes() for image in members(folder, made, GROUND_TRUTH)}
    assert len(truth) == 6
    assert truth < real
    for check in made.checks:
        shown = [np.asarray(Image.open(made.picture(folder, name))).tobytes() for name in (check.first, check.second)]
        assert [pixels in real for pixels in shown] == [True, False]


def test_the_discriminator_chooses_the_best_of_all_candidates(models, crops):
    model = models[0]
    candidates = making.draw_candidates(9, 14, 40, np.random.default_rng(0))
    assert max(Counter(candidates[:, 0].tolist()).values()) == 5
    assert max(Counter(candidates[:, 1].tolist()).values()) == 3
    objects, backgrounds = candidates.T
    swapped = arrays.swap(
        model, crops.objects.images[objects], crops.objects.boxes[objects], crops.backgrounds.images[backgrounds]
    )
    told = []
    found = making.choose(model, ["coarse", "composite"], crops, candidates, 6, told.append)
    assert sum(told) == 40
    for kind in ("coarse", "composite"):
        every = to_uint8(swapped[kind])
        scores = np.array([np.mean(model.discriminators.object(to_float(image[None]))) for image in every])
        best = np.argsort(-scores)[:6]
        np.testing.assert_allclose(found[kind].scores, scores[best], rtol=1e-3)
        assert found[kind].mean_of_all == pytest.approx(scores.mean(), rel=1e-3)
        # Pixels may differ by one where the batch's size changes the last bit.
        assert np.abs(found[kind].images.astype(int) - every[best].astype(int)).max() <= 1


def test_no_cycle_is_of_its_own_model(study, models, crops):
    folder, made = study
    shown = members(folder, made, NO_CYCLE)
    given = making.mean_scores(models[1], shown)
    assert (np.diff(given) <= 1e-6).all()  # best first, by its own discriminator
    assert made.origin["scores"][NO_CYCLE]["chosen"] == pytest.approx(given.mean(), rel=1e-4)
    for name in (COARSE, FULL):
        assert (np.diff(making.mean_scores(models[0], members(folder, made, name))) <= 1e-6).all()


def test_one_seed_makes_one_study(study, models, crops, tmp_path):
    folder, made = study
    assert make_study(tmp_path / "again", crops, *models, SETTINGS, {"weights": "tiny"}) == made
    for name in made.pictures:
        assert made.picture(tmp_path / "again", name).read_bytes() == made.picture(folder, name).read_bytes()
    other = make_study(tmp_path / "other", crops, models[0], None, StudySettings(6, 2, 30, 0, seed=4), {})
    assert other.sets == [GROUND_TRUTH, COARSE, FULL]
    assert other.checks == []
    assert not set(other.pictures) & set(made.pictures)


def test_nothing_is_left_of_a_study_that_fails(models, crops, tmp_path, monkeypatch, one_line_error):
    def stop(done, total):
        raise KeyboardInterrupt

    def full(file, content):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))  # as of a file that is open

    out = tmp_path / "some" / "study"
    with pytest.raises(KeyboardInterrupt):
        make_study(out, crops, *models, SETTINGS, {}, stop)
    assert "--pictures is 10, expected at most 9" in one_line_error(
        make_study, out, crops, *models, StudySettings(10), {}
    )
    assert "--pairs is 1000, expected at most 216" in one_line_error(
        make_study, out, crops, *models, StudySettings(6, 1, 1000), {}
    )
    assert list(tmp_path.iterdir()) == []
    monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.raises(OSError) as raised:
        make_study(out, crops, *models, SETTINGS, {})
    assert raised.value.filename == str(out)
    assert list(tmp_path.iterdir()) == []
    out.mkdir(parents=True)
    assert "exists already" in one_line_error(make_study, out, crops, *models, SETTINGS, {})


def test_hard_masks_paste_hard(crops):
    model = tiny.seigan(seed=1, hard_mask=True)
    images, backgrounds = crops.objects.images, crops.backgrounds.images[:9]
    coarse = making.paste(model, images, crops.objects.boxes, backgrounds, enhanced=False)["coarse"]
    both = np.stack([to_float(images), to_float(backgrounds)])
    assert (np.abs(coarse - both).min(axis=0) == 0).all()


def test_a_broken_paste_is_a_rectangle_of_wrong_colours():
    image, background = np.full((20, 20, 3), 40, np.uint8), np.full((20, 20, 3), 90, np.uint8)
    made = broken_paste(image, [0.25, 0.1, 0.75, 0.9], background, np.random.default_rng(0))
    inside = (made == 215).all(axis=-1)
    assert inside.sum() == 10 * 16
    assert (made[~inside] == 90).all()
    whole = broken_paste(image, [-0.1, 0.0, 1.2, 1.0], background, np.random.default_rng(0))
    assert (whole == 215).all()


def test_pairs_are_different_and_even():
    sets = {name: [f"{name}{number}" for number in range(count)] for name, count in (("a", 6), ("b", 6), ("c", 4))}
    pairs = random_pairs(sets, 60, np.random.default_rng(1))
    assert len({pair.key for pair in pairs}) == 60
    assert Counter(frozenset(name[0] for name in pair.key) for pair in pairs) == dict.fromkeys(
        map(frozenset, ("ab", "ac", "bc")), 20
    )
    shown = Counter(name for pair in pairs for name in pair.key)
    for name, members in sets.items():
        counts = [shown[member] for member in members]
        assert max(counts) - min(counts) <= 2, name
    assert random_pairs(sets, 60, np.random.default_rng(2)) != pairs
    every = random_pairs({"a": sets["a"], "c": sets["c"]}, 24, np.random.default_rng(0))
    assert len({pair.key for pair in every}) == 24


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ({"pictures": 0}, "--pictures is 0"),
        ({"candidates": 0}, "--candidates is 0"),
        ({"checks": -1}, "--checks is -1"),
        ({"question": " "}, "--question is empty"),
    ],
)
def test_settings_are_checked(one_line_error, settings, expected):
    assert expected in one_line_error(StudySettings, **settings)


@pytest.fixture(scope="module")
def runs(models, tmp_path_factory):
    """Run folders of both models, one of another size, and one of another scale."""
    folder = tmp_path_factory.mktemp("runs")
    data = DataConfig(source="coco", images=folder / "moved", min_short_side=30, max_object_fraction=0.9)
    more = tiny.seigan(size=32), tiny.seigan(object_fraction=0.5)
    for name, model in zip(("seigan", "no_cycle", "large", "far"), (*models, *more), strict=True):
        (folder / name / "weights").mkdir(parents=True)
        model.save(folder / name / "weights" / "seigan.keras")
        own = replace(data, object_fraction=model.object_fraction)
        config.save_config(Config(name=name, data=own), folder / name / "config.json")
    return folder


@pytest.fixture
def photos(photo_set):
    for number in range(6):
        photo_set.add(f"{number}.png", (70 + number, 60, 40, 35), width=220)
    photo_set.add("small.png", (70, 60, 25, 25), width=220)
    photo_set.add("border.png", (0, 60, 40, 35), width=220)
    photo_set.config()
    return photo_set


def test_command_makes_a_study_by_the_rules_of_training(runs, photos, tmp_path, capsys):
    ended = commands.call(
        capsys, "study", "make", "--out", tmp_path / "study", "--weights", runs / "seigan",
        "--no-cycle", runs / "no_cycle", "--images", photos.images, "--annotations", photos.annotations,
        "--pictures", 4, "--candidates", 3, "--pairs", 30, "--checks", 5,
    )  # fmt: skip
    assert ended.code == 0, ended.err
    made = manifest.read_manifest(tmp_path / "study")
    # Not the one that training would leave out, nor the one whose crop shows it mirrored.
    assert made.origin["objects"] == 6
    assert (made.origin["weights"], made.origin["no_cycle"], made.origin["size"]) == ("seigan", "no_cycle", 16)
    assert "NoCycle: 4 pictures, mean discriminator score" in ended.out
    assert "30 pairs and 5 attention checks" in ended.out


def test_command_refuses_in_one_line(runs, photos, tmp_path, capsys):
    def refusal(*arguments):
        return commands.call(capsys, "study", "make", "--out", tmp_path / "study", *arguments).refusal

    images = "--images", photos.images, "--annotations", photos.annotations
    weights = "--weights", runs / "seigan"
    assert "--images and --crops" in refusal(*weights)
    assert "--pairs is 0" in refusal(*weights, *images, "--pairs", 0)
    assert "nowhere: no trained model" in refusal("--weights", "nowhere", *images)
    assert "crops of 32 px, expected 16" in refusal(*weights, *images, "--no-cycle", runs / "large")
    assert "objects of 0.5 of the crops' sides, expected 0.78125" in refusal(
        *weights, *images, "--no-cycle", runs / "far"
    )
    prepare(photos.config(min_short_side=20.0), 16, tmp_path / "crops")
    assert "crops: objects take 0.78125 of the sides of these crops, expected 0.5" in refusal(
        "--weights", runs / "far", "--crops", tmp_path / "crops"
    )
    assert "--pictures is 300, expected at most 6" in refusal(*weights, *images)
    assert "none" in refusal(*weights, "--images", tmp_path / "none")
    assert not (tmp_path / "study").exists()
    (tmp_path / "study").mkdir()
    assert "exists already" in refusal(*weights, *images)


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ('"question"', '"questions"', "not the description of a study"),
        ("{", "[", "not JSON"),
        ('"pictures": {', '"pictures": {"../secret": null, ', "picture ../secret"),
        ('"pairs": [', '"pairs": [{"first": "x", "second": "y"},', "which is not among its pictures"),
    ],
)
def test_a_manifest_is_checked(study, tmp_path, one_line_error, old, new, expected):
    text = (study[0] / manifest.MANIFEST_FILE).read_text()
    (tmp_path / manifest.MANIFEST_FILE).write_text(text.replace(old, new, 1))
    message = one_line_error(manifest.read_manifest, tmp_path)
    assert message.startswith(str(tmp_path / manifest.MANIFEST_FILE))
    assert expected in message


def test_pairs_of_one_set_are_refused(study, tmp_path, one_line_error):
    _, made = study
    two = [name for name, of in made.pictures.items() if of == GROUND_TRUTH][:2]
    manifest.Manifest("?", made.pictures, [manifest.Pair(*two)], []).write(tmp_path)
    assert "expected pictures of two sets" in one_line_error(manifest.read_manifest, tmp_path)
