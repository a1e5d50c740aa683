"""Calls of a function in other processes: on many items in order and with little memory, or once."""

import contextlib
import multiprocessing
import os
import pickle
import signal
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from functools import partial
from multiprocessing.connection import Connection
from typing import Any, TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")

KILLED = "process was killed, as the system does if memory runs out"
AHEAD = 4  # items submitted per worker, so that no worker waits for the result of the oldest item


def cores() -> int:
    """Return the number of processor cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


InOrder = Callable[[Callable[[Any], Any], Iterable[Any]], Iterator[Any]]
"""A function that is called as `map` with one iterable."""


@contextlib.contextmanager
def ordered_workers(workers: int, used: Callable[..., object] = map) -> Iterator[InOrder]:
    """Yield a function that does the same as `map(function, items)` in worker processes, and may be called repeatedly.

    It reads at most AHEAD * workers items ahead of the results. The workers are fresh processes, which inherit nothing
    of this one. They import the module of `used` at once, while this process does other work. They end with the block,
    with an error, with Ctrl-C, and also if this process is killed. `function` (of a module, or a `functools.partial` of
    one), items and results are pickled. With 0 workers it is `map` itself.

    Raises ValueError if `workers` is negative, ChildProcessError if a worker was killed, and errors of `function`.
    """
    if workers < 0:
        raise ValueError(f"workers is {workers}, expected at least 0")
    if not workers:
        yield map
        return
    # A forked process would inherit the locks of this one's threads (TensorFlow, Grain) as they happen to be.
    context = multiprocessing.get_context("spawn")
    their_end, lifeline = context.Pipe(duplex=False)
    executor = ProcessPoolExecutor(workers, context, initializer=_start, initargs=(their_end, pickle.dumps(used)))
    try:
        with _interrupts_held_back():
            for _ in range(workers):
                executor.submit(os.getpid)  # each starts a worker
        yield partial(_in_order, executor, AHEAD * workers)
    except BaseException:
        lifeline.close()
        raise
    finally:
        executor.shutdown(cancel_futures=True)
        lifeline.close()
        their_end.close()


def _in_order(
    executor: ProcessPoolExecutor, ahead: int, function: Callable[[Item], Result], items: Iterable[Item]
) -> Iterator[Result]:
    running: deque[Future[Result]] = deque()
    try:
        for item in items:
            with _interrupts_held_back():
                running.append(executor.submit(function, item))
            if len(running) >= ahead:
                yield running.popleft().result()
        while running:
            yield running.popleft().result()
    except BrokenProcessPool:
        raise ChildProcessError(f"a worker {KILLED}; use fewer workers") from None


def in_fresh_process(function: Callable[..., Result], *arguments: object) -> Result:
    """Return `function(*arguments)`, called in a process of its own.

    It inherits no memory and no random state, gets Ctrl-C as this process does, so that the function can save its work,
    and ends if this process is killed. Function, arguments and result are pickled.

    Raises ChildProcessError if the process was killed, and errors of `function`.
    """
    context = multiprocessing.get_context("spawn")
    their_end, lifeline = context.Pipe(duplex=False)
    executor = ProcessPoolExecutor(1, context, initializer=_watch, initargs=(their_end,))
    try:
        with their_end, lifeline, executor:
            return executor.submit(function, *arguments).result()
    except BrokenProcessPool:
        raise ChildProcessError(f"its {KILLED}") from None


@contextlib.contextmanager
def _interrupts_held_back() -> Iterator[None]:
    """Handle Ctrl-C and SIGTERM after the block, as a process that is half started ends in a traceback of its own.

    Ctrl-C is kept from processes started in the block, also while they import.
    """
    masks = hasattr(signal, "pthread_sigmask")
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT}) if masks else set()
    # A mask alone does not do: another thread may take the signal, and Python then calls the handler in this one.
    held: list[int] = []
    handlers: dict[int, Callable[..., object]] = {}
    try:
        if threading.current_thread() is threading.main_thread():
            for number in (signal.SIGINT, signal.SIGTERM):
                handler = signal.getsignal(number)
                if callable(handler):
                    handlers[number] = handler
                    signal.signal(number, lambda received, _frame: held.append(received))
        yield
    finally:
        for held_back, own in handlers.items():
            signal.signal(held_back, own)
        if masks:
            signal.pthread_sigmask(signal.SIG_SETMASK, before)
        for received in held[:1]:
            handlers[received](received, None)


def _start(lifeline: Connection, used: bytes) -> None:
    # Ctrl-C reaches every process of the terminal; the one that gave out the work ends the others.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    _watch(lifeline)
    pickle.loads(used)  # imports its module, which takes seconds; not before the watch


def _watch(lifeline: Connection) -> None:
    """Let `_end_with` wait beside this process's work."""
    threading.Thread(target=_end_with, args=(lifeline,), daemon=True).start()


def _end_with(lifeline: Connection) -> None:
    """End this process when the other end is closed, on purpose or because its process has ended."""
    lifeline.poll(None)
    os._exit(1)
