"""Keras' own callbacks with SEIGAN's fit."""

import csv

import keras
import numpy as np
import pytest

from seigan_tf.config import TERMS
from tests import tiny

DATA, VALIDATION = tiny.batch(2), tiny.batch(2, seed=1, masks=True)


@pytest.fixture(scope="module")
def shared_model():
    return tiny.seigan(ema_decay=0.9)


@pytest.fixture
def model(shared_model):
    """The same model for every test, put back afterwards."""
    state = shared_model.state()
    yield shared_model
    shared_model.restore(state)


def fit(model, callbacks, epochs=2, **kwargs):
    """A step an epoch, always the same data."""
    return model.fit(DATA, batch_size=2, epochs=epochs, shuffle=False, verbose=0, callbacks=callbacks, **kwargs)


def rates(model):
    return [float(o.learning_rate) for o in (model.generator_optimizer, model.discriminator_optimizer)]


def test_learning_rate_scheduler_sets_both_optimizers(model):
    fit(model, [keras.callbacks.LearningRateScheduler(lambda epoch, rate: 0.5 * rate)])
    assert rates(model) == pytest.approx([2.5e-4, 2.5e-4])


def test_reduce_lr_on_plateau_reduces_both_optimizers(model):
    callback = keras.callbacks.ReduceLROnPlateau("loss", factor=0.1, patience=1, min_delta=1e9)
    fit(model, [callback], epochs=2)
    assert rates(model) == pytest.approx([1e-4, 1e-4])


def test_early_stopping_stops_and_puts_the_best_weights_back(model):
    states = []
    callbacks = [
        keras.callbacks.EarlyStopping("loss", mode="max", min_delta=1e9, patience=2, restore_best_weights=True),
        keras.callbacks.LambdaCallback(on_epoch_end=lambda epoch, logs: states.append(model.get_weights())),
    ]
    assert len(fit(model, callbacks, epochs=9).epoch) == 3
    trained = [v.path for v in model.weights if v.trainable]
    for variable, now, best in zip(model.weights, model.get_weights(), states[0], strict=True):
        if variable.path in trained:
            np.testing.assert_array_equal(now, best)


def test_model_checkpoint_keeps_the_model_with_the_best_iou(model, tmp_path):
    path = tmp_path / "best.keras"
    callback = keras.callbacks.ModelCheckpoint(path, monitor="val_crop_iou", mode="max", save_best_only=True)
    history = fit(model, [callback], epochs=1, validation_data=VALIDATION).history
    loaded = keras.models.load_model(path)
    loaded.run_eagerly = True
    report = loaded.evaluate(VALIDATION, batch_size=2, verbose=0, return_dict=True)
    assert report["crop_iou"] == pytest.approx(history["val_crop_iou"][0])
    state = model.state()
    assert all(np.array_equal(value, state[name]) for name, value in loaded.state().items())


def test_csv_logger_writes_every_term(model, tmp_path):
    fit(model, [keras.callbacks.CSVLogger(tmp_path / "log.csv")], validation_data=VALIDATION)
    with open(tmp_path / "log.csv", newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 2
    assert set(rows[0]) & set(TERMS) == {
        "inpaint_gan", "inpaint_gan_back", "background_mae", "object_mae", "coarse_gan", "enhance_gan",
        "object_identity", "background_identity",
    }  # fmt: skip
    assert {"discriminator_loss", "val_crop_iou", "mask_mean"} <= set(rows[0])


def test_tensorboard_writes_events(model, tmp_path):
    pytest.importorskip("tensorboard")
    fit(model, [keras.callbacks.TensorBoard(tmp_path, histogram_freq=1)], validation_data=VALIDATION)
    for part in ("train", "validation"):
        assert sum(path.stat().st_size for path in (tmp_path / part).glob("events*")) > 100


def test_terminate_on_nan_stops(model):
    variable = model.generators.enhancer.trainable_variables[0]
    variable.assign(np.full(variable.shape, np.nan))
    assert len(fit(model, [keras.callbacks.TerminateOnNaN()], epochs=5).epoch) == 1


def test_lambda_callback_sees_the_logs_of_each_step(model):
    seen = []
    fit(model, [keras.callbacks.LambdaCallback(on_train_batch_end=lambda step, logs: seen.append(logs["coarse_gan"]))])
    assert len(seen) == 2
    assert np.isfinite(seen).all()


def test_backup_and_restore_goes_on_to_the_same_weights_as_without_interruption(model, tmp_path):
    start = model.state()
    fit(model, [], epochs=3)
    expected = model.state()

    def interrupt(epoch, logs):
        if epoch == 2:
            raise KeyboardInterrupt

    model.restore(start)
    backup = keras.callbacks.BackupAndRestore(tmp_path / "backup")
    with pytest.raises(KeyboardInterrupt):
        fit(model, [backup, keras.callbacks.LambdaCallback(on_epoch_begin=interrupt)], epochs=3)
    model.restore(start)
    assert fit(model, [keras.callbacks.BackupAndRestore(tmp_path / "backup")], epochs=3).epoch == [2]
    state = model.state()
    for name, value in expected.items():
        np.testing.assert_array_equal(state[name], value, err_msg=name)
