"""Sets of TensorFlow Datasets as sources: made by their real builders, from files laid out as they are published."""

import json
from types import SimpleNamespace

import numpy as np
import pytest
from PIL import Image

from seigan_tf.data.annotations.formats import read_annotations
from seigan_tf.data.annotations.masks import object_mask
from seigan_tf.data.annotations.tfds_source import read_tfds, usable_splits
from seigan_tf.data.photos.photo import Photo, Problem

tfds = pytest.importorskip("tensorflow_datasets")


def picture(path, width=80, height=60, **options):
    """Draws a photo and returns its file's bytes."""
    pixels = np.random.default_rng(width + height).integers(0, 256, (height, width, 3), np.uint8)
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(pixels).save(path, **options)
    return path.read_bytes()


@pytest.fixture
def sets(tmp_path, monkeypatch):
    """Makes sets in a folder of their own, with no network: what builders download is what the test has drawn."""
    monkeypatch.setattr(tfds.core.constants, "DATA_DIR", tmp_path / "sets")
    tfds.disable_progress_bar()

    def make(kind, downloaded=None, **settings):
        if downloaded is not None:
            monkeypatch.setattr(tfds.download.DownloadManager, "download_and_extract", lambda manager, urls: downloaded)
        builder = kind(data_dir=tmp_path / "sets", **settings)
        builder.download_and_prepare()
        return builder

    return SimpleNamespace(make=make, source=tmp_path / "source", photos=tmp_path / "photos", folder=tmp_path / "sets")


def read(sets, name, split="train"):
    """The photos and the problems of a split, whose photographs are written to a folder of the test."""
    sets.photos.mkdir(exist_ok=True)
    items = list(read_tfds(name, sets.photos, split))
    return [item for item in items if isinstance(item, Photo)], [item for item in items if isinstance(item, Problem)]


def make_coco(sets, photo, annotations, **settings):
    """coco/2017 with one photo in each split, made by its own builder."""
    from tensorflow_datasets.object_detection.coco import Coco

    downloaded = {}
    for split, name in (("train", "train2017"), ("validation", "val2017"), ("test", "test2017")):
        folder = sets.source / split
        content = picture(folder / name / "000000000009.jpg", **photo)
        (folder / "annotations").mkdir()
        with Image.open(folder / name / "000000000009.jpg") as image:
            width, height = image.size
        entry = {"id": 9, "file_name": "000000000009.jpg", "width": width, "height": height}
        categories = [{"id": number + 1, "name": f"kind {number}"} for number in range(80)]
        text = json.dumps({"images": [entry], "annotations": annotations, "categories": categories})
        kind = "image_info" if split == "test" else "instances"
        (folder / "annotations" / f"{kind}_{name}.json").write_text(text)
        downloaded |= {f"{split}_images": folder, f"{split}_annotations": folder}
    sets.make(Coco, downloaded, config="2017", **settings)
    return content


def coco_annotation(number, box, category=1, crowd=0):
    return {
        "id": number,
        "image_id": 9,
        "bbox": box,
        "category_id": category,
        "iscrowd": crowd,
        "area": box[2] * box[3],
    }


@pytest.mark.parametrize("file_format", ["tfrecord", "array_record"])
def test_coco_gives_the_published_files_with_their_boxes(sets, file_format):
    annotations = [coco_annotation(7, [10.5, 20.25, 30.13, 25.5], 3), coco_annotation(8, [1, 2, 70, 50], 1, crowd=1)]
    content = make_coco(sets, {}, annotations, file_format=file_format)
    assert usable_splits("coco/2017") == ["train", "validation"]
    (photo,), problems = read(sets, "coco/2017")
    assert problems == []
    assert photo.path == sets.photos / "000000000009.jpg"
    assert photo.path.read_bytes() == content
    assert (photo.name, photo.width, photo.height) == ("000000000009.jpg", 80, 60)
    objects = sorted((item.id, item.category, item.crowd, item.box) for item in photo.objects)
    assert objects == [(7, "kind 2", False, (10.5, 20.25, 30.13, 25.5)), (8, "kind 0", True, (1.0, 2.0, 70.0, 50.0))]


def test_photos_without_boxes_and_progress(sets):
    make_coco(sets, {}, [])
    steps = []
    sets.photos.mkdir()
    (photo,) = read_tfds("coco/2017", sets.photos, progress=lambda *step: steps.append(step))
    assert photo.objects == ()
    assert steps == [(1, 1)]


def test_boxes_refer_to_pixels_as_they_are_stored(sets):
    """TensorFlow Datasets knows no EXIF orientation, so none is left that would turn the photo under its boxes."""
    exif = Image.Exif()
    exif[0x0112] = 6
    content = make_coco(sets, {"exif": exif}, [coco_annotation(1, [60, 20, 20, 40])])
    (photo,), _ = read(sets, "coco/2017")
    assert (photo.width, photo.height) == (80, 60)
    assert photo.objects[0].box == (60, 20, 20, 40)
    with Image.open(photo.path) as written, Image.open(sets.source / "test/test2017/000000000009.jpg") as original:
        assert not written.getexif()
        assert (np.asarray(written) == np.asarray(original)).all()
    assert len(photo.path.read_bytes()) < len(content)


def make_voc(sets, box, name="000012"):
    from tensorflow_datasets.object_detection.voc import Voc

    root = sets.source / "VOCdevkit" / "VOC2012"
    picture(root / "JPEGImages" / f"{name}.jpg")
    (root / "ImageSets" / "Main").mkdir(parents=True)
    (root / "Annotations").mkdir()
    for split in ("train", "val", "test"):
        (root / "ImageSets" / "Main" / f"{split}.txt").write_text(f"{name}\n")
    edges = "".join(
        f"<{edge}>{value}</{edge}>" for edge, value in zip(("xmin", "ymin", "xmax", "ymax"), box, strict=True)
    )
    (root / "Annotations" / f"{name}.xml").write_text(
        "<annotation><size><width>80</width><height>60</height></size><object><name>dog</name><pose>Left</pose>"
        f"<truncated>0</truncated><difficult>1</difficult><bndbox>{edges}</bndbox></object></annotation>"
    )
    sets.make(Voc, {"trainval": sets.source, "test": sets.source}, config="2012")


def test_voc_gives_the_boxes_that_the_reader_of_its_files_gives(sets):
    make_voc(sets, (5, 7, 44, 60))
    (photo,), problems = read(sets, "voc/2012")
    root = sets.source / "VOCdevkit" / "VOC2012"
    (same,) = read_annotations("voc", root / "JPEGImages", root / "Annotations")
    assert (photo.name, photo.objects) == (same.name, same.objects)
    assert problems == []
    assert photo.name == "000012.jpg"
    # Pixels 5 to 44 and 7 to 60, counted from 1.
    assert [(item.category, item.box) for item in photo.objects] == [("dog", (4, 6, 40, 54))]


def make_pets(sets, trimap, width=80, height=60):
    from tensorflow_datasets.datasets.oxford_iiit_pet.oxford_iiit_pet_dataset_builder import Builder

    picture(sets.source / "images" / "beagle_7.jpg", width, height)
    annotations = sets.source / "annotations"
    (annotations / "trimaps").mkdir(parents=True)
    Image.fromarray(trimap).save(annotations / "trimaps" / "beagle_7.png")
    for split in ("trainval", "test"):
        (annotations / f"{split}.txt").write_text("beagle_7 5 2 1\n")
    sets.make(Builder, {"images": sets.source, "annotations": sets.source})


def test_pets_are_whole_animals_with_masks(sets):
    trimap = np.full((60, 80), 2, np.uint8)
    trimap[10:40, 20:50] = 3
    trimap[12:38, 22:48] = 1
    make_pets(sets, trimap)
    assert usable_splits("oxford_iiit_pet") == ["train"]
    (photo,), problems = read(sets, "oxford_iiit_pet")
    assert problems == []
    assert (photo.name, photo.objects[0].category, photo.objects[0].box) == ("beagle_7.jpg", "Dog", (20, 10, 30, 30))
    assert (object_mask(photo.objects[0], photo) == (trimap != 2)).all()


@pytest.mark.parametrize(
    ("trimap", "what"),
    [(np.full((60, 80), 2, np.uint8), "no animal"), (np.ones((60, 70), np.uint8), "70 x 60 pixels, the photo 80 x 60")],
)
def test_pet_without_a_usable_trimap_is_a_problem(sets, trimap, what):
    make_pets(sets, trimap)
    (photo,), (problem,) = read(sets, "oxford_iiit_pet")
    assert photo.objects == ()
    assert problem.kind == "object"
    assert what in problem.what


def made_set(sets, features, examples):
    """A set called "drawn" with the features and examples given."""

    class Drawn(tfds.core.GeneratorBasedBuilder, skip_registration=True):
        VERSION = tfds.core.Version("1.0.0")

        def _info(self):
            return tfds.core.DatasetInfo(builder=self, features=tfds.features.FeaturesDict(features))

        def _split_generators(self, manager):
            return {"train": enumerate(examples)}

        def _generate_examples(self):
            raise NotImplementedError

    sets.make(Drawn)


def test_one_box_an_example_and_photos_without_a_name(sets):
    one, two = (picture(sets.source / f"{side}.png", side, 50) for side in (40, 60))
    features = {
        "image": tfds.features.Image(),
        "bbox": tfds.features.BBoxFeature(),
        "label": tfds.features.ClassLabel(names=["finch", "tit"]),
    }
    box, none = tfds.features.BBox(0.1, 0.25, 0.9, 1.0), tfds.features.BBox(0.0, 0.0, 0.0, 0.0)
    examples = [
        {"image": sets.source / "40.png", "bbox": box, "label": "tit"},
        {"image": sets.source / "60.png", "bbox": none, "label": "finch"},
    ]
    made_set(sets, features, examples)
    photos, problems = read(sets, "drawn")
    assert problems == []
    assert sorted(photo.name for photo in photos) == ["00000000.png", "00000001.png"]
    assert sorted(photo.path.read_bytes() for photo in photos) == sorted((one, two))
    by_width = {photo.width: photo for photo in photos}
    assert [(item.category, item.box) for item in by_width[40].objects] == [("tit", (10, 5, 30, 40))]
    assert by_width[60].objects == ()


def test_a_group_is_a_crowd_and_an_unknown_one_is_not(sets):
    picture(sets.source / "a.png", 40, 50)
    box = tfds.features.BBox(0.0, 0.0, 0.5, 0.5)
    features = {
        "image": tfds.features.Image(),
        "objects": tfds.features.Sequence({"bbox": tfds.features.BBoxFeature(), "is_group_of": np.int8}),
    }
    objects = [{"bbox": box, "is_group_of": value} for value in (1, 0, -1)]
    made_set(sets, features, [{"image": sets.source / "a.png", "objects": objects}])
    (photo,), _ = read(sets, "drawn")
    assert [item.crowd for item in photo.objects] == [True, False, False]


def test_what_concerns_one_photo_is_a_problem(sets):
    picture(sets.source / "a.png", 40, 50)
    picture(sets.source / "b.png", 60, 50)
    (sets.source / "c.png").write_bytes(b"no photo")
    features = {
        "image": tfds.features.Image(),
        "image/filename": tfds.features.Text(),
        "objects": tfds.features.Sequence({"bbox": tfds.features.BBoxFeature()}),
    }
    objects = [{"bbox": tfds.features.BBox(0.0, 0.0, 0.5, 0.5)}]

    def example(file, name):
        return {"image": sets.source / file, "image/filename": name, "objects": objects}

    names = [
        ("a.png", "a.png"),
        ("b.png", "a.png"),
        ("a.png", "../../a.png"),
        ("c.png", "sub/c.png"),
        ("b.png", "sub/b.png"),
    ]
    made_set(sets, features, [example(*pair) for pair in names])
    photos, problems = read(sets, "drawn")
    assert sorted(photo.name for photo in photos) == ["a.png", "sub/b.png"]
    assert {photo.objects[0].category for photo in photos} == {""}
    found = sorted(problem.what.split(",")[0] for problem in problems)
    assert found[:2] == [
        "file name ../../a.png leaves the folder of photographs",
        "file name a.png is given to two photos",
    ]
    assert "not an image" in found[2]
    assert not (sets.photos.parent.parent / "a.png").exists()


def test_sets_that_cannot_be_used_are_named_in_one_line(sets, one_line_error):
    def message(name, split="train"):
        return one_line_error(list, read_tfds(name, sets.photos, split))

    assert f"tfds:coco/2017: not prepared in {sets.folder}; `tfds build coco/2017`" in message("coco/2017")
    for name in ("", "no such", "../x", "a/b/c/d", "voc/2012:nine"):
        assert f"tfds:{name}" in message(name)
        assert f"tfds:{name}" in one_line_error(usable_splits, name)
    picture(sets.source / "a.png", 40, 50)
    made_set(sets, {"image": tfds.features.Image(), "label": np.int64}, [{"image": sets.source / "a.png", "label": 1}])
    assert "has no boxes around objects in an image; its features are image, label" in message("drawn")


def test_damaged_and_missing_splits_are_named_in_one_line(sets, one_line_error):
    make_coco(sets, {}, [coco_annotation(1, [1, 2, 3, 4])])
    assert "has no split nine, expected one of train, validation, test" in one_line_error(
        list, read_tfds("coco/2017", sets.photos, "nine")
    )
    (file,) = sets.folder.rglob("coco-train.tfrecord*")
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 255
    file.write_bytes(content)
    sets.photos.mkdir()
    assert "tfds:coco/2017: cannot be read" in one_line_error(list, read_tfds("coco/2017", sets.photos))
    file.unlink()
    assert "tfds:coco/2017: cannot be read" in one_line_error(list, read_tfds("coco/2017", sets.photos))
