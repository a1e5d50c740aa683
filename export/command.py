"""The export command: arguments in, an export folder out."""

from collections.abc import Sequence
from typing import Any

from rich.console import Console
from rich.table import Table

from seigan_tf.utils.console import plain_console
from seigan_tf.utils.full_disk import naming_full_disk
from seigan_tf.utils.interruption import termination
from seigan_tf.utils.progress import bar
from seigan_tf.utils.quiet import native_messages_hidden

from . import folder, readme
from .options import parse


class BudgetExceeded(RuntimeError):
    """The folder is complete, but a file in it differs from Keras by more than its budget."""

    exit_code = 1


def run(arguments: Sequence[str], console: Console | None = None) -> None:
    """Export as the arguments say and print a table of the files.

    Raises:
        ValueError: invalid arguments, weights, data or folder.
        OSError: the folder cannot be written.
        BudgetExceeded: a file differs from Keras by more than its budget.
        Terminated: SIGTERM arrived; unfinished files were removed, as after Ctrl-C.
        SystemExit: --help, or an argument that is unknown or of another type.
    """
    options = parse(arguments)
    console = console or plain_console()
    folder.earlier_export(options.out)  # before anything that takes time

    with native_messages_hidden():
        from . import writing
    before = folder.contents(options.out)
    with termination(options.out, lambda out: folder.left_behind(out, before)), naming_full_disk(options.out):
        with folder.staged(options.out) as staged, bar(console, "exporting") as progress:
            report = writing.write(options, staged, console, progress)
        readme.write(options.out)  # last, because it describes what the folder holds
    _show(report, console)
    console.print(f"written to {options.out}; README.md there says how to use it", soft_wrap=True)
    problems = [f"{name}: {problem}" for name, entry in report["files"].items() for problem in entry["problems"]]
    if problems:
        more = f" (and {len(problems) - 1} more, see parity.json)" if len(problems) > 1 else ""
        raise BudgetExceeded(f"{problems[0]}{more}; {options.out} is written all the same")


def _show(report: dict[str, Any], console: Console) -> None:
    """Print the files as a table."""
    if not report["files"]:
        return
    table = Table("file", "MB", "ms", "memory, MB", "difference", "IoU")
    table.columns[0].no_wrap = True  # complete names, to be found in the folder
    for name, entry in report["files"].items():
        masks = entry.get("masks", {})
        table.add_row(
            name,
            f"{entry['bytes'] / 1e6:.2f}",
            f"{entry['latency_ms']['1']['fastest']:.1f}",
            "" if entry["memory_mb"] is None else f"{entry['memory_mb']:.0f}",
            f"{max(output['max'] for output in entry['outputs'].values()):.2g}",
            f"{masks['iou']:.4f}" if "iou" in masks else "",
        )
    console.print(f"compared with Keras on {report['crops']}; int8 calibrated on {report['calibration']}")
    console.print(table)
