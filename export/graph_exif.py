"""The EXIF orientation of a JPEG file inside a TensorFlow graph, which has no operation for it (JEITA CP-3451, 4.6)."""

import tensorflow as tf

SEARCHED = 2**18
"""Bytes in which the EXIF segment is looked for. It has at most 64 KiB and comes first or behind the JFIF segment."""
_TAG = 0x0112
_MOST_ENTRIES = 1024
_ZEROS = 64
"""Behind the bytes, so that whatever a damaged file points at can be read, as 0."""


def jpeg_orientation(content):
    """int32 scalar, 1 to 8; 1 where the file has none that can be read, as seigan_tf.data.photographs has it.

    Args:
        content: string scalar, starting as a JPEG file.
    """
    start = tf.strings.substr(content, 0, SEARCHED)
    data = tf.cast(tf.io.decode_raw(tf.strings.join([start, b"\0" * _ZEROS]), tf.uint8), tf.int32)
    return _tiff_orientation(data, _find_exif(data))


def _find_exif(data):
    """Where the TIFF header of the EXIF segment is, or where there are only zeros."""
    end = tf.size(data) - _ZEROS
    exif = tf.constant(list(b"Exif\0\0"), tf.int32)

    def more(position, found):
        here = tf.minimum(position, end)  # every part of the condition is computed
        # SOS, 0xDA, begins the pixels.
        return (found < 0) & (position < end) & (data[here] == 0xFF) & (data[here + 1] != 0xDA)

    def step(position, found):
        is_exif = (data[position + 1] == 0xE1) & tf.reduce_all(data[position + 4 : position + 10] == exif)
        length = tf.maximum(data[position + 2] * 256 + data[position + 3], 2)
        return position + 2 + length, tf.where(is_exif, position + 10, found)

    _, found = tf.while_loop(more, step, (tf.constant(2), tf.constant(-1)))
    return tf.where(found < 0, end, found)


def _tiff_orientation(data, tiff):
    """The orientation in the first directory of the TIFF header at `tiff`."""
    last = tf.cast(tf.size(data) - 2, tf.int64)
    tiff = tf.cast(tiff, tf.int64)
    big = tf.gather(data, tiff) == ord("M")

    def short(position):
        position = tf.minimum(position, last)
        first, second = tf.gather(data, position), tf.gather(data, position + 1)
        return tf.cast(tf.where(big, first * 256 + second, second * 256 + first), tf.int64)

    high, low = short(tiff + 4), short(tiff + 6)
    directory = tiff + tf.where(big, high * 65536 + low, low * 65536 + high)
    count = tf.minimum(short(directory), _MOST_ENTRIES)
    entries = directory + 2 + 12 * tf.range(count)
    found = tf.boolean_mask(short(entries + 8), short(entries) == _TAG)
    orientation = tf.cast(tf.concat([found, [1]], 0)[0], tf.int32)
    return tf.where((orientation >= 1) & (orientation <= 8), orientation, 1)
