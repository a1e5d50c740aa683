"""Pastes of the static page are those of Python: the place, the smooth change of colours, and the picture."""

import cv2
import numpy as np
import pytest

from seigan_tf.compose import pasting
from seigan_tf.compose.geometry import Window
from seigan_tf.data.photos.picture import Picture

SIZE = 32
HEIGHT, WIDTH = 210, 240
BOX, SOURCE = (10.5, 20.25, 80, 60), Window(10, 20, 91, 81)
"""The object's box in its own photo, and the window of its cut-out there."""
PLACES = {
    "inside": (60, 90, 80),
    "past the left border": (-31.25, 40.5, 80),
    "smaller": (100, 30, 47),
    "larger, past the lower border": (50, 120, 140),
}


def noise(height, width, seed):
    """Smooth colours, uint8 [height, width, 3]."""
    values = np.random.default_rng(seed).normal(size=(height, width, 3)).astype(np.float32)
    return np.clip(120 + 400 * cv2.GaussianBlur(values, (0, 0), 4), 0, 255).astype(np.uint8)


def ellipse():
    """A cut-out with a soft edge, uint8 RGBA."""
    y, x = np.mgrid[: SOURCE.height, : SOURCE.width]
    distance = np.hypot(y / SOURCE.height - 0.5, x / SOURCE.width - 0.5)
    alpha = np.clip(255 * (0.5 - distance) * 6, 0, 255).astype(np.uint8)
    return np.dstack([noise(*alpha.shape, 1) * (alpha[..., None] > 0), alpha])


class Enhancer:
    """A backend that changes contrast and colours, more so on the right."""

    size, object_fraction = SIZE, 0.5

    def enhance(self, images):
        images = images / np.float32(127.5) - 1
        slope = 0.3 * np.arange(SIZE, dtype=np.float32)[:, None] / SIZE
        return 0.8 * images - 0.2 * images**3 + slope * [1, 0, -1]


GIVEN = f"""
const models = {{
    size: {SIZE}, objectFraction: 0.5,
    enhance: async (image) => image.map((value, i) =>
        0.8 * value - 0.2 * value ** 3 + (0.3 * (Math.floor(i / 3) % {SIZE}) / {SIZE}) * (1 - (i % 3))),
}};
const opened = (pixels, height, width) => {{
    const photo = new Photo(width, height);
    photo.context.putImageData(new ImageData(pixels, width, height), 0, 0);
    return photo;
}};
const objectOf = (pixels, box, rectangle) =>
    ({{ box, rectangle, canvas: opened(pixels, rectangle.height, rectangle.width).canvas }});"""


def rectangle(x, y, width, height):
    return {"x": x, "y": y, "width": width, "height": height}


OBJECT = ellipse(), rectangle(*BOX), rectangle(*SOURCE[:2], SOURCE.width, SOURCE.height)


def placed_at(name):
    goal = pasting.target(BOX, PLACES[name], WIDTH, HEIGHT)
    return pasting.place(ellipse(), BOX, SOURCE, goal, WIDTH, HEIGHT)


@pytest.mark.parametrize("name", PLACES)
def test_cut_outs_are_placed_as_in_python(lab, name):
    wanted = placed_at(name)
    pixels, alpha, window = lab(
        f"""(pixels, box, rectangle, goal, height, width) => {{
            {GIVEN}
            const {{ pixels: found, alpha, window }} = place(
                objectOf(pixels, box, rectangle), goal, {{ bounds: {{ x: 0, y: 0, width, height }} }});
            const {{ x, y, width: wide, height: tall }} = window;
            return [found, Uint8ClampedArray.from(alpha), Int32Array.of(x, y, wide, tall)];
        }}""",
        *(*OBJECT, rectangle(*wanted.box), HEIGHT, WIDTH),
    )
    assert window.tolist() == [*wanted.window[:2], wanted.window.width, wanted.window.height]
    pixels = pixels.reshape(wanted.cutout.shape).astype(int)
    np.testing.assert_array_equal(alpha, pixels[..., 3].ravel())
    # The browser scales in its own way.
    same_size = wanted.box[2] == BOX[2]
    difference = np.abs(pixels - wanted.cutout).max(-1)[wanted.cutout[..., 3] > 128]
    assert (difference <= 2).all() if same_size else difference.mean() < 4


def test_changes_of_colours_are_those_of_python(lab):
    colours, y = noise(SIZE, SIZE, 2), np.arange(SIZE, dtype=np.float32)[:, None, None]
    differences = (40 - 0.4 * colours + y + np.random.default_rng(3).normal(0, 9, colours.shape)).astype(np.float32)
    weight = (255 * (np.hypot(*np.mgrid[-12:20, -16:16]) < 9)).astype(np.uint8)
    wanted = pasting.fit_affine(colours.astype(np.float32), differences, weight / np.float32(255))
    (found,) = lab("(...values) => [fitAffine(...values)]", colours, differences, weight, SIZE)
    found = found.reshape(wanted.shape)
    assert wanted[..., :3].std() > 0.05
    np.testing.assert_allclose(found[..., :3], wanted[..., :3], atol=1e-3)
    np.testing.assert_allclose(found[..., 3:], wanted[..., 3:], atol=0.1)


PASTE = f"""async (onto, height, width, pixels, box, rectangle, at) => {{
    {GIVEN}
    const photo = opened(onto, height, width), all = () => photo.read(0, 0, width, height);
    const undo = await paste(models, objectOf(pixels, box, rectangle), photo, at), pasted = all();
    undo();
    return [pasted, all()];
}}"""


def onto():
    return np.dstack([noise(HEIGHT, WIDTH, 4), np.full((HEIGHT, WIDTH), 255, np.uint8)])


@pytest.mark.parametrize("name", PLACES)
def test_pastes_are_those_of_python_and_are_undone(lab, name):
    photo, placed = onto(), placed_at(name)
    at = dict(zip(("x", "y", "width"), PLACES[name], strict=True))
    pasted, after = (pixels.reshape(photo.shape) for pixels in lab(PASTE, photo, HEIGHT, WIDTH, *OBJECT, at))
    wanted = pasting.paste(Enhancer(), Picture(photo[..., :3]), placed).pixels
    plain = photo[..., :3].copy()
    plain[placed.window.of] = pasting.blend(placed.cutout[..., :3], placed.cutout[..., 3:], plain[placed.window.of])
    assert np.abs(wanted.astype(int) - plain)[plain != photo[..., :3]].mean() > 8
    difference = np.abs(pasted[..., :3].astype(int) - wanted).max(-1)
    alpha = placed.window.within(placed.cutout[..., 3], WIDTH, HEIGHT)
    if placed.box[2] == BOX[2]:
        assert difference.max() <= 2
        np.testing.assert_array_equal(difference[alpha == 0], 0)
    else:
        assert difference[alpha > 128].mean() < 4
    np.testing.assert_array_equal(after, photo)


@pytest.mark.parametrize(
    ("alpha", "x", "says"),
    [
        (1, WIDTH, "The place lies outside the second photo"),
        (0, 60, "No object was found in the box, or it lies outside the second photo"),
    ],
)
def test_nothing_to_paste_is_said(lab, alpha, x, says):
    pixels, *places = OBJECT
    with pytest.raises(Exception, match=says):
        lab(PASTE, onto(), HEIGHT, WIDTH, pixels * np.uint8(alpha), *places, {"x": x, "y": 90, "width": 80})
