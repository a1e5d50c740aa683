"""Kinds of files: what is no finished picture is refused by its name, and HEIC is read if its package is there."""

import builtins
import io
import struct

import numpy as np
import pytest
from PIL import Image, ImageCms
from pillow_heif import register_heif_opener

from seigan_tf.data.photos import reading
from seigan_tf.data.photos.files import none_found
from seigan_tf.data.photos.kinds import image_kind
from seigan_tf.data.photos.reading import UnreadablePhoto, photo_size, read

PREVIEW = np.full((12, 16, 3), 90, np.uint8)


def refusal(path) -> str:
    with pytest.raises(UnreadablePhoto) as caught:
        photo_size(path)
    with pytest.raises(UnreadablePhoto) as again:
        read(path)
    assert str(again.value) == str(caught.value)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def directory(order, *entries, following=0):
    """A directory of a TIFF file; entries are (tag, type, count, value)."""
    packed = b"".join(
        struct.pack(order + ("HHIHxx" if kind == 3 else "HHII"), tag, kind, count, value)
        for tag, kind, count, value in entries
    )
    return struct.pack(order + "H", len(entries)) + packed + struct.pack(order + "I", following)


def nikon(order):
    """First a preview that could be read, then two directories below it: another preview, and the sensor's values."""
    size = ((256, 4, 1, 2), (257, 4, 1, 1), (258, 3, 1, 8))
    sub = [directory(order, *size, (262, 3, 1, 6)), directory(order, *size, (262, 3, 1, 32803))]
    first = (254, 4, 1, 1), *size, (262, 3, 1, 1), (273, 4, 1, 8), (279, 4, 1, 2)
    start = 10 + len(directory(order, *first)) + 12
    places = start, start + 8, start + 8 + len(sub[0])
    first = (*first, (330, 4, 2, places[0]))
    head = (b"II" if order == "<" else b"MM") + struct.pack(order + "HI", 42, 10) + b"\x05\x06"
    return head + directory(order, *first) + struct.pack(order + "II", *places[1:]) + b"".join(sub)


def dng(order):
    first = (256, 4, 1, 2), (257, 4, 1, 1), (258, 3, 1, 8), (262, 3, 1, 1), (273, 4, 1, 8), (279, 4, 1, 2)
    head = (b"II" if order == "<" else b"MM") + struct.pack(order + "HI", 42, 10) + b"\x05\x06"
    return head + directory(order, *first, (50706, 1, 4, 0x01040000))


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("make", [nikon, dng])
def test_camera_raw_files_are_told_by_their_content_whatever_their_name(tmp_path, make, order):
    path = tmp_path / "a.tif"
    path.write_bytes(make(order))
    with Image.open(path) as preview:
        assert preview.size == (2, 1)  # what was read for the photo
    assert refusal(path).startswith("a camera raw file (DNG, NEF or another), whose only picture is a preview; develop")


@pytest.mark.parametrize("suffix", [".nef", ".NEF", ".arw", ".dng"])
def test_camera_raw_files_are_told_by_their_name_if_they_start_as_tiff(tmp_path, suffix):
    path = tmp_path / f"a{suffix}"
    Image.fromarray(PREVIEW).save(path, "TIFF")
    assert refusal(path).startswith(f"a camera raw file ({suffix[1:].upper()})")
    assert refusal(path).endswith(f"for example: darktable-cli a{suffix} a.jpg")


def test_a_jpeg_named_as_raw_is_a_jpeg(tmp_path):
    Image.fromarray(PREVIEW).save(tmp_path / "a.nef", "JPEG")
    assert photo_size(tmp_path / "a.nef") == (16, 12)


@pytest.mark.parametrize("compression", [None, "tiff_lzw", "tiff_deflate"])
def test_tiff_photos_are_still_photos(tmp_path, compression):
    Image.fromarray(PREVIEW).save(tmp_path / "a.tif", compression=compression)
    assert (read(tmp_path / "a.tif").pixels == PREVIEW).all()


STARTS = {
    b"II*\0\x10\0\0\0CR\2\0": "camera raw file (Canon CR2)",
    b"\0\0\0\x18ftypcrx \0\0\0\1crx isom": "camera raw file (Canon CR3)",
    b"FUJIFILMCCD-RAW 0201": "camera raw file (Fujifilm RAF)",
    b"IIU\0\x18\0\0\0": "camera raw file (Panasonic RW2)",
    b"\0\0\0\x0cJXL \r\n\x87\n": "JPEG XL file, expected one of JPEG, ",
    b"8BPS\0\1": "Photoshop file, expected one of JPEG, ",
    b"II*\0": "damaged or unusual TIFF file",
    b"II*\0\xff\xff\xff\xff": "damaged or unusual TIFF file",
    b"MM\0*\0\0\0\x08\0\2\1\x06\0\3": "damaged or unusual TIFF file",
    b"BMW": "not an image of a known format",
}


@pytest.mark.parametrize(("start", "words"), STARTS.items())
def test_files_are_named_as_the_image_that_they_are(tmp_path, start, words):
    (tmp_path / "a").write_bytes(start)
    assert words in refusal(tmp_path / "a")


def test_brands_behind_the_first_tell_heic_from_avif():
    def box(first, *others):
        return struct.pack(">I4s4sI", 16 + 4 * len(others), b"ftyp", first, 0) + b"".join(others) + b"avif"

    assert image_kind(box(b"mif1", b"heic", b"miaf")) == "HEIC"
    assert image_kind(box(b"mif1", b"avif", b"miaf")) == "AVIF"
    assert image_kind(box(b"heix", b"mif1")) == "HEIC"
    assert image_kind(box(b"isom", b"mp42")) is None


def test_heic_without_its_package_is_refused_by_the_packages_name(tmp_path, monkeypatch):
    def absent(name, *arguments):
        if name == "pillow_heif":
            raise ImportError(name)
        return imported(name, *arguments)

    imported = builtins.__import__
    (tmp_path / "a.heic").write_bytes(b"\0\0\0\x18ftypheic\0\0\0\0mif1heic")
    reading._register_heic.cache_clear()
    monkeypatch.setattr(builtins, "__import__", absent)
    assert refusal(tmp_path / "a.heic").endswith("needs the package pillow-heif: pip install pillow-heif")


def rendered(kind, pixels, **settings):
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, kind, **settings)
    return file.getvalue()


SMOOTH = np.asarray(Image.fromarray(np.arange(96, dtype=np.uint8).reshape(8, 12)).convert("RGB").resize((48, 32)))


@pytest.mark.parametrize("kind", ["motion photo", "two pictures", "gain map"])
def test_phones_jpegs_are_read_whatever_follows_the_photo(tmp_path, kind):
    """Video behind the photo; a second view (MPO); and a gain map with its name in the metadata (Ultra HDR)."""
    photo = rendered("JPEG", SMOOTH, quality=95)
    second = Image.fromarray(255 - SMOOTH[::2, ::2])
    if kind == "motion photo":
        content = photo + b"\0\0\0\x18ftypmp42\0\0\0\0isommp42" + bytes(range(256)) * 8
    elif kind == "two pictures":
        content = rendered("MPO", SMOOTH, quality=95, save_all=True, append_images=[second])
    else:
        name = b"http://ns.adobe.com/xap/1.0/\0<x:xmpmeta xmlns:x='adobe:ns:meta/' hdrgm:Version='1.0'/>"
        segment = b"\xff\xe1" + struct.pack(">H", len(name) + 2) + name
        content = photo[:2] + segment + photo[2:] + rendered("JPEG", np.asarray(second))
    (tmp_path / "plain.jpg").write_bytes(photo)
    (tmp_path / "a.jpg").write_bytes(content)
    assert photo_size(tmp_path / "a.jpg") == (48, 32)
    assert (read(tmp_path / "a.jpg").pixels == read(tmp_path / "plain.jpg").pixels).all()


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "TIFF", "HEIF", "AVIF"])
def test_colours_and_profile_of_wide_gamut_photos_are_kept(tmp_path, kind):
    register_heif_opener()
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    wide = profile.replace(b"sRGB", b"P3  ")  # any profile of RGB colours; its tables do not matter here
    settings = {"HEIF": {"chroma": 444}, "AVIF": {"subsampling": "4:4:4"}}.get(kind, {})
    (tmp_path / "a").write_bytes(rendered(kind, SMOOTH, quality=95, icc_profile=wide, **settings))
    picture = read(tmp_path / "a")
    assert picture.profile == wide
    assert np.abs(picture.pixels.astype(int) - SMOOTH).mean() < 3


def test_a_folder_of_camera_raw_files_alone_is_named(tmp_path):
    (tmp_path / "DSC_1.NEF").write_bytes(b"")
    expected = f"{tmp_path}: no photo in it, expected the folder of the photographs"
    assert none_found(tmp_path) == (
        f"{expected}; develop its camera raw files first, for example: darktable-cli DSC_1.NEF DSC_1.jpg"
    )
    (tmp_path / "DSC_1.NEF").unlink()
    assert none_found(tmp_path) == expected
