"""Settings that each method and ablation changes, and those that stay the same."""

import re
from dataclasses import replace
from pathlib import Path

import pytest

from seigan_tf import presets
from seigan_tf.config import LossesConfig
from seigan_tf.evaluation.comparison import methods
from seigan_tf.losses.terms import BOX_TERMS, active_terms
from seigan_tf.training import tasks
from tests import commands

GIVEN = {"val_images": Path("val"), "val_annotations": Path("val.json")}
BOXES = presets.load_preset("boxes")


def with_pretraining():
    training = replace(BOXES.training, pretrain_steps=100, start_from=("cats",))
    return replace(BOXES, training=training)


def test_with_the_presets_of_the_paper_the_box_serves_for_cropping_alone():
    for preset in ("paper", "paper-demo", "paper-photos"):
        made = methods.method_config("seigan", presets.load_preset(preset), 0)
        networks = made.networks
        assert not (networks.confine_mask or networks.composite_inpainting or networks.mask_input or networks.hard_mask)
        assert networks.mask_gradient_scale == 1.0
        assert all(getattr(made.losses, term) == 0 for term in BOX_TERMS)


def test_no_cycle_starts_as_seigan_does_and_has_the_coarse_adversary_alone():
    given = presets.load_preset("paper-photos")
    seigan, alone = (methods.method_config(name, given, 0) for name in ("seigan", "no_cycle"))
    assert seigan.networks == alone.networks
    assert active_terms(alone.losses) == ("coarse_gan",)
    for name in ("coarse_gan", "photos_as_fakes"):
        assert getattr(alone.losses, name) == getattr(seigan.losses, name) > 0
    assert seigan.training == replace(alone.training, pretrain_identity=True)


def test_without_box_terms_there_is_no_pretraining():
    made = methods.method_config("no_box_terms", with_pretraining(), 0)
    assert made.training == replace(with_pretraining().training, pretrain_steps=0)
    off = dict.fromkeys(BOX_TERMS, 0.0)
    assert made.losses == LossesConfig(**{**vars(BOXES.losses), **off})


@pytest.mark.parametrize(
    ("names", "preset", "message"),
    [
        (
            ("box_terms", "no_cycle", "seigan", "supervised"),
            "paper-photos",
            "--methods box_terms: trains nothing, as all of its loss terms are 0 with preset paper-photos; expected"
            " --methods no_cycle seigan supervised",
        ),
        (
            ("no_cycle", "supervised"),
            "paper-demo",
            "--methods supervised: has no photographs with masks to train on (data.source is synthetic) with preset"
            " paper-demo; expected --methods no_cycle",
        ),
        (
            ("seigan", "no_texture"),
            "demo",
            "--methods no_texture: changes nothing with preset demo; expected --methods",
        ),
        (
            ("no_box_terms",),
            "paper-demo",
            "--methods no_box_terms: changes nothing with preset paper-demo; expected ano",
        ),
        (("no_replay",), "paper-photos", "--methods no_replay: changes nothing with preset paper-photos; expected"),
    ],
)
def test_a_method_that_trains_nothing_or_the_same_as_seigan_is_named(names, preset, message, one_line_error):
    assert one_line_error(methods.check_methods, names, presets.load_preset(preset), preset).startswith(message)


@pytest.mark.parametrize("preset", presets.NAMES)
def test_every_method_that_changes_something_has_settings_that_fit_each_other(preset):
    given = presets.load_preset(preset)
    for name in methods.METHODS | methods.ABLATIONS:
        made = methods.method_config(name, given, 0)
        if not methods._uselessness(name, given):
            tasks.check(made)


def test_pretraining_leaves_out_the_networks_whose_terms_are_off():
    demo = presets.load_preset("demo")
    training = replace(demo.training, pretrain_steps=9, pretrain_discriminators=True, pretrain_identity=True)
    given = replace(demo, training=training)
    pretrained = {}
    for name in ("seigan", "box_terms", "no_cycle", "no_identity", "no_box_terms"):
        made = methods.method_config(name, given, 0)
        tasks.check(made)
        assert made.training.pretrain_steps == 9
        pretrained[name] = made.training.pretrain_discriminators, made.training.pretrain_identity
    assert pretrained == {
        "seigan": (True, True),
        "box_terms": (False, False),
        "no_cycle": (True, False),
        "no_identity": (True, False),
        "no_box_terms": (True, True),
    }


def test_resnet_enhancer_is_as_wide_and_deep():
    enhancer = methods.method_config("resnet_enhancer", BOXES, 0).networks.enhancer
    assert enhancer == replace(BOXES.networks.enhancer, backbone="resnet")
    assert BOXES.networks.enhancer.backbone == "unet"


@pytest.mark.parametrize(
    ("changes", "expected"),
    [(GIVEN, 3), ({"source": "crops", "crops": Path("crops")}, 3), ({}, 7), ({"source": "synthetic"}, 7)],
)
def test_the_measured_objects_are_the_same_for_every_seed(changes, expected):
    config = replace(BOXES, data=replace(BOXES.data, seed=7, **changes))
    made = methods.method_config("seigan", config, 3)
    assert (made.networks.seed, made.data.seed, made.name) == (3, expected, "seigan-3")


def test_every_method_is_named_in_the_help(capsys):
    words = set(re.findall(r"\w+", commands.call(capsys, "table1", "--help").out))
    assert methods.METHODS.keys() | methods.ABLATIONS.keys() <= words
