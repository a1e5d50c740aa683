"""The network that moves the edges of a mask to those of the photo.

Not one of the paper's: `cut` gives it the segmenter's mask, at twice the size of the networks' crops.
"""

from functools import partial

import keras
from keras import ops

from seigan_tf.networks.blocks import ConvBlock

FULL = 8
"""Channels at full size, where a channel costs most."""
LEAST = 0.02
"""Distance from 0 and 1 at which the values of the mask are cut off, so that their logits are finite."""
_block = partial(ConvBlock, separable=True, normalization="batch", kernel_initializer="he_normal")


class Refiner(keras.Model):
    """U-Net of separable convolutions that changes the logits of a mask.

    Batch normalisation becomes part of the convolutions in TFLite files, which instance normalisation cannot.

    Input: (images [N, S, S, 3] in [-1, 1], masks [N, S, S, 1] in [0, 1]), S a multiple of 16.
    Output: logits of the refined masks, [N, S, S, 1]; those of the given masks before training.

    Args:
        width: channels at half size; up to four times as many at smaller ones.
    """

    def __init__(self, width: int, **kwargs):
        super().__init__(**kwargs)
        widths = [width, 2 * width, 4 * width, 4 * width]
        self.stem = keras.layers.Conv2D(FULL, 3, padding="same", activation="relu", name="stem")
        self.down = [_block(filters, strides=2, name=f"down_{i}") for i, filters in enumerate(widths)]
        self.same = [_block(filters, name=f"same_{i}") for i, filters in enumerate([*widths, widths[-1]])]
        self.double = keras.layers.UpSampling2D(interpolation="bilinear", name="double")
        self.up = [_block(filters, name=f"up_{i}") for i, filters in enumerate(reversed(widths[:-1]))]
        self.full = keras.layers.SeparableConv2D(FULL, 3, padding="same", activation="relu", name="full")
        self.last = keras.layers.Conv2D(1, 3, padding="same", kernel_initializer="zeros", name="last")

    def call(self, inputs, training=None):
        images, masks = inputs
        features = self.stem(ops.concatenate([images, 2.0 * masks - 1.0], axis=-1))
        skipped = []
        for halve, same in zip(self.down, self.same, strict=False):
            skipped.append(features)
            features = same(halve(features, training=training), training=training)
        features = self.same[-1](features, training=training)
        for layer in self.up:
            features = layer(ops.concatenate([self.double(features), skipped.pop()], axis=-1), training=training)
        features = self.full(ops.concatenate([self.double(features), skipped.pop()], axis=-1))
        given = ops.clip(masks, LEAST, 1.0 - LEAST)
        return self.last(features) + ops.log(given / (1.0 - given))
