"""Cut, erase and paste on photographs of any size.

composer is the interface. backends chooses what runs the networks: litert_backend or keras_backend. geometry has boxes,
windows and crops; matting finds the object's mask and colours (with refiner and guided_filter), erasing fills holes
(with detail), pasting harmonises, shadows darkens the ground below what is pasted; photo_files reads and writes
photographs; pull_push fills gaps in maps.
"""
