"""The figure beside Table 1: which objects it shows, and whose masks."""

import keras
import numpy as np
import pytest

from seigan_tf import config
from seigan_tf.config import Config
from seigan_tf.data.loading import load_crops
from seigan_tf.evaluation import pictures
from seigan_tf.evaluation.iou import per_image_iou
from seigan_tf.experiments import figure, references
from seigan_tf.loading import MODEL_FILE
from seigan_tf.supervised import Supervised, mask_loss
from seigan_tf.training import checkpoint
from tests import tiny
from tests.conftest import PhotoSet


def test_rows_are_at_evenly_spaced_quantiles_the_best_first():
    iou = np.random.default_rng(0).permutation(80) / 100
    assert [round(iou[i], 2) for i in figure.quantile_rows(iou)] == [0.75, 0.65, 0.55, 0.45, 0.35, 0.25, 0.15, 0.05]
    assert figure.quantile_rows(np.array([0.3, 0.9, 0.1])) == [1, 0, 2]


def test_columns_are_those_of_the_paper_or_the_first_three():
    assert figure.columns(("box_terms", "supervised", "seigan")) == ("seigan", "supervised")
    assert figure.columns(("no_texture", "literal", "hard_mask", "no_replay")) == ("no_texture", "literal", "hard_mask")


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    photo_set = PhotoSet(tmp_path_factory.mktemp("figure") / "set")
    for number in range(8):
        x, y = 50 + 3 * number, 40 + 2 * number
        photo_set.add(f"{number}.png", (x, y, 40, 30), segmentation=[[x, y, x + 40, y, x + 40, y + 30]])
    return photo_set.config(held_out=0.4)


@pytest.fixture(scope="module")
def runs(data, tmp_path_factory):
    """A SEIGAN whose best weights are not its last ones, and a Supervised."""
    root = tmp_path_factory.mktemp("runs")
    folders = {name: root / f"{name}-0" for name in ("seigan", "supervised")}
    made = Config(networks=tiny.networks(), data=data)
    for folder in folders.values():
        (folder / "weights").mkdir(parents=True)
        config.save(made, folder / "config.json")
    best, last = tiny.seigan(seed=1), tiny.seigan(seed=2)
    best.save(folders["seigan"] / MODEL_FILE)
    checkpoint.save(folders["seigan"] / "checkpoint", last.state(), {"step": 9})
    model = Supervised(tiny.networks())
    model.build()
    model.compile(keras.optimizers.Adam(), loss=mask_loss)
    model.save(folders["supervised"] / "weights" / "supervised.keras")
    return folders, made, {"best": best, "last": last, "supervised": model}


def test_masks_are_those_of_the_last_step_as_in_the_table(runs, tmp_path):
    folders, made, models = runs
    evaluation = load_crops(made.data, 16).evaluation

    def expected(model):
        soft = model.segment(evaluation.images, evaluation.boxes)
        return per_image_iou(soft, evaluation)

    def reached(folder):
        masks = figure.masks_at_the_end(folder, evaluation)
        assert [mask.shape for mask in masks] == [truth.shape for truth in evaluation.masks]
        return [figure.iou(*pair) for pair in zip(masks, evaluation.masks, strict=True)]

    assert not np.allclose(expected(models["best"]), expected(models["last"]))
    np.testing.assert_allclose(reached(folders["seigan"]), expected(models["last"]), atol=1e-3)
    np.testing.assert_allclose(reached(folders["supervised"]), expected(models["supervised"]), atol=1e-3)
    (folders["seigan"] / "checkpoint").rename(tmp_path / "elsewhere")
    np.testing.assert_allclose(reached(folders["seigan"]), expected(models["best"]), atol=1e-3)


def test_figure_has_a_row_for_each_object_and_a_column_for_each_method(runs):
    folders, made, _ = runs
    drawn = figure.draw(folders, made)
    assert 3 * pictures.SIDE < drawn.height < 4 * pictures.SIDE  # three of eight photos are held out
    assert 4 * pictures.SIDE < drawn.width < 5 * pictures.SIDE  # photo, truth and two methods


def test_grabcut_is_measured_on_the_validation_objects(data):
    scores = references.grabcut_iou(data)
    assert list(scores) == ["grabcut", "grabcut_or_box"]
    assert scores["grabcut_or_box"] >= scores["grabcut"]
    seen = []
    references.grabcut_iou(data, lambda done, total: seen.append((done, total)))
    assert seen[-1] == (3, 3)
    assert references.grabcut_iou(Config().data) == {}
