"""Requests take turns: one at a time uses the networks, some wait, the others are told to come back."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

Result = TypeVar("Result")


class NoPlace(Exception):
    """As many are waiting as may."""


class Gone(Exception):
    """Who asked is no longer there."""


class Turns:
    """Does one piece of work at a time, in the order of asking, always in the same thread.

    So memory is that of one request, however many there are.

    Args:
        waiting: how many may wait.
    """

    def __init__(self, waiting: int):
        self._places = threading.BoundedSemaphore(1 + waiting)
        self._worker = ThreadPoolExecutor(1, thread_name_prefix="turns")

    def do(self, work: Callable[[], Result], gone: Callable[[], bool] = lambda: False) -> Result:
        """What `work` returns or raises, when its turn has come.

        Raises:
            NoPlace: too many wait already.
            Gone: `gone` says, when the turn comes, that nobody wants the result any more.
        """
        if not self._places.acquire(blocking=False):
            raise NoPlace

        def wanted() -> Result:
            if gone():
                raise Gone
            return work()

        try:
            return self._worker.submit(wanted).result()
        finally:
            self._places.release()
