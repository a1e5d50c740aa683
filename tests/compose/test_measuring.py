"""What the refinement gains, measured on true masks."""

import numpy as np
import pytest

from seigan_tf.compose import geometry, measuring
from seigan_tf.compose.composer import Composer
from seigan_tf.data.crops import extract, extract_mask, region_around
from seigan_tf.evaluation.iou import iou
from seigan_tf.evaluation.objects import EvaluationObject
from tests.compose.scene import BallBackend, ball, box_of


@pytest.mark.parametrize("centre", [(150, 120), (45, 45)], ids=["inside", "at the border"])
def test_measures_what_cut_gives(centre):
    """On the crop that evaluation has, the refined mask is the one on the photo."""
    photo, truth = ball(centre=centre)
    backend, box = BallBackend(), box_of(centre)
    region = region_around(box, backend.object_fraction)
    image, original = extract(photo, region, backend.size), extract(photo, region, region.side)
    item = EvaluationObject("a", 1, image, original, geometry.box_in(box, region), extract_mask(truth, region))
    scores = list(measuring.measure(backend, [item, item]))
    mask = Composer(backend).cut(photo, box)[0] > 0.5
    assert scores[0].iou["refined"] == pytest.approx(iou(mask, truth), abs=1e-6)
    means = measuring.means(scores)
    assert list(means) == list(measuring.METHODS)
    assert means["refined"] == (scores[0].iou["refined"], scores[0].boundary["refined"])
    assert means["refined"][0] > means["network, bilinear"][0] > 0.8
    assert np.isfinite(list(means.values())).all()
