"""The benchmark measures the masks that Composer.cut gives."""

import math

import pytest

from benchmarks.compose import masks_by_method
from seigan_tf.compose.composer import Composer
from seigan_tf.data.crops import extract, extract_mask, region_around, relative_box
from seigan_tf.evaluation.agreement import iou
from seigan_tf.evaluation.crops import EvaluationObject
from tests.compose.scene import BallBackend, ball, box_of


@pytest.mark.parametrize("centre", [(150, 120), (45, 45)], ids=["inside", "at the border"])
def test_measured_masks_are_those_of_cut(centre):
    """On the crop that evaluation has, the refined mask is the one on the photo."""
    photo, truth = ball(centre=centre)
    backend, box = BallBackend(), box_of(centre)
    region = region_around(box, backend.object_fraction)
    image, original = extract(photo, region, backend.size), extract(photo, region, region.side)
    inside, diagonal = relative_box(box, region), region.side * math.sqrt(2)
    crop = extract_mask(truth, region)
    item = EvaluationObject("a", 1, "", image, original, inside, inside, crop, None, (0, 0), diagonal)
    scores = {name: iou(mask, item.truth) for name, mask in masks_by_method(backend, item).items()}
    mask = Composer(backend).cut(photo, box)[0] > 0.5
    assert scores["refined"] == pytest.approx(iou(mask, truth), abs=1e-6)
    assert scores["refined"] > scores["mean with mirror image, bilinear"] > 0.8
    assert scores["refined"] > scores["network, bilinear"] > 0.8
