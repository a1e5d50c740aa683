"""Settings that pyproject.toml cannot hold: the packages of the wheel, and the two parts of requirements.txt.

Packages are those found, and export/ under another name. The first part of requirements.txt is what every installation
needs, the second is the extra `train`.
"""

from pathlib import Path

from setuptools import find_namespace_packages, find_packages, setup

exported = [f"seigan_tf.{name}" for name in find_packages(include=["export*"])]
use, train = (
    [requirement for line in part.splitlines() if (requirement := line.split("#")[0].strip())]
    for part in Path(__file__).with_name("requirements.txt").read_text(encoding="utf-8").split("\n\n")
)
setup(
    packages=[*find_namespace_packages(include=["seigan_tf*"]), *exported],
    install_requires=use,
    extras_require={"train": train, "jax": ["jax>=0.10,<0.12"], "beam": ["apache-beam>=2.70,<3"]},
)
