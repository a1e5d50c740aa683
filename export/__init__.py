"""Trained weights to files that phones, browsers and TF Serving load: `python -m export`.

Installed, the package is seigan_tf.export, so that it imports its own modules relative to itself.
"""
