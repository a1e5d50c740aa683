"""Mining of backgrounds."""

from pathlib import Path

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from seigan_tf.data.annotations import Object, Photo
from seigan_tf.data.backgrounds import MAX_OVERLAP, mine_backgrounds


def photo_of(*boxes, name="a.png", width=300, height=200, crowd=False):
    return Photo(Path(name), width, height, tuple(Object(box, crowd) for box in boxes))


@st.composite
def photos(draw, index):
    width, height = draw(st.integers(20, 300)), draw(st.integers(20, 300))
    boxes = []
    for _ in range(draw(st.integers(0, 4))):
        x, y = draw(st.floats(0, width - 1)), draw(st.floats(0, height - 1))
        boxes.append((x, y, draw(st.floats(0, width - x)), draw(st.floats(0, height - y))))
    return photo_of(*boxes, name=f"{index}.png", width=width, height=height, crowd=draw(st.booleans()))


@settings(max_examples=60, deadline=None)
@given(st.tuples(photos(0), photos(1)), st.lists(st.integers(10, 200), min_size=1, max_size=5), st.integers(0, 99))
def test_backgrounds_lie_inside_the_photo_and_touch_no_box_of_any_class(pair, sides, seed):
    mined = mine_backgrounds(pair, sides, 8, seed)
    assert len(mined) == 2
    assert sum(map(len, mined)) <= 8
    for photo, regions in zip(pair, mined, strict=True):
        for region in regions:
            assert min(sides) <= region.side <= max(sides)
            assert 0 <= region.x <= photo.width - region.side
            assert 0 <= region.y <= photo.height - region.side
            assert not region.overlaps(photo.boxes).any()


def test_enough_are_found_where_there_is_room_and_photos_take_turns():
    several = [photo_of(name=f"{index}.png") for index in range(4)]
    assert [len(regions) for regions in mine_backgrounds(several, [40], 10, 0)] == [3, 3, 2, 2]


def test_photos_without_any_box_are_used():
    mined = mine_backgrounds([photo_of((0, 0, 300, 200)), photo_of(name="b.png")], [50], 3, 0)
    assert [len(regions) for regions in mined] == [0, 3]


def test_a_side_that_finds_no_room_shrinks_to_what_fits():
    mined = mine_backgrounds([photo_of((60, 0, 240, 200))], [200, 200, 200, 200, 30], 1, 0)
    assert 30 <= mined[0][0].side < 60


def test_sides_follow_those_of_the_objects():
    mined = mine_backgrounds([photo_of(name=f"{index}.png") for index in range(40)], [30, 60], 40, 0)
    sides = [regions[0].side for regions in mined]
    assert set(sides) == {30, 60}
    assert 8 < sides.count(30) < 32


def test_two_backgrounds_of_a_photo_show_different_places():
    (regions,) = mine_backgrounds([photo_of()], [80], 20, 0)
    assert len(regions) > 3
    for index, first in enumerate(regions):
        for second in regions[:index]:
            width = max(80 - abs(first.x - second.x), 0)
            height = max(80 - abs(first.y - second.y), 0)
            assert width * height <= MAX_OVERLAP * (2 * 80**2 - width * height)


def test_same_seed_gives_the_same_regions_and_another_seed_others():
    several = [photo_of((100, 80, 50, 40), name=f"{index}.png") for index in range(3)]
    first, again, other = (mine_backgrounds(several, [40, 60], 6, seed) for seed in (5, 5, 6))
    assert first == again
    assert first != other


def test_none_is_found_where_boxes_fill_the_photo():
    full = photo_of(*[(x, y, 50, 50) for x in np.arange(0, 300, 50.0) for y in np.arange(0, 200, 50.0)])
    assert mine_backgrounds([full], [20], 5, 0) == [[]]
