"""A lock that its holder keeps renewing: for places where it does not end with its process.

A holder that has not renewed it for the length of its lease counts as dead, and others take over.
"""

from __future__ import annotations

import threading
from abc import abstractmethod
from typing import Final

from lookalike.errors import OutputLockedError
from lookalike.outputs.lock import Lock

LEASE: Final = 60.0  # seconds
RENEWAL: Final = 10.0  # seconds between two renewals


class RenewedLock(Lock):
    """A thread of the holder renews the lock. lease, renewal: seconds."""

    poll = 1.0

    def __init__(self, output: object, *, lease: float = LEASE, renewal: float = RENEWAL) -> None:
        """output: what the messages call it."""
        super().__init__(output)
        self._lease, self._renewal = lease, renewal
        self._taken = ""  # the message, if another process has taken the lock over
        self._writing = threading.Lock()
        self._ending = threading.Event()
        self._thread: threading.Thread | None = None

    def acquire(self, wait: float = 0) -> None:
        """See Lock."""
        self._taken = ""
        super().acquire(wait)
        self._ending.clear()
        self._thread = threading.Thread(target=self._keep_renewing, name="lease", daemon=True)
        self._thread.start()

    def confirm(self) -> None:
        """Renew now. Raises OutputLockedError if another run has the lock, StoreError if that cannot be known."""
        with self._writing:
            if not self._taken and (holder := self._lost_to()) is not None:
                self._taken = (
                    f"the output {self._output} was taken by another run because this one did not renew its lock: "
                    f"{holder}"
                )
            if self._taken:
                raise OutputLockedError(self._taken)

    def release(self) -> None:
        """See Lock; does nothing if another run has taken the lock. If the store fails, the lease has to run out."""
        if self._thread is None:
            return
        self._ending.set()
        self._thread.join()
        self._thread = None
        with self._writing:
            if not self._taken:
                self._give_back()

    @abstractmethod
    def _lost_to(self) -> str | None:
        """Renew the lock; who has it instead, see `describe`, or None if this process still has."""

    @abstractmethod
    def _give_back(self) -> None:
        """Let others have the lock. Raises nothing."""

    def _keep_renewing(self) -> None:
        while not self._ending.wait(self._renewal):
            try:
                self.confirm()
            except OutputLockedError:
                return  # `confirm` will raise it again
            except Exception:  # the next try may succeed; `confirm` raises what lasts
                continue
