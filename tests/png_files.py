"""PNG files made chunk by chunk, as Pillow does not write them."""

import struct
import zlib


def chunk(kind, content):
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))


def four_pixels(depth, colour_type, row, transparent):
    """A PNG file of four pixels whose transparent colour is in its tRNS chunk, at any depth."""

    parts = chunk(b"IHDR", struct.pack(">IIBBBBB", 4, 1, depth, colour_type, 0, 0, 0)) + chunk(b"tRNS", transparent)
    return b"\x89PNG\r\n\x1a\n" + parts + chunk(b"IDAT", zlib.compress(b"\0" + row)) + chunk(b"IEND", b"")


TRANSPARENT_COLOURS = {
    "1 bit": four_pixels(1, 0, b"\x50", b"\0\1"),
    "2 bits": four_pixels(2, 0, b"\x1b", b"\0\1"),
    "4 bits": four_pixels(4, 0, b"\x15\x9f", b"\0\5"),
    "8 bits": four_pixels(8, 0, b"\0\x64\x65\xff", b"\0\x64"),
    "16 bits": four_pixels(16, 0, struct.pack(">4H", 0, 0x6400, 0x6500, 65535), b"\x64\0"),
    "RGB": four_pixels(8, 2, bytes([1, 2, 3, 4, 5, 6, 7, 8, 9, 0, 0, 0]), struct.pack(">3H", 4, 5, 6)),
    "RGB of 16 bits": four_pixels(16, 2, bytes([1, 9, 2, 9, 3, 9, 4, 9, 5, 9, 6, 9] * 2), b"\4\t\5\t\6\t"),
}
"""Files of four pixels; in each the second, and maybe the fourth, is transparent."""
