"""Packages of the wheel: those found, and export/ under another name, which pyproject.toml cannot combine."""

from setuptools import find_namespace_packages, find_packages, setup

exported = [f"seigan_tf.{name}" for name in find_packages(include=["export*"])]
setup(packages=[*find_namespace_packages(include=["seigan_tf*"]), *exported])
