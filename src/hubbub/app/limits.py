"""Say how much may be sent and kept."""

from dataclasses import dataclass
from typing import Literal, TypeAlias

Unwatched: TypeAlias = Literal["finish", "stop"]
"""What happens to an answer that nobody watches any more."""


@dataclass(frozen=True)
class RequestLimits:
    """How much may be sent, and how long what was asked is worked on and kept."""

    question_characters: int = 32_000
    document_bytes: int = 50 * 1024 * 1024
    body_bytes: int = 1024 * 1024
    picture_bytes: int = 28 * 1024 * 1024
    """The largest body of a question that may hold pictures; its texts stay below `body_bytes`."""
    person_bytes: int = 2 * 1024 * 1024 * 1024
    """How much the pictures of a person may take in all."""
    chat_messages: int = 2000
    image_hosts: tuple[str, ...] = ()
    """Where images may be that model servers are to fetch; others have to be sent along."""
    is_stopped_unwatched: bool = False
    """Whether an answer is stopped when nobody watches it any more, where its question doesn't say."""
    grace_seconds: float = 20.0
    """How long it is still worked on then, where its question doesn't say."""
    body_seconds: float = 30.0
    kept_seconds: float = 30 * 86400.0
    """How long answers in no chat are kept that are to be stored."""

    def grace(self, unwatched: Unwatched | None, grace_seconds: float | None) -> float | None:
        """Return how long an answer is worked on that nobody watches; None: to its end."""
        if unwatched == "finish" or (unwatched is None and not self.is_stopped_unwatched):
            return None
        return self.grace_seconds if grace_seconds is None else grace_seconds
