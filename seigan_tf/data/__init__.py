"""Photographs and boxes in, crops and training pairs out. Nothing here knows the networks.

readers read annotations (where there are none, detection draws boxes), photographs opens photos; plan decides what to
cut, by the rules of crops and by mining backgrounds; cutting cuts, in processes of workers or here; crop_set holds the
crops in memory, storage on disk; pairs feeds them to `fit`; synthetic draws a set that needs no photographs.
"""

from seigan_tf.data.crop_set import BackgroundCrops, Crops, EvaluationCrops, ObjectCrops, load

__all__ = ["BackgroundCrops", "Crops", "EvaluationCrops", "ObjectCrops", "load"]
