"""Writes photos, as a reader gave them, as annotations of other formats. The photographs stay where they are."""

import csv
from collections.abc import Iterable
from pathlib import Path
from xml.etree import ElementTree

from seigan_tf.data.photos.photo import Object, Photo


def write_yolo(photos: Iterable[Photo], folder: Path) -> Path:
    """Label files and classes.txt of a detection set, in the folder, which is made and handed back."""
    return _write_labels(photos, folder, _box_row)


def write_yolo_segments(photos: Iterable[Photo], folder: Path) -> Path:
    """Label files and classes.txt of a segmentation set, in the folder, which is made and handed back.

    A row holds one polygon: the parts of an object are joined; an object without polygons becomes its box.
    """
    return _write_labels(photos, folder, _polygon_row)


def write_voc(photos: Iterable[Photo], folder: Path, first: int = 1) -> Path:
    """One XML file for each photo, in the folder, which is made and handed back; pixels are counted from `first`."""
    for photo in photos:
        root = ElementTree.Element("annotation")
        _add(root, "filename", Path(photo.name).name)
        database = "The VOC2012 Database" if first else "Unknown"
        _add(ElementTree.SubElement(root, "source"), "database", database)
        size = ElementTree.SubElement(root, "size")
        for side, value in (("width", photo.width), ("height", photo.height), ("depth", 3)):
            _add(size, side, value)
        for item in photo.objects:
            element = ElementTree.SubElement(root, "object")
            _add(element, "name", item.category)
            _add(element, "difficult", 0)
            left, top, width, height = item.box
            box = ElementTree.SubElement(element, "bndbox")
            for side, value in (
                ("xmin", left + first),
                ("ymin", top + first),
                ("xmax", left + width),
                ("ymax", top + height),
            ):
                _add(box, side, value)
        path = _beside(folder, photo, ".xml")
        ElementTree.ElementTree(root).write(path, encoding="utf-8")
    return folder


def write_csv(photos: Iterable[Photo], path: Path) -> Path:
    """A table with a row for each object, and one without a box for each photo that has none; handed back."""
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["image", "x", "y", "width", "height", "class"])
        for photo in photos:
            for item in photo.objects:
                writer.writerow([photo.name, *item.box, item.category])
            if not photo.objects:
                writer.writerow([photo.name, "", "", "", "", ""])
    return path


def _write_labels(photos: Iterable[Photo], folder: Path, row) -> Path:
    classes: dict[str, int] = {}
    folder.mkdir(parents=True)
    for photo in photos:
        lines = []
        for item in photo.objects:
            number = classes.setdefault(item.category, len(classes))
            lines.append(" ".join([str(number), *(f"{value:.6f}" for value in row(item, photo))]))
        if lines:
            _beside(folder, photo, ".txt").write_text("\n".join(lines) + "\n")
    (folder / "classes.txt").write_text("\n".join(classes) + "\n")
    return folder


def _box_row(item: Object, photo: Photo) -> list[float]:
    left, top, width, height = item.box
    center = (left + width / 2) / photo.width, (top + height / 2) / photo.height
    return [*center, width / photo.width, height / photo.height]


def _polygon_row(item: Object, photo: Photo) -> list[float]:
    if isinstance(item.segmentation, list):
        points = [value for polygon in item.segmentation for value in polygon]
    else:
        left, top, width, height = item.box
        points = [left, top, left + width, top, left + width, top + height, left, top + height]
    return [value / (photo.height if index % 2 else photo.width) for index, value in enumerate(points)]


def _beside(folder: Path, photo: Photo, suffix: str) -> Path:
    path = (folder / photo.name).with_suffix(suffix)
    path.parent.mkdir(parents=True, exist_ok=True)
    return path


def _add(parent: ElementTree.Element, name: str, value):
    ElementTree.SubElement(parent, name).text = str(value)
