"""Mining of backgrounds."""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from seigan_tf.data.backgrounds import MAX_OVERLAP, MAX_PER_PHOTO, Scene, Share, find_backgrounds, mine


def scene_of(*boxes, name="a.png", width=300, height=200):
    """A photo with boxes of x, y, width and height."""
    edges = np.array(boxes, float).reshape(-1, 4)
    edges[:, 2:] += edges[:, :2]
    return Scene(name, width, height, edges)


def find(scene, sides, number, seed=0, found=()):
    return find_backgrounds(scene, np.sort(sides), seed, number, found)


@pytest.fixture
def mined(tmp_path):
    """Mines one split, or several given as (scenes, sides, wanted), and returns the regions of each photo."""
    numbers = itertools.count()

    def call(*shares, seed=0, order=None):
        folder = tmp_path / str(next(numbers))
        folder.mkdir()
        scenes = [scene for scenes, _, _ in shares for scene in scenes]
        owners = np.repeat(np.arange(len(shares)), [len(scenes) for scenes, _, _ in shares])
        given = [Share(owners == index, np.sort(sides), wanted) for index, (_, sides, wanted) in enumerate(shares)]
        order = np.arange(len(scenes)) if order is None else np.array(order)
        result = mine(lambda: iter(scenes), order, given, seed, folder)
        regions = list(result)
        assert [len(found) for found in regions] == result.counts.tolist()
        assert len(list(folder.iterdir())) <= 1
        return regions

    return call


@st.composite
def scenes(draw):
    width, height = draw(st.integers(20, 300)), draw(st.integers(20, 300))
    boxes = []
    for _ in range(draw(st.integers(0, 4))):
        x, y = draw(st.floats(0, width - 1)), draw(st.floats(0, height - 1))
        boxes.append((x, y, draw(st.floats(0, width - x)), draw(st.floats(0, height - y))))
    return scene_of(*boxes, width=width, height=height)


@settings(max_examples=80, deadline=None)
@given(scenes(), st.lists(st.integers(10, 200), min_size=1, max_size=5), st.integers(0, 99))
def test_backgrounds_lie_inside_the_photo_and_touch_no_box(scene, sides, seed):
    for region in find(scene, sides, 5, seed):
        assert min(sides) <= region.side <= max(sides)
        assert 0 <= region.x <= scene.width - region.side
        assert 0 <= region.y <= scene.height - region.side
        for left, top, right, bottom in scene.boxes:
            apart_x = right < region.x or left > region.x + region.side
            apart_y = bottom < region.y or top > region.y + region.side
            assert apart_x or apart_y


@settings(max_examples=40, deadline=None)
@given(scenes(), st.lists(st.integers(10, 100), min_size=1, max_size=5), st.integers(0, 5), st.integers(0, 5))
def test_regions_do_not_depend_on_how_many_are_asked_for_at_once(scene, sides, first, more):
    at_once = find(scene, sides, first + more)
    begun = find(scene, sides, first)
    assert at_once[: len(begun)] == begun
    assert len(begun) == min(first, len(at_once))
    if len(begun) == first:
        assert find(scene, sides, more, found=begun) == at_once


@settings(max_examples=40, deadline=None)
@given(scenes(), st.randoms())
def test_order_of_the_boxes_does_not_matter(scene, random):
    order = list(range(len(scene.boxes)))
    random.shuffle(order)
    assert find(scene._replace(boxes=scene.boxes[order]), [30, 50], 4) == find(scene, [30, 50], 4)


def test_a_side_that_finds_no_room_shrinks_to_what_fits():
    (region,) = find(scene_of((60, 0, 240, 200)), [200, 200, 200, 200, 30], 1)
    assert 30 <= region.side < 60


def test_two_backgrounds_of_a_photo_show_different_places():
    regions = find(scene_of(), [80], 20)
    assert len(regions) > 3
    for index, first in enumerate(regions):
        for second in regions[:index]:
            width = max(80 - abs(first.x - second.x), 0)
            height = max(80 - abs(first.y - second.y), 0)
            assert width * height <= MAX_OVERLAP * (2 * 80**2 - width * height)


def test_name_and_seed_decide_where_a_photo_is_searched():
    first, again, seeded, named = (
        find(scene_of((100, 80, 50, 40), name=name), [40, 60], 3, seed)
        for name, seed in (("a.png", 5), ("a.png", 5), ("a.png", 6), ("b.png", 5))
    )
    assert first == again
    assert first != seeded
    assert first != named


def test_none_is_found_where_boxes_fill_the_photo_or_it_is_too_small():
    full = [(x, y, 50, 50) for x in np.arange(0, 300, 50.0) for y in np.arange(0, 200, 50.0)]
    assert find(scene_of(*full), [20], 5) == []
    assert find(scene_of(width=19, height=300), [20], 5) == []


def test_photos_take_turns_and_the_last_turn_goes_by_their_order(mined):
    several = [scene_of(name=f"{index}.png") for index in range(4)]
    regions = mined((several, [40], 10), order=[7, 3, 5, 1])
    assert [len(found) for found in regions] == [2, 3, 2, 3]


def test_photos_without_any_box_are_used(mined):
    regions = mined(([scene_of((0, 0, 300, 200)), scene_of(name="b.png")], [50], 3))
    assert [len(found) for found in regions] == [0, 3]


def test_photos_with_room_give_what_others_lack_up_to_a_limit(mined):
    full = [scene_of((0, 0, 300, 200), name=f"{index}.png") for index in range(30)]
    large = scene_of(name="large.png", width=3000, height=3000)
    assert len(mined(([*full[:15], large, *full[15:]], [40], 8))[15]) == 8
    assert len(mined(([*full, large], [40], 500))[30]) == MAX_PER_PHOTO


def test_sides_follow_those_of_the_objects(mined):
    regions = mined(([scene_of(name=f"{index}.png") for index in range(40)], [30, 60], 40))
    sides = [found[0].side for found in regions]
    assert set(sides) == {30, 60}
    assert 8 < sides.count(30) < 32


def test_each_split_has_its_own_sides_and_number(mined):
    first = [scene_of(name=f"{index}.png") for index in range(5)]
    second = [scene_of(name=f"{index}.jpg") for index in range(3)]
    regions = mined((first, [40], 7), (second, [25], 4))
    assert {region.side for found in regions[:5] for region in found} == {40}
    assert {region.side for found in regions[5:] for region in found} == {25}
    assert [sum(map(len, part)) for part in (regions[:5], regions[5:])] == [7, 4]


def test_a_split_that_wants_none_has_none(mined):
    assert mined(([scene_of()], [40], 2), ([scene_of()], [], 0))[1] == []
    assert mined(([scene_of()], [], 0), ([], [], 0)) == [[]]


@settings(max_examples=25, deadline=None)
@given(st.data())
def test_mining_equals_taking_turns_one_by_one(tmp_path_factory, data):
    """The rounds, which ask for more than one at a time and for few in the end, against the plain definition."""
    several = [data.draw(scenes())._replace(name=f"{index}.png") for index in range(data.draw(st.integers(1, 8)))]
    order = data.draw(st.permutations(range(len(several))))
    wanted = data.draw(st.integers(0, 40))
    sides = np.sort(data.draw(st.lists(st.integers(10, 60), min_size=1, max_size=3)))
    every = [find_backgrounds(scene, sides, 0, MAX_PER_PHOTO) for scene in several]
    expected = [0] * len(several)
    for turn in range(MAX_PER_PHOTO):
        for index in sorted(range(len(several)), key=order.__getitem__):
            if sum(expected) < wanted and len(every[index]) > turn:
                expected[index] += 1
    share = Share(np.ones(len(several), bool), sides, wanted)
    result = list(mine(lambda: iter(several), np.array(order), [share], 0, tmp_path_factory.mktemp("mined")))
    assert result == [regions[:number] for regions, number in zip(every, expected, strict=True)]


def test_few_rounds_find_the_one_photo_with_room(tmp_path):
    several = [scene_of((0, 0, 300, 200), name=f"{index}.png") for index in range(2000)]
    several[1500] = scene_of(name="free.png")
    rounds = []
    share = Share(np.ones(2000, bool), np.array([40]), 1)
    result = mine(lambda: rounds.append(0) or iter(several), np.arange(2000), [share], 0, tmp_path)
    assert len(rounds) <= 12
    assert result.counts.sum() == result.counts[1500] == 1
