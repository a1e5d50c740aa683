"""Fills at the photographs' own resolution: one hole for every method, and measures of known fills."""

import numpy as np
import pytest
from PIL import Image

from seigan_tf.data.crops import CropRegion
from seigan_tf.data.photos.photo import Object, Photo
from seigan_tf.data.planning.report import Tally
from seigan_tf.evaluation import full_size
from seigan_tf.evaluation.vgg import gram_distance, hole_distance, load_vgg, look


@pytest.fixture
def place(tmp_path):
    """A photo of noise with a box, and a square of it without one."""
    pixels = np.random.default_rng(0).integers(60, 200, (120, 160, 3)).astype(np.uint8)
    Image.fromarray(pixels).save(tmp_path / "a.png")
    photo = Photo(tmp_path / "a.png", 160, 120, (Object((100.0, 20.0, 50.0, 60.0)),))
    return pixels, photo, CropRegion(10, 20, 80)


@pytest.fixture
def shape():
    shape = np.zeros((16, 16), bool)
    shape[4:12, 6:10] = True
    return shape


def test_every_method_gets_the_hole_and_none_its_truth(place, shape):
    pixels, photo, region = place
    cases = []

    def method(case):
        cases.append(case)
        return np.full_like(case.photo, 100)

    scores = full_size.measure_full_size(
        {"flat": method, "truth": lambda case: pixels}, [(photo, region)], shape[None], None, Tally(0)
    )
    (case,) = cases
    assert case.hole[40:80, 40:60].mean() > 0.9 and case.hole.sum() == pytest.approx(40 * 20, rel=0.1)
    assert not case.photo[case.hole].any()
    np.testing.assert_array_equal(case.photo[~case.hole], pixels[~case.hole])
    assert case.objects[20:80, 100:150].all() and case.objects.sum() == 60 * 50
    assert scores["count"] == 1
    assert scores["l1"]["truth"] == scores["detail"]["truth"] == 0
    assert scores["l1"]["flat"] == pytest.approx(np.abs(pixels[case.hole] - 100.0).mean() / 255)
    assert scores["detail"]["flat"] < -3


def test_photographs_that_cannot_be_read_are_left_out(place, shape, tmp_path):
    pixels, photo, region = place
    (tmp_path / "b.png").write_bytes(b"no photo")
    missing = Photo(tmp_path / "b.png", 160, 120)
    places = [(missing, region), (photo, region)]
    problems, methods = Tally(0), {"truth": lambda case: pixels}
    assert full_size.measure_full_size(methods, places, np.stack([shape] * 2), None, problems)["count"] == 1
    assert problems.counts["photo"] == 1 and "b.png: " in problems.as_report()["listed"][0]
    assert full_size.measure_full_size(methods, places[:1], shape[None], None, problems) is None


def test_distances_of_features_are_nil_for_the_truth_and_see_lost_texture(place):
    pixels, _, _ = place
    vgg, hole = load_vgg("random"), np.zeros((64, 64), bool)
    hole[16:48, 16:48] = True
    truth = pixels[:64, :64]
    other, flat = truth.copy(), truth.copy()
    other[hole] = pixels[64:96, 96:128].reshape(-1, 3)
    flat[hole] = 130
    seen = {name: look(vgg, image) for name, image in (("truth", truth), ("other", other), ("flat", flat))}
    for distance in (hole_distance, gram_distance):
        assert distance(seen["truth"], seen["truth"], hole) == pytest.approx(0, abs=1e-6)
    assert gram_distance(seen["other"], seen["truth"], hole) < 0.5 * gram_distance(seen["flat"], seen["truth"], hole)
