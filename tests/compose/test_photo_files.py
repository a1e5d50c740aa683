"""Photographs in and out: orientation, transparency, colour profiles, formats."""

import io

import numpy as np
import pytest
from PIL import Image, ImageCms

from seigan_tf.compose import photo_files
from seigan_tf.data.photos.picture import Picture, from_array
from tests.compose.scene import gravel

SRGB = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()


@pytest.fixture
def pixels():
    return np.random.default_rng(0).integers(0, 256, (20, 30, 3), np.uint8)


@pytest.mark.parametrize("name", ["a.png", "a.tif", "a.TIFF"])
def test_formats_without_loss_keep_every_pixel_and_the_profile(tmp_path, pixels, name):
    for array in (pixels, np.dstack([pixels, pixels[..., 0]])):
        photo_files.write(tmp_path / name, array, SRGB)
        back = photo_files.read(tmp_path / name)
        np.testing.assert_array_equal(back.array, array)
        assert back.profile == SRGB


@pytest.mark.parametrize("name", ["a.jpg", "a.webp"])
def test_formats_with_loss_keep_nearly_all(tmp_path, name):
    smooth = np.linspace(0, 255, 3 * 64 * 64).reshape(64, 64, 3).astype(np.uint8)
    photo_files.write(tmp_path / name, smooth, SRGB)
    back = photo_files.read(tmp_path / name)
    assert np.abs(back.pixels.astype(int) - smooth).mean() < 3
    assert back.profile == SRGB


def test_a_mask_is_written_in_grey(tmp_path):
    mask = np.arange(256, dtype=np.uint8).reshape(16, 16)
    photo_files.write(tmp_path / "mask.png", mask, SRGB)
    with Image.open(tmp_path / "mask.png") as image:
        assert image.mode == "L" and "icc_profile" not in image.info
        np.testing.assert_array_equal(np.asarray(image), mask)


def test_jpeg_shows_transparent_pictures_on_white(tmp_path, pixels):
    photo_files.write(tmp_path / "a.jpg", np.dstack([pixels, np.zeros((20, 30), np.uint8)]))
    assert photo_files.read(tmp_path / "a.jpg").pixels.min() > 250


@pytest.mark.parametrize("orientation", range(1, 9))
def test_photos_stand_upright(tmp_path, pixels, orientation):
    exif = Image.Exif()
    exif[0x0112] = orientation
    image = Image.fromarray(np.dstack([pixels, pixels[..., 0]]))
    image.save(tmp_path / "a.png", exif=exif)
    with Image.open(tmp_path / "a.png") as stored:
        from PIL import ImageOps

        expected = np.asarray(ImageOps.exif_transpose(stored))
    np.testing.assert_array_equal(photo_files.read(tmp_path / "a.png").array, expected)


def test_photos_annotated_as_they_are_stored_stay_so(tmp_path, pixels):
    exif = Image.Exif()
    exif[0x0112] = 6
    Image.fromarray(pixels).save(tmp_path / "a.png", exif=exif)
    np.testing.assert_array_equal(photo_files.read(tmp_path / "a.png", (30, 20)).pixels, pixels)
    assert photo_files.read(tmp_path / "a.png", (20, 30)).size == (20, 30)
    with pytest.raises(ValueError, match="but its annotations expect 40 x 20"):
        photo_files.read(tmp_path / "a.png", (40, 20))


def test_opaque_transparency_is_none(tmp_path, pixels):
    Image.fromarray(np.dstack([pixels, np.full((20, 30), 255, np.uint8)])).save(tmp_path / "a.png")
    assert photo_files.read(tmp_path / "a.png").alpha is None


def test_palettes_and_grey_become_rgb(tmp_path):
    grey = np.arange(256, dtype=np.uint8).reshape(16, 16)
    Image.fromarray(grey).save(tmp_path / "grey.png")
    np.testing.assert_array_equal(photo_files.read(tmp_path / "grey.png").pixels, grey[..., None].repeat(3, 2))
    Image.fromarray(grey).convert("P").save(tmp_path / "p.gif", transparency=3)
    assert photo_files.read(tmp_path / "p.gif").alpha is not None


def test_profiles_of_other_colours_than_rgb_are_left_out(tmp_path, pixels):
    Image.fromarray(pixels).convert("CMYK").save(tmp_path / "a.tif", icc_profile=SRGB[:16] + b"CMYK" + SRGB[20:])
    assert photo_files.read(tmp_path / "a.tif").profile is None


def test_colours_are_converted_between_profiles():
    pixels = gravel(8, 8)
    pixels[..., 0] = 250
    assert photo_files.convert_colours(pixels, SRGB, SRGB) is pixels
    assert np.abs(photo_files.convert_colours(pixels, None, SRGB).astype(int) - pixels).max() <= 1
    lab = ImageCms.ImageCmsProfile(io.BytesIO(SRGB))
    assert lab is not None
    np.testing.assert_array_equal(photo_files.convert_colours(pixels, b"damaged", SRGB), pixels)


@pytest.mark.parametrize(
    ("content", "message"),
    [(b"no image", "not an image"), (b"", "an empty file"), (None, "missing")],
)
def test_names_what_is_no_photograph(tmp_path, one_line_error, content, message):
    path = tmp_path / "Foto ü.png"
    if content is not None:
        path.write_bytes(content)
    text = one_line_error(photo_files.read, path)
    assert text.startswith(f"{path}: ") and message in text


def test_names_truncated_files_and_bombs(tmp_path, one_line_error):
    Image.fromarray(gravel(200, 200)).save(tmp_path / "a.png")
    content = (tmp_path / "a.png").read_bytes()
    (tmp_path / "a.png").write_bytes(content[: len(content) // 2])
    assert "truncated" in one_line_error(photo_files.read, tmp_path / "a.png")
    Image.new("1", (20_000, 11_000)).save(tmp_path / "bomb.png")
    assert "more than 210,000,000 pixels" in one_line_error(photo_files.read, tmp_path / "bomb.png")
    assert "a folder" in one_line_error(photo_files.read, tmp_path)


def test_names_outputs_that_cannot_be_written(tmp_path, one_line_error, pixels):
    for name, message in (
        ("a.xyz", "cannot write .xyz, expected one of .png"),
        ("a", "cannot write without an ending"),
        ("nowhere/a.png", "its folder does not exist"),
    ):
        assert message in one_line_error(photo_files.write, tmp_path / name, pixels)
    (tmp_path / "folder.png").mkdir()
    assert "a folder, expected a file" in one_line_error(photo_files.write, tmp_path / "folder.png", pixels)
    assert "cannot hold transparency" in one_line_error(photo_files.check_ending, tmp_path / "a.jpg", True)
    wide = np.zeros((1, 17_000, 3), np.uint8)
    assert "WEBP holds 16383 a side" in one_line_error(photo_files.write, tmp_path / "a.webp", wide)
    assert not list(tmp_path.glob("*.webp")) and not list(tmp_path.glob(".partial*"))


def test_what_is_seen_of_a_transparent_picture_lies_on_white():
    picture = from_array(np.array([[[0, 100, 200, 0], [0, 100, 200, 255], [0, 100, 200, 51]]], np.uint8))
    assert picture.visible.tolist() == [[[255, 255, 255], [0, 100, 200], [204, 224, 244]]]
    assert Picture(picture.pixels).visible is picture.pixels
