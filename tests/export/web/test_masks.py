"""Cut-outs of the static page are those of Python: GrabCut, the guided filter, and the whole way from a box."""

import cv2
import numpy as np
import pytest

from seigan_tf.compose import geometry, guided_filter, refiner
from seigan_tf.compose.composer import Composer
from seigan_tf.data.crops import CropRegion
from seigan_tf.inference import grabcut
from seigan_tf.utils.boxes import fade_outside
from seigan_tf.utils.pixels import to_float

SIZE = 32
BOX = {"x": 70, "y": 40, "width": 110, "height": 150}


def scene(height, width, seed=0):
    """A reddish blob before green and blue clouds, uint8 [height, width, 3], and its soft mask, float32."""
    random = np.random.default_rng(seed)

    def clouds(sigma):
        return cv2.GaussianBlur(random.normal(size=(height, width, 3)).astype(np.float32), (0, 0), sigma) * sigma

    y, x = np.mgrid[:height, :width].astype(np.float32)
    distance = np.hypot(y / height - 0.5, x / width - 0.5) + 0.03 * clouds(height / 20)[..., 0]
    mask = 1 / (1 + np.exp((distance - 0.22) * 60))
    colours = (1 - mask[..., None]) * [60, 120, 130] + mask[..., None] * [170, 90, 60]
    pixels = np.clip(colours + 25 * clouds(height / 16) + random.normal(0, 6, (height, width, 3)), 0, 255)
    return pixels.astype(np.uint8), mask.astype(np.float32)


@pytest.mark.parametrize("seed", range(4))
def test_grabcut_decides_as_opencv_does(lab, seed):
    pixels, mask = scene(64, 64, seed)
    if seed == 1:  # uncertain everywhere
        mask = np.clip(mask, 0.2, 0.8)
    elif seed == 2:  # of few colours, which make singular Gaussians
        pixels = pixels // 64 * 64
    wanted = grabcut.from_mask(pixels, mask)
    (found,) = lab("(pixels, mask) => [fromMask(pixels, mask, 64)]", pixels, mask)
    assert (wanted != (mask > 0.5)).any()
    assert (found.reshape(wanted.shape) != wanted).sum() <= 4  # of 4,096


def test_grabcut_leaves_a_mask_of_too_few_pixels(lab):
    pixels, mask = scene(64, 64)
    mask[:] = 0.3
    mask[5, :7] = 0.8
    (found,) = lab("(pixels, mask) => [fromMask(pixels, mask, 64)]", pixels, mask)
    np.testing.assert_array_equal(found, mask.ravel())


def test_functions_of_colours_are_those_of_python(lab):
    pixels, mask = scene(64, 64)
    guide = pixels.astype(np.float32) / 255
    guide[:20] = 0.5  # one colour
    wanted = guided_filter.affine(guide, mask, 5, 1e-4)
    (found,) = lab("(guide, values) => [affine(guide, values, 64, 5, 1e-4)]", guide, mask)
    np.testing.assert_allclose(found.reshape(wanted.shape), wanted, atol=0.01)


def test_crops_of_too_large_squares_are_those_of_python(lab):
    """From the photo made smaller: the square itself would take many seconds."""
    clouds, _ = scene(20, 90)
    photo = cv2.resize(clouds, (16000, 30), interpolation=cv2.INTER_CUBIC)
    region = CropRegion(-2000, -9000, 20000)
    assert region.side > geometry.LARGEST_SIDE
    (found,) = lab(
        """(pixels, width, height, region, size) => {
            const photo = new Photo(width, height);
            photo.context.putImageData(new ImageData(pixels, width, height), 0, 0);
            return [extract(photo, region, size)];
        }""",
        np.dstack([photo, np.full(photo.shape[:2], 255, np.uint8)]), 16000, 30, region._asdict(), 64,
    )  # fmt: skip
    (wanted,) = geometry.crops(photo, region, 64)
    assert np.abs(found.reshape(wanted.shape).astype(int) - wanted).max() <= 1


class Segmenter:
    """A backend whose masks are what is red, a little more so on the right."""

    size, object_fraction = SIZE, 0.6

    def __init__(self, confine_mask, outside_contrast):
        self.confine_mask, self.outside_contrast = confine_mask, outside_contrast

    def segment(self, images, boxes):
        images = to_float(images) if images.dtype == np.uint8 else images
        images = fade_outside(images, boxes, self.outside_contrast)
        red = images[..., 0] - images[..., 1]
        masks = 1 / (1 + np.exp(-6 * red - np.arange(SIZE, dtype=np.float32) / SIZE))
        return masks[..., None].astype(np.float32)


STUB = f"""const modelsOf = (confineMask, outsideContrast) => ({{
    size: {SIZE}, objectFraction: 0.6, confineMask, outsideContrast,
    segment: async (image) => Float32Array.from({{ length: {SIZE * SIZE} }}, (_, i) =>
        1 / (1 + Math.exp(-6 * (image[3 * i] - image[3 * i + 1]) - (i % {SIZE}) / {SIZE}))),
    refine: async (image, mask) => mask.map((value, i) => value + (1 - value) * Math.max(image[3 * i], 0)),
}});"""
CUT = f"""async (pixels, [height, width], box, edges, confine, contrast) => {{
    {STUB}
    const photo = new Photo(width, height);
    photo.context.putImageData(new ImageData(pixels, width, height), 0, 0);
    const {{ canvas, rectangle }} = await cut(modelsOf(confine, contrast), photo, box, edges);
    const {{ data }} = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
    const {{ x, y }} = rectangle;
    return [data, Int32Array.of(x, y, canvas.width, canvas.height)];
}}"""


@pytest.fixture
def same_refiner(monkeypatch):
    """Gives Python the refiner of STUB: what is bright belongs to the object."""

    def refine(image, mask):
        return mask + (1 - mask) * np.maximum(to_float(image)[..., 0], 0)

    monkeypatch.setattr(refiner, "refine", refine)


@pytest.mark.parametrize(
    ("case", "edges", "confine", "contrast"),
    [
        ("plain", True, True, 1.0),
        ("plain", True, True, 0.5),
        ("plain", True, False, 1.0),
        ("plain", False, True, 1.0),
        ("plain", False, True, 0.5),
        ("border", True, True, 1.0),
        ("tiny", True, True, 1.0),
        ("nothing", True, True, 1.0),
    ],
)
def test_cut_outs_are_those_of_python(lab, same_refiner, case, edges, confine, contrast):
    """Also past the photo's border, and of an object of a few pixels, which is not refined."""
    photo, _ = scene(240, 260)
    box = BOX
    if case == "border":
        photo, box = np.ascontiguousarray(photo[60:]), {**BOX, "y": 0, "height": 130}
    elif case == "tiny":
        photo, box = cv2.resize(photo, (26, 24), interpolation=cv2.INTER_AREA), dict(x=9, y=7, width=8, height=9)
    elif case == "nothing":
        photo = np.ascontiguousarray(photo[..., [0, 1, 1]] // 2 + [0, 60, 60]).astype(np.uint8)  # nothing is red
    height, width = photo.shape[:2]
    mask, cutout = Composer(Segmenter(confine, contrast), refine=edges).cut(photo, tuple(box.values()))
    pixels, rectangle = lab(
        CUT,
        *(np.dstack([photo, np.full((height, width), 255, np.uint8)]), (height, width), box, edges, confine, contrast),
    )
    x, y, wide, tall = rectangle
    found = np.zeros((height, width, 4), int)
    found[y : y + tall, x : x + wide] = pixels.reshape(tall, wide, 4)
    assert (mask < 0.1).any()
    assert (mask > 0.9).any() == (case != "nothing")
    difference = np.abs(found[..., 3] / 255 - mask)
    assert (difference <= 0.01).mean() > 0.999
    assert difference.mean() < 0.001
    soft = (mask > 0.1) & (mask < 0.9)
    assert (np.abs(cutout.astype(int) - np.dstack([photo, cutout[..., 3]])).max(-1)[soft] > 8).mean() > 0.1
    # A canvas holds colours times alpha, in bytes.
    assert (np.abs(found - cutout).max(-1) <= 2 + 256 / np.maximum(cutout[..., 3], 1))[mask > 0.1].mean() > 0.99


def test_masks_follow_edges_in_a_worker_which_is_named_if_it_is_missing(lab):
    photo, _ = scene(240, 260)
    pixels = np.dstack([photo, np.full(photo.shape[:2], 255, np.uint8)])
    lab.page.route("**/worker.js", lambda route: route.fulfill(status=404))
    with pytest.raises(Exception, match=r"worker\.js or a file that it needs"):
        lab(CUT, pixels, photo.shape[:2], BOX, True, True, 1.0)
    lab.page.unroute("**/worker.js")
