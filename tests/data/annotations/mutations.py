"""Damage to annotation files, and what readers may make of it: photos and problems, or one clear line; no traceback."""

import json
import random
import re
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from PIL import Image

from seigan_tf.data.annotations.formats import read_annotations
from seigan_tf.data.annotations.masks import object_mask
from seigan_tf.data.photos.photo import Box, Note, Object, Photo, Problem

WIDTH, HEIGHT = 24, 16
"""Size of every photo: small, as each file is read thousands of times."""


class AnnotatedSet(NamedTuple):
    """A valid set, and the file of it that is damaged."""

    images: Path
    annotations: Path
    damaged: Path


def photos(folder: Path, *names: str) -> Path:
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.new("RGB", (WIDTH, HEIGHT)).save(path)
    return folder


def written(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


class Target(NamedTuple):
    """A reader and a set to damage, and the number of times."""

    source: str
    build: Callable[[Path], AnnotatedSet]
    """Writes a valid set into an empty folder."""
    mutations: int
    written: Callable[[Box, Photo], Sequence[float]] | None = None
    """Makes the numbers of the file of a box of a photo; None if boxes are computed from more than four numbers."""

    @property
    def name(self) -> str:
        return self.build.__name__ if hasattr(self.build, "__name__") else str(self.build.args[0])


NUMBER = re.compile(rb"-?\d+(?:\.\d+)?(?:[eE][-+]?\d+)?")
STATED = re.compile(rb"[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?")  # every way to write a number
WORD = re.compile(rb"[A-Za-z_][A-Za-z_0-9.]*")
NUMBERS = (
    *(b"NaN", b"nan", b"Infinity", b"-inf", b"1e999", b"-1e999", b"1e308", b"-1", b"0", b"-0.0", b"1e-400", b"0.5"),
    *(b"", b" ", b"null", b"true", b'"1"', b"[]", b"1_0", b"0x10", b"1,5", "١".encode(), b"2147483648"),
    *(b"9223372036854775807", b"9223372036854775808", b"9" * 40, b"9" * 5000, b"1" + b"0" * 400),
)
WORDS = (
    *(b"", b"..", b"../a.png", b"/etc/passwd", b"a" * 5000, b"{", b"]", b'"', b"<", b"&", b"&#0;", b"&x;", b"\\"),
    *(b"\\ud800", b"\\u0000", b"\xff\xfe", b"\xed\xa0\x80", b"\n", b"\r", b"\0", b"\xe2\x80\xa8"),
    *(b"- ", b": ", b"!!int ", b"*x"),
)
VALUES = (None, True, -1, 0, 2**31, 2**63, 2**70, 1e308, "", "..", "a\0\n\u2028", [], {}, [[]], [None], {"": None})


def damaged(data: bytes, random: random.Random) -> bytes:
    """The file with one to three changes; most of them make it malformed in one place only."""
    for _ in range(random.choice((1, 1, 1, 2, 3))):
        data = random.choice(CHANGES)(data, random)
    return data


def _span(data: bytes, random: random.Random) -> tuple[int, int]:
    start = random.randrange(len(data) + 1)
    return start, min(start + random.choice((1, 2, 5, 20, 80)), len(data))


def flip_bytes(data: bytes, random: random.Random) -> bytes:
    changed = bytearray(data)
    for _ in range(random.choice((1, 1, 3, 10)) if data else 0):
        changed[random.randrange(len(data))] ^= 1 << random.randrange(8)
    return bytes(changed)


def truncate(data: bytes, random: random.Random) -> bytes:
    return data[: random.randrange(len(data) + 1)]


def delete_span(data: bytes, random: random.Random) -> bytes:
    start, end = _span(data, random)
    return data[:start] + data[end:]


def repeat_span(data: bytes, random: random.Random) -> bytes:
    start, end = _span(data, random)
    return data[:end] + data[start:end] * random.choice((1, 1, 2, 50)) + data[end:]


def move_span(data: bytes, random: random.Random) -> bytes:
    start, end = _span(data, random)
    rest = data[:start] + data[end:]
    place = random.randrange(len(rest) + 1)
    return rest[:place] + data[start:end] + rest[place:]


def insert_bytes(data: bytes, random: random.Random) -> bytes:
    place = random.randrange(len(data) + 1)
    return data[:place] + random.choice((*WORDS, random.randbytes(4), b"[" * 300)) + data[place:]


def _replace_match(pattern: re.Pattern, values, data: bytes, random: random.Random) -> bytes:
    matches = list(pattern.finditer(data))
    if not matches:
        return data
    match = random.choice(matches)
    # A value of the file itself: duplicate names, keys in the wrong place.
    value = random.choice((*values, *[random.choice(matches).group()] * (len(values) // 2)))
    return data[: match.start()] + value + data[match.end() :]


def change_number(data: bytes, random: random.Random) -> bytes:
    return _replace_match(NUMBER, NUMBERS, data, random)


def change_word(data: bytes, random: random.Random) -> bytes:
    return _replace_match(WORD, WORDS, data, random)


def change_json(data: bytes, random: random.Random) -> bytes:
    """One value replaced by another of the file or of VALUES, or one key renamed or removed."""
    try:
        content = json.loads(data)
    except (ValueError, RecursionError):
        return change_number(data, random)
    places = list(nodes(content))
    if not places:
        return data
    parent, key = random.choice(places)
    other, other_key = random.choice(places)
    change = random.randrange(4)
    if change == 0:
        parent[key] = json.loads(json.dumps(other[other_key]))
    elif change == 1 and isinstance(parent, dict):
        parent[random.choice(("", str(other_key), key.upper()))] = parent.pop(key)
    elif change == 2:
        del parent[key]
    else:
        parent[key] = random.choice(VALUES)
    return json.dumps(content, ensure_ascii=random.random() < 0.5).encode("utf-8", "surrogatepass")


def nodes(value: Any) -> Iterator[tuple[Any, Any]]:
    """Parent and key or index of every value below."""
    keys = list(value) if isinstance(value, dict) else range(len(value)) if isinstance(value, list) else ()
    for key in keys:
        yield value, key
        yield from nodes(value[key])


CHANGES = (
    *(flip_bytes, truncate, delete_span, repeat_span, move_span, insert_bytes),
    *(change_number, change_number, change_number, change_word, change_word, change_word),
    *(change_json, change_json, change_json, change_json),
)


def check(item: Any) -> None:
    """Check that an item of a reader can be used, and written into a report."""
    if isinstance(item, Problem):
        assert item.kind in ("photo", "object")
        for text in item[1:]:
            assert text
            assert len(text.splitlines()) == 1
            assert len(text) < 1000
            assert text.encode()
        return
    if isinstance(item, Note):
        assert len(item.text.splitlines()) == 1
        assert item.text.encode()
        return
    assert isinstance(item, Photo)
    assert item.name.encode()
    assert not item.name.startswith(("/", "../"))
    assert item.width >= 1
    assert item.height >= 1
    for entry in item.objects:
        x, y, w, h = entry.box
        assert 0 <= x <= x + w <= item.width
        assert 0 <= y <= y + h <= item.height
        assert entry.category.encode() is not None
        assert -(2**63) < entry.id < 2**63
        check_mask(entry, item)


def check_mask(entry: Object, photo: Photo) -> None:
    """Check that the object's mask can be made, or is refused in one line."""
    if (photo.width, photo.height) != (WIDTH, HEIGHT):
        return  # Before masks are made the photo is opened, and refused for its size.
    try:
        mask = object_mask(entry, photo)
    except ValueError as error:
        assert len(str(error).splitlines()) == 1
        assert len(str(error)) < 1000
        return
    assert mask is None or (mask.shape == (HEIGHT, WIDTH) and mask.dtype == bool)


def check_numbers(target: Target, photo: Photo, data: bytes) -> None:
    """Check that the numbers of each box stand in the file: none was made up of something else, or changed."""
    if (photo.width, photo.height) != (WIDTH, HEIGHT):
        return  # The photo is refused for its size when it is opened.
    stated = [float(number) for number in STATED.findall(data)]
    for item in photo.objects:
        x, y, w, h = item.box
        inside = x > 0 and y > 0 and x + w < photo.width and y + h < photo.height  # else it may have been clipped
        for number in target.written(item.box, photo) if target.written and inside else ():
            assert any(abs(number - other) < 0.05 for other in stated), (item.box, data[:2000])


def survive(target: Target, folder: Path, count: int, seed: int) -> dict[str, int]:
    """Reads `count` damaged files; fails with the first that gives anything but items or one line."""
    images, annotations, path = target.build(folder)
    valid = path.read_bytes()
    folder = annotations if annotations.is_dir() else path.parent
    others = b"\n".join(other.read_bytes() for other in folder.rglob("*.*") if other != path and other.suffix != ".png")
    outcomes = {"without problems": 0, "with problems": 0, "refused": 0}
    expected = list(read_annotations(target.source, images, annotations))
    assert expected
    assert not [item for item in expected if isinstance(item, Problem)]
    for index in range(count):
        data = damaged(valid, random.Random(seed * 100_000 + index))
        path.write_bytes(data)
        try:
            items = []
            for item in read_annotations(target.source, images, annotations):
                check(item)
                items.append(item)
                if isinstance(item, Photo):
                    check_numbers(target, item, data + others)
            outcomes["with problems" if any(isinstance(item, Problem) for item in items) else "without problems"] += 1
        except ValueError as error:
            message = str(error)
            assert len(message.splitlines()) == 1, f"{index}: {message!r}"
            assert len(message) < 1000
            assert message.encode()
            outcomes["refused"] += 1
        except Exception as error:
            pytest.fail(f"mutation {index} of seed {seed}: {error!r} from {data[:2000]!r}")
    return outcomes
