"""Photographs and boxes in, crops and training pairs out. Nothing here knows the networks.

annotations, coco and photographs read; crops and backgrounds choose the regions; crop_set holds the crops in memory;
pairs feeds them to `fit`; synthetic, made of shapes and textures, draws a set that needs no photographs.
"""

from seigan_tf.data.crop_set import BackgroundCrops, Crops, EvaluationCrops, ObjectCrops, load

__all__ = ["BackgroundCrops", "Crops", "EvaluationCrops", "ObjectCrops", "load"]
