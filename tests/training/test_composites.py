"""Composites for the refiner, and its training on them."""

import keras
import numpy as np
import pytest
from PIL import Image

from seigan_tf.data.photos.photo import Object, Photo
from seigan_tf.data.planning.report import Tally
from seigan_tf.data.planning.rules import CropRules
from seigan_tf.training import composites
from seigan_tf.training.composites import SIDE, CutOut, Samples, cut_outs, make_samples
from seigan_tf.training.refiner import BATCH, Batches, loss, train_refiner
from tests.compose.scene import BallBackend, ball, box_of, gravel

RULES = CropRules(BallBackend.object_fraction, 20, 0.9, 0.4)
CENTRE = (80, 120)


@pytest.fixture
def photos(tmp_path):
    """Red balls at the left of photographs whose right half is empty."""
    made = []
    for seed in range(3):
        pixels, _ = ball(centre=CENTRE, seed=seed)
        path = tmp_path / f"{seed}.png"
        Image.fromarray(pixels).save(path)
        made.append(Photo(path, 300, 240, (Object(box_of(CENTRE)),)))
    return made


def nothing(done, total):
    """No progress to show."""


def objects_of(photos, backend=None):
    return cut_outs(backend or BallBackend(), photos, RULES, Tally(0.0), nothing)


def samples_of(photos, count=12, seed=0):
    backgrounds = np.stack([gravel(SIDE, SIDE, number) for number in range(3)])
    return make_samples(BallBackend(), objects_of(photos), backgrounds, count, seed, nothing)


def test_the_exact_mask_is_that_of_the_picture(photos):
    samples = samples_of(photos)
    assert [values.shape for values in samples] == [(12, SIDE, SIDE, 3), (12, SIDE, SIDE), (12, SIDE, SIDE)]
    assert {values.dtype for values in samples} == {np.dtype(np.uint8)}
    for image, coarse, exact in zip(*samples, strict=True):
        red = image[..., 0].astype(int) - image[..., 1]
        inside, outside = exact > 200, exact < 50
        assert 0.2 < inside.mean() < 0.6
        assert np.median(red[inside]) - np.median(red[outside]) > 80  # in any light
        assert ((red > 60) == (exact > 127))[inside | outside].mean() > 0.98
        assert ((coarse > 127) == (exact > 127)).mean() > 0.9


def test_pictures_depend_on_the_seed_alone(photos):
    one, same, other = samples_of(photos), samples_of(photos), samples_of(photos, seed=1)
    for first, second in zip(one, same, strict=True):
        np.testing.assert_array_equal(first, second)
    assert not np.array_equal(one.images, other.images)


def test_what_is_not_found_is_left_out_and_what_is_unreadable_counted(photos):
    assert objects_of([Photo(photos[0].path, 300, 240)]) == []
    beside = [Photo(photos[0].path, 300, 240, (Object(box_of((220, 120))),))]
    assert objects_of(beside) == []  # there is gravel
    problems = Tally(1.0)
    broken = Photo(photos[0].path.with_name("nowhere.png"), 300, 240, photos[0].objects)
    assert len(cut_outs(BallBackend(), [broken, photos[0]], RULES, problems, nothing)) == 1
    assert problems.counts["photo"] == 1


def test_unreliable_objects_are_left_out():
    box = np.array([0.2, 0.2, 0.8, 0.8], np.float32)
    y, x = np.mgrid[:SIDE, :SIDE] / SIDE
    whole = ((y > 0.2) & (y < 0.8) & (x > 0.2) & (x < 0.8)).astype(np.float32)
    crop = np.zeros((SIDE, SIDE, 3), np.uint8)
    good = [CutOut(crop, crop, whole, box) for _ in range(7)]
    bad = [CutOut(crop, crop, alpha, box) for alpha in (whole * (y < 0.4), whole * 0.7, whole * 0.3)]
    kept = composites._reliable([*bad, *good])
    assert len(kept) == 7
    assert all(item.alpha is whole for item in kept)


def square(count):
    exact = np.zeros((count, SIDE, SIDE), np.uint8)
    exact[:, 60:200, 80:180] = 255
    return Samples(np.repeat(exact[..., None], 3, -1), exact, exact)


def test_batches_depend_on_their_number_alone_and_spoil_most_masks():
    one, other = Batches(square(3), 5, 0), Batches(square(3), 5, 0)
    (images, _), truth = one[3]
    assert images.shape == (BATCH, SIDE, SIDE, 3)
    assert -1 <= images.min() <= images.max() <= 1
    other[0]
    for first, second in zip(keras.tree.flatten(one[3]), keras.tree.flatten(other[3]), strict=True):
        np.testing.assert_array_equal(first, second)
    exact, box = truth[..., 0], truth[..., 1]
    np.testing.assert_array_equal(exact, box)  # a square is its own box
    untouched = [np.isin(batch[0][1], (0, 1)).all((1, 2, 3)).mean() for batch in map(one.__getitem__, range(5))]
    assert 0.1 < np.mean(untouched) < 0.5


def test_loss_counts_edges_more_and_nothing_outside_the_box():
    exact, box = (np.zeros((1, SIDE, SIDE, 1), np.float32) for _ in range(2))
    exact[:, 60:200, 80:180], box[:, 40:220, 60:200] = 1, 1
    truth = np.concatenate([exact, box], axis=-1)
    good = np.where(exact > 0, 9.0, -9.0).astype(np.float32)

    def after(change):
        logits = good.copy()
        logits[change] *= -1
        return float(loss(truth, logits)) - float(loss(truth, good))

    assert float(loss(truth, good)) < 0.01
    at_edge, inside = after(np.s_[:, 60:64, 80:180]), after(np.s_[:, 120:124, 80:180])
    assert 2.5 < at_edge / inside < 4  # four times, beside the Dice
    assert after(np.s_[:, 0:30]) == 0
    assert np.isfinite(loss(np.zeros_like(truth), good))


def test_training_makes_masks_better(photos):
    samples = Samples(*(values[:, ::4, ::4] for values in samples_of(photos, count=8)))
    model = train_refiner(samples, 4, 30, 0, verbose=0)
    batch, truth = Batches(samples, 31, 0)[30]
    given = np.clip(batch[1], 0.02, 0.98)
    before = np.log(given / (1 - given))
    after = model(batch, training=True)  # the moving averages of batch normalisation need more steps
    assert float(loss(truth, after)) < 0.98 * float(loss(truth, before))


@pytest.mark.parametrize("side", [64, SIDE])
def test_the_box_of_a_mask_is_relative_to_its_own_side(side):
    mask = np.zeros((side, side))
    mask[side // 4 : side // 2, side // 8 : 3 * side // 4] = 1
    np.testing.assert_allclose(composites.box_of(mask), [0.25, 0.125, 0.5, 0.75])
