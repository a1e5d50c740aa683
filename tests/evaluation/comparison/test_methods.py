"""Settings that each method and ablation changes, and those that stay the same."""

import re
from dataclasses import replace
from pathlib import Path

import pytest

from seigan_tf import presets
from seigan_tf.config import LossesConfig
from seigan_tf.evaluation.comparison import methods
from seigan_tf.objective import BOX_TERMS
from seigan_tf.presets import paper
from tests import commands

GIVEN = {"val_images": Path("val"), "val_annotations": Path("val.json")}
BOXES = presets.load_preset("boxes")


def with_pretraining():
    training = replace(BOXES.training, pretrain_steps=100, start_from=("cats",))
    return replace(BOXES, training=training)


@pytest.mark.parametrize("name", ["literal", "literal_vgg"])
def test_literal_methods_use_the_box_for_nothing_but_cropping(name):
    made = methods.method_config(name, with_pretraining(), 0)
    networks = made.networks
    assert not (networks.confine_mask or networks.composite_inpainting or networks.mask_input)
    assert not (networks.prefill or networks.hard_mask)
    assert networks.mask_gradient_scale == 1.0
    assert made.losses == paper.CONFIG.losses
    assert all(getattr(made.losses, term) == 0 for term in BOX_TERMS)
    assert (made.training.pretrain_steps, made.training.start_from) == (0, ())
    assert replace(made.training, pretrain_steps=100, start_from=("cats",)) == with_pretraining().training
    assert (networks.inpainter, networks.enhancer) == (BOXES.networks.inpainter, BOXES.networks.enhancer)


def test_literal_methods_differ_in_the_segmenter_alone():
    literal, vgg = (methods.method_config(name, BOXES, 0).networks for name in ("literal", "literal_vgg"))
    assert literal.segmenter.backbone == "resnet"
    assert vgg.segmenter == BOXES.networks.segmenter
    assert replace(literal, segmenter=vgg.segmenter) == vgg


def test_without_box_terms_there_is_no_pretraining():
    made = methods.method_config("no_box_terms", with_pretraining(), 0)
    assert made.training == replace(with_pretraining().training, pretrain_steps=0)
    off = dict.fromkeys(BOX_TERMS, 0.0)
    assert made.losses == LossesConfig(**{**vars(BOXES.losses), **off})


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
