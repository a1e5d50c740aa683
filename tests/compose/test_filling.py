"""Patches of the photo that fill a hole: where they come from, and what they look like."""

from itertools import pairwise

import cv2
import numpy as np
import pytest

from seigan_tf.compose import filling, geometry
from seigan_tf.compose.geometry import Window
from seigan_tf.compose.patches import Field, Random, patch_features


def stripes(height=150, width=180, period=12):
    """Vertical stripes with some grain: uint8 [height, width, 3]."""
    wave = 128 + 80 * np.sign(np.sin(2 * np.pi * (np.arange(width) + 0.5) / period))
    grain = np.random.default_rng(0).normal(0, 6, (height, width))
    return np.clip(wave + grain, 0, 255).astype(np.uint8)[..., None] * np.ones(3, np.uint8)


def hole_in(height=150, width=180, top=55, left=60, side=44):
    hole = np.zeros((height, width), bool)
    hole[top : top + side, left : left + side] = True
    return hole


def flat(colour):
    return lambda height, width: np.full((height, width, 3), colour, np.float32)


def fill(photo, hole, guide=128, avoid=None, **options):
    holed = np.where(hole[..., None], np.uint8(255), photo)
    avoid = np.zeros_like(hole) if avoid is None else avoid
    return filling.fill(holed, hole, avoid, flat(guide), **options)


def test_random_numbers_are_those_of_the_docstring():
    def draw(element, number, seed):
        x = (element + 0x9E3779B9 * (1000003 * seed + number)) % 2**32
        for shift, factor in ((16, 0x7FEB352D), (15, 0x846CA68B), (16, 1)):
            x = (x ^ x >> shift) * factor % 2**32
        return x

    random = Random(7)
    for number in (1, 2):
        expected = [(draw(element, number, 7) >> 8) * 100 >> 24 for element in range(50)]
        np.testing.assert_array_equal(random.below(100, 50), expected)
        assert len(set(expected)) > 25


def test_features_tell_patches_apart_as_their_pixels_do():
    smooth = np.random.default_rng(0).normal(0, 1, (6, 6, 3))
    image = np.kron(smooth, np.ones((6, 6, 1))).astype(np.float32) * 40 + 128
    features = patch_features(image)
    assert features.dtype == np.float32
    y, x = np.random.default_rng(1).integers(3, 33, (2, 400))
    patches = np.stack([image[j - 3 : j + 4, i - 3 : i + 4].ravel() for j, i in zip(y, x, strict=True)])
    true = ((patches[1:] - patches[:-1]) ** 2).sum(1) / 49
    ours = ((features[y[1:], x[1:]] - features[y[:-1], x[:-1]]) ** 2).sum(1)
    assert (ours <= true * 1.001).all()
    assert ours.sum() > 0.7 * true.sum()


@pytest.mark.parametrize("scale", [1, 4], ids=["at its size", "found at a quarter"])
def test_stripes_continue_through_a_hole(monkeypatch, scale):
    monkeypatch.setattr(filling, "LONGEST", 44)
    photo = np.kron(stripes(), np.ones((scale, scale, 1), np.uint8))
    hole = np.kron(hole_in(), np.ones((scale, scale), bool))
    filled, there = fill(photo, hole)
    assert there[hole].all()
    np.testing.assert_array_equal(filled[~there], photo[~there])
    difference = np.abs(filled[hole].astype(float) - photo[hole])
    assert np.median(difference) < 12
    assert difference.mean() < 35, "a flat fill has 80"


def test_the_guide_decides_which_texture_is_copied():
    """The left half of the photo is dark, the right one bright; the hole lies between."""
    photo = np.clip(stripes() * 0.3 + np.where(np.arange(180) < 90, 20, 150)[:, None], 0, 255).astype(np.uint8)
    hole = hole_in(top=31, left=46, side=88)
    dark, bright = (fill(photo, hole, guide)[0][hole].mean() for guide in (58, 188))
    assert bright > dark + 40


@pytest.mark.parametrize("slope", [0, 0.4])
def test_a_border_of_two_materials_is_continued_as_a_line(slope):
    rows, columns = np.mgrid[:150, :180]
    above = rows < 77 + slope * (columns - 82)
    grain = np.random.default_rng(0).normal(0, 6, (150, 180))
    photo = np.repeat(np.clip(np.where(above, 60, 190) + grain, 0, 255).astype(np.uint8)[..., None], 3, axis=-1)
    hole = hole_in()
    filled, _ = fill(photo, hole)
    wrong = (filled[..., 0] < 125) != above
    assert wrong[hole].mean() < 0.03


def test_holes_shrink_at_coarser_scales_and_what_they_hide_stays_hidden():
    photo, hole = stripes(), hole_in()
    scenes = filling._scenes(np.where(hole[..., None], np.uint8(255), photo // 2), hole, hole, flat(255))
    assert len(scenes) > 2
    sides = [filling._length(scene.unknown) for scene in scenes]
    assert all(2 * coarse < fine for coarse, fine in pairwise(sides)), sides
    for image, unknown, avoid in scenes:
        assert image[unknown].min() > 250
        assert image[~unknown].max() < 128
        assert not avoid[~unknown].any()


def test_equal_seeds_give_equal_fills_and_others_do_not():
    photo, hole = stripes(), hole_in()
    first, again, other = (fill(photo, hole, seed=seed)[0] for seed in (0, 0, 1))
    np.testing.assert_array_equal(first, again)
    assert (first[hole] != other[hole]).any()


def test_a_window_of_a_fill_is_that_part_of_it(monkeypatch):
    monkeypatch.setattr(filling, "LONGEST", 30)
    monkeypatch.setattr(geometry, "STRIP", 2000)
    photo, hole, window = stripes(), hole_in(), Window(50, 45, 120, 110)
    for whole, part in zip(fill(photo, hole), fill(photo, hole, window=window), strict=True):
        assert whole[window.of].any() and not np.array_equal(whole[window.of], photo[window.of])
        np.testing.assert_allclose(part.astype(int), whole[window.of], atol=1)


def test_nothing_is_copied_from_what_is_avoided_or_hidden():
    """All that is avoided is red; under the hole lies white."""
    photo, hole = stripes() // 2, hole_in()
    avoid = np.zeros_like(hole)
    avoid[:, 115:] = True
    photo[avoid] = (250, 0, 0)
    filled, _ = fill(photo, hole, avoid=avoid)
    inside = hole & (np.arange(180) < 95)  # patches at the border of the red area know of it
    assert (filled[inside].max(-1).astype(int) - filled[inside].min(-1)).max() < 60
    assert filled[hole].max() < 200


@pytest.mark.parametrize("seed", range(8))
def test_no_pixel_is_copied_that_is_avoided_or_hidden(monkeypatch, seed):
    """All of these are red, at any place, in photographs of any shape; the search is at any scale."""
    random = np.random.default_rng(seed)
    monkeypatch.setattr(filling, "LONGEST", int(random.integers(12, 60)))
    height, width = random.integers(80, 300, 2).tolist()
    hole, avoid = np.zeros((2, height, width), bool)
    for mask, most in ((hole, 0.5), (avoid, 0.2)):
        down, across = (int(random.integers(5, most * length)) for length in (height, width))
        top, left = int(random.integers(height - down + 1)), int(random.integers(width - across + 1))
        mask[top : top + down, left : left + across] = True
    photo = np.zeros((height, width, 3), np.uint8)
    photo[..., 1] = random.integers(0, 256, (height, width))
    photo[hole | avoid] = (255, 0, 0)
    field = filling.search(filling._scenes(photo, hole, avoid, flat(128)), True, seed)
    filled, there = filling._copy(photo, field, Window(0, 0, width, height))
    assert there[hole].all()
    assert not filled[there][:, 0].any()


def test_scales_with_too_little_to_copy_are_left_out():
    photo, hole = stripes(130, 130), hole_in(130, 130, 17, 17, 96)
    scenes = filling._scenes(photo, hole, np.zeros_like(hole), flat(128))
    assert [filling._too_few(scene, scene.sources()) for scene in scenes] == [True, False, False]
    filled, there = fill(photo, hole)
    assert there[hole].all()
    assert filled[hole].std() > 0.8 * photo[hole].std()


def test_without_enough_to_copy_there_is_no_fill():
    photo = stripes()
    nearly_all = np.zeros(photo.shape[:2], bool)
    nearly_all[6:-6, 6:-6] = True
    assert fill(photo, nearly_all) is None
    assert fill(photo, hole_in(), avoid=np.ones(photo.shape[:2], bool)) is None


def test_matches_are_sources_and_get_better():
    image, hole = stripes().astype(np.float32), hole_in()
    image[hole] = 128
    sources = np.zeros_like(hole)
    sources[5:40, 5:170] = True
    field = Field(image, hole, sources, image, 0.0, 0.0, Random(0))
    field.start(None)
    field.search(0, 1)
    before = field.costs.copy()
    field.search(2, 100)
    assert sources[field.match_y, field.match_x].all()
    assert (field.costs <= before).all() and field.costs.mean() < 0.7 * before.mean()


def test_neighbours_copy_the_same_piece_of_the_photo():
    """In a texture without order, nearly half of the pairs; a fourth if every cheaper match is taken."""
    grain = np.random.default_rng(0).normal(0, 1, (150, 180, 3)).astype(np.float32)
    photo = np.clip(128 + 160 * cv2.GaussianBlur(grain, (0, 0), 1.5), 0, 255).astype(np.uint8)
    hole = hole_in()
    field = filling.search(filling._scenes(photo, hole, np.zeros_like(hole), flat(128)), True, 0)
    moves = np.full((*hole.shape, 2), -1000)
    moves[field.y, field.x] = np.stack([field.match_y - field.y, field.match_x - field.x], axis=-1)
    pairs = (field.index[:, :-1] >= 0) & (field.index[:, 1:] >= 0)
    assert (moves[:, :-1] == moves[:, 1:]).all(-1)[pairs].mean() > 0.4


@pytest.mark.parametrize("scale", [1, 4, 16])
def test_seams_are_softened_over_about_a_pixel(scale):
    """The left patches of the hole copy from the dark part of the photo, the right ones from the bright part."""
    photo = np.zeros((40 * scale, 60 * scale, 3), np.uint8)
    photo[:, 30 * scale :] = 200
    hole = hole_in(40, 60, 24, 26, 8)
    image = cv2.resize(photo, (60, 40), interpolation=cv2.INTER_AREA).astype(np.float32)
    field = Field(image, hole, np.ones_like(hole), image, 0.0, 0.0, Random(0))
    field.match_y, field.match_x = field.y - 14, np.where(field.x < 30, field.x - 14, field.x + 14)
    filled, _ = filling._copy(photo, field, Window(0, 0, 60 * scale, 40 * scale))
    row = filled[28 * scale, 27 * scale : 33 * scale, 0].astype(int)
    mixed = (row > 10) & (row < 190)
    assert 1 <= mixed.sum() <= 3
    assert (np.diff(row) >= 0).all() and row[0] == 0 and row[-1] == 200
