"""The count of unusable files of an evaluation, which reads a photograph several times."""

from seigan_tf.data.photos.photo import Problem
from seigan_tf.data.planning.report import Tally


class PhotoTally(Tally):
    """A tally in which each photograph counts once, however often it cannot be read.

    Args:
        max_bad: as in `Tally`.
    """

    def __init__(self, max_bad: float):
        super().__init__(max_bad)
        self._photos: set[str] = set()

    def add(self, problem: Problem) -> None:
        if problem.kind == "photo":
            if problem.where in self._photos:
                return
            self._photos.add(problem.where)
        super().add(problem)
