"""Which square of a photo the networks see, and how maps come back to its pixels."""

import numpy as np
import pytest
from PIL import Image

from seigan_tf.compose import geometry, matting
from seigan_tf.compose.geometry import Window
from seigan_tf.data.crops import CropRegion, extract, relative_box
from seigan_tf.data.photos.photo import Object, Photo
from seigan_tf.data.planning.rules import PROTOCOLS, object_regions
from tests.compose.scene import BallBackend, enlarged


@pytest.mark.parametrize("box", [(40.0, 30.0, 60.0, 50.0), (0.3, 0.7, 33.4, 20.1), (150.0, 90.5, 50.0, 69.5)])
def test_the_segmenter_sees_the_crop_of_training(tmp_path, box):
    rules, backend = PROTOCOLS["coco"], BallBackend()
    photo = np.random.default_rng(0).integers(0, 256, (160, 200, 3), np.uint8)
    matting.matte(backend, photo, box, refine=False)
    item = Object(box)
    (region,) = object_regions(Photo(tmp_path / "a.jpg", 200, 160, (item,)), rules)
    images, boxes = backend.seen[0]
    np.testing.assert_array_equal(images[0], extract(photo, region, backend.size))
    np.testing.assert_allclose(boxes[0], relative_box(box, region), atol=1e-6)


@pytest.mark.parametrize("region", [CropRegion(20, 10, 90), CropRegion(-30, 100, 90)])
def test_crops_are_those_of_training_also_past_the_border(region):
    photo = np.random.default_rng(0).integers(0, 256, (160, 200, 3), np.uint8)
    for crop, size in zip(geometry.crops(photo, region, 16, 64), (16, 64), strict=True):
        np.testing.assert_array_equal(crop, extract(photo, region, size))


def test_squares_of_too_many_pixels_are_taken_from_a_smaller_photo(monkeypatch):
    """As those of the photo itself, where it has nothing smaller than the pixels of the crop."""
    y, x = np.mgrid[:160, :1200]
    photo = np.dstack([127 + 100 * np.sin(x / 60), 127 + 100 * np.sin(y / 40), x / 5]).astype(np.uint8)
    region = CropRegion(-100, -500, 1300)
    exact = geometry.crops(photo, region, 16, 64)
    monkeypatch.setattr(geometry, "LARGEST_SIDE", 325)
    for crop, expected in zip(geometry.crops(photo, region, 16, 64), exact, strict=True):
        assert crop.shape == expected.shape
        assert np.abs(crop.astype(int) - expected).mean() < 3
    mask = geometry.crops(np.full((160, 1200), 255, np.uint8), region, 16)[0]
    assert mask.shape == (16, 16) and mask.min() == 255


def test_boxes_that_stick_out_are_cut_off():
    assert geometry.clip_box((-10, 20, 50, 1000), 200, 160) == (0, 20, 40, 140)


@pytest.mark.parametrize(
    ("box", "message"),
    [
        ((10, 10, 0, 5), "width and height must be more than 0"),
        ((10, 10, 5, -5), "width and height must be more than 0"),
        ((200, 10, 5, 5), "outside the photo of 200 x 160 pixels"),
        ((-50, 10, 50, 5), "outside the photo"),
        ((float("nan"), 1, 2, 3), "not finite"),
        ((0.3, 0.25, 0.1, 0.5), "fractions of the photo, expected x, y, width, height in pixels (60,40,20,80)"),
        ((0, 0, 1, 1), "fractions of the photo"),
        ((1, 2, 3), "expected x, y, width, height"),
        ("abcd", "expected x, y, width, height"),
    ],
)
def test_names_what_is_wrong_with_a_box(one_line_error, box, message):
    assert message in one_line_error(geometry.clip_box, box, 200, 160)


def test_enlarging_is_bilinear_as_in_measuring():
    """The same as Pillow's, which evaluation uses, in every part of the region."""
    values = np.random.default_rng(0).uniform(size=(16, 16)).astype(np.float32)
    region = CropRegion(-7, 5, 90)
    expected = np.asarray(Image.fromarray(values).resize((90, 90), Image.Resampling.BILINEAR))
    window = Window(0, 9, 60, 70)
    np.testing.assert_allclose(enlarged(values, region, window), expected[4:65, 7:67], atol=1e-5)


def test_strips_are_pieces_of_the_whole(monkeypatch):
    values = np.random.default_rng(0).uniform(size=(8, 8, 3)).astype(np.float32)
    region, window = CropRegion(0, 0, 50), Window(3, 4, 40, 45)
    whole = enlarged(values, region, window)
    monkeypatch.setattr(geometry, "STRIP", 100)
    pieces = list(geometry.strips(values, region, window))
    assert len(pieces) > 10
    np.testing.assert_array_equal(np.concatenate([piece for _, piece in pieces]), whole)
