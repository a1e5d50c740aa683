"""Writes photos, as a reader gave them, as annotation tools and public sets have them; no photograph is copied."""

import csv
import json
from collections.abc import Iterable
from functools import partial
from pathlib import Path, PurePosixPath
from xml.etree import ElementTree

from seigan_tf.data.photos.photo import Object, Photo
from tests.data.annotations.conversions import write_csv, write_voc, write_yolo


def corners(item: Object) -> tuple[float, float, float, float]:
    left, top, width, height = item.box
    return left, top, left + width, top + height


def write_cvat(photos: Iterable[Photo], path: Path) -> Path:
    """CVAT for images 1.1."""
    root = ElementTree.Element("annotations")
    ElementTree.SubElement(root, "version").text = "1.1"
    for number, photo in enumerate(photos):
        size = {"width": str(photo.width), "height": str(photo.height)}
        image = ElementTree.SubElement(root, "image", {"id": str(number), "name": photo.name, **size})
        for item in photo.objects:
            edges = dict(zip(("xtl", "ytl", "xbr", "ybr"), map(str, corners(item)), strict=True))
            ElementTree.SubElement(image, "box", {"label": item.category, "occluded": "0", **edges, "z_order": "0"})
    ElementTree.ElementTree(root).write(path, encoding="utf-8")
    return path


def write_labelme(photos: Iterable[Photo], folder: Path) -> Path:
    """Labelme 5: one file for each photo, in its own folder."""
    for photo in photos:
        shapes = [
            {"label": item.category, "points": [corners(item)[:2], corners(item)[2:]], "shape_type": "rectangle"}
            | {"group_id": None, "flags": {}}
            for item in photo.objects
        ]
        content = {"version": "5.4.1", "flags": {}, "shapes": shapes, "imagePath": PurePosixPath(photo.name).name}
        content |= {"imageData": None, "imageHeight": photo.height, "imageWidth": photo.width}
        path = (folder / photo.name).with_suffix(".json")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(content, indent=2))
    return folder


def write_label_studio(photos: Iterable[Photo], path: Path) -> Path:
    """Label Studio's JSON, of photos on a disk of its own."""
    tasks = []
    for number, photo in enumerate(photos, 1):
        data = {"image": f"/data/local-files/?d=disk/{photo.name}"}
        results = [{**_region(item, photo), "type": "rectanglelabels"} for item in photo.objects]
        results = [{**result, "value": result.pop("value")} for result in results]
        tasks.append({"id": number, "annotations": [{"result": results, "was_cancelled": False}], "data": data})
    path.write_text(json.dumps(tasks))
    return path


def write_label_studio_min(photos: Iterable[Photo], path: Path) -> Path:
    """Label Studio's JSON-MIN."""
    tasks = []
    for number, photo in enumerate(photos, 1):
        regions = [_region(item, photo) for item in photo.objects]
        label = [{**region.pop("value"), **region} for region in regions]
        tasks.append({"image": f"s3://bucket/{photo.name}", "id": number, "label": label, "annotator": 1})
    path.write_text(json.dumps(tasks))
    return path


def _region(item: Object, photo: Photo) -> dict:
    left, top, width, height = item.box
    value = {"x": 100 * left / photo.width, "y": 100 * top / photo.height, "width": 100 * width / photo.width}
    value |= {"height": 100 * height / photo.height, "rectanglelabels": [item.category]}
    return {"value": value, "original_width": photo.width, "original_height": photo.height, "image_rotation": 0}


def _via_regions(photo: Photo) -> list[dict]:
    return [
        {
            "shape_attributes": {"name": "rect", **dict(zip(("x", "y", "width", "height"), item.box, strict=True))},
            "region_attributes": {"class": item.category},
        }
        for item in photo.objects
    ]


def write_via(photos: Iterable[Photo], path: Path) -> Path:
    """A project of VIA 2."""
    metadata = {
        f"{photo.name}123": {"filename": photo.name, "size": 123, "regions": _via_regions(photo), "file_attributes": {}}
        for photo in photos
    }
    path.write_text(json.dumps({"_via_settings": {}, "_via_img_metadata": metadata, "_via_attributes": {"region": {}}}))
    return path


def write_via_csv(photos: Iterable[Photo], path: Path) -> Path:
    """A table of VIA 2."""
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        attributes = ["region_shape_attributes", "region_attributes"]
        writer.writerow(["filename", "file_size", "file_attributes", "region_count", "region_id", *attributes])
        for photo in photos:
            regions = [list(map(json.dumps, region.values())) for region in _via_regions(photo)]
            for number, region in enumerate(regions or [["{}", "{}"]]):
                writer.writerow([photo.name, 123, "{}", len(regions), number, *region])
    return path


def write_via_3(photos: Iterable[Photo], path: Path) -> Path:
    """A project of VIA 3, whose classes are options of an attribute."""
    photos = list(photos)
    classes = sorted({item.category for photo in photos for item in photo.objects})
    content: dict = {"project": {"pid": "__VIA_PROJECT_ID__", "vid_list": [str(i + 1) for i in range(len(photos))]}}
    options = {str(index): name for index, name in enumerate(classes)}
    content |= {"attribute": {"1": {"aname": "class", "type": 4, "options": options}}, "file": {}, "view": {}}
    content["metadata"] = {}
    for number, photo in enumerate(photos, 1):
        content["file"][str(number)] = {"fid": str(number), "fname": photo.name, "type": 2, "loc": 1, "src": photo.name}
        content["view"][str(number)] = {"fid_list": [str(number)]}
        for index, item in enumerate(photo.objects):
            region = {"vid": str(number), "flg": 0, "z": [], "xy": [2, *item.box]}
            content["metadata"][f"{number}_{index}"] = region | {"av": {"1": str(classes.index(item.category))}}
    path.write_text(json.dumps(content))
    return path


def write_createml(photos: Iterable[Photo], path: Path) -> Path:
    """Roboflow's Create ML."""
    entries = []
    for photo in photos:
        objects = []
        for item in photo.objects:
            left, top, width, height = item.box
            center = {"x": left + width / 2, "y": top + height / 2}
            objects.append({"label": item.category, "coordinates": {**center, "width": width, "height": height}})
        entries.append({"image": photo.name, "annotations": objects})
    path.write_text(json.dumps(entries))
    return path


def write_kitti(photos: Iterable[Photo], folder: Path) -> Path:
    """KITTI's label_2; an object of a crowd is a DontCare region."""
    for photo in photos:
        path = (folder / photo.name).with_suffix(".txt")
        path.parent.mkdir(parents=True, exist_ok=True)
        rows = []
        for item in photo.objects:
            edges = " ".join(map(str, corners(item)))
            name, rest = (item.category, "1.65 1.67 3.64 -0.65 1.71 46.70 -1.59")
            rows.append(f"{name} 0.00 0 -1.58 {edges} {rest}\n")
        path.write_text("".join(rows))
    return folder


def write_open_images(photos: Iterable[Photo], path: Path) -> Path:
    """Open Images' table, with the names of its classes beside it."""
    codes: dict[str, str] = {}
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        edges = ["XMin", "XMax", "YMin", "YMax"]
        writer.writerow(["ImageID", "Source", "LabelName", "Confidence", *edges, "IsOccluded", "IsGroupOf"])
        for photo in photos:
            name = PurePosixPath(photo.name).with_suffix("").as_posix()
            for item in photo.objects:
                code = codes.setdefault(item.category, f"/m/0{len(codes)}")
                left, top, right, bottom = corners(item)
                sides = left / photo.width, right / photo.width, top / photo.height, bottom / photo.height
                writer.writerow([name, "xclick", code, 1, *sides, 0, int(item.crowd)])
            if not photo.objects:
                writer.writerow([name, "", "", "", "", "", "", "", "", ""])
    lines = ["LabelName,DisplayName", *(f"{code},{name}" for name, code in codes.items())]
    path.with_name("oidv7-class-descriptions-boxable.csv").write_text("\n".join(lines) + "\n")
    return path


def write_kaggle(photos: Iterable[Photo], path: Path) -> Path:
    """A table as of Kaggle's wheat heads: photos without ending, boxes as text beside the photo's size."""
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["image_id", "width", "height", "bbox", "class_name"])
        for photo in photos:
            name = PurePosixPath(photo.name).with_suffix("").as_posix()
            for item in photo.objects:
                writer.writerow([name, photo.width, photo.height, str(list(item.box)), item.category])
            if not photo.objects:
                writer.writerow([name, photo.width, photo.height, "", ""])
    return path


EXPORTS = {
    "yolo": ("yolo", "labels", write_yolo),
    "voc": ("voc", "xml", write_voc),
    "voc-from-0": ("voc", "xml", partial(write_voc, first=0)),
    "csv": ("csv", "boxes.csv", write_csv),
    "open-images": ("csv", "boxes.csv", write_open_images),
    "kaggle": ("csv", "boxes.csv", write_kaggle),
    "cvat": ("cvat", "annotations.xml", write_cvat),
    "labelme": ("labelme", "json", write_labelme),
    "label-studio": ("label-studio", "project.json", write_label_studio),
    "label-studio-min": ("label-studio", "project.json", write_label_studio_min),
    "via": ("via", "via.json", write_via),
    "via-csv": ("via", "via.csv", write_via_csv),
    "via-3": ("via", "via.json", write_via_3),
    "createml": ("createml", "_annotations.createml.json", write_createml),
    "kitti": ("kitti", "label_2", write_kitti),
}
"""Format, name of the file or folder, and writer of each kind of export."""
