"""SEIGAN's train step written plainly in PyTorch, for comparison only.

As in CycleGAN's code, the discriminators' weights ask for no gradient while the generators are trained.
"""

import copy
import math

import torch
import torch.nn.functional as F
from torch import nn

from benchmarks.frameworks.torch_networks import VGG19, Discriminator, Enhancer, Inpainter, Segmenter, load

GENERATORS = ("segmenter", "inpainter", "enhancer")
ENCODER_LAYERS = ("block1_conv2", "block2_conv2", "block3_conv4", "block4_conv4", "block5_conv4")
TEXTURE_LAYERS = ("block1_conv1", "block1_conv2", "block2_conv1", "block2_conv2", "block3_conv1")
PERCEPTUAL_LAYERS = ("block4_conv4", "block5_conv1", "block5_conv2", "block5_conv3", "block5_conv4")
NEIGHBOURS = ((0, 1), (1, -1), (1, 0), (1, 1))


class Networks(nn.Module):
    """The five networks and VGG-19, in channels-last memory; compiled one by one if asked for.

    Args:
        settings: NetworksConfig of the preset.
        weights: lists of Keras' values by the network's name.
        compiled: compile each network with torch.compile.
    """

    def __init__(self, settings, weights, compiled):
        super().__init__()
        self.segmenter = Segmenter(settings.segmenter)
        self.inpainter = Inpainter(settings.inpainter, settings.mask_input)
        self.enhancer = Enhancer(settings.enhancer)
        self.background = Discriminator(settings.discriminator)
        self.object = Discriminator(settings.discriminator)
        if "vgg" in weights:
            self.vgg = VGG19()
        on_features = settings.segmenter.backbone == "vgg19"
        self.encoder_layers = ENCODER_LAYERS[: settings.segmenter.depth] if on_features else ()
        self.to(memory_format=torch.channels_last)
        for name, values in weights.items():
            load(getattr(self, name), values)
            if compiled:
                getattr(self, name).compile()

    def logits(self, images, features=None):
        if not self.encoder_layers:
            return self.segmenter(images)
        features = features or self.vgg(images, self.encoder_layers)
        return self.segmenter([features[name] for name in self.encoder_layers])


class ReplayPool:
    def __init__(self, capacity):
        self.capacity, self.images = capacity, None

    def __call__(self, images):
        kept = 0 if self.images is None else len(self.images)
        if kept + len(images) <= self.capacity:
            self.images = images if kept == 0 else torch.cat([self.images, images])
            return images
        places = torch.randperm(kept)[: len(images)]
        earlier, swap = self.images[places], torch.rand(len(images), 1, 1, 1) > 0.5
        self.images[places] = torch.where(swap, images, earlier)
        return torch.where(swap, earlier, images)


class Step:
    """The train step of a preset, as a function of the batch and the noise.

    Args:
        networks: the Networks.
        config: Config of the preset, all loss terms of the swaps switched on.
        rate: learning rate of all networks.
    """

    def __init__(self, networks, config, rate):
        self.networks, self.settings, self.losses = networks, config.networks, config.losses
        self.trained = [p for name in GENERATORS for p in getattr(networks, name).parameters()]
        self.critics = [p for d in (networks.background, networks.object) for p in d.parameters()]
        self.optimizers = [torch.optim.Adam(p, rate, fused=True) for p in (self.trained, self.critics)]
        self.means = copy.deepcopy(self.trained) if self.settings.ema_decay else []
        self.pools = {name: ReplayPool(self.settings.replay_size) for name in ("x1", "y2", "z", "y1")}
        self.count = 0

    def __call__(self, batch, noise):
        """Update all networks once; return the losses by the names of Keras' logs."""
        self.count += 1
        for parameter in self.critics:
            parameter.requires_grad_(False)
        terms, fakes = generate(self.networks, self.settings, self.losses, batch, noise)
        loss = sum(getattr(self.losses, name) * value for name, value in terms.items())
        self.update(self.optimizers[0], loss)

        for parameter in self.critics:
            parameter.requires_grad_(True)
        fakes = {name: self.pools[name](images.detach()) for name, images in fakes.items()}
        discriminated = discriminate(self.networks, batch, fakes)
        discriminator_loss = sum(discriminated.values())
        self.update(self.optimizers[1], discriminator_loss)

        if self.means:
            weight = 1 - min(self.settings.ema_decay, (1 + self.count) / (10 + self.count))
            with torch.no_grad():
                torch._foreach_lerp_(self.means, self.trained, weight)
        return {"loss": loss, "discriminator_loss": discriminator_loss, **terms, **discriminated}

    def update(self, optimizer, loss):
        # Keras adds its epsilon of 1e-7 before the bias correction.
        optimizer.param_groups[0]["eps"] = 1e-7 / math.sqrt(1 - 0.999**self.count)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()


def generate(networks, settings, losses, batch, noise):
    """Return the generators' loss terms and the fakes."""
    x, y, box = batch["x"], batch["y"], batch["box_mask"]
    on_vgg = hasattr(networks, "vgg")
    texture = TEXTURE_LAYERS if losses.background_texture else ()
    deep = PERCEPTUAL_LAYERS if losses.background_perceptual else ()
    x_features = y_features = None
    if on_vgg:
        with torch.no_grad():
            x_features = networks.vgg(x, {*deep, *networks.encoder_layers})
            y_features = networks.vgg(y, {*deep, *texture, *networks.encoder_layers})

    def mask_of(logits):
        mask = torch.sigmoid(logits)
        mask = mask * box if settings.confine_mask else mask
        scale = settings.mask_gradient_scale
        return mask if scale == 1 else scale * mask + (1 - scale) * mask.detach()

    def inpaint(images, mask, name):
        if pixels := settings.mask_dilation:
            mask = F.max_pool2d(mask, 2 * pixels + 1, stride=1, padding=pixels)
        holed = (1 - mask) * images
        filled = networks.inpainter(holed, noise[name], mask)
        return holed + mask * filled if settings.composite_inpainting else filled

    logits = networks.logits(x, x_features)
    mask = mask_of(logits)
    z = mask * x + (1 - mask) * y
    y1 = networks.enhancer(z, noise["composite"])
    x1 = inpaint(x, mask, "background")
    mask_back = mask_of(networks.logits(y1))
    x2 = networks.enhancer(mask_back * y1 + (1 - mask_back) * x1, noise["object_back"])
    y2 = inpaint(y1, mask_back, "background_back")
    y_identity = inpaint(y, mask_of(networks.logits(y, y_features)), "background_identity")

    def gan(discriminator, images):
        return (1 - discriminator(images)).square().mean()

    terms = {
        "inpaint_gan": gan(networks.background, x1),
        "inpaint_gan_back": gan(networks.background, y2),
        "background_mae": F.l1_loss(y2, y),
        "object_mae": F.l1_loss(x2, x),
        "coarse_gan": gan(networks.object, z),
        "enhance_gan": gan(networks.object, y1),
        "object_identity": F.l1_loss(networks.enhancer(x, noise["object_identity"]), x),
        "background_identity": F.l1_loss(y_identity, y),
    }
    if deep:
        y2_features = networks.vgg(y2, (*texture, *deep))
        x2_features = networks.vgg(x2, deep)
        terms["background_texture"] = difference(y2_features, y_features, texture, gram)
        terms["background_perceptual"] = difference(y2_features, y_features, deep)
        terms["object_perceptual"] = difference(x2_features, x_features, deep)
    if losses.box_projection:
        terms["box_projection"] = projection(torch.sigmoid(logits), box)
    if losses.box_outside:
        terms["box_outside"] = (F.softplus(logits) * (1 - box)).sum() / torch.clamp((1 - box).sum(), min=1)
    if losses.box_pairwise:
        terms["box_pairwise"] = pairwise(logits, x, box, losses.pairwise_threshold, losses.pairwise_reach)
    if losses.mask_saturation:
        terms["mask_saturation"] = logits.square().mean()
    return terms, {"x1": x1, "y2": y2, "z": z, "y1": y1}


def discriminate(networks, batch, fakes):
    """Return the discriminators' losses."""

    def loss(discriminator, real, *fakes):
        scores = [discriminator(images).square().mean() for images in fakes]
        return (1 - discriminator(real)).square().mean() + sum(scores) / len(scores)

    return {
        "background_discriminator": loss(networks.background, batch["y"], fakes["x1"], fakes["y2"]),
        "object_discriminator": loss(networks.object, batch["x"], fakes["z"], fakes["y1"]),
    }


def difference(features, targets, names, describe=lambda values: values):
    return sum(F.l1_loss(describe(features[name]), describe(targets[name])) for name in names) / len(names)


def gram(features):
    flat = features.flatten(2)
    return flat @ flat.mT / (flat.shape[1] * flat.shape[2])


def projection(mask, box):
    loss = 0.0
    for axis in (2, 3):
        covered, wanted = mask.amax(axis), box.amax(axis)
        total = covered.square().sum((1, 2)) + wanted.square().sum((1, 2))
        loss = loss + (1 - 2 * (covered * wanted).sum((1, 2)) / torch.clamp(total, min=1e-6)).mean()
    return loss


def pairwise(logits, images, box, threshold, reach):
    inside, outside = F.logsigmoid(logits), F.logsigmoid(-logits)
    total, count = 0.0, 0.0
    offsets = [(2**power * dy, 2**power * dx) for power in range(reach.bit_length()) for dy, dx in NEIGHBOURS]
    for dy, dx in offsets:
        (colour_a, colour_b), (box_a, box_b), (in_a, in_b), (out_a, out_b) = (
            pair(values, dy, dx) for values in (images, box, inside, outside)
        )
        alike = ((colour_a - colour_b).abs().mean(1, keepdim=True) < threshold) * torch.maximum(box_a, box_b)
        total = total - (torch.logaddexp(in_a + in_b, out_a + out_b) * alike).sum()
        count = count + alike.sum()
    return total / torch.clamp(count, min=1)


def pair(values, dy, dx):
    height, width = values.shape[2:]
    left, right = max(0, -dx), max(0, dx)
    return values[:, :, : height - dy, left : width - right], values[:, :, dy:, left + dx : width - right + dx]
