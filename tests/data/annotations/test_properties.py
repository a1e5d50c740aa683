"""Properties of readers: boxes come back as they were written, and any JSON in the place of another does no harm."""

import json
import tempfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from seigan_tf.data.annotations.formats import read_annotations
from seigan_tf.data.photos.photo import Object, Photo
from tests.data.annotations import tool_fuzz
from tests.data.annotations.mutations import check, nodes
from tests.data.annotations.tool_exports import EXPORTS

WIDTH, HEIGHT = 640, 480
near = st.integers(0, 300)
sides = st.integers(200, 17_900)
boxes = st.lists(
    st.builds(lambda x, y, w, h: (x, y, w / 100, h / 100), near, near, sides, sides), min_size=1, max_size=6
)
anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=4,
)
JSON = ("labelme", "labelme_shapes", "label-studio", "label-studio-min", "label_studio_shapes")
JSON_TARGETS = [
    target for target in tool_fuzz.TARGETS if target.name in (*JSON, "via", "via-3", "via_shapes", "createml")
]


@pytest.fixture(scope="module")
def images():
    with tempfile.TemporaryDirectory() as folder:
        Image.new("RGB", (WIDTH, HEIGHT)).save(Path(folder) / "a.png")
        yield Path(folder)


@pytest.mark.parametrize("export", [name for name in EXPORTS if name != "kaggle"])  # whose boxes may look like corners
@settings(max_examples=15)
@given(drawn=boxes)
def test_boxes_come_back_as_they_were_written(images, export, drawn):
    photo = Photo(images / "a.png", WIDTH, HEIGHT, tuple(Object(box, category="cat") for box in drawn), "a.png")
    source, name, write = EXPORTS[export]
    with tempfile.TemporaryDirectory() as folder:
        items = list(read_annotations(source, images, write([photo], Path(folder) / name)))
    (found,) = [item for item in items if isinstance(item, Photo)]
    np.testing.assert_allclose(sorted(item.box for item in found.objects), sorted(drawn), atol=0.02)


@pytest.mark.parametrize("target", JSON_TARGETS, ids=[target.name for target in JSON_TARGETS])
@settings(max_examples=25)
@given(data=st.data())
def test_any_json_in_the_place_of_another_gives_items_or_one_line(target, data):
    with tempfile.TemporaryDirectory() as folder:
        images, annotations, path = target.build(Path(folder))
        content = json.loads(path.read_bytes())
        parent, key = data.draw(st.sampled_from(list(nodes(content))))
        parent[key] = data.draw(anything)
        path.write_text(json.dumps(content))
        try:
            for item in read_annotations(target.source, images, annotations):
                check(item)
        except ValueError as error:
            assert len(str(error).splitlines()) == 1
