"""python -m seigan_tf table1: the methods of the paper's Table 1, trained under equal budgets and compared."""

import json
import logging
import multiprocessing
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated

import tyro
from rich.console import Console

from seigan_tf import presets
from seigan_tf.cli import train as training_options
from seigan_tf.config import Config, DataConfig
from seigan_tf.training.run_folder import RunFolder
from seigan_tf.utils.atomic import replacing
from seigan_tf.utils.progress import bar

DESCRIPTION = """Train NoCycle, SEIGAN and Supervised on one set of photographs in equal steps; compare their masks.

  python -m seigan_tf table1 --out runs/table1 --preset boxes --seeds 0 1 2 \\
      --data.images DIR --data.annotations FILE --data.val-images DIR --data.val-annotations FILE

Training photographs need masks for Supervised, which alone uses them. Without --data.val-images some of the training
photographs are held out (--data.held-out 0.25), the same for every method and seed. Every run has a folder in --out;
those that are finished are not trained again, so that the command can be interrupted and given more seeds or methods.

table.md and table.json say mean and standard deviation over the seeds of the IoU after the last step: no epoch is
chosen by the objects that are measured. Beside the methods stand the filled box, the ellipse in it and GrabCut.
figure.png shows masks as figure 6 of the paper does: of the first seed, at evenly spaced quantiles of SEIGAN's IoU.
Ablations are methods too: --methods seigan no_texture ...
"""


@dataclass(frozen=True)
class Options:
    out: Path
    """Folder of the runs and of the table."""
    methods: tuple[str, ...] = ("box_terms", "no_cycle", "seigan", "supervised")
    """What to compare; also self_trained: a new segmenter on the masks of seigan, for which boxes are enough too;
    self_trained_twice, self_trained_thrice: another one on the masks of that, and of that; literal, literal_vgg: the
    paper to the letter, with its own segmenter and with that of the preset; and no_box_terms, no_confinement,
    no_compositing, no_texture, hard_mask, no_identity, no_replay, resnet_enhancer, shallow_discriminators,
    full_mask_gradient: SEIGAN with that change."""
    seeds: tuple[int, ...] = (0,)
    """Of networks, and of the data unless photographs are held out; one training each."""
    preset: Annotated[str, tyro.conf.arg(metavar="|".join(presets.NAMES))] = "boxes"
    """Where the defaults of all settings below come from."""
    config: Annotated[Config, tyro.conf.arg(name="")] = field(default_factory=Config)


def run(arguments: Sequence[str], console: Console | None = None) -> None:
    """Trains what is not trained yet, and writes the table.

    Raises:
        ValueError: settings or data that cannot be used.
        OSError: a file cannot be read or written.
        SystemExit: --help, or an argument that is unknown or of another type.
    """
    from seigan_tf.experiments import methods, table

    preset = training_options.preset_of(arguments, Options.preset)
    default = Options(Path(), preset=preset, config=presets.load(preset))
    options = tyro.cli(
        Options, args=list(arguments), default=default, prog="python -m seigan_tf table1", description=DESCRIPTION
    )
    console = console or Console()
    if options.out == Path():
        raise ValueError("--out is not given, expected the folder of the runs and of the table")
    for name in ("methods", "seeds"):
        if not getattr(options, name):
            raise ValueError(f"--{name} has no value, expected at least one")
    for student, teacher in methods.TEACHERS.items():
        if student in options.methods and teacher not in options.methods[: options.methods.index(student)]:
            raise ValueError(f"--methods: {student} learns from {teacher}, expected that before it")
    runs = {
        (name, seed): methods.configuration(name, options.config, seed, options.out)
        for name in options.methods
        for seed in options.seeds
    }
    reports: dict[str, list[dict]] = {}
    for (name, seed), config in runs.items():
        folder = RunFolder(options.out / config.name)
        if folder.report() is None:
            console.print(f"training {name}, seed {seed}, in {folder.path}", markup=False, highlight=False)
            _train(config, folder)
        reports.setdefault(name, []).append(folder.report())
    result = table.summary(reports, _references(options.config.data, console))
    text = table.markdown(result)
    for name, content in (("table.md", text), ("table.json", json.dumps(result, indent=2) + "\n")):
        with replacing(options.out / name) as temporary:
            temporary.write_text(content)
    console.print(f"IoU at original resolution, mean of {result['count']} objects, in {options.out / 'table.md'}:")
    console.print(text, markup=False, highlight=False)
    figure = options.out / "figure.png"
    _draw(options.methods, options.seeds[0], runs[options.methods[0], options.seeds[0]], figure)
    console.print(f"masks: {figure}", markup=False, highlight=False)


def _references(data: DataConfig, console: Console) -> dict[str, float]:
    from seigan_tf.experiments import references

    with bar(console, "GrabCut") as progress:
        return references.grabcut_iou(data, progress)


def _train(config: Config, folder: RunFolder) -> None:
    """In a process of its own, so that no run inherits memory or random state from the one before."""
    with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as executor:
        executor.submit(_run, config, folder).result()


def _run(config: Config, folder: RunFolder) -> None:
    from seigan_tf.utils import quiet

    with quiet.native_messages_hidden():
        from seigan_tf.training import session
    folder.path.mkdir(parents=True, exist_ok=True)
    session.run(config, folder)


def _draw(methods: tuple[str, ...], seed: int, config: Config, path: Path) -> None:
    from seigan_tf.utils import quiet

    logging.getLogger("tensorflow").setLevel(logging.ERROR)  # it remarks on every model that it compiles
    with quiet.native_messages_hidden():
        from seigan_tf.experiments import figure
    runs = {name: path.parent / f"{name}-{seed}" for name in figure.columns(methods)}
    with replacing(path) as temporary:
        figure.draw(runs, config).save(temporary, format="PNG")
