"""Crops of photographs, and results at the photograph's resolution, in a TensorFlow graph.

The crop geometry is that of seigan_tf.data.crops, in float64 as there; tests/export/saved_model compares the two.
"""

from typing import NamedTuple

import tensorflow as tf

from seigan_tf.compose.geometry import LARGEST_SIDE
from seigan_tf.data.annotations.boxes import ROUNDING

from .headers import require


class Region(NamedTuple):
    """A square of a photo, int32 scalars; may reach past the photo's border."""

    x: tf.Tensor
    y: tf.Tensor
    side: tf.Tensor


REGION_SPEC = Region(*(tf.TensorSpec((), tf.int32) for _ in range(3)))


class Window(NamedTuple):
    """The part of a region inside the photo, int32 scalars."""

    top: tf.Tensor
    left: tf.Tensor
    bottom: tf.Tensor
    right: tf.Tensor


def checked_box(box, height, width, index):
    """Left, top, width and height in pixels, float64 [4], clipped to a photo of that height and width.

    Ends the request if the box sticks out of the photo by more than ROUNDING pixels or is smaller than one pixel;
    `index`, its place in the batch, is part of the message.
    """
    given = tf.cast(box, tf.float64)
    limit = tf.cast(tf.stack([width, height]), tf.float64)
    start, end = given[:2], given[:2] + given[2:]
    clipped_start, clipped_end = tf.clip_by_value(start, 0.0, limit), tf.clip_by_value(end, 0.0, limit)
    size = clipped_end - clipped_start
    good = (start >= -ROUNDING) & (end <= limit + ROUNDING) & (size >= 1.0)  # False for NaN
    message = (
        "box[{}]: {} in a photo of {} x {} pixels; expected X, Y, width and height of a box inside it, of one pixel at"
        " least"
    )
    with tf.control_dependencies([require(tf.reduce_all(good), message, index, box, width, height)]):
        return tf.concat([clipped_start, size], 0)


def landing_box(box, at, height, width, index):
    """Box of an object in another photo of that height and width, float64 [4].

    `box` is the object's own, from `checked_box`; `at`, float32 [3], holds left and top in the other photo, and the
    width there or 0 to keep the width. Ends the request if the result is not inside the photo, within ROUNDING pixels.
    """
    place = tf.cast(at, tf.float64)
    factor = tf.where(tf.equal(place[2], 0.0), tf.constant(1.0, tf.float64), place[2] / box[2])
    limit = tf.cast(tf.stack([width, height]), tf.float64)
    start, size = place[:2], box[2:] * factor
    good = (start >= -ROUNDING) & (start + size <= limit + ROUNDING) & (size >= 1.0)
    message = "at[{}]: {} puts a box of {} pixels into a photo of {} x {}; expected X, Y and width of a box inside it"
    values = (index, at, tf.cast(size, tf.float32), width, height)
    with tf.control_dependencies([require(tf.reduce_all(good), message, *values)]):
        return tf.concat([start, size], 0)


def crop_region(box, object_fraction: float) -> Region:
    """The square around a box, as seigan_tf.data.crops.region_around."""
    side = tf.maximum(tf.round(tf.reduce_max(box[2:]) / object_fraction), 1.0)
    corner = tf.cast(tf.round(box[:2] + box[2:] / 2.0 - side / 2.0), tf.int32)
    return Region(corner[0], corner[1], tf.cast(side, tf.int32))


def relative_box(box, region: Region):
    """Boxes [..., 4] as [ymin, xmin, ymax, xmax] relative to their regions, float32 in [0, 1]."""
    x, y, side = (tf.cast(value, tf.float64) for value in region)
    left, top = box[..., 0] - x, box[..., 1] - y
    edges = tf.stack([top, left, top + box[..., 3], left + box[..., 2]], -1) / side[..., None]
    return tf.cast(tf.clip_by_value(edges, 0.0, 1.0), tf.float32)


def extract(pixels, region: Region):
    """The region of a photo, uint8 [side, side, 3]; mirrored past the border, repeatedly if needed.

    A side above LARGEST_SIDE is reduced to it, as by seigan_tf.compose.geometry.crops.
    """
    pixels, region = tf.cond(region.side > LARGEST_SIDE, lambda: _reduced(pixels, region), lambda: (pixels, region))
    rows = _mirrored(region.y, region.side, tf.shape(pixels)[0])
    columns = _mirrored(region.x, region.side, tf.shape(pixels)[1])
    return tf.gather(tf.gather(pixels, rows), columns, axis=1)


def _reduced(pixels, region: Region):
    """The photo made smaller by areas, and the region in it, LARGEST_SIDE across."""
    scale = LARGEST_SIDE / region.side

    def scaled(lengths):
        return tf.cast(tf.round(tf.cast(lengths, tf.float64) * scale), tf.int32)

    smaller = tf.image.resize(pixels, tf.maximum(scaled(tf.shape(pixels)[:2]), 1), "area")
    return tf.cast(tf.round(smaller), tf.uint8), Region(scaled(region.x), scaled(region.y), tf.constant(LARGEST_SIDE))


def _mirrored(start, count, length):
    indices = tf.range(start, start + count) % (2 * length)
    return tf.minimum(indices, 2 * length - 1 - indices)


def to_network(crop, size: int):
    """A crop, uint8 [side, side, 3], as input of the networks: float32 [size, size, 3] in [-1, 1]."""
    resized = tf.image.resize(crop, (size, size), "lanczos3", antialias=True)
    return tf.clip_by_value(tf.round(resized), 0.0, 255.0) / 127.5 - 1.0  # integers, as from an image file


def window(region: Region, height, width) -> Window:
    """The part of the region inside a photo of that height and width."""
    corners = ((region.y, height), (region.x, width), (region.y + region.side, height), (region.x + region.side, width))
    return Window(*(tf.clip_by_value(value, 0, limit) for value, limit in corners))


def resample(values, region: Region, inside: Window, kernel: str = "triangle"):
    """Values of a region, [n, n, C] of any numeric type, at the photo's pixels in a window: float32 [rows, columns, C].

    `kernel` is "triangle" for bilinear, or "lanczos3" for photographs; both are antialiased if n exceeds the side.
    """
    scale = tf.cast(region.side / tf.shape(values)[0], tf.float32)
    resized = tf.raw_ops.ScaleAndTranslate(
        images=values[None],
        size=tf.stack([inside.bottom - inside.top, inside.right - inside.left]),
        scale=tf.stack([scale, scale]),
        translation=tf.cast(tf.stack([region.y - inside.top, region.x - inside.left]), tf.float32),
        kernel_type=kernel,
        antialias=True,
    )
    return resized[0]


def edit_window(pixels, inside: Window, edit):
    """The photo, uint8 [height, width, 3], with `edit` applied to the window's pixels, float32 from 0 to 255."""
    rows = pixels[inside.top : inside.bottom]
    values = edit(tf.cast(rows[:, inside.left : inside.right], tf.float32))
    values = tf.cast(tf.clip_by_value(tf.round(values), 0.0, 255.0), tf.uint8)
    middle = tf.concat([rows[:, : inside.left], values, rows[:, inside.right :]], 1)
    return tf.concat([pixels[: inside.top], middle, pixels[inside.bottom :]], 0)


def pad_window(values, inside: Window, height, width):
    """Values of the window, [rows, columns, C], as values of the whole photo, 0 outside."""
    return tf.pad(values, ((inside.top, height - inside.bottom), (inside.left, width - inside.right), (0, 0)))
