"""Leave out of what is too long that which no text is: long runs of base64, such as a picture beside an answer."""

import re

FACTOR = 32
"""So much longer than its limit something may be as it was sent."""
_RUN_BYTES = 512
_BASE64 = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/=_-"
_RUNS = re.compile(rb"[A-Za-z0-9+/=_-]{%d,}" % _RUN_BYTES)
_MIXED = (re.compile(rb"[A-Z]"), re.compile(rb"[a-z]"), re.compile(rb"[0-9]"))
"""Kinds of characters that any data has among its first; a text of one letter over and over is none."""


class Elision:
    """Takes bytes in any pieces, and keeps all but the runs. What is kept is the same however they are cut."""

    def __init__(self) -> None:
        self.kept_bytes = 0
        """How much is kept, besides the beginning of what may become a run."""
        self._kept: list[bytes] = []
        self._run: bytes = b""
        self._is_dropping: bool | None = None
        """Within a run: whether it is data; None elsewhere."""

    def feed(self, data: bytes) -> None:
        """Take what has come."""
        if self._is_dropping is not None:
            rest = data.lstrip(_BASE64)
            if not self._is_dropping:
                self._keep(data[: len(data) - len(rest)])
            if not rest:
                return
            data, self._is_dropping = rest, None
        data = self._run + data
        before: bytes = data.rstrip(_BASE64)
        self._run = data[len(before) :]
        self._keep(elided(before))
        if len(self._run) >= _RUN_BYTES:
            self._is_dropping = _is_data(self._run)
            if not self._is_dropping:
                self._keep(self._run)
            self._run = b""

    def finish(self) -> bytes:
        """Return what was kept."""
        return b"".join((*self._kept, self._run))

    def _keep(self, data: bytes) -> None:
        self._kept.append(data)
        self.kept_bytes += len(data)


def elided(data: bytes) -> bytes:
    """Return bytes without their runs."""
    return _RUNS.sub(lambda run: b"" if _is_data(run[0]) else run[0], data)


def _is_data(run: bytes) -> bool:
    return all(kind.search(run, 0, _RUN_BYTES) for kind in _MIXED)
