"""Options that several commands share, and the reading and checking of all options."""

import argparse
import itertools
import os
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import fields
from functools import reduce
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, TypeVar

import tyro
from tyro.conf import arg

from seigan_tf import presets
from seigan_tf.config import CROP_RULES, Config, DataConfig
from seigan_tf.utils.console import plain_console
from seigan_tf.utils.quiet import native_messages_hidden

if TYPE_CHECKING:
    from seigan_tf.compose.composer import Composer
    from seigan_tf.data.photos.photo import Photo
    from seigan_tf.data.planning.report import Tally

Options = TypeVar("Options")

console = plain_console()

SHORT_FLAGS = {"networks.vgg_weights": "vgg_weights", "training.devices": "devices"}
"""Settings whose flags leave out the section."""
FORMATS = "auto|coco|yolo|voc|csv|..."  # `data.annotations.formats.FORMATS` has all

Weights = Annotated[str, arg(help="A shipped name, runs/NAME, a packed or an export folder, or a .keras file.")]
Backend = Annotated[
    Literal["auto", "keras"],
    arg(help="auto: LiteRT if the weights have TFLite files, as shipped and packed ones do; keras: Keras, to compare."),
]
Annotations = Annotated[Path | None, arg(help="File or folder with the boxes; by default those in --images.")]
Source = Annotated[str, arg(metavar=FORMATS, help="Format of the boxes, see docs/formats.md; auto looks at them.")]
Host = Annotated[str, arg(help="Address to listen on; 0.0.0.0 means all addresses of this machine.")]
Port = Annotated[int, arg(help="Port to listen on; 0 takes a free one.")]
Grow = Annotated[
    float,
    arg(
        metavar="FRACTION",
        help="Let masks reach outside a box that is too tight, at most this fraction of its width and height, if they"
        " hang together with the object inside.",
    ),
]
MaxBad = Annotated[
    str, arg(metavar="SHARE", help="Largest share of unusable photographs, and of unusable objects: 1% or 0.01.")
]
Preset = Annotated[str, arg(metavar="|".join(presets.NAMES), help="Source of the defaults of all settings below.")]


def check_commas(arguments: Sequence[str]) -> None:
    """Raise ValueError if numbers that belong to one option are separated by blanks."""
    for place, option in enumerate(arguments):
        if option in ("--box", "--keep", "--at"):
            numbers = list(itertools.takewhile(_is_number, arguments[place + 1 :]))
            if len(numbers) > 1:
                given, meant = " ".join(numbers), ",".join(numbers)
                raise ValueError(f"{option} {given}: expected commas and no blanks: {option} {meant}")


def _is_number(text: str) -> bool:
    return re.fullmatch(r"-?[0-9]+(\.[0-9]*)?", text) is not None


def parse(options: type[Options], arguments: Sequence[str], command: str, description: str, **given: Any) -> Options:
    """Read the options of a command from the arguments after its name; `given` goes to `tyro.cli`."""
    check_commas(arguments)
    program = f"python -m seigan_tf {command}"
    return tyro.cli(options, args=list(arguments), prog=program, description=description, **given)


def parse_with_preset(
    options: Any, arguments: Sequence[str], command: str, description: str, preset: str, **required: Any
) -> Any:
    """Read options with the fields `preset` and `config`; the preset in the arguments gives the defaults of `config`.

    `preset` is the default one; `required` are values for fields without a default.
    """
    preset = preset_of(arguments, preset)
    default = options(**required, preset=preset, config=presets.load_preset(preset))
    parsed = parse(options, arguments, command, description, default=default)
    check_data(parsed.config.data, arguments)
    return parsed


def check_left_alone(config: Config, preset: str, advice: Mapping[str, str]) -> None:
    """Raise ValueError if a setting that a command sets itself is not that of the preset.

    `advice` has the end of the message for each such setting, by its name as in the configuration: networks.seed.
    """
    default = presets.load_preset(preset)
    for name, instead in advice.items():
        given, before = (reduce(getattr, name.split("."), settings) for settings in (config, default))
        if given != before:
            text = " ".join(given) if isinstance(given, tuple) else given
            raise ValueError(f"{flag_of(name)} {text}: would have no effect; {instead}")


def check_data(data: DataConfig, arguments: Sequence[str]) -> None:
    """Raise ValueError if files do not tell the format of annotations, or prepared crops were made by other rules.

    The arguments are those of the command line, which may name rules for the crops.
    """
    if data.source == "auto":
        from seigan_tf.data.annotations.formats import guess_format

        for images, annotations in ((data.images, data.annotations), (data.val_images, data.val_annotations)):
            if images is not None:
                guess_format(images, annotations)
    if data.source != "crops":
        return
    from seigan_tf.data.loading import crop_settings

    made = crop_settings(data)
    given = {argument.partition("=")[0].replace("-", "_") for argument in arguments}
    for name in CROP_RULES:
        asked, there = getattr(data, name), getattr(made, name)
        if f"__data.{name}" in given and asked != there:
            raise ValueError(
                f"{flag_of(f'data.{name}')} {asked}: {data.crops} was made with {there}; leave it out, or prepare"
                " the photographs again"
            )


def preset_of(arguments: Sequence[str], default: str) -> str:
    """Return the preset in the arguments, without reading the settings, whose defaults depend on it."""
    parser = argparse.ArgumentParser(add_help=False, allow_abbrev=False)
    parser.add_argument("--preset", default=default, nargs="?")
    name = parser.parse_known_args(arguments)[0].preset
    # Let tyro report a missing value.
    return default if name is None else name


def flag_of(setting: str) -> str:
    """Return the flag of a setting, by its name as in the configuration: networks.mask_input."""
    return f"--{SHORT_FLAGS.get(setting, setting)}".replace("_", "-")


def parse_share(text: str) -> float:
    """Return --max-bad, "1%" or "0.01", as a fraction. Raises ValueError unless it is from 0% to 100%."""
    try:
        value = float(text.removesuffix("%")) / (100 if text.endswith("%") else 1)
    except ValueError:
        value = -1.0
    if not 0 <= value <= 1:
        raise ValueError(f"--max-bad {text}: expected a share from 0% to 100%")
    return value


def read_photos(source: str, images: Path, annotations: Path | None, max_bad: str) -> "tuple[list[Photo], Tally]":
    """Read the photographs' boxes and masks, print notes about them, and count what cannot be used, each photo once.

    The arguments are --source, --images, --annotations and --max-bad.
    """
    from seigan_tf.data.annotations.formats import read_annotations
    from seigan_tf.data.photos.photo import Note, Problem
    from seigan_tf.evaluation.photo_tally import PhotoTally

    photos, problems = [], PhotoTally(parse_share(max_bad))
    for item in read_annotations(source, images, annotations):
        if isinstance(item, Note):
            say(item.text)
        elif isinstance(item, Problem):
            problems.add(item)
        else:
            photos.append(item)
    return photos, problems


@contextmanager
def settings_by_option(options: type) -> Iterator[None]:
    """Name a setting of the data in an error by its option, if `options` has a field for it: --held-out."""
    try:
        yield
    except ValueError as error:
        names = {field.name for field in fields(options)}
        text = re.sub(
            r"\bdata\.(\w+)",
            lambda found: f"--{found[1].replace('_', '-')}" if found[1] in names else found[0],
            str(error),
        )
        raise ValueError(text) from None


def check_at_least(option: str, value: int, least: int) -> None:
    """Raise ValueError unless the value of an option is large enough."""
    if value < least:
        raise ValueError(f"{option} is {value}, expected at least {least}")


def check_range(option: str, value: float, most: float) -> None:
    """Raise ValueError unless the value of an option is from 0 to `most`."""
    if not 0 <= value <= most:
        raise ValueError(f"{option} is {value:g}, expected 0 to {most:g}")


def check_new(out: Path) -> None:
    """Raise ValueError if the folder that --out names exists."""
    if os.path.lexists(out):
        raise ValueError(f"--out {out}: exists already, expected a folder to make")


def load_composer(weights: str, backend: Backend, refine: bool = True, grow: float = 0.0) -> "Composer":
    """Load the networks that --weights and --backend name; print one line if LiteRT cannot run them."""
    with native_messages_hidden():
        from seigan_tf.compose.composer import Composer

        return Composer.load(weights, refine, backend, say, grow)


def check_trained(weights: str, networks: Sequence[str]) -> None:
    """Raise ValueError if one of the networks, of `weights.GENERATORS`, was never trained: it would answer noise."""
    from seigan_tf.inference.weights import untrained

    missing = [name for name in untrained(weights) if name in networks]
    if missing:
        were = "was" if len(missing) == 1 else "were"
        text = f"--weights {weights}: its {' and '.join(missing)} {were} never trained, expected other weights"
        raise ValueError(text)


def say_address(text: str, host: str) -> None:
    """Print the address of a server that is about to run, with a warning if others can reach it."""
    from seigan_tf.serve.server import is_loopback

    say(f"{text}; Ctrl-C ends")
    if not is_loopback(host):
        say("without encryption, to everybody who reaches this address")


def say(text: str) -> None:
    """Print a line without wrapping it."""
    console.print(text, soft_wrap=True)
