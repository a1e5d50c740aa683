"""Weights of one model in another: to start a training from, and to hand on what use needs and no more."""

from dataclasses import replace

from keras import ops

from seigan_tf.config import NetworksConfig
from seigan_tf.networks.network import Network
from seigan_tf.seigan import SEIGAN


def take_over(model: SEIGAN, source: SEIGAN) -> tuple[str, ...]:
    """Copies every network of `source` that `model` has in the same form; `size` may differ, all are convolutional.

    Of averaged weights it is the averages that are taken, into the weights that are trained and into their averages.

    Args:
        model: built; changed.
        source: built.

    Returns:
        The names of the networks that were taken over.
    """
    taken = []
    for name, network in source.trained._asdict().items():
        targets = [getattr(generators, name) for generators in (model.generators, model.averaged) if generators]
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
    """Puts the segmenter of `source`, which is built, in the place of that of `model`, which `for_use` made.

    Raises:
        ValueError: the two are of different form, or for crops of different sizes.
    """
    ours, theirs = model.trained.segmenter, source.trained.segmenter
    if not _same_form(ours, theirs) or model.networks.size != source.networks.size:
        forms = (
            f"{n.segmenter.backbone} of width {n.segmenter.width} and depth {n.segmenter.depth}"
            f"{', separable,' if n.segmenter.separable else ''} for crops of {n.size} px"
            for n in (source.networks, model.networks)
        )
        raise ValueError("the segmenter is a {}, expected a {}".format(*forms))
    _copy(theirs, ours)


def for_use(model: SEIGAN) -> SEIGAN:
    """The same networks, discriminators too, without what only training needs.

    Optimizers, replay pools and VGG-19 are left out (VGG-19 unless the segmenter reads it), and of weights and averages
    only the averages are kept. It gives what `model` gives.
    """
    settings = model.networks
    vgg_weights = settings.vgg_weights if settings.segmenter.backbone == "vgg19" else "none"
    small = _without_loading(replace(settings, average_decay=0.0, replay_size=0, vgg_weights=vgg_weights), model.name)
    take_over(small, model)
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
