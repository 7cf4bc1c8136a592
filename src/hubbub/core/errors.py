"""Name every error that a person may meet, sorted by who can mend it.

```
HubbubError           code · status · message fit for a person
├─ the asker's   4xx  Malformed 400 · NotSignedIn 401 · NotAllowed 403 · NotFound 404 · MethodNotAllowed 405
│                     TooSlow 408 · Conflict 409 · TooLarge 413 · Unsupported 415 · Invalid 422 · TooBusy 429
│                     OverQuota 429 · HeadTooLarge 431
├─ outside       5xx  ModelError 502 · ModelTooLong 502 · SearchError 502 · StoreError 500 · StoreFull 507
│                     StoreLost 507 · Overloaded 503
└─ SettingsError      before the server listens: one line per fault, exit code 2
```
Anything else is a bug: it is never wrapped, logged once, and reads "internal" outside.
"""

from collections.abc import Mapping, Sequence

from hubbub.core.reasons import Reason


class HubbubError(Exception):
    """Something went wrong that has a name. `message` is fit for a person and says what to do.

    `detail` is for operators alone: addresses, paths, what others said. `core.references` ties the two together.
    """

    code = "error"
    status = 500
    retryable = False

    def __init__(self, message: str | Reason, *, code: str | None = None, detail: str = "") -> None:
        self.why = message if isinstance(message, Reason) else None
        """The message as a code with values, where it has one: for clients that say it in another language."""
        message = message.text if isinstance(message, Reason) else message
        super().__init__(f"{message} {detail}" if detail else message)
        self.message = message
        self.detail = detail
        self.reference = ""
        """What a person was told by, once one was."""
        self.trace_id = ""
        """The trace that it happened in, where traces are recorded."""
        if code is not None:
            self.code = code

    @property
    def for_operators(self) -> str:
        """What went wrong, in full."""
        return self.detail or self.message


class Malformed(HubbubError):
    """What was sent can't be read at all."""

    code = "malformed"
    status = 400


class BadParam(Malformed):
    """One parameter can't be used. `param` says which, as `messages[2].content[0]`."""

    def __init__(self, message: str, param: str, *, code: str = "invalid_value") -> None:
        super().__init__(message, code=code)
        self.param = param


class NotSignedIn(HubbubError):
    """Who asks is not known."""

    code = "not_signed_in"
    status = 401


class NotAllowed(HubbubError):
    """The person is known and may see the thing, but may not do this to it."""

    code = "not_allowed"
    status = 403


class NotFound(HubbubError):
    """There is no such thing for this person (somebody else's things do not exist)."""

    code = "not_found"
    status = 404


class MethodNotAllowed(HubbubError):
    """There is such an address, but this can't be done there."""

    code = "method_not_allowed"
    status = 405


class TooSlow(HubbubError):
    """What was to be sent did not come in time."""

    code = "too_slow"
    status = 408
    retryable = True


class Conflict(HubbubError):
    """The thing is already there, or is in a state that does not allow this."""

    code = "conflict"
    status = 409


class TooLarge(HubbubError):
    """What was sent is over a limit, which the message names."""

    code = "too_large"
    status = 413


class Unsupported(HubbubError):
    """What was sent is of a kind that is not understood here."""

    code = "unsupported"
    status = 415


class Invalid(HubbubError):
    """What was sent can't be used as it is."""

    code = "invalid"
    status = 422

    def __init__(
        self, message: str | Reason, *, code: str | None = None, detail: str = "", param: str | None = None
    ) -> None:
        super().__init__(message, code=code, detail=detail)
        self.param = param
        """Which parameter of the address it is, where it is one."""


class RefusedForNow(HubbubError):
    """Not now, and says when to come back."""

    retryable = True

    def __init__(self, message: str | Reason, *, retry_after_seconds: float, code: str | None = None) -> None:
        super().__init__(message, code=code)
        self.retry_after_seconds = retry_after_seconds


class TooBusy(RefusedForNow):
    """This person's own limit is reached."""

    code = "too_busy"
    status = 429


class OverQuota(TooBusy):
    """What may be used of a measure in a time is used up: by this person, their key or group, or by all."""

    code = "over_quota"

    def __init__(self, message: str | Reason, *, retry_after_seconds: float, measure: str) -> None:
        super().__init__(message, retry_after_seconds=retry_after_seconds)
        self.measure = measure
        """What is used up: questions, tokens or money."""


class HeadTooLarge(HubbubError):
    """The address and the headers of a request are over a limit."""

    code = "head_too_large"
    status = 431


class Overloaded(RefusedForNow):
    """The server's limit is reached."""

    code = "overloaded"
    status = 503


class ModelError(HubbubError):
    """A model server refused, could not be reached, fell silent or broke off; `code` says which.

    `retry_after_seconds` is set where the server said that it is busy. `is_of_deployment` tells whether
    another deployment of the same model might have answered; if not, it is the question's fault.
    """

    code = "model_error"
    status = 502

    def __init__(
        self,
        message: str,
        *,
        code: str | None = None,
        retryable: bool = True,
        retry_after_seconds: float | None = None,
        is_of_deployment: bool = True,
        detail: str = "",
    ) -> None:
        super().__init__(message, code=code, detail=detail)
        self.retryable = retryable
        self.is_of_deployment = is_of_deployment
        self.retry_after_seconds = retry_after_seconds


class ModelTooLong(ModelError):
    """What a model was sent does not fit it. Sending less may help, and asking another deployment may not.

    `limit_tokens` and `sent_tokens` are the figures that the server named, None where it named none.
    """

    code = "context_too_long"

    def __init__(
        self,
        message: str,
        *,
        limit_tokens: int | None = None,
        sent_tokens: int | None = None,
        detail: str = "",
    ) -> None:
        super().__init__(message, retryable=False, is_of_deployment=False, detail=detail)
        self.limit_tokens = limit_tokens
        self.sent_tokens = sent_tokens


class SearchError(HubbubError):
    """The search back end could not answer."""

    code = "search_error"
    status = 502
    retryable = True


class StoreError(HubbubError):
    """The database could not do what was asked."""

    code = "store_error"
    status = 500
    retryable = True


class StoreFull(StoreError):
    """The disk is full: nothing new can be stored until there is room."""

    code = "store_full"
    status = 507


class StoreLost(StoreFull):
    """The database was removed or replaced while it is open: what would be stored now would be gone later."""

    code = "store_lost"


class SettingsError(HubbubError):
    """The settings can't be used: one line per fault."""

    code = "settings"

    def __init__(self, faults: Sequence[str]) -> None:
        super().__init__("\n".join(faults))
        self.faults = tuple(faults)


STATUSES: Mapping[str, int] = {
    "content_filter": 400,
    "not_accepted": 400,
    "context_too_long": 400,
    "not_found": 404,
    "no_model": 404,
    "too_busy": 429,
    "over_quota": 429,
    "model_busy": 429,
    "internal": 500,
    "store_error": 500,
    "busy": 503,
    "interrupted": 503,
    "not_ready": 503,
    "overloaded": 503,
    "store_full": 507,
    "store_lost": 507,
}
"""The status that tells of an answer that failed before it said anything, by its code; all others are 502 or 503."""
