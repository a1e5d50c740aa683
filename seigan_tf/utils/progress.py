"""Progress bars: shown on a terminal, hidden elsewhere."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    # The data package needs the type below only, and each of its worker processes would import rich.
    from rich.console import Console
    from rich.progress import ProgressColumn

Progress = Callable[[int, int | None], None]
"""Called with the number done and the number of all, None as long as it is not known."""


def bar_columns(what: str) -> tuple["ProgressColumn", ...]:
    """Return the columns of a bar: what is counted, numbers, bar, time elapsed and time left."""
    from rich import progress

    return (
        progress.TextColumn(what),
        progress.MofNCompleteColumn(),
        progress.BarColumn(bar_width=20),
        progress.TimeElapsedColumn(),
        progress.TextColumn("left"),
        progress.TimeRemainingColumn(),
    )


@contextmanager
def bar(console: "Console", what: str) -> Iterator[Progress]:
    """Show a bar with the time left; yield the function that moves it."""
    from rich import progress

    columns = bar_columns(what)
    with progress.Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as shown:
        task = shown.add_task("", total=None)
        yield lambda done, total: shown.update(task, completed=done, total=total)
