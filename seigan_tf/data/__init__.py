"""Photographs and boxes in, crops and training pairs out. Nothing here imports the networks.

In the order of the work: `photos` finds and opens photographs; `annotations` reads their boxes, `detection` draws them
if there are none; `planning` chooses crops by the paper's rules; `crops` is the crop geometry; `loading` gets the crops
of a run and `crop_set` holds them in memory; `storage` keeps them on disk; `pairs` feeds them to `fit`, changed by
`augmentation`; `synthetic` draws a set that needs no photographs.
"""

from seigan_tf.data.crop_set import BackgroundCrops, Crops, EvaluationCrops, ObjectCrops
from seigan_tf.data.loading import load_crops

__all__ = ["BackgroundCrops", "Crops", "EvaluationCrops", "ObjectCrops", "load_crops"]
