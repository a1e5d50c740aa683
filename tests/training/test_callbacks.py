"""Callbacks, on a small stand-in for the model."""

import errno
import os
import signal

import keras
import numpy as np
import pytest
from keras.src.saving import saving_lib

from seigan_tf.config import Config, LossesConfig, NetworksConfig, TrainingConfig
from seigan_tf.data.crop_set import BackgroundCrops, Crops, EvaluationCrops, ObjectCrops
from seigan_tf.inference import arrays
from seigan_tf.training import callbacks, checkpoint, samples
from seigan_tf.training.callbacks import Position, recording
from seigan_tf.training.callbacks.base import BEGINNING
from seigan_tf.training.callbacks.checkpointing import Interrupted, SignalCatcher
from seigan_tf.training.callbacks.monitoring import Collapsed, NotFinite, advice
from seigan_tf.training.callbacks.recording import read_rows

SIZE = 16


class StandIn(keras.Model):
    """Loses more each step; segments the left half of every crop."""

    def __init__(self):
        super().__init__()
        self.weight = self.add_weight(shape=(), initializer="zeros")
        self.covered = 0.5
        self.losses_seen = iter(np.linspace(1.0, 2.0, 1000))
        self.built = True

    def train_on(self, steps, hooks, epochs=1, spoil_step=None, per_execution=1):
        """Call callbacks as `fit` does; step `spoil_step` of all has a loss that is not a number."""
        hooks = keras.callbacks.CallbackList(hooks, model=self, steps=steps, epochs=epochs)
        hooks.on_train_begin()
        for epoch in range(epochs):
            hooks.on_epoch_begin(epoch)
            for batch in range(per_execution - 1, steps, per_execution):
                spoilt = epoch * steps + batch + 1 == spoil_step
                logs = {"loss": np.nan if spoilt else float(next(self.losses_seen)), "mask_mean": self.covered}
                hooks.on_train_batch_end(batch, logs)
            hooks.on_epoch_end(epoch, logs)
        hooks.on_train_end()

    def segment(self, images, boxes):
        masks = np.zeros((len(images), SIZE, SIZE, 1), np.float32)
        masks[:, :, : SIZE // 2] = 1.0
        return masks

    def swap(self, objects, boxes, backgrounds):
        names = ("coarse", "composite", "background", "coarse_back", "object_back", "background_back")
        images = {name: np.zeros((len(objects), SIZE, SIZE, 3), np.float32) for name in names}
        return images | {"mask": self.segment(objects, boxes)}

    def state(self):
        return {"weight": np.asarray(self.weight)}


@pytest.fixture
def model(monkeypatch):
    for name in ("segment", "swap"):
        monkeypatch.setattr(arrays, name, lambda model, *crops, name=name: getattr(model, name)(*crops))
    return StandIn()


@pytest.fixture
def crops():
    images, boxes = np.zeros((4, SIZE, SIZE, 3), np.uint8), np.tile(np.float32([0.1, 0.1, 0.9, 0.9]), (4, 1))
    truth = np.zeros((40, 40), bool)
    truth[:, :20] = True
    evaluation = EvaluationCrops(images, boxes, [truth] * 4)
    return Crops(ObjectCrops(images, boxes), BackgroundCrops(images[:3]), evaluation, {})


def test_metrics_have_one_row_per_epoch_with_step_seconds_and_all_logs(model, tmp_path):
    model.train_on(3, [callbacks.MetricsLog(tmp_path / "metrics.csv")], epochs=2)
    rows = read_rows(tmp_path / "metrics.csv")
    assert [row["step"] for row in rows] == ["3", "6"]
    assert list(rows[0]) == ["step", "seconds", "loss", "mask_mean"]
    assert float(rows[1]["mask_mean"]) == 0.5


def test_steps_are_counted_although_keras_calls_once_for_several(model, tmp_path):
    model.train_on(6, [callbacks.MetricsLog(tmp_path / "metrics.csv")], epochs=2, per_execution=3)
    assert [row["step"] for row in read_rows(tmp_path / "metrics.csv")] == ["6", "12"]


def test_metrics_of_steps_that_a_resume_repeats_are_replaced(model, tmp_path):
    path = tmp_path / "metrics.csv"
    model.train_on(2, [callbacks.MetricsLog(path)], epochs=3)
    model.train_on(2, [callbacks.MetricsLog(path, Position(step=4, seconds=100.0))], epochs=2)
    rows = read_rows(path)
    assert [row["step"] for row in rows] == ["2", "4", "6", "8"]
    assert float(rows[-1]["seconds"]) >= 100.0


@pytest.mark.parametrize("text", ["step;seconds;loss\n3;1.5;2\n", "seconds,loss\n1.5,2\n", "step,loss\n3 000,2\n"])
def test_metrics_that_a_spreadsheet_changed_are_named(text, tmp_path, one_line_error):
    path = tmp_path / "metrics.csv"
    path.write_text(text)
    message = one_line_error(callbacks.MetricsLog, path)
    assert message == f"{path}: row 1 has no step, expected columns with commas between; restore the file"


def test_a_log_that_appears_late_gets_its_column(model, tmp_path):
    log = callbacks.MetricsLog(tmp_path / "metrics.csv")
    log.on_epoch_end(0, {"loss": 1.0})
    log.on_epoch_end(1, {"loss": 1.0, "learning_rate": 0.1})
    assert [row["learning_rate"] for row in read_rows(tmp_path / "metrics.csv")] == ["", "0.1"]


@pytest.mark.parametrize(("covered", "way"), [(0.01, "zeros"), (0.99, "ones")])
def test_a_collapsed_mask_gives_one_line_that_says_which_way_and_what_to_try(model, caplog, covered, way):
    model.covered = covered
    model.train_on(1, [callbacks.CollapseWarning()], epochs=3)
    assert len(caplog.messages) == 1
    assert f"all {way}" in caplog.messages[0]
    assert "box_projection" in caplog.messages[0]
    assert "\n" not in caplog.messages[0]


def test_settings_that_are_on_already_are_not_recommended_after_a_collapse():
    tries = "--networks.initial-mask", "--training.pretrain-disc", "--networks.composite-inp", "--networks.confine-mask"
    assert all(flag in advice("ones", Config()) for flag in tries)
    assert "pretrain-discriminators" in advice("zeros", Config())
    assert "lower the weights of background_identity and background_mae, or raise" in advice("zeros", Config())
    training = TrainingConfig(pretrain_discriminators=True)
    networks = NetworksConfig(initial_mask=0.2, composite_inpainting=True, confine_mask=True)
    config = Config(networks=networks, losses=LossesConfig().only("coarse_gan"), training=training)
    assert advice("ones", config) == "raise the weights of background_identity, background_mae and box_projection"
    assert advice("zeros", config) == (
        "raise the weights of coarse_gan and box_projection; try more --training.pretrain-steps"
    )


def test_a_collapsed_run_ends_early_if_asked(model, caplog, tmp_path):
    model.covered = 0.99
    stop = callbacks.CollapseWarning(stop=True)
    with pytest.raises(
        Collapsed, match=r"^step 2: the mask has collapsed to all ones \(mean inside the box 0.990\); raise"
    ):
        model.train_on(2, [checkpointing(tmp_path, SignalCatcher()), stop], epochs=3)
    assert not caplog.messages
    assert checkpoint.load_latest(tmp_path).progress["step"] == 2


def test_logs_without_the_mean_of_the_mask_give_no_warning(model, caplog):
    watch = callbacks.CollapseWarning()
    watch.on_epoch_end(0, {"loss": 1.0})
    assert not caplog.messages


def test_a_mask_with_shape_gives_no_warning(model, caplog):
    model.train_on(1, [callbacks.CollapseWarning()])
    assert not caplog.messages


def test_a_second_collapse_after_a_recovery_gives_another_warning(model, caplog):
    watch = callbacks.CollapseWarning()
    for covered in (0.0, 0.5, 0.0):
        model.covered = covered
        model.train_on(1, [watch])
    assert len(caplog.messages) == 2


def test_a_loss_that_is_not_finite_stops_at_its_step_and_keeps_the_last_checkpoint(model, tmp_path):
    saving = checkpointing(tmp_path, SignalCatcher())
    with pytest.raises(NotFinite, match="step 5: loss is not finite") as stop:
        model.train_on(2, [callbacks.NotFiniteGuard(), saving], epochs=4, spoil_step=5)
    assert "\n" not in str(stop.value)
    assert checkpoint.load_latest(tmp_path).progress["step"] == 4


@pytest.mark.parametrize("broken", [np.nan, np.inf])
def test_weights_that_are_not_finite_after_the_last_step_of_an_epoch_reach_no_file(model, crops, tmp_path, broken):
    hooks = [
        callbacks.NotFiniteGuard(),
        callbacks.SampleGrid(model, tmp_path / "samples", samples.choose(crops)),
        callbacks.MetricsLog(tmp_path / "metrics.csv"),
        callbacks.TensorBoardLog(tmp_path / "logs"),
        checkpointing(tmp_path, SignalCatcher()),
    ]
    model.train_on(2, hooks)
    before = contents(tmp_path)
    assert {path.name for path in before} >= {"seigan.keras", "step_00000002.npz", "metrics.csv", "step_000002.png"}
    model.weight.assign(broken)
    with pytest.raises(NotFinite, match=r"step 4: weight is not finite.*are kept") as stop:
        model.train_on(2, hooks)
    assert "\n" not in str(stop.value)
    assert contents(tmp_path) == before


def contents(folder):
    """Every file, whole."""
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_a_signal_saves_no_weight_that_is_not_finite(model, tmp_path):
    saving = checkpointing(tmp_path, SignalCatcher())
    saving.set_model(model)
    saving.set_params({"steps": 4})
    saving.signals.received = signal.SIGTERM
    model.weight.assign(np.inf)
    with pytest.raises(NotFinite, match="step 1: weight is not finite"):
        saving.on_train_batch_end(0)
    assert not contents(tmp_path)


def test_validation_adds_the_iou_at_original_resolution_to_the_logs(model, crops, tmp_path):
    log = callbacks.MetricsLog(tmp_path / "metrics.csv")
    model.train_on(1, [callbacks.Validation(model, crops.evaluation), log])
    assert float(read_rows(tmp_path / "metrics.csv")[0]["val_iou"]) == pytest.approx(1.0, abs=0.03)


def test_weights_are_those_of_the_last_epoch_whatever_their_iou(model, tmp_path):
    saving = checkpointing(tmp_path, SignalCatcher())
    saving.set_model(model)
    for value, iou in ((1.0, 0.9), (2.0, 0.1)):
        model.weight.assign(value)
        saving.on_epoch_end(0, {"val_iou": iou})
        assert kept(tmp_path) == value


def kept(folder):
    """The weight in the model that was saved."""
    model = StandIn()
    model.load_weights(folder / "weights" / "seigan.keras")
    return float(model.weight)


def checkpointing(folder, signals, command="resume", start=BEGINNING):
    return callbacks.Checkpointing(folder, folder / "weights" / "seigan.keras", signals, command, start)


def test_saving_makes_no_optimizer_which_would_leak(tmp_path, monkeypatch):
    checkpointing(tmp_path, SignalCatcher())
    made = []
    monkeypatch.setattr(keras.optimizers.Optimizer, "__init__", lambda *_, **__: made.append(1))
    saving_lib.get_attr_skipset("Optimizer")
    assert not made


def test_a_signal_in_mid_epoch_saves_that_step_and_leaves(model, tmp_path):
    signals = SignalCatcher()
    saving = checkpointing(tmp_path, signals, "python train.py --name x --resume", Position(10, 5.0))
    model.weight.assign(3.0)
    saving.set_model(model)
    saving.set_params({"steps": 4})
    saving.on_train_begin()
    saving.on_train_batch_end(0)
    signals.received = signal.SIGTERM
    with pytest.raises(Interrupted, match=r"step 12.*continue with: python train.py --name x --resume") as stop:
        saving.on_train_batch_end(1)
    assert stop.value.exit_code == 143
    progress = checkpoint.load_latest(tmp_path).progress
    assert progress["step"] == 12
    assert progress["seconds"] >= 5.0
    assert kept(tmp_path) == 3.0


def test_a_signal_at_the_last_step_of_an_epoch_waits_for_its_validation(model, tmp_path):
    signals = SignalCatcher()
    signals.received = signal.SIGINT
    saving = checkpointing(tmp_path, signals)
    saving.set_model(model)
    saving.set_params({"steps": 1})
    saving.on_train_batch_end(0)
    with pytest.raises(Interrupted) as stop:
        saving.on_epoch_end(0)
    assert stop.value.exit_code == 130


def test_signals_are_held_back_once_and_handlers_put_back():
    before = signal.getsignal(signal.SIGTERM)
    with SignalCatcher() as signals:
        signal.raise_signal(signal.SIGTERM)
        assert signals.received == signal.SIGTERM
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(signal.SIGTERM)
    assert signal.getsignal(signal.SIGTERM) is before


def test_samples_are_drawn_on_schedule_with_a_copy_of_the_latest(model, crops, tmp_path):
    grid = callbacks.SampleGrid(model, tmp_path, samples.choose(crops), every=2)
    model.train_on(5, [grid], epochs=5)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["latest.png", "step_000010.png", "step_000020.png"]
    assert (tmp_path / "latest.png").read_bytes() == (tmp_path / "step_000020.png").read_bytes()


def test_the_sample_grid_has_a_titled_column_for_each_image_and_a_row_for_each_crop(model, crops):
    with_truth = samples.sample_grid(model, samples.choose(crops))
    without = samples.sample_grid(model, samples.choose(crops._replace(evaluation=None)))
    pitch = SIZE * 7 + samples.MARGIN
    assert with_truth.width - without.width == pitch
    assert with_truth.size == (9 * pitch + samples.MARGIN, 4 * pitch + samples.MARGIN + samples.TITLE_HEIGHT)
    titles = np.asarray(with_truth)[: samples.TITLE_HEIGHT]
    for column in range(9):
        assert (titles[:, column * pitch : (column + 1) * pitch] < 128).any()
    # The stand-in's mask: white on the left, black on the right.
    row = np.asarray(with_truth)[samples.TITLE_HEIGHT + samples.MARGIN + 20, pitch + samples.MARGIN :]
    assert row[0].tolist() == [255, 255, 255]
    assert row[SIZE * 7 - 1].tolist() == [0, 0, 0]


def test_a_model_that_segments_alone_shows_masks_alone(model, crops):
    grid = samples.sample_grid(model, samples.choose(crops, with_backgrounds=False))
    assert grid.width == 3 * (SIZE * 7 + samples.MARGIN) + samples.MARGIN


def test_a_full_disk_for_tensorboard_names_the_folder(model, tmp_path, monkeypatch):
    def full(writer):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))  # as of a file that is open

    monkeypatch.setattr(recording.RecordWriter, "flush", full)
    with pytest.raises(OSError) as raised:
        model.train_on(1, [callbacks.TensorBoardLog(tmp_path)])
    assert raised.value.filename == str(tmp_path)


def test_tensorboard_reads_the_scalars_by_step(model, tmp_path):
    event_accumulator = pytest.importorskip("tensorboard.backend.event_processing.event_accumulator")
    model.train_on(3, [callbacks.TensorBoardLog(tmp_path)], epochs=2)
    model.train_on(3, [callbacks.TensorBoardLog(tmp_path, Position(step=3))], epochs=2)
    events = event_accumulator.EventAccumulator(str(tmp_path)).Reload()
    assert [event.step for event in events.Scalars("mask_mean")] == [3, 6, 9]
    assert events.Scalars("mask_mean")[0].value == 0.5
