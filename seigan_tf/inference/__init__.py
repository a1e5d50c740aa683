"""Functions of arrays around trained networks: NumPy in, NumPy out.

tta averages answers over mirrored and turned crops; grabcut makes masks from colours. Neither imports Keras, so that
exported networks work without it.
"""
