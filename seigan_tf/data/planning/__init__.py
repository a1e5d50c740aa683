"""The choice of crops: rules for objects, the search for backgrounds, and the report on both.

`plan.make_plan` is the entry: it scans the annotations, mines backgrounds and writes a file with one line per photo,
which `cutting.cut_photo` turns into crops.
"""
