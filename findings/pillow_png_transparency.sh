#!/usr/bin/env bash
# Pillow makes another colour transparent than a PNG file says, or makes all of it white, unless its values have 8 bits.
#
# Expected: a file of two grey or RGB pixels, the first of them the transparent colour of its tRNS chunk, becomes RGBA
#           with alpha 0 and 255 and keeps its colours, at every depth (PNG, 11.3.2.1).
# Seen:     right at 1 and 8 bits only. Grey of 2 and 4 bits is scaled to 8, the transparent colour is not, so that no
#           pixel fits it; RGB of 16 bits alike. Grey of 16 bits is clipped at 255 before it is compared: all is white.
#
# pillow 13.0.0, Python 3.11, 2026-11-29 (12.3.0 alike):
#     grey, 1 bit: [(255, 255, 255, 0), (0, 0, 0, 255)]
#     grey, 2 bits: [(85, 85, 85, 255), (170, 170, 170, 255)]
#     grey, 4 bits: [(85, 85, 85, 255), (170, 170, 170, 255)]
#     grey, 8 bits: [(80, 80, 80, 0), (160, 160, 160, 255)]
#     grey, 16 bits: [(255, 255, 255, 255), (255, 255, 255, 255)]
#     RGB, 8 bits: [(80, 81, 82, 0), (160, 160, 160, 255)]
#     RGB, 16 bits: [(80, 81, 82, 255), (160, 160, 160, 255)]
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet pillow==13.0.0

"$folder/venv/bin/python" - <<'PYTHON'
import io
import struct
import sys
import zlib

from PIL import Image


def png(depth, colour_type, row, transparent):
    def chunk(kind, content):
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))

    header = chunk(b"IHDR", struct.pack(">IIBBBBB", 2, 1, depth, colour_type, 0, 0, 0)) + chunk(b"tRNS", transparent)
    return b"\x89PNG\r\n\x1a\n" + header + chunk(b"IDAT", zlib.compress(b"\0" + row)) + chunk(b"IEND", b"")


FILES = {
    "grey, 1 bit": png(1, 0, b"\x80", b"\0\1"),
    "grey, 2 bits": png(2, 0, b"\x60", b"\0\1"),
    "grey, 4 bits": png(4, 0, b"\x5a", b"\0\5"),
    "grey, 8 bits": png(8, 0, b"\x50\xa0", b"\0\x50"),
    "grey, 16 bits": png(16, 0, b"\x50\0\xa0\0", b"\x50\0"),
    "RGB, 8 bits": png(8, 2, b"\x50\x51\x52\xa0\xa0\xa0", b"\0\x50\0\x51\0\x52"),
    "RGB, 16 bits": png(16, 2, b"\x50\0\x51\0\x52\0\xa0\0\xa0\0\xa0\0", b"\x50\0\x51\0\x52\0"),
}
seen = {}
for name, content in FILES.items():
    image = Image.open(io.BytesIO(content)).convert("RGBA")
    seen[name] = [image.getpixel((x, 0)) for x in (0, 1)]
    print(f"{name}: {seen[name]}")
right = [name for name, pixels in seen.items() if [pixel[3] for pixel in pixels] == [0, 255]]
white = [name for name, pixels in seen.items() if {pixel[:3] for pixel in pixels} == {(255, 255, 255)}]
sys.exit((right, white) != (["grey, 1 bit", "grey, 8 bits", "RGB, 8 bits"], ["grey, 16 bits"]))
PYTHON
