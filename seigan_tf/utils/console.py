"""The console of commands and trainings."""

from rich.console import Console


def plain_console() -> Console:
    """Return a console that prints all text as it is, in tables too: names in brackets are no markup.

    Print lines with `soft_wrap=True`, so that paths and commands can be copied.
    """
    return Console(markup=False, highlight=False)
