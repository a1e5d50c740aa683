"""Frozen VGG-19 features (Simonyan and Zisserman, arXiv 1409.1556), for the losses and for the segmenter's encoder."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import keras
from keras import ops

from seigan_tf.utils.tensor import Tensor
from seigan_tf.utils.text import one_line

TEXTURE_LAYERS = ("block1_conv1", "block1_conv2", "block2_conv1", "block2_conv2", "block3_conv1")
"""VGG_1 of section 3.2: the first five convolutions."""
PERCEPTUAL_LAYERS = ("block4_conv4", "block5_conv1", "block5_conv2", "block5_conv3", "block5_conv4")
"""VGG_2 of section 3.2: the last five."""
PERCEPTUAL_SIDE = 16
"""Least side of images that reach the last block: four halvings come before it."""
ENCODER_LAYERS = ("block1_conv2", "block2_conv2", "block3_conv4", "block4_conv4", "block5_conv4")
"""The last convolution of each block, for the segmenter's decoder."""

_BGR_MEANS = (103.939, 116.779, 123.68)


class VGG19Features(keras.layers.Layer):
    """Features of images in [-1, 1], by the layer names of keras.applications.VGG19, after their ReLU.

    Images of at least 32 pixels are first converted to keras.applications' own range (BGR, 0 to 255, means subtracted).
    No variable is trainable.
    """

    def __init__(self, **kwargs):
        # Its layers cast for themselves: before the means are subtracted, half precision would round colours.
        super().__init__(**{**kwargs, "trainable": False, "autocast": False})
        self.vgg = keras.applications.VGG19(include_top=False, weights=None, name="vgg")
        self.vgg.trainable = False

    def build(self, input_shape=None):
        self.built = True

    def load(self, weights: str) -> None:
        """Load pretrained convolutions.

        Args:
            weights: "imagenet" (Keras downloads and caches 80 MB), the path of a file in the layout of
                keras.applications.VGG19(include_top=False), or "random", which loads nothing.

        Raises:
            ValueError: the weights cannot be downloaded or read, or are not VGG-19's.
        """
        if weights == "random":
            return
        if weights == "imagenet":
            try:
                source = keras.applications.VGG19(include_top=False, weights="imagenet")
            except Exception as error:  # keras.utils.get_file raises a bare Exception when it cannot download
                raise ValueError(
                    f"--vgg-weights imagenet: Keras could not download them ({one_line(error)}); fetch "
                    "vgg19_weights_tf_dim_ordering_tf_kernels_notop.h5 from github.com/fchollet/deep-learning-models "
                    "and give its path, or use a preset without VGG-19, or connect to the network"
                ) from None
            self.vgg.set_weights(source.get_weights())
            return
        if not Path(weights).is_file():
            raise ValueError(f"--vgg-weights {weights}: no such file; expected imagenet, none or a path")
        try:
            self.vgg.load_weights(weights)
        except Exception as error:  # Keras raises many types for damaged files
            reason = one_line(error)
            raise ValueError(f"--vgg-weights {weights}: not VGG-19 weights without top ({reason})") from None

    def call(self, images: Tensor, layers: Iterable[str]) -> dict[str, Tensor]:
        """Return features of `images` [N, H, W, 3] by layer name, [N, h, w, C] each; deeper layers are not run."""
        # Joined, not images[..., ::-1]: XNNPACK, which runs TFLite files on CPUs, has no negative steps.
        reversed_channels = ops.concatenate([images[..., 2:], images[..., 1:2], images[..., :1]], axis=-1)
        values = (reversed_channels + 1.0) * 127.5 - ops.cast(ops.array(_BGR_MEANS), images.dtype)
        missing = set(layers)
        features: dict[str, Tensor] = {}
        for layer in self.vgg.layers[1:]:
            if not missing:
                break
            values = layer(values)
            if layer.name in missing:
                features[layer.name] = values
                missing.discard(layer.name)
        return features

    def compute_output_spec(self, images, layers):
        """Return symbolic features; Keras' own inference under JAX would take the names in `layers` for arrays."""
        features: dict[str, keras.KerasTensor] = {}
        shape = images.shape
        for layer in self.vgg.layers[1:]:
            if len(features) == len(set(layers)):
                break
            shape = layer.compute_output_shape(shape)
            if layer.name in layers:
                features[layer.name] = keras.KerasTensor(shape, self.compute_dtype)
        return features


def without_vgg(variables: Iterable[Any], vgg: VGG19Features | None) -> list[Any]:
    """Return those of the variables that are not the frozen VGG-19's."""
    frozen = {id(variable) for variable in vgg.variables} if vgg is not None else set()
    return [variable for variable in variables if id(variable) not in frozen]
