"""The report on the data: what is used, what is left out and why, and when it is too much."""

import json

import pytest

from seigan_tf.data.photos.photo import Problem
from seigan_tf.data.planning.report import LISTED, Tally, report_lines


def tally_of(max_bad, photos=0, objects=0, earlier=None):
    tally = Tally(max_bad, earlier)
    for kind, count in (("photo", photos), ("object", objects)):
        for index in range(count):
            tally.add(Problem(kind, f"{kind} {index}", "is bad"))
    return tally


def test_report_counts_by_kind_and_lists_the_first_hundred():
    report = tally_of(1.0, photos=80, objects=50).as_report()
    assert (report["photo"], report["object"]) == (80, 50)
    assert len(report["listed"]) == LISTED
    assert report["listed"][0] == "photo 0: is bad"
    assert report["listed"][80] == "object 0: is bad"
    assert json.loads(json.dumps(report)) == report


@pytest.mark.parametrize(
    ("max_bad", "bad", "total", "ends"),
    [
        (0.01, 1, 100, False),
        (0.29, 29, 100, False),
        (0.01, 2, 199, True),
        (0.01, 1, 99, True),
        (0.0, 1, 10**6, True),
        (0.0, 0, 0, False),
        (1.0, 5, 5, False),
    ],
)
def test_more_than_allowed_ends_the_run(one_line_error, max_bad, bad, total, ends):
    for kinds in ({"photos": bad}, {"objects": bad}):
        tally = tally_of(max_bad, **kinds)
        totals = {"photos": 0, "objects": 0} | dict.fromkeys(kinds, total)
        if ends:
            assert f"{bad} of {total} " in one_line_error(tally.check, **totals)
        else:
            tally.check(**totals)


def test_message_says_how_many_how_much_is_allowed_and_names_the_first(one_line_error):
    message = one_line_error(tally_of(0.01, photos=3, objects=1).check, 200, 1000)
    assert message == (
        "3 of 200 photographs cannot be used (1.5 %), more than max-bad 1 % allows; the first: photo 0: is bad"
    )
    message = one_line_error(tally_of(0.001, photos=3, objects=2).check, 3000, 1000)
    assert message.startswith("2 of 1000 annotated objects cannot be used (0.2 %), more than max-bad 0.1 % allows")
    assert message.endswith("the first: object 0: is bad")


def test_counting_goes_on_from_a_report(one_line_error):
    earlier = tally_of(0.5, photos=2).as_report()
    tally = tally_of(0.5, photos=1, earlier=earlier)
    assert tally.as_report()["photo"] == 3
    assert len(tally.as_report()["listed"]) == 3
    assert earlier["photo"] == len(earlier["listed"]) == 2
    assert "3 of 4" in one_line_error(tally.check, 4, 0)
    assert "2 of 3" in one_line_error(Tally(0.5, earlier).check, 3, 0)


def test_two_splits_are_counted_together(one_line_error):
    both = tally_of(0.1, photos=1) + tally_of(0.1, photos=1, objects=1)
    assert both.as_report()["photo"] == 2
    assert both.as_report()["object"] == 1
    assert "2 of 10 photographs" in one_line_error(both.check, 10, 100)


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


@pytest.mark.parametrize(
    ("photos", "objects", "masks", "expected"),
    [
        (0, 2, 2, "2 masks cannot be used, their objects are kept without: a.jpg: no mask"),
        (1, 2, 1, "1 photographs and 1 annotated objects cannot be used and are skipped; 1 masks"),
    ],
)
def test_objects_that_lose_their_masks_alone_are_not_said_to_be_skipped(photos, objects, masks, expected):
    problems = {"photo": photos, "object": objects, "listed": ["a.jpg: no mask"]}
    validation = {"objects": 9, "annotations": 9, "without_mask": masks, "unusable_masks": masks, "problems": problems}
    _, line = report_lines({"train": {"objects": 3, "backgrounds": 6}, "validation": validation})
    assert line.startswith(f"validation: {expected}")


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
