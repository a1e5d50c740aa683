"""The benchmark of inexact boxes measures the masks that cut gives."""

import numpy as np
import pytest
from PIL import Image

from benchmarks import box_error, pastes
from seigan_tf.compose.composer import Composer
from seigan_tf.data.photos.photo import Object, Photo
from seigan_tf.data.planning.report import Tally
from seigan_tf.data.planning.rules import CropRules
from seigan_tf.evaluation.agreement import iou
from seigan_tf.evaluation.crops import Given, evaluation_objects
from seigan_tf.evaluation.drawn_boxes import DrawnBoxes
from tests.compose.scene import BallBackend, ball, box_of


@pytest.mark.parametrize("centre", [(150, 120), (45, 45)], ids=["inside", "at the border"])
def test_measured_masks_are_those_of_cut_with_the_drawn_box(tmp_path, centre):
    path, (pixels, truth) = tmp_path / "a.png", ball(centre=centre)
    Image.fromarray(pixels).save(path)
    runs = np.flatnonzero(np.diff(np.concatenate([[0], truth.ravel("F").astype(int), [0]])))
    counts = np.diff(np.concatenate([[0], runs, [truth.size]])).tolist()
    shape = Object(box_of(centre), segmentation={"size": [240, 300], "counts": counts})
    photo, backend = Photo(path, 300, 240, (shape,)), BallBackend()
    rules, drawn = CropRules(backend.object_fraction, 0, 1, 0), DrawnBoxes(0.2, seed=3)
    ((item,),) = evaluation_objects([photo], rules, backend.size, Tally(0), Given(drawn, 0.1))
    masks = box_error.masks_of(backend, item, 0.1)
    for name, grow in (("cut", 0.0), ("cut, grown", 0.1)):
        mask = Composer(backend, grow=grow).cut(path, drawn.box_of(shape, photo))[0] > 0.5
        assert iou(item.framed(masks[name]), item.whole) == pytest.approx(iou(mask, truth), abs=0.01)
    assert list(masks) and set(masks) == set(box_error.COLOURS)


@pytest.mark.parametrize("benchmark", [box_error, pastes])
def test_a_picture_that_cannot_be_written_is_refused_before_anything_is_measured(benchmark, tmp_path, capsys):
    place = tmp_path / "plot.png"
    place.mkdir()
    sets = ["--set", "cats", "nowhere", "nowhere.json"]
    sets = sets if benchmark is box_error else ["--images", "nowhere", "--annotations", "nowhere.json"]
    for out, message in ((place, "a folder, expected a file to write"), (tmp_path / "plot", "without an ending")):
        with pytest.raises(SystemExit) as leaving:
            benchmark.main([*sets, "--out", str(out)])
        assert leaving.value.code == 2
        assert f"--out {out}: " in (error := capsys.readouterr().err) and message in error


def test_every_row_is_in_the_table_and_a_line_of_the_plot():
    lines = {name: [0.1 * row + 0.05 * place for place in range(5)] for row, name in enumerate(box_error.COLOURS)}
    panels = [box_error.Panel("pets, mine (7)", lines), box_error.Panel("cups, mine (9)", lines)]
    table = box_error.to_markdown(panels)
    assert "| cups, mine (9) | cut, grown | 0.100 | 0.150 | 0.200 | 0.250 | 0.300 |" in table
    picture = np.asarray(box_error.draw(panels, columns=2))
    for colour in box_error.COLOURS.values():
        for half in np.array_split(picture[: box_error.PANEL[1]], 2, axis=1):
            assert (half == colour).all(-1).sum() > 300
