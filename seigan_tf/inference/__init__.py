"""Trained networks as functions of NumPy arrays.

arrays runs a SEIGAN, loading finds and reads weights, transfer copies them between models, tta is test-time
augmentation, and grabcut makes masks from colours. The last two import no Keras, so that exported networks work without
it.
"""
