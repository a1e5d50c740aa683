"""Readers of annotated photographs, one file for each format.

To add a format, write a module with a function that takes the folder of the photographs and the file or folder of the
annotations, and yields `Photo`, `Problem` and `Note` items one by one; then name it in `formats.py`, and let
`recognising.py` tell its files. Where a file holds everything, or one file each photo, the function makes entries and
hands them to `collecting.read_entries`, which finds the photos by name (`names.py`), checks boxes (`boxes.py`) and
reads missing sizes. A mistake in one photo or object is yielded as a problem and reading goes on; only a mistake that
makes the whole set unusable is a ValueError. Readers decode no photo; some read its header for its size.
"""
