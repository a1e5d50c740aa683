"""Trained networks as functions of arrays: NumPy in, NumPy out.

arrays gives SEIGAN its array methods, loading finds and reads weights, transfer moves them between models. tta averages
answers over mirrored and turned crops and grabcut makes masks from colours; these two import no Keras, so that exported
networks work without it.
"""
