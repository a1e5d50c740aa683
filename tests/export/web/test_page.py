"""The static page of the export folder, driven in headless Chromium as on a phone, with LiteRT.js from npm."""

import base64
import io
import itertools
import json
import shutil
import subprocess
from functools import partial

import keras
import numpy as np
import pytest
from PIL import Image

from export import graphs, web
from export.tflite import conversion
from seigan_tf import pretrained
from seigan_tf.compose import geometry, matting, pasting, refiner
from seigan_tf.data.crops import CropRegion, extract, region_around
from seigan_tf.inference import arrays
from seigan_tf.inference.tta import inpaint_tta, segment_tta
from seigan_tf.utils.pixels import to_float
from tests import photo_matrix, tiny

api = pytest.importorskip("playwright.sync_api", reason="needs playwright, which drives a browser")

SIZE, FRACTION = 16, 0.5
NETWORKS = ("segmenter", "inpainter", "enhancer")
PHONE = {"width": 360, "height": 740}
BOX = {"x": 60, "y": 30, "width": 50, "height": 80}
"""Box of the object in `photo`; its crop is 160 px wide and reaches past the border at the top."""


@pytest.fixture(scope="module")
def model():
    """A tiny model whose masks are neither empty nor full, and whose enhancer changes something."""
    return tiny.seigan(size=SIZE, confine_mask=True)


@pytest.fixture(scope="module")
def exported(model, tmp_path_factory):
    """The files of an export folder that the page reads, with the page."""
    folder = tmp_path_factory.mktemp("export")
    made = graphs.make(model)
    for name in NETWORKS:
        kinds = ["float32", "float16"] if name == "segmenter" else ["float32"]
        for kind, content in conversion.convert(made[name], kinds).items():
            (folder / conversion.file_name(name, kind)).write_bytes(content)
    files = {path.name: {"bytes": path.stat().st_size} for path in folder.glob("*.tflite")}
    description = {"name": "tiny", "size": SIZE, "object_fraction": FRACTION, "confine_mask": True, "files": files}
    (folder / "model.json").write_text(json.dumps(description))
    web.write(folder)
    return folder


@pytest.fixture(scope="module")
def packages(tmp_path_factory):
    """node_modules with LiteRT.js."""
    if not shutil.which("npm"):
        pytest.skip("needs npm, which brings LiteRT.js")
    folder = tmp_path_factory.mktemp("npm")
    versions = json.loads((web.SOURCE / "runtime.json").read_text())["packages"]
    names = [f"{name}@{version}" for name, version in versions.items()]
    options = [
        "--prefix",
        folder,
        "--prefer-offline",
        "--no-audit",
        "--no-fund",
        "--ignore-scripts",
        "--loglevel=error",
    ]
    try:
        subprocess.run(["npm", "install", *options, *names], check=True, capture_output=True, timeout=120)
    except (subprocess.CalledProcessError, subprocess.TimeoutExpired):
        pytest.skip("LiteRT.js could not be installed: is the npm registry within reach?")
    return folder / "node_modules"


@pytest.fixture(scope="module")
def vendored(exported, packages):
    """The export folder with LiteRT.js beside the page."""
    shutil.copytree(packages, exported / "web" / "vendor")
    return exported


@pytest.fixture(scope="module")
def address(vendored, serve):
    return serve(vendored) + "/web/"


@pytest.fixture
def open_page(browser):
    """Opens pages as a phone does; no script on them may fail."""
    contexts, failures = [], []

    def start(url, before=lambda page: None):
        contexts.append(browser.new_context(viewport=PHONE, device_scale_factor=2, has_touch=True, is_mobile=True))
        page = contexts[-1].new_page()
        page.on("pageerror", lambda failure: failures.append(failure))
        before(page)
        page.goto(url)
        page.wait_for_selector("#photo:enabled", state="attached")
        return page

    yield start
    for context in contexts:
        context.close()
    assert failures == []


@pytest.fixture(scope="module")
def lab(browser, address):
    """A page that stays open, to call the page's modules one by one."""
    page = browser.new_page()
    page.goto(address)
    page.wait_for_selector("#photo:enabled", state="attached")
    page.evaluate(
        """async () => {
            const names = ['compose', 'geometry', 'models', 'photo', 'resample', 'tta'];
            Object.assign(window, ...await Promise.all(names.map((name) => import(`./${name}.js`))));
            window.given = (text) => new Float32Array(Uint8Array.from(atob(text), (c) => c.charCodeAt(0)).buffer);
            window.shot = ({ context, width, height }) => {
                const { data } = context.getImageData(0, 0, width, height);
                let text = "";
                for (let i = 0; i < data.length; i += 8192) text += String.fromCharCode(...data.subarray(i, i + 8192));
                return btoa(text);
            };
            window.opened = async (text) => Photo.open(new File([await (await fetch(text)).blob()], "photo.png"));
        }"""
    )
    return page


@pytest.fixture(scope="module")
def photo():
    """Patches of colour, with an object of another colour in BOX."""
    random = np.random.default_rng(1)
    pixels = random.integers(60, 200, (12, 15, 3), np.uint8).repeat(20, 0).repeat(20, 1)
    rows, columns = np.mgrid[:240, :300]
    pixels[((rows - 70) / 40) ** 2 + ((columns - 85) / 25) ** 2 < 1] = (250, 240, 20)
    return pixels


def png(pixels):
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "PNG")
    return buffer.getvalue()


def data_url(pixels):
    return "data:image/png;base64," + base64.b64encode(png(pixels)).decode()


def floats(array):
    return base64.b64encode(np.ascontiguousarray(array, np.float32).tobytes()).decode()


def region_of(box):
    return region_around(tuple(box.values()), FRACTION)


# The networks


def images(count):
    return np.random.default_rng(2).uniform(-1, 1, (count, 1, SIZE, SIZE, 3)).astype("float32")


def test_networks_answer_as_keras(lab, model):
    mask = np.random.default_rng(3).uniform(size=(1, SIZE, SIZE, 1)).astype("float32")
    for image in images(2):
        found = lab.evaluate(
            """async ([image, mask]) => {
                const models = await Models.find("float32");
                return [
                    await models.segment(given(image)),
                    await models.inpaint(given(image), given(mask)),
                    await models.enhance(given(image)),
                ].map((values) => Array.from(values));
            }""",
            [floats(image), floats(mask)],
        )
        expected = [
            model.inference_generators.segmenter(image),
            arrays.inpaint(model, image, mask),
            arrays.enhance(model, image),
        ]
        for values, wanted in zip(found, expected, strict=True):
            wanted = keras.ops.convert_to_numpy(wanted)
            np.testing.assert_allclose(np.reshape(values, wanted.shape), wanted, atol=1e-4)


def test_the_refiner_answers_as_in_python(lab, photo):
    side = refiner.SIDE
    crop = extract(photo, region_of(BOX), side)
    mask = np.random.default_rng(3).uniform(size=(side, side)).astype(np.float32)
    found = lab.evaluate(
        """async ([image, mask]) => Array.from(await (await Models.find()).refine(given(image), given(mask)))""",
        [floats(to_float(crop)), floats(mask)],
    )
    np.testing.assert_allclose(np.reshape(found, mask.shape), refiner.refine(crop, mask), atol=1e-3)


def test_half_precision_is_what_the_page_loads_and_as_good(lab, model):
    image = images(1)[0]
    files, found = lab.evaluate(
        """async (image) => {
            const models = await Models.find();
            return [models.files, Array.from(await models.segment(given(image)))];
        }""",
        floats(image),
    )
    assert files["segmenter"] == "segmenter_fp16.tflite"
    assert files["inpainter"] == "inpainter.tflite"  # not there in half precision
    wanted = keras.ops.convert_to_numpy(model.inference_generators.segmenter(image))
    np.testing.assert_allclose(np.reshape(found, wanted.shape), wanted, atol=0.02)


# The geometry


def test_regions_are_those_of_training(lab):
    random = np.random.default_rng(4)
    boxes = [
        dict(zip(("x", "y", "width", "height"), row, strict=True)) for row in random.integers(1, 999, (300, 4)) / 4
    ]
    found = lab.evaluate(
        "([boxes, fraction]) => boxes.map((box) => cropRegion(box, fraction))", [boxes, FRACTION]
    )  # fmt: skip
    wanted = [region_of(box) for box in boxes]
    assert [CropRegion(**region) for region in found] == wanted


def test_boxes_become_masks_as_in_training(lab):
    from seigan_tf.losses.boxes import box_to_mask

    region = region_of(BOX)
    found = lab.evaluate(
        "([box, region, size]) => Array.from(insideBox(box, region, size))", [BOX, region._asdict(), SIZE]
    )
    edges = [BOX["y"] - region.y, BOX["x"] - region.x]
    edges = np.array([[*edges, edges[0] + BOX["height"], edges[1] + BOX["width"]]], np.float32) / region.side
    np.testing.assert_array_equal(np.reshape(found, (1, SIZE, SIZE, 1)), box_to_mask(edges, SIZE))


@pytest.mark.parametrize(
    "region",
    [(20, 30, 100), (-70, -50, 300), (250, 200, 90), (-400, -300, 1000), (5, 5, 9), (0, 0, 1), (7, 9, 16), (3, 3, 211)],
)
def test_crops_are_those_of_training(lab, photo, region):
    """Inside, past every border, mirrored more than once, made larger, of one pixel, untouched, of an odd size."""
    region = CropRegion(*region)
    found = lab.evaluate(
        "async ([url, region, size]) => Array.from(extract(await opened(url), region, size))",
        [data_url(photo), region._asdict(), SIZE],
    )
    wanted = extract(photo, region, SIZE)
    np.testing.assert_array_equal(np.reshape(found, wanted.shape), wanted)


def test_landings_are_those_of_python(lab):
    random = np.random.default_rng(6)
    for x, y, width in (random.integers(1, 400, (20, 3)) / 4).tolist():
        at = {"x": x, "y": y, "width": width}
        found = lab.evaluate("([box, fraction, at]) => placed(box, fraction, at)", [BOX, FRACTION, at])
        goal = pasting.target(tuple(BOX.values()), (x, y, width), 999, 999)
        np.testing.assert_allclose(list(found["box"].values()), goal, rtol=1e-9)
        assert CropRegion(**found["region"]) == region_around(goal, FRACTION)


@pytest.mark.parametrize("region", [(20, 30, 100), (-70, -50, 300), (250, 200, 90), (7, 9, 16)])
def test_maps_come_back_to_the_photo_as_in_python(lab, photo, region):
    region = CropRegion(*region)
    window = geometry.window_around((region.x, region.y, region.side, region.side), photo.shape[1], photo.shape[0])
    values = np.random.default_rng(8).random((SIZE, SIZE, 2)).astype("float32")
    rectangle = {"x": window.left, "y": window.top, "width": window.width, "height": window.height}
    found = lab.evaluate(
        """([map, size, region, rectangle]) => {
            const fill = enlarge(given(map), size, 2, region, rectangle), row = new Float32Array(2 * rectangle.width);
            return Array.from({ length: rectangle.height }, (_, y) => { fill(y, row); return Array.from(row); });
        }""",
        [floats(values), SIZE, region._asdict(), rectangle],
    )
    wanted = np.concatenate([strip for _, strip in geometry.strips(values, region, window)])
    np.testing.assert_allclose(np.reshape(found, wanted.shape), wanted, atol=1e-5)


def test_a_photo_of_twelve_megapixels(lab):
    """Its crop is exact, and cutting takes seconds at most."""
    random = np.random.default_rng(5)
    pixels = random.integers(0, 256, (60, 80, 3), np.uint8).repeat(50, 0).repeat(50, 1)
    box = {"x": 1500, "y": 900, "width": 1600, "height": 1200}
    region = region_of(box)
    found = lab.evaluate(
        """async ([url, box, region, size]) => {
            const photo = await opened(url), models = await Models.find();
            await models.load("segmenter");
            const start = performance.now();
            const object = await cut(models, photo, box);
            return {
                seconds: (performance.now() - start) / 1000,
                crop: Array.from(extract(photo, region, size)),
                size: [object.canvas.width, object.canvas.height],
            };
        }""",
        [data_url(pixels), box, region._asdict(), SIZE],
    )
    wanted = extract(pixels, region, SIZE)
    np.testing.assert_array_equal(np.reshape(found["crop"], wanted.shape), wanted)
    assert found["size"] == [1600, 1200]
    assert found["seconds"] < 10  # about one on a core of its own


def test_mask_of_a_cut_is_that_of_keras(lab, model, photo):
    region = region_of(BOX)
    found = lab.evaluate(
        """async ([url, box]) => {
            const object = await cut(await Models.find("float32"), await opened(url), box, false);
            return { mask: Array.from(object.low), rectangle: object.rectangle };
        }""",
        [data_url(photo), BOX],
    )
    edges = [BOX["y"] - region.y, BOX["x"] - region.x]
    edges = np.array([[*edges, edges[0] + BOX["height"], edges[1] + BOX["width"]]], np.float32) / region.side
    wanted = segment_tta(partial(arrays.segment, model), extract(photo, region, SIZE)[None], edges)
    np.testing.assert_allclose(np.reshape(found["mask"], wanted.shape), wanted, atol=1e-4)
    assert found["rectangle"] == BOX


def test_a_mask_that_does_not_follow_edges_is_that_of_python(lab, photo):
    """Without its veil; there is some, for the mask is soft."""
    found = lab.evaluate(
        """async ([url, box]) => {
            const object = await cut(await Models.find("float32"), await opened(url), box, false);
            const { canvas, low } = object, { width, height } = canvas;
            return { mask: Array.from(low), cutout: shot({ context: canvas.getContext("2d"), width, height }) };
        }""",
        [data_url(photo), BOX],
    )
    low = np.reshape(found["mask"], (SIZE, SIZE)).astype("float32")
    window = geometry.window_around(tuple(BOX.values()), photo.shape[1], photo.shape[0])
    alpha = np.frombuffer(base64.b64decode(found["cutout"]), np.uint8).reshape(window.height, window.width, 4)[..., 3]
    wanted = matting.Matte(region_of(BOX), window, low, None).mask(photo) * 255
    np.testing.assert_allclose(alpha, wanted, atol=1)
    ((_, bilinear),) = geometry.strips(low, region_of(BOX), window)
    assert np.abs(bilinear * 255 - wanted).max() > 4


def test_a_box_without_an_object_is_refused_and_nothing_is_kept_for_it(lab, photo):
    found = lab.evaluate(
        """async ([url, box]) => {
            const models = await Models.find("float32"), photo = await opened(url);
            models.segment = async () => new Float32Array(models.size ** 2);
            const message = await cut(models, photo, box, false).then(() => "", (error) => error.message);
            return [message, photo.kept.length];
        }""",
        [data_url(photo), BOX],
    )
    assert found == ["No object was found in the box", 0]


def test_eight_ways_are_those_of_python(lab):
    random = np.random.default_rng(0)
    image = random.uniform(-1, 1, (20, 20, 3)).astype("float32")
    mask = (random.random((20, 20, 1)) > 0.5).astype("float32")
    pattern = np.linspace(0, 1, 400, dtype="float32").reshape(20, 20, 1)
    found = lab.evaluate(
        """async ([image, mask]) => {
            const inpaint = async (image, mask) => image.map((v, i) => {
                const pixel = Math.floor(i / 3);
                return v + mask[pixel] * pixel / 399;
            });
            const mean = await inpaintTta({ size: 20, inpaint }, new Float32Array(image), new Float32Array(mask));
            return Array.from(mean);
        }""",
        [image.ravel().tolist(), mask.ravel().tolist()],
    )
    expected = inpaint_tta(lambda images, masks: images + masks * pattern, image[None], mask[None])[0]
    np.testing.assert_allclose(np.reshape(found, image.shape), expected, atol=1e-5)


# The page


def choose(page, selector, name, pixels):
    content = pixels if isinstance(pixels, bytes) else png(pixels)
    page.set_input_files(selector, {"name": name, "mimeType": "image/png", "buffer": content})


def expect(page, text):
    """Waits for what the page says; an error ends the wait."""
    said = page.locator("#status").filter(has_text=text)
    said.or_(page.locator("#error:not(:empty)")).first.wait_for(timeout=30_000)
    assert page.inner_text("#error") == ""


def error(page):
    locator = page.locator("#error")
    api.expect(locator).not_to_be_empty(timeout=30_000)
    text = locator.text_content()
    assert "\n" not in text
    return text


def drag(page, photo, start, end):
    """A finger over the canvas, from one point of the photo to another."""
    area = page.locator("#stage").bounding_box()
    height, width = photo.shape[:2]
    scale = min(area["width"] / width, area["height"] / height)
    left, top = area["x"] + (area["width"] - width * scale) / 2, area["y"] + (area["height"] - height * scale) / 2
    points = [(left + x * scale, top + y * scale) for x, y in (start, end)]
    page.mouse.move(*points[0])
    page.mouse.down()
    page.mouse.move(*points[1], steps=4)
    page.mouse.up()


def draw_box(page, photo):
    drag(page, photo, (BOX["x"], BOX["y"]), (BOX["x"] + BOX["width"], BOX["y"] + BOX["height"]))


def saved(page):
    with page.expect_download() as download:
        page.get_by_role("button", name="Save").click()
    return download.value.suggested_filename, np.asarray(Image.open(download.value.path()))


def outside(pixels, region):
    """The pixels that no crop holds."""
    mask = np.ones(pixels.shape[:2], bool)
    mask[max(region.y, 0) : region.y + region.side, max(region.x, 0) : region.x + region.side] = False
    assert mask.any()
    return pixels[mask]


def test_cut_erase_and_undo(open_page, address, photo):
    page = open_page(address)
    choose(page, "#photo", "garden.png", photo)
    expect(page, "300 × 240. Draw a box")
    assert page.get_by_role("button", name="Cut", exact=True).is_disabled()
    draw_box(page, photo)
    page.get_by_role("button", name="Cut", exact=True).click()
    expect(page, "Cut out in")
    page.get_by_label("Cut-out").check()
    name, cutout = saved(page)
    assert name == "garden-cutout.png"
    assert cutout.shape[2] == 4
    assert abs(cutout.shape[0] - 80) <= 2
    assert abs(cutout.shape[1] - 50) <= 2
    assert cutout[..., 3].max() > 0

    page.get_by_role("button", name="Erase").click()
    expect(page, "Erased in")
    name, erased = saved(page)
    assert name == "garden-erased.png"
    # The box drawn by hand may be a pixel or two off, and so its crop.
    region = region_of({**BOX, "x": BOX["x"] - 2, "y": BOX["y"] - 2, "width": 54, "height": 84})
    np.testing.assert_array_equal(outside(erased[..., :3], region), outside(photo, region))
    assert (erased[..., :3] != photo).any()

    page.get_by_role("button", name="Undo").click()
    expect(page, "As it was before")
    assert page.get_by_role("button", name="Save").is_disabled()


def test_another_fill_is_another_one_each_time_and_is_taken_back(open_page, address, photo):
    page = open_page(address)
    choose(page, "#photo", "garden.png", photo)
    expect(page, "Draw a box")
    draw_box(page, photo)
    another = page.get_by_role("button", name="Another fill")
    assert not another.is_visible()
    page.get_by_role("button", name="Erase").click()
    expect(page, "Erased in")
    fills = [saved(page)[1]]
    for _ in range(2):
        another.click()
        page.wait_for_function("() => document.getElementById('status').textContent.startsWith('Erased in')")
        fills.append(saved(page)[1])
    assert all((one != other).any() for one, other in itertools.combinations(fills, 2))
    region = region_of({**BOX, "x": BOX["x"] - 2, "y": BOX["y"] - 2, "width": 54, "height": 84})
    np.testing.assert_array_equal(outside(fills[2][..., :3], region), outside(photo, region))
    page.get_by_role("button", name="Undo").click()
    expect(page, "As it was before")
    assert not another.is_visible()


def test_what_was_erased_before_can_still_be_saved_when_the_last_step_is_taken_back(open_page, address, photo):
    page = open_page(address)
    choose(page, "#photo", "garden.png", photo)
    expect(page, "Draw a box")
    draw_box(page, photo)
    page.get_by_role("button", name="Erase").click()
    expect(page, "Erased in")
    first = saved(page)[1]
    drag(page, photo, (180, 100), (240, 180))
    page.get_by_role("button", name="Cut", exact=True).click()
    expect(page, "Cut out in")
    page.get_by_role("button", name="Erase").click()
    expect(page, "Erased in")
    assert (saved(page)[1] != first).any()
    page.get_by_role("button", name="Undo").click()
    expect(page, "As it was before")
    name, again = saved(page)
    assert name == "garden-erased.png"
    np.testing.assert_array_equal(again, first)


def test_a_photo_is_dropped_onto_the_page(open_page, address, photo):
    page = open_page(address)
    page.evaluate(
        """async (url) => {
            const dataTransfer = new DataTransfer();
            dataTransfer.items.add(new File([await (await fetch(url)).blob()], "dropped.png", { type: "image/png" }));
            const send = (type, at) => at.dispatchEvent(
                new DragEvent(type, { dataTransfer, bubbles: true, cancelable: true }));
            send("dragenter", document.body);
            send("drop", document.querySelector("#drop > [data-for=photo]"));
        }""",
        data_url(photo),
    )
    expect(page, "300 × 240. Draw a box")
    assert page.is_hidden("#drop")


def test_paste_on_a_second_photo(open_page, address, photo):
    other = np.full((200, 400, 3), (30, 90, 160), np.uint8)
    page = open_page(address)
    choose(page, "#photo", "garden.png", photo)
    expect(page, "Draw a box")
    draw_box(page, photo)
    choose(page, "#onto", "sea.png", other)  # cuts by itself
    expect(page, "400 × 200. Drag the object")
    slider = page.get_by_label("Size")
    before = float(slider.input_value())
    page.locator("#stage").press("Shift+ArrowRight")
    assert float(slider.input_value()) > before
    slider.fill("10")
    drag(page, other, (200, 100), (320, 100))
    page.get_by_role("button", name="Paste here").click()
    expect(page, "Pasted in")
    name, pasted = saved(page)
    assert name == "sea-pasted.png"
    changed = (pasted[..., :3] != other).any(-1)
    columns = np.flatnonzero(changed.any(0))
    # 10 % of 400 px wide, its middle at 320, and what the enhancer changes close by.
    assert changed.any()
    assert columns.min() >= 280
    assert columns.max() <= 360
    page.get_by_role("button", name="Undo").click()
    expect(page, "Drag the object")
    page.get_by_role("button", name="Back").click()
    expect(page, "Save the cut-out")
    assert saved(page)[0] == "garden-cutout.png"


def test_no_box_is_drawn_on_a_photo_that_was_pasted_on(open_page, address, photo):
    other = np.full((200, 400, 3), (30, 90, 160), np.uint8)
    page = open_page(address)
    choose(page, "#photo", "garden.png", photo)
    expect(page, "Draw a box")
    draw_box(page, photo)
    choose(page, "#onto", "sea.png", other)
    expect(page, "Drag the object")
    stage = page.locator("#stage")
    for button, says in (("Undo", "Drag the object"), ("Back", "Save the cut-out")):
        page.get_by_role("button", name="Paste here").click()
        expect(page, "Pasted in")
        drag(page, other, (20, 20), (80, 80))
        stage.press("ArrowRight")
        assert "no box yet" in stage.get_attribute("aria-label")
        page.get_by_role("button", name=button).click()
        expect(page, says)
    drag(page, photo, (20, 20), (80, 80))
    assert "box at" in stage.get_attribute("aria-label")


def test_a_cut_out_is_of_the_box_that_it_was_asked_for(open_page, address, photo):
    waiting = []
    page = open_page(address, lambda page: page.route("**/segmenter_fp16.tflite", lambda route: waiting.append(route)))
    cut(page, photo)
    expect(page, "Cutting")
    stage = page.locator("#stage")
    before = stage.get_attribute("aria-label")
    drag(page, photo, (150, 100), (250, 200))
    stage.press("ArrowRight")
    assert stage.get_attribute("aria-label") == before
    while not waiting:
        page.wait_for_timeout(20)
    waiting[0].continue_()
    expect(page, "Cut out in")


def test_a_cut_that_fails_leaves_the_one_before(open_page, address, photo):
    page = open_page(address)
    cut(page, photo)
    expect(page, "Cut out in")
    page.evaluate(
        """async () => {
            const { Models } = await import("./models.js");
            Models.prototype.segment = () => { throw new Error("out of memory"); };
        }"""
    )
    page.get_by_role("button", name="Cut", exact=True).click()
    assert error(page) == "out of memory"
    assert page.get_by_label("Cut-out").is_enabled()
    assert saved(page)[0] == "garden-cutout.png"


def test_by_keys_alone(open_page, address, photo):
    page = open_page(address)
    choose(page, "#photo", "garden.png", photo)
    expect(page, "Draw a box")
    stage = page.locator("#stage")
    assert "no box yet" in stage.get_attribute("aria-label")
    stage.press("ArrowRight")
    assert "box at 75, 60, 150 wide, 120 high" in stage.get_attribute("aria-label")
    stage.press("ArrowRight")
    stage.press("Shift+ArrowUp")
    assert "box at 78, 60, 150 wide, 117 high" in stage.get_attribute("aria-label")
    page.get_by_role("button", name="Cut", exact=True).press("Enter")
    expect(page, "Cut out in")


def test_fits_a_phone_and_names_every_control(open_page, address, photo):
    page = open_page(address)
    choose(page, "#photo", "garden.png", photo)
    expect(page, "Draw a box")
    draw_box(page, photo)
    page.get_by_role("button", name="Cut", exact=True).click()
    expect(page, "Cut out in")
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    controls = page.locator("button:visible, label.button:visible, input[type=radio]:visible").all()
    assert len(controls) >= 8
    for control in controls:
        row = control if control.evaluate("e => e.tagName") != "INPUT" else control.locator("..")
        assert row.bounding_box()["height"] >= 40
        assert row.inner_text().strip()
    box = page.locator("#save").bounding_box()
    assert box["y"] + box["height"] <= PHONE["height"]  # without scrolling


def test_a_photo_is_turned_upright(open_page, address):
    exif = Image.Exif()
    exif[0x0112] = 6
    buffer = io.BytesIO()
    Image.new("RGB", (300, 200)).save(buffer, "JPEG", exif=exif)
    page = open_page(address)
    choose(page, "#photo", "phone.jpg", buffer.getvalue())
    expect(page, "200 × 300")


def test_a_photo_in_any_format_and_orientation_has_the_same_mask(lab):
    contents = photo_matrix.files("jpg", "png", "webp", "avif")
    masks = {}
    for name, content in contents.items():
        text = lab.evaluate(
            """async ([text, name, box]) => {
                const bytes = Uint8Array.from(atob(text), (c) => c.charCodeAt(0));
                // The masks are those of random weights: refined, they would follow the noise of JPEG.
                const { rectangle, canvas } = await cut(
                    await Models.find("float32"), await Photo.open(new File([bytes], name)), box, false);
                if (rectangle.x !== box.x || rectangle.y !== box.y) throw new Error(`${name}: elsewhere`);
                return shot({ context: canvas.getContext("2d"), width: canvas.width, height: canvas.height });
            }""",
            [base64.b64encode(content).decode(), name, dict(zip(BOX, photo_matrix.BOX, strict=True))],
        )
        width, height = photo_matrix.BOX[2:]
        masks[name] = np.frombuffer(base64.b64decode(text), np.uint8).reshape(height, width, 4)[..., 3]
    assert masks["png-1.png"].std() > 1
    photo_matrix.check_alike(masks)


@pytest.mark.parametrize("form", ["", "Exif\0\0", "damaged", "without"])
def test_a_webp_is_turned_whatever_its_exif_data_begin_with(lab, form):
    exif = Image.Exif()
    exif[0x0112] = 6
    exif = exif.tobytes().removeprefix(b"Exif\0\0")
    exif = {"damaged": exif[:9], "without": b"MM\0*\0\0\0\x08\0\0"}.get(form, form.encode() + exif)
    file = io.BytesIO()
    Image.new("RGB", (30, 20)).save(file, "WEBP", exif=exif)
    size = lab.evaluate(
        """async (text) => {
            const { width, height } = await Photo.open(
                new File([Uint8Array.from(atob(text), (c) => c.charCodeAt(0))], "a.webp"));
            return [width, height];
        }""",
        base64.b64encode(file.getvalue()).decode(),
    )
    assert size == ([20, 30] if form in ("", "Exif\0\0") else [30, 20])


def test_pictures_that_the_browser_does_not_open_are_named_with_what_to_do(open_page, address, photo):
    page = open_page(address)
    for name, content, words in (
        (
            "a.heic",
            photo_matrix.files("heic")["heic-6.heic"],
            "a HEIC photo, which this browser does not open; convert",
        ),
        (
            "a.tif",
            photo_matrix.files("tif")["tif-1.tif"],
            "a TIFF or camera raw file, which this browser does not open",
        ),
        ("a.png", png(photo)[:100], "damaged, or too large for this browser"),
        ("a.txt", b"not a picture", "not a picture that this browser opens; expected JPEG, PNG, WebP or AVIF"),
    ):
        choose(page, "#photo", name, content)
        page.wait_for_function("(name) => document.getElementById('error').textContent.startsWith(name)", arg=name)
        assert words in page.inner_text("#error")


def test_what_is_no_picture_is_refused_and_the_photo_stays(open_page, address, photo):
    page = open_page(address)
    choose(page, "#photo", "garden.png", photo)
    expect(page, "300 × 240")
    choose(page, "#photo", "notes.txt", b"not a picture")
    assert error(page).startswith("notes.txt: not a picture")
    assert page.inner_text("#status").startswith("300 × 240")
    draw_box(page, photo)
    page.get_by_role("button", name="Cut", exact=True).click()
    expect(page, "Cut out in")


def cut(page, photo):
    choose(page, "#photo", "garden.png", photo)
    expect(page, "Draw a box")
    draw_box(page, photo)
    page.get_by_role("button", name="Cut", exact=True).click()


def answer(page, pattern, **reply):
    page.route(pattern, lambda route: route.fulfill(**reply))


def test_a_network_that_is_missing_or_damaged(open_page, address, photo):
    page = open_page(address, lambda page: answer(page, "**/segmenter_fp16.tflite", status=404))
    cut(page, photo)
    assert error(page).startswith("segmenter_fp16.tflite: 404")
    answer(page, "**/segmenter_fp16.tflite", body=b"half of it")
    page.get_by_role("button", name="Cut", exact=True).click()
    api.expect(page.locator("#error")).to_contain_text(
        "segmenter_fp16.tflite: 10 bytes; model.json says", timeout=30_000
    )
    page.unroute("**/segmenter_fp16.tflite")
    page.get_by_role("button", name="Cut", exact=True).click()  # it may be tried again
    expect(page, "Cut out in")


def test_without_a_description(open_page, address):
    page = open_page(address, lambda page: answer(page, "**/model.json", status=404))
    assert error(page).startswith("model.json: not found")


@pytest.mark.parametrize(
    ("missing", "blamed"),
    [
        ("runtime.json", "runtime.json"),
        ("app.js", "app.js or a file that it needs"),
        ("backend.js", "app.js or a file that it needs"),
    ],
)
def test_a_file_of_the_page_that_is_missing(browser, address, missing, blamed):
    page = browser.new_page()
    answer(page, f"**/{missing}", status=404)
    page.goto(address)
    assert error(page).startswith(f"The page is incomplete: {blamed}: ")
    page.close()


def test_offers_what_the_browser_opens_even_without_networks(open_page, address, photo):
    page = open_page(address, lambda page: answer(page, "**/model.json", status=404))
    for field in ("#photo", "#onto"):
        assert page.get_attribute(field, "accept") == "image/*"
    error(page)
    choose(page, "#photo", "garden.png", photo)
    expect(page, "300 × 240. Draw a box")


def test_an_unknown_format(open_page, address):
    page = open_page(address + "?format=int4")
    assert error(page) == "format=int4; expected float32, float16, int8, dynamic"


# LiteRT.js from elsewhere


@pytest.fixture(scope="module")
def cdn(packages, serve, tmp_path_factory):
    """The address of a host like the CDN: packages with their versions, for pages of every origin."""
    folder = tmp_path_factory.mktemp("cdn")
    for name, version in json.loads((web.SOURCE / "runtime.json").read_text())["packages"].items():
        place = folder / f"{name}@{version}"
        place.parent.mkdir(exist_ok=True)
        place.symlink_to(packages / name)
    return serve(folder, {"Access-Control-Allow-Origin": "*"}) + "/"


@pytest.fixture
def alone(exported, serve, cdn, tmp_path):
    """Serves the export folder without LiteRT.js beside the page; the changes are those of its runtime.json."""

    def start(**changes):
        folder = tmp_path / "alone"
        shutil.copytree(exported, folder, ignore=shutil.ignore_patterns("vendor"))
        path = folder / "web" / "runtime.json"
        path.write_text(json.dumps(json.loads(path.read_text()) | {"cdn": cdn} | changes))
        return serve(folder) + "/web/"

    return start


def test_comes_from_the_cdn_where_it_is_not_beside_the_page(open_page, alone, photo):
    page = open_page(alone())
    cut(page, photo)
    expect(page, "Cut out in")


@pytest.mark.parametrize("ending", ["core/dist/index.js", "_internal.js", "_internal.wasm"])
def test_runs_only_the_files_that_it_knows(open_page, alone, cdn, photo, ending):
    known = json.loads((web.SOURCE / "runtime.json").read_text())["integrity"]
    other = known["@litertjs/wasm-utils/dist/index.js"]
    page = open_page(alone(integrity={name: other if name.endswith(ending) else sum for name, sum in known.items()}))
    cut(page, photo)
    assert error(page).startswith(f"LiteRT.js from {cdn}: ")


def test_without_a_network_connection(open_page, alone, photo):
    page = open_page(alone(cdn="http://127.0.0.1:9/"))
    cut(page, photo)
    assert error(page).startswith("LiteRT.js from http://127.0.0.1:9/: ")


# Writing the page


def test_write_keeps_what_else_is_beside_the_page(tmp_path):
    web.write(tmp_path)
    (tmp_path / "web" / "vendor").mkdir()
    (tmp_path / "web" / "app.js").write_text("older")
    assert web.write(tmp_path) == tmp_path / "web"
    assert (tmp_path / "web" / "vendor").is_dir()
    assert {"stage.js", "style.css"} <= {path.name for path in (tmp_path / "web").iterdir()}
    for source in web.SOURCE.iterdir():
        assert (tmp_path / "web" / source.name).read_bytes() == source.read_bytes()
    shipped = (tmp_path / "web" / refiner.FILE).read_bytes()
    assert shipped == (pretrained.folder(refiner.NAME) / refiner.FILE).read_bytes()
    assert f"bytes: {len(shipped)} " in (web.SOURCE / "models.js").read_text()
