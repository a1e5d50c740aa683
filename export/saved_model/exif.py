"""Orientation and transparency of encoded photographs in a TensorFlow graph: segments of JPEG, chunks of PNG and WebP.

What is damaged counts as not there.
"""

import tensorflow as tf

_PNG_WITH_ALPHA = (3, 4, 6)
"""Colour types whose pixels may be transparent: palette, grey and RGB with alpha."""
EXIF_SEARCH = 2**18
"""Bytes searched for EXIF data, which have at most 64 KiB; in a JPEG they come first or behind the JFIF segment."""
LATE_EXIF = 2**17
"""Bytes at the end of a PNG that are searched for EXIF data."""
MOST_CHUNKS = 1000
"""Chunks of a PNG, before its pixels, or of a WebP that are visited."""
_WEBP_EXIF = 8
"""Flag in a WebP's extended header."""
_ORIENTATION_TAG = 0x0112
_MAX_ENTRIES = 1024
_PADDING = 64
"""Zeros behind the bytes that hold EXIF data, so that offsets in a damaged file can be followed; they read as 0."""


def is_one_of(value, *numbers):
    return tf.reduce_any(tf.equal(value, tf.constant(numbers, value.dtype)))


def webp_flags(start):
    """Flags of the extended header of a WebP, int32; 0 if it has none."""
    flags = tf.cast(tf.io.decode_raw(tf.strings.substr(start, 20, 1), tf.uint8)[0], tf.int32)
    return tf.where(tf.strings.substr(start, 12, 4) == b"VP8X", flags, 0)


def png_facts(content, start):
    """Orientation of a PNG file, and whether its pixels may be transparent; `start`: its first bytes, 26 at least."""
    colour_type = tf.io.decode_raw(tf.strings.substr(start, 25, 1), tf.uint8)[0]
    places = _find_chunks(content, 8, (b"eXIf", b"tRNS", b"IDAT"), is_png=True)
    exif = tf.cond(places[0] > 0, lambda: places[0], lambda: _late_exif(content))
    return _chunk_orientation(content, exif), is_one_of(colour_type, *_PNG_WITH_ALPHA) | (places[1] > 0)


def _late_exif(content):
    """Place of EXIF data behind the pixels of a PNG file, as some programs write them; 0 if there are none."""
    length = tf.strings.length(content)
    first = tf.maximum(length - LATE_EXIF, 0)
    data = tf.io.decode_raw(tf.strings.substr(content, first, LATE_EXIF), tf.uint8)
    end = tf.maximum(tf.size(data) - 3, 0)
    name = tf.reduce_all([data[at : end + at] == value for at, value in enumerate(b"eXIf")], 0)
    found = tf.cast(tf.where(name)[:1, 0], tf.int64) + tf.cast(first, tf.int64)
    start = tf.concat([found, [tf.cast(length, tf.int64)]], 0)[0] - 4

    # Compressed pixels may hold these letters: from a true chunk, others lead to the last one.
    def is_true():
        places = _find_chunks(content, start, (b"eXIf", b"IEND", b"IEND"), is_png=True)
        return tf.where(places[1] == tf.cast(length, tf.int64) - 4, places[0], 0)

    return tf.cond(tf.size(found) > 0, is_true, lambda: tf.constant(0, tf.int64))


def webp_facts(content, start):
    def exif():
        return _find_chunks(content, 12, (b"EXIF",), is_png=False)[0]

    place = tf.cond(webp_flags(start) & _WEBP_EXIF != 0, exif, lambda: tf.constant(0, tf.int64))
    return _chunk_orientation(content, place), False


def _find_chunks(content, first, names, is_png):
    """Places of the data of the first chunks of these names, int64; 0 if there is none before the last of the names.

    `first` is the place of the first chunk. PNG has length (big-endian), name, data, checksum; WebP name, length
    (little-endian), data, and a byte more behind an odd number of them.
    """
    end = tf.cast(tf.strings.length(content), tf.int64) - 8
    length_at, name_at = (0, 4) if is_png else (4, 0)

    def more(position, count, found):
        return (position <= end) & (count < MOST_CHUNKS) & (found[-1] == 0)

    def step(position, count, found):
        head = tf.strings.substr(content, position, 8)
        length = tf.io.decode_raw(tf.strings.substr(head, length_at, 4), tf.int32, little_endian=not is_png)[0]
        length = tf.cast(length, tf.int64)
        here = (tf.strings.substr(head, name_at, 4) == tf.constant(names)) & (found == 0)
        following = position + 8 + length + (4 if is_png else length % 2)
        following = tf.where(length < 0, end + 1, following)  # no file is so long
        return following, count + 1, tf.where(here, position + 8, found)

    start = tf.cast(first, tf.int64), tf.constant(0), tf.zeros(len(names), tf.int64)
    return tf.while_loop(more, step, start)[2]


def _chunk_orientation(content, place):
    """Orientation in the EXIF data at a place of a file, int32; 1 if the place is 0."""

    def found():
        data = tf.strings.substr(content, place, EXIF_SEARCH)
        skipped = tf.where(tf.strings.substr(data, 0, 6) == b"Exif\0\0", 6, 0)  # some programs write JPEG's beginning
        data = tf.strings.substr(data, skipped, EXIF_SEARCH)
        return _tiff_orientation(_as_numbers(data), tf.constant(0, tf.int64))

    return tf.cond(place > 0, found, lambda: 1)


def jpeg_orientation(content):
    """EXIF orientation of a JPEG file, int32; 1 if it has none that can be read."""
    data = _as_numbers(tf.strings.substr(content, 0, EXIF_SEARCH))
    return _tiff_orientation(data, tf.cast(_find_exif(data), tf.int64))


def _as_numbers(content):
    """Bytes as int32, with zeros behind them."""
    return tf.cast(tf.io.decode_raw(tf.strings.join([content, b"\0" * _PADDING]), tf.uint8), tf.int32)


def _tiff_orientation(data, tiff):
    """Orientation in EXIF data, the TIFF header at `tiff` (JEITA CP-3451, 4.6): int32, 1 to 8; 1 if there is none."""
    last = tf.cast(tf.size(data) - 2, tf.int64)
    big = tf.gather(data, tiff) == ord("M")

    def short(position):
        position = tf.minimum(position, last)
        first, second = tf.gather(data, position), tf.gather(data, position + 1)
        return tf.cast(tf.where(big, first * 256 + second, second * 256 + first), tf.int64)

    high, low = short(tiff + 4), short(tiff + 6)
    directory = tiff + tf.where(big, high * 65536 + low, low * 65536 + high)
    count = tf.minimum(short(directory), _MAX_ENTRIES)
    entries = directory + 2 + 12 * tf.range(count)
    found = tf.boolean_mask(short(entries + 8), short(entries) == _ORIENTATION_TAG)
    orientation = tf.cast(tf.concat([found, [1]], 0)[0], tf.int32)
    return tf.where((orientation >= 1) & (orientation <= 8), orientation, 1)


def _find_exif(data):
    """Position of the TIFF header in the EXIF segment; of the padding if there is none."""
    end = tf.size(data) - _PADDING
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
