"""Crops on disk: `prepare` makes a folder of them, `stored_crops.load_stored_crops` reads it.

`records` defines what is stored of a crop, and the files; `description` the set for TensorFlow Datasets; `build` writes
the files on this machine, `beam_pipeline` on Apache Beam's workers, and `seigan_crops` is for `tfds build`.
"""
