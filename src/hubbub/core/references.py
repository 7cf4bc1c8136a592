"""Tell people a short reference in place of what only operators may read, who find it by that: in the log and here."""

import logging
import secrets
import time
from collections import deque

import msgspec

from hubbub.core.errors import HubbubError
from hubbub.core.tracing import current

logger = logging.getLogger(__name__)

KEPT = 50
SAME_SECONDS = 60.0
"""What is told again within so long has the reference that it had: a trouble that everybody meets is one line."""


class Noted(msgspec.Struct, frozen=True):
    """What an error said to operators, when a person was told of it. The time is in seconds of the epoch."""

    reference: str
    at: float
    code: str
    detail: str
    trace_id: str = ""
    """The trace that it happened in, where traces are recorded."""


recent: deque[Noted] = deque(maxlen=KEPT)
"""The last ones of this process; there is one log to a process as well."""


def told(error: HubbubError) -> HubbubError:
    """Return an error that a person is told now: where it has a detail, that is logged and its reference is added."""
    if error.detail and not error.reference:
        error.reference = _known(error) or _noted(error)
        error.message = f"{error.message} (Reference: {error.reference})"
    return error


def _known(error: HubbubError) -> str | None:
    oldest = time.time() - SAME_SECONDS
    for one in reversed(recent):
        if one.at < oldest:
            return None
        if (one.code, one.detail) == (error.code, error.detail):
            return one.reference
    return None


def _noted(error: HubbubError) -> str:
    reference = secrets.token_hex(4)
    trace_id = error.trace_id or current().trace_id
    recent.append(Noted(reference, time.time(), error.code, error.detail, trace_id))
    known = {"telemetry": {"hubbub.reference": reference, "error.type": error.code}}
    if trace_id:
        logger.warning("Reference %s (%s), trace %s: %s", reference, error.code, trace_id, error.detail, extra=known)
    else:
        logger.warning("Reference %s (%s): %s", reference, error.code, error.detail, extra=known)
    return reference
