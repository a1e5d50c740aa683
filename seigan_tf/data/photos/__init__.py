"""Photographs: their files, annotated objects and pixels."""
