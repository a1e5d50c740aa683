"""Cut and erase on a photograph of 12 megapixels, and what the refinement of masks gains.

    python benchmarks/compose.py [--weights RUN] [--backend keras] [--patchmatch]
    python benchmarks/compose.py --weights RUN --images DIR --annotations FILE [--max-object-fraction 1 --min-aspect 0]

The first draws a photograph of 4000 x 3000 pixels and cuts and erases an object of half its height, and one that nearly
fills it, on two cores at most: seconds, the peak of the process's memory, and whether any pixel outside the box's
surroundings changed. Erasing is also timed with `fill="network"` and, with --patchmatch, by the package pypatchmatch on
the same hole, which takes minutes. Without weights it takes untrained networks of the preset mobile; they cost the
same. The second measures masks enlarged bilinearly and refined ones, without and with the network for it, against true
masks, at the resolution of the photographs.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))
os.environ.setdefault("KERAS_BACKEND", "tensorflow")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

WIDTH, HEIGHT, CORES = 4000, 3000, 2
OBJECTS = {"half the height": (1400, 700, 1200, 1500), "nearly all": (100, 100, 3800, 2800)}
"""Boxes: x, y, width, height."""


def drawn_photo(box):
    """uint8 [HEIGHT, WIDTH, 3]: an object in the box, on another texture, with grain."""
    import cv2
    import numpy as np

    from seigan_tf.data import synthetic

    scene = cv2.resize(synthetic.synthetic_backgrounds(1, 400, seed=0)[0], (WIDTH, WIDTH))[:HEIGHT]
    drawn = synthetic.synthetic_objects(1, 400, seed=1, object_fraction=1.0)
    x, y, width, height = box
    image = cv2.resize(drawn.images[0], (width, height))
    mask = cv2.resize(drawn.masks[0].astype(np.float32), (width, height))[..., None]
    part = scene[y : y + height, x : x + width]
    part[:] = np.rint(mask * image + (1 - mask) * part)
    grain = np.random.default_rng(0).normal(0, 5, (HEIGHT, WIDTH)).astype(np.float32)
    return np.clip(scene + grain[..., None], 0, 255).astype(np.uint8)


def composer(weights, backend):
    from seigan_tf.compose.composer import Composer
    from seigan_tf.utils import quiet

    with quiet.native_messages_hidden():
        if weights is not None:
            return Composer.load(weights, backend=backend)
        from seigan_tf import presets
        from seigan_tf.compose.keras_backend import KerasBackend
        from seigan_tf.seigan import SEIGAN

        config = presets.load_preset("mobile")
        model = SEIGAN(config.networks)
        model.build()
        return Composer(KerasBackend(model))


def seconds_of(function):
    """Wall and processor seconds of a call, and its result."""
    start = time.perf_counter(), time.process_time()
    result = function()
    return (time.perf_counter() - start[0], time.process_time() - start[1]), result


def peak():
    """Peak of this process's memory in MB. Not ru_maxrss: Linux hands it on from the process that started this one."""
    status = dict(line.split(":", 1) for line in Path("/proc/self/status").read_text().splitlines())
    return int(status["VmHWM"].split()[0]) / 1024


def patchmatch(photo, hole):
    from patchmatch import patch_match

    return patch_match.inpaint(photo.copy(), hole, patch_size=3)


def measure(weights, backend, name, file, compare):
    """Prints, as JSON, what one object of the photograph in the file costs in this process."""
    import numpy as np

    box = OBJECTS[name]
    photo, tool = np.load(file), composer(weights, backend)
    loaded = peak()
    first, _ = seconds_of(lambda: tool.cut(photo, box))
    cut, _ = seconds_of(lambda: tool.cut(photo, box))
    after_cut = peak()
    first_erase, _ = seconds_of(lambda: tool.erase(photo, box))
    erase, erased = seconds_of(lambda: tool.erase(photo, box))
    margin = round(0.1 * max(box[2:]) / tool.backend.object_fraction)
    x, y, width, height = box
    outside = np.ones((HEIGHT, WIDTH), bool)
    outside[max(y - margin, 0) : y + height + margin, max(x - margin, 0) : x + width + margin] = False
    result = dict(first=first, cut=cut, first_erase=first_erase, erase=erase, loaded=loaded, after_cut=after_cut)
    result |= {"peak": peak(), "same": bool((erased == photo)[outside].all())}
    result["network"], _ = seconds_of(lambda: tool.erase(photo, box, "network"))
    if compare:
        result["patchmatch"], _ = seconds_of(lambda: patchmatch(photo, (erased != photo).any(-1)))
    print(json.dumps(result))


def costs(weights, backend, compare):
    import numpy as np

    def text(times):
        return "{:.2f} ({:.2f})".format(*times)

    print(f"{WIDTH} x {HEIGHT} pixels, at most {CORES} cores; seconds (of processors) of the first call, of the next")
    for name in OBJECTS:  # a process each, so that the peak of memory is its own
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder) / "photo.npy"
            np.save(file, drawn_photo(OBJECTS[name]))
            command = [sys.executable, __file__, "--object", name, "--photo", file]
            command += ["--weights", weights, "--backend", backend] if weights else []
            command += ["--patchmatch"] if compare else []
            done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
        r = json.loads(done.stdout.splitlines()[-1])
        print(f"{name}: cut {text(r['first'])}, {text(r['cut'])}; erase {text(r['first_erase'])}, {text(r['erase'])}")
        print(
            f"    memory {r['loaded']:.0f} MB once loaded, {r['after_cut']:.0f} MB at most up to cut,"
            f" {r['peak']:.0f} MB at most; outside identical: {r['same']}",
            flush=True,
        )
        for other in ("network", "patchmatch"):
            if other in r:
                print(f"    by {other} {text(r[other])}: {r['erase'][1] / r[other][1]:.2f} of its processor seconds")


def masks_by_method(backend, item):
    """The masks of an evaluation object by three methods: bool, at the resolution of the photograph."""
    from seigan_tf.compose import matting
    from seigan_tf.data.crops import CropRegion
    from seigan_tf.evaluation.agreement import to_original

    side = len(item.original)
    top, left, bottom, right = (float(edge) * side for edge in item.box)
    region, box = CropRegion(0, 0, side), (left, top, right - left, bottom - top)
    plain = backend.segment(item.image[None], item.box[None])[0, ..., 0]
    mean = matting.matte(backend, item.original, box, refine=False, region=region)
    masks = {
        "network, bilinear": to_original(plain, side, side),
        "mean with mirror image, bilinear": to_original(mean.low, side, side),
    }
    for name, learned in (("refined by colour", False), ("refined", True)):
        matte = matting.matte(backend, item.original, box, refine=True, region=region, learned=learned)
        masks[name] = matte.window.within(matte.mask(item.original), side, side)
    return {name: mask > 0.5 for name, mask in masks.items()}


def gains(weights, backend, images, annotations, limits):
    import numpy as np

    from seigan_tf.compose.backends import load_backend
    from seigan_tf.config import DataConfig
    from seigan_tf.data.annotations.formats import guess_format, read_annotations
    from seigan_tf.data.photos.photo import Photo
    from seigan_tf.data.planning.report import Tally
    from seigan_tf.data.planning.rules import CropRules
    from seigan_tf.evaluation.agreement import boundary_f, iou
    from seigan_tf.evaluation.crops import evaluation_objects

    backend = load_backend(weights, backend)
    rules = CropRules(backend.object_fraction, DataConfig.min_short_side, **limits)
    source = guess_format(images, annotations)
    photos = (item for item in read_annotations(source, images, annotations) if isinstance(item, Photo))
    objects = (item for found in evaluation_objects(photos, rules, backend.size, Tally(1.0)) for item in found)
    scores = [
        {
            name: (iou(mask, item.truth), boundary_f(mask, item.truth))
            for name, mask in masks_by_method(backend, item).items()
        }
        for item in objects
    ]
    print(f"{len(scores)} objects at original resolution    IoU  boundary F")
    for name in scores[0]:
        print("{:36}{:6.3f}{:12.3f}".format(name, *np.mean([score[name] for score in scores], axis=0)))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--weights", help="a shipped name, a run folder, a .keras file or an export folder")
    parser.add_argument("--backend", choices=("auto", "keras"), default="auto", help="as in cut, erase and paste")
    parser.add_argument("--images", type=Path, help="photographs with true masks")
    parser.add_argument("--annotations", type=Path, help="their boxes and masks")
    parser.add_argument("--patchmatch", action="store_true", help="also time the package pypatchmatch")
    parser.add_argument("--max-object-fraction", type=float, default=0.9, help="with --images; default 0.9")
    parser.add_argument("--min-aspect", type=float, default=0.4, help="with --images, as in evaluate")
    parser.add_argument("--max-covered", type=float, help="with --images, as in evaluate")
    # For the process that is measured:
    parser.add_argument("--object", choices=OBJECTS, help=argparse.SUPPRESS)
    parser.add_argument("--photo", type=Path, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:CORES])
    if arguments.object:
        measure(arguments.weights, arguments.backend, arguments.object, arguments.photo, arguments.patchmatch)
    elif arguments.images:
        names = "max_object_fraction", "min_aspect", "max_covered"
        limits = {name: getattr(arguments, name) for name in names}
        gains(arguments.weights, arguments.backend, arguments.images, arguments.annotations, limits)
    else:
        costs(arguments.weights, arguments.backend, arguments.patchmatch)


if __name__ == "__main__":
    main()
