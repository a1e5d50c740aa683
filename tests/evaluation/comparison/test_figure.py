"""The figure beside Table 1: which objects it shows, and whose masks."""

import numpy as np
import pytest

from seigan_tf import config
from seigan_tf.config import Config
from seigan_tf.data.loading import load_crops
from seigan_tf.evaluation import pictures
from seigan_tf.evaluation.agreement import iou as iou_of
from seigan_tf.evaluation.agreement import per_image_iou
from seigan_tf.evaluation.comparison import results
from seigan_tf.evaluation.masks import grabcut_iou
from seigan_tf.inference import arrays
from seigan_tf.inference.weights import MODEL_FILE
from tests import tiny
from tests.conftest import PhotoSet


def test_rows_are_at_evenly_spaced_quantiles_the_best_first():
    iou = np.random.default_rng(0).permutation(80) / 100
    assert [round(iou[i], 2) for i in results.quantile_rows(iou)] == [0.75, 0.65, 0.55, 0.45, 0.35, 0.25, 0.15, 0.05]
    assert results.quantile_rows(np.array([0.3, 0.9, 0.1])) == [1, 0, 2]


def test_columns_are_those_of_the_paper_or_the_first_three():
    assert results.shown_methods(("box_terms", "supervised", "seigan")) == ("seigan", "supervised")
    assert results.shown_methods(("no_texture", "no_identity", "hard_mask", "no_replay")) == (
        "no_texture",
        "no_identity",
        "hard_mask",
    )


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    photo_set = PhotoSet(tmp_path_factory.mktemp("figure") / "set")
    for number in range(8):
        x, y = 50 + 3 * number, 40 + 2 * number
        photo_set.add(f"{number}.png", (x, y, 40, 30), segmentation=[[x, y, x + 40, y, x + 40, y + 30]])
    return photo_set.config(held_out=0.4)


@pytest.fixture(scope="module")
def runs(data, tmp_path_factory):
    """Two runs with networks of their own."""
    root = tmp_path_factory.mktemp("runs")
    folders = {name: root / f"{name}-0" for name in ("seigan", "supervised")}
    made = Config(networks=tiny.networks(), data=data)
    for folder in folders.values():
        (folder / "weights").mkdir(parents=True)
        config.save_config(made, folder / "config.json")
    models = {name: tiny.seigan(seed=seed) for seed, name in enumerate(folders)}
    for name, model in models.items():
        model.save(folders[name] / MODEL_FILE)
    return folders, made, models


def test_masks_are_those_of_each_run_at_original_resolution(runs):
    folders, made, models = runs
    evaluation = load_crops(made.data, 16).evaluation
    scores = []
    for name, folder in folders.items():
        masks = results.run_masks(folder, evaluation)
        assert [mask.shape for mask in masks] == [truth.shape for truth in evaluation.masks]
        scores.append([iou_of(*pair) for pair in zip(masks, evaluation.masks, strict=True)])
        expected = per_image_iou(arrays.segment(models[name], evaluation.images, evaluation.boxes), evaluation)
        np.testing.assert_allclose(scores[-1], expected, atol=1e-3)
    assert not np.allclose(*scores)


def test_figure_has_a_row_for_each_object_and_a_column_for_each_method(runs):
    folders, made, _ = runs
    drawn = results.draw_masks(folders, made)
    assert 3 * pictures.SIDE < drawn.height < 4 * pictures.SIDE  # three of eight photos are held out
    assert 4 * pictures.SIDE < drawn.width < 5 * pictures.SIDE  # photo, truth and two methods


def test_grabcut_is_measured_on_the_validation_objects(data):
    scores = grabcut_iou(data)
    assert list(scores) == ["grabcut", "grabcut_or_box"]
    assert scores["grabcut_or_box"] >= scores["grabcut"]
    seen = []
    grabcut_iou(data, lambda done, total: seen.append((done, total)))
    assert seen[-1] == (3, 3)
    assert grabcut_iou(Config().data) == {}
