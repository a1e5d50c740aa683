"""Facts of encoded photographs in a TensorFlow graph: format, size and orientation, read and checked before decoding.

Invalid input ends the request with INVALID_ARGUMENT and a line that names the input, its place in the batch, its value
and the expectation. JPEG, PNG and WebP are accepted.
"""

from typing import NamedTuple

import tensorflow as tf

from seigan_tf.data.photos import kinds

from .exif import jpeg_orientation, png_facts, webp_facts, webp_flags

MAX_PIXELS = 50_000_000
"""Largest photo; phones stay below by default. Decoding takes up to 8 bytes per pixel, however small the file is."""

JPEG, PNG, WEBP = 0, 1, 2
WEBP_ANIMATION = 2
"""Flag in a WebP's extended header."""


class Header(NamedTuple):
    """Facts read from a photo without decoding it; scalars of the graph."""

    kind: tf.Tensor
    """int32: JPEG, PNG or WEBP."""
    height: tf.Tensor
    """int32, upright."""
    width: tf.Tensor
    orientation: tf.Tensor
    """EXIF orientation, int32, 1 to 8."""
    transparent: tf.Tensor
    """bool: whether a PNG may have transparent pixels."""


_NUMBER = tf.TensorSpec((), tf.int32)
HEADER_SPEC = Header(_NUMBER, _NUMBER, _NUMBER, _NUMBER, tf.TensorSpec((), tf.bool))


def require(condition, text: str, *values) -> tf.Operation:
    """End the request with INVALID_ARGUMENT unless the condition holds; `text` has one {} for each value.

    Operations under tf.control_dependencies of the result start only after the check.
    """
    return tf.debugging.Assert(condition, [tf.strings.format(text, values) if values else text])


def read_header(content, name: str, index) -> Header:
    """Size and orientation of an encoded photo; `name` and `index`, input and place in the batch, are for messages."""
    start = tf.strings.join([tf.strings.substr(content, 0, 32), b"\0" * 32])  # long enough for every read below
    is_jpeg, is_png, is_webp = (_is_kind(start, kind) for kind in ("JPEG", "PNG", "WebP"))
    known = is_jpeg | (is_png & (tf.strings.substr(start, 12, 4) == b"IHDR")) | is_webp
    what = tf.cond(known, lambda: tf.constant(b""), lambda: _described(content, start))
    text = tf.strings.join(
        [f"{name}[", tf.strings.as_string(index), "]: ", what, "; expected a JPEG, PNG or WebP file"]
    )
    with tf.control_dependencies([tf.debugging.Assert(known, [text])]):
        content, start = tf.identity(content), tf.identity(start)
        kind = tf.where(is_jpeg, JPEG, tf.where(is_png, PNG, WEBP))

    size = tf.switch_case(
        kind, [lambda: tf.image.extract_jpeg_shape(content)[:2], lambda: _png_size(start), lambda: _webp_size(start)]
    )
    height, width = size[0], size[1]
    fits = (height > 0) & (width > 0) & (tf.cast(height, tf.int64) * tf.cast(width, tf.int64) <= MAX_PIXELS)
    message = f"{name}[{{}}]: {{}} x {{}} pixels; expected at most {MAX_PIXELS} pixels"
    still = require(
        ~is_webp | (webp_flags(start) & WEBP_ANIMATION == 0),
        f"{name}[{{}}]: an animated WebP file; expected a photo",
        index,
    )
    with tf.control_dependencies([require(fits, message, index, width, height), still]):
        kind = tf.identity(kind)
    orientation, transparent = tf.switch_case(
        kind,
        [
            lambda: (jpeg_orientation(content), False),
            lambda: png_facts(content, start),
            lambda: webp_facts(content, start),
        ],
    )
    turned = orientation >= 5
    height, width = tf.where(turned, width, height), tf.where(turned, height, width)
    return Header(kind, height, width, orientation, transparent)


def _is_kind(start, name):
    """Whether the first bytes are those of a kind of images, by `kinds.IMAGES`."""
    fits = [
        tf.reduce_all([tf.strings.substr(start, at, len(mark)) == mark for at, mark in marks])
        for kind, marks in kinds.IMAGES
        if kind == name
    ]
    return tf.reduce_any(fits)


def _described(content, start):
    """The kind of a file that is no JPEG, PNG or WebP, in words."""
    what = tf.strings.join([tf.strings.as_string(tf.strings.length(content)), " bytes that are no image"])
    names = dict.fromkeys(name for name, _ in kinds.IMAGES if name not in ("JPEG", "PNG", "WebP"))
    for name in reversed(names):  # the first that fits counts
        article = "an" if name[0] in "AEIO" else "a"
        what = tf.where(_is_kind(start, name), f"{article} {name} file", what)
    return what


def _png_size(start):
    return tf.io.decode_raw(tf.strings.substr(start, 16, 8), tf.int32, little_endian=False)[::-1]


def _webp_size(start):
    """Height and width in the first chunk: extended, lossless or lossy (RFC 9649, 2.5 to 2.7)."""
    data = tf.cast(tf.io.decode_raw(tf.strings.substr(start, 0, 32), tf.uint8), tf.int32)
    chunk = tf.strings.substr(start, 12, 4)
    bits = data[21] + data[22] * 2**8 + data[23] * 2**16 + data[24] * 2**24
    extended = [1 + data[at] + data[at + 1] * 2**8 + data[at + 2] * 2**16 for at in (27, 24)]
    lossless = [1 + (tf.bitwise.right_shift(bits, 14) & 0x3FFF), 1 + (bits & 0x3FFF)]
    lossy = [(data[at] + data[at + 1] * 2**8) & 0x3FFF for at in (28, 26)]
    return tf.where(chunk == b"VP8X", extended, tf.where(chunk == b"VP8L", lossless, lossy))
