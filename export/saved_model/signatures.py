"""Signatures of the SavedModel: on batches of float crops, and on encoded photographs with boxes in pixels."""

from typing import NamedTuple

import tensorflow as tf

from seigan_tf import cycle
from seigan_tf.compose.matting import OBJECT
from seigan_tf.seigan import SEIGAN

from . import crops, headers, photos

PARALLEL = 1
"""Photos of a request decoded at a time. With 1, a server's memory does not grow with their number; other requests use
the other cores."""
FEATHER = 1 / 16
"""Width, relative to the crop's side, over which the enhancer's changes fade out towards the crop's border."""
HOLE = 0.5
"""Value of a mask's pixel above which it is erased."""
PNG = tf.TensorSpec((), tf.string)
"""An encoded photograph or mask."""


class Crop(NamedTuple):
    """A crop of a photo; tensors of the graph."""

    header: headers.Header
    box: tf.Tensor
    """The object's box in the photo: X, Y, width and height, float64 [4]."""
    region: crops.Region
    image: tf.Tensor
    """float32 [S, S, 3] in [-1, 1]."""


def make(model: SEIGAN, object_fraction: float) -> dict[str, tf.types.experimental.ConcreteFunction]:
    """Trace the signatures of a trained model, by name; templates/serving.md describes their inputs and outputs."""
    return {**_on_crops(model), **_on_photos(model, object_fraction)}


def _on_crops(model):
    size = model.networks.size
    image, mask = (tf.TensorSpec((None, size, size, channels)) for channels in (3, 1))
    box = tf.TensorSpec((None, 4))

    def segment(image, box):
        return {"mask": model.masks(image, box)}

    def inpaint(image, mask):  # the mask as it is, not dilated, as inference.arrays.inpaint
        noise = cycle.fixed_noise(image)
        return {"restored": cycle.inpaint(model.inference_generators.inpainter, model.networks, image, mask, noise)}

    def compose(image, box, background):
        swap = _swap(model, image, box, background)
        return {"mask": swap.mask, "composite": swap.composite, "restored": swap.background}

    return {
        "segment": _traced(segment, image=image, box=box),
        "inpaint": _traced(inpaint, image=image, mask=mask),
        "compose": _traced(compose, image=image, box=box, background=image),
    }


def _swap(model, image, box, background) -> cycle.Cycle:
    """The first swap, as inference.arrays.swap."""
    noise = dict.fromkeys(cycle.NOISE_NAMES, cycle.fixed_noise(image))
    # Not model.cycle, which also asks VGG-19 for features that only the losses read.
    return cycle.Cycle(model.inference_generators, model.networks, image, box, background, noise, model.vgg)


def _on_photos(model, object_fraction):
    given = _OnPhotos(model, object_fraction)
    strings, boxes, places = tf.TensorSpec((None,), tf.string), tf.TensorSpec((None, 4)), tf.TensorSpec((None, 3))
    single = {"image_bytes": strings, "box": boxes}
    return {
        "segment_bytes": _traced(given.segment, **single),
        "erase_bytes": _traced(given.erase, **single),
        "compose_bytes": _traced(given.compose, **single, background_bytes=strings, at=places),
    }


class _OnPhotos:
    """The signatures on N photographs: strings [N] of encoded photos, boxes float32 [N, 4] in pixels."""

    def __init__(self, model: SEIGAN, object_fraction: float):
        self.model = model
        self.size = model.networks.size
        self.object_fraction = object_fraction

    def segment(self, image_bytes, box):
        """Give each object's mask at the size of its photo."""
        objects = self._cut_each(image_bytes, box)
        masks = self._masks(objects)
        drawn = _each(_mask_png, PNG, objects.header, objects.region, masks)
        return {"mask_png_bytes": drawn, "crop": tf.stack(objects.region, 1), "found": _found(masks, OBJECT)}

    def erase(self, image_bytes, box):
        """Erase by one pass of the inpainter; `compose.erasing` takes the mean of eight, and patches of the photo."""
        objects = self._cut_each(image_bytes, box)
        # The hole is the binarised and dilated mask, as README.md of the export tells clients.
        masks = self._masks(objects)
        binary = tf.cast(masks > HOLE, tf.float32)
        holes = cycle.dilate_mask(self.model.networks, binary, max(round(self.size / 32), 1))
        # G_inp's own output: `_restored_png` lays it over the photo, whether or not the settings composite it.
        noise = cycle.fixed_noise(objects.image)
        filled = self.model.inference_generators.inpainter(((1.0 - holes) * objects.image, noise, holes))
        erased = _each(_restored_png, PNG, image_bytes, objects.header, objects.region, holes, filled)
        return {"image_png_bytes": erased, "crop": tf.stack(objects.region, 1), "found": _found(masks, HOLE)}

    def compose(self, image_bytes, box, background_bytes, at):
        """Paste each object onto its background, which keeps its size."""
        objects = self._cut_each(image_bytes, box)
        landings = _each(self._land, self._crop_spec, background_bytes, objects.box, at)
        swap = _swap(self.model, objects.image, crops.relative_box(objects.box, objects.region), landings.image)
        changes = 127.5 * (swap.composite - swap.coarse) * _faded_border(self.size)
        pasted = _each(_pasted_png, PNG, image_bytes, objects, background_bytes, landings, swap.mask, changes)
        return {"image_png_bytes": pasted, "crop": tf.stack(landings.region, 1), "found": _found(swap.mask, OBJECT)}

    @property
    def _crop_spec(self) -> Crop:
        box, image = tf.TensorSpec((4,), tf.float64), tf.TensorSpec((self.size, self.size, 3))
        return Crop(headers.HEADER_SPEC, box, crops.REGION_SPEC, image)

    def _cut_each(self, contents, boxes) -> Crop:
        """The crops of the objects in N photos; each tensor has N in front."""
        return _each(self._cut, self._crop_spec, contents, boxes)

    def _cut(self, content, box, index) -> Crop:
        header = headers.read_header(content, "image_bytes", index)
        return self._crop(content, header, crops.checked_box(box, header.height, header.width, index))

    def _land(self, content, box, at, index) -> Crop:
        """The crop of a background around the place of the object, whose box in its own photo is given."""
        header = headers.read_header(content, "background_bytes", index)
        return self._crop(content, header, crops.landing_box(box, at, header.height, header.width, index))

    def _crop(self, content, header, box) -> Crop:
        region = crops.crop_region(box, self.object_fraction)
        with tf.control_dependencies([box]):  # checked before the photo is decoded
            pixels = photos.decode(content, header)
        return Crop(header, box, region, crops.to_network(crops.extract(pixels, region), self.size))

    def _masks(self, objects: Crop):
        return self.model.masks(objects.image, crops.relative_box(objects.box, objects.region))


def _found(masks, least):
    """Whether each of N masks is above `least` anywhere: bool [N]."""
    return tf.reduce_any(masks > least, (1, 2, 3))


def _mask_png(header, region, mask, index):
    """The mask at the photo's size, as a grey PNG."""
    inside = crops.window(region, header.height, header.width)
    grey = tf.cast(tf.round(255.0 * crops.resample(mask, region, inside)), tf.uint8)
    return photos.encode(crops.pad_window(grey, inside, header.height, header.width))


def _restored_png(content, header, region, hole, fill, index):
    """The photo with the fill laid over the hole."""
    inside = crops.window(region, header.height, header.width)
    hole = crops.resample(hole, region, inside)
    fill = crops.resample(127.5 * (fill + 1.0), region, inside)
    pixels = photos.decode(content, header)
    return photos.encode(crops.edit_window(pixels, inside, lambda photo: photo + hole * (fill - photo)))


def _pasted_png(content, item, background, landing, mask, change, index):
    """The background with the object laid over it, and the enhancer's change added."""
    source = crops.extract(photos.decode(content, item.header), item.region)
    inside = crops.window(landing.region, landing.header.height, landing.header.width)
    pasted = crops.resample(source, landing.region, inside, "lanczos3")
    mask, change = (crops.resample(values, landing.region, inside) for values in (mask, change))
    pixels = photos.decode(background, landing.header)
    made = crops.edit_window(pixels, inside, lambda photo: photo + mask * (pasted - photo) + change)
    return photos.encode(made)


def _traced(function, **inputs):
    """Trace a function for inputs of these types; it checks their shapes and that their batch sizes N agree."""

    def checked(**given):
        # The server passes on what it was sent, so shapes of the signature are checked here.
        given = {name: tf.ensure_shape(given[name], spec.shape) for name, spec in inputs.items()}
        counts = tf.stack([tf.shape(value)[0] for value in given.values()])
        same = tf.reduce_all(counts == counts[0]) & (counts[0] > 0)
        message = f"{', '.join(given)}: {{}} of each; expected the same number, one at least"
        with tf.control_dependencies([headers.require(same, message, counts)]):
            given = {name: tf.identity(value) for name, value in given.items()}
        return {name: tf.identity(value, name) for name, value in function(**given).items()}

    named = {name: tf.TensorSpec(spec.shape, spec.dtype, name) for name, spec in inputs.items()}
    return tf.function(checked, autograph=False).get_concrete_function(**named)


def _each(function, result, *columns):
    """Results of `function` for each photo's values and index, one photo at a time because their sizes differ."""
    indices = tf.range(tf.shape(tf.nest.flatten(columns)[0])[0])
    rows = (*columns, indices)
    return tf.map_fn(lambda row: function(*row), rows, fn_output_signature=result, parallel_iterations=PARALLEL)


def _faded_border(size):
    """Weights [S, S, 1]: 1 inside, falling to 0 at the border."""
    centres = (tf.range(size, dtype=tf.float32) + 0.5) / size
    ramp = tf.minimum(tf.minimum(centres, 1.0 - centres) / FEATHER, 1.0)
    return tf.minimum(ramp[:, None], ramp[None, :])[..., None]
