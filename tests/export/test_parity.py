"""Budgets find the files that differ from Keras."""

import numpy as np
import pytest

from export import examples, parity
from tests.export import exports


def report(kind, **changes):
    given = {
        "outputs": {"mask": {"max": 0.0, "psnr": 90.0}, "restored": {"max": 0.0, "psnr": 90.0}},
        "masks": {"changed": 0.0, "iou": 0.8, "iou_keras": 0.8},
    }
    return parity.exceeded(kind, given | changes)


@pytest.mark.parametrize("kind", ["float32", "float16", "int8", "dynamic"])
def test_what_equals_keras_keeps_every_budget(kind):
    assert report(kind) == []


@pytest.mark.parametrize("largest", [1.1e-4, float("nan")])
def test_float32_that_differs_breaks_its_budget(largest):
    outputs = {"restored": {"max": largest, "psnr": 90.0}}
    assert report("float32", outputs=outputs) == [f"restored differs by {largest:.2g}; at most 0.0001"]
    assert report("float16", outputs=outputs) == []


@pytest.mark.parametrize(("kind", "lost"), [("float16", 0.0021), ("int8", 0.011)])
def test_masks_that_lose_iou_break_their_budget(kind, lost):
    masks = {"changed": 0.0, "iou": 0.8 - lost, "iou_keras": 0.8}
    assert len(report(kind, masks=masks)) == 1
    assert report(kind, masks=masks | {"iou": 0.8 - 0.9 * lost}) == []
    assert report(kind, masks={"changed": lost}) == [f"{lost:.2%} of the mask's pixels change sides; at most "
                                                     f"{parity.MASK_LOSS[kind]:.2%}"]  # fmt: skip


def test_images_of_int8_that_are_noisy_break_their_budget():
    outputs = {"restored": {"max": 0.5, "psnr": 34.9}, "mask": {"max": 0.9, "psnr": 10.0}}
    assert report("int8", outputs=outputs) == ["restored has a PSNR of 34.9 dB; at least 35"]


def test_masks_are_measured_as_the_model_uses_them():
    model = exports.model(size=16)
    truth = np.zeros((32, 32), bool)
    truth[8:24, 8:24] = True
    boxes = np.array([[0.25, 0.25, 0.75, 0.75]], np.float32)
    given = examples.Crops(np.zeros((1, 16, 16, 3), np.uint8), boxes, [truth], "one crop")
    everywhere = np.ones((1, 16, 16, 1), np.float32)
    scores = parity.mask_scores(everywhere, np.zeros_like(everywhere), given, model)
    assert scores["iou"] > 0.9
    assert scores["iou_keras"] == 0.0
    assert scores["changed"] == pytest.approx(0.25)
    assert scores["boundary"] > 0.9


def test_psnr_is_that_of_the_whole_range():
    zeros = np.zeros((2, 4, 4, 3), np.float32)
    assert parity.distance(zeros + 0.2, zeros)["psnr"] == pytest.approx(20.0, abs=1e-4)
    assert parity.distance(zeros[..., :1] + 0.1, zeros[..., :1])["psnr"] == pytest.approx(20.0, abs=1e-4)
