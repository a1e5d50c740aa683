"""The contact shadow of a pasted object."""

import numpy as np
import pytest

from seigan_tf.compose.composer import Composer
from tests.compose.scene import RED, BallBackend, ball, box_of, gravel


@pytest.fixture
def composer():
    return Composer(BallBackend())


def pasted(composer, at, onto):
    photo, _ = ball()
    plain, shaded = (composer.paste(photo, box_of(), onto, at, shadow) for shadow in (False, True))
    return plain, shaded, plain[..., :3].astype(int).sum(-1) - shaded[..., :3].astype(int).sum(-1)


def test_the_shadow_darkens_the_ground_at_the_objects_foot_only(composer):
    onto = gravel(300, 240)
    plain, shaded, darker = pasted(composer, (100, 80), onto)
    object_ = plain[..., 0].astype(int) - plain[..., 1] > 60
    assert darker[~object_].min() > -10, "the enhancer moves soft edges a little"
    ys, xs = np.nonzero((darker > 10) & ~object_)
    assert ys.min() > 130 and ys.max() < 180 and xs.min() > 80 and xs.max() < 200, "at the foot of the ball"
    assert darker[162, 135:145].mean() > 0.2 * 3 * 128, "below the ball, whose lowest pixel is in row 159"
    np.testing.assert_allclose(shaded[100:140, 120:160], plain[100:140, 120:160], atol=2)
    assert np.abs(shaded[120, 140].astype(int) - RED).max() < 60


@pytest.mark.parametrize("at", [(100, 200), (-60, -60), (280, 100), (10, -70), (-500, -500, 2000)])
def test_shadows_of_clipped_objects_stay_below_them(composer, at):
    _, shaded, darker = pasted(composer, at, gravel(300, 240))
    assert shaded.shape == (240, 300, 3)
    width = at[2] if len(at) == 3 else 80
    rows = np.nonzero((darker > 3).any(1))[0]
    assert not len(rows) or rows.min() > at[1] + 0.6 * width
    if at == (100, 200):  # the ground lies at 280, below the photo
        assert not len(rows)


def test_transparency_is_kept(composer):
    onto = np.dstack([gravel(300, 240), np.full((240, 300), 90, np.uint8)])
    plain, shaded, darker = pasted(composer, (100, 80), onto)
    np.testing.assert_array_equal(plain[..., 3], shaded[..., 3])
    assert darker.max() > 0
