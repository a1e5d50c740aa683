"""A bar on a terminal, nothing elsewhere."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.console import Console

Progress = Callable[[int, int | None], None]
"""Called with the number done and the number of all, None where it is not known yet."""


@contextmanager
def bar(console: "Console", what: str) -> Iterator[Progress]:
    """A bar with the time left; yields what is to be told how much is done."""
    # The data package needs the type above only, and each of its worker processes would import rich.
    from rich import progress

    columns = (
        progress.TextColumn(what),
        progress.MofNCompleteColumn(),
        progress.BarColumn(bar_width=20),
        progress.TimeElapsedColumn(),
        progress.TextColumn("left"),
        progress.TimeRemainingColumn(),
    )
    with progress.Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as shown:
        task = shown.add_task("", total=None)
        yield lambda done, total: shown.update(task, completed=done, total=total)
