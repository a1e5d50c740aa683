"""Masks that follow the edges of the photo, and the colours of their soft edges."""

import cv2
import numpy as np
import pytest

from seigan_tf.compose import geometry, guided_filter, matting
from seigan_tf.compose.geometry import Window
from seigan_tf.data.crops import CropRegion, region_around, relative_box
from seigan_tf.data.photos.picture import Picture
from seigan_tf.evaluation.agreement import boundary_f, iou
from seigan_tf.utils.boxes import box_to_mask
from tests.compose.scene import RED, BallBackend, ball, gravel


def test_guided_filter_solves_each_windows_regression():
    """Against least squares with a ridge, window by window, at pixels whose windows' means are averaged too."""
    random = np.random.default_rng(0)
    guide, values = random.uniform(size=(9, 9, 3)).astype("float32"), random.uniform(size=(9, 9)).astype("float32")
    epsilon = 0.01

    def fit(row, column):
        colours = guide[row - 1 : row + 2, column - 1 : column + 2].reshape(-1, 3).astype(float)
        wanted = values[row - 1 : row + 2, column - 1 : column + 2].ravel().astype(float)
        centred = colours - colours.mean(0)
        weights = np.linalg.solve(
            centred.T @ centred / 9 + epsilon * np.eye(3), centred.T @ (wanted - wanted.mean()) / 9
        )
        return [*weights, wanted.mean() - weights @ colours.mean(0)]

    expected = np.mean([fit(row, column) for row in (3, 4, 5) for column in (3, 4, 5)], axis=0)
    np.testing.assert_allclose(guided_filter.affine(guide, values, 1, epsilon)[4, 4], expected, atol=1e-4)


def test_guided_filter_of_one_colour_is_the_mean():
    values = np.random.default_rng(0).uniform(size=(20, 20)).astype(np.float32)
    guide = np.full((20, 20, 3), 0.3, np.float32)
    result = guided_filter.apply(guided_filter.affine(guide, values, 3, 1e-4), guide)
    mean = cv2.blur(cv2.blur(values, (7, 7), borderType=cv2.BORDER_REFLECT), (7, 7), borderType=cv2.BORDER_REFLECT)
    np.testing.assert_allclose(result, mean, atol=1e-4)


def test_refined_masks_meet_the_edge_that_coarse_ones_miss():
    """Teeth of 6 pixels, where a pixel of the network's crop is 16 of the photo's."""
    photo = gravel(600, 500)
    y, x = np.mgrid[:500, :600]
    truth = (y > np.where(x % 12 < 6, 200, 230)) & (y < 400) & (x > 100) & (x < 500)
    photo[truth] = RED
    masks = [matting.matte(BallBackend(), photo, (100.0, 200.0, 400.0, 200.0), refine) for refine in (False, True)]
    coarse, refined = ((matte.mask(photo) > 0.5, truth[matte.window.of]) for matte in masks)
    assert iou(*refined) > iou(*coarse) + 0.02
    assert boundary_f(*refined, tolerance=0.001) > boundary_f(*coarse, tolerance=0.001) + 0.2


def test_mask_is_the_mean_of_the_crop_and_its_mirror_image():
    photo, _ = ball(centre=(100, 100))
    backend = BallBackend()
    box = (62.0, 55.0, 70.0, 90.0)
    matte = matting.matte(backend, photo, box, refine=False)
    (images, boxes) = backend.seen[0]
    np.testing.assert_array_equal(images[0][:, ::-1], images[1])
    np.testing.assert_allclose(boxes[1], [boxes[0][0], 1 - boxes[0][3], boxes[0][2], 1 - boxes[0][1]])
    masks = backend.segment(images, boxes)[..., 0]
    np.testing.assert_allclose(matte.low, (masks[0] + masks[1][:, ::-1]) / 2)


def test_the_segmenter_sees_the_box_by_its_contrast_in_both_looks():
    photo, _ = ball()
    photo[:, 150:] = 255 - photo[:, 150:]
    backend = BallBackend()
    backend.outside_contrast = 0.25
    box = (120.0, 90.0, 50.0, 60.0)
    matting.matte(backend, photo, box, refine=True)
    plain = BallBackend()
    matting.matte(plain, photo, box, refine=True)
    region = region_around(box, backend.object_fraction)
    for (faded, _), (whole, _), zoom in zip(backend.seen, plain.seen, (1.0, matting.ZOOM), strict=True):
        middle = 0.5 + zoom * (relative_box(box, region) - 0.5)
        inside = box_to_mask(middle, *faded.shape[1:3])
        assert 0 < inside.mean() < 1
        np.testing.assert_allclose(faded[0][inside], whole[0][inside])
        np.testing.assert_allclose(faded[0][~inside], 0.25 * whole[0][~inside], atol=1e-6)


def test_confined_masks_end_at_the_box():
    photo, _ = ball()
    box = (120.0, 90.0, 40.0, 40.0)  # a part of the ball
    matte = matting.matte(BallBackend(), photo, box, refine=True)
    assert matte.window == Window(120, 90, 160, 130)
    free = BallBackend()
    free.confine_mask = False
    region = region_around(box, free.object_fraction)
    assert matting.matte(free, photo, box, refine=True).window == geometry.window_around(
        (region.x, region.y, region.side, region.side), 300, 240
    )


def test_crops_of_few_pixels_are_cut_too():
    photo, _ = ball()
    for box in ((150, 120, 1, 1), (150, 120, 0.01, 0.01), (150, 100, 1, 30), (0, 0, 300, 240)):
        matte = matting.matte(BallBackend(), photo, geometry.clip_box(box, 300, 240), refine=True)
        mask = matte.mask(photo)
        assert mask.size and np.isfinite(mask).all()
        assert matte.cutout(Picture(photo), mask).shape == (*mask.shape, 4)


def test_soft_edges_take_the_objects_colour():
    """Half red, half grey pixels become red: on another background no grey rim shows."""
    mask = cv2.GaussianBlur(np.kron([[0, 0], [0, 1]], np.ones((32, 32))).astype(np.float32), (0, 0), 3)
    image = np.rint(mask[..., None] * [200, 30, 40] + (1 - mask[..., None]) * [20, 120, 200]).astype(np.uint8)
    region, window = CropRegion(0, 0, 64), Window(0, 0, 64, 64)
    result = matting.edge_colours(image, mask, matting.estimate_colours(image, mask), region, window)
    soft = (mask > 0.3) & (mask < 0.9)
    assert (
        np.abs(result[soft].astype(int) - [200, 30, 40]).mean()
        < 0.2 * np.abs(image[soft].astype(int) - [200, 30, 40]).mean()
    )
    np.testing.assert_array_equal(result[mask == 0], image[mask == 0])


def test_colours_that_are_hidden_are_not_guessed():
    image = np.full((32, 32, 3), RED, np.uint8)
    image[:, 16:] = 20, 120, 200
    mask = (np.arange(32) < 16).astype(np.float32) * np.ones((32, 1), np.float32)
    alpha = np.full((32, 32), 128, np.uint8)
    image[:16], alpha[:16] = (0, 255, 0), 0
    guessed = matting.estimate_colours(image, mask, alpha)
    np.testing.assert_allclose(guessed[..., :3], np.broadcast_to(RED, (32, 32, 3)), atol=1)
    np.testing.assert_allclose(guessed[..., 3:], np.broadcast_to((20, 120, 200), (32, 32, 3)), atol=1)
    assert np.isfinite(matting.estimate_colours(image, mask, np.zeros_like(alpha))).all(), "nothing is seen at all"


@pytest.mark.parametrize("hidden", [(0, 0, 0), (255, 255, 255), (0, 255, 0)])
def test_what_lies_hidden_around_an_object_does_not_colour_its_edge(hidden):
    image = np.full((32, 32, 3), RED, np.uint8)
    image[:, 16:] = hidden
    mask = np.clip((18 - np.arange(32)) / 4, 0, 1).astype(np.float32) * np.ones((32, 1), np.float32)
    alpha = np.where(np.arange(32) < 16, 255, 0).astype(np.uint8) * np.ones((32, 1), np.uint8)
    guessed = matting.estimate_colours(image, mask, alpha)
    np.testing.assert_allclose(guessed, np.broadcast_to((*RED, *RED), (32, 32, 6)), atol=1)


@pytest.mark.parametrize("object_fraction", [100 / 128, 0.95])
def test_two_looks_agree_about_the_place_of_the_object(object_fraction):
    """The second crop shows the object larger; their mean is the mask of the whole square, not confined to any box."""
    photo, _ = ball(centre=(150, 120), radius=40)
    backend = BallBackend()
    region = region_around((110, 80, 80, 80), object_fraction)
    found = matting.two_looks(backend, *geometry.crops(photo, region, backend.size, matting.SIDE), matting.WHOLE)
    first, second = (images[0] for images, _ in backend.seen)
    share = [(image[..., 0] - image[..., 1] > 60 / 127.5).mean() for image in (first, second)]
    assert share[1] > 1.2 * share[0]
    y, x = ((np.arange(matting.SIDE) + 0.5) / matting.SIDE * region.side for _ in range(2))
    expected = (x[None] + region.x - 150) ** 2 + (y[:, None] + region.y - 120) ** 2 < 40**2
    assert iou(found > 0.5, expected) > 0.94
    for axis in (0, 1):
        centre = (found.sum(axis) * np.arange(matting.SIDE)).sum() / found.sum()
        assert centre == pytest.approx(np.argwhere(expected).mean(0)[1 - axis], abs=1.5)
