"""The lines about the data say what is used, what is left out, and why."""

from seigan_tf.training import data_summary


def test_a_synthetic_set_is_one_line():
    report = {"source": "synthetic", "train": {"objects": 10, "backgrounds": 20}, "validation": {"objects": 5}}
    assert list(data_summary.lines(report)) == [
        "10 object crops and 20 background crops for training, 5 crops with masks for validation"
    ]


def test_rules_and_unreadable_photographs_are_counted_and_named():
    train = {
        "objects": 3,
        "backgrounds": 6,
        "annotations": 9,
        "dropped": {"crowd": 0, "min_short_side": 4, "unreadable_photo": 2},
        "unreadable": {f"{name}.jpg": "truncated" for name in "abcd"},
    }
    report = {"train": train, "validation": {"objects": 1, "annotations": 1, "dropped": {}, "unreadable": {}}}
    _, dropped, unreadable = data_summary.lines(report)
    assert dropped == "training: left out of 9 annotated objects: 4 by min_short_side, 2 by unreadable_photo"
    assert unreadable.startswith("training: 4 photographs cannot be read and are skipped: a.jpg (truncated), b.jpg")
    assert unreadable.endswith("c.jpg (truncated) and others")
