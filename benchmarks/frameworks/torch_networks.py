"""SEIGAN's networks written plainly in PyTorch, for comparison only.

Images are [N, C, S, S]. Modules are made in the order of Keras' variables, so that `load` needs no names. Instance
normalisation is nn.InstanceNorm2d: group_norm and mean and variance step by step took 1.5 and 2.7 times as long here.
"""

from itertools import pairwise

import torch
import torch.nn.functional as F
from torch import nn

BGR_MEANS = (103.939, 116.779, 123.68)
VGG_WIDTHS = {"block1": (64, 2), "block2": (128, 2), "block3": (256, 4), "block4": (512, 4), "block5": (512, 4)}


def leaky(values):
    return F.leaky_relu(values, 0.2)


def double(images):
    return F.interpolate(images, scale_factor=2, mode="bilinear", align_corners=False)


class ConvBlock(nn.Module):
    """Convolution, instance normalisation, activation; the size is kept or halved, as by Keras' padding "same"."""

    def __init__(self, inputs, outputs, kernel=3, stride=1, reflect=False, norm=True, activation=F.relu):
        super().__init__()
        total = kernel - 1 if reflect else kernel - stride
        before, after = total // 2, total - total // 2
        even = before == after
        mode = "reflect" if reflect else "zeros"
        self.conv = nn.Conv2d(inputs, outputs, kernel, stride, before if even else 0, bias=not norm, padding_mode=mode)
        self.pad = nn.Identity() if even else nn.ZeroPad2d((before, after, before, after))
        self.norm = nn.InstanceNorm2d(outputs, affine=True) if norm else nn.Identity()
        self.activation = activation

    def forward(self, images):
        images = self.norm(self.conv(self.pad(images)))
        return self.activation(images) if self.activation else images


class ResidualBlock(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.first = ConvBlock(width, width, reflect=True)
        self.second = ConvBlock(width, width, reflect=True, activation=None)

    def forward(self, images):
        return images + self.second(self.first(images))


class ResNet(nn.Module):
    def __init__(self, width, depth, inputs, outputs):
        super().__init__()
        self.body = nn.Sequential(
            ConvBlock(inputs, width, 7, reflect=True),
            ConvBlock(width, 2 * width, stride=2),
            ConvBlock(2 * width, 4 * width, stride=2),
            *(ResidualBlock(4 * width) for _ in range(depth)),
        )
        self.up = nn.ModuleList([ConvBlock(4 * width, 2 * width), ConvBlock(2 * width, width)])
        self.last = ConvBlock(width, outputs, 7, reflect=True, norm=False, activation=None)

    def forward(self, images):
        images = self.body(images)
        for layer in self.up:
            images = layer(double(images))
        return self.last(images)


class UNet(nn.Module):
    def __init__(self, width, depth, inputs, outputs):
        super().__init__()
        widths = [width * min(2**i, 8) for i in range(depth + 1)]
        pairs = list(pairwise(widths))
        self.stem = ConvBlock(inputs, widths[0], activation=leaky)
        self.down = nn.ModuleList(ConvBlock(fine, coarse, 4, 2, activation=leaky) for fine, coarse in pairs)
        self.up = nn.ModuleList(ConvBlock(coarse + fine, fine) for fine, coarse in reversed(pairs))
        self.last = ConvBlock(widths[0], outputs, norm=False, activation=None)

    def forward(self, images):
        images, skipped = self.stem(images), []
        for layer in self.down:
            skipped.append(images)
            images = layer(images)
        for layer in self.up:
            images = layer(torch.cat([double(images), skipped.pop()], 1))
        return self.last(images)


class FeatureDecoder(nn.Module):
    def __init__(self, width, depth, outputs):
        super().__init__()
        channels = [width for width, _ in VGG_WIDTHS.values()][:depth]
        self.lateral = nn.ModuleList(ConvBlock(inputs, width, 1, activation=None) for inputs in channels)
        self.merge = nn.ModuleList(ConvBlock(width, width) for _ in channels)
        self.last = ConvBlock(width, outputs, norm=False, activation=None)

    def forward(self, features):
        merged = None
        for lateral, merge, values in reversed(list(zip(self.lateral, self.merge, features, strict=True))):
            merged = merge(lateral(values) if merged is None else lateral(values) + double(merged))
        return self.last(merged)


def make_backbone(settings, inputs, outputs):
    kind = {"resnet": ResNet, "unet": UNet}[settings.backbone]
    return kind(settings.width, settings.depth, inputs, outputs)


class Segmenter(nn.Module):
    """Logits of the mask; of a list of VGG-19 features with the vgg19 backbone, else of images."""

    def __init__(self, settings):
        super().__init__()
        on_features = settings.backbone == "vgg19"
        self.body = FeatureDecoder(settings.width, settings.depth, 1) if on_features else make_backbone(settings, 3, 1)

    def forward(self, images):
        return self.body(images)


class Inpainter(nn.Module):
    def __init__(self, settings, mask_input):
        super().__init__()
        self.mask_input = mask_input
        self.coarse = make_backbone(settings, 5 if mask_input else 4, 3)
        self.fine = make_backbone(settings, 3, 3)

    def forward(self, holed, noise, mask):
        start = fill_from_surroundings(holed, mask)
        coarse = self.coarse(torch.cat([start, noise, mask] if self.mask_input else [start, noise], 1))
        coarse = torch.clamp(start + torch.tanh(coarse), -1, 1)
        return torch.clamp(coarse + torch.tanh(self.fine(coarse)), -1, 1)


def fill_from_surroundings(holed, mask):
    weight = F.relu(1 - 2 * mask)
    colour = holed * weight / torch.clamp(1 - mask, min=0.5)
    levels = [(colour, weight)]
    while colour.shape[2] % 2 == 0:
        colour, weight = F.avg_pool2d(colour, 2), F.avg_pool2d(weight, 2)
        levels.append((colour, weight))
    colour_mean, weight_mean = (values.mean((2, 3), keepdim=True) for values in (colour, weight))
    fill = (colour_mean / torch.clamp(weight_mean, min=1e-3)).expand_as(colour)
    for colour, weight in reversed(levels):
        if fill.shape[2] != colour.shape[2]:
            fill = double(fill)
        fill = colour + (1 - weight) * fill
    return fill


class Enhancer(nn.Module):
    def __init__(self, settings):
        super().__init__()
        self.body = make_backbone(settings, 4, 6)

    def forward(self, coarse, noise):
        gain, offset = torch.tanh(self.body(torch.cat([coarse, noise], 1))).chunk(2, 1)
        return torch.clamp((1 + gain) * coarse + offset, -1, 1)


class Discriminator(nn.Module):
    def __init__(self, settings):
        super().__init__()
        width, depth = settings.width, settings.depth
        widths = [width * min(2**i, 8) for i in range(depth + 1)]
        self.body = nn.Sequential(
            ConvBlock(3, widths[0], 4, 2, norm=False, activation=leaky),
            *(ConvBlock(widths[i - 1], widths[i], 4, 2, activation=leaky) for i in range(1, depth)),
            ConvBlock(widths[depth - 1], widths[depth], 4, activation=leaky),
            ConvBlock(widths[depth], 1, 4, norm=False, activation=None),
        )

    def forward(self, images):
        return self.body(images)


class VGG19(nn.Module):
    """Features of images in [-1, 1] after their ReLU, by Keras' layer names; deeper layers are not run."""

    def __init__(self):
        super().__init__()
        self.layers, inputs = nn.ModuleDict(), 3
        for block, (width, count) in VGG_WIDTHS.items():
            for i in range(1, count + 1):
                self.layers[f"{block}_conv{i}"] = nn.Conv2d(inputs, width, 3, padding=1)
                inputs = width
        self.register_buffer("means", torch.tensor(BGR_MEANS)[:, None, None])
        self.requires_grad_(False)

    def forward(self, images, names):
        values, features = (images.flip(1) + 1) * 127.5 - self.means, {}
        for name, layer in self.layers.items():
            if name.endswith("conv1") and name != "block1_conv1":
                values = F.max_pool2d(values, 2)
            values = F.relu(layer(values))
            if name in names:
                features[name] = values
            if len(features) == len(names):
                break
        return features


@torch.no_grad()
def load(network, variables):
    """Copy the values of Keras' variables, arrays in the order of the parameters; kernels become [out, in, h, w]."""
    for parameter, value in zip(network.parameters(), variables, strict=True):
        values = torch.from_numpy(value)
        parameter.copy_(values.permute(3, 2, 0, 1) if values.ndim == 4 else values)
