"""python -m seigan_tf table1: train the methods of the paper's Table 1 under equal budgets and compare them."""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Annotated

import tyro

from seigan_tf.cli.options import Preset, check_left_alone, console, parse_with_preset, say
from seigan_tf.cli.train import check_unchanged, train
from seigan_tf.config import Config, DataConfig
from seigan_tf.training.run_folder import RunFolder
from seigan_tf.utils.atomic import replacing, write_json
from seigan_tf.utils.outputs import check_writable
from seigan_tf.utils.progress import bar
from seigan_tf.utils.quiet import native_messages_hidden
from seigan_tf.utils.workers import in_fresh_process

DESCRIPTION = """Train NoCycle, SEIGAN and Supervised on one set of photographs in equal steps; compare their masks.

  python -m seigan_tf table1 --out runs/table1 --preset boxes --seeds 0 1 2 \\
      --data.images DIR --data.annotations FILE --data.val-images DIR --data.val-annotations FILE

Training photographs need masks for Supervised, which alone uses them. Without --data.val-images some of the training
photographs are held out (--data.held-out 0.25), the same for every method and seed. Validation photographs need masks,
whichever methods are compared. Every run has a folder in --out; finished runs are not repeated, so that an interrupted
command can go on, and more seeds or methods can be added.

table.md and table.json have the mean and the standard deviation over the seeds of the IoU after the last step, so that
no epoch is chosen by the measured objects, and the IoU of the filled box, the ellipse in it and GrabCut. figure.png
shows masks of the first seed, like figure 6 of the paper, at evenly spaced quantiles of SEIGAN's IoU. Ablations are
methods too: --methods seigan no_texture ...
"""

MAY_CHANGE = ("training.precision", "training.devices", "training.teachers", "networks.vgg_weights")
"""Settings in which a finished run may differ: measured ones, and paths of what stays the same."""

SET_HERE = {
    "training.task": "each of --methods has its task",
    "training.teachers": "each of --methods has its teacher",
    "networks.seed": "expected --seeds",
    "name": "the folders in --out have the names of methods and seeds",
}
"""Settings that the command sets itself, and the advice to who gives them."""
WRITTEN = ("table.md", "table.json", "figure.png")
"""Files of the result in --out."""

Run = tuple[str, int]
"""Method and seed."""


@dataclass(frozen=True)
class Options:
    out: Path
    """Folder of the runs and of the table."""
    methods: tuple[str, ...] = ("box_terms", "no_cycle", "seigan", "supervised")
    """Methods to compare. Further ones are self_trained: a new segmenter on the masks of seigan, which also needs boxes
    alone; self_trained_twice, self_trained_thrice: each a new one on the masks of the one before; and no_box_terms,
    no_confinement, no_compositing, no_texture, hard_mask, no_identity, no_replay, resnet_enhancer,
    shallow_discriminators, full_gradient: SEIGAN with that change."""
    seeds: tuple[int, ...] = (0,)
    """Seeds of the networks and, unless photographs are held out, of the data; one training each."""
    preset: Preset = "boxes"
    config: Annotated[Config, tyro.conf.arg(name="")] = field(default_factory=Config)


def run(arguments: Sequence[str]) -> None:
    """Train the missing runs and write table and figure."""
    options = parse_with_preset(Options, arguments, "table1", DESCRIPTION, Options.preset, out=Path())
    if options.out == Path():
        raise ValueError("--out is not given, expected the folder of the runs and of the table")
    if options.out.exists():
        if not options.out.is_dir():
            raise ValueError(f"--out {options.out}: a file, expected a folder")
        for name in WRITTEN:
            check_writable(options.out / name)
    for name in ("methods", "seeds"):
        if not getattr(options, name):
            raise ValueError(f"--{name} has no value, expected at least one")

    check_left_alone(options.config, options.preset, SET_HERE)
    if options.config.training.stop_collapsed:
        raise ValueError("--training.stop-collapsed: one method would end the comparison of all; expected it left out")

    logging.getLogger("tensorflow").setLevel(logging.ERROR)  # it comments on every model that it compiles
    with native_messages_hidden():
        from seigan_tf.data.loading import crop_settings
        from seigan_tf.evaluation.comparison import methods, results
        from seigan_tf.evaluation.masks import grabcut_iou
        from seigan_tf.training import tasks
    for student, teacher in methods.TEACHERS.items():
        if student in options.methods and teacher not in options.methods[: options.methods.index(student)]:
            raise ValueError(f"--methods: {student} learns from {teacher}, expected that before it")
    given = replace(options.config, data=crop_settings(options.config.data))
    if methods.seeds_data(given.data):
        check_left_alone(options.config, options.preset, {"data.seed": "expected --seeds"})
    methods.check_methods(options.methods, given, options.preset)
    runs = {
        (name, seed): methods.method_config(name, given, seed, options.out)
        for name in options.methods
        for seed in options.seeds
    }
    folders = {key: RunFolder(options.out / config.name) for key, config in runs.items()}
    for (name, _), config in runs.items():
        try:
            tasks.check(config)
        except ValueError as error:
            raise ValueError(f"--methods {name}: {error}") from None
    for key, folder in folders.items():
        if folder.holds_run:
            advice = "give the settings of the other runs in --out"
            check_unchanged(folder.config(), runs[key], folder, MAY_CHANGE, advice)
    _check_files(runs, folders)
    missing = [key for key, folder in folders.items() if folder.report() is None]
    with bar(console, "GrabCut") as progress:
        references = grabcut_iou(given.data, progress)
    results.check_masks(given, references, "supervised" in dict(missing))
    for key in missing:
        say(f"training {key[0]}, seed {key[1]}, in {folders[key].path}")
        folders[key].path.mkdir(parents=True, exist_ok=True)
        in_fresh_process(train, runs[key], folders[key])
    reports: dict[str, list[dict]] = {}
    for (name, _), folder in folders.items():
        reports.setdefault(name, []).append(folder.report() or {})
    result = results.make_table(reports, references)
    text = results.to_markdown(result)
    table, values, figure = (options.out / name for name in WRITTEN)
    with replacing(table) as temporary:
        temporary.write_text(text)
    write_json(values, result)
    say(f"IoU at original resolution, mean of {result['count']} objects, in {table}:")
    say(text)
    shown = {name: options.out / f"{name}-{options.seeds[0]}" for name in results.shown_methods(options.methods)}
    with replacing(figure) as temporary:
        results.draw_masks(shown, runs[options.methods[0], options.seeds[0]]).save(temporary, format="PNG")
    say(f"masks: {figure}")


def _check_files(runs: Mapping[Run, Config], folders: Mapping[Run, RunFolder]) -> None:
    """Raise ValueError if a finished run read other files than there are now, as far as it noted them.

    Its row would stand beside baselines, and runs to come, of other objects or masks.
    """
    from seigan_tf.data.loading import load_crops
    from seigan_tf.training import facts

    reports = {key: report for key, folder in folders.items() if (report := folder.report()) is not None}
    unfinished = {str(folder.path) for key, folder in folders.items() if key not in reports}
    same_data: dict[DataConfig, list[Run]] = {}
    for key, report in reports.items():
        if gone := unfinished.intersection(runs[key].training.teachers):
            path, teacher = folders[key].path, gone.pop()
            raise ValueError(f"{path}: learned from {teacher}, which is not finished; restore that, or remove {path}")
        if "facts" in report:
            same_data.setdefault(runs[key].data, []).append(key)
    crops = None
    for data, keys in same_data.items():
        del crops  # two sets might be too many for the memory
        with bar(console, "reading photographs") as progress:
            crops = load_crops(data, runs[keys[0]].networks.size, progress)
        for key in keys:
            now, path = facts.of_files(runs[key], crops, console), folders[key].report_file
            facts.check_same(reports[key]["facts"], now, runs[key], path, "restore them, or give another --out")
