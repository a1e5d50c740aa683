"""Mining of backgrounds."""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from seigan_tf.data.planning.backgrounds import (
    MAX_OVERLAP,
    MAX_PER_PHOTO,
    Scene,
    Share,
    find_background,
    largest_square,
    mine,
)
from seigan_tf.utils.workers import ordered_workers


def scene_of(*boxes, name="a.png", width=300, height=200):
    """A photo with boxes of x, y, width and height."""
    edges = np.array(boxes, float).reshape(-1, 4)
    edges[:, 2:] += edges[:, :2]
    return Scene(name, width, height, edges)


def find(scene, side, number, seed=0, smallest=None):
    """Up to a number of regions, one after the other."""
    regions = []
    for _ in range(number):
        region = find_background(scene, side, side if smallest is None else smallest, seed, regions)
        if region is None:
            break
        regions.append(region)
    return regions


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
@given(scenes(), st.integers(10, 200), st.integers(10, 200), st.integers(0, 99))
def test_backgrounds_lie_inside_the_photo_and_touch_no_box(scene, smallest, more, seed):
    for region in find(scene, smallest + more, 5, seed, smallest):
        assert smallest <= region.side <= smallest + more
        assert 0 <= region.x <= scene.width - region.side
        assert 0 <= region.y <= scene.height - region.side
        assert not region.overlaps(scene.boxes).any()


@settings(max_examples=80, deadline=None)
@given(scenes(), st.booleans())
def test_largest_square_is_that_of_trying_every_place(scene, whole_pixels):
    if whole_pixels:
        scene = scene._replace(boxes=np.round(scene.boxes))
    # taken[y, x]: whether the pixel, with its edges, touches a box.
    taken = np.zeros((scene.height, scene.width), bool)
    for left, top, right, bottom in scene.boxes:
        columns, rows = np.arange(scene.width), np.arange(scene.height)
        taken |= ((rows + 1 >= top) & (rows <= bottom))[:, None] & ((columns + 1 >= left) & (columns <= right))
    # The largest square whose last pixel is this one, row by row.
    best = 0
    above = [0] * (scene.width + 1)
    for row in taken.tolist():
        here = [0] * (scene.width + 1)
        for x, full in enumerate(row):
            here[x] = 0 if full else 1 + min(here[x - 1], above[x], above[x - 1])
        best = max(best, *here)
        above = here
    assert largest_square(scene) == best
    if best:
        assert find_background(scene, best, best, 0).side == best


def test_many_boxes_neither_take_long_nor_let_a_square_touch_them():
    corners = np.random.default_rng(0).uniform(0, 3900, (3000, 2))
    scene = Scene("a.png", 4000, 4000, np.concatenate([corners, corners + 20], axis=1))
    side = largest_square(scene)
    assert side > 60
    region = find_background(scene, side, side, 0)
    assert region.side == side
    assert not region.overlaps(scene.boxes).any()


@settings(max_examples=40, deadline=None)
@given(scenes(), st.randoms())
def test_order_of_the_boxes_does_not_matter(scene, random):
    order = list(range(len(scene.boxes)))
    random.shuffle(order)
    assert find(scene._replace(boxes=scene.boxes[order]), 50, 4, smallest=30) == find(scene, 50, 4, smallest=30)


def test_a_side_that_finds_no_room_shrinks_to_what_fits():
    (region,) = find(scene_of((60, 0, 240, 200)), 200, 1, smallest=30)
    assert 50 < region.side < 60


def test_two_backgrounds_of_a_photo_show_different_places():
    regions = find(scene_of(), 80, 20)
    assert len(regions) > 3
    for index, first in enumerate(regions):
        for second in regions[:index]:
            width = max(80 - abs(first.x - second.x), 0)
            height = max(80 - abs(first.y - second.y), 0)
            assert width * height <= MAX_OVERLAP * (2 * 80**2 - width * height)


def test_name_and_seed_decide_where_a_photo_is_searched():
    first, again, seeded, named = (
        find(scene_of((100, 80, 50, 40), name=name), 60, 3, seed, 40)
        for name, seed in (("a.png", 5), ("a.png", 5), ("a.png", 6), ("b.png", 5))
    )
    assert first == again
    assert first != seeded
    assert first != named


def test_none_is_found_where_boxes_fill_the_photo_or_it_is_too_small():
    full = [(x, y, 50, 50) for x in np.arange(0, 300, 50.0) for y in np.arange(0, 200, 50.0)]
    assert find(scene_of(*full), 20, 5) == []
    assert largest_square(scene_of(*full)) == 0
    assert find(scene_of(width=19, height=300), 20, 5) == []
    assert largest_square(scene_of(width=19, height=300)) == 19


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


def test_sides_are_those_of_the_objects_though_few_photos_have_room_for_the_large_ones(mined):
    small = [scene_of((70, 0, 230, 200), name=f"{index}.png") for index in range(30)]
    roomy = [scene_of(name=f"{index}.jpg") for index in range(10)]
    sides = [30] * 15 + [60] * 15 + [150] * 10
    for order in (range(40), range(39, -1, -1)):
        regions = mined(([*small, *roomy], sides, 40), order=list(order))
        assert sorted(region.side for found in regions for region in found) == sides


def test_a_side_that_a_photo_cannot_give_a_second_time_is_asked_of_others(mined):
    several = [scene_of(name="narrow.png", width=100, height=100), scene_of(name="roomy.png")]
    narrow, roomy = mined((several, [20, 90, 90, 90, 90], 5))
    assert sorted(region.side for region in narrow + roomy) == [20, 90, 90, 90, 90]
    assert [region.side for region in narrow].count(90) == 1


def test_where_no_photo_has_room_for_a_side_the_roomiest_give_what_they_have(mined):
    several = [scene_of((left, 0, 300 - left, 200), name=f"{left}.png") for left in (50, 90, 120, 70)]
    regions = mined((several, [20, 180], 2))
    assert [region.side for found in regions for region in found] == [20, 119]
    assert regions[2][0].side == 119


def test_where_there_is_room_for_few_they_are_of_all_sizes(mined):
    sides = np.arange(20, 60)
    (found,) = mined(([scene_of(width=90, height=90)], sides, 400))
    assert 2 < len(found) <= MAX_PER_PHOTO
    assert min(region.side for region in found) < 40 < max(region.side for region in found)


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
def test_order_in_which_photos_are_read_changes_nothing(tmp_path_factory, data):
    several = [data.draw(scenes())._replace(name=f"{index}.png") for index in range(data.draw(st.integers(1, 8)))]
    shuffled = data.draw(st.permutations(range(len(several))))
    sides = np.sort(data.draw(st.lists(st.integers(10, 90), min_size=1, max_size=3)))
    share = Share(np.ones(len(several), bool), sides, data.draw(st.integers(0, 40)))
    folder = tmp_path_factory.mktemp("mined")
    first = list(mine(lambda: iter(several), np.arange(len(several)), [share], 0, folder))
    second = list(mine(lambda: (several[index] for index in shuffled), np.array(shuffled), [share], 0, folder))
    assert second == [first[index] for index in shuffled]
    assert sum(map(len, first)) <= share.wanted
    given = [region.side for regions in first for region in regions]
    assert all(sides[0] <= side <= sides[-1] for side in given)


def test_worker_processes_find_the_same_regions(tmp_path):
    random = np.random.default_rng(0)
    places = random.integers(0, 200, (300, 2, 2)).tolist()  # of several parts for the workers
    several = [scene_of(*((x, y, 60, 50) for x, y in boxes), name=f"{n}.png") for n, boxes in enumerate(places)]
    share = Share(np.ones(300, bool), np.arange(20, 120), 900)
    here = list(mine(lambda: iter(several), np.arange(300), [share], 0, tmp_path))
    with ordered_workers(2) as in_order:
        there = list(mine(lambda: iter(several), np.arange(300), [share], 0, tmp_path, in_order))
    assert there == here
    assert sum(map(len, here)) == 900


def test_few_rounds_find_the_one_photo_with_room(tmp_path):
    several = [scene_of((0, 0, 300, 200), name=f"{index}.png") for index in range(2000)]
    several[1500] = scene_of(name="free.png")
    rounds = []
    share = Share(np.ones(2000, bool), np.array([40]), 1)
    result = mine(lambda: rounds.append(0) or iter(several), np.arange(2000), [share], 0, tmp_path)
    assert len(rounds) <= 12
    assert [len(found) for found in result] == [index == 1500 for index in range(2000)]
