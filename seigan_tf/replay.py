"""Pool of earlier fakes (section 3.4; Shrivastava et al., arXiv 1612.07828), held in model variables.

It lives inside the compiled step, and is saved and restored with the model.
"""

import keras
from keras import ops

from seigan_tf.utils.serialization import serializable


@serializable
class ReplayPool(keras.layers.Layer):
    """Gives a discriminator, for each new fake, the new one or an earlier one, with equal chance, as CycleGAN does.

    As long as a whole batch fits in, new fakes are stored and shown. Then, with chance 1/2 for each, an earlier fake
    is shown and the new one takes its place.
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

    def call(self, images, order, coins):
        """Shows a batch to the pool.

        Args:
            images: new fakes [N, S, S, 3]; N is at most the capacity.
            order: uniform in [0, 1), [capacity]: which places are looked at.
            coins: uniform in [0, 1), [N]: over 1/2 takes the earlier fake.

        Returns:
            What the discriminator is to see, [N, S, S, 3].
        """
        new, capacity = images.shape[0], self.capacity
        if new is not None and new > capacity:
            raise ValueError(
                f"networks.replay_size: {capacity}; expected at least the batch of {new}, or 0 for no pool"
            )
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
        return ops.where(swap, earlier, images)

    def get_config(self):
        return {**super().get_config(), "capacity": self.capacity, "size": self.size}
