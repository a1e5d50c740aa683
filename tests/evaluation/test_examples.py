"""Which objects a sheet of successes and failures shows, and where its pictures lie."""

import numpy as np
import pytest
from PIL import Image

from seigan_tf.evaluation import pictures
from seigan_tf.evaluation.examples import pick_examples
from seigan_tf.evaluation.pictures import GAP, SIDE, Picture


def test_best_middle_and_worst_are_picked():
    iou = np.random.default_rng(0).permutation(101) / 100
    groups = pick_examples(iou)
    assert [round(iou[i], 2) for i in groups["best"]] == [1.0, 0.99, 0.98, 0.97, 0.96, 0.95, 0.94, 0.93]
    assert [round(iou[i], 2) for i in groups["median"]] == [0.46, 0.47, 0.48, 0.49, 0.5, 0.51, 0.52, 0.53]
    assert [round(iou[i], 2) for i in groups["worst"]] == [0.0, 0.01, 0.02, 0.03, 0.04, 0.05, 0.06, 0.07]


@pytest.mark.parametrize(("number", "each"), [(1, 1), (2, 1), (3, 1), (7, 2), (23, 7), (24, 8), (25, 8)])
def test_groups_of_few_objects_are_smaller_and_share_none_if_they_can(number, each):
    groups = pick_examples(np.linspace(0, 1, number))
    assert [len(group) for group in groups.values()] == [each] * 3
    if number >= 3:
        assert len({index for group in groups.values() for index in group}) == 3 * each


def test_pictures_stand_under_their_titles_row_by_row():
    colours = [[(200, 0, 0), (0, 200, 0)], [(0, 0, 200), (200, 200, 0)]]
    rows = [
        (f"row {number}", [Picture(Image.new("RGB", (SIDE, SIDE), colour), "text" * number) for colour in row])
        for number, row in enumerate(colours)
    ]
    made = np.asarray(pictures.sheet(["one", "two"], rows))
    for row in colours:
        for colour in row:
            rows_of, columns_of = np.nonzero((made == colour).all(axis=-1))
            assert len(rows_of) == SIDE * SIDE
            assert rows_of.max() - rows_of.min() == columns_of.max() - columns_of.min() == SIDE - 1
    (red_row, red_column), (green_row, green_column), (blue_row, blue_column) = (
        np.argwhere((made == colour).all(axis=-1))[0] for colour in (*colours[0], colours[1][0])
    )
    assert (green_row, green_column) == (red_row, red_column + SIDE + GAP)
    assert (blue_row, blue_column) == (red_row + SIDE + GAP, red_column)
    below = made[blue_row + SIDE :, blue_column : blue_column + SIDE]
    assert (below < 100).any()  # the caption


def test_box_is_drawn_where_it_is():
    shown = np.asarray(pictures.photo(np.zeros((50, 50, 3), np.uint8), np.array([0.25, 0.0, 0.75, 1.0])).image)
    green = (shown == pictures.BOX_COLOUR).all(axis=-1)
    assert green[32].all()
    assert green[95].all()
    assert not green[33:95, 1:-1].any()
