"""Reasons to stop a training before its last step, each with the exit code of the command, and signals."""

import signal


class Stopped(RuntimeError):
    """Training stopped early; the message is one line that says why and what to do."""

    exit_code = 1


class NotFinite(Stopped):
    """A loss or a weight became NaN or infinite."""


class Interrupted(Stopped):
    """A signal was received; everything is saved."""

    def __init__(self, message: str, number: int):
        super().__init__(message)
        self.exit_code = 128 + number


class SignalCatcher:
    """Context that holds back Ctrl-C and SIGTERM, so that the running step can end and be saved.

    `received` is the signal's number, or None. The second signal is not held back: it raises KeyboardInterrupt.
    """

    def __init__(self):
        self.received = None

    def __enter__(self):
        self._previous = {number: signal.signal(number, self._receive) for number in (signal.SIGINT, signal.SIGTERM)}
        return self

    def __exit__(self, *_):
        for number, handler in self._previous.items():
            signal.signal(number, handler)

    def _receive(self, number, _frame):
        if self.received is not None:
            raise KeyboardInterrupt
        self.received = number
