"""Runs that begin with pretraining: steps without the cycle."""

import shutil
from dataclasses import replace

import numpy as np
import pytest
from rich.console import Console

from seigan_tf import presets
from seigan_tf.config import DiscriminatorConfig, LossesConfig
from seigan_tf.inference import loading
from seigan_tf.training import checkpoint, run_folder, tasks, trainer
from seigan_tf.training.callbacks.recording import read_rows
from tests import tiny

DEMO = presets.load_preset("demo")
CONFIG = replace(
    DEMO,
    networks=tiny.networks(ema_decay=0.9, confine_mask=True, prefill=True, discriminator=DiscriminatorConfig(2, 2)),
    losses=LossesConfig(
        inpaint_gan=0.0, inpaint_gan_back=0.0, enhance_gan=0.0, background_mae=0.0, object_mae=0.0, box_projection=1.0
    ),
    data=replace(DEMO.data, synthetic_train=8, synthetic_val=4),
    training=replace(DEMO.training, batch_size=2, steps=7, steps_per_epoch=2, pretrain_steps=3, decay_fraction=0.0),
)
HALF = replace(CONFIG, training=replace(CONFIG.training, steps=4))


def run(config, path):
    folder = run_folder.RunFolder(path)
    folder.path.mkdir(exist_ok=True)
    trainer.train(config, folder, Console(quiet=True))
    return folder


@pytest.fixture(scope="module")
def straight(tmp_path_factory):
    return run(CONFIG, tmp_path_factory.mktemp("straight"))


@pytest.fixture(scope="module")
def half(tmp_path_factory):
    """A run that ends one step after pretraining."""
    return run(HALF, tmp_path_factory.mktemp("half"))


def test_the_box_terms_train_the_segmenter_first_and_the_cycle_follows(straight):
    rows = {int(row["step"]): row for row in read_rows(straight.metrics)}
    assert list(rows) == [2, 3, 4, 6, 7]
    assert all(rows[step]["box_projection"] for step in rows)
    assert [step for step, row in rows.items() if row["coarse_gan"]] == [4, 6, 7]


def test_the_other_networks_wait_for_the_cycle_and_the_weights_that_are_kept_come_after_it(half):
    # Of two checkpoints the older one is that of the end of pretraining.
    pretrained, done = (np.load(path) for path in sorted(half.checkpoint.iterdir()))
    last = [name for name in done if name.startswith("inpainter") and "last" in name]
    assert last
    # With prefill the last convolution of each inpainting network starts at zero.
    assert not any(pretrained[name].any() for name in last)
    assert all(done[name].any() for name in last)
    kept = loading.load_model(half.path).state()
    assert all(np.array_equal(kept[name], done[name]) for name in last)


def test_each_network_counts_its_own_steps(half):
    state = checkpoint.load_latest(half.checkpoint).state
    counts = [int(value) for name, value in state.items() if name.endswith("/iteration")]
    # Segmenter, inpainter, enhancer, D_bg, which scores no fake here, and D_obj.
    assert counts == [4, 1, 1, 0, 1]


def test_a_run_resumed_after_pretraining_ends_as_one_that_was_not_interrupted(straight, half, tmp_path):
    shutil.copytree(half.path, tmp_path / "resumed")
    resumed = run(CONFIG, tmp_path / "resumed")
    expected, found = (checkpoint.load_latest(folder.checkpoint).state for folder in (straight, resumed))
    for name, value in expected.items():
        np.testing.assert_array_equal(found[name], value, err_msg=name)


@pytest.mark.parametrize(
    ("losses", "discriminators", "identity", "pretrained"),
    [
        ({}, False, False, {"segmenter"}),
        ({"box_projection": 0.0}, True, False, {"object"}),
        ({"box_projection": 0.0, "background_identity": 0.0}, False, True, {"enhancer"}),
        ({"inpaint_gan": 1.0}, True, True, {"segmenter", "inpainter", "enhancer", "background", "object"}),
    ],
)
def test_every_rate_reaches_zero_at_the_last_step_whichever_networks_are_pretrained(
    losses, discriminators, identity, pretrained
):
    training = replace(
        CONFIG.training, decay_fraction=0.5, pretrain_discriminators=discriminators, pretrain_identity=identity
    )
    task = tasks.make(replace(CONFIG, losses=replace(CONFIG.losses, **losses), training=training))
    assert task.model.trained_networks == pretrained
    for name, optimizer in task.model.network_optimizers.items():
        updates = training.steps - (0 if name in pretrained else training.pretrain_steps)
        left = []
        for count in (updates - 1, updates):
            optimizer.iterations.assign(count)
            left.append(float(optimizer.learning_rate) > 0)
        assert left == [True, False], name


@pytest.mark.parametrize(
    ("pretrain_steps", "box_projection", "message"),
    [
        (7, 1.0, "^training.pretrain_steps: 7, expected 0 to less than training.steps$"),
        (
            3,
            0.0,
            "^training.pretrain_steps: 3, but nothing is pretrained; expected a box term above 0, .* GAN term above",
        ),
    ],
)
def test_impossible_pretraining_is_refused(tmp_path, pretrain_steps, box_projection, message):
    losses = replace(CONFIG.losses, box_projection=box_projection)
    changed = replace(CONFIG, losses=losses, training=replace(CONFIG.training, pretrain_steps=pretrain_steps))
    with pytest.raises(ValueError, match=message):
        run(changed, tmp_path)


@pytest.mark.parametrize(
    ("losses", "flag", "message"),
    [
        ({"coarse_gan": 0.0}, "pretrain_discriminators", "losses.inpaint_gan and .*losses.enhance_gan are 0"),
        (
            {"object_identity": 0.0, "background_identity": 0.0},
            "pretrain_identity",
            "losses.object_identity and losses.background_identity are 0",
        ),
    ],
)
def test_pretraining_of_networks_without_a_term_is_refused(losses, flag, message):
    changed = replace(
        CONFIG, losses=replace(CONFIG.losses, **losses), training=replace(CONFIG.training, **{flag: True})
    )
    with pytest.raises(ValueError, match=rf"^training.{flag}: given, but {message}; expected one above 0$"):
        tasks.check(changed)
