"""Opening photographs: every kind of pixels becomes upright 8-bit RGB, every kind of damage one line."""

import io
import os
import struct
import subprocess
import sys
import warnings
import zlib
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image, ImageOps
from PIL.PngImagePlugin import PngInfo
from pillow_heif import register_heif_opener

from seigan_tf.data.photos import decoding, reading
from seigan_tf.data.photos.exif import without_exif
from seigan_tf.data.photos.photo import Photo
from seigan_tf.data.photos.reading import MAX_PIXELS, UnreadablePhoto, photo_size, read_photo
from tests.png_files import TRANSPARENT_COLOURS, chunk

ROOT = Path(__file__).parents[3]
WIDTH, HEIGHT = 24, 16
GREY = np.linspace(0, 255, WIDTH * HEIGHT).reshape(HEIGHT, WIDTH)


def read(path, width=WIDTH, height=HEIGHT):
    pixels = read_photo(Photo(path, width, height))
    assert pixels.shape == (height, width, 3)
    assert pixels.dtype == np.uint8
    return pixels


def reason(function, *arguments) -> str:
    """The message with which the photo is refused, after checking that it is one line."""
    with pytest.raises(UnreadablePhoto) as caught:
        function(*arguments)
    text = str(caught.value)
    assert text
    assert "\n" not in text
    return text


def colours():
    """An RGB image without two equal pixels."""
    rows, columns = np.indices((HEIGHT, WIDTH))
    return np.stack([rows * 15, columns * 10, rows + columns], axis=-1).astype(np.uint8)


def png_header(width, height):
    """A PNG file of that size without pixels."""
    header = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + header + chunk(b"IDAT", zlib.compress(b"")) + chunk(b"IEND", b"")


@pytest.mark.parametrize("name", ["a.png", "a.bmp", "a.tif", "a.webp", "a.gif", "a.ppm"])
def test_colours_of_every_format_are_kept(tmp_path, name):
    path = tmp_path / name
    Image.fromarray(colours()).save(path, **({"lossless": True} if name == "a.webp" else {}))
    expected = np.asarray(Image.open(path).convert("RGB"))
    assert (read(path) == expected).all()
    assert np.abs(read(path).astype(int) - colours()).max() <= (40 if name == "a.gif" else 0)
    assert photo_size(path) == (WIDTH, HEIGHT)


@pytest.mark.parametrize("mode", ["1", "L"])
def test_grey_and_black_and_white_become_rgb(tmp_path, mode):
    image = Image.fromarray(GREY.astype(np.uint8)).convert(mode)
    image.save(tmp_path / "a.png")
    assert (read(tmp_path / "a.png") == np.asarray(image.convert("L"))[..., None]).all()


@pytest.mark.parametrize("mode", ["LA", "RGBA"])
def test_what_is_transparent_lies_on_white(tmp_path, mode):
    alpha = np.zeros((HEIGHT, WIDTH), np.uint8)
    alpha[:, 8:16] = 128
    alpha[:, 16:] = 255
    colour = Image.new(mode[:-1], (WIDTH, HEIGHT), "black")
    colour.putalpha(Image.fromarray(alpha))
    assert colour.mode == mode
    colour.save(tmp_path / "a.png")
    pixels = read(tmp_path / "a.png")
    assert (pixels[:, :8] == 255).all()
    assert np.abs(pixels[:, 8:16].astype(int) - 127).max() <= 1
    assert (pixels[:, 16:] == 0).all()


@pytest.mark.parametrize("transparent", [False, True])
def test_palettes_become_colours_and_their_transparent_entry_white(tmp_path, transparent):
    indices = np.zeros((HEIGHT, WIDTH), np.uint8)
    indices[:, 12:] = 1
    image = Image.fromarray(indices).convert("P")
    image.putpalette([200, 10, 20, 30, 40, 250])
    image.save(tmp_path / "a.png", **({"transparency": 0} if transparent else {}))
    pixels = read(tmp_path / "a.png")
    assert (pixels[:, :12] == (255 if transparent else [200, 10, 20])).all()
    assert (pixels[:, 12:] == [30, 40, 250]).all()


def test_cmyk_jpeg_becomes_rgb(tmp_path):
    Image.new("CMYK", (WIDTH, HEIGHT), (0, 255, 255, 0)).save(tmp_path / "a.jpg", quality=95)
    assert np.abs(read(tmp_path / "a.jpg").astype(int) - [255, 0, 0]).max() <= 8


@pytest.mark.parametrize("name", ["a.png", "a.tif"])
def test_16_bit_grey_is_scaled_and_not_clipped(tmp_path, name):
    Image.fromarray((GREY * 257).astype(np.uint16)).save(tmp_path / name)
    assert Image.open(tmp_path / name).mode.startswith("I;16")
    assert np.abs(read(tmp_path / name)[..., 0] - GREY).max() <= 1


@pytest.mark.parametrize("compression", [None, "tiff_deflate"])
@pytest.mark.parametrize(("dtype", "top"), [(np.uint8, 255), (np.uint16, 65535), (np.float32, 1)])
def test_grey_whose_0_is_white_is_no_negative(tmp_path, monkeypatch, compression, dtype, top):
    monkeypatch.setattr(decoding, "STRIP_PIXELS", 5 * WIDTH)
    content = io.BytesIO()
    Image.fromarray(((255 - GREY) / 255 * top).astype(dtype)).save(content, "TIFF", compression=compression)
    black, white = (struct.pack("<HHII", 262, 3, 1, value) for value in (1, 0))  # photometric interpretation
    assert content.getvalue().count(black) == 1
    (tmp_path / "a.tif").write_bytes(content.getvalue().replace(black, white))
    assert np.abs(read(tmp_path / "a.tif")[..., 0] - GREY).max() <= 1


def test_a_dark_16_bit_photo_stays_dark(tmp_path):
    Image.fromarray(np.full((HEIGHT, WIDTH), 2570, np.uint16)).save(tmp_path / "a.png")
    assert (read(tmp_path / "a.png") == 10).all()


@pytest.mark.parametrize("content", TRANSPARENT_COLOURS.values(), ids=TRANSPARENT_COLOURS)
def test_the_transparent_colour_of_a_png_is_white_and_hidden_whatever_its_depth(tmp_path, content):
    (tmp_path / "a.png").write_bytes(content)
    picture = reading.read(tmp_path / "a.png")
    assert picture.alpha[0, :3].tolist() == [255, 0, 255]
    visible = read_photo(Photo(tmp_path / "a.png", 4, 1))
    assert (visible == picture.visible).all()
    assert (visible[0, 1] == 255).all()
    assert (visible[0, 2] == picture.pixels[0, 2]).all()
    assert not (visible[0, 0] == 255).all()


@pytest.mark.parametrize("orientation", range(1, 9))
def test_jpegs_too_large_for_many_processes_are_decoded_at_half_their_size(tmp_path, monkeypatch, orientation):
    exif = Image.Exif()
    exif[0x0112] = orientation
    rows, columns = np.indices((75, 91))
    pixels = np.stack([rows * 3, columns * 2, rows + columns], axis=-1).astype(np.uint8)
    path = tmp_path / "a.jpg"
    Image.fromarray(turned(pixels, orientation)).save(path, exif=exif, quality=95)
    monkeypatch.setattr(reading, "FEW", 75 * 91 - 1)
    monkeypatch.setattr(reading, "MOST_IN_FULL", 75 * 91)
    whole = read(path, 91, 75)
    monkeypatch.setattr(reading, "MOST_IN_FULL", 75 * 91 - 1)
    halved = read(path, 91, 75)
    difference = np.abs(halved.astype(int) - whole)
    assert 0 < difference.mean() < 4 and difference.max() < 16
    assert (reading.read(path).pixels == whole).all()  # pictures that are given back keep every pixel


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize(("reduction", "repeats"), [(0.5, 1), (1.9, 1), (3.9, 2), (4, 4), (100, 8)])
def test_jpegs_are_decoded_at_a_fraction_of_their_size_if_the_crops_are_small(
    tmp_path, monkeypatch, orientation, reduction, repeats
):
    monkeypatch.setattr(reading, "FEW", 0)
    exif = Image.Exif()
    exif[0x0112] = orientation
    rows, columns = np.indices((160, 208))
    pixels = np.stack([rows, columns, (rows + columns) // 2], axis=-1).astype(np.uint8)
    Image.fromarray(turned(pixels, orientation)).save(tmp_path / "a.jpg", exif=exif, quality=95)
    found = read_photo(Photo(tmp_path / "a.jpg", 208, 160), reduction)
    assert np.abs(found.astype(int) - pixels).max() < 4 + repeats
    blocks = found.reshape(160 // repeats, repeats, 208 // repeats, repeats, 3)
    assert (blocks == blocks[:, :1, :, :1]).all()
    if repeats < 8:
        assert (blocks[1:] != blocks[:-1]).any()


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("repeats", [2, 4, 8])
def test_reduced_photographs_of_odd_sizes_are_not_moved(tmp_path, monkeypatch, orientation, repeats):
    rows, columns = np.indices((163, 211))
    pixels = np.stack([rows, columns, (rows + columns) // 2], axis=-1).astype(np.uint8)
    exif = Image.Exif()
    exif[0x0112] = orientation
    Image.fromarray(turned(pixels, orientation)).save(tmp_path / "a.jpg", exif=exif, quality=95)
    monkeypatch.setattr(reading, "FEW", 0)
    found = read_photo(Photo(tmp_path / "a.jpg", 211, 163), repeats)
    inner = slice(8, -8)  # the last block's values are those of what the decoder adds to it
    error = (found.astype(int) - pixels)[inner, inner]
    assert np.abs(error.mean((0, 1))).max() < 0.6  # a block's centre lies half a pixel from that of its pixels


@pytest.mark.parametrize("top", [65535, 2**31 - 1])
def test_32_bit_integers_are_scaled(tmp_path, top):
    Image.fromarray((GREY / 255 * top).astype(np.int32)).save(tmp_path / "a.tif")
    assert Image.open(tmp_path / "a.tif").mode == "I"
    assert np.abs(read(tmp_path / "a.tif")[..., 0] - GREY).max() <= 1


@pytest.mark.parametrize("top", [1.0, 255.0, 65535.0, 1e9])
def test_floats_are_scaled_and_those_that_are_no_number_are_black(tmp_path, top):
    values = (GREY / 255 * top).astype(np.float32)
    values[0, 0] = np.nan
    Image.fromarray(values).save(tmp_path / "a.tif")
    assert Image.open(tmp_path / "a.tif").mode == "F"
    assert np.abs(read(tmp_path / "a.tif")[..., 0] - GREY).max() <= 1


def turned(pixels, orientation):
    """Pixels that a camera stores with that orientation, of a scene that looks like `pixels` (EXIF 2.3, table 6)."""
    stored = {
        1: pixels,
        2: pixels[:, ::-1],
        3: pixels[::-1, ::-1],
        4: pixels[::-1],
        5: pixels.swapaxes(0, 1),
        6: pixels.swapaxes(0, 1)[::-1],
        7: pixels[::-1, ::-1].swapaxes(0, 1),
        8: pixels.swapaxes(0, 1)[:, ::-1],
    }
    return np.ascontiguousarray(stored[orientation])


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("name", ["a.jpg", "a.png", "a.tif", "a.webp"])
def test_photos_stand_upright_whatever_their_exif_orientation(tmp_path, name, orientation):
    path = tmp_path / name
    exif = Image.Exif()
    exif[0x0112] = orientation
    quality = {"a.jpg": {"quality": 100, "subsampling": 0}, "a.webp": {"lossless": True}}.get(name, {})
    Image.fromarray(turned(colours(), orientation)).save(path, exif=exif, **quality)
    assert photo_size(path) == (WIDTH, HEIGHT)
    assert np.abs(read(path).astype(int) - colours()).max() <= 4


@pytest.mark.parametrize("name", ["a.jpg", "a.png", "a.tif", "a.webp", "a.avif"])
@pytest.mark.parametrize("has_exif", [False, True])
def test_an_orientation_in_xmp_alone_turns_nothing(tmp_path, name, has_exif):
    exif = Image.Exif()
    if has_exif:
        exif[0x010F] = "maker"
    xmp = b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><tiff:Orientation>6</tiff:Orientation></x:xmpmeta>'
    text = PngInfo()
    text.add_itxt("XML:com.adobe.xmp", xmp.decode())
    options = {"a.png": {"pnginfo": text}, "a.tif": {"tiffinfo": {700: xmp}}}.get(name, {"xmp": xmp})
    Image.fromarray(colours()).save(tmp_path / name, exif=exif, **options)
    assert xmp in (tmp_path / name).read_bytes()
    assert photo_size(tmp_path / name) == (WIDTH, HEIGHT)
    assert read(tmp_path / name).shape == (HEIGHT, WIDTH, 3)


@pytest.mark.parametrize("mode", ["L", "RGBA", "CMYK", "I;16"])
def test_uncompressed_tiffs_stand_upright_whatever_their_pixels(tmp_path, mode):
    """Pillow 12.3 garbles those that it maps into memory."""
    pixels = colours()[..., 0]
    stored = Image.fromarray(turned(pixels, 6))
    if mode == "CMYK":
        stored = Image.merge("CMYK", [ImageOps.invert(stored)] * 3 + [Image.new("L", stored.size)])
    else:
        stored = Image.fromarray(turned(pixels, 6) * np.uint16(257)) if mode == "I;16" else stored.convert(mode)
    exif = Image.Exif()
    exif[0x0112] = 6
    stored.save(tmp_path / "a.tif", exif=exif)
    assert Image.open(tmp_path / "a.tif").mode == mode
    assert (read(tmp_path / "a.tif") == pixels[..., None]).all()


def test_orientation_behind_the_pixels_of_a_png_counts_too(tmp_path):
    path = tmp_path / "a.png"
    exif = Image.Exif()
    exif[0x0112] = 6
    Image.fromarray(turned(colours(), 6)).save(path, exif=exif)
    content = path.read_bytes()
    start = content.index(b"eXIf") - 4
    end = start + 12 + struct.unpack(">I", content[start : start + 4])[0]
    assert end < content.index(b"IDAT")
    path.write_bytes(content[:start] + content[end:-12] + content[start:end] + content[-12:])
    assert photo_size(path) == (WIDTH, HEIGHT)
    assert (read(path) == colours()).all()


def test_boxes_drawn_on_the_pixels_as_stored_find_them_so(tmp_path):
    exif = Image.Exif()
    exif[0x0112] = 6
    Image.fromarray(colours()).save(tmp_path / "a.png", exif=exif)
    assert photo_size(tmp_path / "a.png") == (HEIGHT, WIDTH)
    assert (read(tmp_path / "a.png") == colours()).all()


def test_photos_of_one_size_stored_and_upright_are_turned(tmp_path):
    exif = Image.Exif()
    exif[0x0112] = 3
    Image.fromarray(turned(colours(), 3)).save(tmp_path / "half.png", exif=exif)
    assert (read(tmp_path / "half.png") == colours()).all()
    square = colours()[:, :HEIGHT]
    exif[0x0112] = 6
    Image.fromarray(turned(square, 6)).save(tmp_path / "square.png", exif=exif)
    assert (read(tmp_path / "square.png", HEIGHT, HEIGHT) == square).all()


def test_a_damaged_file_is_refused_without_lines_of_pillows_own(tmp_path):
    Image.fromarray(colours()).save(tmp_path / "a.tif")
    content = bytearray((tmp_path / "a.tif").read_bytes())
    samples = content.index(b"\x15\1\3\0")  # samples per pixel, of which Pillow logs that they are too many
    content[samples + 8] = 200
    (tmp_path / "a.tif").write_bytes(content)
    command = "import sys; from pathlib import Path; from seigan_tf.data.photos.reading import *\n"
    command += "try: photo_size(Path(sys.argv[1]))\nexcept UnreadablePhoto as error: print(error)"
    ran = subprocess.run([sys.executable, "-c", command, tmp_path / "a.tif"], capture_output=True, text=True, cwd=ROOT)
    assert (ran.stdout, ran.stderr) == ("damaged or unusual TIFF file\n", "")


@pytest.mark.parametrize("value", [0, 9, 77])
def test_unknown_orientation_is_ignored(tmp_path, value):
    exif = Image.Exif()
    exif[0x0112] = value
    Image.fromarray(colours()).save(tmp_path / "a.png", exif=exif)
    assert (read(tmp_path / "a.png") == colours()).all()


def test_another_size_than_annotated_is_named_with_both_sizes(tmp_path):
    Image.fromarray(colours()).save(tmp_path / "a.png")
    text = reason(read_photo, Photo(tmp_path / "a.png", 30, 20))
    assert "24 x 16" in text
    assert "30 x 20" in text


def test_the_content_decides_not_the_name(tmp_path):
    Image.fromarray(colours()).save(tmp_path / "a.png")
    (tmp_path / "a.png").rename(tmp_path / "a.jpg")
    assert (read(tmp_path / "a.jpg") == colours()).all()


def make_damaged(path: Path, damage: str):
    """Writes what is no photograph to `path`."""
    Image.fromarray(colours()).resize((200, 160)).save(path, "JPEG")
    content = path.read_bytes()
    path.unlink()
    if damage == "folder":
        path.mkdir()
    elif damage == "link loop":
        path.symlink_to(path)
    elif damage == "broken link":
        path.symlink_to(path.with_name("nowhere"))
    elif damage == "pipe":
        os.mkfifo(path)
    elif damage != "missing":
        contents = {
            "empty": b"",
            "text": b"Lorem ipsum dolor sit amet",
            "html": b"<!DOCTYPE html><html></html>",
            "postscript": b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n%%EndComments\n",
            "only a header": content[:300],
        }
        path.write_bytes(contents[damage])


DAMAGES = {
    "missing": "missing",
    "folder": "folder",
    "link loop": "symbolic links",
    "broken link": "missing",
    "pipe": "not a file",
    "empty": "empty",
    "text": "not an image",
    "html": "not an image",
    "postscript": "not an image",
    "only a header": "",
}


@pytest.mark.parametrize(("damage", "words"), DAMAGES.items())
def test_what_is_no_photo_is_refused_in_one_line(tmp_path, damage, words):
    path = tmp_path / "a.jpg"
    make_damaged(path, damage)
    assert words in reason(photo_size, path)
    assert words in reason(read_photo, Photo(path, 200, 160))


def test_truncated_photo_has_a_size_but_no_pixels(tmp_path):
    path = tmp_path / "a.jpg"
    Image.effect_noise((200, 160), 50).save(path)
    path.write_bytes(path.read_bytes()[:-2000])
    assert photo_size(path) == (200, 160)
    assert "truncated" in reason(read_photo, Photo(path, 200, 160))


def test_names_that_no_file_can_have_are_refused(tmp_path):
    assert "too long" in reason(photo_size, tmp_path / ("a" * 300))
    assert "missing" in reason(photo_size, tmp_path / "a\0b")
    assert "missing" in reason(photo_size, tmp_path / "\ud800")


def test_bomb_is_refused_by_its_header(tmp_path):
    path = tmp_path / "a.png"
    path.write_bytes(png_header(60_000, 60_000))
    assert path.stat().st_size < 100
    for function, argument in ((photo_size, path), (read_photo, Photo(path, 60_000, 60_000))):
        assert f"more than {MAX_PIXELS:,} pixels" in reason(function, argument)


def test_bomb_is_refused_where_pillows_own_limit_is_lifted(tmp_path, monkeypatch):
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", None)
    (tmp_path / "a.png").write_bytes(png_header(60_000, 60_000))
    assert "pixels" in reason(photo_size, tmp_path / "a.png")


def test_large_photos_pass_without_a_warning(tmp_path):
    path = tmp_path / "a.png"
    path.write_bytes(png_header(16_320, 12_240))  # the largest of phones
    with warnings.catch_warnings(action="error"):
        assert photo_size(path) == (16_320, 12_240)


PEAK = """
import sys
from pathlib import Path
from seigan_tf.data.photos.photo import Photo
from seigan_tf.data.photos.reading import read_photo

def peak():
    return next(int(line.split()[1]) for line in open("/proc/self/status") if line.startswith("VmHWM"))

before = peak()
read_photo(Photo(Path(sys.argv[1]), 3000, 3000))
print(peak() - before)
"""


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="this system does not tell a process its peak")
@pytest.mark.parametrize("mode", ["LA", "I;16"])
def test_a_small_file_of_many_pixels_takes_little_more_memory_than_they_do(tmp_path, mode):
    path = tmp_path / "a.png"
    Image.new(mode, (3000, 3000)).save(path)
    assert path.stat().st_size < 50_000
    command = [sys.executable, "-c", PEAK, path]
    ran = subprocess.run(command, capture_output=True, text=True, check=True, cwd=ROOT)
    # 4 bytes a pixel in Pillow, 3 in the array, and strips of 1 million pixels on the way. Copies took 15 to 20.
    assert int(ran.stdout) * 1024 < 11 * 3000**2


@pytest.mark.parametrize("mode", ["RGBA", "LA", "PA", "I;16", "F", "L", "RGB"])
@pytest.mark.parametrize("pixels", [1, 5 * WIDTH])
def test_photos_are_the_same_however_many_rows_are_converted_at_a_time(tmp_path, monkeypatch, mode, pixels):
    path = tmp_path / "a.tif"
    if mode in ("I;16", "F"):
        image = Image.fromarray((GREY * 257).astype(np.uint16 if mode == "I;16" else np.float32))
    elif mode == "PA":
        path = tmp_path / "a.png"
        image = Image.fromarray(colours()).quantize(20)
        image.info["transparency"] = bytes(range(0, 240, 12))
    else:
        image = Image.fromarray(np.dstack([colours(), GREY.astype(np.uint8)])).convert(mode)
    image.save(path)
    expected = read(path)
    monkeypatch.setattr(decoding, "STRIP_PIXELS", pixels)
    assert (read(path) == expected).all()


def test_too_little_memory_is_named_and_not_taken_for_damage(tmp_path, monkeypatch):
    def full(*_):
        raise MemoryError

    Image.fromarray(colours()).save(tmp_path / "a.png")
    monkeypatch.setattr(reading.np, "empty", full)
    assert "too large for the memory" in reason(read_photo, Photo(tmp_path / "a.png", WIDTH, HEIGHT))


def test_exif_is_all_that_is_taken_out():
    exif = Image.Exif()
    exif[0x0112] = 6
    exif[0x010F] = "maker"

    def packed(kind, **options):
        file = io.BytesIO()
        Image.fromarray(colours()).save(file, kind, **options)
        return file.getvalue()

    without = packed("JPEG", comment="kept")
    assert without_exif(packed("JPEG", exif=exif, comment="kept")) == without
    assert without_exif(without) == without
    assert without_exif(packed("PNG", exif=exif)) == packed("PNG")
    assert without_exif(packed("PNG")) == packed("PNG")
    other = packed("WEBP", exif=exif)
    assert without_exif(other) == other


@given(st.binary(max_size=60), st.integers(0, 60))
def test_damaged_files_lose_no_more_than_exif(rest, cut):
    exif = b"\xff\xe1\x00\x0aExif\0\0ab"
    jpegs = b"\xff\xd8" + rest, b"\xff\xd8" + exif + rest, (b"\xff\xd8\xff\xe1\xff\xffExif\0\0" + rest)[:cut]
    pngs = (b"\x89PNG\r\n\x1a\n" + part + rest for part in (b"", b"\0\0\0\4eXIfabcdcrc4"))
    for content in (*jpegs, *pngs):
        kept = without_exif(content)
        assert len(kept) <= len(content)
        assert without_exif(kept) == kept


@cache
def sound_file(kind: str) -> bytes:
    register_heif_opener()
    file = io.BytesIO()
    exif = Image.Exif()
    exif[0x0112] = 6
    Image.fromarray(colours()).save(file, kind, **({} if kind in ("GIF", "BMP") else {"exif": exif}))
    return file.getvalue()


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.sampled_from(["JPEG", "PNG", "TIFF", "WEBP", "GIF", "BMP", "HEIF", "AVIF"]), st.data())
def test_damaged_files_are_read_or_refused_and_nothing_else(tmp_path, kind, data):
    content = bytearray(sound_file(kind))
    for _ in range(data.draw(st.integers(0, 4))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    path = tmp_path / "a.jpg"
    path.write_bytes(bytes(content[: data.draw(st.integers(1, len(content)))]))
    with warnings.catch_warnings(action="error"):
        try:
            width, height = photo_size(path)
            assert read_photo(Photo(path, width, height)).shape == (height, width, 3)
        except UnreadablePhoto as error:
            assert "\n" not in str(error)
