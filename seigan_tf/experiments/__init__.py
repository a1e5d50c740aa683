"""Trainings that are compared with each other, and the tables made of them."""
