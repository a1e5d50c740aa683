"""Trains, evaluates, saves and loads under JAX and mixed precision where TensorFlow cannot be imported.

`python -m tests.jax_alone FOLDER`, by test_backends.py, with KERAS_BACKEND=jax.
"""

# ruff: noqa: E402
import sys

sys.modules["tensorflow"] = None  # importing it now raises ModuleNotFoundError

import grain
import keras
import numpy as np

from seigan_tf.config import LossesConfig
from seigan_tf.inference import arrays
from tests import tiny
from tests.backend_steps import start_from_zeros


def main(folder):
    start_from_zeros()
    keras.config.set_dtype_policy("mixed_float16")
    model = tiny.seigan(LossesConfig(**tiny.FIRST_SWAP, **tiny.BOX_TERMS), ema_decay=0.9, confine_mask=True)
    before = model.state()
    pairs = [tiny.batch(2, seed=seed) for seed in range(3)]
    history = model.fit(
        grain.MapDataset.source(pairs).to_iter_dataset(),
        validation_data=grain.MapDataset.source([tiny.batch(2, masks=True)]).to_iter_dataset(),
        verbose=0,
    ).history
    assert all(np.isfinite(values).all() for values in history.values()), history
    assert 0 <= history["val_crop_iou"][0] <= 1
    after = model.state()
    for variable in model.trainable_variables:
        name = variable.path.removeprefix("seigan/")
        assert np.isfinite(after[name]).all() and not np.array_equal(after[name], before[name]), name

    model.save(f"{folder}/model.keras")
    loaded = keras.models.load_model(f"{folder}/model.keras")
    state = loaded.state()
    assert all(np.array_equal(state[name], value) for name, value in after.items())
    assert np.isfinite(arrays.segment(loaded, pairs[0]["object"]["image"], pairs[0]["object"]["box"])).all()


if __name__ == "__main__":
    main(sys.argv[1])
