"""Lack of memory is one line, whoever reports it; other errors keep their traceback."""

import cv2
import pytest

from seigan_tf.cli.errors import exit_code_of
from seigan_tf.utils.memory import OPENCV_CODE, enough_memory


def of_opencv(code):
    error = cv2.error("Failed to allocate")
    error.code = code
    return error


def raising(error):
    def fail():
        raise error

    return fail


def test_the_code_is_opencvs():
    assert cv2.Error.StsNoMem == OPENCV_CODE


@pytest.mark.parametrize("error", [MemoryError(), of_opencv(OPENCV_CODE)])
def test_lack_of_memory_is_one_line(capsys, error):
    with pytest.raises(ValueError, match=r"^a\.png: too large for the memory that is free$"), enough_memory("a.png: "):
        raise error
    assert exit_code_of(raising(error)) == 2
    assert capsys.readouterr().err == "error: the data are too large for the memory that is free\n"


@pytest.mark.parametrize("error", [TypeError("a fault"), of_opencv(-215)])
def test_other_errors_stay(error):
    with pytest.raises(type(error)), enough_memory():
        raise error
    with pytest.raises(type(error)):
        exit_code_of(raising(error))
