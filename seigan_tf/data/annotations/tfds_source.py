"""Reader of photographs with boxes from sets of TensorFlow Datasets (https://www.tensorflow.org/datasets/catalog)."""

import io
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from PIL import Image

from seigan_tf.data.annotations.boxes import checked_box
from seigan_tf.data.photos.exif import without_exif
from seigan_tf.data.photos.files import locate, name_of
from seigan_tf.data.photos.photo import Object, Photo, Problem
from seigan_tf.data.photos.reading import UnreadablePhoto, photo_size
from seigan_tf.utils.progress import Progress
from seigan_tf.utils.text import one_line, printable, shown

SPLITS = ("train", "validation")  # the splits that are used if a set has them; test splits often come without boxes
PETS = "oxford_iiit_pet"
VOC = "voc"
NAMES = ("image/filename", "file_name", "filename", "image/file_name")
"""Features with a photo's name, in the order in which they are looked for."""
CROWDS = ("is_crowd", "is_group_of")
SUFFIXES = {b"\xff\xd8\xff": ".jpg", b"\x89PNG": ".png", b"GIF8": ".gif", b"BM": ".bmp", b"RIFF": ".webp"}
"""Endings for photos without a name, by the first bytes of their files."""


class Layout(NamedTuple):
    """The features of a set's examples that are used."""

    dataset: str  # name of the set without its configuration
    sequence: str | None  # feature that is a sequence of objects; None if an example is one object
    box: str
    label: str | None
    labels: tuple[str, ...]  # names of the classes by number


def usable_splits(name: str) -> list[str]:
    """Return the set's splits that are used: train and, if there is one, validation. Raises as `read_tfds`."""
    builder = _builder(name)
    _layout(name, builder.info)
    found = [split for split in SPLITS if split in builder.info.splits]
    if not found or found[0] != SPLITS[0]:
        raise ValueError(f"tfds:{name}: has the splits {', '.join(builder.info.splits)}, expected {SPLITS[0]}")
    return found


def read_tfds(
    name: str, folder: Path, split: str = "train", progress: Progress | None = None
) -> Iterator[Photo | Problem]:
    """Read a split of a set that is prepared on this machine, and write its photographs into a folder.

    The photographs are the original files of the set, byte for byte except for the EXIF data of JPEG files: an
    orientation in it would turn the photo under its boxes, which refer to the pixels as they are stored.

    Boxes come from a sequence of objects (coco, voc, open_images_v4, kitti, wider_face ...) or from the example
    (caltech_birds2011, cars196 ...). In oxford_iiit_pet the box is that of the whole animal, not of its head, and the
    object has a mask: both come from the trimap, whose border counts as the animal; its class is Cat or Dog. The left
    and top edges of voc are moved by a pixel, because that format counts pixels from 1.

    `name` is as TensorFlow Datasets spells it: "coco/2017", "voc", "oxford_iiit_pet:4.0.0". `folder` exists; `progress`
    is called after each photo.

    Raises ValueError if the set is not prepared on this machine, has no such split or no boxes, or is damaged.
    """
    builder = _builder(name)
    layout = _layout(name, builder.info)
    if split not in builder.info.splits:
        raise ValueError(f"tfds:{name}: has no split {split}, expected one of {', '.join(builder.info.splits)}")
    total = builder.info.splits[split].num_examples
    for index, example in enumerate(_examples(name, builder, split)):
        yield from _photo(example, index, folder, layout)
        if progress:
            progress(index + 1, total)


def _builder(name: str):
    """Return TFDS's reader of the set, from its files alone: without the network and the code that made them."""
    try:
        import tensorflow_datasets as tfds
        from tensorflow_datasets.core.read_only_builder import builder_from_files
        from tensorflow_datasets.core.utils.file_utils import list_data_dirs
    except ImportError as error:
        raise ValueError(f"tfds:{name}: TensorFlow Datasets cannot be imported ({error})") from None
    try:
        return builder_from_files(name)
    except tfds.core.DatasetNotFoundError:
        raise ValueError(
            f"tfds:{name}: not prepared in {', '.join(map(str, list_data_dirs()))};"
            f" `tfds build {name}` downloads and prepares it"
        ) from None
    except Exception as error:  # A name of another form, a set in two places, damaged files: each has its own.
        raise ValueError(f"tfds:{name}: {shown(one_line(error), 300)}") from None


def _examples(name: str, builder, split: str) -> Iterator[dict[str, Any]]:
    """Yield the split's examples as NumPy arrays, images as the bytes of their files."""
    import tensorflow_datasets as tfds

    images = {key for key, feature in builder.info.features.items() if isinstance(feature, tfds.features.Image)}
    decoders = {key: tfds.decode.SkipDecoding() for key in images}
    try:
        # Each kind of file has one way to be read.
        if builder.info.file_format.value == "array_record":
            yield from builder.as_data_source(split, decoders=decoders)
        else:
            yield from tfds.as_numpy(builder.as_dataset(split, decoders=decoders, shuffle_files=False))
    except Exception as error:  # TensorFlow and ArrayRecord have errors of their own for damaged and missing files.
        raise ValueError(f"tfds:{name}: cannot be read ({shown(one_line(error), 300)})") from None


def _layout(name: str, info) -> Layout:
    """Find the boxes among the features; ValueError if there are none."""
    import tensorflow_datasets as tfds

    # Sorted: read from a file they come in any order.
    features = dict(sorted(info.features.items()))
    sequences = {key: value for key, value in features.items() if isinstance(value, tfds.features.Sequence)}
    places: dict[str | None, Any] = {key: getattr(value, "feature", None) for key, value in sequences.items()}
    for sequence, inner in (places | {None: features}).items():
        if "image" not in features or not isinstance(inner, (dict, tfds.features.FeaturesDict)):
            continue
        inner = dict(sorted(inner.items()))
        boxes = [key for key, feature in inner.items() if isinstance(feature, tfds.features.BBoxFeature)]
        if boxes:
            classes = [key for key, feature in inner.items() if isinstance(feature, tfds.features.ClassLabel)]
            preferred = ("species", "label", *classes) if info.name == PETS else ("label", *classes)
            label = next((key for key in preferred if key in classes), None)
            return Layout(info.name, sequence, boxes[0], label, tuple(inner[label].names or ()) if label else ())
    raise ValueError(f"tfds:{name}: has no boxes around objects in an image; its features are {', '.join(features)}")


def _photo(example: dict[str, Any], index: int, folder: Path, layout: Layout) -> Iterator[Photo | Problem]:
    where = f"example {index}"
    try:
        path = _write(example, index, folder)
        where = name_of(path, folder)
        width, height = photo_size(path)
        photo = Photo(path, width, height, name=where)
    except (ValueError, UnreadablePhoto) as error:
        yield Problem("photo", where, str(error))
        return
    items = list((_read_pet if layout.dataset == PETS else _read_boxes)(example, photo, layout))
    problems = [item for item in items if isinstance(item, Problem)]
    yield from problems
    objects = tuple(item for item in items if isinstance(item, Object))
    yield replace(photo, objects=objects, incomplete=bool(problems))


def _write(example: dict[str, Any], index: int, folder: Path) -> Path:
    """Write the example's image into the folder; ValueError if its name leaves the folder or is taken."""
    content = example["image"]
    content = content if isinstance(content, bytes) else bytes(np.asarray(content).item())
    name = next((example[key] for key in NAMES if key in example), b"")
    name = name.decode("utf-8", "replace") if isinstance(name, bytes) else str(name)
    if not name:
        suffix = next((suffix for start, suffix in SUFFIXES.items() if content.startswith(start)), "")
        name = f"{index:08d}{suffix}"
    path = locate(folder, name)
    content = without_exif(content)
    if path.exists() and path.read_bytes() != content:
        raise ValueError(f"file name {shown(name)} is given to two photos, expected names of their own")
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return path


def _read_boxes(example: dict[str, Any], photo: Photo, layout: Layout) -> Iterator[Object | Problem]:
    if layout.sequence is None:
        items = {key: np.asarray(value)[None] for key, value in example.items() if key in (layout.box, layout.label)}
    else:
        items = example[layout.sequence]
    for index, corners in enumerate(items[layout.box]):
        # Sets with one box mark its absence by zeros.
        if layout.sequence is None and not corners.any():
            continue
        identity = int(items["id"][index]) if "id" in items else index + 1
        crowd = any(items[key][index] == 1 for key in CROWDS if key in items)  # -1 of Open Images is unknown
        category = _category(layout, items, index)
        top, left, bottom, right = corners.astype(float) * [photo.height, photo.width, photo.height, photo.width]
        if layout.dataset == VOC:
            top, left = top - 1, left - 1
        try:
            box = checked_box((left, top, right - left, bottom - top), photo.width, photo.height)
        except ValueError as error:
            yield Problem("object", f"{photo.name}: object {identity}", str(error))
        else:
            yield Object(box, crowd, id=identity, category=category)


def _read_pet(example: dict[str, Any], photo: Photo, layout: Layout) -> Iterator[Object | Problem]:
    """Yield the animal of a photo of oxford_iiit_pet; values of its trimap are 1 animal, 2 background, 3 border."""
    from pycocotools import mask as coco_mask

    try:
        with Image.open(io.BytesIO(np.asarray(example["segmentation_mask"]).item())) as stored:
            trimap = np.asarray(stored)
        if trimap.shape != (photo.height, photo.width):
            raise ValueError(f"{trimap.shape[1]} x {trimap.shape[0]} pixels, the photo {photo.width} x {photo.height}")
    except Exception as error:  # Pillow's decoders raise nearly everything on damaged files.
        yield Problem("object", photo.name, f"segmentation_mask: {shown(one_line(error))}")
        return
    mask = (trimap == 1) | (trimap == 3)
    if not mask.any():
        yield Problem("object", photo.name, "segmentation_mask: no animal in it")
        return
    runs = coco_mask.encode(np.asfortranarray(mask, np.uint8))
    box = tuple(coco_mask.toBbox(runs).tolist())
    segmentation = {"size": [photo.height, photo.width], "counts": runs["counts"].decode("ascii")}
    yield Object(box, segmentation=segmentation, id=1, category=_category(layout, example))


def _category(layout: Layout, items: dict[str, Any], index: int | None = None) -> str:
    if not layout.label:
        return ""
    number = int(items[layout.label] if index is None else items[layout.label][index])
    return printable(layout.labels[number]) if 0 <= number < len(layout.labels) else f"class {number}"
