"""Training and evaluation pairs: what a batch holds, and that batch k is always batch k."""

import contextlib
import itertools
import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from seigan_tf.data import BackgroundCrops, Crops, EvaluationCrops, ObjectCrops
from seigan_tf.data.augmentation import Part
from seigan_tf.data.pairs import evaluation_pairs, training_pairs

SIZE = 16

OBJECT_MEANS = [-0.5429787, -0.4003791, -0.4709092, -0.5143838]
BACKGROUND_MEANS = [0.1066582, -0.0541879, 0.0727542, 0.0745859]
LEFTS = [0.125, 0.1875, 0.25, 0.0]


def made_crops(objects=60, backgrounds=90):
    """Crops in which a white rectangle fills the box, so that pixels tell where the box must be."""
    generator = np.random.default_rng(0)
    images = generator.integers(0, 120, (objects, SIZE, SIZE, 3)).astype(np.uint8)
    low = generator.integers(0, SIZE // 2, (objects, 2))
    high = low + generator.integers(3, SIZE // 2, (objects, 2))
    masks = []
    for image, (top, left), (bottom, right) in zip(images, low, high, strict=True):
        image[top:bottom, left:right] = 255
        masks.append(np.kron(image[..., 0] == 255, np.ones((2, 2), bool)))
    boxes = (np.concatenate([low, high], axis=1) / SIZE).astype(np.float32)
    others = generator.integers(0, 256, (backgrounds, SIZE, SIZE, 3)).astype(np.uint8)
    return Crops(ObjectCrops(images, boxes), BackgroundCrops(others), EvaluationCrops(images, boxes, masks), {})


def take(dataset, count):
    return list(itertools.islice(iter(dataset), count))


def same(first, second):
    return all((first[kind][name] == second[kind][name]).all() for kind in first for name in first[kind])


def test_batch_holds_float32_images_and_boxes_and_no_mask():
    (batch,) = take(training_pairs(made_crops(), 4, seed=0, jitter=0.1), 1)
    assert {kind: set(parts) for kind, parts in batch.items()} == {"object": {"image", "box"}, "background": {"image"}}
    for kind in batch:
        images = batch[kind]["image"]
        assert images.shape == (4, SIZE, SIZE, 3)
        assert images.dtype == np.float32
        assert images.min() >= -1
        assert images.max() <= 1
    assert batch["object"]["box"].shape == (4, 4)
    assert batch["object"]["box"].dtype == np.float32


def test_flips_move_boxes_with_the_pixels():
    flipped = set()
    originals = made_crops().objects.boxes
    for batch in take(training_pairs(made_crops(), 4, seed=1, jitter=0.0), 20):
        for image, box in zip(batch["object"]["image"], batch["object"]["box"], strict=True):
            rows, columns = np.nonzero((image == 1).all(axis=-1))
            tight = np.array([rows.min(), columns.min(), rows.max() + 1, columns.max() + 1]) / SIZE
            np.testing.assert_allclose(box, tight, atol=1e-6)
            flipped.add(bool(np.abs(originals - box).sum(axis=1).min() > 1e-6))
    assert flipped == {False, True}


def test_jitter_changes_colours_by_no_more_than_it_says():
    crops = made_crops(objects=1, backgrounds=1)
    plain = crops.backgrounds.images[0] / 127.5 - 1
    changes = []
    for batch in take(training_pairs(crops, 2, seed=0, jitter=0.1), 20):
        for image in batch["background"]["image"]:
            changes.append(min(np.abs(image - plain).max(), np.abs(image - plain[:, ::-1]).max()))
    # Brightness 0.1, contrast and saturation about 0.1 each of at most 2.
    assert 0.05 < max(changes) < 0.6
    assert len({round(float(change), 4) for change in changes}) > 10


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 30), st.integers(1, 9), st.integers(0, 1000))
def test_start_gives_the_batch_that_iterating_reaches(start, batch_size, seed):
    crops = made_crops()
    reached = take(training_pairs(crops, batch_size, seed, 0.1), start + 2)[-2:]
    skipped = take(training_pairs(crops, batch_size, seed, 0.1, start=start), 2)
    assert same(reached[0], skipped[0])
    assert same(reached[1], skipped[1])


def test_start_costs_nothing_however_far_it_is():
    crops = made_crops()
    far = 10**9
    first = take(training_pairs(crops, 4, 0, 0.1, start=far), 3)
    assert same(first[2], take(training_pairs(crops, 4, 0, 0.1, start=far + 2), 1)[0])


def test_seed_decides_everything():
    crops = made_crops()
    first, again, other = (take(training_pairs(crops, 4, seed, 0.1), 5) for seed in (3, 3, 4))
    assert all(same(a, b) for a, b in zip(first, again, strict=True))
    assert not any(same(a, b) for a, b in zip(first, other, strict=True))


def seen(batches, kind, sources):
    """Index of the source of every image in the batches, flipped or not."""
    found = []
    for batch in batches:
        for image in batch[kind]["image"]:
            pixels = np.round((image + 1) * 127.5).astype(np.uint8)
            found.append(next(i for i, s in enumerate(sources) if (pixels == s).all() or (pixels[:, ::-1] == s).all()))
    return found


def test_each_pass_shows_every_crop_once_in_a_new_order_and_pairing():
    crops = made_crops(objects=5, backgrounds=5)
    batches = take(training_pairs(crops, 5, seed=0, jitter=0.0), 12)
    objects = [tuple(seen([batch], "object", crops.objects.images)) for batch in batches]
    backgrounds = [tuple(seen([batch], "background", crops.backgrounds.images)) for batch in batches]
    assert all(sorted(order) == list(range(5)) for order in objects + backgrounds)
    assert len(set(objects)) > 6
    assert len({pair for order in zip(objects, backgrounds, strict=True) for pair in zip(*order, strict=True)}) > 15


def test_first_batch_is_the_one_that_earlier_versions_made():
    """A run continues exactly after an update: order, pairing, flips and colours are drawn as they were."""
    (batch,) = take(training_pairs(made_crops(), 4, seed=7, jitter=0.1, start=3), 1)
    means = {kind: batch[kind]["image"].astype(float).mean(axis=(1, 2, 3)) for kind in batch}
    np.testing.assert_allclose(means["object"], OBJECT_MEANS, atol=1e-5)
    np.testing.assert_allclose(means["background"], BACKGROUND_MEANS, atol=1e-5)
    np.testing.assert_allclose(batch["object"]["box"][:, 1], LEFTS, atol=1e-6)


def test_zoom_and_shift_leave_order_flips_and_the_bounds_of_what_a_batch_holds():
    plain, changed = (
        take(training_pairs(made_crops(), 4, seed=0, jitter=0.1, zoom=size, shift=size), 8) for size in (0.0, 0.3)
    )
    for before, after in zip(plain, changed, strict=True):
        for kind, name in (("object", "image"), ("object", "box"), ("background", "image")):
            assert after[kind][name].shape == before[kind][name].shape
            assert after[kind][name].dtype == np.float32
            low = 0 if name == "box" else -1
            assert after[kind][name].min() >= low
            assert after[kind][name].max() <= 1
        assert (before["object"]["box"] != after["object"]["box"]).any()
        assert (before["background"]["image"] != after["background"]["image"]).any()


@settings(max_examples=15, deadline=None)
@given(st.integers(1, 4), st.integers(0, 20), st.integers(0, 1000))
def test_the_parts_of_all_processes_are_the_batches_of_one(processes, start, seed):
    def batches(**which):
        made = training_pairs(made_crops(), 2 * processes, seed, 0.1, zoom=0.1, shift=0.1, start=start, **which)
        return take(made, 3)

    parts = [batches(part=Part(process, processes)) for process in range(processes)]
    for whole, *own in zip(batches(), *parts, strict=True):
        together = {
            kind: {name: np.concatenate([part[kind][name] for part in own]) for name in whole[kind]} for kind in whole
        }
        assert same(together, whole)


class Decoded:
    """Images that exist only while they are looked at, as stored ones do: a length, and indexing by integer arrays."""

    def __init__(self, images):
        self._images = [image.tobytes() for image in images]

    def __len__(self):
        return len(self._images)

    def __getitem__(self, indices):
        assert isinstance(indices, np.ndarray)
        assert np.issubdtype(indices.dtype, np.integer)
        return np.stack([np.frombuffer(self._images[i], np.uint8).reshape(SIZE, SIZE, 3) for i in indices])


def decoded(crops):
    """The same crops, none of them held as an array."""
    return crops._replace(
        objects=crops.objects._replace(images=Decoded(crops.objects.images)),
        backgrounds=crops.backgrounds._replace(images=Decoded(crops.backgrounds.images)),
        evaluation=crops.evaluation._replace(images=Decoded(crops.evaluation.images)),
    )


def test_crops_need_not_be_in_memory():
    crops = made_crops()
    for make in (lambda crops: training_pairs(crops, 4, 0, 0.1, zoom=0.1), lambda crops: evaluation_pairs(crops, 7)):
        assert all(same(a, b) for a, b in zip(take(make(crops), 9), take(make(decoded(crops)), 9), strict=True))


def test_state_continues_exactly():
    dataset = training_pairs(made_crops(), 4, 0, 0.1, zoom=0.1, shift=0.1, part=Part(1, 2))
    iterator = iter(dataset)
    for _ in range(5):
        next(iterator)
    state = json.loads(json.dumps(iterator.get_state()))
    expected = [next(iterator) for _ in range(3)]
    resumed = iter(dataset)
    resumed.set_state(state)
    assert all(same(a, next(resumed)) for a in expected)


def test_worker_processes_give_the_same_batches_and_continue_exactly():
    settings = dict(batch_size=4, seed=0, jitter=0.1, zoom=0.1, shift=0.1, start=2)
    expected = take(training_pairs(made_crops(), **settings), 9)
    dataset = training_pairs(decoded(made_crops()), **settings, workers=2)
    with contextlib.closing(iter(dataset)) as iterator:
        assert all(same(a, next(iterator)) for a in expected[:5])
        state = json.loads(json.dumps(iterator.get_state()))
        assert all(same(a, next(iterator)) for a in expected[5:])
    with contextlib.closing(iter(dataset)) as resumed:
        resumed.set_state(state)
        assert all(same(a, next(resumed)) for a in expected[5:])


def test_evaluation_goes_through_all_crops_once_in_order_with_masks_and_cycled_backgrounds():
    crops = made_crops(objects=5, backgrounds=2)
    batches = list(evaluation_pairs(crops, 2))
    assert [len(batch["object"]["image"]) for batch in batches] == [2, 2, 1]
    assert seen(batches, "object", crops.objects.images) == [0, 1, 2, 3, 4]
    assert seen(batches, "background", crops.backgrounds.images) == [0, 1, 0, 1, 0]
    masks = np.concatenate([batch["object"]["mask"] for batch in batches])
    assert masks.shape == (5, SIZE, SIZE, 1)
    assert masks.dtype == np.float32
    assert (masks[..., 0] == (crops.objects.images == 255).all(axis=-1)).all()
    boxes = np.concatenate([batch["object"]["box"] for batch in batches])
    assert (boxes == crops.evaluation.boxes).all()


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ({"batch_size": 0}, "training.batch_size is 0"),
        ({"jitter": 1.0}, "data.jitter is 1.0"),
        ({"jitter": -0.1}, "data.jitter is -0.1"),
        ({"zoom": 1.0}, "data.zoom is 1.0"),
        ({"shift": float("nan")}, "data.shift is nan"),
        ({"start": -1}, "start is -1"),
        ({"part": Part(2, 2)}, "process 2 of 2"),
        ({"part": Part(-1, 2)}, "process -1 of 2"),
        ({"workers": -1}, "workers is -1"),
    ],
)
def test_setting_out_of_range_is_named(one_line_error, settings, expected):
    message = one_line_error(
        training_pairs, made_crops(), **({"batch_size": 2, "seed": 0, "jitter": 0.0, "start": 0} | settings)
    )
    assert expected in message


def test_evaluation_without_masks_is_refused(one_line_error):
    crops = made_crops()._replace(evaluation=None)
    assert "no object with a mask" in one_line_error(evaluation_pairs, crops, 2)
