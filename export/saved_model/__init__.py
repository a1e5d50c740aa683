"""The SavedModel for TensorFlow Serving: signatures, numbered versions, and the files that a server needs."""
