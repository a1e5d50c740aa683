"""The five networks of the paper, the refiner of masks, their blocks and backbones, and VGG-19."""

from seigan_tf.networks.discriminator import Discriminator, FeatureDiscriminator
from seigan_tf.networks.enhancer import Enhancer
from seigan_tf.networks.inpainter import Inpainter
from seigan_tf.networks.segmenter import Segmenter
from seigan_tf.networks.vgg19 import VGG19Features

__all__ = ["Discriminator", "Enhancer", "FeatureDiscriminator", "Inpainter", "Segmenter", "VGG19Features"]
