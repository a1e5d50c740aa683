"""The count of photographs that cannot be read, of which some are read again."""

from seigan_tf.data.photos.photo import Problem
from seigan_tf.evaluation.photo_tally import PhotoTally


def test_a_photograph_counts_once_and_each_of_its_objects_counts():
    problems = PhotoTally(0.5)
    for problem in [Problem("photo", "a.jpg", "truncated"), Problem("object", "a.jpg", "no polygon")] * 2:
        problems.add(problem)
    problems.add(Problem("photo", "b.jpg", "truncated"))
    assert problems.counts == {"photo": 2, "object": 2}
