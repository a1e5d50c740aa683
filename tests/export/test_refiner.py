"""python -m export.refiner: photographs and boxes in, a file for LiteRT out."""

import keras
import numpy as np
import pytest

from export import refiner as command
from seigan_tf.cli.errors import exit_code_of
from seigan_tf.compose.litert_backend import LiteRTNetwork
from seigan_tf.networks.refiner import Refiner
from seigan_tf.training.composites import SIDE
from tests.reference.weights import randomise


def test_the_file_answers_as_keras(tmp_path):
    model = Refiner(2)
    random = np.random.default_rng(0)
    image = random.uniform(-1, 1, (1, SIDE, SIDE, 3)).astype("float32")
    mask = random.uniform(size=(1, SIDE, SIDE, 1)).astype("float32")
    model((image, mask))
    randomise(model.weights)
    for weight in model.weights:
        if weight.name == "moving_variance":
            weight.assign(0.1 + abs(weight))
    model.last.kernel.assign(0.02 * model.last.kernel)  # else every value of the mask is about 0 or 1
    path = tmp_path / "refiner.tflite"
    path.write_bytes(command.to_tflite(model))
    found = LiteRTNetwork(path, SIDE, "refined")(image=image[0], mask=mask[0])
    expected = keras.ops.convert_to_numpy(keras.ops.sigmoid(model((image, mask))))
    assert expected.std() > 0.1
    np.testing.assert_allclose(found, expected, atol=0.02)


@pytest.fixture
def photos(photo_set):
    for number in range(3):
        photo_set.add(f"{number}.png", (10, 30, 60, 80))
    return photo_set.config()


def test_the_command_writes_a_network_that_litert_runs(photos, tmp_path, capsys):
    out = tmp_path / "refiner.tflite"
    given = "--images", photos.images, "--annotations", photos.annotations, "--out", out
    code = exit_code_of(lambda: command.run([*map(str, given), "--samples=3", "--steps=1", "--width=2"]))
    written = capsys.readouterr()
    assert code == 0, written.err
    assert f"{out}: 0." in written.out
    crop = np.zeros((SIDE, SIDE, 3), np.float32), np.full((SIDE, SIDE, 1), 0.5, np.float32)
    found = LiteRTNetwork(out, SIDE, "refined")(image=crop[0], mask=crop[1])
    assert found.shape == (1, SIDE, SIDE, 1)
    assert np.isfinite(found).all()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--out", "refiner.h5"], "--out refiner.h5: expected a name that ends in .tflite"),
        (["--out", "nowhere/refiner.tflite"], "its folder does not exist"),
        (["--images", "nowhere"], "--images nowhere: no such folder"),
        (["--seed", "5000000000"], "--seed is 5e+09, expected 0 to"),
        (["--steps", "0"], "--steps is 0, expected at least 1"),
        (["--weights", "nowhere"], "nowhere: no trained model"),
        (["--max-object-fraction", "0.01"], "no object that passes the crop rules"),
    ],
)
def test_mistakes_are_one_line_and_leave_nothing(photos, tmp_path, monkeypatch, capsys, arguments, message):
    monkeypatch.chdir(tmp_path)
    given = ["--images", photos.images, "--annotations", photos.annotations, "--out", "refiner.tflite", "--samples=3"]
    assert exit_code_of(lambda: command.run([*map(str, given), *arguments])) == 2
    error = capsys.readouterr().err
    assert message in error
    assert error.count("\n") == 1
    assert not list(tmp_path.rglob("*.tflite"))


def test_photographs_that_cannot_be_read_are_the_reason_that_is_given(photos, tmp_path, capsys):
    for photo in photos.images.iterdir():
        photo.write_bytes(b"no picture")
    given = "--images", photos.images, "--annotations", photos.annotations, "--out", tmp_path / "refiner.tflite"
    assert exit_code_of(lambda: command.run(list(map(str, given)))) == 2
    error = capsys.readouterr().err
    assert "0.png" in error
    assert error.count("\n") == 1
