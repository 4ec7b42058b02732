"""Ctrl-C, kept back while an update is applied: a training is stopped between two updates."""

import signal
import threading
from types import FrameType, TracebackType

__all__ = ["Interruption"]

_NAMES = ("SIGINT", "SIGTERM", "SIGHUP")


class Interruption:
    """Keeps back, within ``with interruption.kept_back:``, what would raise KeyboardInterrupt.

    Only signals that Python itself turns into one are, and only in the main thread, which alone may
    say what a signal does; elsewhere nothing is changed.

    """

    def __init__(self) -> None:
        self.kept_back = _KeptBack()
        self._taken: list[signal.Signals] = []

    @property
    def torn(self) -> bool:
        """Whether something was raised within: an update may be applied in part."""
        return self.kept_back.torn

    def __enter__(self) -> "Interruption":
        if threading.current_thread() is threading.main_thread():
            for one in (getattr(signal, name) for name in _NAMES if hasattr(signal, name)):
                if signal.getsignal(one) is signal.default_int_handler:
                    signal.signal(one, self.kept_back.come)
                    self._taken.append(one)
        return self

    def __exit__(self, *_: object) -> None:
        for one in self._taken:
            signal.signal(one, signal.default_int_handler)


class _KeptBack:
    """While it is entered, an interruption waits; it is raised at the end."""

    def __init__(self) -> None:
        self.entered = self.waits = self.torn = False

    def come(self, number: int, frame: FrameType | None) -> None:
        """Stand for Python's own handler of a signal."""
        if not self.entered:
            raise KeyboardInterrupt
        self.waits = True

    def __enter__(self) -> None:
        self.entered = True

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.entered, self.torn = False, kind is not None
        waited, self.waits = self.waits, False
        if waited and kind is None:
            raise KeyboardInterrupt
