"""The network that refines masks."""

import keras
import numpy as np

from seigan_tf.networks.refiner import LEAST, Refiner

SIDE = 32


def inputs(count=2):
    random = np.random.default_rng(0)
    images = random.uniform(-1, 1, (count, SIDE, SIDE, 3)).astype("float32")
    return images, random.uniform(size=(count, SIDE, SIDE, 1)).astype("float32")


def test_before_training_it_gives_the_mask_itself():
    images, masks = inputs()
    refined = keras.ops.convert_to_numpy(keras.ops.sigmoid(Refiner(2)((images, masks))))
    np.testing.assert_allclose(refined, np.clip(masks, LEAST, 1 - LEAST), atol=1e-5)


def test_every_weight_is_trained():
    model = Refiner(2)
    model.compile(keras.optimizers.SGD(0.1), "mse")
    images, masks = inputs()
    model.fit((images, masks), masks, verbose=0)  # the last layer starts from zeros, and passes nothing on
    before = [weight.numpy() for weight in model.trainable_weights]
    model.fit((images, masks), masks, verbose=0)
    unchanged = [
        weight.path
        for weight, values in zip(model.trainable_weights, before, strict=True)
        if np.array_equal(weight.numpy(), values)
    ]
    assert unchanged == []
