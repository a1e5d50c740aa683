"""Readers of annotated photographs, one file for each format.

To add a format, write a module beside `coco.py` with a function that takes the folder of the photographs and the path
of the annotations (None: they lie in that folder) and yields `Photo` and `Problem` items one by one; then name it in
`formats.py`. A mistake in one photo or object is yielded as a problem and reading goes on; only a mistake that makes
the whole set unusable is a ValueError. Readers decode no photo; some read its header for its size.
"""
