"""Crops of photographs and what the networks made of them, back at the photograph's resolution, in a TensorFlow graph.

The geometry is that of seigan_tf.data.crops, in float64 as there.
"""

from typing import NamedTuple

import tensorflow as tf

from seigan_tf.data.readers.common import ROUNDING

from .graph_photos import require


class Region(NamedTuple):
    """A square of a photo; int32 scalars, which may lie past the photo's border."""

    x: tf.Tensor
    y: tf.Tensor
    side: tf.Tensor


REGION_SPEC = Region(*(tf.TensorSpec((), tf.int32) for _ in range(3)))


class Window(NamedTuple):
    """The part of a region that lies inside the photo; int32 scalars."""

    top: tf.Tensor
    left: tf.Tensor
    bottom: tf.Tensor
    right: tf.Tensor


def checked_box(box, height, width, name: str, index):
    """Left, top, width and height in pixels, float64 [4], cut off at the photo's border.

    Ends the request where the box sticks out of the photo by more than ROUNDING pixels, or has less than one pixel.
    """
    given = tf.cast(box, tf.float64)
    limit = tf.cast(tf.stack([width, height]), tf.float64)
    start, end = given[:2], given[:2] + given[2:]
    clipped_start, clipped_end = tf.clip_by_value(start, 0.0, limit), tf.clip_by_value(end, 0.0, limit)
    size = clipped_end - clipped_start
    good = (start >= -ROUNDING) & (end <= limit + ROUNDING) & (size >= 1.0)  # False for what is no number
    inside = require(
        tf.reduce_all(good),
        f"{name}[{{}}]: {{}} in a photo of {{}} x {{}} pixels; expected X, Y, width and height of a box inside it,"
        " of one pixel at least",
        index,
        box,
        width,
        height,
    )
    with tf.control_dependencies([inside]):
        return tf.concat([clipped_start, size], 0)


def crop_region(box, object_fraction: float) -> Region:
    """The square around a box, as seigan_tf.data.crops.object_regions has it."""
    side = tf.maximum(tf.round(tf.reduce_max(box[2:]) / object_fraction), 1.0)
    corner = tf.cast(tf.round(box[:2] + box[2:] / 2.0 - side / 2.0), tf.int32)
    return Region(corner[0], corner[1], tf.cast(side, tf.int32))


def relative_box(box, region: Region):
    """The box as [ymin, xmin, ymax, xmax] relative to the region, float32 within [0, 1]."""
    corner = tf.cast(tf.stack([region.y, region.x]), tf.float64)
    start = box[1::-1] - corner
    edges = tf.concat([start, start + box[:1:-1]], 0) / tf.cast(region.side, tf.float64)
    return tf.cast(tf.clip_by_value(edges, 0.0, 1.0), tf.float32)


def extract(pixels, region: Region):
    """The region of a photo, uint8 [side, side, 3]; past its border the photo is mirrored, as often as it takes."""
    rows = _mirrored(region.y, region.side, tf.shape(pixels)[0])
    columns = _mirrored(region.x, region.side, tf.shape(pixels)[1])
    return tf.gather(tf.gather(pixels, rows), columns, axis=1)


def _mirrored(start, count, length):
    indices = tf.range(start, start + count) % (2 * length)
    return tf.minimum(indices, 2 * length - 1 - indices)


def to_network(crop, size: int):
    """A crop uint8 [side, side, 3] as the networks see it: float32 [size, size, 3] in [-1, 1]."""
    resized = tf.image.resize(crop, (size, size), "lanczos3", antialias=True)
    return tf.clip_by_value(tf.round(resized), 0.0, 255.0) / 127.5 - 1.0  # whole values, as from an image file


def window(region: Region, height, width) -> Window:
    """What of the region lies in a photo of that size."""
    return Window(
        tf.clip_by_value(region.y, 0, height),
        tf.clip_by_value(region.x, 0, width),
        tf.clip_by_value(region.y + region.side, 0, height),
        tf.clip_by_value(region.x + region.side, 0, width),
    )


def resample(values, region: Region, inside: Window, kernel: str = "triangle"):
    """Values of the whole region, [n, n, C], at the photo's pixels inside it: float32 [rows, columns, C].

    Args:
        values: of any type of number; n may be larger or smaller than the region's side.
        region: what they cover.
        inside: the rows and columns that are asked for.
        kernel: "triangle" is bilinear; "lanczos3" for photographs.
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


def cut_window(pixels, inside: Window):
    """The photo's pixels in the window."""
    return pixels[inside.top : inside.bottom, inside.left : inside.right]


def put_window(pixels, inside: Window, values):
    """The photo with the window's pixels exchanged for `values`, 0 to 255, float32 [rows, columns, C]."""
    values = tf.cast(tf.clip_by_value(tf.round(values), 0.0, 255.0), tf.uint8)
    rows = pixels[inside.top : inside.bottom]
    middle = tf.concat([rows[:, : inside.left], values, rows[:, inside.right :]], 1)
    return tf.concat([pixels[: inside.top], middle, pixels[inside.bottom :]], 0)


def pad_window(values, inside: Window, height, width):
    """Values of the window, [rows, columns, C], as those of the whole photo, 0 elsewhere."""
    return tf.pad(values, ((inside.top, height - inside.bottom), (inside.left, width - inside.right), (0, 0)))


def landing_region(box, region: Region, at, height, width, index) -> Region:
    """Where in another photo the crop of an object lies, so that the object's box lands at a given place.

    Args:
        box: of the object in its own photo, as `checked_box` returns it.
        region: of its crop.
        at: float32 [3], left and top of the box in the other photo and its width there; 0 keeps the width.
        height, width: of the other photo.
        index: in the request, for messages.

    Ends the request where the box would not lie inside the other photo, ROUNDING pixels let through.
    """
    place = tf.cast(at, tf.float64)
    factor = tf.where(tf.equal(place[2], 0.0), tf.constant(1.0, tf.float64), place[2] / box[2])
    limit = tf.cast(tf.stack([width, height]), tf.float64)
    start, size = place[:2], box[2:] * factor
    good = (start >= -ROUNDING) & (start + size <= limit + ROUNDING) & (size >= 1.0)
    inside = require(
        tf.reduce_all(good),
        "at[{}]: {} puts a box of {} pixels into a photo of {} x {}; expected X, Y and width of a box inside it",
        index,
        at,
        tf.cast(size, tf.float32),
        width,
        height,
    )
    with tf.control_dependencies([inside]):
        side = tf.maximum(tf.round(tf.cast(region.side, tf.float64) * factor), 1.0)
    corner = tf.cast(tf.stack([region.x, region.y]), tf.float64)
    corner = tf.cast(tf.round(start - (box[:2] - corner) * factor), tf.int32)
    return Region(corner[0], corner[1], tf.cast(side, tf.int32))
