"""Cut, erase and paste: what changes, and what may not."""

import tracemalloc

import numpy as np
import pytest
from PIL import Image, ImageCms

import seigan_tf
from seigan_tf.compose import composer as composers
from seigan_tf.compose import erasing, geometry, pasting, photo_files
from seigan_tf.compose.composer import Composer
from seigan_tf.data.crops import region_around
from seigan_tf.data.photos import picture
from seigan_tf.data.photos.picture import Picture
from tests.compose.scene import RED, BallBackend, ball, box_of, enlarged, filled, gravel


@pytest.fixture
def composer():
    return Composer(BallBackend())


def test_is_what_the_package_offers():
    assert seigan_tf.Composer is Composer


def test_cut_gives_mask_and_cutout_of_the_photos_size(composer):
    photo, truth = ball()
    mask, cutout = composer.cut(photo, box_of())
    assert (mask.dtype, mask.shape, cutout.dtype, cutout.shape) == ("float32", (240, 300), "uint8", (240, 300, 4))
    assert ((mask > 0.5) != truth).mean() < 0.002
    np.testing.assert_array_equal(cutout[..., 3], np.rint(255 * mask))
    assert np.abs(cutout[truth & (mask > 0.9), :3].astype(int) - RED).max() <= 30
    assert not cutout[cutout[..., 3] == 0].any()
    assert not mask[:80].any() and not mask[:, :110].any() and not mask[160:].any() and not mask[:, 190:].any()


def test_photo_may_be_a_file(composer, tmp_path):
    photo, _ = ball()
    Image.fromarray(photo).save(tmp_path / "Kätzchen.png")
    for path in (tmp_path / "Kätzchen.png", str(tmp_path / "Kätzchen.png")):
        np.testing.assert_array_equal(composer.cut(path, box_of())[0], composer.cut(photo, box_of())[0])


def test_a_result_is_saved_with_the_colour_profile_of_its_photo(composer, tmp_path):
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    Image.fromarray(ball()[0]).save(tmp_path / "a.png", icc_profile=profile)
    photo = composers.as_picture(tmp_path / "a.png")
    erased = composer.erase(photo, box_of())
    np.testing.assert_array_equal(erased, composer.erase(tmp_path / "a.png", box_of()))
    photo_files.write(tmp_path / "b.jpg", erased, photo.profile)
    assert photo_files.read(tmp_path / "b.jpg").profile == profile


@pytest.mark.parametrize("centre", [(150, 120), (30, 20), (290, 235)], ids=["inside", "corner", "other corner"])
def test_erase_changes_nothing_but_the_object_and_a_rim(composer, centre):
    photo, _ = ball(centre=centre)
    erased = composer.erase(photo, box_of(centre))
    far = (
        np.hypot(*(np.mgrid[:240, :300] - np.array(centre)[::-1, None, None]))
        > 40 + 0.1 * 80 / composer.backend.object_fraction
    )
    np.testing.assert_array_equal(erased[far], photo[far])
    assert (erased[..., 0].astype(int) - erased[..., 1]).max() < 20, "red is left"


def test_what_is_erased_has_the_grain_of_its_surroundings(composer):
    photo, _ = ball(500, 400, (250, 200), 60)
    erased = composer.erase(photo, box_of((250, 200), 60)).astype(float)
    inner, around = erased[170:230, 220:280, 0], erased[20:100, 20:100, 0]
    assert inner.mean() == pytest.approx(around.mean(), abs=4)
    assert inner.std() == pytest.approx(around.std(), rel=0.35)


@pytest.mark.parametrize("fill", erasing.METHODS)
def test_each_fill_replaces_the_object_and_nothing_outside_the_hole(composer, fill):
    photo, there = ball()
    erased = composer.erase(photo, box_of(), fill)
    hole = erasing.hole_of(composer.matte(photo, box_of()))
    rows = enlarged(hole.weights.astype(np.float32), hole.region, geometry.Window(0, 0, 300, 240))
    np.testing.assert_array_equal(erased[rows == 0], photo[rows == 0])
    assert np.abs(erased[there].mean(0) - 128).max() < 6
    assert (erased[there][:, 0].std() > 6) == (fill != "network"), "the network of the test draws no grain"


def test_nothing_is_copied_from_objects_that_are_kept(composer):
    """The ball hides the border of something green, in front of which it lies."""
    photo, there = ball()
    green = (np.arange(300) >= 150) & ~there
    photo[green] = photo[green] // 2 + np.array([0, 90, 0], np.uint8)

    def greenness(erased):
        return (erased[there][:, 1].astype(int) - erased[there][:, 0]).mean()

    assert greenness(composer.erase(photo, box_of())) > 25
    assert greenness(composer.erase(photo, box_of(), keep=[(150, 0, 150, 240)])) < 12
    with pytest.raises(ValueError, match="outside the photo"):
        composer.erase(photo, box_of(), keep=[(400, 0, 10, 10)])
    with pytest.raises(ValueError, match=r"keep: the box .* is also one to erase"):
        composer.erase(photo, [(1, 2, 30, 40), box_of()], keep=[box_of()])


def two_balls():
    """Two that touch: the photo, and where each of them is."""
    photo, one = ball(400, 240, (120, 120), 40)
    y, x = np.mgrid[:240, :400] + 0.5
    other = (x - 196) ** 2 + (y - 120) ** 2 <= 36**2
    photo[other] = RED
    return photo, one, other


def test_an_object_that_is_kept_stays_whole(composer):
    """The hole, which is larger than the erased object, reaches into it."""
    photo, one, other = two_balls()
    kept = box_of((196, 120), 36)
    alpha = np.where(one | other, 255, 100).astype(np.uint8)
    both = np.dstack([photo, alpha])
    erased = composer.erase(both, box_of((120, 120)), keep=kept)
    mask = composer.cut(both, kept)[0]
    whole = other & (mask == 1) & ~one
    assert whole.sum() > 0.9 * other.sum()
    np.testing.assert_array_equal(erased[whole], both[whole])
    left = one & ~other & (mask == 0)
    assert np.abs(erased[left].mean(0) - (128, 128, 128, 100)).max() < 8
    without = composer.erase(photo, box_of((120, 120)))
    assert (without[whole] != photo[whole]).any(), "the hole does not reach into the other ball"


def test_of_two_objects_with_the_same_pixels_the_smaller_one_has_them(composer):
    photo, there = ball()
    inner = box_of((150, 120), 15)
    mask = composer.cut(photo, inner)[0] == 1
    assert mask.sum() > 600
    np.testing.assert_array_equal(composer.erase(photo, box_of(), keep=inner)[mask], photo[mask])
    erased = composer.erase(photo, inner, keep=box_of())
    assert (erased[mask] != photo[mask]).any(-1).mean() > 0.9
    around = there & ~erasing_reach(150, 120, 15)
    np.testing.assert_array_equal(erased[around], photo[around])
    # A hole in another hole is still filled once, if something in it stays.
    both = composer.erase(photo, [box_of(), box_of((150, 120), 20)], keep=inner)
    np.testing.assert_array_equal(both, composer.erase(photo, box_of(), keep=inner))


def erasing_reach(x, y, radius):
    """Pixels that a hole around a disc may change: bool [240, 300]."""
    rows, columns = np.mgrid[:240, :300] + 0.5
    return np.hypot(rows - y, columns - x) < 1.5 * radius


def test_each_box_has_its_own_seed(composer):
    photo = np.hstack([ball()[0], ball(seed=1)[0]])
    boxes = [box_of(), box_of((450, 120))]

    def erased(*seeds):
        return composer.erase_picture(Picture(photo), boxes, seeds=seeds).array

    first, second = erased(0, 0), erased(0, 5)
    np.testing.assert_array_equal(first[:, :300], second[:, :300])
    assert (first[:, 300:] != second[:, 300:]).any()
    np.testing.assert_array_equal(composer.erase(photo, boxes, seed=5)[:, 300:], second[:, 300:])
    with pytest.raises(ValueError, match="shorter"):
        erased(1)


def test_without_a_box_nothing_is_erased(composer):
    photo = ball()[0]
    for none in ([], (), np.zeros((0, 4))):
        np.testing.assert_array_equal(composer.erase(photo, none), photo)


def test_erase_takes_many_boxes_at_once(composer):
    photo, one = ball(400, 240, (120, 120), 35)
    y, x = np.mgrid[:240, :400] + 0.5
    other = (x - 200) ** 2 + (y - 120) ** 2 <= 35**2  # its crop shows the first ball
    photo[other] = RED
    boxes = [box_of((120, 120), 35), box_of((200, 120), 35)]
    erased = composer.erase(photo, boxes).astype(int)
    assert (erased[..., 0] - erased[..., 1]).max() < 20
    assert np.abs(erased[one | other].mean(0) - 128).max() < 6, "one ball's colour is in the other's fill"
    np.testing.assert_array_equal(erased[:60], photo[:60])
    masks = [masks[0, ..., 0] for masks in composer.backend.masks]
    assert len(masks) == 16, "each is filled in eight ways"
    assert masks[0][:, -1].any(), "the second ball is left for later"
    assert not masks[8][:, 0].any(), "what is filled already is known to the next"


def test_no_rim_of_an_object_is_left_where_two_that_are_erased_meet(composer):
    """In the soft rim of the first hole the photo, with the second object, shows through until that one is filled."""
    photo = gravel(500, 300)
    photo[100:200, 150:250], photo[100:200, 250:350] = RED, RED
    boxes = [(150, 100, 100, 100), (250, 100, 100, 100)]
    for order in (boxes, boxes[::-1]):
        erased = composer.erase(photo, order).astype(int)
        assert (erased[..., 0] - erased[..., 1]).max() < 20
    whites = np.dstack([photo, np.full((300, 500), 100, np.uint8)])
    whites[100:200, 150:350, 3] = 255
    assert np.abs(composer.erase(whites, boxes)[..., 3].astype(int) - 100).max() <= 2


@pytest.mark.parametrize("fill", erasing.METHODS)
def test_an_object_that_lies_in_another_or_is_given_twice_is_filled_with_it(composer, fill):
    photo, _ = ball()
    outer, inner, found = box_of(), box_of((145, 125), 12), list[bool]()
    alone = composer.erase(photo, outer, fill)
    composer.backend.masks.clear()
    for boxes in ([outer, inner], [inner, outer], [outer, outer, inner, outer]):
        np.testing.assert_array_equal(composer.erase(photo, boxes, fill), alone)
    assert len(composer.backend.masks) == (0 if fill == "patches" else 3 * 8), "each is filled once, in eight ways"
    composer.erase_picture(Picture(photo), [(5, 5, 20, 20), inner, (5, 5, 90, 90), outer], found.append)
    assert found == [False, True, False, True]


def test_where_there_is_too_little_to_copy_a_fill_leaves_another_one_as_it_is(composer):
    """The network's answer stands there, which covers the whole hole."""
    photo, _ = ball()
    hole = erasing.hole_of(composer.matte(photo, box_of()))
    pending = np.zeros((240, 300), np.uint8)
    erasing.mark(pending, hole)
    pending[:, :150] = 0
    filled = photo.copy()
    erasing.fill(composer.backend, filled, hole, pending, np.full_like(pending, 255))
    np.testing.assert_array_equal(filled[:, :150], photo[:, :150])
    assert (filled[100:140, 150:180] != photo[100:140, 150:180]).any(-1).all()


def test_paste_leaves_the_new_photo_untouched_away_from_the_object(composer):
    photo, truth = ball()
    onto = gravel(200, 180, seed=5)
    pasted = composer.paste(photo, box_of(), onto, (60, 50))
    there = np.zeros((180, 200), bool)
    there[50:130, 60:140] = truth[80:160, 110:190]
    changed = (pasted != onto).any(-1)
    assert (changed != there).mean() < 0.02
    outside = np.ones_like(there)
    outside[50:130, 60:140] = False
    np.testing.assert_array_equal(pasted[outside], onto[outside])


def test_paste_takes_over_what_the_enhancer_changes(composer):
    photo, _ = ball()
    pasted = composer.paste(photo, box_of(), gravel(200, 180), (60, 50))
    # The enhancer makes all darker by 0.2 of [-1, 1]; what is 0 already stays.
    np.testing.assert_allclose(pasted[80:100, 90:110].mean((0, 1)), [200 - 25.5, 30 - 25.5, 40 - 25.5], atol=3)


@pytest.mark.parametrize("width", [20, 160])
def test_paste_scales_to_the_width_asked_for(composer, width):
    photo, _ = ball()
    onto = gravel(200, 180)
    changed = (composer.paste(photo, box_of(), onto, (10, 12, width)) != onto).any(-1)
    rows, columns = np.flatnonzero(changed.any(1)), np.flatnonzero(changed.any(0))
    assert (columns[0], rows[0]) == pytest.approx((10, 12), abs=2)
    assert (np.ptp(columns) + 1, np.ptp(rows) + 1) == pytest.approx((width, width), abs=3)


@pytest.mark.parametrize("at", [(-40, -40), (160, 140), (-30, 60, 300), (150, -100, 160)])
def test_paste_beyond_the_border_is_clipped(composer, at):
    """The visible part is as in a larger photo, harmonising apart."""
    composer.backend.darker = 0.0
    photo, _ = ball()
    onto = gravel(200, 180)
    larger = np.pad(onto, ((400, 400), (400, 400), (0, 0)))
    whole = composer.paste(photo, box_of(), larger, (at[0] + 400, at[1] + 400, *at[2:]))
    pasted = composer.paste(photo, box_of(), onto, at)
    assert (pasted != onto).any()
    assert np.abs(pasted.astype(int) - whole[400:580, 400:600]).max() <= 3


@pytest.mark.parametrize(
    ("at", "message"),
    [
        ((500, 20), "outside the photo of 200 x 180 pixels"),
        ((-90, 20), "outside the photo"),
        ((10, 10, 0), "the width must be more than 0"),
        ((10, 10, 0.5), "smaller than a pixel"),
        ((10, 10, 1e6), "more than 210,000,000 pixels"),
        ((10,), "expected x, y"),
        ((10, float("inf")), "expected x, y"),
    ],
)
def test_names_what_is_wrong_with_a_place(composer, one_line_error, at, message):
    photo, _ = ball()
    assert message in one_line_error(composer.paste, photo, box_of(), gravel(200, 180), at)


def test_objects_as_long_as_a_panorama_take_memory_for_the_panorama_only(composer, monkeypatch):
    """2.7 megabytes of pixels; the square around the object has 170, that around its place 1,200."""
    monkeypatch.setattr(geometry, "LARGEST_SIDE", 1024)
    composer.backend.size, composer.refine = 256, False  # past the border the mirrored object looks like the object
    photo, box = gravel(6000, 150), (30, 6, 5940, 138)
    photo[12:138, 60:5940] = RED
    tracemalloc.start()
    try:
        mask, _ = composer.cut(photo, box)
        erased = composer.erase(photo, box).astype(int)
        pasted = composer.paste(photo, box, gravel(200, 180), (0, 0, 15_900))
        assert tracemalloc.get_traced_memory()[1] < 230_000_000
    finally:
        tracemalloc.stop()
    assert (mask[18:132, 90:5910] > 0.5).mean() > 0.99 and not mask[:, :30].any()
    assert (erased[..., 0] - erased[..., 1]).max() < 20, "red is left"
    assert pasted.shape == (180, 200, 3)


def test_what_lies_hidden_under_transparent_pixels_is_not_pasted_on(composer):
    composer.backend.darker = 0.0
    cutout = np.full((80, 80, 4), (*RED, 128), np.uint8)
    onto = np.full((180, 200, 4), (0, 255, 0, 0), np.uint8)
    onto[:, 100:, 3] = 255
    onto[100:, :100] = 0, 0, 255, 64
    images, enhance = [], composer.backend.enhance

    def watched(crops):
        images.append(crops)
        return enhance(crops)

    composer.backend.enhance = watched
    placed = pasting.Placed(cutout, geometry.Window(60, 50, 140, 130), (60, 50, 80, 80))
    pasted = pasting.paste(composer.backend, picture.from_array(onto), placed).array
    # Over what is not there, over what is opaque, over what is transparent: alpha a + b (1 - a).
    np.testing.assert_allclose(pasted[80, 80], [*RED, 128], atol=2)
    np.testing.assert_allclose(pasted[90, 120], [100, 142, 20, 255], atol=3)
    total = 128 + 64 * 127 / 255
    colours = (np.multiply(RED, 128) + np.multiply((0, 0, 255), 64 * 127 / 255)) / total
    np.testing.assert_allclose(pasted[110, 90], [*colours, total], atol=3)
    np.testing.assert_array_equal(pasted[:40], onto[:40])
    corner = np.asarray(images[0][0, 0, 0])
    np.testing.assert_array_equal(corner, (255, 255, 255))  # white, as the networks know it


def test_transparent_photos_keep_their_transparency(composer):
    photo, truth = ball()
    alpha = np.full(truth.shape, 255, np.uint8)
    alpha[:60], alpha[115:125] = 0, 128
    both = np.dstack([photo, alpha])
    mask, cutout = composer.cut(both, box_of())
    assert cutout[120, 150, 3] == pytest.approx(128, abs=2) and mask[120, 150] == 1
    erased = composer.erase(both, box_of())
    assert erased.shape == (240, 300, 4)
    np.testing.assert_array_equal(erased[:60], both[:60])
    onto = np.dstack([gravel(200, 180), np.zeros((180, 200), np.uint8)])
    pasted = composer.paste(photo, box_of(), onto, (60, 50))
    assert pasted[90, 100, 3] == 255 and not pasted[:40, :, 3].any()


def test_a_photo_that_is_half_transparent_is_laid_on_white_once(composer):
    """The cut-out has the photo's own colours, and its transparency too."""
    photo, truth = ball()
    alpha = np.full(truth.shape, 128, np.uint8)
    alpha[:100], photo[:100] = 0, (0, 255, 0)
    mask, cutout = composer.cut(np.dstack([photo, alpha]), box_of())
    inside = (mask == 1) & (alpha > 0)
    assert inside.sum() > 2000
    np.testing.assert_array_equal(cutout[inside], np.dstack([photo, alpha])[inside])
    np.testing.assert_array_equal(cutout[..., 3], np.rint(mask * alpha))


@pytest.mark.parametrize("around", [0, 128])
def test_what_is_erased_is_as_transparent_as_its_surroundings(composer, around):
    composer.backend.segment = lambda images, boxes: filled(boxes, 32)
    photo, _ = ball()
    alpha = np.full(photo.shape[:2], around, np.uint8)
    alpha[80:160, 110:190] = 255
    erased = picture.from_array(composer.erase(np.dstack([photo, alpha]), box_of()))
    assert np.abs(erased.alpha.astype(int) - around).max() <= 2
    seen = Picture(gravel(300, 240), np.full_like(alpha, around)).visible
    assert np.abs(erased.visible.astype(float) - seen).mean() < 5
    far = np.ones_like(alpha, bool)
    far[65:175, 95:205] = False
    np.testing.assert_array_equal(erased.array[far], np.dstack([photo, alpha])[far])


def test_large_photos_are_worked_on_in_pieces(composer, monkeypatch):
    photo, _ = ball()
    whole = [*composer.cut(photo, box_of()), composer.erase(photo, box_of())]
    monkeypatch.setattr(geometry, "STRIP", 500)
    for result, expected in zip([*composer.cut(photo, box_of()), composer.erase(photo, box_of())], whole, strict=True):
        np.testing.assert_array_equal(result, expected)


def test_without_refinement_masks_are_only_enlarged():
    photo, _ = ball()
    backend = BallBackend()
    mask, _ = Composer(backend, refine=False).cut(photo, box_of())
    region = region_around(box_of(), backend.object_fraction)
    images, boxes = backend.seen[0]
    expected = enlarged(backend.segment(images[:1], boxes[:1])[0, ..., 0], region, geometry.Window(110, 80, 190, 160))
    np.testing.assert_allclose(mask[80:160, 110:190], expected, atol=0.05)


@pytest.mark.parametrize("refine", [True, False])
def test_no_veil_is_left_around_the_object(refine):
    backend = BallBackend()
    found = backend.segment
    backend.segment = lambda images, boxes: np.maximum(found(images, boxes), 0.03 * filled(boxes, 32))
    photo, truth = ball()
    mask, cutout = Composer(backend, refine).cut(photo, box_of())
    corner = np.zeros_like(truth)
    corner[80:88, 110:118] = True
    assert not mask[corner].any() and not cutout[corner].any()
    assert mask[120, 150] == 1


def test_refuses_arrays_that_are_no_pictures(composer, one_line_error):
    for array in (np.zeros((5, 5)), np.zeros((5, 5, 3)), np.zeros((0, 5, 3), np.uint8), np.zeros((5, 5, 2), np.uint8)):
        assert "expected uint8 [height, width, 3]" in one_line_error(composer.cut, array, (0, 0, 2, 2))
    assert "missing" in one_line_error(composer.cut, "nowhere.jpg", (0, 0, 2, 2))


def test_finds_nothing_without_failing_but_pastes_no_nothing(composer, one_line_error):
    photo = gravel(300, 240)
    mask, cutout = composer.cut(photo, box_of())
    assert not mask.any() and not cutout.any()
    np.testing.assert_array_equal(composer.erase(photo, box_of()), photo)
    assert "no object was found in the box" in one_line_error(composer.paste, photo, box_of(), photo, (10, 10))


def test_an_unknown_fill_and_a_seed_that_is_none_are_refused(composer, one_line_error):
    photo = ball()[0]
    message = one_line_error(composer.erase, photo, box_of(), fill="Network")
    assert message == "fill is 'Network', expected both, patches or network"
    for seed in (-1, 1.5, np.inf, np.nan, None, "x"):
        assert one_line_error(composer.erase, photo, box_of(), seed=seed).startswith(
            f"seed is {seed!r}, expected a whole"
        )


def test_one_object_to_keep_is_given_as_one_box(composer):
    photo = ball()[0]
    kept = (10, 10, 40, 40)
    np.testing.assert_array_equal(
        composer.erase(photo, box_of(), keep=kept), composer.erase(photo, box_of(), keep=[kept])
    )


def test_a_photo_full_of_object_is_erased_without_failing(composer):
    photo = np.empty((60, 80, 3), np.uint8)
    photo[:] = RED
    assert composer.erase(Picture(photo), (0, 0, 80, 60)).shape == (60, 80, 3)


def test_real_photos_keep_every_other_pixel_through_png(cats_val, tmp_path):
    class EllipseBackend(BallBackend):
        def segment(self, images, boxes):
            y, x = np.mgrid[: self.size, : self.size] / self.size - 0.5
            return (np.hypot(x, y) < 0.35)[None, ..., None] * filled(boxes, self.size)

    composer = Composer(EllipseBackend())
    for path in sorted(cats_val[0].glob("*.jpg"))[:3]:
        photo = photo_files.read(path).pixels
        height, width = photo.shape[:2]
        photo_files.write(tmp_path / "photo.png", photo)
        box = (width * 0.3, height * 0.4, width * 0.25, height * 0.2)
        photo_files.write(tmp_path / "erased.png", composer.erase(tmp_path / "photo.png", box))
        changed = (photo_files.read(tmp_path / "erased.png").pixels != photo).any(-1)
        rows, columns = np.flatnonzero(changed.any(1)), np.flatnonzero(changed.any(0))
        margin = 0.1 * width * 0.25 / composer.backend.object_fraction
        assert rows[0] >= box[1] - margin and rows[-1] <= box[1] + box[3] + margin
        assert columns[0] >= box[0] - margin and columns[-1] <= box[0] + box[2] + margin
        assert changed.mean() > 0.02
