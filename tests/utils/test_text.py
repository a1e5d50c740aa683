"""Text of others becomes fit for messages, reports and files."""

import pytest

from seigan_tf.utils.text import numbers, one_line, printable, shown


@pytest.mark.parametrize("value", ["a\nb", "\udc80", "x" * 1000, "", [1, {"a": None}], [10**5000], None])
def test_shown_values_are_short_and_on_one_line(value):
    text = shown(value)
    assert 0 < len(text) <= 100
    assert text.encode().isascii()
    assert "\n" not in text


def test_a_class_name_keeps_what_files_can_hold():
    assert printable(" 猫 1\n\udc80 ") == "猫 1??"


@pytest.mark.parametrize(
    ("error", "expected"), [(ValueError("a\n\n  b "), "a b"), (KeyError(), "KeyError"), (OSError("\n"), "OSError")]
)
def test_an_error_is_told_on_one_line_and_never_with_nothing(error, expected):
    assert one_line(error) == expected


@pytest.mark.parametrize("text", ["10_3,2", "１,2", "1,", "nan,1", "True,1"])
def test_what_nobody_writes_for_a_number_is_none(text):
    assert numbers("103, -2.5e1", (2,)) == (103.0, -25.0)
    assert numbers(text, (2,)) is None
