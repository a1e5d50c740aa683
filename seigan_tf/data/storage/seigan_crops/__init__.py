"""The crops as a set of TensorFlow Datasets, for `tfds build`."""
