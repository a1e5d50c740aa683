"""`python -m seigan_tf prepare` on the published photographs of ../shared: skipped where they are absent."""

import json

import pytest
from PIL import Image

from seigan_tf.cli.commands import main
from seigan_tf.data.storage.stored_crops import load_stored_crops

COUNTS = {
    "cats": {
        "train": (
            336,
            {"min_short_side": 182, "max_object_fraction": 804, "min_aspect": 217, "other_object_touches": 1521},
        ),
        "validation": (
            63,
            {"min_short_side": 40, "max_object_fraction": 210, "min_aspect": 50, "other_object_touches": 400},
        ),
    },
    "coco128": {
        "train": (
            39,
            {
                "crowd": 7,
                "min_short_side": 233,
                "max_object_fraction": 144,
                "min_aspect": 55,
                "other_object_touches": 325,
            },
        ),
        "validation": (
            10,
            {"crowd": 3, "min_short_side": 54, "max_object_fraction": 17, "min_aspect": 9, "other_object_touches": 43},
        ),
    },
    "coco_person": {
        "train": (223, {"min_short_side": 39, "max_object_fraction": 417, "min_aspect": 41}),
        "validation": (32, {"min_short_side": 2, "max_object_fraction": 41, "min_aspect": 5}),
    },
}
"""Objects kept, and dropped by each rule, as they were when this was written."""


@pytest.mark.parametrize("name", list(COUNTS))
def test_a_published_set_gives_the_recorded_counts(request, tmp_path, name):
    images, annotations = request.getfixturevalue("cats_train" if name == "cats" else name)
    arguments = [
        "--images",
        images,
        "--annotations",
        annotations,
        "--out",
        tmp_path / "crops",
        "--size",
        32,
        "--workers",
        0,
    ]
    if name == "cats":
        images, annotations = request.getfixturevalue("cats_val")
        arguments += ["--val-images", images, "--val-annotations", annotations]
    main(["prepare", *map(str, arguments)])
    report = json.loads((tmp_path / "crops" / "report.json").read_text())
    for split, (kept, dropped) in COUNTS[name].items():
        part = report[split]
        assert {rule: count for rule, count in part["dropped"].items() if count} == dropped
        assert part["objects"] == kept
        assert part["backgrounds"] == 2 * kept
        assert part["annotations"] == kept + sum(dropped.values())
        assert part["problems"] == {"photo": 0, "object": 0, "listed": []}
    crops = load_stored_crops(tmp_path / "crops", 32)
    assert len(crops.objects.images) == report["train"]["objects"]
    assert len(crops.evaluation.masks) == report["validation"]["objects"]
    for sheet in ("objects.png", "backgrounds.png"):
        with Image.open(tmp_path / "crops" / sheet) as picture:
            picture.load()
