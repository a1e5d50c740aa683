"""A queue of requests, of which one at a time uses the networks."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

Result = TypeVar("Result")


class QueueFull(Exception):
    """No more requests may wait."""


class Disconnected(Exception):
    """The client has closed its connection."""


class WorkQueue:
    """Runs one function at a time, in order of arrival and always in the same thread.

    The memory in use is therefore that of one request.

    Args:
        waiting: largest number of functions that wait.
    """

    def __init__(self, waiting: int):
        self._places = threading.BoundedSemaphore(1 + waiting)
        self._worker = ThreadPoolExecutor(1, thread_name_prefix="work-queue")

    def run(self, work: Callable[[], Result], disconnected: Callable[[], bool] = lambda: False) -> Result:
        """Return or raise what `work` returns or raises.

        Raises:
            QueueFull: too many functions wait already.
            Disconnected: `disconnected()` is true when the turn of `work` comes.
        """
        if not self._places.acquire(blocking=False):
            raise QueueFull

        def connected_work() -> Result:
            if disconnected():
                raise Disconnected
            return work()

        try:
            return self._worker.submit(connected_work).result()
        finally:
            self._places.release()
