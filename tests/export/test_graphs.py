"""The exported graphs compute what the model computes."""

import numpy as np
import pytest

from export import graphs
from seigan_tf.inference import arrays
from seigan_tf.inference.loading import load_model
from seigan_tf.losses import boxes
from tests.export import exports


@pytest.fixture(scope="module")
def model():
    return exports.model(mask_gradient_scale=0.1)


def test_averaged_networks_are_exported_where_there_are_any():
    model = exports.model(ema_decay=0.9)
    made = graphs.make(model)
    assert made["segmenter"].layers == (model.ema_generators.segmenter,)
    assert made["composer"].layers == tuple(model.ema_generators)


def test_segmenter_inpainter_and_enhancer_are_the_models_own(model):
    made = graphs.make(model)
    inputs = exports.example(made["inpainter"])
    whole = np.array([[0.0, 0.0, 1.0, 1.0]], np.float32)
    mask = exports.keras_outputs(made["segmenter"], {"image": inputs["image"]})["mask"]
    np.testing.assert_allclose(mask, arrays.segment(model, inputs["image"], whole), atol=1e-6)
    restored = exports.keras_outputs(made["inpainter"], inputs)["restored"]
    np.testing.assert_allclose(restored, arrays.inpaint(model, inputs["image"], inputs["mask"]), atol=1e-6)
    enhanced = exports.keras_outputs(made["enhancer"], {"image": inputs["image"]})["enhanced"]
    np.testing.assert_allclose(enhanced, arrays.enhance(model, inputs["image"]), atol=1e-6)


@pytest.mark.parametrize("changes", [{}, {"confine_mask": False, "outside_contrast": 1.0, "hard_mask": True}])
def test_composer_is_the_models_first_swap(changes):
    model = exports.model(**changes)
    graph = graphs.make(model)["composer"]
    inputs = exports.example(graph)
    expected = arrays.swap(model, inputs["image"], inputs["box"], inputs["background"])
    outputs = exports.keras_outputs(graph, inputs)
    for name, theirs in {"mask": "mask", "composite": "composite", "restored": "background"}.items():
        np.testing.assert_allclose(outputs[name], expected[theirs], atol=1e-5, err_msg=name)


@pytest.mark.parametrize("size", [16, 48, 128])
def test_box_without_comparisons_is_the_box_of_the_model(size):
    random = np.random.default_rng(size)
    drawn = np.sort(random.uniform(0, 1, (50, 2, 2)), axis=1).reshape(50, 4)
    through_centres = np.array([[0.5, 1.5, size - 1.5, size - 0.5]]) / size
    for box in np.concatenate([drawn, through_centres, [[0, 0, 1, 1], [0.5, 0.5, 0.5, 0.5]]]).astype("float32"):
        expected = np.asarray(boxes.box_to_mask(box[None], size))
        np.testing.assert_allclose(
            np.asarray(graphs.box_to_mask(box[None], size)), expected, atol=1e-2, err_msg=str(box)
        )


def test_a_seed_gives_noise_that_stays_and_an_input_takes_any(model):
    image = exports.example(graphs.make(model)["enhancer"])
    first, again, other = (
        exports.keras_outputs(graphs.make(model, noise)["enhancer"], image)["enhanced"] for noise in (1, 1, 2)
    )
    np.testing.assert_array_equal(first, again)
    assert np.abs(first - other).max() > 1e-4
    graph = graphs.make(model, "input")["enhancer"]
    assert graph.inputs["noise"].shape == (1, 16, 16, 1)
    own = np.random.default_rng(0).standard_normal((1, 16, 16, 1)).astype(np.float32)
    given = exports.keras_outputs(graph, image | {"noise": own})["enhanced"]
    np.testing.assert_allclose(given, arrays.enhance(model, image["image"]), atol=1e-6)
    for name in ("inpainter", "composer"):
        assert "noise" in graphs.make(model, "input")[name].inputs


@pytest.mark.parametrize("noise", ["some", -1, 0.5])
def test_noise_of_another_kind_is_refused(model, noise, one_line_error):
    assert one_line_error(graphs.make, model, noise) == f"--noise {noise}: expected input or a seed from 0"


def test_layers_of_a_loaded_model_are_built_also_beside_a_vgg_of_the_losses_alone(tmp_path):
    exports.model(vgg_weights="random", size=32).save(tmp_path / "seigan.keras")
    made = graphs.make(load_model(tmp_path / "seigan.keras"))
    assert all(layer.built for graph in made.values() for layer in graph.layers)
