"""python -m seigan_tf evaluate: tables, files and refusals, on photographs of triangles."""

import csv
import json
import shutil

import numpy as np
import pytest
from PIL import Image

from seigan_tf import config
from seigan_tf.config import Config, DataConfig, TrainingConfig
from seigan_tf.evaluation import masks, pictures
from seigan_tf.inference.weights import MODEL_FILE
from seigan_tf.seigan import SEIGAN
from tests import commands, tiny


@pytest.fixture
def photos(photo_set):
    """Photos with a triangle each."""
    for number in range(7):
        x, y = 40 + number, 50
        photo_set.add(f"{number}.png", (x, y, 40, 30), segmentation=[[x, y, x + 40, y, x, y + 30]])
    photo_set.config()
    return photo_set


@pytest.fixture(scope="module")
def weights(tmp_path_factory):
    path = tmp_path_factory.mktemp("weights") / "seigan.keras"
    tiny.compile_model(SEIGAN(tiny.networks())).save(path)
    return path


@pytest.fixture(scope="module")
def supervised(tmp_path_factory):
    """The folder of a run that trained the segmenter alone."""
    folder = tmp_path_factory.mktemp("runs") / "supervised-0"
    (folder / "weights").mkdir(parents=True)
    tiny.seigan(object_fraction=0.5).save(folder / MODEL_FILE)
    data, training = DataConfig(object_fraction=0.5), TrainingConfig(task="supervised")
    config.save_config(Config(networks=tiny.networks(), data=data, training=training), folder / "config.json")
    return folder


@pytest.fixture
def evaluate(photos, weights, capsys):
    """Runs the command on the photos."""

    def call(*arguments, weights=weights):
        command = ["evaluate", "--weights", str(weights), "--images", str(photos.images)]
        command += ["--annotations", str(photos.annotations), *arguments]
        return commands.call(capsys, *command)

    return call


def test_command_prints_tables_and_writes_means_scores_and_a_sheet(evaluate, tmp_path):
    files = {name: tmp_path / f"out.{name}" for name in ("json", "csv", "sheet")}
    files["sheet"] = tmp_path / "sheet.png"
    named = [text for name, path in files.items() for text in (f"--{name}", path)]
    code, out, err = evaluate("--vgg-weights", "random", *named)
    assert code == 0, err
    means = json.loads(files["json"].read_text())
    rows = list(csv.DictReader(files["csv"].open()))
    assert list(means) == ["count", "iou", "boundary", "inpainting", "realism", "left_out"]
    assert means["count"] == len(rows) == means["inpainting"]["count"] == means["realism"]["count"] == 7
    for name in masks.METHODS:
        assert f"{means['iou'][name]:.3f}" in out
        assert means["iou"][name] == pytest.approx(np.mean([float(row[f"iou_{name}"]) for row in rows]), abs=1e-5)
    for kind in ("l1", "psnr", "ssim", "vgg"):
        assert list(means["inpainting"][kind]) == ["model", "model_tta", "telea", "navier_stokes"]
    assert f"{means['inpainting']['l1']['telea']:.4f}" in out
    assert list(means["realism"]["kid"]) == ["coarse", "full", "background", "full_minus_coarse"]
    assert "left out" not in out
    sheet = Image.open(files["sheet"])
    # Three groups of two objects; photo, truth, mask, erased and pasted of each.
    assert sheet.height > 3 * 5 * pictures.SIDE
    assert 2 * pictures.SIDE < sheet.width < 4 * pictures.SIDE


def test_full_size_fills_are_measured_beside_opencvs(evaluate, photos, tmp_path):
    photos.content["images"] = photos.content["images"][:5]
    photos.content["annotations"] = photos.content["annotations"][:5]
    photos.config()
    arguments = "--json", tmp_path / "means.json", "--vgg-weights", "random"
    code, out, err = evaluate("--full-size", *arguments)
    assert code == 0, err
    means = json.loads((tmp_path / "means.json").read_text())["full_size"]
    assert means["count"] == 5
    assert list(means) == ["count", "l1", "psnr", "ssim", "detail", "vgg", "gram", "kid"]
    for kind in list(means)[1:]:
        assert list(means[kind]) == ["both", "patches", "network", "telea", "navier_stokes"]
    assert f"{means['l1']['both']:.4f}" in out
    assert "Gram" in out


def test_what_is_not_measured_is_printed_by_rule_and_stored(evaluate, photos, tmp_path):
    (photos.images / "0.png").write_bytes(b"nothing")
    annotations = photos.content["annotations"]
    annotations[1]["segmentation"] = [[1, 2, 3]]
    annotations[2]["segmentation"] = []
    annotations[3]["bbox"] = [40, 50, 100, 30]
    annotations[4]["bbox"] = [40, 50, 9, 10]
    photos.config()
    code, out, err = evaluate("--json", tmp_path / "means.json", "--max-bad", "50%")
    assert code == 0, err
    assert "left out of 7 annotated objects: 1 by min_short_side, 1 by max_object_fraction, 1 by no_mask" in out
    assert "1 photographs and 1 annotated objects cannot be used and are skipped: 0.png: " in out
    assert "; 1.png: segmentation of annotation 2: " in out
    means = json.loads((tmp_path / "means.json").read_text())
    assert means["count"] == 2
    left_out = means["left_out"]
    assert left_out["annotations"] == 7
    used = {rule: count for rule, count in left_out["dropped"].items() if count}
    assert used == {"min_short_side": 1, "max_object_fraction": 1, "no_mask": 1}
    assert (left_out["problems"]["photo"], left_out["problems"]["object"]) == (1, 1)
    assert [line.partition(":")[0] for line in left_out["problems"]["listed"]] == ["0.png", "1.png"]


def test_photographs_for_holes_that_cannot_be_read_are_counted(evaluate, new_photo_set, tmp_path):
    photos = new_photo_set("large")
    photos.add("a.png", (20, 5, 150, 150), segmentation=[[20, 5, 170, 5, 20, 155]])  # no place beside it
    photos.add("b.png", width=400, height=400).write_bytes(b"nothing")
    photos.config()
    arguments = "--images", photos.images, "--annotations", photos.annotations, "--max-object-fraction", "0.9"
    means = tmp_path / "means.json"
    arguments = *arguments, "--full-size", "--json", means
    assert "1 of 2 photographs cannot be used (50 %), more than max-bad 1 % allows" in evaluate(*arguments).refusal
    assert not means.exists()
    code, out, err = evaluate(*arguments, "--max-bad", "50%")
    assert code == 0, err
    assert (
        "no fills at full size: no part of a readable photograph as large as an object's crop is free of boxes" in out
    )
    assert json.loads(means.read_text())["full_size"] is None


def test_seed_changes_the_holes_and_not_the_masks_and_what_needs_vgg_weights_is_left_out_with_one_line(
    evaluate, tmp_path
):
    made = []
    for seed in "0", "1":
        code, out, err = evaluate("--json", tmp_path / "means.json", "--seed", seed)
        assert code == 0, err
        assert out.count("--vgg-weights") == 1
        made.append(json.loads((tmp_path / "means.json").read_text()))
    assert made[0]["realism"] is None
    assert list(made[0]["inpainting"]) == ["count", "l1", "psnr", "ssim"]
    assert made[0]["iou"] == made[1]["iou"]
    assert made[0]["inpainting"]["l1"]["telea"] != made[1]["inpainting"]["l1"]["telea"]


def test_weights_whose_segmenter_alone_was_trained_are_measured_by_their_masks(evaluate, supervised, tmp_path):
    files = "--json", tmp_path / "means.json", "--sheet", tmp_path / "sheet.png"
    code, out, err = evaluate(*files, weights=supervised)
    assert code == 0, err
    assert "no inpainting and no realism: of these weights the segmenter alone was trained" in out
    means = json.loads((tmp_path / "means.json").read_text())
    assert means["count"] == 7
    assert means["inpainting"] is means["realism"] is None
    assert Image.open(tmp_path / "sheet.png").height < 3 * 4 * pictures.SIDE


def test_weights_whose_inpainter_alone_was_trained_are_measured_by_their_fills(evaluate, weights, tmp_path):
    folder = tmp_path / "run"
    (folder / "weights").mkdir(parents=True)
    shutil.copyfile(weights, folder / MODEL_FILE)
    training = TrainingConfig(task="inpaint", teachers=("cats",))
    config.save_config(Config(networks=tiny.networks(), training=training), folder / "config.json")
    code, out, err = evaluate("--json", tmp_path / "means.json", "--vgg-weights", "random", weights=folder)
    assert code == 0, err
    assert "the segmenter of these weights was not trained: " in out
    assert "no realism: of these weights the inpainter alone was trained" in out
    means = json.loads((tmp_path / "means.json").read_text())
    assert means["inpainting"]["vgg"]
    assert means["realism"] is None


def test_boxes_as_users_draw_them_and_classes_of_enough_objects(evaluate, supervised, photos, tmp_path):
    photos.content["categories"].append({"id": 2, "name": "dog"})
    photos.content["annotations"][6]["category_id"] = 2
    beside = photos.content["annotations"][0] | {"id": 100, "bbox": [78, 50, 20, 20], "segmentation": []}
    photos.content["annotations"].append(beside)  # covers a 20th of the first object
    photos.config()
    (tmp_path / "bands.json").write_text('[{"file_name": "1.png", "outer": [0, 0, 9, 0, 9, 9], "inner": []}]')
    made = []
    for drawn in (), ("--box-error", "0.2", "--grow", "0.1", "--ignore-bands", tmp_path / "bands.json"):
        files = "--json", tmp_path / "means.json", "--csv", tmp_path / "scores.csv", "--max-covered", "0.2"
        code, out, err = evaluate(*files, "--by-class", *drawn, weights=supervised)
        assert code == 0, err
        means = json.loads((tmp_path / "means.json").read_text())
        assert means["count"] == 7
        assert list(means["by_class"]) == ["cat"]
        assert means["by_class"]["cat"]["count"] == 6
        rows = list(csv.DictReader((tmp_path / "scores.csv").open()))
        of_cats = [float(row["iou_box"]) for row in rows if row["class"] == "cat"]
        assert means["by_class"]["cat"]["iou"]["box"] == pytest.approx(np.mean(of_cats), abs=1e-5)
        assert f"cat 6 {means['by_class']['cat']['iou']['model']:.3f}" in " ".join(out.split())
        made.append(means["iou"])
    for name in ("model", "box", "ellipse", "grabcut_or_box"):
        assert made[0][name] != made[1][name]


@pytest.mark.parametrize("option", ["--json", "--csv"])
def test_what_is_read_is_never_overwritten(evaluate, photos, option):
    before = photos.annotations.read_bytes()
    assert f"{photos.annotations}: is read too" in evaluate(option, photos.annotations).refusal
    assert "is read too" in evaluate("--sheet", photos.images / "3.png").refusal
    (folder := photos.annotations.parent / "labels").mkdir()
    inside = photos.annotations.rename(folder / "boxes.json")
    assert "is read too" in evaluate("--annotations", folder, option, inside).refusal
    photos.annotations = inside
    assert photos.annotations.read_bytes() == before


@pytest.mark.parametrize("option", ["--json", "--csv", "--sheet"])
def test_an_output_that_is_a_folder_is_refused_before_anything_is_read(evaluate, photos, tmp_path, option):
    photos.annotations.write_text("nothing")
    (folder := tmp_path / "out.png").mkdir()
    assert evaluate(option, folder).refusal == f"error: {folder}: a folder, expected a file to write\n"


def test_two_outputs_need_two_names(evaluate, tmp_path):
    refusal = evaluate("--json", tmp_path / "a.png", "--sheet", tmp_path / "a.png").refusal
    assert "would be written for --json and for --sheet" in refusal


@pytest.mark.parametrize(
    ("arguments", "changes", "part"),
    [
        ([], {"weights": "nowhere"}, "nowhere: no trained model"),
        (
            ["--min-short-side", "500"],
            {},
            "no object has a mask and passes the crop rules; left out of 7 annotated objects: 7 by min_short_side",
        ),
        (["--classes", "horse"], {}, "--classes: no object is of the class 'horse', expected one of cat"),
        (["--json", "no/such/folder.json"], {}, "no/such/folder.json"),
        (["--sheet", "no/such/folder.png"], {}, "no/such/folder.png"),
        (["--sheet", "sheet.jpg"], {}, "--sheet sheet.jpg: expected a name that ends in .png"),
        (["--object-fraction", "0"], {}, "--object-fraction is 0.0, expected 0.01 to 1"),
        (["--min-short-side", "-1"], {}, "--min-short-side is -1.0, expected 0 or more"),
        (["--vgg-weights", "nowhere.h5"], {}, "nowhere.h5"),
        (["--seed", "-1"], {}, "--seed is -1"),
        (["--box-error", "0.5"], {}, "--box-error is 0.5, expected 0 to 0.4"),
        (["--grow", "-1"], {}, "--grow is -1, expected 0 to 1"),
        (["--max-covered", "1"], {}, "--max-covered is 1"),
        (["--ignore-bands", "nowhere.json"], {}, "nowhere.json: no such file"),
        (["--baselines"], {}, "--baselines: compares fills at full size, expected --full-size with it"),
    ],
)
def test_command_refuses_with_one_line(evaluate, arguments, changes, part):
    assert part in evaluate(*arguments, **changes).refusal
