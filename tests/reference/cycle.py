"""PAPER's table, line by line, and the terms and discriminator losses made of its images."""

from typing import NamedTuple

import numpy as np

from tests.reference import losses, networks

VGG_1 = ("block1_conv1", "block1_conv2", "block2_conv1", "block2_conv2", "block3_conv1")
VGG_2 = ("block4_conv4", "block5_conv1", "block5_conv2", "block5_conv3", "block5_conv4")


class Weights(NamedTuple):
    """The weights of every network, as nested dictionaries."""

    segmenter: dict
    inpainter: dict
    enhancer: dict
    background_discriminator: dict
    object_discriminator: dict
    vgg: dict | None


def dilate(mask, pixels):
    """The mask with each pixel replaced by the largest of the square around it."""
    count, height, width, _ = mask.shape
    result = np.empty_like(mask)
    for i, y, x in np.ndindex(count, height, width):
        square = mask[i, max(y - pixels, 0) : y + pixels + 1, max(x - pixels, 0) : x + pixels + 1]
        result[i, y, x] = square.max()
    return result


def images(weights: Weights, settings, x, box, y, noise) -> dict:
    """Every image of PAPER's table by its code name, with the mask before it enters the cycle (`raw_mask`)."""
    box_mask = losses.box_to_mask(box, settings.size)

    def seg(image):
        image = image * (box_mask + (1 - box_mask) * settings.outside_contrast)
        return networks.segmenter(image, weights.segmenter, settings.segmenter, weights.vgg)

    def constrain(mask):
        mask = mask * box_mask if settings.confine_mask else mask
        return (mask > 0.5).astype("float64") if settings.hard_mask else mask

    def inp(image, mask, name):
        mask = dilate(mask, settings.mask_dilation)
        holed = (1 - mask) * image
        how = settings.inpainter, settings.mask_input, settings.prefill
        filled = networks.inpainter(holed, noise[name], mask, weights.inpainter, *how)
        return holed + mask * filled if settings.composite_inpainting else filled

    def enh(image, name):
        return networks.enhancer(image, noise[name], weights.enhancer, settings.enhancer)

    raw_mask = seg(x)
    m = constrain(raw_mask)
    z = m * x + (1 - m) * y
    y1 = enh(z, "composite")
    x1 = inp(x, m, "background")
    m1 = constrain(seg(y1))
    z1 = m1 * y1 + (1 - m1) * x1
    x2 = enh(z1, "object_back")
    y2 = inp(y1, m1, "background_back")
    return {
        "box_mask": box_mask,
        "raw_mask": raw_mask,
        "mask": m,
        "coarse": z,
        "composite": y1,
        "background": x1,
        "mask_back": m1,
        "coarse_back": z1,
        "object_back": x2,
        "background_back": y2,
        "background_identity": inp(y, constrain(seg(y)), "background_identity"),
        "object_identity": enh(x, "object_identity"),
    }


def discriminate(weights: Weights, name, image, depth):
    return networks.discriminator(image, getattr(weights, f"{name}_discriminator"), depth)


def terms(weights: Weights, settings, x, y, made, threshold) -> dict:
    """Every generator term of PAPER's table and the box terms; the VGG terms where there are VGG weights."""
    depth = settings.discriminator.depth

    def real_loss(name, image):
        return losses.real_loss(discriminate(weights, name, made[image], depth))

    values = {
        "inpaint_gan": real_loss("background", "background"),
        "inpaint_gan_back": real_loss("background", "background_back"),
        "background_mae": losses.mae(y, made["background_back"]),
        "object_mae": losses.mae(x, made["object_back"]),
        "coarse_gan": real_loss("object", "coarse"),
        "enhance_gan": real_loss("object", "composite"),
        "object_identity": losses.mae(made["object_identity"], x),
        "background_identity": losses.mae(made["background_identity"], y),
        "box_projection": losses.projection(made["raw_mask"], made["box_mask"]),
        "box_outside": losses.outside(made["raw_mask"], made["box_mask"]),
        "box_pairwise": losses.pairwise(made["raw_mask"], x, made["box_mask"], threshold),
        "mask_saturation": losses.saturation(made["raw_mask"]),
    }
    if weights.vgg is not None:
        of_x, of_y, of_x2, of_y2 = (
            networks.vgg19(image, weights.vgg) for image in (x, y, made["object_back"], made["background_back"])
        )
        values["background_texture"] = losses.texture(of_y, of_y2, VGG_1)
        values["background_perceptual"] = losses.perceptual(of_y, of_y2, VGG_2)
        values["object_perceptual"] = losses.perceptual(of_x, of_x2, VGG_2)
    return values


def discriminator_terms(weights: Weights, settings, x, y, fakes) -> dict:
    """(1 - D(real))^2 + 1/2 D(fake_1)^2 + 1/2 D(fake_2)^2 for each discriminator."""
    depth = settings.discriminator.depth

    def loss(name, real, kinds):
        value = losses.real_loss(discriminate(weights, name, real, depth))
        for kind in kinds:
            value += 0.5 * np.mean(discriminate(weights, name, fakes[kind], depth) ** 2)
        return value

    return {
        "background_discriminator": loss("background", y, ("background", "background_back")),
        "object_discriminator": loss("object", x, ("composite", "coarse")),
    }
