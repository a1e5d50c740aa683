"""Settings from JSON, and numbers out of range."""

import dataclasses
from pathlib import Path

import pytest

from seigan_tf.config import (
    BackboneConfig,
    Config,
    DataConfig,
    LossesConfig,
    NetworksConfig,
    check_losses,
    check_networks,
    from_dict,
)


@pytest.mark.parametrize("names", [["cat", "dog"], ("cat", "dog")])
def test_a_list_of_names_becomes_a_tuple(names):
    assert from_dict(DataConfig, {"classes": names}).classes == ("cat", "dog")
    assert from_dict(Config, {"data": {"classes": names}}).data.classes == ("cat", "dog")


@pytest.mark.parametrize("names", ["dog", "", None, 3, {"dog": 1}, [1], [["dog"]]])
def test_anything_else_in_its_place_is_named_in_one_line(names, one_line_error):
    message = one_line_error(from_dict, DataConfig, {"classes": names})
    assert '"classes"' in message
    assert 'should be "' in message
    if isinstance(names, str):
        assert f'instead of value "{names}" of type "str"' in message
    assert '"data.classes"' in one_line_error(from_dict, Config, {"data": {"classes": names}})


@pytest.mark.parametrize("value", [True, 3, ["a"], {}])
def test_anything_but_text_in_place_of_a_path_is_named_in_one_line(value, one_line_error):
    assert from_dict(Config, {"data": {"images": "a/b"}}).data.images == Path("a/b")
    assert from_dict(DataConfig, {"images": None}).images is None
    assert '"data.images" - should be "Path"' in one_line_error(from_dict, Config, {"data": {"images": value}})


@pytest.mark.parametrize("value", [None, 3, "text", []])
def test_what_has_no_fields_is_shown_in_one_line(value, one_line_error):
    assert one_line_error(from_dict, Config, value) == f"Config: {value}, expected its fields by name"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("mask_gradient_scale", -0.1),
        ("mask_dilation", -1),
        ("replay_size", -1),
        ("ema_decay", 1.0),
        ("seed", -1),
        ("seed", 2**32),
        ("outside_contrast", 1.5),
    ],
)
def test_numbers_out_of_range_are_named(name, value):
    with pytest.raises(ValueError, match=rf"^networks\.{name}: {value}; expected 0 .*$"):
        check_networks(dataclasses.replace(NetworksConfig(), **{name: value}))


@pytest.mark.parametrize("name", ["inpainter", "enhancer"])
def test_batch_normalization_is_for_segmenters(name):
    networks = NetworksConfig(**{name: BackboneConfig(normalization="batch")})
    with pytest.raises(ValueError, match=rf"^networks\.{name}\.normalization: batch.*expected instance$"):
        check_networks(networks)


def test_fading_outside_a_box_that_does_not_confine_the_mask_is_refused():
    with pytest.raises(ValueError, match=r"^networks.outside_contrast: 0.3 without confine_mask; expected both"):
        check_networks(NetworksConfig(outside_contrast=0.3))


@pytest.mark.parametrize("value", [-1.0, float("nan")])
def test_a_weight_that_is_negative_or_no_number_is_named(value):
    with pytest.raises(ValueError, match=rf"^losses\.coarse_gan: {value}; expected 0 or more$"):
        check_losses(LossesConfig(coarse_gan=value))
