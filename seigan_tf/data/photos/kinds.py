"""Kinds of image files, told by their first bytes; camera raw files, which hold a preview but no finished picture."""

import struct
from typing import BinaryIO

START = 256  # bytes that tell every kind

Marks = tuple[tuple[int, bytes], ...]  # places in the file, and what stands there

IMAGES: tuple[tuple[str, Marks], ...] = (
    ("JPEG", ((0, b"\xff\xd8\xff"),)),
    ("PNG", ((0, b"\x89PNG\r\n\x1a\n"),)),
    ("WebP", ((0, b"RIFF"), (8, b"WEBP"))),
    ("GIF", ((0, b"GIF8"),)),
    ("BMP", ((0, b"BM"), (6, b"\0\0\0\0"))),
    *(("PPM", ((0, b"P%d\n" % number),)) for number in range(1, 7)),
    ("AVIF", ((4, b"ftypavi"),)),
    ("HEIC", ((4, b"ftyphe"),)),
    ("HEIC", ((4, b"ftypmif1"),)),
    ("JPEG 2000", ((0, b"\0\0\0\x0cjP  "),)),
    ("JPEG 2000", ((0, b"\xff\x4f\xff\x51"),)),
    ("JPEG XL", ((0, b"\xff\x0a"),)),
    ("JPEG XL", ((0, b"\0\0\0\x0cJXL "),)),
    ("Photoshop", ((0, b"8BPS"),)),
    ("Canon CR2", ((0, b"II*\0"), (8, b"CR"))),
    ("Canon CR3", ((4, b"ftypcrx "),)),
    ("Canon CRW", ((6, b"HEAPCCDR"),)),
    ("Fujifilm RAF", ((0, b"FUJIFILMCCD-RAW"),)),
    ("Olympus ORF", ((0, b"IIRO"),)),
    ("Olympus ORF", ((0, b"IIRS"),)),
    ("Panasonic RW2", ((0, b"IIU\0"),)),
    ("Sigma X3F", ((0, b"FOVb"),)),
    ("TIFF", ((0, b"II*\0"),)),
    ("TIFF", ((0, b"MM\0*"),)),
)
"""Names of kinds and their first bytes; the first that fits counts."""
RAW = frozenset(name for name, _ in IMAGES if name.startswith(("Canon", "Fujifilm", "Olympus", "Panasonic", "Sigma")))
UNREAD = frozenset({"JPEG XL", "Photoshop"})
"""Kinds of finished pictures that nothing here reads."""
RAW_SUFFIXES = frozenset(
    {".3fr", ".arw", ".cr2", ".cr3", ".crw", ".dcr", ".dng", ".erf", ".fff", ".iiq", ".kdc", ".mef", ".mos", ".mrw"}
    | {".nef", ".nrw", ".orf", ".pef", ".raf", ".raw", ".rw2", ".rwl", ".sr2", ".srf", ".srw", ".x3f"}
)
"""File name endings of camera raw files. Many have the first bytes of a TIFF file."""
_HEIC_BRANDS = frozenset({b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1"})
_PHOTOMETRIC, _SUB_DIRECTORIES, _DNG_VERSION = 262, 330, 50706  # tags of TIFF 6.0, its supplement 1, and DNG 1.7
_SENSOR_VALUES = (32803, 34892)  # photometric interpretations: colour filter array, linear raw


def image_kind(start: bytes) -> str | None:
    """Name the kind of an image file by its first START bytes; None if it is no known one."""
    if start[4:8] == b"ftyp":  # ISO/IEC 14496-12: the first brand is often the common "mif1"
        brands = {start[at : at + 4] for at in range(8, min(int.from_bytes(start[:4], "big"), len(start)), 4)}
        if brands & {b"avif", b"avis"}:
            return "AVIF"
        if brands & _HEIC_BRANDS:
            return "HEIC"
    fits = (name for name, marks in IMAGES if all(start[at:].startswith(mark) for at, mark in marks))
    return next(fits, None)


def raw_kind(file: BinaryIO, start: bytes, suffix: str) -> str | None:
    """Name the kind of a camera raw file; None if it is another one. `suffix` is the ending of its name.

    A file with the first bytes of TIFF is raw if its name says so, if it has a DNG version, or if one of its
    directories holds values of the sensor.
    """
    kind = image_kind(start)
    if kind in RAW:
        return kind
    suffix = suffix.lower()
    if kind == "TIFF" and (suffix in RAW_SUFFIXES or _has_sensor_values(file, start)):
        return suffix[1:].upper() if suffix in RAW_SUFFIXES else "DNG, NEF or another"
    return None


def _has_sensor_values(file: BinaryIO, start: bytes) -> bool:
    order = "<" if start.startswith(b"II") else ">"
    pending = list(struct.unpack(order + "I", start[4:8])) if len(start) >= 8 else []
    for _ in range(10):  # circular directories end
        if not pending:
            return False
        try:
            entries = _entries(file, pending.pop(0), order)
            if _DNG_VERSION in entries or entries.get(_PHOTOMETRIC, (0, 0))[1] in _SENSOR_VALUES:
                return True
            count, value = entries.get(_SUB_DIRECTORIES, (0, 0))
            if count > 1:
                file.seek(value)
                pending += struct.unpack(f"{order}{min(count, 10)}I", file.read(4 * min(count, 10)))
            elif count:
                pending.append(value)
        except struct.error:  # damaged
            continue
    return False


def _entries(file: BinaryIO, offset: int, order: str) -> dict[int, tuple[int, int]]:
    """Count and value of each tag of a directory; a value that does not fit is the place of the values."""
    file.seek(offset)
    (count,) = struct.unpack(order + "H", file.read(2))
    entries = {}
    for _ in range(count):
        tag, kind, number, value = struct.unpack(order + "HHI4s", file.read(12))
        is_short = kind == 3 and number == 1
        entries[tag] = number, struct.unpack(order + ("H2x" if is_short else "I"), value)[0]
    return entries
