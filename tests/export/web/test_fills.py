"""The static page's fills are those of Python: random numbers, filters, and each step from the hole to the picture."""

import cv2
import numpy as np
import pytest

from seigan_tf.compose import erasing, filling, geometry, patches, staying
from seigan_tf.compose.geometry import Window
from seigan_tf.compose.matting import Matte
from seigan_tf.compose.pull_push import pull_push
from seigan_tf.data.crops import CropRegion


class Case:
    """A photo of two textures, a hole, pixels to avoid, and a guide of soft colours."""

    def __init__(self, height, width, hole):
        random = np.random.default_rng(0)
        rows, columns = np.mgrid[:height, :width]
        stripes = 40 * np.sin(columns / 2.5) * (rows < height / 2)
        self.photo = np.clip(
            120 + stripes[..., None] + random.normal(0, 15, (height, width, 3)) + (rows * 0.3)[..., None] * [1, 0, -1],
            0,
            255,
        ).astype(np.uint8)
        top, left, tall, wide = hole
        y, x = (rows - top - tall / 2 + 0.5) / (tall / 2), (columns - left - wide / 2 + 0.5) / (wide / 2)
        self.unknown = y**2 + x**2 <= 1
        self.avoid = self.unknown | ((rows > height - 12) & (columns < 30))
        self.colours = cv2.GaussianBlur(self.photo, (0, 0), 6).astype(np.float32)
        self.window = Window(0, 0, width, height)

    def guide(self, height, width):
        return cv2.resize(self.colours, (width, height), interpolation=cv2.INTER_AREA)

    def scenes(self):
        return filling._scenes(self.photo, self.unknown, self.avoid, self.guide)

    @property
    def rgba(self):
        return np.dstack([self.photo, np.full(self.unknown.shape, 255, np.uint8)])


CASES = {
    "at full size": Case(100, 110, (20, 25, 60, 30)),
    "searched at a smaller size": Case(91, round(1.4 * filling.LONGEST), (30, 20, 14, round(1.2 * filling.LONGEST))),
}
FIELD = """([height, width], image, unknown, sources, guide, guideWeight, placeWeight, seed) => new Field(
    { image, unknown, sources, guide, guideWeight, placeWeight, height, width, random: new Random(seed) })"""


@pytest.fixture(params=CASES)
def case(request):
    return CASES[request.param]


def test_constants_are_those_of_python(lab):
    wanted = {
        name: np.asarray(value).tolist()
        for module in (patches, filling, erasing)
        for name, value in vars(module).items()
        if name.isupper() and isinstance(value, int | float | tuple)
    }
    for name in ("ORDERS", "METHODS"):  # a table, words
        del wanted[name]
    assert lab.page.evaluate("(names) => names.map((name) => window[name])", list(wanted)) == list(wanted.values())


@pytest.mark.parametrize("seed", [0, 1, 123456])
def test_random_numbers_are_those_of_python(lab, seed):
    limits = [1, 7, 1000, 2**24]
    found = lab(
        "(seed, limits) => { const r = new Random(seed); return limits.map((limit) => r.below(limit, 500)); }",
        seed,
        limits,
    )
    random = patches.Random(seed)
    for values, limit in zip(found, limits, strict=True):
        np.testing.assert_array_equal(values, random.below(limit, 500))


@pytest.mark.parametrize("shape", [(31, 40), (40, 33), (7, 1), (64, 64)])
def test_filters_are_those_of_opencv(lab, shape):
    image = np.random.default_rng(1).uniform(0, 255, (*shape, 3)).astype(np.float32)
    mask = np.random.default_rng(2).random(shape) < 0.03
    mask[0, 0] = True
    small, large = (max(shape[0] // 3, 1), max(shape[1] * 3 // 4, 1)), (shape[0] * 2 + 1, shape[1] * 3)
    found = lab(
        """(image, bytes, mask, shape, small, large) => [
            area(image, [...shape, 3], [...small, 3]), area(bytes, [...shape, 3], [...small, 3], Uint8ClampedArray),
            reduceMask(mask, shape, small),
            resize(image, [...shape, 3], large), resize(image, [...shape, 3], large, true),
            blur(image, [...shape, 3], 3), blur(image, [...shape, 3], 0.7), grown(mask, shape, 3),
            distances(mask.map((value) => 1 - value), shape)]""",
        *(image, image.astype(np.uint8), mask, shape, small, large),
    )
    wanted = [
        cv2.resize(image, small[::-1], interpolation=cv2.INTER_AREA),
        cv2.resize(image.astype(np.uint8), small[::-1], interpolation=cv2.INTER_AREA),
        filling._reduce(mask, *small),
        cv2.resize(image, large[::-1], interpolation=cv2.INTER_LINEAR),
        cv2.resize(image, large[::-1], interpolation=cv2.INTER_CUBIC),
        cv2.GaussianBlur(image, (0, 0), 3),
        cv2.GaussianBlur(image, (0, 0), 0.7),
        cv2.dilate(mask.astype(np.uint8), np.ones((7, 7), np.uint8)) > 0,
        cv2.distanceTransform((~mask).astype(np.uint8), cv2.DIST_L2, 5),
    ]
    for values, expected in zip(found, wanted, strict=True):
        atol = 1 if expected.dtype == np.uint8 and expected.ndim == 3 else 1e-3
        np.testing.assert_allclose(values, expected.ravel(), atol=atol)


@pytest.mark.parametrize("count", [1, 6, 33, 64])
def test_sparse_values_are_continued_as_in_python(lab, count):
    random = np.random.default_rng(3)
    values = random.uniform(-90, 90, (count, count, 3)).astype(np.float32)
    weights = (random.random((count, count)) < 0.1).astype(np.float32)
    weights[0, 0] = 1
    (found,) = lab("(values, weights, n) => [pullPush(values, weights, n)]", values, weights, count)
    np.testing.assert_allclose(found, pull_push(values, weights).ravel(), atol=1e-3)


def test_scenes_are_those_of_python(lab, case):
    wanted = case.scenes()
    assert len(wanted) > 1
    finest = wanted[-1].unknown.shape
    guess = case.guide(*finest)
    found = lab(
        """(photo, unknown, avoid, shape, guess) => scenes(photo, unknown, avoid, shape, () => guess)
            .flatMap(({ image, unknown, avoid }) => [image, unknown, avoid])""",
        *(case.rgba, case.unknown, case.avoid, case.unknown.shape, guess),
    )
    for values, expected in zip(found, [array for scene in wanted for array in scene], strict=True):
        # Bytes may be rounded the other way where a mean is near one half.
        np.testing.assert_allclose(values, expected.ravel(), atol=1 if expected.ndim == 3 else 0)


def fields(case):
    """Arguments of a field of the finest scene."""
    scene = case.scenes()[-1]
    soft = cv2.GaussianBlur(scene.image, (0, 0), 3)
    return scene.image, scene.unknown, scene.sources(), soft, 0.5, 0.1


def test_features_and_searches_are_those_of_python(lab, case):
    arguments = fields(case)
    field = patches.Field(*arguments, patches.Random(0))
    field.start(None)
    field.search(1, 40)
    shape = arguments[1].shape
    features, places, y, x, costs = lab(
        f"""(...values) => {{
            const field = ({FIELD})(...values);
            field.start(null);
            field.search(1, 40);
            return [field.features, field.places, field.matchY, field.matchX, field.costs];
        }}""",
        *(shape, *arguments, 0),
    )
    np.testing.assert_array_equal(places, field.y * shape[1] + field.x)
    np.testing.assert_allclose(features, field._features.ravel(), atol=1e-3)
    # Of two matches that cost the same to the last digit each may take another.
    assert ((y == field.match_y) & (x == field.match_x)).mean() > 0.98
    np.testing.assert_allclose(np.median(costs), np.median(field.costs), rtol=0.01)


@pytest.fixture(scope="module")
def found_fields():
    """The field that Python finds in each case."""
    return {name: filling.search(case.scenes(), True, 0) for name, case in CASES.items()}


TAKEN = f"""(values, y, x, costs, image) => {{
    const field = ({FIELD})(...values);
    return Object.assign(field, {{ matchY: y, matchX: x, costs, image }});
}}"""


@pytest.mark.parametrize("name", CASES)
def test_votes_copies_and_colours_are_those_of_python(lab, found_fields, name):
    case, field = CASES[name], found_fields[name]
    shape, image = field.index.shape, field.image
    copied, there = filling._copy(case.photo, field, case.window)
    corrected = copied.copy()
    filling._correct(corrected, there, case.photo, field, case.window)
    field.vote()
    voted, field.image = field.image, image
    found = lab(
        f"""(photo, shape, values, ...rest) => {{
            const field = ({TAKEN})(values, ...rest);
            const made = copy(photo, shape, field), copied = made.filled.slice();
            correct(made, shape, field);
            field.vote();
            return [made.there, copied, made.filled, field.image];
        }}""",
        *(case.rgba, case.unknown.shape, [shape, *fields(case), 0]),
        *(field.match_y, field.match_x, field.costs, image),
    )
    np.testing.assert_array_equal(found[0], there.ravel())
    for values, expected in zip(found[1:3], (copied, corrected), strict=True):
        np.testing.assert_allclose(values.reshape(-1, 4)[:, :3].astype(int), expected.reshape(-1, 3), atol=1)
    np.testing.assert_allclose(found[3], voted.ravel(), atol=0.01)


@pytest.mark.parametrize("name", CASES)
def test_fills_are_those_of_python(lab, found_fields, name):
    case = CASES[name]
    filled, there = filling._copy(case.photo, found_fields[name], case.window)
    filling._correct(filled, there, case.photo, found_fields[name], case.window)
    finest = case.scenes()[-1].unknown.shape
    found = lab(
        """(photo, unknown, avoid, shape, guess) => {
            const { filled, there } = fill(photo, unknown, avoid, shape, () => guess);
            return [filled, there];
        }""",
        *(case.rgba, case.unknown, case.avoid, case.unknown.shape, case.guide(*finest)),
    )
    np.testing.assert_array_equal(found[1], there.ravel())
    pixels = found[0].reshape(case.rgba.shape)[..., :3].astype(int)
    np.testing.assert_array_equal(pixels[~there], case.photo[~there])
    difference = np.abs(pixels - filled).max(-1)[there]
    # Searches amplify rounding: of two equally good matches each language may take another. Parts are compared above.
    assert (difference <= 2).mean() > 0.95
    assert difference.mean() < 2


# Erasing


REGION, COUNT, SIZE = CropRegion(20, -10, 96), 96, 16


def low_mask(y, x, radius):
    """A soft disc at a place of the photo, over REGION."""
    rows, columns = np.mgrid[:COUNT, :COUNT]
    distance = np.hypot(rows + REGION.y - y, columns + REGION.x - x)
    return np.clip((radius - distance) / 6 + 0.5, 0, 1).astype(np.float32)


@pytest.mark.parametrize("disc", [(35, 60, 14), (0, 40, 9), (84, 115, 30), (35, 60, -9)])
def test_holes_are_those_of_python(lab, disc):
    """Inside, at the border, at the crop's edge, and empty."""
    low, (height, width) = low_mask(*disc), CASES["at full size"].unknown.shape
    hole = erasing.hole_of(Matte(REGION, None, low, None))
    pending = np.zeros((height, width), np.uint8)
    erasing.mark(pending, hole)
    weights, window, marked = lab(
        """(low, count, region, width, height) => {
            const photo = { bounds: { x: 0, y: 0, width, height } }, hole = holeOf(low, count, region);
            const { x, y, width: wide, height: tall } = windowOf(hole, photo) ?? { x: 0, y: 0, width: 0, height: 0 };
            const marked = new Uint8Array(height * width);
            mark(marked, photo.bounds, hole, photo);
            return [Uint8ClampedArray.from(hole.weights), Int32Array.of(x, y, x + wide, y + tall), marked];
        }""",
        *(low, COUNT, REGION._asdict(), width, height),
    )
    np.testing.assert_allclose(weights.astype(int), hole.weights.ravel(), atol=1)
    assert tuple(window) == hole.window(width, height)
    assert (marked != (pending > 0).ravel()).mean() < 0.001


class Inpainter:
    """A backend that draws a slope of colours into every hole, from left to right."""

    size = SIZE

    def inpaint(self, images, masks):
        slope = np.linspace(-0.4, 0.4, SIZE, dtype=np.float32)[:, None]
        return (images / np.float32(127.5) - 1) * (1 - masks) + slope * masks


STUB = """const models = { size: 16, inpaint: async (image, mask) => image.map((value, i) => {
    const place = Math.floor(i / 3);
    return value * (1 - mask[place]) + (0.8 * (place % 16) / 15 - 0.4) * mask[place];
}) };
const opened = (pixels, [height, width]) => {
    const photo = new Photo(width, height);
    photo.context.putImageData(new ImageData(pixels, width, height), 0, 0);
    return photo;
};
const small = (photo, region) => Float32Array.from(extract(photo, region, 16), (value) => value / 127.5 - 1);"""
ERASE = f"""async (pixels, shape, steps, region, count) => {{
    {STUB}
    const photo = opened(pixels, shape), images = [], all = () => photo.read(0, 0, photo.width, photo.height);
    let undo = null;
    for (const [box, low, stays] of steps) {{
        const rectangle = overlap(box, photo.bounds), mask = new Uint8Array(rectangle.width * rectangle.height);
        const values = enlarge(low, count, 1, region, rectangle), row = new Float32Array(rectangle.width);
        for (let y = 0; y < rectangle.height; y++) {{
            values(y, row);
            row.forEach((value, x) => {{ mask[y * rectangle.width + x] = Math.round(255 * value); }});
        }}
        if (stays) photo.kept.push({{ box, rectangle, mask, hole: holeOf(low, count, region) }});
        else undo = await erase(models, photo, {{
            box, region, rectangle, count, low, mask, image: small(photo, region) }});
        images.push(all());
    }}
    undo();
    return [...images, all(), Int32Array.of(photo.kept.length, photo.holes.length)];
}}"""


def test_the_networks_colours_are_shifted_as_in_python(lab):
    case, low = CASES["at full size"], low_mask(30, 40, 14)
    hole, pending = erasing.hole_of(Matte(REGION, None, low, None)), np.zeros(case.unknown.shape, np.uint8)
    erasing.mark(pending, hole)
    (found,) = lab(
        f"""async (pixels, shape, low, region, count) => {{
            {STUB}
            const photo = opened(pixels, shape), hole = holeOf(low, count, region);
            const unknown = new Uint8Array(shape[0] * shape[1]);
            mark(unknown, photo.bounds, hole, photo);
            return [await restored(models, photo, small(photo, region), hole, unknown, photo.bounds)];
        }}""",
        *(case.rgba, case.unknown.shape, low, REGION._asdict(), COUNT),
    )
    wanted = erasing.restored(Inpainter(), case.photo, hole, pending)
    difference = np.abs(found - wanted.ravel())
    # Crops may differ by one of 255 steps, and so may a pixel of the rim.
    assert difference.mean() < 0.3
    assert difference.max() < 3


def test_erases_as_python_does_and_takes_it_back(lab):
    """Two objects one after the other, with a third that was cut out and stays."""
    case = CASES["at full size"]
    height, width = case.unknown.shape
    lows = [low_mask(30, 40, 8), low_mask(55, 85, 12), low_mask(25, 87, 9)]
    boxes = [{"x": x, "y": y, "width": 24, "height": 24} for x, y in ((28, 18), (73, 43), (75, 13))]
    steps = [(*objects, stays) for *objects, stays in zip(boxes, lows, (False, False, True), strict=True)]
    _, *images, after, left = lab(ERASE, case.rgba, (height, width), [steps[2], *steps[:2]], REGION._asdict(), COUNT)
    third = np.zeros((height, width), np.uint8)
    erasing.mark(third, erasing.hole_of(Matte(REGION, None, lows[2], None)))
    wanted, earlier = case.photo.copy(), np.zeros((height, width), np.uint8)
    earlier[13:37, 75:99] = 255
    before = case.photo
    for low, found in zip(lows, images, strict=False):
        hole, marked = erasing.hole_of(Matte(REGION, None, low, None)), np.zeros((height, width), np.uint8)
        erasing.mark(marked, hole)
        erasing.fill(Inpainter(), wanted, hole, marked | third, earlier | marked | third)
        earlier |= marked
        pixels, window, inside = found.reshape(height, width, 4)[..., :3], hole.window(width, height), marked > 0
        outside = np.ones((height, width), bool)
        outside[window.of] = False
        np.testing.assert_array_equal(pixels[outside], before[outside])
        # Colours that differ by one level lead some patches elsewhere, to texture that looks the same.
        assert (np.abs(pixels.astype(int) - wanted)[inside].max(-1) <= 2).mean() > 0.4
        np.testing.assert_allclose(pixels[inside].mean(0), wanted[inside].mean(0), atol=2)
        np.testing.assert_allclose(pixels[inside].std(0), wanted[inside].std(0), rtol=0.15)
        before = pixels
    np.testing.assert_array_equal(after, images[0])
    assert left.tolist() == [1, 1]


def test_an_object_that_was_cut_out_stays_whole_as_in_python(lab):
    """The hole reaches into it, and the mask of the erased object is the higher one in a part of it."""
    case, boxes = CASES["at full size"], [(28, 18, 26, 26), (46, 22, 20, 20)]
    height, width = case.unknown.shape
    lows = [low_mask(31, 41, 12), low_mask(32, 56, 9)]
    named = [dict(zip(("x", "y", "width", "height"), box, strict=True)) for box in boxes]
    (_, found, *_), (shares,) = (
        lab(
            ERASE, case.rgba, (height, width), [(named[1], lows[1], True), (named[0], lows[0])], REGION._asdict(), COUNT
        ),
        lab(
            """(objects, bounds) => [Uint8ClampedArray.from(staying(objects.map(([box, mask, stays]) => (
                { box, rectangle: box, mask, stays })), bounds))]""",
            [
                (box, np.rint(255 * part_of(low, where)).astype(np.uint8), stays)
                for box, low, where, stays in zip(named, lows, boxes, (False, True), strict=True)
            ],
            {"x": 0, "y": 0, "width": width, "height": height},
        ),
    )
    highest, stays, pending = (np.zeros((height, width), np.uint8) for _ in range(3))
    for low, box, kept in zip(lows, boxes, (False, True), strict=True):
        erasing.mark(pending, erasing.hole_of(Matte(REGION, None, low, None)))
        staying.claim(highest, stays, geometry.window_around(box, width, height), part_of(low, box), kept)
    np.testing.assert_array_equal(shares, stays.ravel())
    wanted, avoid = case.photo.copy(), pending.copy()
    avoid[22:42, 46:66] = 1
    hole = erasing.hole_of(Matte(REGION, None, lows[0], None))
    erasing.fill(Inpainter(), wanted, hole, pending, avoid, staying=stays)
    pixels, whole = found.reshape(height, width, 4)[..., :3], stays == 255
    assert whole.sum() > 100
    for erased in (pixels, wanted):
        np.testing.assert_array_equal(erased[whole], case.photo[whole])
    soft = (stays > 0) & (highest > 0)
    assert np.abs(pixels.astype(int) - wanted)[soft].mean() < 2


def part_of(low, box):
    """The pixels of a box, x, y, width and height, of a mask over REGION."""
    x, y, width, height = box
    return low[y - REGION.y : y - REGION.y + height, x - REGION.x : x - REGION.x + width]


def test_the_network_stands_where_there_is_too_little_to_copy(lab):
    photo = CASES["at full size"].photo[:8, :60]
    low = low_mask(4, 40, 16)
    found, *_ = lab(
        ERASE, np.dstack([photo, np.full(photo.shape[:2], 255, np.uint8)]), (8, 60),
        [({"x": 24, "y": 0, "width": 32, "height": 8}, low)], REGION._asdict(), COUNT,
    )  # fmt: skip
    hole, pending, wanted = erasing.hole_of(Matte(REGION, None, low, None)), np.zeros((8, 60), np.uint8), photo.copy()
    erasing.mark(pending, hole)
    erasing.fill(Inpainter(), wanted, hole, pending, pending, "network")
    assert (wanted != photo).any()
    np.testing.assert_allclose(found.reshape(8, 60, 4)[..., :3].astype(int), wanted, atol=2)


def test_a_worker_that_is_missing_is_named(lab):
    case, box = CASES["at full size"], {"x": 28, "y": 18, "width": 24, "height": 24}
    lab.page.route("**/worker.js", lambda route: route.fulfill(status=404))
    with pytest.raises(Exception, match=r"worker\.js or a file that it needs"):
        lab(ERASE, case.rgba, case.unknown.shape, [(box, low_mask(30, 40, 8))], REGION._asdict(), COUNT)
    lab.page.unroute("**/worker.js")


PERSON, CAT = (10, 5, 60, 80), (14, 50, 24, 20)
SAME = """(pairs) => [Uint8Array.from(pairs.flatMap((pair) => {
    const [one, other] = pair.map(([rectangle, mask]) => ({ rectangle, mask }));
    return [sameObject(one, other), sameObject(other, one)];
}))]"""


def cut_of(box, *parts, without=(0, 0, 0, 0)):
    """A cut whose mask is 200, softer than 255, where parts, boxes as well, lie in its box."""
    shown = np.zeros((100, 120), np.uint8)
    for x, y, width, height in parts:
        shown[y : y + height, x : x + width] = 200
    shown[without[1] : without[1] + without[3], without[0] : without[0] + without[2]] = 0
    x, y, width, height = box
    named = dict(zip(("x", "y", "width", "height"), box, strict=True))
    return named, shown[y : y + height, x : x + width].copy()


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        (cut_of(CAT, CAT), cut_of(CAT, CAT), True),  # twice
        (cut_of((14, 50, 12, 14), CAT), cut_of(CAT, CAT), True),  # too small a box first
        (cut_of((0, 0, 120, 100), CAT), cut_of(CAT, CAT), True),  # too large a box first
        (cut_of((14, 50, 14, 20), CAT), cut_of((21, 50, 17, 20), CAT), True),  # just half of the smaller one
        (cut_of((14, 50, 14, 20), CAT), cut_of((22, 50, 16, 20), CAT), False),
        (cut_of(CAT, CAT), cut_of(PERSON, PERSON, without=CAT), False),  # held by the person
        (cut_of(CAT, CAT), cut_of(PERSON, PERSON, without=(16, 52, 20, 16)), False),  # whose mask has the cat's rim
        (cut_of((10, 10, 30, 40), (10, 10, 30, 40)), cut_of((38, 10, 30, 40), (38, 10, 30, 40)), False),  # they touch
        (cut_of((10, 10, 20, 20), (10, 10, 20, 20)), cut_of((80, 60, 20, 20), (80, 60, 20, 20)), False),  # far apart
        (cut_of(CAT), cut_of(CAT, CAT), False),  # an empty mask
    ],
)
def test_masks_of_one_object_and_of_two(lab, one, other, same):
    (found,) = lab(SAME, [[one, other]])
    assert found.tolist() == [same, same]


# A segmenter for which the object is what has the colour in the middle of the box.
ALIKE = """Object.assign(models, { size: 64, objectFraction: 0.8, confineMask: true, outsideContrast: 1,
    segment: async (image) => Float32Array.from({ length: 64 * 64 }, (_, i) =>
        Number([0, 1, 2].every((c) => Math.abs(image[3 * i + c] - image[3 * (32 * 64 + 32) + c]) < 0.2))),
});"""
NEIGHBOUR = (70, 20, 30, 60)


def test_undoing_an_erasure_keeps_what_was_cut_since(lab):
    pixels = np.full((100, 120, 4), (40, 90, 60, 255), np.uint8)
    named = [dict(zip(("x", "y", "width", "height"), box, strict=True)) for box in (PERSON, NEIGHBOUR)]
    (left,) = lab(
        f"""async (pixels, first, second) => {{
            {STUB}
            {ALIKE}
            const photo = opened(pixels, [100, 120]);
            const undo = await erase(models, photo, await cut(models, photo, first, false));
            await cut(models, photo, second, false);
            undo();
            const boxes = photo.kept.flatMap(({{ box }}) => [box.x, box.y, box.width, box.height]);
            return [Int32Array.of(...boxes, photo.holes.length)];
        }}""",
        *(pixels, *named),
    )
    assert left.tolist() == [*PERSON, *NEIGHBOUR, 0]


@pytest.mark.parametrize(
    ("boxes", "left"),
    [
        ([CAT, CAT], []),
        ([(16, 53, 10, 10), CAT], []),  # too small a box, then a better one
        ([(6, 44, 40, 32), CAT], []),  # too large a box
        ([CAT, (16, 53, 10, 10)], []),
        ([CAT, PERSON], [CAT]),  # boxes one in the other
        ([PERSON, CAT], [PERSON]),
        ([NEIGHBOUR, PERSON], [NEIGHBOUR]),
    ],
)
def test_another_object_stays_and_an_earlier_cut_of_the_same_one_does_not(lab, boxes, left):
    """Both where a cut replaces an earlier one and where an object is erased whose cut is not the last one."""
    pixels = np.full((100, 120, 4), (40, 90, 60, 255), np.uint8)
    for (x, y, width, height), colour in ((PERSON, (200, 60, 60)), (CAT, (60, 60, 200)), (NEIGHBOUR, (220, 220, 0))):
        pixels[y : y + height, x : x + width, :3] = colour
    named = [dict(zip(("x", "y", "width", "height"), box, strict=True)) for box in boxes]
    found = [
        array.reshape(-1, 4).tolist()
        for array in lab(
            f"""async (pixels, first, last) => {{
                {STUB}
                {ALIKE}
                const photo = opened(pixels, [100, 120]);
                const boxes = () => Int32Array.from(
                    photo.kept.flatMap(({{ box }}) => [box.x, box.y, box.width, box.height]));
                await cut(models, photo, first, false);
                const object = await cut(models, photo, last, false), cuts = boxes();
                await cut(models, photo, first, false); // replaces `object` among the kept if both are one
                await erase(models, photo, object);
                return [cuts, boxes()];
            }}""",
            *(pixels, *named),
        )
    ]
    assert found == [[list(box) for box in (*left, boxes[1])], [list(box) for box in left]]
