"""Trained networks as functions of NumPy arrays.

arrays runs a SEIGAN, weights finds trained weights, loading reads them, transfer copies them between models, tta is
test-time augmentation, and grabcut makes masks from colours. weights, tta and grabcut import no Keras, so that TFLite
files are used without it.
"""
