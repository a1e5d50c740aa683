"""Answers of the page's server to good requests and to bad ones."""

import io
import json
import re
import tempfile
import tracemalloc
import zlib

import numpy as np
import pytest
from PIL import Image, ImageCms
from werkzeug.test import Client

from seigan_tf.compose.composer import Composer
from tests.serve import stub
from tests.serve.stub import BOX, StubBackend, encoded, scene

LOCAL = {"base_url": "http://127.0.0.1:8100"}
TEXT = ",".join(map(str, BOX))


@pytest.fixture
def temporary(tmp_path, monkeypatch):
    """Where temporary files go; nothing may stay there."""
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    yield folder
    assert not list(folder.iterdir())


@pytest.fixture
def client(temporary):
    return Client(stub.application())


def file(content, name="photo.png"):
    return io.BytesIO(content), name


def post(client, action, photo=None, **fields):
    if photo is not None:
        fields["photo"] = file(photo)
    return client.post(f"/api/{action}", data=fields, **LOCAL)


def refused(response, status, *parts):
    """The one line of a refusal."""
    assert response.status_code == status, response.data
    assert response.mimetype == "application/json"
    message = json.loads(response.data)["error"]
    assert "\n" not in message
    assert all(part in message for part in parts), message
    return message


def picture(response):
    assert response.status_code == 200, response.data
    return Image.open(io.BytesIO(response.data))


def pixels(response):
    return np.asarray(picture(response))


def test_a_camera_raw_file_is_refused_by_name(client):
    content = encoded(scene(), "TIFF")  # as Nikon's begin
    response = client.post("/api/open", data={"photo": file(content, "DSC_1.NEF")}, **LOCAL)
    refused(response, 422, "photo: a camera raw file (NEF), whose only picture is a preview; develop it first")
    assert client.post("/api/open", data={"photo": file(content, "../DSC_1.tif")}, **LOCAL).status_code == 200


def test_the_page_and_every_file_that_it_names_are_served_with_guarding_headers(client):
    names, seen = ["", "app.js"], {}
    while names:
        name = names.pop()
        if name in seen:
            continue
        response = client.get(f"/{name}", **LOCAL)
        assert response.status_code == 200, name
        seen[name] = text = response.text
        names += re.findall(r'(?:from "\./|(?:src|href)=")([\w.]+)"', text)
        assert "default-src 'none'" in response.headers["Content-Security-Policy"]
        assert response.headers["X-Content-Type-Options"] == "nosniff"
        assert response.headers["Referrer-Policy"] == "no-referrer"
        assert response.headers["Cross-Origin-Resource-Policy"] == "same-origin"
        assert response.headers["Cache-Control"] == "no-store"
    assert {"style.css", "stage.js", "photo.js", "server.js", "backend.js", "drop.js"} < set(seen)
    assert client.get("/app.js", **LOCAL).mimetype == "text/javascript"


PATHS = """/nothing.js /../application.py /%2e%2e/application.py /..%2fapplication.py /page/app.js //app.js/x
    /etc/passwd /%2fetc%2fpasswd /api/open/../../app.py /app.js%00.py /application.py /api/ /.."""


@pytest.mark.parametrize("path", PATHS.split())
def test_no_path_leads_out_of_the_page(client, path):
    assert client.get(path, **LOCAL).status_code in (404, 308)
    assert client.get(path, follow_redirects=True, **LOCAL).status_code == 404


def test_methods_hosts_and_other_websites_that_are_refused(client):
    refused(client.get("/api/cut", **LOCAL), 405)
    refused(client.post("/", **LOCAL), 405)
    refused(client.delete("/api/open", **LOCAL), 405)
    refused(client.get("/", base_url="http://evil.example:8100"), 403, "not one of this server")
    refused(client.post("/api/cut", headers={"Origin": "https://evil.example"}, **LOCAL), 403, "another website")


def test_settings_name_the_weights_and_the_limits(client):
    assert client.get("/api/settings", **LOCAL).json == {
        "name": "stub",
        "size": 32,
        "max_upload": 2_000_000,
        "most_boxes": 50,
        "finds": False,
    }


def test_open_shows_a_large_photo_small_and_upright(client):
    exif = Image.Exif()
    exif[0x0112] = 6
    photo = scene(2000, 1000)
    stored = photo.transpose(Image.Transpose.ROTATE_90)
    response = post(client, "open", encoded(stored, "JPEG", quality=95, exif=exif))
    assert response.headers["Photo-Size"] == "2000,1000"
    shown = picture(response)
    assert shown.format == "JPEG"
    assert shown.size == (1600, 800)
    assert not shown.getexif()
    expected = np.asarray(photo.resize((1600, 800), Image.Resampling.BOX), float)
    assert np.abs(np.asarray(shown, float) - expected).mean() < 6


def test_open_leaves_a_small_photo_its_size_its_transparency_and_its_profile(client):
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    photo = scene(mode="RGBA")
    photo.putpixel((5, 5), (1, 2, 3, 0))
    shown = picture(post(client, "open", encoded(photo, icc_profile=profile)))
    assert (shown.format, shown.mode, shown.size) == ("PNG", "RGBA", (320, 240))
    assert shown.getpixel((5, 5))[3] == 0
    assert shown.info["icc_profile"] == profile


def test_open_reads_formats_that_browsers_do_not(client):
    shown = picture(post(client, "open", encoded(scene(), "TIFF")))
    assert (shown.format, shown.size) == ("JPEG", (320, 240))


@pytest.mark.parametrize("edges", ["0", "1"])
def test_cut_erase_and_paste_are_what_composer_makes(client, edges):
    composer = Composer(StubBackend(), refine=edges == "1")
    photo, other = scene(), scene(200, 180, seed=1)
    array, content = np.asarray(photo), encoded(photo)
    response = post(client, "cut", content, box=TEXT, edges=edges)
    x, y, width, height = map(int, response.headers["Rectangle"].split(","))
    assert (x, y, width, height) == BOX
    _, cutout = composer.cut(array, BOX)
    assert (pixels(response) == cutout[y : y + height, x : x + width]).all()
    erased = post(client, "erase", content, box=[f"{TEXT},0,{edges}", f"200,100,60,60,0,{edges}"])
    assert (pixels(erased) == composer.erase(composer.erase(array, BOX), (200, 100, 60, 60))).all()
    again = post(client, "erase", content, box=[f"{TEXT},3,{edges}"])
    assert (pixels(again) == composer.erase(array, BOX, seed=3)).all()
    assert (pixels(again) != composer.erase(array, BOX)).any()
    over = "100,90,40,40"  # a part of the hole
    fill = post(client, "cut", content, box=over, erased=f"{TEXT},3,{edges}", edges=edges)
    earlier = composer.erase(array, BOX, seed=3)
    assert (pixels(fill) == composer.cut(earlier, (100, 90, 40, 40))[1][90:130, 100:140]).all()
    pasted = post(client, "paste", content, box=TEXT, onto=file(encoded(other)), at="20,30,80", edges=edges)
    assert (pixels(pasted) == composer.paste(array, BOX, np.asarray(other), (20, 30, 80))).all()


@pytest.mark.parametrize("shadow", [False, True])
def test_a_paste_has_a_shadow_if_it_is_asked_for(client, shadow):
    photo, other = scene(), scene(200, 180, seed=1)
    fields = {"box": TEXT, "onto": file(encoded(other)), "at": "20,30,80", "shadow": int(shadow)}
    arrays = [
        Composer(StubBackend()).paste(np.asarray(photo), BOX, np.asarray(other), (20, 30, 80), on)
        for on in (shadow, not shadow)
    ]
    pasted = pixels(post(client, "paste", encoded(photo), **fields))
    assert (pasted == arrays[0]).all()
    assert (pasted != arrays[1]).any()


def test_find_gives_the_box_of_the_object_at_a_point(temporary, client):
    finding = Client(stub.application(find=stub.find_red))
    assert finding.get("/api/settings", **LOCAL).json["finds"]
    photo = encoded(scene())
    found = post(finding, "find", photo, at="120,100").json
    assert found["name"] == "disc"
    assert np.abs(np.subtract(found["box"], BOX)).max() <= 1
    refused(post(finding, "find", photo, at="300,10"), 422, "finds no object there")
    refused(post(finding, "find", photo, at="300"), 400, "at is 300, expected x,y, numbers in pixels")
    refused(post(client, "find", photo, at="120,100"), 422, "no detector: start `serve` with --detector MODEL.tflite")


def test_what_was_erased_before_is_gone_from_later_cuts_and_pastes(client):
    photo = scene()
    composer = Composer(StubBackend())
    clean = composer.erase(np.asarray(photo), BOX)
    later = (60, 40, 120, 130)
    response = post(client, "cut", encoded(photo), box=",".join(map(str, later)), erased=TEXT)
    expected = composer.cut(clean, later)[1][40:170, 60:180]
    assert (pixels(response) == expected).all()
    other = encoded(scene(seed=3))
    response = post(
        client, "paste", encoded(photo), box=",".join(map(str, later)), erased=TEXT, onto=file(other), at="9,9"
    )
    assert (pixels(response) == composer.paste(clean, later, np.asarray(scene(seed=3)), (9, 9))).all()


def bomb(width=40_000, height=40_000):
    """A PNG of a few kilobytes whose header promises 1.6 thousand million pixels."""

    def chunk(kind, content):
        return len(content).to_bytes(4, "big") + kind + content + zlib.crc32(kind + content).to_bytes(4, "big")

    header = width.to_bytes(4, "big") + height.to_bytes(4, "big") + bytes([8, 2, 0, 0, 0])
    rows = zlib.compress(bytes(3_000_000))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


BAD_PHOTOS = {
    "text": (b"not a picture", "not an image of a known format"),
    "empty": (b"", "an empty file"),
    "svg": (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "not an image of a known format"),
    "program": (b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n", "not an image of a known format"),
    "truncated": (encoded(scene(), "JPEG")[:2500], "truncated"),
    "bomb": (bomb(), "pixels"),
    "too many pixels": (encoded(Image.new("1", (2000, 1501))), "2,000 x 1,501 pixels, expected at most 3 million"),
}


@pytest.mark.parametrize("name", BAD_PHOTOS)
def test_a_photo_that_cannot_be_used_is_refused_in_one_line(client, name):
    content, expected = BAD_PHOTOS[name]
    good = encoded(scene())
    for response, field in (
        (post(client, "open", content), "photo"),
        (post(client, "cut", content, box=TEXT), "photo"),
        (post(client, "erase", content, box=TEXT), "photo"),
        (post(client, "paste", content, box=TEXT, onto=file(good), at="1,1"), "photo"),
        (post(client, "paste", good, box=TEXT, onto=file(content), at="1,1"), "onto"),
    ):
        message = refused(response, 422, expected)
        assert message.startswith(f"{field}: ")
        assert "seigan-" not in message  # no temporary name


def test_too_many_bytes_are_refused(client):
    response = post(client, "open", encoded(scene()) + bytes(2_000_000))
    refused(response, 413, "photo: 2.0 MB, expected at most 2 MB")
    response = post(client, "open", bytes(5_000_000))
    refused(response, 413, "5.0 MB, expected photos of at most 2 MB each")
    refused(post(client, "cut", encoded(scene()), box="1" * 400_000), 413)
    refused(post(client, "erase", encoded(scene()), **{f"box{number}": "1" for number in range(100)}), 413)


def test_the_name_that_comes_with_a_file_is_not_opened(client, tmp_path):
    there = tmp_path / "there.png"
    there.write_bytes(encoded(scene()))
    message = refused(client.post("/api/open", data={"photo": file(b"nothing", str(there))}, **LOCAL), 422, "photo: ")
    assert "there" not in message
    refused(client.post("/api/open", data={"photo": str(there)}, **LOCAL), 400, "photo: missing")
    for name in ("../../../etc/passwd", "/etc/passwd", "a\0b", "", "x" * 5000, "<script>", "photo"):
        if name:
            assert picture(client.post("/api/open", data={"photo": file(encoded(scene()), name)}, **LOCAL)).size == (
                320,
                240,
            )


@pytest.mark.parametrize(
    ("box", "status", "expected"),
    [
        ("400,10,50,50", 422, "outside the photo of 320 x 240 pixels"),
        ("-90,10,50,50", 422, "outside the photo"),
        ("10,10,0,50", 422, "width and height must be more than 0"),
        ("10,10,50,-5", 422, "width and height must be more than 0"),
        ("10,10,50", 400, "box is 10,10,50, expected x,y,width,height"),
        ("nan,1,5,5", 400, "box is nan,1,5,5, expected"),
        ("1e999,1,5,5", 400, "box is 1e999,1,5,5, expected"),
        ("cat", 400, "box is cat, expected"),
        ("", 400, "box is '', expected"),
        ("１０,10,5,5,٣,٣", 400, "box is １０,10,5,5,٣,٣, expected"),
    ],
)
def test_a_box_that_is_none_is_refused(client, box, status, expected):
    for action in ("cut", "erase"):
        refused(post(client, action, encoded(scene()), box=box), status, expected)


def test_seed_and_edges_are_numbers_of_boxes_to_erase_alone(client):
    wrong = f"{TEXT},1"
    refused(
        post(client, "cut", encoded(scene()), box=wrong), 400, f"box is {wrong}, expected x,y,width,height, numbers"
    )
    expected = "expected x,y,width,height[,seed[,edges]], numbers"
    refused(post(client, "erase", encoded(scene()), box=f"{wrong},1,1"), 400, expected)
    refused(post(client, "erase", encoded(scene()), box=f"{wrong},2"), 400, "expected 0 or 1 as edges")


@pytest.mark.parametrize("seed", ["-1", "0.5", "2147483648", "1e300"])
def test_a_seed_that_is_none_is_refused(client, seed):
    wrong = f"{TEXT},{seed}"
    refused(post(client, "erase", encoded(scene()), box=wrong), 400, f"box is {wrong}, expected a whole number from 0")
    refused(post(client, "cut", encoded(scene()), box=TEXT, erased=wrong), 400, f"erased is {wrong}, expected a whole")


def test_a_box_that_sticks_out_is_cut_off(client):
    response = post(client, "cut", encoded(scene()), box="-1e300,-50,2e300,210")
    assert response.headers["Rectangle"] == "0,0,320,160"


def test_missing_and_wrong_fields_are_named(client):
    photo = encoded(scene())
    refused(client.post("/api/open", **LOCAL), 400, "photo: missing")
    refused(client.post("/api/open", data=photo, content_type="image/png", **LOCAL), 400, "photo: missing")
    refused(client.post("/api/open", json={"photo": "/etc/passwd"}, **LOCAL), 400, "photo: missing")
    fields = {
        "data": b"a=1&" * 70_000,
        "content_type": "application/x-www-form-urlencoded",
    }  # 40 bytes each, as objects
    refused(client.post("/api/open", **fields, **LOCAL), 413, "280000 bytes, expected multipart/form-data")
    broken = {"data": b"--x\r\nContent-Disposition: form", "content_type": "multipart/form-data; boundary=x"}
    refused(client.post("/api/open", **broken, **LOCAL), 400, "photo: missing")
    refused(post(client, "cut", photo), 400, "box is '', expected")
    refused(post(client, "erase", photo), 400, "box: missing")
    refused(post(client, "erase", photo, box=[TEXT] * 51), 400, "51 boxes, expected at most 50")
    refused(post(client, "cut", photo, box=TEXT, edges="yes"), 400, "edges is yes, expected 0 or 1")
    refused(post(client, "paste", photo, box=TEXT, at="1,1"), 400, "onto: missing")
    refused(post(client, "paste", photo, box=TEXT, at="1,1", shadow="on"), 400, "shadow is on, expected 0 or 1")
    other = encoded(scene(seed=2))
    refused(post(client, "paste", photo, box=TEXT, onto=file(other)), 400, "at is '', expected x,y or x,y,width")
    for at, expected in (("500,1", "outside the photo"), ("1,1,0", "width must be more than 0"), ("1,1,1e9", "pixels")):
        refused(post(client, "paste", photo, box=TEXT, onto=file(other), at=at), 422, expected)


def test_a_long_panorama_does_not_take_all_memory(client):
    # 0.2 million pixels, but 650 million in the square around the box.
    photo = encoded(Image.new("RGB", (20_000, 10), "green"))
    assert post(client, "open", photo).headers["Photo-Size"] == "20000,10"
    onto = {"onto": file(encoded(scene())), "at": "0,0,20000"}
    tracemalloc.start()
    try:
        # So long and thin an object lies between the pixels that the networks see.
        refused(post(client, "cut", photo, box="0,0,20000,10"), 422, "no object was found")
        refused(post(client, "erase", photo, box="0,0,20000,10"), 422, "no object was found")
        refused(post(client, "paste", photo, box="0,0,2000,2", **onto), 422, "no object was found")
        assert tracemalloc.get_traced_memory()[1] < 600_000_000
    finally:
        tracemalloc.stop()
    assert picture(post(client, "cut", photo, box="500,2,6,6")).size == (6, 6)


def test_where_nothing_is_found_the_page_hears_so(temporary):
    backend = StubBackend()
    backend.segment = lambda images, boxes: np.zeros((len(images), 32, 32, 1), np.float32)
    client, photo = Client(stub.application(backend)), encoded(scene())
    for action in ("cut", "erase"):
        refused(post(client, action, photo, box=TEXT), 422, "no object was found in the box")
    refused(post(client, "paste", photo, box=TEXT, onto=file(photo), at="1,1"), 422, "no object was found")


def test_a_fault_of_the_server_tells_the_browser_nothing_of_it(temporary, caplog):
    backend = StubBackend()

    def fail(images, boxes):
        raise RuntimeError("secret")

    backend.segment = fail
    client = Client(stub.application(backend))
    message = refused(post(client, "cut", encoded(scene()), box=TEXT), 500, "something went wrong")
    assert "secret" not in message
    assert "secret" in caplog.text

    def exhausted(images, boxes):
        raise MemoryError

    backend.segment = exhausted
    refused(post(client, "cut", encoded(scene()), box=TEXT), 422, "too large for the memory that is free")
