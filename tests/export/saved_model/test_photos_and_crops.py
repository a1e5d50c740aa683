"""Decoding and cropping in a TensorFlow graph give the same as the Python code of the training set."""

import contextlib
import io
import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

from export.saved_model import crops, headers, photos
from seigan_tf.compose import geometry, pasting
from seigan_tf.data.crops import CropRegion, extract, region_around, relative_box
from seigan_tf.data.photos.photo import Object, Photo
from seigan_tf.data.photos.reading import photo_size, read_photo
from seigan_tf.data.planning.rules import CropRules, object_regions
from tests.png_files import TRANSPARENT_COLOURS, chunk

RULES = CropRules(0.78, 0, 10, 0)


@tf.function(input_signature=[tf.TensorSpec((), tf.string)], autograph=False)
def decoded(content):
    header = headers.read_header(content, "photo", 7)
    return photos.decode(content, header), header.height, header.width


@tf.function(input_signature=[tf.TensorSpec((None, None, 3), tf.uint8), tf.TensorSpec((4,))], autograph=False)
def cropped(pixels, box):
    box = crops.checked_box(box, tf.shape(pixels)[0], tf.shape(pixels)[1], 7)
    region = crops.crop_region(box, RULES.object_fraction)
    crop = crops.extract(pixels, region)
    return tf.stack(region), crops.relative_box(box, region), crops.to_network(crop, 32), crop


@tf.function(input_signature=[tf.TensorSpec((4,)), tf.TensorSpec((3,))], autograph=False)
def landed(box, at):
    """The landing of a box of a photo of 100 x 80 pixels in one of 60 x 50."""
    box = crops.landing_box(crops.checked_box(box, 80, 100, 7), at, 50, 60, 7)
    return box, tf.stack(crops.crop_region(box, RULES.object_fraction))


def picture(width=61, height=47, channels=3, seed=0):
    """Smooth pixels, different in each corner."""
    small = np.random.default_rng(seed).integers(0, 256, (4, 5, channels), np.uint8)
    mode = {1: "L", 2: "LA", 3: "RGB", 4: "RGBA"}[channels]
    return Image.fromarray(small.squeeze(), mode).resize((width, height), Image.Resampling.BICUBIC)


def encoded(image, kind="PNG", **settings):
    file = io.BytesIO()
    image.save(file, kind, **settings)
    return file.getvalue()


def with_orientation(number, order=">"):
    """EXIF data in either byte order, the orientation behind another entry."""
    entries = struct.pack(order + "HHI4s", 0x010F, 2, 4, b"abc\0")
    entries += struct.pack(order + "HHIHH", 0x0112, 3, 1, number, 0)
    start = (b"MM" if order == ">" else b"II") + struct.pack(order + "HI", 42, 8)
    return b"Exif\0\0" + start + struct.pack(order + "H", 2) + entries + bytes(4)


def png(width, height, pixels=b""):
    """A PNG file of any size in its header."""

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(pixels)) + chunk(b"IEND", b"")


def as_read_by_training(content, tmp_path):
    path = tmp_path / "photo"
    path.write_bytes(content)
    return read_photo(Photo(path, *photo_size(path)))


def message(function, *arguments):
    with pytest.raises(tf.errors.InvalidArgumentError) as caught:
        function(*arguments)
    return str(caught.value).replace("\n", " ")


@pytest.mark.parametrize("order", [">", "<"])
@pytest.mark.parametrize("orientation", range(10))
def test_turns_a_jpeg_upright_as_the_training_data_is(orientation, order, tmp_path):
    content = encoded(picture(), "JPEG", quality=95, exif=with_orientation(orientation, order))
    pixels, height, width = decoded(content)
    expected = as_read_by_training(content, tmp_path)
    assert (height, width) == expected.shape[:2] == pixels.shape[:2]
    assert np.abs(pixels.numpy().astype(int) - expected).max() <= 2


@pytest.mark.parametrize("cut", [0, 6, 8, 14, 20, 30])
def test_a_damaged_exif_segment_is_as_none(cut, tmp_path):
    content = encoded(picture(), "JPEG", exif=with_orientation(6)[:6] + with_orientation(6)[6 : 6 + cut] + b"\xff" * 9)
    assert decoded(content)[0].shape == as_read_by_training(content, tmp_path).shape


def test_finds_exif_behind_other_segments(tmp_path):
    content = encoded(picture(), "JPEG", exif=with_orientation(6))
    comment = b"\xff\xfe" + struct.pack(">H", 60002) + bytes(60000)
    content = content[:2] + comment + content[2:]
    assert decoded(content)[0].shape == (61, 47, 3) == as_read_by_training(content, tmp_path).shape


@pytest.mark.parametrize("channels", [1, 2, 3, 4])
def test_png_of_any_channels_is_rgb_on_white(channels, tmp_path):
    content = encoded(picture(channels=channels))
    difference = decoded(content)[0].numpy().astype(int) - as_read_by_training(content, tmp_path)
    assert np.abs(difference).max() <= 1


def test_palettes_with_transparency_are_laid_on_white(tmp_path):
    image = picture().quantize(16)
    content = encoded(image, transparency=image.getpixel((0, 0)))
    assert np.array_equal(decoded(content)[0], as_read_by_training(content, tmp_path))


def test_grey_and_cmyk_jpeg_are_rgb(tmp_path):
    for image in (picture(channels=1), picture().convert("CMYK")):
        content = encoded(image, "JPEG", quality=95)
        assert np.abs(decoded(content)[0].numpy().astype(int) - as_read_by_training(content, tmp_path)).max() <= 3


@pytest.mark.parametrize("name", ["a.png", "a.webp"])
@pytest.mark.parametrize("order", [">", "<"])
@pytest.mark.parametrize("orientation", range(10))
def test_turns_png_and_webp_upright_as_the_training_data_is(orientation, order, name, tmp_path):
    content = encoded(picture(), name[2:].upper(), exif=with_orientation(orientation, order), lossless=True)
    pixels, height, width = decoded(content)
    expected = as_read_by_training(content, tmp_path)
    assert (height, width) == expected.shape[:2] == pixels.shape[:2]
    assert np.array_equal(pixels, expected)


def test_finds_the_exif_data_behind_the_pixels_of_a_png(tmp_path):
    content = encoded(picture())
    for exif in (with_orientation(6), with_orientation(6)[6:]):
        late = content[:-12] + chunk(b"eXIf", exif) + content[-12:]
        assert decoded(late)[0].shape == (61, 47, 3) == as_read_by_training(late, tmp_path).shape


@pytest.mark.parametrize("channels", [3, 4])
@pytest.mark.parametrize("lossless", [True, False])
@pytest.mark.parametrize("orientation", [None, 8])
def test_webp_of_any_kind_is_rgb_on_white(channels, lossless, orientation, tmp_path):
    exif = {"exif": with_orientation(orientation)} if orientation else {}
    content = encoded(picture(channels=channels), "WEBP", lossless=lossless, **exif)
    pixels, height, width = decoded(content)
    expected = as_read_by_training(content, tmp_path)
    assert (height, width) == expected.shape[:2]
    assert np.abs(pixels.numpy().astype(int) - expected).max() <= (0 if lossless else 2)


@pytest.mark.parametrize("content", TRANSPARENT_COLOURS.values(), ids=TRANSPARENT_COLOURS)
def test_the_transparent_colour_of_a_png_is_white_as_in_training(content, tmp_path):
    pixels = decoded(content)[0].numpy()
    assert (pixels[0, 1] == 255).all()
    assert np.abs(pixels.astype(int) - as_read_by_training(content, tmp_path)).max() <= 1


@pytest.mark.parametrize("content", [b"", b"\xff\xd8", b"\x89PNG\r\n\x1a\n", b"an image"])
def test_what_is_no_image_is_named(content):
    expected = f"photo[7]: {len(content)} bytes that are no image; expected a JPEG, PNG or WebP file"
    assert expected in message(decoded, content)


NOT_DECODED = {
    "a GIF": encoded(picture(), "GIF"),
    "a BMP": encoded(picture(), "BMP"),
    "a TIFF": encoded(picture(), "TIFF"),
    "an AVIF": encoded(picture(), "AVIF"),
    "a PPM": encoded(picture(), "PPM"),
    "a JPEG 2000": encoded(picture(), "JPEG2000"),
    "a HEIC": b"\0\0\0\x18ftypheic",
    "a JPEG XL": b"\xff\x0a",
    "a Canon CR3": b"\0\0\0\x18ftypcrx ",
}


@pytest.mark.parametrize(("name", "content"), NOT_DECODED.items(), ids=NOT_DECODED)
def test_other_images_are_named(name, content):
    assert f"photo[7]: {name} file; expected a JPEG, PNG or WebP file" in message(decoded, content)


def test_animations_are_named():
    content = encoded(picture(), "WEBP", save_all=True, append_images=[picture(seed=1)])
    assert "photo[7]: an animated WebP file; expected a photo" in message(decoded, content)


def webp(width, height, lossless):
    """The first bytes of a WebP file of that size."""
    if lossless:
        frame = b"VP8L\0\0\0\0\x2f" + struct.pack("<I", (width - 1) | (height - 1) << 14)
    else:
        frame = b"VP8 \0\0\0\0\0\0\0\x9d\1\x2a" + struct.pack("<HH", width, height)
    return b"RIFF\0\0\0\0WEBP" + frame


def test_size_is_asked_of_the_header_before_anything_is_decoded():
    jpeg = bytearray(encoded(picture(), "JPEG"))
    frame = jpeg.index(b"\xff\xc0")
    jpeg[frame + 5 : frame + 9] = struct.pack(">HH", 60000, 60000)
    for lossless in (True, False):
        assert "photo[7]: 16383 x 16000 pixels; expected at most" in message(decoded, webp(16383, 16000, lossless))
    extended = b"RIFF\0\0\0\0WEBPVP8X\x0a\0\0\0\0\0\0\0" + b"\xff\xff\xff\xff\xff\0"
    assert "photo[7]: 16777216 x 65536 pixels; expected at most" in message(decoded, extended)
    for content in (png(60000, 60000), bytes(jpeg)):
        assert "photo[7]: 60000 x 60000 pixels; expected at most 50000000 pixels" in message(decoded, content)
    for sides in ((0, 5), (2**31, 1), (2**31 - 1, 2**31 - 1)):
        assert "expected at most" in message(decoded, png(*sides))


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
@pytest.mark.parametrize("part", [0.001, 0.05, 0.3, 0.6, 0.95])
def test_files_that_break_off_are_refused(kind, part):
    content = encoded(picture(200, 150), kind)
    message(decoded, content[: max(int(part * len(content)), 25)])  # 25: nearly all of a PNG's header


def test_garbage_of_any_kind_ends_the_request_and_nothing_else():
    random = np.random.default_rng(0)
    exif = {"exif": with_orientation(6)}
    contents = [encoded(picture(), kind, **exif) for kind in ("JPEG", "PNG", "WEBP")] + [encoded(picture(channels=4))]
    for _ in range(300):
        content = bytearray(contents[random.integers(len(contents))])
        for position in random.integers(0, len(content), 8):
            content[position] = random.integers(256)
        with contextlib.suppress(tf.errors.InvalidArgumentError):
            decoded(bytes(content))


BOXES = [
    (10, 8, 20, 30),
    (0, 0, 61, 47),
    (0, 0, 5, 3),
    (50.5, 40.25, 10.5, 6.75),
    (30, 5, 1, 40),
    (3.5, 2.5, 7, 7),
    (2, 2, 3, 9),
]


@pytest.mark.parametrize("box", BOXES)
def test_crops_as_the_training_data_is(box, tmp_path):
    pixels = np.asarray(picture())
    item = Object(box)
    region = object_regions(Photo(tmp_path, 61, 47, (item,)), RULES)[0]
    found, relative, image, crop = cropped(pixels, box)
    assert tuple(found.numpy()) == (region.x, region.y, region.side)
    np.testing.assert_allclose(relative, relative_box(item.box, region), atol=1e-6)
    assert np.array_equal(crop, extract(pixels, region, region.side))
    difference = (image.numpy() + 1) * 127.5 - extract(pixels, region, 32)
    assert np.abs(difference).max() < 1.01  # Pillow also rounds between rows and columns
    assert np.abs(difference).mean() < 0.3


def test_large_photos_are_reduced_with_antialiasing():
    pixels = np.random.default_rng(0).integers(0, 256, (700, 900, 3), np.uint8)
    found, _, image, _ = cropped(pixels, (100, 20, 640, 640))
    expected = extract(pixels, object_region((100, 20, 640, 640), 900, 700), 32)
    assert found[2] == 821
    assert np.abs((image.numpy() + 1) * 127.5 - expected).mean() < 1  # Pillow takes a short cut first (reducing_gap)


def test_squares_of_too_many_pixels_are_taken_from_a_smaller_photo_as_in_python(monkeypatch):
    """Memory does not grow with the square around a long box."""
    pixels = np.asarray(picture(1200, 47))
    region = object_region((0, 0, 1200, 47), 1200, 47)
    assert region.side > 1500
    for module in (crops, geometry):
        monkeypatch.setattr(module, "LARGEST_SIDE", 300)
    as_tensors = crops.Region(*map(tf.constant, region))
    crop = tf.function(crops.extract, autograph=False)(pixels, as_tensors)
    assert crop.shape == (300, 300, 3)
    (expected,) = geometry.crops(pixels, region, 300)
    assert np.abs(crop.numpy().astype(int) - expected).max() <= 1


def object_region(box, width, height):
    return object_regions(Photo(Path("photo"), width, height, (Object(box),)), RULES)[0]


def test_boxes_may_stick_out_by_rounding():
    pixels = np.asarray(picture())
    inside, outside = cropped(pixels, (0, 10, 61, 30)), cropped(pixels, (-2, 10, 65, 30))
    assert np.array_equal(inside[0], outside[0])


@pytest.mark.parametrize(
    "box",
    [
        (10, 10, 0, 5),
        (10, 10, 5, 0.5),
        (10, 10, -5, 5),
        (-3, 10, 9, 9),
        (55, 10, 9, 9),
        (100, 10, 5, 5),
        (10, 45, 5, 5),
        (np.nan, 10, 5, 5),
        (10, 10, np.inf, 5),
        (-np.inf, 10, np.inf, 5),
        (1e30, 1e30, 1e30, 1e30),
    ],
)
def test_boxes_outside_or_without_a_size_are_named(box):
    text = message(cropped, np.asarray(picture()), box)
    assert "box[7]: [" in text
    assert "in a photo of 61 x 47 pixels; expected X, Y, width and height of a box inside it" in text


@pytest.mark.parametrize("at", [(5, 6, 15), (20, 10, 0), (0.25, 3.5, 21.5), (1, 2, 58)])
def test_lands_where_python_pastes(at):
    box, region = landed((20, 10, 30, 20), at)
    goal = pasting.target((20, 10, 30, 20), at[: 3 if at[2] else 2], 60, 50)
    expected = region_around(goal, RULES.object_fraction)
    np.testing.assert_allclose(box, goal, rtol=1e-6)
    assert tuple(region.numpy()) == (expected.x, expected.y, expected.side)


@pytest.mark.parametrize(
    ("count", "region"), [(32, (-9, 5, 50)), (4, (20, -30, 90)), (90, (20, -30, 90)), (16, (3, 4, 17))]
)
def test_maps_come_back_to_the_photo_as_in_python(region, count):
    """From maps of at most as many values as the region has pixels; Python reduces larger ones by another filter."""
    region = CropRegion(*region)
    values = np.random.default_rng(0).random((count, count, 2)).astype("float32")
    window = geometry.window_around((region.x, region.y, region.side, region.side), 61, 47)
    inside = crops.window(crops.Region(region.x, region.y, region.side), 47, 61)
    assert tuple(int(edge) for edge in inside) == (window.top, window.left, window.bottom, window.right)
    found = crops.resample(values, crops.Region(region.x, region.y, region.side), inside)
    expected = np.concatenate([strip for _, strip in geometry.strips(values, region, window)])
    np.testing.assert_allclose(found, expected, atol=1e-5)


@pytest.mark.parametrize(
    "at", [(-9, 0, 0), (40, 0, 0), (0, 40, 0), (0, 0, 63), (0, 0, -5), (0, np.nan, 9), (0, 0, 0.1)]
)
def test_landings_outside_the_other_photo_are_named(at):
    assert "puts a box of" in message(landed, (20, 10, 30, 20), at)
