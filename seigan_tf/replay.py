"""Pool of earlier fakes (section 3.4; Shrivastava et al., arXiv 1612.07828).

It is kept in variables of the model, so that the compiled step can use it and files and checkpoints contain it.
"""

import keras
from keras import ops

from seigan_tf.utils.serialization import serializable
from seigan_tf.utils.tensor import Tensor


@serializable
class ReplayPool(keras.layers.Layer):
    """Pool that replaces about half of the fakes for a discriminator by earlier ones, as in CycleGAN.

    As long as a whole batch fits in, new fakes are stored and returned. Later a new fake takes the place of an earlier
    one with probability 1/2, and the earlier one is returned.

    Args:
        capacity: number of images in the pool.
        size: side of the images, in pixels.
    """

    def __init__(self, capacity: int, size: int, **kwargs):
        super().__init__(**{**kwargs, "trainable": False, "dtype": "float32"})
        self.capacity = capacity
        self.size = size

    def build(self, input_shape=None):
        shape = (self.capacity, self.size, self.size, 3)
        self.images = self.add_weight(name="images", shape=shape, initializer="zeros", dtype="float32", trainable=False)
        self.count = self.add_weight(name="count", shape=(), initializer="zeros", dtype="int32", trainable=False)
        self.built = True

    def call(self, images: Tensor, order: Tensor, coins: Tensor) -> Tensor:
        """Return the images for the discriminator, [N, S, S, 3], and update the pool.

        Args:
            images: new fakes [N, S, S, 3]; those after the first `capacity` are returned as they are.
            order: uniform in [0, 1), [capacity]: the places with the smallest numbers are used.
            coins: uniform in [0, 1), [N]: above 1/2 an earlier fake is returned.
        """
        images, further = images[: self.capacity], images[self.capacity :]
        coins = coins[: self.capacity]
        batch = ops.shape(images)[0]
        count, pool = ops.convert_to_tensor(self.count), ops.convert_to_tensor(self.images)
        filling = count + batch <= self.capacity
        # Distinct places among those filled, in the order of random keys; then the empty ones, first to last.
        places = ops.arange(self.capacity, dtype="int32")
        keys = ops.where(places < count, order, 2.0 + ops.cast(places, order.dtype))
        drawn = ops.cast(ops.argsort(keys)[:batch], "int32")
        next_places = ops.minimum(count + ops.arange(batch, dtype="int32"), self.capacity - 1)
        chosen = ops.where(filling, next_places, drawn)

        empty = (chosen >= count)[:, None, None, None]
        earlier = ops.take(pool, chosen, axis=0)
        swap = ops.logical_and(ops.logical_not(empty), coins[:, None, None, None] > 0.5)
        stored = ops.where(ops.logical_or(swap, empty), images, earlier)
        self.images.assign(ops.scatter_update(pool, chosen[:, None], stored))
        self.count.assign(ops.maximum(count, ops.max(chosen) + 1))
        return ops.concatenate([ops.where(swap, earlier, images), further], axis=0)

    def get_config(self):
        return {**super().get_config(), "capacity": self.capacity, "size": self.size}
