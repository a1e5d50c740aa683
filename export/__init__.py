"""Export of trained weights to files for phones, browsers and TF Serving: `python -m export`.

Imports within the package are relative, because its name is seigan_tf.export once installed.
"""
