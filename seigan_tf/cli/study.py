"""python -m seigan_tf study: the human study of the paper, from pictures to figure 4."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any
from urllib.parse import urlsplit

import tyro

from seigan_tf import pretrained
from seigan_tf.cli import options as shared
from seigan_tf.cli.options import Annotations, Host, MaxBad, Port, Source, check_at_least, console, parse, say
from seigan_tf.config import DataConfig, load_config
from seigan_tf.study.answers import AttentionRule, Resample, sort_answers
from seigan_tf.study.database import ANSWERS_FILE, AnswerStore, SessionSettings, read_answers
from seigan_tf.study.folders import FolderSettings, compare_folders
from seigan_tf.study.manifest import StudySettings, read_manifest
from seigan_tf.utils.atomic import write_json
from seigan_tf.utils.outputs import check_writable
from seigan_tf.utils.progress import bar
from seigan_tf.utils.quiet import native_messages_hidden

if TYPE_CHECKING:
    from seigan_tf.inference.weights import Weights

MAKE = """Make the pictures and pairs of a human study (section 4.1 of the paper).

  python -m seigan_tf study make --out study --images DIR --annotations FILE --weights runs/cats \\
      --no-cycle runs/no_cycle

Four sets: GroundTruth (real object crops), NoCycle (coarse pastes of --no-cycle; left out without it), SEIGAN-Coarse
and SEIGAN-Full (coarse and enhanced pastes of --weights). Objects are pasted onto random backgrounds, and the object
discriminator of each model chooses the pictures to show. The folder appears when it is complete, or not at all.
"""
COMPARE = """Make a study of pictures that exist, such as photographs with objects erased by several methods.

  python -m seigan_tf study compare ours telea patchmatch --out study --question "Where was nothing removed?"

Each folder is a set, named like the folder. All have the same photographs under the same names; endings may differ.
Each pair shows one photograph, as it is in two of the folders. The folder appears when it is complete, or not at all.
"""
SERVE = """Serve a study to assessors and store their answers in answers.sqlite in its folder.

  python -m seigan_tf study serve study
  python -m seigan_tf study serve study --host 0.0.0.0 --port 8200

Every answer is on the disk before the page confirms it. Ctrl-C ends the server; after a restart all assessors go on
from where they were. The page has neither password nor encryption: for access from outside this machine put a web
server with HTTPS before it.
"""
TASKS = """Write the pairs of a study as tasks for Toloka or Mechanical Turk; docs/study.md lists the columns.

  python -m seigan_tf study tasks study --platform toloka --address https://example.org/pictures --out tasks.tsv

Upload the study's folder pictures/ to --address yourself. `study report --answers FILE` reads the answers that the
platform returns.
"""
REPORT = """Rate the sets of a study by its answers (section 4.1 and figure 4 of the paper).

  python -m seigan_tf study report study
      the answers of `study serve`; also writes answers.csv
  python -m seigan_tf study report study --answers toloka.tsv mturk.csv study/answers.csv
      tables of these platforms instead
  python -m seigan_tf study report --answers comparisons.csv --out .
      a table with names of sets instead of pictures: assessor, left, right, choice

Prints tables and writes report.json and figure4.png. The ratings are those of the Bradley-Terry model; their intervals
come from a bootstrap. Fractions won have Wilson's intervals, over pairs of pictures.
"""

Study = tyro.conf.Positional[Annotated[Path, tyro.conf.arg(help="Folder made by `study make` or `study compare`.")]]


@dataclass(frozen=True)
class MakeOptions:
    out: Path
    """Folder to make; it must not exist."""
    weights: str = pretrained.DEFAULT
    """SEIGAN: a run folder, runs/NAME, a .keras file or a shipped name."""
    no_cycle: str | None = None
    """NoCycle: a run trained with coarse_gan alone, as by `table1 --methods no_cycle`."""
    images: Path | None = None
    """Folder of the photographs."""
    annotations: Annotations = None
    source: Source = "auto"
    crops: Path | None = None
    """Folder of prepared crops, instead of --images; its training crops are used."""
    min_short_side: float | None = None
    """Shortest side of an object in pixels; by default as in training, like the next two."""
    max_object_fraction: float | None = None
    """Longest side of an object, as a fraction of the photograph's."""
    min_aspect: float | None = None
    """Least ratio of an object's short side to its long side."""
    max_bad: MaxBad = "1%"
    settings: Annotated[StudySettings, tyro.conf.arg(name="")] = field(default_factory=StudySettings)


@dataclass(frozen=True)
class CompareOptions:
    folders: tyro.conf.Positional[tuple[Path, ...]]
    """Folders of pictures, one for each set."""
    out: Path
    """Folder to make; it must not exist."""
    settings: Annotated[FolderSettings, tyro.conf.arg(name="")] = field(default_factory=FolderSettings)


@dataclass(frozen=True)
class ServeOptions:
    study: Study
    host: Host = "127.0.0.1"
    port: Port = 8200
    session: Annotated[SessionSettings, tyro.conf.arg(name="")] = field(default_factory=SessionSettings)


@dataclass(frozen=True)
class TasksOptions:
    study: Study
    platform: Annotated[str, tyro.conf.arg(metavar="toloka|mturk")]
    """Platform that will show the tasks."""
    address: str
    """Address of the pictures for the assessors' browsers: https://..."""
    out: Path
    """Table to write."""
    seed: int = 0
    """Seed of the order and of left and right."""


@dataclass(frozen=True)
class ReportOptions:
    study: tyro.conf.Positional[Path | None] = None
    """Folder made by `study make` or `study compare`."""
    answers: tuple[Path, ...] = ()
    """Tables of answers from Toloka, Mechanical Turk or elsewhere; docs/study.md lists the columns."""
    out: Path | None = None
    """Folder for report.json and figure4.png; by default that of the study."""
    rule: Annotated[AttentionRule, tyro.conf.arg(name="")] = field(default_factory=AttentionRule)
    resample: Resample = "assessors"
    """Parts that the bootstrap draws: intervals of ratings cover other assessors, or other pairs of pictures, for a
    study with few assessors."""
    resamples: int = 1000
    """Number of bootstrap resamples."""
    confidence: float = 0.95
    """Confidence level of the intervals."""
    seed: int = 0
    """Seed of the bootstrap."""


def make(arguments: Sequence[str]) -> None:
    """Make the folder of a study."""
    options = parse(MakeOptions, arguments, "study make", MAKE)
    shared.check_new(options.out)
    if (options.images is None) == (options.crops is None):
        raise ValueError("--images and --crops: expected one of them, a folder of photographs or of prepared crops")

    with native_messages_hidden():
        from seigan_tf.inference.loading import load_model
    from seigan_tf.data.loading import load_crops
    from seigan_tf.inference.weights import find
    from seigan_tf.study.making import make_study

    found = [find(weights) for weights in (options.weights, options.no_cycle) if weights is not None]
    config = _crop_settings(options, found[0])
    models = [load_model(weights) for weights in (options.weights, options.no_cycle) if weights is not None]
    size = models[0].networks.size
    if models[-1].networks.size != size:
        raise ValueError(f"--no-cycle {options.no_cycle}: crops of {models[-1].networks.size} px, expected {size}")
    if models[-1].object_fraction != models[0].object_fraction:
        scales = f"{models[-1].object_fraction:g} of the crops' sides, expected {models[0].object_fraction:g}"
        raise ValueError(f"--no-cycle {options.no_cycle}: trained on objects of {scales}")
    with bar(console, "cutting crops") as progress:
        crops = load_crops(config, size, progress)
    no_cycle, no_cycle_name = (models[1], found[1].name) if options.no_cycle is not None else (None, None)
    counts = {name: len(getattr(crops, name).images) for name in ("objects", "backgrounds")}
    origin = {"weights": found[0].name, "no_cycle": no_cycle_name, "size": size, **counts}
    with bar(console, "pasting") as progress:
        made = make_study(options.out, crops, models[0], no_cycle, options.settings, origin, progress)
    counts = {name: list(made.pictures.values()).count(name) for name in made.sets}
    for name, scores in made.origin["scores"].items():
        of_all = f", {scores['all']:.3f} of all candidates" if "all" in scores else ""
        say(f"{name}: {counts[name]} pictures, mean discriminator score {scores['chosen']:.3f}{of_all}")
    then = f"look at its pictures, then python -m seigan_tf study serve {options.out}"
    say(f"{len(made.pairs)} pairs and {len(made.checks)} attention checks in {options.out}; {then}")


def _crop_settings(options: MakeOptions, weights: "Weights") -> DataConfig:
    """Return the crop rules of the weights' training, applied to the photographs or crops of the options."""
    trained = None if weights.folder is None else weights.folder / "config.json"
    if trained is not None and trained.is_file():
        data = load_config(trained).data
    else:
        data = DataConfig(object_fraction=weights.object_fraction)
    rules = ("min_short_side", "max_object_fraction", "min_aspect")
    given = {name: value for name in rules if (value := getattr(options, name)) is not None}
    paths = {name: getattr(options, name) for name in ("crops", "images", "annotations")}
    source: Any = "crops" if options.images is None else options.source
    # A crop that shows a mirror image of its object is real, but looks less so than a paste: max_mirrored is 0.
    fixed: dict[str, Any] = {"val_images": None, "val_annotations": None, "held_out": 0.0, "max_mirrored": 0.0}
    max_bad, seed = shared.parse_share(options.max_bad), options.settings.seed
    return replace(data, source=source, max_bad=max_bad, seed=seed, **given, **paths, **fixed)


def compare(arguments: Sequence[str]) -> None:
    """Make the folder of a study from folders of pictures."""
    options = parse(CompareOptions, arguments, "study compare", COMPARE)
    shared.check_new(options.out)
    with bar(console, "copying") as progress:
        made = compare_folders(options.out, options.folders, options.settings, progress)
    then = f"python -m seigan_tf study serve {options.out}"
    say(f"{len(made.pairs)} pairs and {len(made.checks)} attention checks in {options.out}; {then}")


def serve(arguments: Sequence[str]) -> None:
    """Serve a study until Ctrl-C."""
    options = parse(ServeOptions, arguments, "study serve", SERVE)
    check_at_least("--pairs", options.session.pairs, 1)
    check_at_least("--assessors", options.session.assessors, 1)

    from seigan_tf.serve import server as web
    from seigan_tf.study import server

    study = read_manifest(options.study)
    path = options.study / ANSWERS_FILE
    answers = AnswerStore(path, study, options.session)
    try:
        application = server.StudyApplication(options.study, study, answers)
        serving, address = server.listen(application, options.host, options.port)
        shared.say_address(f"serving {address}, answers in {path}", options.host)
        web.run(serving)
    finally:
        answers.close()


def tasks(arguments: Sequence[str]) -> None:
    """Write a table of tasks for a crowd-sourcing platform."""
    options = parse(TasksOptions, arguments, "study tasks", TASKS)
    parts = urlsplit(options.address)
    if parts.scheme not in ("http", "https") or not parts.netloc:
        raise ValueError(f"--address {options.address}: expected the address of a folder, https://...")
    check_at_least("--seed", options.seed, 0)

    from seigan_tf.study.tables import write_tasks

    study = read_manifest(options.study)
    count = write_tasks(study, options.platform, options.address, options.out, options.seed)
    say(f"{count} tasks in {options.out}, {len(study.checks)} of them attention checks")


def report(arguments: Sequence[str]) -> None:
    """Print ratings and write report.json and figure4.png."""
    options = parse(ReportOptions, arguments, "study report", REPORT)
    if options.study is None and not options.answers:
        raise ValueError("study report: expected the folder of a study, or --answers FILE")
    out = options.out or options.study
    if out is None:
        raise ValueError("--out is not given, expected the folder for report.json and figure4.png")
    if not out.is_dir():
        raise ValueError(f"{'--out ' if options.out else ''}{out}: there is no such folder")
    check_at_least("--seed", options.seed, 0)
    written = ["report.json", "figure4.png"]
    if options.study is not None and not options.answers:
        written.append("answers.csv")
    for name in written:
        check_writable(out / name)

    from seigan_tf.study import tables
    from seigan_tf.study.figure import draw_figure
    from seigan_tf.study.summary import print_summary, summarise

    study = None if options.study is None else read_manifest(options.study)
    if options.answers or options.study is None or study is None:
        given = []
        for path in options.answers:
            answers = tables.read_answer_table(path)
            try:
                sort_answers(answers, study)
            except ValueError as error:
                raise ValueError(f"{path}: {error}") from None
            given += answers
    else:
        given = read_answers(options.study / ANSWERS_FILE, study)
        tables.write_answer_table(given, study, out / "answers.csv")
    rating = options.resamples, options.confidence, options.seed, options.resample
    summary = summarise(sort_answers(given, study), options.rule, *rating)
    print_summary(summary, console)
    write_json(out / "report.json", summary)
    draw_figure(summary, out / "figure4.png")
    say(f"{', '.join(written)} in {out}")


ACTIONS: dict[str, tuple[Callable[[Sequence[str]], None], str]] = {
    "make": (make, "make a folder with pictures, pairs and attention checks"),
    "compare": (compare, "make such a folder from folders of pictures, one for each method"),
    "serve": (serve, "serve a page on which assessors compare the pairs; answers go to SQLite"),
    "tasks": (tasks, "write the pairs as a table for Toloka or Mechanical Turk"),
    "report": (report, "report Bradley-Terry ratings with intervals, fractions won, figure 4"),
}
HELP = (
    "usage: python -m seigan_tf study ACTION ...\n\n{}\n\npython -m seigan_tf study ACTION --help tells more.".format(
        "\n".join(f"  {name:<7} {purpose}" for name, (_, purpose) in ACTIONS.items())
    )
)


def run(arguments: Sequence[str]) -> None:
    """Run the action that the first argument names."""
    if not arguments:
        raise ValueError(f"study: no action is given, expected one of {', '.join(ACTIONS)}")
    if arguments[0] in ("-h", "--help"):
        print(HELP)
        raise SystemExit(0)
    if arguments[0] not in ACTIONS:
        raise ValueError(f"study {arguments[0]}: no such action, expected one of {', '.join(ACTIONS)}")
    action, _ = ACTIONS[arguments[0]]
    action(arguments[1:])
