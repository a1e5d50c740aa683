"""The lines about the data say what is used, what is left out, and why."""

from seigan_tf.data.planning.report import report_lines


def test_a_synthetic_set_is_one_line():
    report = {"source": "synthetic", "train": {"objects": 10, "backgrounds": 20}, "validation": {"objects": 5}}
    assert list(report_lines(report)) == [
        "10 object crops and 20 background crops for training, 5 crops with masks for validation"
    ]


def test_rules_and_problems_are_counted_and_the_first_of_them_named():
    listed = [*[f"{name}.jpg: truncated" for name in "abcd"], "annotation 7 of e.jpg: box is not inside"]
    train = {
        "objects": 3,
        "backgrounds": 6,
        "annotations": 9,
        "dropped": {"crowd": 0, "min_short_side": 4, "unreadable_photo": 2},
        "problems": {"photo": 4, "object": 1, "listed": listed},
    }
    validation = {
        "objects": 1,
        "annotations": 1,
        "dropped": {"crowd": 0},
        "problems": {"photo": 1, "object": 0, "listed": ["f.jpg: missing"]},
    }
    _, dropped, problems, last = report_lines({"train": train, "validation": validation})
    assert dropped == "training: left out of 9 annotated objects: 4 by min_short_side, 2 by unreadable_photo"
    assert problems == (
        "training: 4 photographs and 1 annotated objects cannot be used and are skipped:"
        " a.jpg: truncated; b.jpg: truncated; c.jpg: truncated; and others"
    )
    assert last == "validation: 1 photographs cannot be used and are skipped: f.jpg: missing"


def test_a_set_without_masks_says_that_nothing_can_be_measured():
    validation = {"objects": 2, "without_mask": 2, "annotations": 2}
    first, second = report_lines({"train": {"objects": 3, "backgrounds": 6}, "validation": validation})
    assert first.endswith("0 crops with masks for validation")
    assert "no mask to measure by" in second


def test_backgrounds_that_were_not_found_are_told():
    train = {"objects": 3, "backgrounds": 5, "backgrounds_wanted": 6}
    _, second = report_lines({"train": train, "validation": {"objects": 5}})
    assert "6 backgrounds wanted" in second


def test_backgrounds_of_another_scale_than_the_objects_are_told():
    def told(objects, backgrounds):
        train = {"objects": 3, "backgrounds": 6, "object_sides": objects, "background_sides": backgrounds}
        return list(report_lines({"train": train, "validation": {"objects": 5}}))[1:]

    (line,) = told([80, 150, 300], [60, 99, 120])
    assert line.startswith("training: ")
    assert "smaller than 99 and 150 pixels" in line
    assert told([80, 150, 300], [60, 100, 120]) == told([80, 150, 300], [80, 200, 300]) == told([], []) == []
    assert told([80, 150, 300], [80, 201, 300])
