"""Shadows of pastes on the static page are those of Python."""

import numpy as np
import pytest

from seigan_tf.compose import shadows
from seigan_tf.compose.geometry import Window
from seigan_tf.compose.pasting import Placed
from seigan_tf.data.photos.picture import Picture

WIDTH, HEIGHT = 400, 300
RECTANGLE = ("x", "y", "width", "height")
CASES = {
    "inside": (Window(120, 60, 300, 240), (115.5, 58.25, 190, 185)),
    "small": (Window(40, 60, 60, 85), (39, 58, 22, 29)),
    "below the photo": (Window(50, 200, 250, 300), (50, 200, 200, 140)),
    "left of the photo": (Window(0, 20, 30, 220), (-110, 18, 142, 203)),
}


def placed_in(case):
    """An ellipse with a soft edge, clipped to the photo as its box is."""
    window, box = CASES[case]
    y, x = np.mgrid[window.top : window.bottom, window.left : window.right] + 0.5
    distance = np.hypot((y - box[1]) / box[3] - 0.5, (x - box[0]) / box[2] - 0.5)
    alpha = np.clip(255 * (0.5 - distance) * 8, 0, 255).astype(np.uint8)
    assert (alpha > 127).any()
    return Placed(np.dstack([np.full((*alpha.shape, 3), 200, np.uint8), alpha]), window, box)


def given(placed):
    """The same for JavaScript: alpha, window, box."""
    window = placed.window
    rectangle = (window.left, window.top, window.width, window.height)
    return placed.cutout[..., 3], *(dict(zip(RECTANGLE, values, strict=True)) for values in (rectangle, placed.box))


@pytest.mark.parametrize("case", CASES)
def test_shadows_are_those_of_python(lab, case):
    placed = placed_in(case)
    (found,) = lab("(alpha, window, box, height) => [shade({ alpha, window, box }, height)]", *given(placed), HEIGHT)
    wanted = shadows._shade(placed, HEIGHT)
    assert wanted.max() > 0.2
    np.testing.assert_allclose(found.reshape(wanted.shape), wanted, atol=0.01)


@pytest.mark.parametrize("case", CASES)
def test_photos_are_darkened_as_in_python_and_it_is_undone(lab, case):
    placed, photo = placed_in(case), np.random.default_rng(0).integers(0, 256, (HEIGHT, WIDTH, 3), np.uint8)
    shaded, after = lab(
        """(pixels, alpha, window, box, [height, width]) => {
            const photo = new Photo(width, height), all = () => photo.read(0, 0, width, height);
            photo.context.putImageData(new ImageData(pixels, width, height), 0, 0);
            const undo = cast(photo, { alpha, window, box }), shaded = all();
            undo();
            return [shaded, all()];
        }""",
        *(np.dstack([photo, np.full((HEIGHT, WIDTH), 255, np.uint8)]), *given(placed), (HEIGHT, WIDTH)),
    )
    shaded, after = (pixels.reshape(HEIGHT, WIDTH, 4)[..., :3].astype(int) for pixels in (shaded, after))
    wanted = shadows.cast(Picture(photo), placed).pixels
    assert (wanted != photo).any() == (case != "below the photo")  # there it lies outside
    np.testing.assert_allclose(shaded, wanted, atol=2)
    np.testing.assert_array_equal(after, photo)


PASTE = """async (shade) => {
    const photo = new Photo(400, 300), { context } = photo, all = () => photo.read(0, 0, 400, 300);
    context.fillStyle = "rgb(150, 150, 150)";
    context.fillRect(0, 0, 400, 300);
    const canvas = new Photo(50, 50).canvas;
    Object.assign(canvas.getContext("2d"), { fillStyle: "rgb(200, 30, 30)" }).fillRect(0, 0, 50, 50);
    const box = { x: 7, y: 7, width: 50, height: 50 };
    const object = { box, rectangle: box, canvas };
    const models = { size: 16, objectFraction: 0.5, enhance: async (values) => values };
    const results = [all()];
    for (const shadow of [false, true]) {
        const undo = await paste(models, object, photo, { x: 150, y: 80, width: 100 }, shadow);
        results.push(all());
        undo();
    }
    models.enhance = async () => { throw new Error("out of memory"); };
    await paste(models, object, photo, { x: 150, y: 80, width: 100 }, true).catch(() => {});
    return [...results, all()];
}"""


def test_a_paste_with_a_shadow_darkens_the_ground_below_it_and_leaves_no_trace(lab):
    """Neither when it is undone nor when the enhancer fails."""
    before, plain, shaded, after = (pixels.reshape(HEIGHT, WIDTH, 4)[..., :3].astype(int) for pixels in lab(PASTE))
    rows, columns = np.nonzero((plain - shaded).max(-1) > 10)
    assert rows.min() > 160 and rows.max() < 200
    assert columns.min() > 130 and columns.max() < 270
    assert (plain - shaded).max() > 30
    np.testing.assert_array_equal(shaded[80:180, 150:250], plain[80:180, 150:250])
    np.testing.assert_array_equal(after, before)
