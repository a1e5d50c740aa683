"""Cut, erase and paste with boxes that are too tight."""

import numpy as np
import pytest

from seigan_tf.compose.composer import Composer
from seigan_tf.data.crops import region_around
from seigan_tf.evaluation.agreement import iou
from tests.compose.scene import RED, BallBackend, ball, gravel

TIGHT = (120, 90, 60, 60)
"""A box in the ball, which reaches 10 pixels further on each side."""


def cut(photo, box, grow, refine=True):
    return Composer(BallBackend(), refine, grow).cut(photo, box)[0]


@pytest.mark.parametrize("refine", [True, False])
def test_masks_reach_outside_a_tight_box_as_far_as_they_may(refine):
    photo, there = ball()
    inside = np.zeros_like(there)
    inside[90:150, 120:180] = True
    assert not cut(photo, TIGHT, 0.0, refine)[~inside].any()
    near = np.zeros_like(there)
    near[87:153, 117:183] = True
    little = cut(photo, TIGHT, 0.05, refine)
    assert (little > 0.5)[near & ~inside].any()
    assert not little[~near].any()
    assert iou(cut(photo, TIGHT, 0.2, refine) > 0.5, there) > 0.93


@pytest.mark.parametrize("refine", [True, False])
def test_what_does_not_hang_together_with_the_object_is_left_out(refine):
    photo, _ = ball(radius=30)
    photo[83:90, 113:120] = RED
    mask = cut(photo, TIGHT, 0.2, refine)
    assert not mask[80:89, 110:119].any()
    assert (mask > 0.5).sum() > 2000


def test_masks_end_at_the_crop_that_the_networks_see():
    photo = gravel(300, 240)
    photo[100:140] = RED
    mask = cut(photo, TIGHT, 1.0)
    region = region_around(TIGHT, BallBackend.object_fraction)
    assert (mask[:, region.x : region.x + region.side] > 0.5).any(axis=0).all()
    assert not mask[:, : region.x].any()
    assert not mask[:, region.x + region.side :].any()


def test_erase_and_paste_grow_too():
    photo, there = ball()
    composer = Composer(BallBackend(), grow=0.2)
    erased = composer.erase(photo, TIGHT)
    red = erased[..., 0].astype(int) - erased[..., 1]
    assert red[there].mean() < 20
    pasted = composer.paste(photo, TIGHT, gravel(300, 240, seed=1), TIGHT[:2])
    assert (pasted != gravel(300, 240, seed=1)).any(-1)[there].mean() > 0.9


def test_masks_that_are_not_confined_stay_as_they_are():
    photo, _ = ball()
    backend = BallBackend()
    backend.confine_mask = False
    masks = [Composer(backend, grow=grow).cut(photo, TIGHT)[0] for grow in (0.0, 0.2)]
    np.testing.assert_array_equal(*masks)


def test_other_fractions_are_refused(one_line_error):
    assert "grow is 1.5, expected 0 to 1" in one_line_error(Composer, BallBackend(), True, 1.5)
