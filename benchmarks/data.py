"""Cost of preparing and of feeding crops, as ratios measured in one run.

    python benchmarks/data.py

Preparing: photographs per second, how that scales with worker processes, and the peak of memory for 10,000 and for
100,000 annotations. Feeding: pairs of crops per second out of the store and out of memory, relative to what a train
step of the demo preset consumes. The photographs are drawn: 640 x 480 pixels, five objects each.
Large ones have 12 megapixels and one object, and are stored sideways, as phones do.
"""

import argparse
import json
import multiprocessing
import os
import sys
import tempfile
import time
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))
os.environ["KERAS_BACKEND"] = "tensorflow"
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

WIDTH, HEIGHT, OBJECTS = 640, 480, 5
DRAWN = 16  # different photographs; the others are links to them, which costs the reader as much


def draw_set(folder, annotations):
    """Draw photographs with OBJECTS boxes each; return settings that read them."""
    import numpy as np
    from PIL import Image

    from seigan_tf.config import DataConfig
    from seigan_tf.data import synthetic

    photos = folder / "photos"
    photos.mkdir(parents=True)
    for number, scene in enumerate(synthetic.synthetic_backgrounds(DRAWN, WIDTH, seed=0)[:, :HEIGHT]):
        Image.fromarray(scene).save(folder / f"drawn{number}.jpg", quality=90)
    random = np.random.default_rng(0)
    images, boxes = [], []
    for photo in range(-(-annotations // OBJECTS)):
        name = f"{photo:06d}.jpg"
        os.symlink(folder / f"drawn{photo % DRAWN}.jpg", photos / name)
        images.append({"id": photo, "file_name": name, "width": WIDTH, "height": HEIGHT})
        for column, width in enumerate(random.integers(40, 80, OBJECTS).tolist()):
            box = [20 + 124 * column, int(random.integers(40, 200)), width, 60]
            boxes.append({"id": len(boxes), "image_id": photo, "category_id": 1, "iscrowd": 0, "bbox": box})
    content = {"images": images, "annotations": boxes, "categories": [{"id": 1, "name": "thing"}]}
    (folder / "boxes.json").write_text(json.dumps(content))
    return DataConfig(source="coco", images=photos, annotations=folder / "boxes.json")


def prepare_seconds(data, out, workers, size):
    from seigan_tf.data.storage.prepare import prepare

    start = time.perf_counter()
    prepare(data, size, out, workers)
    return time.perf_counter() - start


def measure_preparing(folder, annotations):
    data = draw_set(folder / "set", annotations)
    prepare_seconds(draw_set(folder / "first", 5 * OBJECTS), folder / "crops-first", 0, 128)  # imports are not counted
    seconds = {}
    for workers in (0, 1, 2):
        seconds[workers] = prepare_seconds(data, folder / f"crops{workers}", workers, 128)
        rate = annotations / OBJECTS / seconds[workers]
        print(f"prepare, {workers} workers: {rate:.0f} photographs of {OBJECTS} objects per second", flush=True)
    print(f"2 workers / 1 worker: {seconds[1] / seconds[2]:.2f} times as fast")
    with ProcessPoolExecutor(2, multiprocessing.get_context("spawn")) as processes:
        outs = [folder / f"crops-{name}" for name in ("alone", "beside", "also-beside")]
        alone = processes.submit(prepare_seconds, data, outs[0], 0, 128).result()
        beside = [processes.submit(prepare_seconds, data, out, 0, 128) for out in outs[1:]]
        slower = max(future.result() for future in beside)
    print(f"two processes that share nothing / one: {2 * alone / slower:.2f} times as fast, the bound of this machine")


def measure_large(folder, count=40):
    """Prepare photographs as phones make them, decoded in full and as they are."""
    import numpy as np
    from PIL import Image

    from seigan_tf.config import DataConfig
    from seigan_tf.data import synthetic
    from seigan_tf.data.photos import reading

    folder.mkdir()
    width, height, sideways = 4000, 3000, Image.Exif()
    sideways[reading.EXIF_ORIENTATION] = 6
    scene = Image.fromarray(synthetic.synthetic_backgrounds(1, WIDTH, seed=0)[0]).resize((width, height))
    grain = np.random.default_rng(0).normal(0, 6, (height, width, 1))
    pixels = np.clip(np.asarray(scene) + grain, 0, 255).astype(np.uint8)
    Image.fromarray(pixels).save(folder / "drawn.jpg", quality=92, exif=sideways)
    (folder / "photos").mkdir()
    rows = ["filename,xmin,ymin,xmax,ymax,class"]
    for photo in range(count):
        os.symlink(folder / "drawn.jpg", folder / "photos" / f"{photo}.jpg")
        rows.append(f"{photo}.jpg,500,400,1700,1900,thing")
    (folder / "boxes.csv").write_text("\n".join(rows))
    data = DataConfig(source="csv", images=folder / "photos", annotations=folder / "boxes.csv", max_object_fraction=0.9)
    seconds = {}
    for name, few in (("first", reading.FEW), ("in full", reading.MAX_PIXELS), ("reduced", reading.FEW)):
        reading.FEW = few
        seconds[name] = prepare_seconds(data, folder / f"crops {name}", 0, 64)  # the first one's imports do not count
    for name in ("in full", "reduced"):
        print(f"prepare, 12 megapixels, decoded {name}: {count / seconds[name]:.1f} photographs per second", flush=True)
    print(f"reduced / in full: {seconds['reduced'] / seconds['in full']:.2f} of the time")


def measure_memory(folder, annotations):
    """Return the peak of memory, in MB, of a new process that prepares so many annotations."""
    data = draw_set(folder / "set", annotations)
    with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as process:
        seconds, peak = process.submit(prepare_and_peak, data, folder / "crops").result()
    stored = sum(path.stat().st_size for path in (folder / "crops").iterdir()) / 2**20
    figures = f"{peak:.0f} MB at most, {seconds:.0f} s, {stored:.0f} MB stored"
    print(f"prepare {annotations} annotations: {figures}", flush=True)
    return peak


def prepare_and_peak(data, out):
    seconds = prepare_seconds(data, out, 2, 64)
    # Not ru_maxrss: Linux hands it on from the process that started this one.
    status = dict(line.split(":", 1) for line in Path("/proc/self/status").read_text().splitlines())
    return seconds, int(status["VmHWM"].split()[0]) / 1024


def measure_feeding(folder, batches=300):
    from seigan_tf.data import pairs
    from seigan_tf.data.loading import load_crops
    from seigan_tf.data.storage.stored_crops import load_stored_crops

    data = draw_set(folder / "set", 2000)
    prepare_seconds(data, folder / "crops", 2, 64)
    step = demo_step()
    print(f"demo train step: {1 / step:.0f} pairs of crops per second")
    for name, crops in (("memory", load_crops(data, 64)), ("store", load_stored_crops(folder / "crops", 64))):
        for workers in (0, 2):
            iterator = iter(pairs.training_pairs(crops, 8, 0, 0.1, zoom=0.1, shift=0.05, workers=workers))
            for _ in range(20):
                next(iterator)
            cpu, start = time.process_time(), time.perf_counter()
            for _ in range(batches):
                next(iterator)
            seconds = (time.perf_counter() - start) / (8 * batches)
            core = "" if workers else f", {8 * batches / (time.process_time() - cpu):.0f} per second of one core"
            print(
                f"feeding 64 px from {name}, {workers} worker processes: {1 / seconds:.0f} pairs per second{core},"
                f" {step / seconds:.1f} times what the demo step consumes",
                flush=True,
            )


def demo_step(repeats=10):
    """Return the seconds that a train step of the demo preset takes for one pair of crops."""
    import tensorflow as tf

    from benchmarks.step import median_seconds
    from seigan_tf import presets
    from seigan_tf.data import pairs
    from seigan_tf.data.loading import load_crops
    from seigan_tf.training import backend, tasks

    config = presets.load_preset("demo")
    backend.prepare(config.networks.seed, config.training.precision)
    model = tasks.make(config).model
    crops = load_crops(config.data, config.networks.size)
    batch = next(iter(pairs.training_pairs(crops, config.training.batch_size, 0, 0.1)))
    batch = tf.nest.map_structure(tf.constant, batch)
    step = tf.function(model.train_step)
    return median_seconds(lambda: step(batch), repeats) / config.training.batch_size


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", choices=("prepare", "large", "memory", "feed"), help="measure only this")
    parser.add_argument("--annotations", type=int, default=100_000, help="of the larger set (default: 100000)")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        if arguments.only in (None, "prepare"):
            measure_preparing(folder / "prepare", 10_000)
        if arguments.only in (None, "large"):
            measure_large(folder / "large")
        if arguments.only in (None, "memory"):
            counts = arguments.annotations // 10, arguments.annotations
            smaller, larger = (measure_memory(folder / f"memory{count}", count) for count in counts)
            print(f"ten times the annotations take {larger / smaller:.2f} times the memory")
        if arguments.only in (None, "feed"):
            measure_feeding(folder / "feed")


if __name__ == "__main__":
    main()
