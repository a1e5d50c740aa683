"""Crops on disk: `prepare` makes a folder of them, `store.load` reads it.

records says what is stored of a crop; seigan_crops is the TFDS builder, which sorts in spool and writes with shards,
here or, by distributed, with Apache Beam; contact_sheet draws the crops to be looked at.
"""
