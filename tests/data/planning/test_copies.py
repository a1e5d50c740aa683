"""Files of the same content: all are found, and others are not read for it."""

import numpy as np
import pytest

from seigan_tf.data.planning import copies
from seigan_tf.data.planning.copies import BLOCK, find_copies


@pytest.fixture
def numbers(tmp_path):
    """Compares files of the contents given."""

    def call(*contents):
        paths = [tmp_path / str(index) for index in range(len(contents))]
        for path, content in zip(paths, contents, strict=True):
            path.write_bytes(content)
        sizes = np.array([len(content) for content in contents], np.uint64)
        return find_copies(sizes, lambda: map(str, paths)).tolist()

    return call


def test_equal_files_have_one_number_and_others_none(numbers):
    long = np.random.default_rng(0).bytes(5 * BLOCK)
    other_end, other_middle = long[:-1] + b"x", long[: 2 * BLOCK] + b"12345678" + long[2 * BLOCK + 8 :]
    a, b, c, *rest = numbers(long, b"short", long, other_end, other_middle, b"short", b"", b"", b"SHORT", long + b"y")
    assert a == c != 0
    assert b == rest[2] not in (0, a)
    assert [rest[0], rest[1], *rest[3:]] == [0] * 6


def test_files_whose_size_no_other_has_are_not_opened():
    sizes = np.array([5, 6, 0, 0, 7], np.uint64)
    assert find_copies(sizes, lambda: pytest.fail("asked for paths")).tolist() == [0] * 5


def test_files_that_differ_in_the_middle_are_not_read_to_their_end(numbers, monkeypatch):
    monkeypatch.setattr(copies, "_digest", lambda path: pytest.fail(f"read {path}"))
    assert numbers(b"head" + bytes(9 * BLOCK), b"head" + b"1" * 9 * BLOCK) == [0, 0]


def test_missing_files_have_no_copies():
    sizes = np.array([5, 5], np.uint64)
    assert find_copies(sizes, lambda: ["/nowhere/a", "/nowhere/b"]).tolist() == [0, 0]
