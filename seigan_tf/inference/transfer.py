"""Copies of weights between models: to start a training, and to make small files for inference."""

from dataclasses import replace

from keras import ops

from seigan_tf.config import NetworksConfig
from seigan_tf.networks.network import Network
from seigan_tf.networks.vgg19 import VGG19Features, without_vgg
from seigan_tf.seigan import SEIGAN


def transfer_weights(model: SEIGAN, source: SEIGAN) -> tuple[str, ...]:
    """Copy every network of `source` to `model` that has the same settings there, apart from `size`.

    If `source` has EMA weights, these are copied. If `model` has EMA weights, they are set as well.

    Args:
        model: a built model, which is changed.
        source: a built model.

    Returns:
        The names of the copied networks.
    """
    copied = []
    for name, network in source.inference_generators._asdict().items():
        targets = [getattr(generators, name) for generators in (model.generators, model.ema_generators) if generators]
        if all(_same_form(network, target) for target in targets):
            for target in targets:
                _copy(network, target)
            copied.append(name)
    for name, network in source.discriminators._asdict().items():
        target = getattr(model.discriminators, name)
        if _same_form(network, target):
            _copy(network, target)
            copied.append(f"{name} discriminator")
    return tuple(copied)


def exchange_segmenter(model: SEIGAN, source: SEIGAN) -> SEIGAN:
    """Return `model` with the segmenter of `source`, which may have another form.

    Args:
        model: a model made by `strip_for_inference`.
        source: a built model.

    Raises:
        ValueError: their masks are for crops of different sizes or scales, or confined or faded by one of the models
            only.
    """
    expected, found = (_crops(one) for one in (model, source))
    if found != expected:
        raise ValueError(f"the segmenter is for {found}, expected one for {expected}")
    networks = replace(model.networks, segmenter=source.networks.segmenter)
    if source.vgg is not None:
        networks = replace(networks, vgg_weights=source.networks.vgg_weights)
    made = _without_loading(networks, model)
    transfer_weights(made, model)
    _copy(source.inference_generators.segmenter, made.generators.segmenter)
    for one in (model, source):
        if made.vgg is not None and one.vgg is not None:
            _copy(one.vgg, made.vgg)
    return made


def _crops(model: SEIGAN) -> str:
    """Describe the crops as the segmenter sees them."""
    networks = model.networks
    return (
        f"crops of {networks.size} px with objects of {model.object_fraction:g} of the side,"
        f" {'confined to the box' if networks.confine_mask else 'not confined to the box'}"
        + (f" and faded to {networks.outside_contrast:g} outside it" if networks.outside_contrast < 1 else "")
    )


def strip_for_inference(model: SEIGAN) -> SEIGAN:
    """Return a model with the same results, without the parts that only training needs.

    Optimizers and replay pools are left out, VGG-19 too unless segmenter or discriminators read it, and of trained and
    EMA weights only the EMA weights are kept. The discriminators stay.
    """
    settings = model.networks
    read = "vgg19" in (settings.segmenter.backbone, settings.discriminator.backbone)
    vgg_weights = settings.vgg_weights if read else "none"
    small = _without_loading(replace(settings, ema_decay=0.0, replay_size=0, vgg_weights=vgg_weights), model)
    transfer_weights(small, model)
    if small.vgg is not None and model.vgg is not None:
        _copy(model.vgg, small.vgg)
    return small


def _without_loading(networks: NetworksConfig, like: SEIGAN) -> SEIGAN:
    """Return a model built as for a saved file: VGG-19's weights are not read from `vgg_weights`."""
    model = SEIGAN(networks, like.object_fraction, name=like.name)
    model.build_from_config(model.get_build_config())
    return model


def _same_form(first: Network, second: Network) -> bool:
    def form(network):
        return {**network.get_config(), "name": None, "size": None, "trainable": None}

    return form(first) == form(second)


def _copy(source: Network | VGG19Features, target: Network | VGG19Features) -> None:
    """Copy a network without the VGG-19 that it reads, or a VGG-19."""
    values, variables = (without_vgg(n.variables, getattr(n, "encoder", None)) for n in (source, target))
    for value, variable in zip(values, variables, strict=True):
        variable.assign(ops.convert_to_numpy(value))
