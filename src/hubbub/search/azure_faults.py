"""Say what went wrong at Azure AI Search in words that an operator can act on; foreign errors end here."""

import re
from collections.abc import Mapping
from typing import Any, cast

import msgspec
from azure.core.exceptions import (
    AzureError,
    ClientAuthenticationError,
    DecodeError,
    HttpResponseError,
    ServiceRequestError,
    ServiceRequestTimeoutError,
    ServiceResponseTimeoutError,
)

from hubbub.core.errors import SearchError

PASSING = frozenset({408, 409, 422, 429, 500, 502, 503, 504})
"""Statuses of a request or of one document that another try may mend (409, 422: somebody else was at it just then)."""
LONGEST_WAIT_SECONDS = 120.0

_CODE = re.compile(r"[A-Za-z]{1,60}")


class Fault(msgspec.Struct, frozen=True):
    """What went wrong."""

    message: str
    is_passing: bool = False
    """Whether it may go well when it is tried again."""
    wait_seconds: float | None = None
    """How long the service wants to be left alone; None where it doesn't say."""

    @property
    def error(self) -> SearchError:
        """The error that a person meets."""
        error = SearchError("The search service could not do this. Try again in a moment.", detail=self.message)
        error.retryable = self.is_passing
        return error


def fault_of(error: AzureError, index: str, host: str) -> Fault:
    """Return what an error of Azure's client means. Nothing of its own text is repeated."""
    where = f"Azure AI Search at {host}"
    match error:
        case ServiceRequestTimeoutError():
            return Fault(f"{where} can't be reached in time.", is_passing=True)
        case ServiceResponseTimeoutError():
            return Fault(f"{where} did not answer in time.", is_passing=True)
        case ServiceRequestError():
            return Fault(f"{where} can't be reached. Check search.azure.endpoint and the network.", is_passing=True)
        case ClientAuthenticationError(status_code=None):
            return Fault(
                f"No token for {where} is to be had. Sign in, give the host an identity, or set search.azure.api_key."
            )
        case DecodeError():
            return Fault(f"What answers at {host} is not Azure AI Search. Check search.azure.endpoint.")
        case HttpResponseError(status_code=int(status)):
            return _refusal(status, error, index, where)
        case _:
            return Fault(f"{where} broke off.", is_passing=True)


def _refusal(status: int, error: HttpResponseError, index: str, where: str) -> Fault:
    codes = _codes(error)
    said = f"{status}, {', '.join(codes)}" if codes else str(status)
    wait_seconds = _wait_seconds(error)
    if status == 401:
        return Fault(f"{where} does not know who asks (401). Check search.azure.api_key, or the identity.")
    if status == 403:
        return Fault(
            f"{where} refuses this key or identity (403). To search it needs a query key or the role Search Index "
            "Data Reader; to fill an index an admin key, or Search Index Data Contributor and Search Service "
            "Contributor. Roles have to be switched on at the service."
        )
    if status == 404:
        return Fault(f"There is no index “{index}” at {where} (404). Check search.azure.index.")
    if "InvalidVectorQuery" in codes:
        return Fault(
            f"The vectors in the index “{index}” were made by another embedding model than the query's ({said}). "
            "Embed with the model that filled the index, or set search.azure.query_vectors to "
            '"service" or "none".'
        )
    if status == 413:
        return Fault(f"{where} takes no batch of this size (413).")
    if status in (429, 503):
        after = f" It asks to be left alone for {wait_seconds:g} s." if wait_seconds else ""
        return Fault(f"{where} is busy ({status}).{after}", is_passing=True, wait_seconds=wait_seconds)
    if status in PASSING or status >= 500:
        return Fault(f"{where} failed ({said}).", is_passing=True, wait_seconds=wait_seconds)
    return Fault(
        f"{where} did not accept what it was asked ({said}). Is “{index}” the index that the settings tell of?"
    )


def _codes(error: HttpResponseError) -> list[str]:
    """Return the codes that the service gives: names, never text, which may repeat what was asked."""
    given: Any = getattr(error, "error", None)
    codes = [given.code, *(detail.code for detail in given.details or ())] if given is not None else []
    return [code for code in codes if isinstance(code, str) and _CODE.fullmatch(code)]


def _wait_seconds(error: HttpResponseError) -> float | None:
    headers = cast("Mapping[str, str]", getattr(error.response, "headers", {}))
    try:
        seconds = float(headers.get("Retry-After", ""))
    except ValueError:
        return None
    return min(seconds, LONGEST_WAIT_SECONDS) if seconds > 0 else None
