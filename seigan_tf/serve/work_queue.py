"""A queue of requests, of which one at a time uses the networks."""

import threading
from collections.abc import Callable
from concurrent.futures import CancelledError, ThreadPoolExecutor
from typing import TypeVar

from werkzeug.exceptions import ServiceUnavailable

RETRY_AFTER = 5
"""Seconds after which a client that found the queue full may try again."""
ENDED = "the server ends; please try again when it is back"
Result = TypeVar("Result")


class WorkQueue:
    """Runs one function at a time, in order of arrival and always in the same thread; at most `waiting` others wait.

    The memory in use is therefore that of one request.
    """

    def __init__(self, waiting: int):
        self._places = threading.BoundedSemaphore(1 + waiting)
        self._closed = False
        self._worker = ThreadPoolExecutor(1, thread_name_prefix="work-queue")

    def run(self, work: Callable[[], Result], disconnected: Callable[[], bool] = lambda: False) -> Result:
        """Return or raise what `work` returns or raises.

        Raises:
            ServiceUnavailable: too many functions wait, `disconnected()` is true when the turn of `work` comes, or the
                queue is closed before.
        """
        if self._closed:
            raise ServiceUnavailable(ENDED)
        if not self._places.acquire(blocking=False):
            text = "many photos are being worked on right now; please try again in a moment"
            raise ServiceUnavailable(text, retry_after=RETRY_AFTER)

        def connected_work() -> Result:
            if disconnected():
                raise ServiceUnavailable("the connection was closed")
            return work()

        try:
            return self._worker.submit(connected_work).result()
        except CancelledError:
            raise ServiceUnavailable(ENDED) from None
        finally:
            self._places.release()

    def close(self) -> None:
        """Turn away the functions that wait, and further ones; the one at work goes on."""
        self._closed = True
        self._worker.shutdown(wait=False, cancel_futures=True)
