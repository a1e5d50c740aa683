"""Training under tf.distribute.MirroredStrategy."""

import numpy as np

from tests.test_backends import parts, run


def test_a_step_on_two_devices_is_that_of_the_whole_batch_on_one(tmp_path):
    run("tensorflow", "two_replicas", tmp_path / "states.npz")
    values = {**np.load(tmp_path / "states.npz")}
    initial, one, two = (parts(values, kind) for kind in ("initial", "one", "two"))
    for name, value in one.items():
        np.testing.assert_allclose(two[name], value, rtol=1e-5, atol=1e-5, err_msg=name)
    for network in ("segmenter", "inpainter", "enhancer", "background_discriminator", "object_discriminator"):
        moved = max(np.abs(one[name] - initial[name]).max() for name in one if name.startswith(f"{network}/"))
        assert moved > 1e-3, network
