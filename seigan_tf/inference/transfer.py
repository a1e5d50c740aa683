"""Weights of one model in another: to start a training from, and to hand on what use needs and no more."""

from dataclasses import replace

from keras import ops

from seigan_tf.config import NetworksConfig
from seigan_tf.networks.network import Network
from seigan_tf.seigan import SEIGAN


def transfer_weights(model: SEIGAN, source: SEIGAN) -> tuple[str, ...]:
    """Copies every network of `source` that `model` has in the same form; `size` may differ, all are convolutional.

    Of averaged weights it is the averages that are taken, into the weights that are trained and into their averages.

    Args:
        model: built; changed.
        source: built.

    Returns:
        The names of the networks that were taken over.
    """
    taken = []
    for name, network in source.inference_generators._asdict().items():
        targets = [getattr(generators, name) for generators in (model.generators, model.ema_generators) if generators]
        if all(_same_form(network, target) for target in targets):
            for target in targets:
                _copy(network, target)
            taken.append(name)
    for name, network in source.discriminators._asdict().items():
        target = getattr(model.discriminators, name)
        if _same_form(network, target):
            _copy(network, target)
            taken.append(f"{name} discriminator")
    return tuple(taken)


def exchange_segmenter(model: SEIGAN, source: SEIGAN) -> None:
    """Replace the segmenter of `model`, made by `strip_for_inference`, by that of `source`, which is built.

    Raises:
        ValueError: the two are of different form, or their masks are for crops of different sizes or confined by one
            of the models only.
    """
    ours, theirs = model.inference_generators.segmenter, source.inference_generators.segmenter
    settings = [(n.size, n.confine_mask) for n in (model.networks, source.networks)]
    if not _same_form(ours, theirs) or settings[0] != settings[1]:
        expected, found = (_described(networks) for networks in (model.networks, source.networks))
        raise ValueError(f"the segmenter is a {found}, expected a {expected}")
    _copy(theirs, ours)
    if ours.encoder is not None:
        _copy(source.vgg, model.vgg)


def _described(networks: NetworksConfig) -> str:
    form = networks.segmenter
    return (
        f"{'separable ' if form.separable else ''}{form.backbone} of width {form.width} and depth {form.depth} for"
        f" crops of {networks.size} px, {'confined to the box' if networks.confine_mask else 'not confined to the box'}"
    )


def strip_for_inference(model: SEIGAN) -> SEIGAN:
    """The same networks, discriminators too, without what only training needs.

    Optimizers, replay pools and VGG-19 are left out (VGG-19 unless the segmenter reads it), and of weights and averages
    only the averages are kept. It gives what `model` gives.
    """
    settings = model.networks
    vgg_weights = settings.vgg_weights if settings.segmenter.backbone == "vgg19" else "none"
    small = _without_loading(replace(settings, ema_decay=0.0, replay_size=0, vgg_weights=vgg_weights), model.name)
    transfer_weights(small, model)
    if small.vgg is not None:
        _copy(model.vgg, small.vgg)
    return small


def _without_loading(networks: NetworksConfig, name: str) -> SEIGAN:
    """Built as from a saved file: VGG-19's weights come from there and not from where the settings say."""
    model = SEIGAN(networks, name=name)
    model.build_from_config(model.get_build_config())
    return model


def _same_form(first: Network, second: Network) -> bool:
    def form(network):
        return {**network.get_config(), "name": None, "size": None, "trainable": None}

    return form(first) == form(second)


def _copy(source, target) -> None:
    for value, variable in zip(_own(source), _own(target), strict=True):
        variable.assign(ops.convert_to_numpy(value))


def _own(network) -> list:
    """The network's variables without those of the frozen VGG-19 that it reads."""
    encoder = getattr(network, "encoder", None)
    frozen = {id(variable) for variable in encoder.variables} if encoder is not None else set()
    return [variable for variable in network.variables if id(variable) not in frozen]
