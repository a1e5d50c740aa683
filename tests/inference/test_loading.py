"""Trained models from run folders and files."""

import shutil
import zipfile
from pathlib import Path

import keras
import numpy as np
import pytest

import seigan_tf
from seigan_tf import config, pretrained
from seigan_tf.inference.weights import GENERATORS, find, untrained
from seigan_tf.optimizers import learning_rate
from seigan_tf.seigan import SEIGAN
from tests import tiny


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """A run folder's model, trained with a learning rate that falls."""
    folder = tmp_path_factory.mktemp("run")
    (folder / "weights").mkdir()
    model = SEIGAN(tiny.networks())
    rates = [keras.optimizers.Adam(learning_rate(1e-3, steps=10, decay_fraction=0.5)) for _ in range(2)]
    tiny.compile_model(model, optimizer=rates.pop)
    model.save(folder / "weights" / "seigan.keras")
    return folder, model


def test_loads_a_run_folder_or_its_file_ready_to_train_on(run):
    folder, model = run
    for path in (folder, str(folder), folder / "weights" / "seigan.keras"):
        loaded = seigan_tf.load(path).state()
        for name, value in model.state().items():
            np.testing.assert_array_equal(loaded[name], value, err_msg=name)


def test_what_lies_around_a_bare_file_is_not_its_own(tmp_path):
    file = tmp_path / "weights" / "seigan.keras"
    file.parent.mkdir()
    tiny.seigan(object_fraction=0.4).save(file)
    training = config.TrainingConfig(task="supervised")
    settings = config.Config(data=config.DataConfig(object_fraction=0.4), training=training)
    config.save_config(settings, tmp_path / "config.json")
    assert find(tmp_path) == (tmp_path.name, file, tmp_path, 0.4)
    assert find(file) == ("seigan", file, None, 0.4)
    assert untrained(tmp_path) == ("inpainter", "enhancer")
    assert untrained(file) == ()


def test_a_model_knows_the_scale_of_its_crops_and_settings_of_another_one_are_refused(tmp_path, one_line_error):
    file = tmp_path / "weights" / "seigan.keras"
    file.parent.mkdir()
    tiny.seigan(object_fraction=0.4).save(file)
    assert find(tmp_path).object_fraction == seigan_tf.load(tmp_path).object_fraction == 0.4
    config.save_config(config.Config(data=config.DataConfig(object_fraction=0.5)), tmp_path / "config.json")
    message = one_line_error(seigan_tf.load, tmp_path)
    assert message.startswith(f"{tmp_path}: ")
    assert "objects take 0.4 of the crops' sides, but in config.json 0.5" in message


def test_weights_that_were_saved_without_a_scale_have_the_default_one(tmp_path, monkeypatch):
    given = SEIGAN.get_config
    monkeypatch.setattr(
        SEIGAN, "get_config", lambda model: {n: v for n, v in given(model).items() if "fraction" not in n}
    )
    tiny.seigan().save(tmp_path / "old.keras")
    monkeypatch.undo()
    old = tmp_path / "old.keras"
    assert find(old).object_fraction == seigan_tf.load(old).object_fraction == 100 / 128


def test_a_folder_named_like_shipped_weights_is_reached_by_a_text_with_its_dot(tmp_path, monkeypatch):
    for home, side in ((tmp_path / "shipped", 0.3), (tmp_path / "here", 0.4)):
        (home / "cats" / "weights").mkdir(parents=True)
        (home / "cats" / "weights" / "seigan.keras").touch()
        config.save_config(config.Config(data=config.DataConfig(object_fraction=side)), home / "cats" / "config.json")
    monkeypatch.setattr(pretrained, "names", lambda: ("cats",))
    monkeypatch.setattr(pretrained, "folder", lambda name: tmp_path / "shipped" / name)
    monkeypatch.chdir(tmp_path / "here")
    assert find("cats").object_fraction == 0.3
    for ours in ("./cats", Path("cats").resolve()):
        assert find(ours).object_fraction == 0.4


def trained_run(folder, task, *start_from, width=3, losses=None, **networks):
    networks = tiny.networks(segmenter=config.BackboneConfig("unet", width, 1), **networks)
    training = config.TrainingConfig(task=task, start_from=tuple(map(str, start_from)))
    folder.mkdir(exist_ok=True)
    made = config.Config(networks=networks, losses=losses or config.LossesConfig(), training=training)
    config.save_config(made, folder / "config.json")
    return folder


def test_a_run_has_the_trained_networks_of_its_task_and_of_those_that_it_starts_from(tmp_path):
    segmenter = trained_run(tmp_path / "segmenter", "distill")
    inpainter = trained_run(tmp_path / "inpainter", "inpaint", segmenter)
    wide = trained_run(tmp_path / "wide", "inpaint", segmenter, width=4)
    whole = trained_run(tmp_path / "whole", "seigan")
    assert untrained(segmenter) == ("inpainter", "enhancer")
    assert untrained(inpainter) == ("enhancer",)
    assert untrained(wide) == ("segmenter", "enhancer")  # the segmenter of another form is not copied
    assert untrained(whole) == untrained(trained_run(tmp_path / "after", "inpaint", inpainter, whole)) == ()
    assert untrained(trained_run(tmp_path / "unknown", "inpaint", tmp_path / "gone")) == ()
    assert untrained(tmp_path) == ()
    box_terms = config.LossesConfig(box_projection=1.0).only("box_projection")
    assert untrained(trained_run(tmp_path / "boxes", "seigan", losses=box_terms)) == ("inpainter", "enhancer")
    # An inpainter of other inputs is not copied.
    masked = trained_run(tmp_path / "masked", "distill", inpainter, mask_input=True)
    assert untrained(masked) == ("inpainter", "enhancer")
    (inpainter / pretrained.DIGEST).touch()  # packed weights do not tell what they started from
    assert untrained(inpainter) == ()
    assert untrained(trained_run(tmp_path / "after_packed", "distill", inpainter, mask_input=True)) == ("inpainter",)


def test_a_run_made_anew_from_a_run_that_began_with_it_ends_the_search(tmp_path):
    later = trained_run(tmp_path / "later", "distill", tmp_path / "first")
    first = trained_run(tmp_path / "first", "inpaint", later)
    assert set(untrained(first)) < set(GENERATORS)


@pytest.mark.parametrize("name", pretrained.names())
def test_shipped_weights_have_all_networks_trained(name):
    assert untrained(name) == ()


def test_names_what_it_cannot_load(run, tmp_path):
    folder, _ = run
    expected = r"expected (shipped weights \(.*\), )?a run folder with weights/seigan\.keras, or a \.keras file$"
    with pytest.raises(ValueError, match="^nowhere: no trained model; " + expected):
        seigan_tf.load("nowhere")
    with pytest.raises(ValueError, match=f"{tmp_path}: no trained model"):
        seigan_tf.load(tmp_path)
    (tmp_path / "recipe.json").touch()
    with pytest.raises(ValueError, match=f"{tmp_path}: this recipe has not come to the end .* {tmp_path}/segmenter$"):
        seigan_tf.load(tmp_path)

    broken = tmp_path / "broken.keras"
    shutil.copyfile(folder / "weights" / "seigan.keras", broken)
    with broken.open("r+b") as file:
        file.truncate(broken.stat().st_size // 2)
    with pytest.raises(ValueError, match=f"^{broken}: not a model that was saved whole .*$"):
        seigan_tf.load(broken)

    for content in ("[]", "null", '{"config": []}', "{"):
        with zipfile.ZipFile(broken, "w") as archive:
            archive.writestr("config.json", content)
        with pytest.raises(ValueError, match=f"^{broken}: not a model that was saved whole .*$"):
            find(broken)
    encrypted = bytearray(broken.read_bytes())
    encrypted[encrypted.index(b"PK\1\2") + 8] |= 1
    broken.write_bytes(encrypted)
    with pytest.raises(ValueError, match=f"^{broken}: not a model that was saved whole .*encrypted"):
        find(broken)

    other = tmp_path / "other.keras"
    keras.Sequential([keras.layers.Input((2,)), keras.layers.Dense(1)]).save(other)
    with pytest.raises(ValueError, match=f"^{other}: holds a Sequential; expected a SEIGAN$"):
        seigan_tf.load(other)


def test_an_error_without_text_is_a_line_too(run, monkeypatch, one_line_error):
    def fail(_):
        raise EOFError

    monkeypatch.setattr(keras.models, "load_model", fail)
    file = run[0] / "weights" / "seigan.keras"
    assert one_line_error(seigan_tf.load, file) == f"{file}: not a model that was saved whole (EOFError)"
