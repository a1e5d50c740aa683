"""EXIF data inside the bytes of JPEG and PNG files."""

import os
import struct
from pathlib import Path

from seigan_tf.data.photos.kinds import START, image_kind


def without_exif(content: bytes) -> bytes:
    """Remove the EXIF data of a JPEG or PNG file; other files are returned unchanged."""
    if image_kind(content[:START]) == "PNG":
        return _png_without_exif(content)
    if not content.startswith(b"\xff\xd8"):
        return content
    kept, position = [content[:2]], 2
    while content[position : position + 1] == b"\xff" and position + 4 <= len(content):
        marker, end = content[position + 1], position + 2 + int.from_bytes(content[position + 2 : position + 4], "big")
        if marker == 0xDA or end <= position + 2:  # the pixels begin, or the file is damaged
            break
        if not (marker == 0xE1 and content[position + 4 : position + 10] == b"Exif\0\0"):
            kept.append(content[position:end])
        position = end
    return b"".join([*kept, content[position:]])


def _png_without_exif(content: bytes) -> bytes:
    kept, position = [content[:8]], 8
    while position < len(content):
        end = position + 12 + int.from_bytes(content[position : position + 4], "big")
        if content[position + 4 : position + 8] != b"eXIf":
            kept.append(content[position:end])
        position = end
    return b"".join(kept)


def has_late_exif(path: Path) -> bool:
    """Tell whether a PNG file has its EXIF data behind the pixels, where some programs put it."""
    with path.open("rb") as file:
        file.seek(8)
        while len(header := file.read(8)) == 8:
            length, kind = struct.unpack(">I4s", header)
            if kind == b"eXIf":
                return True
            file.seek(length + 4, os.SEEK_CUR)
    return False
