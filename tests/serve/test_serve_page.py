"""The page in a browser: a photo, a box, cut, erased, pasted, saved, and what goes wrong."""

import io

import numpy as np
import pytest
from PIL import Image

from seigan_tf.compose.composer import Composer
from seigan_tf.serve import application as serve_application
from tests import photo_matrix
from tests.browser import chromium, complaints
from tests.serve import stub
from tests.serve.stub import BOX, StubBackend, encoded, scene

PHONE = {"viewport": {"width": 390, "height": 664}, "has_touch": True, "is_mobile": True}


@pytest.fixture(scope="module")
def browser():
    with chromium() as opened:
        yield opened


@pytest.fixture(scope="module")
def backend():
    return StubBackend()


@pytest.fixture(scope="module")
def application(backend):
    return stub.application(backend, pixels=6_000_000, waiting=0)


@pytest.fixture(scope="module")
def address(application):
    with stub.served(application) as address:
        yield address


class Visit:
    """Somebody with the page open."""

    def __init__(self, browser, address, **settings):
        self.page = browser.new_page(**{"viewport": {"width": 1100, "height": 800}, **settings})
        self.complaints = complaints(self.page)
        self.page.goto(address)
        self.page.wait_for_function("() => document.getElementById('model').textContent.startsWith('stub')")

    def says(self, text, where="status"):
        self.page.wait_for_function(
            "([id, text]) => document.getElementById(id).textContent.includes(text)", arg=[where, text], timeout=15000
        )

    def choose(self, content, name="photo.png", field="photo"):
        self.page.set_input_files(f"#{field}", {"name": name, "mimeType": "image/png", "buffer": content})

    def opens(self, image, says="Draw a box", **settings):
        self.choose(encoded(image), **settings)
        self.says(says)

    def at(self, x, y, size):
        """Where a pixel of the photo, of that size, is on the screen."""
        self.page.locator("#stage").scroll_into_view_if_needed()
        box = self.page.locator("#stage").bounding_box()
        scale = min(box["width"] / size[0], box["height"] / size[1])
        left, top = (box["width"] - size[0] * scale) / 2, (box["height"] - size[1] * scale) / 2
        return box["x"] + left + x * scale, box["y"] + top + y * scale

    def drag(self, start, end, size=(320, 240)):
        self.page.mouse.move(*self.at(*start, size))
        self.page.mouse.down()
        self.page.mouse.move(*self.at(*((a + b) / 2 for a, b in zip(start, end, strict=True)), size))
        self.page.mouse.move(*self.at(*end, size))
        self.page.mouse.up()

    def draw(self, box=BOX, size=(320, 240)):
        x, y, width, height = box
        self.drag((x, y), (x + width, y + height), size)

    def place(self):
        """The box or the object as the page tells it to who cannot see: x, y, width, height."""
        label = self.page.get_attribute("#stage", "aria-label")
        return [float(word) for word in label.partition(" at ")[2].replace(",", "").split() if word.isdigit()]

    def press(self, button, says):
        self.page.click(f"#{button}")
        self.says(says)

    def save(self):
        with self.page.expect_download(timeout=15000) as download:
            self.page.click("#save")
        return download.value.suggested_filename, np.asarray(Image.open(download.value.path()))

    def colour(self, x, y, size=(320, 240)):
        """The colour on the screen at a pixel of the photo."""
        x, y = (round(value) for value in self.at(x, y, size))
        shot = Image.open(io.BytesIO(self.page.screenshot())).convert("RGB")
        return shot.getpixel((x, y))

    def close(self):
        assert self.complaints == []
        self.page.close()


@pytest.fixture
def visit(browser, address):
    opened = Visit(browser, address)
    yield opened
    opened.close()


def reddish(colour):
    return colour[0] > 150 and max(colour[1:]) < 60


def close_to(box, expected, by=2):
    return np.abs(np.subtract(box, expected)).max() <= by


def test_a_photo_is_cut_erased_and_saved(visit):
    photo = scene()
    visit.opens(photo, name="my cat.png")
    assert visit.page.inner_text("#status").startswith("320 × 240.")
    for button in ("cut", "erase", "undo", "save"):
        assert visit.page.is_disabled(f"#{button}")
    visit.draw()
    box = visit.place()
    assert close_to(box, BOX)
    visit.press("cut", "Cut out in")
    assert visit.colour(120, 110)[2] > 60  # pink: the mask lies on it
    visit.page.check("[value=cutout]")
    assert reddish(visit.colour(120, 110))
    assert min(visit.colour(20, 20)) > 200  # nothing of the background
    name, saved = visit.save()
    composer = Composer(StubBackend())
    x, y, width, height = map(int, box)
    assert name == "my cat-cutout.png"
    assert (saved == composer.cut(np.asarray(photo), box)[1][y : y + height, x : x + width]).all()
    visit.press("erase", "Erased in")
    assert not reddish(visit.colour(120, 110))
    name, saved = visit.save()
    assert name == "my cat-erased.png"
    assert (saved == composer.erase(np.asarray(photo), box)).all()
    visit.press("undo", "As it was before")
    assert reddish(visit.colour(120, 110))
    assert visit.place() == box
    assert visit.page.is_disabled("#save")


def test_a_tap_finds_the_object_if_the_server_has_a_detector(browser, visit):
    visit.opens(scene())
    visit.page.mouse.click(*visit.at(120, 110, (320, 240)))
    assert visit.place() == []  # this server has none
    with stub.served(stub.application(find=stub.find_red)) as address:
        finding = Visit(browser, address)
        finding.opens(scene(1800, 1350), "Tap the object, or draw")
        finding.page.mouse.click(*finding.at(120, 110, (1800, 1350)))
        finding.says("Found: disc. Cut it, or draw a better box.")
        assert close_to(finding.place(), BOX, 4)  # found on the preview, which is smaller
        finding.press("cut", "Cut out in")
        finding.page.mouse.click(*finding.at(1700, 1200, (1800, 1350)))
        finding.says("the detector finds no object there", "error")
        assert close_to(finding.place(), BOX, 4)
        finding.complaints.clear()  # the browser's line about the refusal
        finding.close()


def test_edges_are_followed_only_where_that_is_wanted(visit):
    photo = scene()
    visit.opens(photo)
    visit.draw()
    visit.press("cut", "Cut out in")
    with visit.page.expect_response("**/api/cut"):
        visit.page.uncheck("#edges")
    visit.page.wait_for_function("() => !document.getElementById('save').disabled")
    x, y, width, height = map(int, visit.place())
    expected = Composer(StubBackend(), refine=False).cut(np.asarray(photo), (x, y, width, height))[1]
    assert (visit.save()[1] == expected[y : y + height, x : x + width]).all()


def test_no_setting_changes_while_the_page_works_and_the_keyboard_goes_on(visit, backend):
    visit.opens(scene())
    visit.draw()
    visit.press("cut", "Cut out in")
    backend.gate.clear()
    visit.page.focus("#edges")
    visit.page.keyboard.press("Space")
    visit.says("Cutting")
    for control in ("#edges", "[value=mask]", "[value=cutout]"):
        assert visit.page.is_disabled(control)
    visit.page.keyboard.press("Space")  # does nothing
    backend.gate.set()
    visit.says("Cut out in")
    assert not visit.page.is_checked("#edges")
    visit.page.wait_for_function("() => document.activeElement.id === 'edges'")
    visit.opens(scene(400, 300, seed=2), "Drag the object", field="onto")
    with visit.page.expect_request("**/api/paste"):
        backend.gate.clear()
        visit.page.click("#place")
    for control in ("#scale", "#shadow"):
        assert visit.page.is_disabled(control)
    backend.gate.set()
    visit.says("Pasted in")


def test_a_switch_of_edges_that_fails_is_taken_back(visit):
    photo = scene()
    visit.opens(photo)
    visit.draw()
    visit.press("cut", "Cut out in")
    visit.page.route("**/api/cut", lambda route: route.abort())
    visit.page.click("#edges")
    visit.says("The server cannot be reached", "error")
    visit.page.wait_for_function("() => document.getElementById('edges').checked")
    visit.page.unroute("**/api/cut")
    visit.complaints.clear()
    visit.press("erase", "Erased in")
    assert visit.page.is_checked("#edges")


def erase_two(visit, photo):
    """Erases two objects of a photo one after the other; their boxes."""
    visit.opens(photo)
    visit.draw()
    first = visit.place()
    visit.press("erase", "Erased in")
    visit.draw((210, 120, 60, 60))
    assert not visit.page.is_visible("#another")  # with a box drawn it would not be clear what it fills
    second = visit.place()
    visit.page.click("#erase")
    visit.page.wait_for_function("() => document.getElementById('stage').ariaLabel.includes('no box')")
    return first, second


def test_two_objects_are_erased_one_after_the_other(visit):
    photo, composer = scene(), Composer(StubBackend())
    first, second = erase_two(visit, photo)
    assert (visit.save()[1] == composer.erase(composer.erase(np.asarray(photo), first), second)).all()


def test_each_erasure_of_a_large_photo_follows_edges_as_it_was_asked_to(visit):
    photo = scene(1800, 1350)
    visit.opens(photo)
    visit.draw(size=(1800, 1350))
    first = visit.place()
    visit.press("erase", "Erased in")
    before = visit.colour(120, 110, (1800, 1350))
    visit.page.uncheck("#edges")
    visit.draw((210, 120, 60, 60), (1800, 1350))
    second = visit.place()
    visit.page.click("#erase")
    visit.page.wait_for_function("() => document.getElementById('stage').ariaLabel.includes('no box')")
    assert visit.colour(120, 110, (1800, 1350)) == before  # the first fill stays
    following, other = (Composer(StubBackend(), refine) for refine in (True, False))
    assert (visit.save()[1] == other.erase(following.erase(np.asarray(photo), first), second)).all()


PLACES = [BOX, (20, 20, 40, 40), (220, 120, 60, 60)]


def erase_all(visit, places, size):
    """Erases objects one after the other; their boxes."""
    boxes = []
    for place in places:
        visit.draw(place, size)
        boxes.append(visit.place())
        visit.page.click("#erase")
        visit.page.wait_for_function("() => document.getElementById('stage').ariaLabel.includes('no box')")
    return boxes


@pytest.fixture
def two_at_once(browser, address, monkeypatch):
    """A visit of a server that erases two objects in a request."""
    monkeypatch.setattr(serve_application, "MOST_BOXES", 2)
    opened = Visit(browser, address)
    yield opened
    opened.close()


def test_an_erasure_too_many_to_be_saved_is_refused_at_once(two_at_once):
    visit, photo, size = two_at_once, scene(1800, 1350), (1800, 1350)
    visit.opens(photo)
    boxes = erase_all(visit, PLACES[:2], size)
    visit.draw(PLACES[2], size)
    last = visit.place()
    visit.page.click("#erase")
    visit.says("2 objects are erased, the most at once. Save the photo", "error")
    assert visit.place() == last
    name, saved = visit.save()
    composer, expected = Composer(StubBackend()), np.asarray(photo)
    for box in boxes:
        expected = composer.erase(expected, box)
    assert (saved == expected).all()
    visit.opens(Image.fromarray(saved), name=name)
    erase_all(visit, PLACES[2:], size)
    assert (visit.save()[1] == composer.erase(saved, last)).all()


def test_a_small_photo_has_no_number_of_erasures_that_is_too_large(two_at_once):
    visit, large = two_at_once, scene(1800, 1350, seed=2)
    visit.opens(scene())
    erase_all(visit, PLACES, (320, 240))
    visit.draw((100, 100, 80, 80))
    visit.opens(large, "Drag the object", field="onto")
    visit.press("place", "Pasted in")
    assert visit.save()[1].shape == (1350, 1800, 3)


def test_another_fill_replaces_the_last_one_alone(visit, backend):
    photo = scene()
    first, second = erase_two(visit, photo)
    composer = Composer(StubBackend())
    segment, backend.segment = backend.segment, lambda images, boxes: np.zeros((len(images), 32, 32, 1), np.float32)
    before = visit.save()[1]
    visit.page.click("#another")
    visit.says("no object was found in the box", "error")
    backend.segment = segment
    visit.complaints.clear()  # the browser's line about the refusal
    assert (visit.save()[1] == before).all()
    for seed in (1, 2):
        with visit.page.expect_response("**/api/erase"):
            visit.page.click("#another")
        visit.page.wait_for_function("() => !document.getElementById('save').disabled")
        made = composer.erase(composer.erase(np.asarray(photo), first), second, seed=seed)
        assert (visit.save()[1] == made).all()
    visit.press("undo", "As it was before")
    assert visit.place() == second
    assert not visit.page.is_visible("#another")


def test_an_object_is_placed_on_another_photo_and_saved(visit):
    photo, other = scene(), scene(400, 300, seed=2, mode="L").convert("RGB")
    visit.opens(photo)
    visit.draw()
    box = visit.place()
    visit.opens(other, "Drag the object", name="beach.jpg", field="onto")
    assert close_to(visit.place(), (150, 100, 100, 100))  # in the middle
    visit.drag((200, 150), (260, 190), (400, 300))
    assert close_to(visit.place(), (210, 140, 100, 100), 3)
    visit.page.evaluate(
        "() => { const s = document.getElementById('scale'); s.value = 15; s.dispatchEvent(new Event('input')); }"
    )
    assert visit.place()[2] == 60
    visit.page.focus("#stage")
    visit.page.keyboard.press("ArrowLeft")
    visit.page.keyboard.press("Shift+ArrowRight")
    assert visit.place()[2] == 68
    visit.press("place", "Pasted in")
    assert reddish(visit.colour(255, 185, (400, 300)))
    name, saved = visit.save()
    assert name == "beach-pasted.png"
    changed = np.argwhere((saved != np.asarray(other)).any(-1))
    assert saved.shape == (300, 400, 3)
    assert close_to(np.ptp(changed, axis=0), (68, 68), 6)
    visit.press("undo", "Drag the object")
    assert visit.place()[2] == 68
    visit.page.check("#shadow")
    visit.press("place", "Pasted in")
    darker = np.argwhere((saved - visit.save()[1].astype(int)).sum(-1) > 30)
    assert len(darker)
    assert darker[:, 0].min() > 195  # at the object's foot; its middle is in row 190
    visit.press("undo", "Drag the object")
    visit.page.click("#back")
    assert visit.place() == box


def test_no_box_is_drawn_on_a_photo_that_was_pasted_on(visit):
    visit.opens(scene())
    visit.draw()
    box = visit.place()
    visit.opens(scene(400, 300, seed=2), "Drag the object", field="onto")
    place = visit.place()
    for button, says, expected in (("undo", "Drag the object", place), ("back", "Save the cut-out", box)):
        visit.press("place", "Pasted in")
        visit.draw((20, 20, 60, 60), (400, 300))
        visit.page.locator("#stage").press("ArrowRight")
        assert visit.place() == []
        visit.press(button, says)
        assert visit.place() == expected
    visit.draw((60, 50, 100, 100))
    assert close_to(visit.place(), (60, 50, 100, 100))


def test_a_large_photo_is_worked_on_small_and_saved_in_full_size(visit, application, monkeypatch):
    photo, size = scene(2400, 1800), (2400, 1800)
    content = encoded(photo, "JPEG", quality=90)
    visit.choose(content, "large.jpg")
    visit.says("2400 × 1800. Draw a box")
    visit.draw((20, 10, 200, 200), size)
    box = visit.place()
    rectangles, shadows, work = [], [], application.work

    def watched(request, action):
        response = work(request, action)
        if action == "cut":
            rectangles.append([int(number) for number in response.headers["Rectangle"].split(",")])
        if action == "paste":
            shadows.append(request.form["shadow"])
        return response

    monkeypatch.setattr(application, "work", watched)
    visit.press("cut", "Cut out in")
    name, saved = visit.save()
    assert name == "large-cutout.png"
    assert saved.shape[:2] == (box[3], box[2])
    assert close_to(rectangles[0], np.multiply(box, 1600 / 2400))  # in the preview, then in the photo
    assert rectangles[1:] == [box]
    visit.press("erase", "Erased in")
    saved = visit.save()[1]
    pixels = np.asarray(Image.open(io.BytesIO(content)))
    assert (saved == Composer(StubBackend()).erase(pixels, box)).all()
    with visit.page.expect_response("**/api/erase"):
        visit.page.click("#another")
    visit.page.wait_for_function("() => !document.getElementById('save').disabled")
    saved = visit.save()[1]
    assert (saved == Composer(StubBackend()).erase(pixels, box, seed=1)).all()
    visit.draw((300, 300, 400, 400), size)
    visit.opens(photo, "Drag the object", field="onto")
    visit.page.check("#shadow")
    visit.press("place", "Pasted in")
    assert visit.save()[1].shape == (1800, 2400, 3)
    assert shadows == ["1", "1"]  # of the preview, and of the photo


def test_a_heic_photo_which_the_browser_does_not_decode_is_opened_and_cut(visit):
    visit.choose(photo_matrix.files("heic")["heic-6.heic"], "IMG_1.HEIC")
    visit.says("120 × 90. Draw a box")
    visit.draw(photo_matrix.BOX, (120, 90))
    visit.press("cut", "Cut out in")
    name, saved = visit.save()
    assert name == "IMG_1-cutout.png"
    assert saved.shape == (40, 40, 4)


def test_errors_are_one_line_and_leave_the_page_as_it_was(visit, backend):
    visit.choose(b"nothing", "notes.txt")
    visit.says("not an image of a known format", "error")
    visit.opens(scene())
    assert visit.page.inner_text("#error") == ""
    visit.choose(encoded(scene(), "JPEG")[:2500], "half.jpg")
    visit.says("photo: image file is truncated", "error")
    visit.choose(bytes(2_500_000), "huge.png")
    visit.says("huge.png: 2.5 MB, expected at most 2 MB", "error")
    visit.choose(encoded(Image.new("1", (3000, 2001))), "wide.png")
    visit.says("3,000 x 2,001 pixels, expected at most 6 million", "error")
    assert visit.page.inner_text("#status").startswith("320 × 240. Draw")
    visit.draw()
    segment, backend.segment = backend.segment, lambda images, boxes: np.zeros((len(images), 32, 32, 1), np.float32)
    visit.page.click("#cut")
    visit.says("no object was found in the box", "error")
    backend.segment = segment
    visit.press("cut", "Cut out in")
    # The console names every answer that is not 200; nothing else is to be there.
    assert all("status of 4" in line for line in visit.complaints)
    visit.complaints.clear()


def test_who_comes_while_others_wait_is_asked_to_try_again(visit, backend, browser, address):
    visit.opens(scene())
    visit.draw()
    other = Visit(browser, address)
    backend.gate.clear()
    visit.page.click("#cut")
    visit.says("Cutting")
    visit.page.wait_for_timeout(200)
    other.choose(encoded(scene()))
    other.says("try again in a moment", "error")
    backend.gate.set()
    visit.says("Cut out in")
    other.opens(scene())
    assert ["503" in line for line in other.complaints] == [True]
    other.complaints.clear()
    other.close()


def test_a_server_that_is_away_is_named_and_may_come_back(visit):
    visit.opens(scene())
    visit.draw()
    visit.page.route("**/api/*", lambda route: route.abort())
    visit.page.click("#cut")
    visit.says("The server cannot be reached", "error")
    visit.page.unroute("**/api/*")
    visit.press("cut", "Cut out in")
    visit.complaints.clear()


def test_the_networks_are_named_as_soon_as_the_server_answers(browser, address):
    page = browser.new_page()
    page.route("**/api/settings", lambda route: route.abort())
    page.goto(address)
    page.wait_for_function("() => document.getElementById('error').textContent.includes('cannot be reached')")
    assert page.inner_text("#model") == "The server keeps no photos."
    assert ".tif" in page.get_attribute("#photo", "accept")
    assert ".tif" in page.get_attribute("#onto", "accept")
    page.unroute("**/api/settings")
    page.set_input_files("#photo", {"name": "a.png", "mimeType": "image/png", "buffer": encoded(scene())})
    page.wait_for_function("() => document.getElementById('status').textContent.includes('Draw a box')")
    assert page.inner_text("#model").startswith("stub, 32 px.")
    page.close()


def drop(visit, area, image):
    """Drags a file onto the page and drops it on an area; the areas that are shown."""
    content = list(encoded(image))
    shown = visit.page.evaluate(
        """([area, content]) => {
          const dataTransfer = new DataTransfer();
          dataTransfer.items.add(new File([new Uint8Array(content)], "dropped.png", { type: "image/png" }));
          const settings = { dataTransfer, bubbles: true, cancelable: true };
          const send = (type, at) => at.dispatchEvent(new DragEvent(type, settings));
          send("dragenter", document.body);
          const areas = [...document.querySelectorAll("#drop > p")].filter((one) => one.checkVisibility());
          const target = document.querySelector(`#drop > [data-for=${area}]`);
          send("dragover", target);
          send("drop", target);
          return areas.map((one) => one.dataset.for);
        }""",
        [area, content],
    )
    assert visit.page.is_hidden("#drop")
    return shown


def test_photos_are_dropped_onto_the_page(visit):
    assert drop(visit, "photo", scene()) == ["photo"]
    visit.says("320 × 240. Draw a box")
    visit.draw()
    assert drop(visit, "onto", scene(400, 300, seed=5)) == ["photo", "onto"]
    visit.says("400 × 300. Drag the object")
    assert drop(visit, "photo", scene(200, 200)) == ["photo"]
    visit.says("200 × 200. Draw a box")


@pytest.mark.parametrize(("width", "height"), [(390, 664), (320, 568), (740, 340)])
def test_on_a_phone_everything_fits_its_width_and_a_finger_does_it(browser, address, width, height):
    visit = Visit(browser, address, **{**PHONE, "viewport": {"width": width, "height": height}})
    page = visit.page

    def fits():
        assert page.evaluate("() => document.documentElement.scrollWidth") == width
        for button in page.locator("button:visible, .button:visible").all():
            assert button.bounding_box()["height"] >= 40  # a finger hits it

    fits()
    visit.opens(scene())
    start, end = visit.at(70, 60, (320, 240)), visit.at(170, 160, (320, 240))
    fingers = page.context.new_cdp_session(page)
    for kind, points in (("touchStart", [start]), ("touchMove", [end]), ("touchEnd", [])):
        touches = [{"x": x, "y": y} for x, y in points]
        fingers.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": touches})
        page.wait_for_timeout(50)  # quicker than a finger would be a fling, and no tap follows
    assert close_to(visit.place(), BOX, 3)
    page.tap("#cut")
    visit.says("Cut out in")
    fits()
    visit.opens(scene(300, 400, seed=4), "Drag the object", field="onto")
    fits()
    page.tap("#place")
    visit.says("Pasted in")
    fits()
    assert visit.save()[1].shape == (400, 300, 3)
    visit.close()
