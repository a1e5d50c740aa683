"""Objects measured by inexact boxes: where the boxes lie, and what then counts."""

from pathlib import Path

import numpy as np
import pytest

from seigan_tf.data.annotations.formats import read_annotations
from seigan_tf.data.photos.photo import Object, Photo
from seigan_tf.data.planning.report import Tally
from seigan_tf.data.planning.rules import CropRules
from seigan_tf.evaluation import masks
from seigan_tf.evaluation.crops import Given, evaluation_objects
from seigan_tf.evaluation.drawn_boxes import DrawnBoxes
from seigan_tf.utils.boxes import box_to_mask

RULES = CropRules(0.8, 0, 1, 0)
WHOLE_BOX = (60, 40, 40, 40)


class Drawn(tuple):
    """Draws the box that it is made of."""

    def box_of(self, item, photo):
        return tuple(self)


@pytest.fixture
def photos(photo_set):
    """A photo whose object fills its box."""
    x, y, side = WHOLE_BOX[0], WHOLE_BOX[1], WHOLE_BOX[2]
    photo_set.add("a.png", WHOLE_BOX, segmentation=[[x, y, x + side, y, x + side, y + side, x, y + side]])
    photo_set.config()
    return list(read_annotations("coco", photo_set.images, photo_set.annotations))


def object_given(photos, *given):
    (found,) = evaluation_objects(photos, RULES, 64, Tally(0), Given(*given))
    return found[0]


def fills_the_box(images, boxes):
    return np.stack([box_to_mask(box, 64, 64)[..., None] for box in boxes]).astype(np.float32)


def test_each_edge_is_off_by_at_most_the_error_and_the_box_stays_in_the_photo():
    photo, edges = Photo(Path("a.png"), 200, 160), []
    for number in range(200):
        item = Object((50, 40, 100, 60), id=number)
        x, y, width, height = DrawnBoxes(0.2).box_of(item, photo)
        edges.append([x - 50, y - 40, x + width - 150, y + height - 100])
        left, top, wide, high = DrawnBoxes(0.4).box_of(Object((0, 0, 200, 160), id=number), photo)
        assert left >= 0 and top >= 0 and left + wide <= 200 and top + high <= 160
    edges = np.array(edges) / [100, 60, 100, 60]
    assert np.abs(edges).max() <= 0.2
    assert np.abs(edges).max(0).min() > 0.18
    assert np.abs(edges.mean(0)).max() < 0.03
    assert np.abs(np.corrcoef(edges.T) - np.eye(4)).max() < 0.25


def test_a_box_depends_on_its_object_and_the_seed_alone():
    item, photo = Object((50, 40, 100, 60), id=3), Photo(Path("a.png"), 200, 160)
    box = DrawnBoxes(0.1).box_of(item, photo)
    assert box == DrawnBoxes(0.1).box_of(item, photo)
    others = [
        DrawnBoxes(0.1, seed=1).box_of(item, photo),
        DrawnBoxes(0.1).box_of(Object(item.box, id=4), photo),
        DrawnBoxes(0.1).box_of(item, Photo(Path("b.png"), 200, 160)),
    ]
    assert len({box, *others}) == 4
    assert DrawnBoxes(0.0, seed=1).box_of(item, photo) == item.box
    shifts = [np.subtract(DrawnBoxes(error).box_of(item, photo), item.box) for error in (0.1, 0.2)]
    np.testing.assert_allclose(2 * shifts[0], shifts[1])


def test_with_exact_boxes_masks_are_measured_on_the_crop(photos):
    item = object_given(photos)
    assert item.whole.shape == item.original.shape[:2]
    mask = np.random.default_rng(0).random(item.whole.shape) > 0.5
    np.testing.assert_array_equal(item.framed(mask), mask)
    np.testing.assert_array_equal(item.box, item.limits)
    assert item.diagonal == np.hypot(*item.whole.shape)


def test_what_a_box_leaves_out_of_its_crop_counts_as_missed(photos):
    item = object_given(photos, Drawn((60, 40, 10, 40)))  # a quarter of the object; the crop is 50 pixels wide
    assert item.whole.sum() == 40 * 40
    assert item.truth.sum() == 40 * 30  # the columns from 40 to 90
    (scores,) = masks.measure_masks(fills_the_box, [item])
    for name in ("model", "box"):
        assert scores.iou[name] == pytest.approx(1 / 4, abs=0.03)
    small = object_given(photos, Drawn((60, 40, 10, 10)))
    (scores,) = masks.measure_masks(fills_the_box, [small])
    assert scores.iou["box"] == pytest.approx(1 / 16, abs=0.01)
    assert scores.boundary["box"] < 0.4


def test_the_tolerance_of_outlines_does_not_grow_with_the_box(photos):
    exact, loose = (object_given(photos, Drawn(box)) for box in (WHOLE_BOX, (20, 0, 120, 120)))
    assert loose.diagonal == exact.diagonal


def test_pixels_in_bands_do_not_count(photos, tmp_path):
    class UpperHalf:
        def mask(self, photo):
            rows = np.arange(photo.height)[:, None] < 60
            return np.broadcast_to(rows, (photo.height, photo.width))

    item = object_given(photos, Drawn((60, 60, 40, 20)), 0.0, UpperHalf())  # the lower half of the object
    (scores,) = masks.measure_masks(fills_the_box, [item])
    assert scores.iou["box"] == 1


def test_masks_that_may_grow_reach_outside_the_box_and_baselines_do_not(photos):
    middle = Drawn((70, 40, 20, 40))  # half of the object; a quarter more on each side are 30 x 50 pixels of the crop
    for grow, expected in ((0.0, 0.5), (0.25, 1200 / 1900)):
        (scores,) = masks.measure_masks(fills_the_box, [object_given(photos, middle, grow)])
        assert scores.iou["model"] == pytest.approx(expected, abs=0.03)
        assert scores.iou["box"] == pytest.approx(0.5, abs=0.01)
