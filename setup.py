"""Which packages a wheel has: those found and one moved, which pyproject.toml cannot join. The rest is there."""

from setuptools import find_namespace_packages, setup

setup(packages=[*find_namespace_packages(include=["seigan_tf*"]), "seigan_tf.export"])
