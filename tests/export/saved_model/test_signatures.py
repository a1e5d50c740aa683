"""The SavedModel computes the same as Keras, in TensorFlow Serving and in other programs."""

import importlib.util
import io
import json
import socket
import subprocess
import sys

import grpc
import numpy as np
import pytest
import tensorflow as tf
import yaml
from google.protobuf import text_format
from PIL import Image
from scipy.ndimage import binary_dilation
from tensorflow_serving.apis import prediction_log_pb2
from tensorflow_serving.config import model_server_config_pb2

from export.saved_model import save
from export.saved_model import signatures as signatures_module
from seigan_tf.cycle import Cycle, fixed_noise
from seigan_tf.data.crops import extract, relative_box
from seigan_tf.data.photos.photo import Object, Photo
from seigan_tf.data.planning.rules import CropRules, object_regions
from seigan_tf.evaluation.agreement import to_original
from seigan_tf.inference import arrays
from seigan_tf.utils.pixels import to_float
from tests import photo_matrix, tiny
from tests.export.saved_model import serving_stub

SIZE, FRACTION = 16, 0.78
SIGNATURES = ("segment", "inpaint", "compose", "segment_bytes", "erase_bytes", "compose_bytes")
BOX, CORNER_BOX = (20.0, 10.0, 50.0, 40.0), (0.0, 41.5, 24.0, 48.5)


@pytest.fixture(scope="module")
def model():
    return tiny.seigan(confine_mask=True, outside_contrast=0.4, composite_inpainting=True)


@pytest.fixture(scope="module")
def export(model, tmp_path_factory):
    """The folder of an export, with version 1 of the model."""
    folder = tmp_path_factory.mktemp("export")
    assert save.write(model, "tiny", FRACTION, folder) == folder / "saved_model" / "tiny" / "1"
    return folder


@pytest.fixture(scope="module")
def version(export):
    return export / "saved_model" / "tiny" / "1"


@pytest.fixture(scope="module")
def signatures(version):
    return tf.saved_model.load(str(version)).signatures


def photo(width=120, height=90, seed=0):
    small = np.random.default_rng(seed).integers(0, 256, (5, 6, 3), np.uint8)
    return np.asarray(Image.fromarray(small).resize((width, height), Image.Resampling.BICUBIC))


def png(pixels):
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "PNG")
    return file.getvalue()


def pixels_of(content):
    return np.asarray(Image.open(io.BytesIO(content)))


def crop_of(pixels, box):
    """The region around a box, the crop and the box in it, by the Python code."""
    item = Object(box)
    region = object_regions(
        Photo(None, pixels.shape[1], pixels.shape[0], (item,), "photo"), CropRules(FRACTION, 0, 9, 0)
    )
    return region[0], extract(pixels, region[0], SIZE)[None], np.array([relative_box(item.box, region[0])], np.float32)


def whole(values, region, height, width):
    """Values of a crop, [S, S], where it lies in the photo; 0 elsewhere."""
    large = to_original(values, region.side, region.side)
    result = np.zeros((height, width), np.float32)
    top, left = max(region.y, 0), max(region.x, 0)
    inside = large[top - region.y :, left - region.x :][: height - top, : width - left]
    result[top : top + inside.shape[0], left : left + inside.shape[1]] = inside
    return result


def whole_image(values, region, height, width):
    return np.stack([whole(values[..., c], region, height, width) for c in range(3)], -1)


def strings(*contents):
    return tf.constant(list(contents), tf.string)


def floats(*values):
    return tf.constant(values, tf.float32)


def refusal(signature, **inputs):
    with pytest.raises(tf.errors.InvalidArgumentError) as caught:
        signature(**inputs)
    return caught.value.message.replace("\n", " ")


# What it computes.


@pytest.mark.parametrize("count", [1, 5])
def test_float_signatures_are_keras(model, signatures, count):
    batch = tiny.batch(count)
    image, box = batch["object"]["image"], batch["object"]["box"]
    background = batch["background"]["image"]
    swapped = arrays.swap(model, image, box, background)
    expected = {
        "segment": {"mask": arrays.segment(model, image, box)},
        "serving_default": {"mask": arrays.segment(model, image, box)},
        "inpaint": {"restored": arrays.inpaint(model, image, swapped["mask"])},
        "compose": {name: swapped[name] for name in ("mask", "composite")} | {"restored": swapped["background"]},
    }
    inputs = {"image": image, "box": box, "mask": swapped["mask"], "background": background}
    for name, outputs in expected.items():
        signature = signatures[name]
        wanted = signature.structured_input_signature[1]
        made = signature(**{key: tf.constant(inputs[key]) for key in wanted})
        assert made.keys() == outputs.keys()
        for key, value in outputs.items():
            np.testing.assert_allclose(made[key], value, atol=1e-5, err_msg=f"{name} {key}")


def test_masks_are_those_of_the_photo_in_its_own_geometry(model, signatures):
    first, second = photo(), photo(60, 150, seed=1)
    boxes = [BOX, CORNER_BOX]
    made = signatures["segment_bytes"](image_bytes=strings(png(first), png(second)), box=floats(*boxes))
    for index, (pixels, box) in enumerate(zip((first, second), boxes, strict=True)):
        region, crop, relative = crop_of(pixels, box)
        mask = whole(arrays.segment(model, crop, relative)[0, ..., 0], region, *pixels.shape[:2])
        assert tuple(made["crop"][index].numpy()) == (region.x, region.y, region.side)
        drawn = pixels_of(made["mask_png_bytes"].numpy()[index])
        assert drawn.shape == pixels.shape[:2]
        assert drawn.max() > 100
        assert np.abs(drawn - 255 * mask).mean() < 0.5
        assert np.abs(drawn - 255 * mask).max() < 8


def test_erases_at_the_photos_own_size(model, signatures):
    pixels = photo(seed=5)
    height, width = pixels.shape[:2]
    region, crop, relative = crop_of(pixels, CORNER_BOX)
    mask = arrays.segment(model, crop, relative)
    hole = binary_dilation(mask[0, ..., 0] > 0.5, np.ones((3, 3))).astype(np.float32)[None, ..., None]
    assert 0 < (mask > 0.5).sum() < hole.sum() < hole.size
    assert np.abs(mask - 0.5).min() > 0.01  # a pixel of the crop that is rounded otherwise does not change the hole
    image = to_float(crop)
    filled = model.inference_generators.inpainter(((1 - hole) * image, np.asarray(fixed_noise(image)), hole)).numpy()[0]
    m = whole(hole[0, ..., 0], region, height, width)[..., None]
    expected = pixels + m * (127.5 * (whole_image(filled, region, height, width) + 1) - pixels)
    (content,) = signatures["erase_bytes"](image_bytes=strings(png(pixels)), box=floats(CORNER_BOX))[
        "image_png_bytes"
    ].numpy()
    erased = pixels_of(content)
    assert np.array_equal(erased[m[..., 0] == 0], pixels[m[..., 0] == 0])
    assert np.abs(erased - expected).mean() < 0.5
    assert np.abs(erased - expected).max() < 20  # random weights make much of a pixel that is rounded otherwise
    assert np.abs(erased.astype(int) - pixels).max() > 20


def test_pastes_where_it_is_told_and_changes_nothing_else(signatures):
    pixels, other = photo(), photo(200, 100, seed=2)
    made = signatures["compose_bytes"](
        image_bytes=strings(png(pixels)),
        box=floats(BOX),
        background_bytes=strings(png(other)),
        at=floats((120, 30, 25)),
    )
    pasted = pixels_of(made["image_png_bytes"].numpy()[0])
    x, y, side = made["crop"].numpy()[0]
    assert side == 32  # half of the crop's 64, as the box's width goes from 50 to 25
    outside = np.ones(other.shape[:2], bool)
    outside[max(y, 0) : y + side, max(x, 0) : x + side] = False
    assert pasted.shape == other.shape
    assert np.array_equal(pasted[outside], other[outside])
    assert np.abs(pasted.astype(int) - other).max() > 20


def test_a_paste_is_coarse_paste_plus_what_the_enhancer_changes(model, signatures):
    pixels, other = photo(), photo(seed=2)
    height, width = pixels.shape[:2]
    region, crop, relative = crop_of(pixels, BOX)
    made = arrays.swap(model, crop, relative, crop_of(other, BOX)[1])
    content = signatures["compose_bytes"](
        image_bytes=strings(png(pixels)), box=floats(BOX), background_bytes=strings(png(other)), at=floats((20, 10, 0))
    )["image_png_bytes"].numpy()[0]
    m = whole(made["mask"][0, ..., 0], region, height, width)[..., None]
    change = 127.5 * (made["composite"] - made["coarse"])[0] * signatures_module._faded_border(SIZE).numpy()
    expected = m * pixels + (1 - m) * other + whole_image(change, region, height, width)
    assert np.abs(pixels_of(content) - expected.clip(0, 255)).mean() < 0.6
    assert np.abs(pixels_of(content) - expected.clip(0, 255)).max() < 10


def test_tells_in_which_boxes_it_found_nothing(model, monkeypatch):
    """Masks show what is dark: a whole photo, a spot, a shade too light to be erased, and nothing."""

    def darkness(image):
        return (1 - image[..., :1]) / 2

    monkeypatch.setattr(type(model), "masks", lambda self, image, box: darkness(image))
    monkeypatch.setattr(Cycle, "_constrain_mask", lambda self, mask: darkness(self.object_image))
    made = signatures_module.make(model, FRACTION)
    dark, spot, shade, bright = (np.full((90, 120, 3), value, np.uint8) for value in (30, 245, 178, 245))
    spot[25:35, 40:50] = 0
    contents = strings(*map(png, (dark, spot, shade, bright)))
    inputs = {"image_bytes": contents, "box": floats(*[BOX] * 4)}
    landings = {"background_bytes": contents, "at": tf.zeros((4, 3))}
    for name, more in (("segment_bytes", {}), ("erase_bytes", {}), ("compose_bytes", landings)):
        answer = made[name](**inputs, **more)
        assert answer["found"].numpy().tolist() == [True, True, name != "erase_bytes", False]
        if name == "erase_bytes":
            assert np.array_equal(pixels_of(answer["image_png_bytes"].numpy()[3]), bright)


def test_photos_of_a_request_do_not_touch_each_other(signatures):
    contents, boxes = [png(photo(seed=i)) for i in range(5)], [BOX] * 5
    together = signatures["erase_bytes"](image_bytes=strings(*contents), box=floats(*boxes))["image_png_bytes"].numpy()
    for content, erased in zip(contents, together, strict=True):
        alone = signatures["erase_bytes"](image_bytes=strings(content), box=floats(BOX))["image_png_bytes"].numpy()[0]
        assert np.abs(pixels_of(erased).astype(int) - pixels_of(alone)).max() <= 1


def test_a_photo_in_any_format_and_orientation_has_the_same_mask(signatures):
    contents = photo_matrix.files("jpg", "png", "webp")
    boxes = floats(*[photo_matrix.BOX] * len(contents))
    found = signatures["segment_bytes"](image_bytes=strings(*contents.values()), box=boxes)
    masks = dict(zip(contents, map(pixels_of, found["mask_png_bytes"].numpy()), strict=True))
    assert masks["png-1.png"].shape == (photo_matrix.HEIGHT, photo_matrix.WIDTH) and masks["png-1.png"].std() > 1
    photo_matrix.check_alike(masks)


# What it refuses.


@pytest.mark.parametrize(("suffix", "kind"), [("tif", "a TIFF"), ("heic", "a HEIC"), ("avif", "an AVIF")])
def test_formats_that_tensorflow_cannot_decode_are_named(signatures, suffix, kind):
    content = photo_matrix.files(suffix)[f"{suffix}-6.{suffix}"]
    text = refusal(signatures["segment_bytes"], image_bytes=strings(content), box=floats(photo_matrix.BOX))
    assert f"image_bytes[0]: {kind} file; expected a JPEG, PNG or WebP file" in text


def test_one_bad_photo_ends_the_request_and_names_its_place(signatures):
    good = png(photo())
    for bad, expected in (
        (b"", "image_bytes[1]: 0 bytes that are no image; expected a JPEG, PNG or WebP file"),
        (b"no image", "image_bytes[1]: 8 bytes that are no image; expected a JPEG, PNG or WebP file"),
        (good[: len(good) // 2], "PNG"),
        (good[:16] + b"\0\1\0\0" * 2 + good[24:], "image_bytes[1]: 65536 x 65536 pixels; expected at most 50000000"),
    ):
        for name in ("segment_bytes", "erase_bytes"):
            assert expected in refusal(signatures[name], image_bytes=strings(good, bad), box=floats(BOX, BOX))
    text = refusal(
        signatures["compose_bytes"],
        image_bytes=strings(good),
        box=floats(BOX),
        background_bytes=strings(b"no image"),
        at=floats((0, 0, 0)),
    )
    assert "background_bytes[0]: 8 bytes that are no image" in text
    assert signatures["segment_bytes"](image_bytes=strings(good), box=floats(BOX))["crop"].shape == (1, 3)


def test_boxes_outside_and_landings_outside_are_named(signatures):
    good = strings(png(photo()))
    for box in ((0, 0, 0, 9), (115, 80, 20, 20), (-30, 0, 20, 20), (float("nan"), 0, 9, 9)):
        text = refusal(signatures["erase_bytes"], image_bytes=good, box=floats(box))
        assert "box[0]: [" in text
        assert "in a photo of 120 x 90 pixels; expected X, Y, width and height of a box inside it" in text
    text = refusal(
        signatures["compose_bytes"], image_bytes=good, box=floats(BOX), background_bytes=good, at=floats((100, 0, 0))
    )
    assert "at[0]: [100 0 0] puts a box of [50 40] pixels into a photo of 120 x 90" in text


def test_inputs_of_different_numbers_are_named(signatures):
    batch = tiny.batch(2)["object"]
    text = refusal(signatures["segment"], image=tf.constant(batch["image"]), box=tf.constant(batch["box"][:1]))
    assert "image, box: [2 1] of each; expected the same number, one at least" in text
    text = refusal(signatures["erase_bytes"], image_bytes=strings(png(photo())), box=floats(BOX, BOX))
    assert "image_bytes, box: [1 2] of each" in text
    empty = tf.zeros((0, SIZE, SIZE, 3))
    assert "[0 0] of each" in refusal(signatures["segment"], image=empty, box=tf.zeros((0, 4)))


@pytest.mark.parametrize("name", SIGNATURES)
def test_other_shapes_are_refused(signatures, name):
    for key, spec in signatures[name].structured_input_signature[1].items():
        good = save.requests(SIZE)[name]
        shape = (1, *spec.shape[1:-1], 7) if spec.shape.rank > 1 else (1, 1)
        wrong = {other: tf.constant(value) for other, value in good.items()}
        wrong[key] = tf.zeros(shape, spec.dtype) if spec.dtype != tf.string else tf.fill(shape, b"")
        with pytest.raises((ValueError, TypeError, tf.errors.InvalidArgumentError)) as caught:
            signatures[name](**wrong)
        assert key in str(caught.value)


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ({"name": "../cats"}, "name: '../cats'"),
        ({"name": ""}, "name: ''"),
        ({"name": 'a"b'}, "name: 'a\"b'"),
        ({"object_fraction": 0.0}, "object_fraction: 0.0"),
        ({"object_fraction": 1.5}, "object_fraction: 1.5"),
    ],
)
def test_names_and_fractions_that_cannot_be_are_refused(model, tmp_path, one_line_error, settings, expected):
    given = {"name": "tiny", "object_fraction": FRACTION} | settings
    assert expected in one_line_error(save.write, model, **given, folder=tmp_path)
    assert not list(tmp_path.iterdir())


# Who loads it.


def test_signatures_and_shapes_are_documented(signatures, export):
    assert set(signatures) == {"serving_default", *SIGNATURES}
    readme = (export / "serving" / "README.md").read_text()
    assert "$" not in readme
    for name in SIGNATURES:
        (row,) = [line for line in readme.splitlines() if line.startswith(f"| `{name}`")]
        for key in (*signatures[name].structured_input_signature[1], *signatures[name].structured_outputs):
            assert f"`{key}`" in row
    shapes = {key: spec.shape.as_list() for key, spec in signatures["compose"].structured_outputs.items()}
    assert shapes == {
        "mask": [None, SIZE, SIZE, 1],
        "composite": [None, SIZE, SIZE, 3],
        "restored": [None, SIZE, SIZE, 3],
    }


def test_holds_the_weights_that_its_signatures_read_and_no_others(model, version):
    names = [name for name, _ in tf.train.list_variables(str(version / "variables" / "variables"))]
    weights = [name for name in names if name.startswith("weights/")]
    assert len(weights) == sum(len(network.variables) for network in model.inference_generators)


def test_weights_are_stored_in_the_order_of_the_model(model, version):
    stored = tf.train.load_checkpoint(str(version / "variables" / "variables"))
    generators = {variable.path for network in model.inference_generators for variable in network.variables}
    for number, variable in enumerate(variable for variable in model.variables if variable.path in generators):
        np.testing.assert_array_equal(stored.get_tensor(f"weights/{number}/.ATTRIBUTES/VARIABLE_VALUE"), variable)


def alone(script, folder):
    """Output of a Python without this project on its path."""
    script += "assert not any(name.split('.')[0] in ('seigan_tf', 'export') for name in sys.modules)\n"
    done = subprocess.run([sys.executable, "-I", "-c", script], cwd=folder, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout


CLI = "sys.argv[1:] = {}\ntry:\n    saved_model_cli.main()\nexcept SystemExit as ended:\n    assert not ended.code\n"


def test_a_process_without_this_project_and_saved_model_cli_show_and_run_it(model, signatures, version, tmp_path):
    batch = tiny.batch(3)["object"]
    for name in ("image", "box"):
        np.save(tmp_path / f"{name}.npy", batch[name])
    (tmp_path / "photo.png").write_bytes(png(photo()))
    run = ["run", "--dir", str(version), "--tag_set", "serve", "--signature_def", "segment"]
    shown = alone(
        "import sys\nimport tensorflow as tf\nfrom tensorflow.python.tools import saved_model_cli\n"
        f"signature = tf.saved_model.load({str(version)!r}).signatures['erase_bytes']\n"
        "content = tf.constant([open('photo.png', 'rb').read()])\n"
        f"made = signature(image_bytes=content, box=tf.constant([{list(BOX)}]))\n"
        "open('erased.png', 'wb').write(made['image_png_bytes'].numpy()[0])\n"
        + CLI.format([*run, "--inputs", "image=image.npy;box=box.npy", "--outdir", "."])
        + CLI.format(["show", "--dir", str(version), "--all"]),
        tmp_path,
    )
    for name in SIGNATURES:
        assert f"signature_def['{name}']" in shown
    here = signatures["erase_bytes"](image_bytes=strings(png(photo())), box=floats(BOX))["image_png_bytes"].numpy()[0]
    there = (tmp_path / "erased.png").read_bytes()
    assert np.abs(pixels_of(there).astype(int) - pixels_of(here)).max() <= 1
    np.testing.assert_allclose(
        np.load(tmp_path / "mask.npy"), arrays.segment(model, batch["image"], batch["box"]), atol=1e-5
    )


# TensorFlow Serving.


def test_pretraining_requests_replay(signatures, version):
    path = version / "assets.extra" / "tf_serving_warmup_requests"
    requests = []
    for record in tf.data.TFRecordDataset(str(path)).as_numpy_iterator():
        log = prediction_log_pb2.PredictionLog.FromString(record)
        assert log.WhichOneof("log_type") == "predict_log"
        assert log.SerializeToString(deterministic=True)
        requests.append(log.predict_log.request)
    assert [request.model_spec.signature_name for request in requests] == ["serving_default", *SIGNATURES]
    for request in requests:
        assert request.model_spec.name == "tiny"
        assert serving_stub.predict(signatures, request).outputs


def test_predict_requests_replay(model, signatures):
    batch = tiny.batch(2)["object"]
    response = serving_stub.predict(signatures, serving_stub.as_request("tiny", "segment", batch))
    mask = tf.make_ndarray(response.outputs["mask"])
    np.testing.assert_allclose(mask, arrays.segment(model, batch["image"], batch["box"]), atol=1e-5)
    inputs = {"image_bytes": np.array([png(photo())], object), "box": np.array([BOX], np.float32)}
    response = serving_stub.predict(signatures, serving_stub.as_request("tiny", "segment_bytes", inputs))
    assert pixels_of(response.outputs["mask_png_bytes"].string_val[0]).shape == (90, 120)


def test_json_is_mapped_as_documented(signatures, export):
    request = json.loads((export / "serving" / "request.json").read_text())
    (row,) = serving_stub.predict_json(signatures, request)["predictions"]
    assert row.keys() == {"mask_png_bytes", "crop", "found"}
    columns = {name: [instance[name] for instance in request["instances"]] for name in request["instances"][0]}
    answer = serving_stub.predict_json(signatures, {"signature_name": "segment_bytes", "inputs": columns})
    assert answer == {"outputs": {name: [value] for name, value in row.items()}}
    batch = {name: value.tolist() for name, value in tiny.batch(2)["object"].items()}
    assert np.shape(serving_stub.predict_json(signatures, {"inputs": batch})["outputs"]) == (2, SIZE, SIZE, 1)
    assert json.loads(json.dumps(answer)) == answer


def client(export, *arguments):
    """Runs the example client as a module."""
    spec = importlib.util.spec_from_file_location("client", export / "serving" / "client.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    module.main(arguments)


@pytest.mark.parametrize("protocol", ["rest", "grpc"])
def test_example_client_works(export, signatures, tmp_path, protocol):
    (tmp_path / "a.png").write_bytes(png(photo()))
    (tmp_path / "b.png").write_bytes(png(photo(200, 100)))
    (tmp_path / "text.png").write_text("no image")
    rest = protocol == "rest"
    started = serving_stub.rest_server(signatures, "tiny") if rest else serving_stub.grpc_server(signatures)
    with started as server:
        common = ["20,10,50,40", str(tmp_path / "out.png"), "--server", server, *([] if rest else ["--grpc"])]
        for signature, extra, size in (
            ("segment_bytes", [], (90, 120)),
            ("erase_bytes", [], (90, 120, 3)),
            ("compose_bytes", ["--onto", f"{tmp_path}/b.png", "--at", "5,6,0"], (100, 200, 3)),
        ):
            client(export, signature, f"{tmp_path}/a.png", *common, *extra)
            assert pixels_of((tmp_path / "out.png").read_bytes()).shape == size
        with pytest.raises(SystemExit) as ended:
            client(export, "erase_bytes", f"{tmp_path}/text.png", *common)
    assert "image_bytes[0]: 8 bytes that are no image" in ended.value.code
    assert rest or ended.value.code.startswith(grpc.StatusCode.INVALID_ARGUMENT.name)


@pytest.mark.parametrize("protocol", ["rest", "grpc"])
def test_the_example_client_writes_nothing_if_nothing_was_found(tmp_path, protocol):
    save.write_serving(tmp_path / "serving", "tiny", ["tiny"], SIZE, FRACTION)
    (tmp_path / "a.png").write_bytes(png(photo()))
    answer = signatures_module._traced(
        lambda image_bytes, box: {"image_png_bytes": image_bytes, "found": box[:, 0] > 20},
        image_bytes=tf.TensorSpec((None,), tf.string),
        box=tf.TensorSpec((None, 4)),
    )
    signatures = {"erase_bytes": answer}
    rest = protocol == "rest"
    started = serving_stub.rest_server(signatures, "tiny") if rest else serving_stub.grpc_server(signatures)
    with started as server:
        common = ["--server", server, *([] if rest else ["--grpc"])]
        client(tmp_path, "erase_bytes", f"{tmp_path}/a.png", "21,10,50,40", f"{tmp_path}/found.png", *common)
        with pytest.raises(SystemExit) as ended:
            client(tmp_path, "erase_bytes", f"{tmp_path}/a.png", "20,10,50,40", f"{tmp_path}/out.png", *common)
    out = tmp_path / "out.png"
    assert ended.value.code == f"{tmp_path}/a.png: no object was found in the box 20,10,50,40; {out} is not written"
    assert (tmp_path / "found.png").exists() and not out.exists()


def test_the_example_client_says_in_one_line_what_it_lacks(tmp_path):
    save.write_serving(tmp_path / "serving", "tiny", ["tiny"], SIZE, FRACTION)
    there = tmp_path / "a.png"
    there.write_bytes(png(photo()))
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))  # and does not listen
        server = f"http://127.0.0.1:{bound.getsockname()[1]}"

        def said(signature, path):
            with pytest.raises(SystemExit) as ended:
                client(tmp_path, signature, str(path), "20,10,50,40", f"{tmp_path}/out.png", "--server", server)
            return ended.value.code

        assert said("erase_bytes", there).startswith(f"--server {server}: ")
        assert said("compose_bytes", there).startswith("--onto: missing")
        assert said("erase_bytes", tmp_path / "no.png").endswith(f"No such file or directory: '{tmp_path}/no.png'")


def test_the_servers_settings_are_what_it_reads(export):
    serving = export / "serving"
    text = (serving / "models.config").read_text()
    models = text_format.Parse(text, model_server_config_pb2.ModelServerConfig()).model_config_list.config
    assert [(model.name, model.base_path, model.model_platform) for model in models] == [
        ("tiny", "/models/tiny", "tensorflow")
    ]
    service = yaml.safe_load((serving / "compose.yaml").read_text())["services"]["serving"]
    assert service["image"].startswith("tensorflow/serving:2.")
    for volume in service["volumes"]:
        assert (serving / volume.split(":")[0]).resolve().is_dir()
    for flag in service["command"]:
        name, value = flag.split("=")
        assert name.startswith("--")
        if value.startswith("/config/"):
            assert (serving / value.removeprefix("/config/")).is_file()


# Export again.


@pytest.fixture
def small_signatures(monkeypatch):
    """Signatures that take no time to trace."""
    twice = tf.function(lambda image: {"mask": 2 * image}).get_concrete_function(tf.TensorSpec((None,), name="image"))
    monkeypatch.setattr(signatures_module, "make", lambda model, fraction: {"segment": twice})


def test_a_second_export_is_the_next_version(model, tmp_path, small_signatures):
    for number in (1, 2):
        assert save.write(model, "cats", FRACTION, tmp_path).name == str(number)
    save.write(model, "dogs", FRACTION, tmp_path)
    text = (tmp_path / "serving" / "models.config").read_text()
    models = text_format.Parse(text, model_server_config_pb2.ModelServerConfig()).model_config_list.config
    assert [model.name for model in models] == ["cats", "dogs"]
    assert sorted(path.name for path in (tmp_path / "saved_model" / "cats").iterdir()) == ["1", "2"]


def test_an_interrupted_export_leaves_the_old_version_alone(model, tmp_path, small_signatures, monkeypatch):
    save.write(model, "cats", FRACTION, tmp_path)

    def interrupted(*arguments):
        raise KeyboardInterrupt

    monkeypatch.setattr(save, "write_warmup", interrupted)
    with pytest.raises(KeyboardInterrupt):
        save.write(model, "cats", FRACTION, tmp_path)
    assert [path.name for path in (tmp_path / "saved_model" / "cats").iterdir()] == ["1"]
