"""The contact sheet: evenly spread crops, with their boxes."""

import numpy as np
import pytest
from PIL import Image

from seigan_tf.data.storage.prepare import BOX_COLOUR, GAP, SHOWN, SHOWN_SIDE, sheet, spread


def plain_crops(count, size=32):
    """Crops of one grey each, from black to white."""
    greys = np.linspace(0, 255, count).astype(np.uint8)
    return np.broadcast_to(greys[:, None, None, None], (count, size, size, 3)).copy()


def cell(picture, place, columns=12):
    """The pixels of one crop of the sheet."""
    top, left = (GAP + line * (SHOWN_SIDE + GAP) for line in divmod(place, columns))
    return np.asarray(picture)[top : top + SHOWN_SIDE, left : left + SHOWN_SIDE]


def test_a_few_crops_are_all_shown_in_their_order(tmp_path):
    images = plain_crops(15)
    sheet(images, None, tmp_path / "sheet.png")
    picture = Image.open(tmp_path / "sheet.png")
    assert picture.size == (12 * (SHOWN_SIDE + GAP) + GAP, 2 * (SHOWN_SIDE + GAP) + GAP)
    for place, image in enumerate(images):
        assert (cell(picture, place) == image[0, 0]).all()
    assert (cell(picture, 15) == 255).all()


def test_of_many_crops_some_are_shown_from_the_first_to_the_last(tmp_path):
    chosen = spread(1000)
    assert len(chosen) == SHOWN
    assert chosen[0] == 0
    assert chosen[-1] == 999
    assert set(np.diff(chosen)) <= {10, 11}
    images = plain_crops(1000)
    sheet(images[chosen], None, tmp_path / "sheet.png")
    picture = Image.open(tmp_path / "sheet.png")
    for place, number in enumerate(chosen):
        assert (cell(picture, place) == images[number, 0, 0]).all()


def test_boxes_are_thin_lines_around_the_object(tmp_path):
    boxes = np.array([[0.25, 0.5, 0.75, 1.0]], np.float32)
    sheet(np.full((1, 32, 32, 3), 90, np.uint8), boxes, tmp_path / "sheet.png")
    crop = cell(Image.open(tmp_path / "sheet.png"), 0, columns=1)
    drawn = (crop == BOX_COLOUR).all(axis=-1)
    assert (crop[~drawn] == 90).all()
    rows, columns = np.nonzero(drawn)
    last = SHOWN_SIDE - 1
    assert (rows.min(), rows.max()) == (round(0.25 * last), round(0.75 * last))
    assert (columns.min(), columns.max()) == (round(0.5 * last), last)
    assert drawn.sum() == 2 * (np.ptp(rows) + np.ptp(columns))


def test_a_sheet_that_cannot_be_written_is_not_there_in_part(tmp_path, monkeypatch):
    def fail(self, path, **_):
        path.write_bytes(b"half")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Image.Image, "save", fail)
    with pytest.raises(OSError, match="No space left"):
        sheet(plain_crops(3), None, tmp_path / "sheet.png")
    assert list(tmp_path.iterdir()) == []
