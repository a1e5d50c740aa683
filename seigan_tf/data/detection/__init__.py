"""Boxes from a detection model, for photographs that have none."""
